//! Where an output goes, and whether it can go there.

use std::ffi::OsString;
use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};
use engine::{EngineError, Library};
use files::WholeFile;

use crate::error::CommandError;

/// A file, or standard output for `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    StandardOutput,
    File(PathBuf),
}

impl From<OsString> for Target {
    fn from(typed: OsString) -> Self {
        if typed == "-" { Self::StandardOutput } else { Self::File(typed.into()) }
    }
}

/// As it was typed.
impl Display for Target {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.path().display().fmt(out)
    }
}

impl Target {
    pub fn parser() -> impl TypedValueParser<Value = Self> {
        OsStringValueParser::new().map(Self::from)
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::StandardOutput => Path::new("-"),
            Self::File(path) => path,
        }
    }

    /// Begins to write.
    pub fn begin(&self) -> io::Result<WholeFile> {
        match self {
            Self::StandardOutput => Ok(WholeFile::standard_output()),
            Self::File(path) => WholeFile::begin(path),
        }
    }

    /// What a failed write is called.
    pub fn failed(&self, source: io::Error) -> CommandError {
        match self {
            Self::StandardOutput => CommandError::Output(source),
            Self::File(path) => CommandError::File { path: path.clone(), source },
        }
    }

    /// Refuses what no output may replace, and finds out whether it can be written.
    pub fn check(&self, library: &Library) -> Result<(), EngineError> {
        match self {
            Self::StandardOutput => Ok(()),
            Self::File(path) => {
                library.outputs.check(path)?;
                files::check(path).map_err(|source| EngineError::File { path: path.clone(), source })
            }
        }
    }
}

/// As [`Target::check`], for the folder of a report.
pub fn check_folder(library: &Library, folder: &Path) -> Result<(), EngineError> {
    let unwritable = |source| EngineError::File { path: folder.to_owned(), source };
    if folder.is_dir() {
        library.outputs.check(&folder.join("report.html"))?;
    }
    files::check_folder(folder).map_err(unwritable)
}
