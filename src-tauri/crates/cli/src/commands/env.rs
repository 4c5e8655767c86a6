//! `env`: which `.env` files may be used.

use std::path::{Path, PathBuf};

use engine::{Consents, EnvFile};

use crate::arguments::{EnvCommand, Global};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Console;
use crate::{database, messages};

pub fn env(command: &EnvCommand, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let consents = Consents::of_this_person();
    match command {
        EnvCommand::Allow { path } => {
            let file = EnvFile::named(&file_at(path)).map_err(CommandError::EnvFile)?;
            let summary = file.summary(&database::variable_names(global)).map_err(CommandError::EnvFile)?;
            consents.allow(&file)?;
            output.add(|out| {
                writeln!(out, "Allowed until it changes.")?;
                messages::env_file(out, file.path(), &summary)
            })?;
        }
        EnvCommand::Deny { path } => {
            let was_allowed = consents.deny(&file_at(path))?;
            output.add(|out| {
                writeln!(out, "{}", if was_allowed { "No longer allowed." } else { "It was not allowed." })
            })?;
        }
        EnvCommand::List => {
            let allowed = consents.env_files()?;
            output.show(&allowed, |out| allowed.iter().try_for_each(|file| writeln!(out, "{}", file.path)))?;
        }
    }
    Ok(Exit::Done)
}

/// The path of the file, even if its folder is given.
fn file_at(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(".env") } else { path.to_owned() }
}
