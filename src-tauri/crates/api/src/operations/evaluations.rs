//! Quality against a ground truth.

use domain::evaluation::report::{EvaluationReport, EvaluationRequest};
use engine::Cancellation;

use crate::router::operations;

operations! {
    /// Evaluates runs and people's decisions of the library, the later ones compared with the first. An evaluation has a number
    /// of its own.
    read evaluate(api, number: u32, request: EvaluationRequest) -> EvaluationReport {
        let task = api.evaluations.list(number, Cancellation::default());
        api.ask(move |library| library.evaluations.report(&request, &task)).await
    }

    /// Cancels an evaluation.
    read cancel_evaluation(api, number: u32) -> () {
        api.evaluations.cancel(number);
        Ok(())
    }
}
