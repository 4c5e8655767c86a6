//! `spend`.

use clap::{Args, ValueEnum};
use domain::calendar::CalendarDate;
use domain::spend::SpendKey;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark spend\n  \
    fieldmark spend --by model,recipe\n  \
    fieldmark spend --from 2026-01 --by collection\n  \
    fieldmark spend --by month,model,recipe,collection --csv > spend.csv\n\n\
    From the ledger of all runs and calibrations. A request counts in the month in which it ended, and for the first \
    collection of its image.")]
pub struct Spend {
    /// Sum up by these, in this order
    #[arg(long, value_delimiter = ',', default_values = ["month", "model"])]
    pub by: Vec<SpendBy>,
    /// Only from this month on, such as 2026-01
    #[arg(long, value_name = "MONTH", value_parser = month)]
    pub from: Option<String>,
    /// Only requests to this model, by its id
    #[arg(long, value_name = "ID")]
    pub model: Option<String>,
    /// Only requests with this recipe
    #[arg(long, value_name = "NAME")]
    pub recipe: Option<String>,
    /// Only requests about images of this collection
    #[arg(long, value_name = "NAME")]
    pub collection: Option<String>,
    /// Print CSV with exact amounts
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

fn month(typed: &str) -> Result<String, &'static str> {
    let is_month = typed.len() == 7 && CalendarDate::try_from(format!("{typed}-01")).is_ok();
    if is_month { Ok(typed.to_owned()) } else { Err("expected a month such as 2026-01") }
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
