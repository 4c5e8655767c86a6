//! What was spent, this month and over all time.

use domain::month::MonthSpending;
use domain::spend::{SpendFilter, SpendKey, SpendReport};

use crate::router::operations;

operations! {
    read month_spending(api) -> MonthSpending {
        api.ask(|library| library.spending.this_month()).await
    }

    /// What was spent over all time, as far as `filter` admits it.
    read spend_report(api, filter: SpendFilter) -> SpendReport {
        api.ask(move |library| library.spending.report(&filter)).await
    }

    /// The rows of `fieldmark spend --csv`.
    read spend_csv(api, keys: Vec<SpendKey>, filter: SpendFilter) -> String {
        api.ask(move |library| library.spending.csv(&keys, &filter)).await
    }
}
