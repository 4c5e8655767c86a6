//! `man`.

use std::fs;
use std::io::{self, Write};

use clap::CommandFactory;

use crate::arguments::{Arguments, Man};
use crate::error::CommandError;
use crate::exit::Exit;

pub fn man(arguments: &Man) -> Result<Exit, CommandError> {
    if let Some(folder) = &arguments.out {
        let failed = |source| CommandError::File { path: folder.clone(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        clap_mangen::generate_to(Arguments::command(), folder).map_err(failed)?;
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
        io::stdout().write_all(&page)?;
    }
    Ok(Exit::Done)
}
