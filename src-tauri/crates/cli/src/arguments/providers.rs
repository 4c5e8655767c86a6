//! `providers`.

use clap::{Args, Subcommand};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  fieldmark providers\n  fieldmark providers check\n  fieldmark providers local\n  fieldmark providers --json\n\n\
    Connections are set in settings.toml, in the window, or by environment variables."
)]
pub struct Providers {
    #[command(subcommand)]
    pub command: Option<ProvidersCommand>,
}

#[derive(Subcommand)]
pub enum ProvidersCommand {
    /// Request the list of models from each server with a key; sends no image and costs nothing
    Check {
        /// Provider ID
        #[arg(value_name = "ID")]
        provider: Option<String>,
    },
    /// Look for servers of models at their usual ports of this machine; no key is sent
    Local {
        /// Use the one that was found at this address from now on
        #[arg(long = "use", value_name = "BASE_URL")]
        used: Option<String>,
    },
}
