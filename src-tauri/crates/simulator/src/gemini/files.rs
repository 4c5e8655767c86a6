//! Files: a resumable upload in one or more pieces, and downloads of results.

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::content::present;
use super::routes::page;
use crate::error::ErrorResponse;
use crate::faults::Fault;
use crate::files::{StoredFile, Upload};
use crate::paging::parameter;
use crate::reply::{self, Ending, HttpReply, full, read, set};
use crate::server::Server;
use crate::sync::lock;

/// The vendor's limit on a file.
const MAX_FILE_BYTES: usize = 2_000_000_000;
/// How long the vendor keeps a file.
const KEPT_HOURS: i64 = 48;

/// The file as the vendor shows it.
fn described(file: &StoredFile) -> Value {
    let is_generated = file.of_batch.is_some();
    let expires = file.created.checked_add(jiff::SignedDuration::from_hours(KEPT_HOURS)).unwrap_or(file.created);
    json!({
        "name": file.id, "displayName": file.name, "mimeType": file.kind, "sizeBytes": file.content.len().to_string(),
        "createTime": file.created.to_string(), "updateTime": file.created.to_string(),
        "expirationTime": expires.to_string(), "state": "ACTIVE",
        "source": if is_generated { "GENERATED" } else { "UPLOADED" },
    })
}

fn no_such_file(id: &str) -> ErrorResponse {
    let message = format!("You do not have permission to access the File {id} or it may not exist.");
    ErrorResponse::new(403, "permission_error", message)
}

impl Server {
    /// Answers a request of an upload: its start, or one that adds a piece.
    pub(super) async fn upload(&self, head: &Parts, body: Incoming, version: &str) -> Result<HttpReply, Ending> {
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let length = |name: &str| header(name).parse::<usize>().ok();
        let invalid = |message: &str| Ending::from(ErrorResponse::invalid(message));
        let command = header("x-goog-upload-command");
        if head.method != Method::POST {
            return Err(ErrorResponse::not_found("Only POST uploads a file.").into());
        }
        let Some(id) = parameter(head.uri.query().unwrap_or_default(), "upload_id") else {
            self.admitted(&head.headers)?;
            if header("x-goog-upload-protocol") != "resumable" || command != "start" {
                return Err(invalid("Only resumable uploads are simulated."));
            }
            let expected_bytes = length("x-goog-upload-header-content-length").filter(|count| *count <= MAX_FILE_BYTES);
            let expected_bytes = expected_bytes.ok_or_else(|| invalid("The length of the upload is invalid."))?;
            let description = match read(body, MAX_FILE_BYTES).await? {
                empty if empty.is_empty() => Value::Null,
                body => crate::validation::parsed(&body)?,
            };
            let mut description = description["file"].clone();
            description["mimeType"] = json!(header("x-goog-upload-header-content-type"));
            let id = self.files.new_id("upload-");
            let url = format!("{}/upload{version}/files?upload_id={id}&upload_protocol=resumable", self.base_url);
            lock(&self.files.uploads).insert(id, Upload { description, expected_bytes, content: Vec::new() });
            let mut reply = reply::json(&json!({}));
            set(reply.headers_mut(), "x-goog-upload-url", &url);
            set(reply.headers_mut(), "x-goog-upload-status", "active");
            return Ok(reply);
        };
        // The address of an upload is its only key.
        let piece = read(body, MAX_FILE_BYTES).await?;
        let mut uploads = lock(&self.files.uploads);
        let upload = uploads.get_mut(id).ok_or_else(|| ErrorResponse::not_found(format!("No upload {id}.")))?;
        let offset = length("x-goog-upload-offset");
        if offset != Some(upload.content.len()) || upload.content.len() + piece.len() > upload.expected_bytes {
            return Err(invalid("The piece does not continue the upload."));
        }
        upload.content.extend_from_slice(&piece);
        let mut reply = match command {
            "upload" => reply::json(&json!({})),
            "upload, finalize" if upload.content.len() == upload.expected_bytes => {
                let Upload { description, content, .. } = std::mem::take(upload);
                uploads.remove(id);
                let text = |key: &str| present_text(&description, key);
                let file = self.files.add("files/", &text("displayName"), &text("mimeType"), content.into(), None);
                if self.next_of(|fault| *fault == Fault::UploadReplyLost).is_some() {
                    return Err(Ending::Reset);
                }
                reply::json(&json!({"file": described(&file)}))
            }
            _ => return Err(invalid("The upload is incomplete, or its command unknown.")),
        };
        let status = if command == "upload" { "active" } else { "final" };
        set(reply.headers_mut(), "x-goog-upload-status", status);
        Ok(reply)
    }

    /// Answers a request for files; `name` is `files`, or the name of one, perhaps with `:download`.
    pub(super) fn route_gemini_files(&self, head: &Parts, name: &str) -> Result<HttpReply, Ending> {
        self.admitted(&head.headers)?;
        let query = head.uri.query().unwrap_or_default();
        let found = |id: &str| self.files.find(id).ok_or_else(|| no_such_file(id));
        match (&head.method, name.strip_suffix(":download")) {
            (&Method::GET, None) if name == "files" => {
                let all: Vec<Value> = self.files.newest_first().iter().map(described).collect();
                Ok(reply::json(&page(query, "files", &all)?))
            }
            (&Method::GET, None) => Ok(reply::json(&described(&found(name)?))),
            (&Method::GET, Some(id)) => {
                let file = found(id)?;
                if parameter(query, "alt") != Some("media") {
                    return Err(ErrorResponse::invalid("Only alt=media is simulated.").into());
                }
                // What was uploaded cannot be downloaded.
                let batch = file.of_batch.as_deref().and_then(|batch| self.batches.find(batch));
                let batch = batch.ok_or_else(|| no_such_file(id))?;
                batch.deliver();
                let content = if self.empties_results() { Bytes::new() } else { file.content };
                Ok(full(StatusCode::OK, "application/octet-stream", content))
            }
            (&Method::DELETE, None) => {
                found(name)?;
                self.files.delete(name);
                Ok(reply::json(&json!({})))
            }
            _ => Err(ErrorResponse::not_found(format!("{name} has no such method.")).into()),
        }
    }
}

fn present_text(description: &Value, key: &str) -> String {
    let fields = description.as_object();
    fields.and_then(|fields| present(fields, key)).and_then(Value::as_str).unwrap_or_default().to_owned()
}
