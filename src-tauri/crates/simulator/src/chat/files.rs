//! The routes of files, as far as batches need them.

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::error::{invalid, missing};
use crate::error::ErrorResponse;
use crate::faults::Fault;
use crate::files::StoredFile;
use crate::paging::Cursor;
use crate::reply::{self, Ending, HttpReply, full, read};
use crate::server::{Server, not_allowed};

/// The vendor's limit on a file.
const MAX_FILE_BYTES: usize = 512 * 1024 * 1024;
/// The vendor's limit on a file for a batch.
pub(super) const MAX_BATCH_BYTES: usize = 200_000_000;
/// The purpose of a file for a batch.
pub(super) const BATCH: &str = "batch";
const PURPOSES: [&str; 6] = ["assistants", BATCH, "fine-tune", "vision", "user_data", "evals"];

pub(super) fn described(file: &StoredFile) -> Value {
    json!({
        "id": file.id, "object": "file", "bytes": file.content.len(), "created_at": file.created.as_second(),
        "filename": file.name, "purpose": file.kind, "status": "processed", "expires_at": null,
    })
}

/// A page of objects, at most `most` of them.
pub(super) fn list(head: &Parts, most: usize, objects: &[Value]) -> Result<HttpReply, Ending> {
    let mut page = Cursor::after(head.uri.query().unwrap_or_default(), most)?.page(objects);
    page["object"] = json!("list");
    Ok(reply::json(&page))
}

/// A resource that does not exist.
pub(super) fn no_such(kind: &str, id: &str) -> ErrorResponse {
    ErrorResponse { status: 404, ..invalid("id", None, format!("No such {kind} object: {id}")) }
}

impl Server {
    /// Answers a request for files; `id` and `rest` are the segments of its path after `/v1/files`.
    pub(super) async fn route_files(
        &self,
        head: &Parts,
        body: Incoming,
        (id, rest): (&str, &str),
    ) -> Result<HttpReply, Ending> {
        self.admitted(&head.headers)?;
        let found = || self.files.find(id).ok_or_else(|| no_such("File", id));
        match (&head.method, id, rest) {
            (&Method::POST, "", "") => {
                let boundary = boundary(head)?;
                let body = read(body, MAX_FILE_BYTES).await?;
                let file = self.take_upload(&parts(&body, &boundary)?)?;
                let is_lost = self.next_of(|fault| *fault == Fault::UploadReplyLost).is_some();
                if is_lost { Err(Ending::Reset) } else { Ok(reply::json(&described(&file))) }
            }
            (&Method::GET, "", "") => {
                let files: Vec<Value> = self.files.newest_first().iter().map(described).collect();
                list(head, 10_000, &files)
            }
            (&Method::GET, _, "") => Ok(reply::json(&described(&found()?))),
            (&Method::GET, _, "content") => {
                let file = found()?;
                if let Some(batch) = file.of_batch.as_deref().and_then(|batch| self.batches.find(batch)) {
                    batch.deliver();
                }
                let mut content = if self.empties_results() { Bytes::new() } else { file.content };
                if file.of_batch.is_some() && self.next_of(|fault| *fault == Fault::ResultsCutShort).is_some() {
                    let end = content.iter().position(|byte| *byte == b'\n');
                    content.truncate(end.map_or(content.len(), |end| end + 1));
                }
                Ok(full(StatusCode::OK, "application/octet-stream", content))
            }
            (&Method::DELETE, _, "") => {
                found()?;
                Ok(reply::json(&json!({"id": id, "object": "file", "deleted": self.files.delete(id)})))
            }
            _ => Err(not_allowed().into()),
        }
    }

