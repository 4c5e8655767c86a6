//! Why a library cannot be served.

use std::io;
use std::path::PathBuf;

/// The shortest password, in characters.
pub const MIN_PASSWORD: usize = 12;

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(
        "anyone on the network could reach {host}: set a password in FIELDMARK_SERVE_PASSWORD or name a file that \
         contains one with --token-file, or leave out --host and use an SSH tunnel (docs/serve.md)"
    )]
    NeedsPassword { host: String },
    #[error("the password or token has fewer than {} characters", MIN_PASSWORD)]
    ShortPassword,
    #[error("cannot listen on {host}, port {port}: {source}")]
    Address { host: String, port: u16, source: io::Error },
    #[error("{} cannot be used as a root: {source}", path.display())]
    Root { path: PathBuf, source: io::Error },
    #[error("{0:?} is not the address of a server, such as https://photos.example.org")]
    PublicUrl(String),
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}
