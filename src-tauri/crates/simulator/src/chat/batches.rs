//! Batches: a file of requests becomes a batch, which is checked first, and ends with a file of answers and one of errors.

use std::collections::HashSet;
use std::time::Instant;

use bytes::Bytes;
use hyper::Method;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::content::present;
use super::error::{self, invalid, missing, unknown};
use super::files::{BATCH, list, no_such};
use crate::batches::{BatchEnding, BatchOutput, BatchWork, BatchedItem, ItemResult, Luck, Moment, StoredBatch};
use crate::error::ErrorResponse;
use crate::faults::Fault;
use crate::messages::aside;
use crate::reply::{self, Ending, HttpReply, read};
use crate::server::{Arrival, MAX_BODY_BYTES, Server, not_allowed};
use crate::validation;

/// The vendor's limit on the requests of a batch.
const MAX_ITEMS: usize = 50_000;
const ENDPOINT: &str = "/v1/chat/completions";
const WINDOW: &str = "24h";
const WINDOW_SECONDS: i64 = 24 * 60 * 60;
const FIELDS: [&str; 5] = ["input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after"];
/// The vendor's limits on metadata.
const MAX_METADATA: usize = 16;
const MAX_KEY: usize = 64;
const MAX_VALUE: usize = 512;

impl Server {
    /// Answers a request for batches; `id` and `rest` are the segments of its path after `/v1/batches`.
    pub(super) async fn route_chat_batches(
        &self,
        head: &Parts,
        body: Incoming,
        (id, rest): (&str, &str),
        arrival: &Arrival,
    ) -> Result<HttpReply, Ending> {
        let terms = self.admitted(&head.headers)?;
        let found = || self.batches.find(id).ok_or_else(|| no_such("Batch", id));
        match (&head.method, id, rest) {
            (&Method::POST, "", "") => {
                let body = validation::parsed(&read(body, MAX_BODY_BYTES).await?)?;
                let (content, facts) = self.checked_chat_order(&body)?;
                let (items, invalid) = match aside(move || items(&content)).await? {
                    Ok(items) => (items, self.next_chat_problem()),
                    Err(problem) => (Vec::new(), Some(problem)),
                };
                let items: Vec<BatchedItem> =
                    items.into_iter().map(|item| BatchedItem { luck: self.batches.draw(), ..item }).collect();
                let invalid = invalid.map(|problem| json!({"object": "list", "data": [problem]}));
                let batch = self.batches.open("batch_sim", items.len(), facts, Moment::now());
                let reply = reply::json(&described(&batch));
                self.begin(BatchWork { batch, items, call: None, invalid, terms, arrival: arrival.clone() }).await;
                if self.loses_batch_reply() { Err(Ending::Reset) } else { Ok(reply) }
            }
            (&Method::GET, "", "") => {
                let batches = self.batches.newest_first(described);
                list(head, 100, &batches)
            }
            (&Method::GET, _, "") => Ok(reply::json(&described(&*found()?))),
            (&Method::POST, _, "cancel") => {
                let batch = found()?;
                batch.cancel(Moment::now())?;
                Ok(reply::json(&described(&batch)))
            }
            _ => Err(not_allowed().into()),
        }
    }

    /// The file of a new batch, and what its description repeats.
    fn checked_chat_order(&self, body: &Value) -> Result<(Bytes, Value), ErrorResponse> {
        let body = body.as_object().ok_or_else(|| error::wrong_type("body", "an object"))?;
        if let Some(other) = body.keys().find(|key| !FIELDS.contains(&key.as_str())) {
            return Err(unknown(other));
        }
        let text = |key: &str| {
            let value = present(body, key).ok_or_else(|| missing(key))?;
            value.as_str().ok_or_else(|| error::wrong_type(key, "a string"))
        };
        let (endpoint, window, file_id) = (text("endpoint")?, text("completion_window")?, text("input_file_id")?);
        if endpoint != ENDPOINT {
            return Err(invalid("endpoint", None, format!("Only '{ENDPOINT}' is simulated, not '{endpoint}'.")));
        }
        if window != WINDOW {
            let message = format!("Invalid value: '{window}'. Supported values are: '{WINDOW}'.");
            return Err(invalid("completion_window", Some("invalid_value"), message));
        }
        let metadata = present(body, "metadata").cloned().unwrap_or(Value::Null);
        if !is_metadata(&metadata) {
            return Err(invalid("metadata", None, "At most 16 pairs of a key and a short text are allowed."));
        }
        let file = self.files.find(file_id).filter(|file| file.kind == BATCH);
        let file = file.ok_or_else(|| invalid("input_file_id", None, format!("Invalid file id: {file_id}")))?;
        let facts = json!({"endpoint": endpoint, "completion_window": window, "input_file_id": file_id,
            "metadata": metadata});
        Ok((file.content, facts))
    }

