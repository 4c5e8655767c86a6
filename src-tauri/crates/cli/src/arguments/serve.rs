//! `serve`.

use std::path::PathBuf;

use clap::Args;

use super::numbers::whole;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark serve\n  \
    fieldmark serve --db photos.db --read-only --port 8400\n  \
    fieldmark serve --root /srv/photos\n  \
    ssh -L 8400:127.0.0.1:8400 nas        A server on another machine, at http://127.0.0.1:8400\n\n\
    The link on standard output lets in one browser, once. Enter, or the signal USR1, prints another. \
    Ctrl-C stops the server; requests in flight are finished.\n\n\
    Another --host than this machine needs a password, in FIELDMARK_SERVE_PASSWORD or in the file of --token-file. \
    Traffic is not encrypted: put a reverse proxy with TLS in front, or use an SSH tunnel.")]
pub struct Serve {
    /// The name or address to listen on
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub host: String,
    /// The port; 0 is any free port
    #[arg(long, default_value_t = 8400)]
    pub port: u16,
    /// Refuse everything that changes the library
    #[arg(long)]
    pub read_only: bool,
    /// A folder of this machine from which photos may be imported, with everything below it; may be repeated
    #[arg(long = "root", value_name = "FOLDER")]
    pub roots: Vec<PathBuf>,
    /// The file with the password that lets browsers in
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// The address of a reverse proxy in front of this server, such as `https://photos.example.org`
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// The largest file that browsers may upload, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = whole::<u64>(1..=1_048_576))]
    pub upload_limit: u64,
}
