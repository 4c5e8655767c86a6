//! Batches: requests in the body or in an uploaded file, as a long-running operation. Results are in the operation or in a
//! file, as the requests were. A batch that expires has no results.

use std::sync::Arc;
use std::time::Instant;

use hyper::Method;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use serde_json::{Map, Value, json};

use super::content::{object, present};
use super::error::invalid;
use super::routes::page;
use super::{MethodCall, error, models};
use crate::batches::{BatchEnding, BatchOutput, BatchWork, BatchedItem, ItemResult, Luck, Moment, StoredBatch};
use crate::error::ErrorResponse;
use crate::faults::Fault;
use crate::messages::aside;
use crate::reply::{self, Ending, HttpReply, read};
use crate::server::{Arrival, Server};
use crate::validation;

/// The vendor's limit on a request with the requests of a batch in it.
const MAX_INLINED_BYTES: usize = 20 * 1024 * 1024;

const BATCH_TYPE: &str = "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch";
const OUTPUT_TYPE: &str = "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatchOutput";

impl Server {
    /// Answers `POST /v1beta/models/MODEL:batchGenerateContent`.
    pub(super) async fn create_gemini_batch(
        &self,
        head: &Parts,
        body: Incoming,
        model: &str,
        arrival: &Arrival,
    ) -> Result<HttpReply, Ending> {
        let terms = self.admitted(&head.headers)?;
        models::find(model, &terms.model_prefix).ok_or_else(|| models::unknown(model))?;
        let body = read(body, MAX_INLINED_BYTES).await?;
        let body = aside(move || validation::parsed(&body)).await??;
        let (items, mut facts) = self.checked_gemini_order(body).await?;
        facts["model"] = json!(format!("models/{model}"));
        let (items, unusable) = match items {
            Ok(items) => (items, self.next_gemini_problem()),
            Err(problem) => (Vec::new(), Some(problem)),
        };
        let items: Vec<BatchedItem> =
            items.into_iter().map(|item| BatchedItem { luck: self.batches.draw(), ..item }).collect();
        let batch = self.batches.open("batches/sim", items.len(), facts, Moment::now());
        let reply = reply::json(&described(&batch, true));
        let call = Some(MethodCall { model: model.to_owned(), is_streaming: false });
        self.begin(BatchWork { batch, items, call, invalid: unusable, terms, arrival: arrival.clone() }).await;
        if self.loses_batch_reply() { Err(Ending::Reset) } else { Ok(reply) }
    }

