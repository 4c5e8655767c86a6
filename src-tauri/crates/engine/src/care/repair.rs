//! Repairs a library, which may be too damaged to be opened.

use std::path::Path;

use domain::care::LibraryRepair;

use crate::clock::file_name_of_now;
use crate::{EngineError, Result, layout};

/// Repairs the library at `database`. A damaged file is kept beside it.
pub fn repair_library(database: &Path) -> Result<LibraryRepair> {
    let database = layout::resolved(database);
    let database = std::path::absolute(&database).map_err(EngineError::file(&database))?;
    Ok(store::repair(&database, &format!("damaged {}", file_name_of_now()))?)
}
