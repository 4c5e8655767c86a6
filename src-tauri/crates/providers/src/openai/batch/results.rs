//! Results: one JSON object per line, in a file of answers and one of errors.

use crate::batch::BatchOutcome;
use crate::batch::results::{ResultForm, answered};
use crate::json::Object;
use crate::openai::refusal;
use crate::openai::wire::answer::ReceivingCompletion;
use crate::redaction::Redaction;

pub const RESULTS: ResultForm = ResultForm { custom_id: |line| line.name("custom_id"), outcome };

/// The result of a request, or why it cannot be parsed.
fn outcome(line: &Object<'_>, redaction: &Redaction) -> Result<BatchOutcome, String> {
    let refused = |status: u16, body: &str| {
        let refused = refusal::from_body(status, body.as_bytes());
        BatchOutcome::Refused(Box::new(refused.presentable(|text| redaction.of_failure(text))))
    };
    // A request that did not reach a model.
    if let Some(error) = line.object("error") {
        return Ok(match error.name("code").as_deref() {
            Some("batch_expired") => BatchOutcome::Expired,
            Some("batch_cancelled") => BatchOutcome::Canceled,
            Some("request_timeout") => refused(408, &wrapped(line)),
            _ => refused(200, &wrapped(line)),
        });
    }
    let response = line.object("response").ok_or("it has no response")?;
    let status = response.count("status_code").known().unwrap_or(200);
    let status = u16::try_from(status).map_err(|_| format!("its status is {status}"))?;
    let body = response.object("body").ok_or("its response has no body")?;
    if (200..300).contains(&status) && body.object("error").is_none() {
        return answered::<ReceivingCompletion>(&body, redaction);
    }
    Ok(refused(status, response.raw("body").unwrap_or_default()))
}

/// The error of a line, as the body of a response has it.
fn wrapped(line: &Object<'_>) -> String {
    format!("{{\"error\":{}}}", line.raw("error").unwrap_or("null"))
}
