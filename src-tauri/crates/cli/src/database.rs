//! The location of the library of a command.

use std::path::PathBuf;

use engine::VariableNames;

use crate::arguments::Global;
use crate::error::CommandError;

/// The variables that Fieldmark reads, including those that the settings name for keys.
pub fn variable_names(global: &Global) -> VariableNames {
    let keys = database(global).map_or_else(|_| Vec::new(), |database| engine::key_variables(&database));
    engine::variable_names(keys)
}

pub fn database(global: &Global) -> Result<PathBuf, CommandError> {
    database_of(global.db.as_ref())
}

/// The database of `--db`, or the usual one.
pub fn database_of(typed: Option<&PathBuf>) -> Result<PathBuf, CommandError> {
    match typed {
        Some(database) => Ok(database.clone()),
        None => Ok(default_folder()?.join("library.sqlite")),
    }
}

/// The folder that the window uses too.
fn default_folder() -> Result<PathBuf, CommandError> {
    if let Some(folder) = std::env::var_os("FIELDMARK_LIBRARY") {
        return Ok(folder.into());
    }
    let folders = directories::ProjectDirs::from("org", "", "fieldmark").ok_or(CommandError::NoHome)?;
    Ok(folders.data_local_dir().to_owned())
}
