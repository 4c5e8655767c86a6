//! Where keys for servers are kept, and what the environment says about the connection.
//!
//! A key is a secret text for one provider at one *origin* (scheme, host and port, as `https://host.example`). [`KeyRing`]
//! keeps keys in the operating system's keychain, or for the session where there is none. [`Environment`] reads the process
//! variables and a `.env` file, and says which address the key it found there belongs to. Which providers there are, and
//! which variables are theirs, the caller says.
//!
//! No secret shows in a `Debug`, a `Display` or an error of this crate; libraries below it put secrets into theirs, so
//! their errors are put into other words here. Nothing of it can be serialised.
//! Deliberately absent: HTTP, what an address or a key may look like, files in which keys are kept, changing the
//! process environment.

mod dot_env;
mod environment;
mod keychain;
mod names;
mod ring;

use std::path::PathBuf;

pub use dot_env::{EnvFile, EnvSummary, ProviderSummary};
pub use environment::{
    Concurrency, EndpointKey, Environment, EnvironmentKey, InvalidConcurrency, Invocation, MAX_CONCURRENCY, Said,
    Source,
};
pub use names::{ProviderVariables, VariableNames};
pub use ring::{Found, Keeping, KeyOwner, KeyRing, Place};

/// Errors of keys and the environment. They contain no secret.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Keys can still be kept for the session.
    #[error("the keychain cannot be used: {reason}")]
    Keychain { reason: String },
    /// The key is removed from the session, but maybe not from the keychain.
    #[error("the key for {origin} may still be in the keychain: {reason}")]
    StillKept { origin: String, reason: String },
    #[error("{file} cannot be read: {source}")]
    Unreadable { file: PathBuf, source: std::io::Error },
    /// The line is not repeated, because it may contain the key.
    #[error("line {line} of {file} cannot be read; a line should look like NAME=value")]
    Malformed { file: PathBuf, line: usize },
    #[error("{name} in line {line} of {file} must be plain text, without $ and line breaks")]
    NotPlain { name: String, file: PathBuf, line: usize },
    #[error("the environment variable {name} is not Unicode text")]
    NotUnicode { name: String },
    #[error("CONCURRENCY {place} must be a whole number from 1 to {MAX_CONCURRENCY}, or auto")]
    Concurrency { place: String },
}

pub type Result<T> = std::result::Result<T, KeysError>;
