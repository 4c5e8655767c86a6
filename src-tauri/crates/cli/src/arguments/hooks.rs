//! `hooks`.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Args)]
#[command(after_help = "Examples:\n  fieldmark hooks preset claude-flow\n\n\
    Hooks are set in settings.toml or in the window. A command runs only after you have allowed exactly that command.")]
pub struct HookArguments {
    #[command(subcommand)]
    pub command: HooksCommand,
}

#[derive(Subcommand)]
pub enum HooksCommand {
    /// Set up the commands of another program
    Preset {
        preset: HooksPreset,
        /// Do not ask: allow the commands, and replace existing ones
        #[arg(long)]
        allow_hooks: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum HooksPreset {
    /// Claude Flow, as installed, or else through npx
    ClaudeFlow,
}
