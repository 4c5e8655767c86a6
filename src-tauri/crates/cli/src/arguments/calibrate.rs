//! `calibrate`.

use clap::Args;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark calibrate qwen3-vl:8b\n  \
    fieldmark calibrate qwen3-vl:8b --yes --apply\n  \
    fieldmark calibrate gpt-6-luna --json\n\n\
    Sends three drawn pictures, each once, and compares the boxes of the answers with the drawn shapes.")]
pub struct Calibrate {
    /// Model, by id
    pub model: String,
    /// Ask the model in the best coordinates from now on, if one system is clearly the best
    #[arg(long)]
    pub apply: bool,
    /// Agree to the cost and to sending the pictures, without being asked
    #[arg(long)]
    pub yes: bool,
}
