//! The library that the app works on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{Consents, EnvFileHere, Library, Surroundings};

use crate::error::StartError;

/// Names the folder of the library, in place of the desktop's folder for application data.
const LIBRARY_VARIABLE: &str = "FIELDMARK_LIBRARY";

/// Opens it.
pub fn open() -> Result<Arc<Library>, StartError> {
    let folder = match std::env::var_os(LIBRARY_VARIABLE) {
        Some(folder) => PathBuf::from(folder),
        None => directories::ProjectDirs::from("org", "", "fieldmark")
            .ok_or(StartError::NoHome)?
            .data_local_dir()
            .to_owned(),
    };
    let database = folder.join("library.sqlite");
    Ok(Library::open(&database, surroundings(&database))?)
}

/// What the one process with a window on it does first: removes what an earlier one has left, and follows the changes of other
/// processes.
pub fn begin(library: &Arc<Library>) -> Result<(), StartError> {
    library.datasets.clear_ready()?;
    library.watch_other_processes()?;
    Ok(())
}

/// Includes the `.env` file of the working folder if the user has allowed it. Otherwise the settings offer it.
fn surroundings(database: &Path) -> Surroundings {
    match Consents::of_this_person()
        .env_file_in(Path::new("."), &engine::variable_names(engine::key_variables(database)))
    {
        Ok(EnvFileHere::Allowed(file)) => Surroundings::of_this_process(Some(file)),
        Ok(EnvFileHere::NotAllowed(file)) => {
            Surroundings { unused_env_file: Some(file), ..Surroundings::of_this_process(None) }
        }
        Ok(EnvFileHere::Nothing) => Surroundings::of_this_process(None),
        Err(error) => {
            tracing::warn!(%error, "a .env file is not used");
            Surroundings::of_this_process(None)
        }
    }
}
