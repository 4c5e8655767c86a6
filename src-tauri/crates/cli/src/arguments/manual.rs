//! `completions` and `man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark completions bash > ~/.local/share/bash-completion/completions/fieldmark\n  \
    fieldmark completions zsh > ~/.zfunc/_fieldmark\n  \
    fieldmark completions fish > ~/.config/fish/completions/fieldmark.fish\n\n\
    The script asks fieldmark itself, so that it completes runs, recipes, models and collections of the library too. Print it again \
    after an update.")]
pub struct Completions {
    /// Shell
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  fieldmark man | man -l -\n  fieldmark man --out ~/.local/share/man/man1")]
pub struct Man {
    /// Write one page per command into this folder, instead of standard output
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}
