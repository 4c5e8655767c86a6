//! The connection settings in the environment, and consent to the `.env` file of the working folder. The file may have come
//! with the folder, so nothing in it counts before the user has seen it; confirming a run (`--yes`) is no consent to it.

use std::io::{self, IsTerminal};
use std::path::Path;

use engine::{Consents, EnvFile, EnvFileHere, Surroundings, VariableNames};

use crate::arguments::Global;
use crate::confirm::confirm;
use crate::database;
use crate::error::CommandError;
use crate::messages;
use crate::output::notes;

/// What to do about a `.env` file that is not allowed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvFileUse {
    /// The command sends nothing.
    None,
    /// Print that it is not used.
    Mention,
    /// Ask on a terminal; elsewhere, print that it is not used.
    Ask,
}

/// The surroundings of this process, with the `.env` file if it is allowed.
pub async fn surroundings(global: &Global, env_file_use: EnvFileUse) -> Result<Surroundings, CommandError> {
    let names = database::variable_names(global);
    let file = match &global.env_file {
        Some(path) => Some(EnvFile::named(path).map_err(CommandError::EnvFile)?),
        None if env_file_use == EnvFileUse::None => None,
        None => allowed(env_file_use, &names).await?,
    };
    Ok(Surroundings::of_this_process(file))
}

async fn allowed(env_file_use: EnvFileUse, names: &VariableNames) -> Result<Option<EnvFile>, CommandError> {
    let consents = Consents::of_this_person();
    let file = match consents.env_file_in(Path::new("."), names) {
        Ok(EnvFileHere::Nothing) => return Ok(None),
        Ok(EnvFileHere::Allowed(file)) => return Ok(Some(file)),
        Ok(EnvFileHere::NotAllowed(file)) => file,
        Err(error) => {
            messages::warn(&mut notes(), &format!("the .env file here is not used: {error}"))?;
            return Ok(None);
        }
    };
    let summary = match file.summary(names) {
        Ok(summary) => summary,
        Err(error) => {
            messages::warn(&mut notes(), &format!("the .env file here is not used: {error}"))?;
            return Ok(None);
        }
    };
    if env_file_use == EnvFileUse::Ask && io::stdin().is_terminal() {
        messages::note(&mut notes(), "This folder has a .env file that is not allowed yet.")?;
        messages::env_file(&mut notes(), file.path(), &summary)?;
        if confirm("Use it, until it changes?").await? {
            consents.allow(&file)?;
            return Ok(Some(file));
        }
        return Ok(None);
    }
    messages::warn(&mut notes(), &messages::env_file_not_used(file.path()))?;
    Ok(None)
}
