//! Results: one JSON object per line of a file, or per entry of a list.

use crate::batch::BatchOutcome;
use crate::batch::results::{ResultForm, answered};
use crate::gemini::refusal;
use crate::gemini::wire::answer::ReceivingContent;
use crate::json::Object;
use crate::redaction::Redaction;

pub const RESULTS: ResultForm = ResultForm { custom_id, outcome };

/// The key of a line, or the metadata of an entry.
fn custom_id(line: &Object<'_>) -> Option<String> {
    line.name("key").or_else(|| line.object("metadata")?.name("key"))
}

/// The result of a request, or why it cannot be parsed.
fn outcome(line: &Object<'_>, redaction: &Redaction) -> Result<BatchOutcome, String> {
    if let Some(error) = line.object("error") {
        // A request that was not processed.
        if refusal::code_name(&error).as_deref() == Some("CANCELLED") {
            return Ok(BatchOutcome::Canceled);
        }
        let body = format!("{{\"error\":{}}}", line.raw("error").unwrap_or("null"));
        let refused = refusal::from_body(200, body.as_bytes());
        return Ok(BatchOutcome::Refused(Box::new(refused.presentable(|text| redaction.of_failure(text)))));
    }
    match line.object("response") {
        Some(response) => answered::<ReceivingContent>(&response, redaction),
        None if line.raw("candidates").is_some() => answered::<ReceivingContent>(line, redaction),
        None => Err("it has no response".to_owned()),
    }
}
