//! The routes of the API, which are the same in both versions.

use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};
use serde_json::{Value, json};

use super::{MethodCall, models};
use crate::error::ErrorResponse;
use crate::reply::{self, Ending, HttpReply};
use crate::server::{Arrival, Server};

const VERSIONS: [&str; 2] = ["/v1beta", "/v1"];
/// Models of a page if the request does not say how many, and at most.
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
        let rest = VERSIONS.iter().find_map(|version| path.strip_prefix(version)?.strip_prefix("/models"));
        let Some(rest) = rest else { return Err(not_found()) };
        match (&head.method, rest.strip_prefix('/').map(|rest| rest.rsplit_once(':').ok_or(rest))) {
            (&Method::GET, None) if rest.is_empty() => Ok(reply::json(&self.page(headers, query)?)),
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
            _ => Err(not_found()),
        }
    }

    /// A page of the catalogue; a token is the number of models before the page.
    fn page(&self, headers: &HeaderMap, query: &str) -> Result<Value, ErrorResponse> {
        let prefix = self.admitted(headers)?.model_prefix;
        let invalid = |name: &str| ErrorResponse::invalid(format!("Invalid value of {name}."));
        let number = |name: &str| match parameter(query, name) {
            None | Some("") => Ok(None),
            Some(text) => text.parse::<usize>().map(Some).map_err(|_| invalid(name)),
        };
        let size = number("pageSize")?.filter(|size| *size > 0).unwrap_or(USUAL_PAGE).min(LONGEST_PAGE);
        let start = number("pageToken")?.unwrap_or(0);
        let all = models::all();
        let shown: Vec<Value> = all.iter().skip(start).take(size).map(|model| model.described(&prefix)).collect();
        let mut page = json!({"models": shown});
        if start + size < all.len() {
            page["nextPageToken"] = json!((start + size).to_string());
        }
        Ok(page)
    }
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}
