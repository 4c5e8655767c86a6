//! Why a command could not be carried out.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use engine::{EngineError, StoreError};

use crate::exit::Exit;

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("{}", crate::words::refusal(.0))]
    Engine(#[from] EngineError),
    /// The file that was named, or what is wrong in it.
    #[error(transparent)]
    EnvFile(engine::KeysError),
    #[error("there is no library at {}; --create creates one", .0.display())]
    NoLibrary(PathBuf),
    #[error("there is no home folder to keep a library in; name a database with --db")]
    NoHome,
    #[error("no such file or folder: {}", .0.display())]
    NoSuchPath(PathBuf),
    #[error("there is no recipe \"{asked}\" in this library; there are: {known}")]
    UnknownRecipe { asked: String, known: String },
    #[error("there is no model {asked}; there are: {known}")]
    UnknownModel { asked: String, known: String },
    #[error("{model} cannot do this: {reason}")]
    ModelCannot { model: String, reason: String },
    #[error("not one image could be read")]
    NoImages,
    #[error("nothing was done: say yes, or give --yes where nobody can be asked")]
    NotConfirmed,
    #[error("there is no run in this library yet")]
    NoRuns,
    #[error("there is no run that could be resumed")]
    NothingToResume,
    #[error("not every image was answered, so that nothing can be compared")]
    BenchmarkFailed,
    #[error("there is no key in {0}")]
    NoKeyIn(String),
    #[error("interrupted")]
    Interrupted,
    #[error(transparent)]
    Simulator(#[from] simulator::Error),
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the runtime cannot be started: {0}")]
    Runtime(io::Error),
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
            | Self::UnknownModel { .. }
            | Self::ModelCannot { .. }
            | Self::NoKeyIn(_)
            | Self::Engine(EngineError::UnknownEndpoint { .. })
            | Self::NotConfirmed => Exit::Usage,
            Self::Interrupted => Exit::Interrupted,
            _ => Exit::Failed,
        }
    }

    /// Whether the one who reads the output has had enough of it, such as `head`. That is no failure.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == ErrorKind::BrokenPipe)
    }
}
