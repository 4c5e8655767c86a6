//! `providers`.

use clap::{Args, Subcommand};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  fieldmark providers\n  fieldmark providers check\n  fieldmark providers --json\n\n\
    Connections are set in settings.toml, in the window, or by variables of the environment."
)]
pub struct Providers {
    #[command(subcommand)]
    pub command: Option<ProvidersCommand>,
}

#[derive(Subcommand)]
pub enum ProvidersCommand {
    /// Ask each server with a key for its models, which costs nothing; no image is sent
    Check {
        /// The id of one provider
        #[arg(value_name = "ID")]
        provider: Option<String>,
    },
}