    fn take_upload(&self, parts: &[Part]) -> Result<StoredFile, ErrorResponse> {
        let find = |name: &str| parts.iter().find(|part| part.name == name).ok_or_else(|| missing(name));
        let purpose = find("purpose")?;
        let purpose = String::from_utf8_lossy(&purpose.content).into_owned();
        if !PURPOSES.contains(&purpose.as_str()) {
            return Err(invalid("purpose", None, format!("'{purpose}' is not one of {PURPOSES:?} - 'purpose'")));
        }
        let file = find("file")?;
        let Some(name) = &file.filename else { return Err(missing("file")) };
        if purpose == BATCH && file.content.len() > MAX_BATCH_BYTES {
            return Err(ErrorResponse { param: Some("file".into()), ..ErrorResponse::too_large() });
        }
        Ok(self.files.add("file-", name, &purpose, file.content.clone(), None))
    }
}

fn boundary(head: &Parts) -> Result<String, ErrorResponse> {
    let media_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = media_type.strip_prefix("multipart/form-data").and_then(|rest| rest.split_once("boundary="));
    let boundary = boundary.map(|(_, boundary)| boundary.split(';').next().unwrap_or_default().trim_matches('"'));
    boundary.filter(|boundary| !boundary.is_empty()).map(str::to_owned).ok_or_else(|| {
        ErrorResponse::invalid("We could not parse the body of your request: expected multipart/form-data.")
    })
}

/// A field of a form.
#[derive(Debug)]
struct Part {
    name: String,
    filename: Option<String>,
    content: Bytes,
}

/// The fields of a form.
fn parts(body: &Bytes, boundary: &str) -> Result<Vec<Part>, ErrorResponse> {
    let malformed = || ErrorResponse::invalid("We could not parse the body of your request: malformed form.");
    let delimiter = format!("\r\n--{boundary}");
    let first = delimiter.trim_start();
    if !body.starts_with(first.as_bytes()) {
        return Err(malformed());
    }
    let (mut parts, mut rest) = (Vec::new(), body.slice(first.len()..));
    while let Some(after) = rest.strip_prefix(b"\r\n") {
        let start = find(after, b"\r\n\r\n").ok_or_else(malformed)?;
        let head = String::from_utf8_lossy(&after[..start]).into_owned();
        let content = rest.slice(2 + start + 4..);
        let end = find(&content, delimiter.as_bytes()).ok_or_else(malformed)?;
        let parameter = |name: &str| {
            let line = head.lines().find(|line| line.to_lowercase().starts_with("content-disposition:"))?;
            let mut parameters = line.split(';').filter_map(|parameter| parameter.trim().split_once('='));
            parameters.find(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('"').to_owned())
        };
        let name = parameter("name").ok_or_else(malformed)?;
        parts.push(Part { name, filename: parameter("filename"), content: content.slice(..end) });
        rest = content.slice(end + delimiter.len()..);
    }
    if rest.starts_with(b"--") { Ok(parts) } else { Err(malformed()) }
}

/// Where `wanted` begins in `bytes`. It begins with a carriage return, which is rare.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(next) = bytes[from..].iter().position(|byte| *byte == b'\r') {
        let at = from + next;
        if bytes[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_split_at_its_boundary() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--b\r\n\
            content-disposition: form-data; name=\"file\"; filename=\"x.jsonl\"\r\nContent-Type: a/b\r\n\r\n{}\r\n\n--b\r\n--b--\r\n";
        let parts = parts(&Bytes::from(body), "b").unwrap();
        let told: Vec<(&str, Option<&str>, &[u8])> =
            parts.iter().map(|part| (part.name.as_str(), part.filename.as_deref(), &*part.content)).collect();
        assert_eq!(told, [("purpose", None, &b"batch"[..]), ("file", Some("x.jsonl"), b"{}\r\n\n--b")]);
        for malformed in ["", "--b", "--b\r\n\r\n\r\nx\r\n--b--", "--b\r\nContent-Disposition: x; name=\"a\"\r\n\r\nx"]
        {
            assert!(super::parts(&Bytes::from(malformed), "b").is_err(), "{malformed}");
        }
    }
}
