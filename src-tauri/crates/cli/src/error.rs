//! Why a command could not be carried out.

use std::process::ExitCode;

use engine::EngineError;

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("there is no home folder to keep a library in; name a database with --db")]
    NoHome,
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
    #[error("there is no run that could be resumed")]
    NothingToResume,
    #[error("there is no run in this library")]
    NoRuns,
    #[error(transparent)]
    Simulator(#[from] simulator::Error),
    #[error("the report cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("standard output cannot be written: {0}")]
    Output(#[from] std::io::Error),
    #[error("the runtime cannot be started: {0}")]
    Runtime(std::io::Error),
}

impl CommandError {
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::UnknownRecipe { .. } | Self::UnknownModel { .. } | Self::ModelCannot { .. } | Self::NotConfirmed => 2,
            _ => 1,
        })
    }
}