    /// The scripted reason why the next batch is invalid.
    fn next_chat_problem(&self) -> Option<Value> {
        match self.next_of(|fault| matches!(fault, Fault::BatchFails { .. }))? {
            Fault::BatchFails { code, message } => Some(problem(&code, &message, None)),
            _ => None,
        }
    }

    /// Files of answers and of errors; one without a line does not exist.
    pub(crate) fn chat_output(&self, batch: &StoredBatch, results: Vec<(String, ItemResult)>) -> BatchOutput {
        let (mut answers, mut errors) = (String::new(), String::new());
        for (index, (custom_id, result)) in results.into_iter().enumerate() {
            let error = |code: &str, message: &str| (Value::Null, json!({"code": code, "message": message}));
            let response = |status: u16, body: Value| {
                let request_id = format!("req_{}_{index}", batch.id);
                (json!({"status_code": status, "request_id": request_id, "body": body}), Value::Null)
            };
            let is_answer = matches!(result, ItemResult::Succeeded(_));
            let (response, error) = match result {
                ItemResult::Succeeded(message) => response(200, message),
                ItemResult::Errored(refusal) => response(error::status(&refusal), error::body(&refusal)),
                ItemResult::Expired => {
                    error("batch_expired", "This request could not be executed before the completion window expired.")
                }
                ItemResult::Canceled => {
                    error("batch_cancelled", "The batch was cancelled before this request executed.")
                }
            };
            let id = format!("batch_req_{}_{index}", batch.id);
            let line = json!({"id": id, "custom_id": custom_id, "response": response, "error": error});
            let file = if is_answer { &mut answers } else { &mut errors };
            file.push_str(&line.to_string());
            file.push('\n');
        }
        let stored = |kind: &str, lines: String| {
            let name = format!("{}_{kind}.jsonl", batch.id);
            let store =
                |lines: String| self.files.add("file-", &name, "batch_output", lines.into(), Some(&batch.id)).id;
            (!lines.is_empty()).then(|| store(lines))
        };
        BatchOutput::Files { answers: stored("output", answers), errors: stored("error", errors) }
    }
}

fn is_metadata(value: &Value) -> bool {
    let fits = |(key, value): (&String, &Value)| {
        key.chars().count() <= MAX_KEY && value.as_str().is_some_and(|text| text.chars().count() <= MAX_VALUE)
    };
    match value {
        Value::Null => true,
        Value::Object(pairs) => pairs.len() <= MAX_METADATA && pairs.iter().all(fits),
        _ => false,
    }
}

fn problem(code: &str, message: &str, line: Option<usize>) -> Value {
    json!({"code": code, "message": message, "line": line, "param": null})
}

/// The items of a file, or the first problem in it.
fn items(content: &[u8]) -> Result<Vec<BatchedItem>, Value> {
    let text = std::str::from_utf8(content).map_err(|_| problem("invalid_encoding", "The file is not UTF-8.", None))?;
    let (mut items, mut ids) = (Vec::new(), HashSet::new());
    let mut model: Option<Value> = None;
    for (index, line) in text.lines().enumerate() {
        let wrong = |code: &str, message: &str| problem(code, message, Some(index + 1));
        let Ok(Value::Object(mut line)) = serde_json::from_str(line) else {
            return Err(wrong("invalid_json_line", "This line is not parseable as valid JSON."));
        };
        let custom_id = match line.remove("custom_id") {
            Some(Value::String(id)) if !id.is_empty() => id,
            _ => return Err(wrong("missing_required_parameter", "Missing required parameter: 'custom_id'.")),
        };
        if !ids.insert(custom_id.clone()) {
            let message = format!("The custom_id for this request is a duplicate of another request: {custom_id}");
            return Err(wrong("duplicate_custom_id", &message));
        }
        if line.remove("method").as_ref().and_then(Value::as_str) != Some("POST") {
            return Err(wrong("invalid_method", "Invalid method: must be POST."));
        }
        if line.remove("url").as_ref().and_then(Value::as_str) != Some(ENDPOINT) {
            return Err(wrong("mismatched_url", "The url of a request must be the endpoint of its batch."));
        }
        let Some(params @ Value::Object(_)) = line.remove("body") else {
            return Err(wrong("missing_required_parameter", "Missing required parameter: 'body'."));
        };
        if let Some(other) = line.keys().next() {
            return Err(wrong("unknown_parameter", &format!("Unknown parameter: '{other}'.")));
        }
        if *model.get_or_insert_with(|| params["model"].clone()) != params["model"] {
            return Err(wrong("mismatched_model", "All requests of a batch must name the same model."));
        }
        items.push(BatchedItem { custom_id, params, luck: Luck::Good });
    }
    match items.len() {
        0 => Err(problem("empty_file", "The input file is empty.", None)),
        count if count > MAX_ITEMS => {
            let message = format!("The input file has {count} requests; the limit is {MAX_ITEMS}.");
            Err(problem("too_many_tasks", &message, None))
        }
        _ => Ok(items),
    }
}

