//! Why a command failed.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use engine::{EngineError, LibraryFailure, StoreError};
use serve::ServeError;

use crate::exit::Exit;

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The named file, or what is wrong in it.
    #[error(transparent)]
    EnvFile(engine::KeysError),
    #[error("there is no library at {}; use --create to create one", .0.display())]
    NoLibrary(PathBuf),
    #[error("there is no home folder for a library; choose a database with --db")]
    NoHome,
    #[error("no such file or folder: {}", .0.display())]
    NoSuchPath(PathBuf),
    #[error("there is no recipe \"{asked}\" in this library. Recipes: {known}")]
    UnknownRecipe { asked: String, known: String },
    /// The file, and what is wrong in it.
    #[error("{}: {problem}", path.display())]
    RecipeFile { path: PathBuf, problem: Box<EngineError> },
    #[error("the recipe \"{0}\" is built in and cannot be deleted")]
    BuiltInRecipe(String),
    #[error("the recipe \"{0}\" was not changed")]
    NotSaved(String),
    #[error("the editor {editor} cannot be started: {source}; set VISUAL or EDITOR")]
    Editor { editor: String, source: io::Error },
    #[error("the editor ended with {0}; nothing was saved")]
    EditorFailed(std::process::ExitStatus),
    #[error("there is no model \"{asked}\". {}`fieldmark models` lists the models", did_you_mean(similar.as_deref()))]
    UnknownModel { asked: String, similar: Option<String> },
    #[error("{model} cannot be used: {reason}")]
    ModelCannot { model: String, reason: String },
    #[error("{model} cannot be used with --batch: {reason}")]
    NoBatches { model: String, reason: &'static str },
    #[error("there is no library to keep prices or models in; use --create to create one")]
    NothingToKeepPricesIn,
    #[error(
        "no server of models was found at {base_url}: only the usual ports of this machine are looked at. For another server, \
         set base_url in settings.toml, or its variable"
    )]
    NoLocalServer { base_url: String },
    /// The file.
    #[error("nothing was imported: no image of {0} is in the library; --photos adds photos first")]
    NothingImported(String),
    #[error("no image could be read")]
    NoImages,
    #[error("not confirmed: answer y, or use --yes without a terminal")]
    NotConfirmed,
    #[error("there is no collection or saved filter \"{asked}\" in this library. There are: {known}")]
    UnknownCollection { asked: String, known: String },
    #[error("the query cannot be read: {0}")]
    Query(String),
    #[error("there is no run in this library yet")]
    NoRuns,
    #[error("there is no run to resume")]
    NothingToResume,
    #[error("some images were not answered, so the runs cannot be compared")]
    BenchmarkFailed,
    #[error("there is no key in {0}")]
    NoKeyIn(String),
    #[error("only one result can go to standard output (-), and none with --json")]
    StandardOutputTwice,
    #[error("some outputs cannot be written, so nothing was sent")]
    UnwritableOutputs,
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Simulator(#[from] simulator::Error),
    #[error("the result cannot be written to standard output: {0}")]
    Output(io::Error),
    /// A folder, pipe or system file that a command needs internally.
    #[error(transparent)]
    System(#[from] io::Error),
    #[error("{} cannot be written: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} cannot be read: {source}", path.display())]
    UnreadableFile { path: PathBuf, source: io::Error },
    #[error("the runtime cannot be started: {0}")]
    Runtime(io::Error),
}

fn did_you_mean(similar: Option<&str>) -> String {
    similar.map_or_else(String::new, |similar| format!("Did you mean {similar}? "))
}

impl From<serde_json::Error> for CommandError {
    fn from(error: serde_json::Error) -> Self {
        Self::Output(error.into())
    }
}

impl CommandError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoSuchPath(_)
            | Self::EnvFile(_)
            | Self::NoLibrary(_)
            | Self::Engine(EngineError::Store(StoreError::NotALibrary { .. }))
            | Self::UnknownRecipe { .. }
            | Self::RecipeFile { .. }
            | Self::BuiltInRecipe(_)
            | Self::NotSaved(_)
            | Self::UnknownModel { .. }
            | Self::ModelCannot { .. }
            | Self::NoBatches { .. }
            | Self::NothingToKeepPricesIn
            | Self::NoLocalServer { .. }
            | Self::NoKeyIn(_)
            | Self::UnknownCollection { .. }
            | Self::Query(_)
            | Self::Serve(
                ServeError::NeedsPassword { .. }
                | ServeError::ShortPassword
                | ServeError::Root { .. }
                | ServeError::PublicUrl(_),
            )
            | Self::StandardOutputTwice
            | Self::NotConfirmed => Exit::Usage,
            Self::Engine(error) => of_engine(error),
            Self::Output(source) if is_closed(source) => Exit::OutputClosed,
            Self::Output(source) | Self::System(source) | Self::File { source, .. } if is_full(source) => {
                Exit::DiskFull
            }
            _ => Exit::Failed,
        }
    }

    /// Whether the reader of standard output, such as `head`, has closed it, which is not worth a message.
    pub fn is_closed_output(&self) -> bool {
        matches!(self, Self::Output(error) if is_closed(error))
    }
}

/// The exit code of an engine error.
pub fn of_engine(error: &EngineError) -> Exit {
    match error.library_failure() {
        Some(LibraryFailure::DiskFull) => Exit::DiskFull,
        Some(LibraryFailure::Lost) => Exit::LibraryLost,
        Some(LibraryFailure::Other) => Exit::LibraryFailed,
        None if matches!(error, EngineError::Cancelled) => Exit::of_interruption(),
        None if error.is_missing()
            || matches!(error, EngineError::NoDatabase | EngineError::LibraryExists(_) | EngineError::NoFolder(_)) =>
        {
            Exit::Usage
        }
        None => Exit::Failed,
    }
}

fn is_closed(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}

pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}