    /// The items of a new batch, or why they cannot be processed, and what its description repeats.
    async fn checked_gemini_order(
        &self,
        mut body: Value,
    ) -> Result<(Result<Vec<BatchedItem>, Value>, Value), ErrorResponse> {
        object(&body, "", &["batch"])?;
        let mut batch = body["batch"].take();
        let fields = object(&batch, "batch", &["displayName", "inputConfig", "priority", "model", "webhookConfig"])?;
        let name = present(fields, "displayName").and_then(Value::as_str).unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(invalid("batch.display_name", "* BatchGenerateContentRequest.batch.display_name: required\n"));
        }
        let path = "batch.input_config";
        let config = present(fields, "inputConfig").ok_or_else(|| invalid(path, "The input is required."))?;
        let config = object(config, path, &["fileName", "requests"])?;
        match (present(config, "fileName").cloned(), present(config, "requests").is_some()) {
            (Some(file), false) => {
                let id = file.as_str().unwrap_or_default();
                let stored = self.files.find(id);
                let stored = stored.ok_or_else(|| invalid(path, format!("The file {id} does not exist.")))?;
                let items = aside(move || lines(&stored.content)).await?;
                Ok((items, json!({"displayName": name, "inputConfig": {"fileName": file}})))
            }
            (None, true) => {
                let requests = batch["inputConfig"]["requests"]["requests"].take();
                let Value::Array(requests) = requests else {
                    return Err(invalid(path, "A list of requests is required."));
                };
                let items = requests.into_iter().enumerate().map(|(index, item)| inlined(item, index));
                Ok((Ok(items.collect::<Result<_, _>>()?), json!({"displayName": name})))
            }
            _ => Err(invalid(path, "Exactly one of file_name and requests is required.")),
        }
    }

    fn next_gemini_problem(&self) -> Option<Value> {
        match self.next_of(|fault| matches!(fault, Fault::BatchFails { .. }))? {
            Fault::BatchFails { message, .. } => Some(problem(&message)),
            _ => None,
        }
    }

    /// Answers a request for batches; `name` is `batches`, or the name of one, perhaps with `:cancel`.
    pub(super) fn route_gemini_batches(&self, head: &Parts, name: &str) -> Result<HttpReply, Ending> {
        self.admitted(&head.headers)?;
        let found = |name: &str| -> Result<Arc<StoredBatch>, ErrorResponse> {
            let missing = || ErrorResponse::not_found(format!("Could not find the operation {name}."));
            self.batches.find(name).ok_or_else(missing)
        };
        match (&head.method, name.strip_suffix(":cancel")) {
            (&Method::GET, None) if name == "batches" => {
                let all = self.batches.newest_first(|batch| described(batch, true));
                Ok(reply::json(&page(head.uri.query().unwrap_or_default(), "operations", &all)?))
            }
            (&Method::GET, None) => {
                let batch = found(name)?;
                let is_inlined = batch.with(|state| {
                    state.ended.as_ref().is_some_and(|ended| matches!(ended.output, BatchOutput::Inlined(_)))
                });
                if is_inlined {
                    batch.deliver();
                }
                let shows_results = !(is_inlined && self.empties_results());
                Ok(reply::json(&described(&batch, shows_results)))
            }
            (&Method::POST, Some(id)) => {
                found(id)?.cancel(Moment::now())?;
                Ok(reply::json(&json!({})))
            }
            _ => Err(ErrorResponse::not_found(format!("{name} has no such method.")).into()),
        }
    }

    /// The results of the items that are done: in the operation or in a file, as the requests were.
    pub(crate) fn gemini_output(
        &self,
        batch: &StoredBatch,
        results: Vec<(String, ItemResult)>,
        ending: &BatchEnding,
    ) -> BatchOutput {
        if *ending == BatchEnding::Expired {
            return BatchOutput::Nothing;
        }
        let is_file = batch.facts["inputConfig"]["fileName"].is_string();
        let mut told = Vec::new();
        for (label, result) in results {
            let (field, value) = match result {
                ItemResult::Succeeded(message) => ("response", message),
                ItemResult::Errored(refusal) => ("error", status(&error::body(&refusal)["error"])),
                ItemResult::Canceled if *ending == BatchEnding::Canceled => continue,
                ItemResult::Canceled | ItemResult::Expired => {
                    ("error", json!({"code": CANCELED, "message": "The request was cancelled."}))
                }
            };
            let mut item = Map::new();
            // What was written of the request, in JSON.
            let label: Value = serde_json::from_str(&label).unwrap_or_default();
            if !label.is_null() {
                item.insert(if is_file { "key" } else { "metadata" }.to_owned(), label);
            }
            item.insert(field.to_owned(), value);
            told.push(Value::Object(item));
        }
        if !is_file {
            return BatchOutput::Inlined(told);
        }
        let mut lines = String::new();
        for item in &told {
            lines.push_str(&item.to_string());
            lines.push('\n');
        }
        let file = self.files.add("files/batch-", "", "application/jsonl", lines.into(), Some(&batch.id));
        BatchOutput::Files { answers: Some(file.id), errors: None }
    }
}

/// `google.rpc.Code`.
const CANCELED: u8 = 1;

/// An error as `google.rpc.Status`, with the numeric code of gRPC. It has no details, because the vendor's client accepts
/// only strings there.
fn status(error: &Value) -> Value {
    let code = match error["status"].as_str().unwrap_or_default() {
        "INVALID_ARGUMENT" => 3,
        "DEADLINE_EXCEEDED" => 4,
        "NOT_FOUND" => 5,
        "PERMISSION_DENIED" => 7,
        "RESOURCE_EXHAUSTED" => 8,
        "UNAVAILABLE" => 14,
        _ => 13,
    };
    json!({"code": code, "message": error["message"]})
}

fn problem(message: &str) -> Value {
    json!({"code": 3, "message": message})
}

/// A request in the body of a new batch; the JSON of its metadata is its id.
fn inlined(mut item: Value, index: usize) -> Result<BatchedItem, ErrorResponse> {
    let path = format!("batch.input_config.requests.requests[{index}]");
    let fields = object(&item, &path, &["request", "metadata"])?;
    let metadata = present(fields, "metadata").cloned().unwrap_or(Value::Null);
    if !metadata.is_null() && !metadata.is_object() {
        return Err(invalid(&path, "The metadata is not an object."));
    }
    let params = item["request"].take();
    if !params.is_object() {
        return Err(invalid(&path, "The request is required."));
    }
    Ok(BatchedItem { custom_id: metadata.to_string(), params, luck: Luck::Good })
}

