//! `hooks`.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Args)]
#[command(after_help = "Examples:\n  fieldmark hooks preset claude-flow\n\n\
    Hooks are set in settings.toml or in the window, and run only once somebody has agreed to their exact commands.")]
pub struct Hooks {
    #[command(subcommand)]
    pub command: HooksCommand,
}

#[derive(Subcommand)]
pub enum HooksCommand {
    /// Fill the commands in for another program
    Preset {
        preset: HooksPreset,
        /// Do not ask: the commands are agreed to, and take the place of others
        #[arg(long)]
        allow_hooks: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum HooksPreset {
    /// Claude Flow, as installed, or else by npx
    ClaudeFlow,
}
