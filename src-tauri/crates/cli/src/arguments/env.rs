//! `env`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Args)]
#[command(after_help = "Examples:\n  fieldmark env allow\n  fieldmark env allow photos/.env\n  fieldmark env deny\n\n\
    A .env file may name a server and a key, and may come with a folder of photos. The one in the working folder is used only \
    after you allow it, and until it changes. --env-file FILE uses a file for one command.")]
pub struct Env {
    #[command(subcommand)]
    pub command: EnvCommand,
}

#[derive(Subcommand)]
pub enum EnvCommand {
    /// Use a .env file from now on, until it changes
    Allow {
        /// The file, or its folder
        #[arg(default_value = ".env")]
        path: PathBuf,
    },
    /// Stop using a .env file
    Deny {
        /// The file, or its folder
        #[arg(default_value = ".env")]
        path: PathBuf,
    },
    /// List the .env files that are allowed
    List,
}
