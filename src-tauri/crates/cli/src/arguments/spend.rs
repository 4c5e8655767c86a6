//! `spend`.

use clap::{Args, ValueEnum};
use domain::spend::SpendKey;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark spend\n  \
    fieldmark spend --by model,recipe\n  \
    fieldmark spend --by month,model,recipe,collection --csv > spend.csv\n\n\
    From the ledger of all runs and calibrations. A request counts in the month in which it ended, and for the first \
    collection of its image.")]
pub struct Spend {
    /// Sum up by these, in this order
    #[arg(long, value_delimiter = ',', default_values = ["month", "model"])]
    pub by: Vec<SpendBy>,
    /// Print CSV with exact amounts
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SpendBy {
    Month,
    Model,
    Recipe,
    Collection,
}

impl SpendBy {
    pub const fn key(self) -> SpendKey {
        match self {
            Self::Month => SpendKey::Month,
            Self::Model => SpendKey::Model,
            Self::Recipe => SpendKey::Recipe,
            Self::Collection => SpendKey::Collection,
        }
    }
}
