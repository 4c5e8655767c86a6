//! Quotes.

use domain::plan::{PlanRequest, Quote};
use domain::savings::{Savings, SavingsRequest};

use crate::router::operations;

operations! {
    read quote(api, request: PlanRequest) -> Quote {
        api.ask(move |library| library.planning.quote(&request)).await
    }

    /// The ways to spend less on a plan; `None` if it costs nothing, or if its cost is not known.
    read savings(api, request: SavingsRequest) -> Option<Savings> {
        api.ask(move |library| library.planning.savings(&request)).await
    }
}
