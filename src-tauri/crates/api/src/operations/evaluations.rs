//! Quality against a ground truth.

use domain::evaluation::report::{EvaluationReport, EvaluationRequest};

use crate::router::operations;

operations! {
    /// Evaluates runs and people's decisions of the library, the later ones compared with the first.
    read evaluate(api, request: EvaluationRequest) -> EvaluationReport {
        api.ask(move |library| library.evaluations.report(&request)).await
    }
}
