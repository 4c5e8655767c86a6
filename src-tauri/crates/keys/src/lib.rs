//! Stores keys for servers, and reads the connection settings in the environment.
//!
//! A key is a secret for one provider at one *origin* (scheme, host and port, as in `https://host.example`).
//! [`KeyRing`] stores keys in the operating system's keychain, or for the session if there is none. [`Environment`]
//! reads the process variables and a `.env` file, and determines the address of the key found there. The caller
//! supplies the providers and their variables.
//!
//! No `Debug`, `Display` or error of this crate contains a secret. Errors of lower-level libraries do, so they are
//! replaced with texts. Nothing here is serializable. HTTP, validation of addresses and keys, key files, and changes to
//! the process environment are out of scope.

mod dot_env;
mod environment;
mod keychain;
mod names;
mod ring;

use std::path::PathBuf;
use std::sync::Arc;

pub use dot_env::{EnvFile, EnvSummary, ProviderSummary};
pub use environment::{
    Concurrency, EndpointKey, Environment, EnvironmentKey, InvalidConcurrency, Invocation, MAX_CONCURRENCY, Said,
    Source,
};
pub use names::{DATABASE_URL, ProviderVariables, SUPABASE_KEY, SUPABASE_URL, VariableNames};
pub use ring::{Found, Keeping, KeyOwner, KeyRing, Place};

/// Errors of keys and the environment. They contain no secret.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeysError {
    /// Keys can still be stored for the session.
    #[error("the keychain cannot be used: {reason}")]
    Keychain { reason: String },
    /// The key is removed from the session, but may still be in the keychain.
    #[error("the key for {origin} may still be in the keychain: {reason}")]
    StillKept { origin: String, reason: String },
    #[error("{file} cannot be read: {source}")]
    Unreadable { file: PathBuf, source: Arc<std::io::Error> },
    /// The text of the line is omitted, because it may contain the key.
    #[error("line {line} of {file} is invalid; expected NAME=value")]
    Malformed { file: PathBuf, line: usize },
    #[error("{name} in line {line} of {file} must be plain text, without $ and line breaks")]
    NotPlain { name: String, file: PathBuf, line: usize },
    #[error("the environment variable {name} is not Unicode text")]
    NotUnicode { name: String },
    #[error("CONCURRENCY {place} must be a whole number from 1 to {MAX_CONCURRENCY}, or auto")]
    Concurrency { place: String },
}

pub type Result<T> = std::result::Result<T, KeysError>;
