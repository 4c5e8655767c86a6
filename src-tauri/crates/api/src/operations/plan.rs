//! Quotes.

use domain::plan::{PlanRequest, Quote};

use crate::router::operations;

operations! {
    read quote(api, request: PlanRequest) -> Quote {
        api.ask(move |library| library.planning.quote(&request)).await
    }
}
