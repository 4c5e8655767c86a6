//! The routes of the API, which are the same in both versions.

use hyper::Method;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use super::{MethodCall, models};
use crate::error::ErrorResponse;
use crate::paging::parameter;
use crate::reply::{self, Ending, HttpReply};
use crate::server::{Arrival, Server};

const VERSIONS: [&str; 2] = ["/v1beta", "/v1"];
/// Objects of a page if the request does not say how many, and at most.
const USUAL_PAGE: usize = 50;
const LONGEST_PAGE: usize = 1000;

impl Server {
    /// Answers a request of this protocol.
    pub(crate) async fn route_gemini(
        &self,
        head: &Parts,
        body: Incoming,
        arrival: &Arrival,
    ) -> Result<HttpReply, Ending> {
        let (headers, query) = (&head.headers, head.uri.query().unwrap_or_default());
        let path = head.uri.path();
        let not_found = || Ending::from(ErrorResponse::not_found(format!("{path} was not found on this server.")));
        for version in VERSIONS {
            if path == format!("/upload{version}/files") {
                return self.upload(head, body, version).await;
            }
            if let Some(id) = path.strip_prefix(&format!("/download{version}/")) {
                return self.route_gemini_files(head, id);
            }
        }
        let Some(path) = VERSIONS.iter().find_map(|version| path.strip_prefix(version)) else {
            return Err(not_found());
        };
        if path == "/files" || path.starts_with("/files/") {
            return self.route_gemini_files(head, path.trim_start_matches('/'));
        }
        if path == "/batches" || path.starts_with("/batches/") {
            return self.route_gemini_batches(head, path.trim_start_matches('/'));
        }
        let Some(rest) = path.strip_prefix("/models") else { return Err(not_found()) };
        match (&head.method, rest.strip_prefix('/').map(|rest| rest.rsplit_once(':').ok_or(rest))) {
            (&Method::GET, None) if rest.is_empty() => {
                let prefix = self.admitted(headers)?.model_prefix;
                let all: Vec<Value> = models::all().iter().map(|model| model.described(&prefix)).collect();
                Ok(reply::json(&page(query, "models", &all)?))
            }
            (&Method::GET, Some(Err(name))) => {
                let prefix = self.admitted(headers)?.model_prefix;
                let model = models::find(name, &prefix).ok_or_else(|| models::unknown(name))?;
                Ok(reply::json(&model.described(&prefix)))
            }
            (&Method::POST, Some(Ok((model, method @ ("generateContent" | "streamGenerateContent"))))) => {
                let is_streaming = method == "streamGenerateContent";
                if is_streaming && parameter(query, "alt") != Some("sse") {
                    return Err(ErrorResponse::invalid("Only alt=sse is simulated.").into());
                }
                let call = MethodCall { model: model.to_owned(), is_streaming };
                self.message(headers, body, Some(call), arrival).await
            }
            (&Method::POST, Some(Ok((model, "batchGenerateContent")))) => {
                self.create_gemini_batch(head, body, model, arrival).await
            }
            _ => Err(not_found()),
        }
    }
}

/// A page of `all`, in the field `name`; a token is the number of objects before the page.
pub(super) fn page(query: &str, name: &str, all: &[Value]) -> Result<Value, ErrorResponse> {
    let invalid = |name: &str| ErrorResponse::invalid(format!("Invalid value of {name}."));
    let number = |name: &str| match parameter(query, name) {
        None | Some("") => Ok(None),
        Some(text) => text.parse::<usize>().map(Some).map_err(|_| invalid(name)),
    };
    let size = number("pageSize")?.filter(|size| *size > 0).unwrap_or(USUAL_PAGE).min(LONGEST_PAGE);
    let start = number("pageToken")?.unwrap_or(0);
    let shown: Vec<&Value> = all.iter().skip(start).take(size).collect();
    let mut page = json!({name: shown});
    if start + size < all.len() {
        page["nextPageToken"] = json!((start + size).to_string());
    }
    Ok(page)
}
