//! Where an output is written, and whether it can be.

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

/// As the user typed it.
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

    /// Starts writing.
    pub fn begin(&self) -> io::Result<WholeFile> {
        match self {
            Self::StandardOutput => Ok(WholeFile::standard_output()),
            Self::File(path) => WholeFile::begin(path),
        }
    }

    /// The error of a failed write.
    pub fn failed(&self, source: io::Error) -> CommandError {
        match self {
            Self::StandardOutput => CommandError::Output(source),
            Self::File(path) => CommandError::File { path: path.clone(), source },
        }
    }

    /// Refuses files that no output may replace, and checks whether the target can be written.
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