/// The requests in a file, or the first problem in it; the JSON of its key is the id of each.
fn lines(content: &[u8]) -> Result<Vec<BatchedItem>, Value> {
    let text = std::str::from_utf8(content).map_err(|_| problem("The file is not UTF-8."))?;
    let mut items = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |what: &str| problem(&format!("Line {} of the input file {what}.", index + 1));
        let Ok(Value::Object(mut fields)) = serde_json::from_str(line) else { return Err(wrong("is not JSON")) };
        let (key, request) = (fields.remove("key").unwrap_or_default(), fields.remove("request"));
        match (request, fields.keys().next()) {
            (Some(params @ Value::Object(_)), None) => {
                items.push(BatchedItem { custom_id: key.to_string(), params, luck: Luck::Good });
            }
            (Some(_), Some(other)) => return Err(wrong(&format!("has an unknown field {other}"))),
            _ => return Err(wrong("has no request")),
        }
    }
    if items.is_empty() { Err(problem("The input file has no requests.")) } else { Ok(items) }
}

/// The batch as the vendor shows it.
fn described(batch: &StoredBatch, shows_results: bool) -> Value {
    let now = Instant::now();
    let is_beginning = batch.is_beginning(now);
    let created = batch.created.clock.to_string();
    batch.with(|state| {
        let ended = state.ended.as_ref();
        let name = match ended.map(|ended| &ended.ending) {
            Some(BatchEnding::Completed) => "SUCCEEDED",
            Some(BatchEnding::Canceled) => "CANCELLED",
            Some(BatchEnding::Expired) => "EXPIRED",
            Some(BatchEnding::Invalid(_)) => "FAILED",
            None if is_beginning => "PENDING",
            None => "RUNNING",
        };
        let (succeeded, failed, pending) = match ended {
            Some(ended) => (ended.counts.succeeded, ended.counts.errored, ended.counts.canceled + ended.counts.expired),
            None => (0, 0, batch.items),
        };
        // Counts are strings, and those of zero are absent.
        let mut stats = json!({"requestCount": batch.items.to_string()});
        let counts =
            [("successfulRequestCount", succeeded), ("failedRequestCount", failed), ("pendingRequestCount", pending)];
        for (key, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            stats[key] = json!(count.to_string());
        }
        let output = ended.filter(|_| shows_results).and_then(|ended| match &ended.output {
            BatchOutput::Files { answers: Some(file), .. } => Some(json!({"responsesFile": file})),
            BatchOutput::Inlined(results) => Some(json!({"inlinedResponses": {"inlinedResponses": results}})),
            _ => None,
        });
        let mut metadata = batch.facts.clone();
        metadata["@type"] = json!(BATCH_TYPE);
        metadata["name"] = json!(batch.id);
        metadata["createTime"] = json!(created);
        metadata["updateTime"] = json!(ended.map_or(created.clone(), |ended| ended.clock.to_string()));
        metadata["batchStats"] = stats;
        metadata["state"] = json!(format!("BATCH_STATE_{name}"));
        let mut operation = json!({"name": batch.id});
        if let Some(ended) = ended {
            metadata["endTime"] = json!(ended.clock.to_string());
            operation["done"] = json!(true);
            match &ended.ending {
                BatchEnding::Invalid(problem) => operation["error"] = problem.clone(),
                BatchEnding::Canceled => {
                    operation["error"] = json!({"code": CANCELED, "message": "The operation was cancelled."});
                }
                BatchEnding::Completed | BatchEnding::Expired => {}
            }
        }
        if let Some(output) = output {
            if operation["error"].is_null() {
                operation["response"] = output.clone();
                operation["response"]["@type"] = json!(OUTPUT_TYPE);
            }
            metadata["output"] = output;
        }
        operation["metadata"] = metadata;
        if operation["error"].is_null()
            && let Some(fields) = operation.as_object_mut()
        {
            fields.remove("error");
        }
        operation
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_checked_line_by_line() {
        let read =
            |file: &str| lines(file.as_bytes()).map(|items| items.len()).map_err(|problem| problem["message"].clone());
        assert_eq!(read("{\"key\":\"a\",\"request\":{}}\n\n{\"request\":{}}\n"), Ok(2));
        for (file, words) in [
            ("", "no requests"),
            ("x", "Line 1 of the input file is not JSON"),
            ("{\"request\":{}}\n{\"key\":\"a\"}", "Line 2 of the input file has no request"),
            ("{\"request\":{},\"colour\":1}", "unknown field colour"),
        ] {
            let message = read(file).unwrap_err();
            assert!(message.as_str().unwrap().contains(words), "{message}");
        }
    }
}
