//! What was spent this month.

use domain::month::MonthSpending;

use crate::router::operations;

operations! {
    read month_spending(api) -> MonthSpending {
        api.ask(|library| library.spending.this_month()).await
    }
}