/// The batch as the vendor shows it.
fn described(batch: &StoredBatch) -> Value {
    let now = Instant::now();
    let (created, is_beginning) = (batch.created.clock.as_second(), batch.is_beginning(now));
    batch.with(|state| {
        let ended = state.ended.as_ref();
        let canceling = state.cancel_initiated.map(|moment| moment.clock.as_second());
        let ended_when = |is_it: fn(&BatchEnding) -> bool| {
            ended.filter(|ended| is_it(&ended.ending)).map(|ended| ended.clock.as_second())
        };
        let status = match ended.map(|ended| &ended.ending) {
            Some(BatchEnding::Completed) => "completed",
            Some(BatchEnding::Canceled) => "cancelled",
            Some(BatchEnding::Expired) => "expired",
            Some(BatchEnding::Invalid(_)) => "failed",
            None if canceling.is_some() => "cancelling",
            None if is_beginning => "validating",
            None if batch.done_by(now) == batch.items => "finalizing",
            None => "in_progress",
        };
        let (total, completed, failed) = match ended {
            Some(ended) => (batch.items, ended.counts.succeeded, ended.counts.errored),
            None if is_beginning => (0, 0, 0),
            None => (batch.items, batch.done_by(now), 0),
        };
        let (output, errors) = match ended.map(|ended| &ended.output) {
            Some(BatchOutput::Files { answers, errors }) => (answers.clone(), errors.clone()),
            _ => (None, None),
        };
        let problems = ended.and_then(|ended| match &ended.ending {
            BatchEnding::Invalid(problems) => Some(problems.clone()),
            _ => None,
        });
        let mut described: Map<String, Value> = batch.facts.as_object().cloned().unwrap_or_default();
        let own = json!({
            "id": batch.id,
            "object": "batch",
            "errors": problems,
            "status": status,
            "output_file_id": output,
            "error_file_id": errors,
            "created_at": created,
            "in_progress_at": (!is_beginning).then_some(created),
            "expires_at": created + WINDOW_SECONDS,
            "finalizing_at": ended.map(|ended: &_| Timestamp::as_second(ended.clock)),
            "completed_at": ended_when(|ending| *ending == BatchEnding::Completed),
            "failed_at": ended_when(|ending| matches!(ending, BatchEnding::Invalid(_))),
            "expired_at": ended_when(|ending| *ending == BatchEnding::Expired),
            "cancelling_at": canceling,
            "cancelled_at": ended_when(|ending| *ending == BatchEnding::Canceled),
            "request_counts": {"total": total, "completed": completed, "failed": failed},
        });
        described.extend(own.as_object().cloned().unwrap_or_default());
        Value::Object(described)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_checked_line_by_line() {
        let line = |id: &str, model: &str| {
            json!({"custom_id": id, "method": "POST", "url": ENDPOINT, "body": {"model": model}}).to_string()
        };
        let wrong = |key: &str, value: Value| {
            let mut line: Value = serde_json::from_str(&line("a", "m")).unwrap();
            line[key] = value;
            line.to_string()
        };
        assert_eq!(items(format!("{}\n{}\n", line("a", "m"), line("b", "m")).as_bytes()).unwrap().len(), 2);
        let cases = [
            (format!("{}\n{}", line("a", "m"), line("a", "m")), "duplicate_custom_id", Some(2)),
            (format!("{}\n{}", line("a", "m"), line("b", "n")), "mismatched_model", Some(2)),
            (format!("{}\n\n", line("a", "m")), "invalid_json_line", Some(2)),
            ("{".to_owned(), "invalid_json_line", Some(1)),
            (wrong("method", json!("GET")), "invalid_method", Some(1)),
            (wrong("url", json!("/v1/embeddings")), "mismatched_url", Some(1)),
            (wrong("body", Value::Null), "missing_required_parameter", Some(1)),
            (wrong("custom_id", json!("")), "missing_required_parameter", Some(1)),
            (wrong("colour", json!("red")), "unknown_parameter", Some(1)),
            (String::new(), "empty_file", None),
        ];
        for (file, code, line) in cases {
            let problem = items(file.as_bytes()).unwrap_err();
            assert_eq!((&problem["code"], &problem["line"]), (&json!(code), &json!(line)), "{file}");
        }
    }
}
