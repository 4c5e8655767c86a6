//! `budget`.

use clap::Args;
use domain::money::PicoDollars;

use super::numbers::dollars;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark budget\n  \
    fieldmark budget --monthly 25\n  \
    fieldmark budget --no-monthly")]
pub struct BudgetArguments {
    /// Cap on what all runs of the library may spend in a calendar month, in dollars. No run sends a request that could exceed it
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    pub monthly: Option<PicoDollars>,
    /// Remove the monthly cap
    #[arg(long, conflicts_with = "monthly")]
    pub no_monthly: bool,
}
