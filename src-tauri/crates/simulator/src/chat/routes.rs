//! The routes of chat completions.

use hyper::Method;
use hyper::body::Incoming;
use hyper::http::request::Parts;

use super::{described, error, listed, models};
use crate::error::ErrorResponse;
use crate::protocol::Protocol;
use crate::reply::{self, Ending, HttpReply};
use crate::server::{Arrival, Server, not_allowed};

impl Server {
    /// Answers a request of this protocol.
    pub(crate) async fn route_chat(
        &self,
        head: &Parts,
        body: Incoming,
        arrival: &Arrival,
    ) -> Result<HttpReply, Ending> {
        let headers = &head.headers;
        if self.protocol() == Protocol::Chat {
            if let Some(place) = below(head.uri.path(), "/v1/files") {
                return self.route_files(head, body, place).await;
            }
            if let Some(place) = below(head.uri.path(), "/v1/batches") {
                return self.route_chat_batches(head, body, place, arrival).await;
            }
        }
        match (&head.method, head.uri.path()) {
            (&Method::POST, "/v1/chat/completions") => self.message(headers, body, None, arrival).await,
            (&Method::GET, "/v1/models") => {
                let prefix = self.admitted(headers)?.model_prefix;
                Ok(reply::json(&listed(self.protocol(), &prefix)))
            }
            (&Method::GET, path) if path.starts_with("/v1/models/") => {
                let prefix = self.admitted(headers)?.model_prefix;
                let name = path.trim_start_matches("/v1/models/");
                let model = models::find(self.protocol(), name, &prefix).ok_or_else(|| error::no_model(name))?;
                Ok(reply::json(&described(model, &prefix)))
            }
            (_, "/v1/chat/completions" | "/v1/models") => Err(not_allowed().into()),
            (method, path) => {
                let message = format!("Invalid URL ({method} {path})");
                Err(ErrorResponse::new(404, "invalid_request_error", message).into())
            }
        }
    }
}

/// The id and what follows it in a path at `base`; both may be empty.
fn below<'a>(path: &'a str, base: &str) -> Option<(&'a str, &'a str)> {
    let rest = path.strip_prefix(base)?;
    match rest.strip_prefix('/') {
        Some(rest) => Some(rest.split_once('/').unwrap_or((rest, ""))),
        None => rest.is_empty().then_some(("", "")),
    }
}
