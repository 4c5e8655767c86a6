//! Sends requests to one server with one key.

#[cfg(test)]
mod tests;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};

use super::body::{AnswerFormat, ChatBody};
use super::refusal;
use super::wire::answer::{ModelList, Receiving};
use crate::answer::{RawAnswer, ReceivedAnswer};
use crate::base_url::{BaseUrl, Key};
use crate::batch::BatchApi;
use crate::discovery::{CheckError, RemoteModel};
use crate::error::RequestError;
use crate::exchange::{self, Call};
use crate::future::BoxFuture;
use crate::http::{HttpClient, unreadable, with_json};
use crate::provider::{ConnectError, ConnectionOptions, Endpoint, Progress};
use crate::request::Request;
use std::time::Duration;

/// A client of one server.
#[derive(Debug, Clone)]
pub struct Client {
    http: HttpClient,
    model_prefix: String,
}

impl Client {
    /// Sets up a client; nothing is sent. Needs no runtime yet.
    pub fn new(server: BaseUrl, key: Key, options: &ConnectionOptions) -> Result<Self, ConnectError> {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, key.bearer()?)]);
        let http = HttpClient::new(server, key, headers, options.timeouts, refusal::read)?;
        Ok(Self { http, model_prefix: options.model_prefix.clone() })
    }

    /// Like [`Endpoint::send`], with the full answer.
    pub async fn send(
        &self,
        request: &Request,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<RawAnswer, RequestError> {
        let pieces = ChatBody::of(request)?.pieces(&self.model_prefix, AnswerFormat::Schema);
        let sending = self.http.request(Method::POST, self.http.server().endpoint("v1/chat/completions"));
        let call = Call {
            request: with_json(sending, pieces),
            byte_count: request.byte_count(),
            sent: request.sent(),
            rate_limits: refusal::rate_limits,
        };
        exchange::send::<Receiving>(&self.http, call, on_progress).await
    }

    /// Requests the server's models, and checks that `model` is among them, by the vendor's name or the endpoint's.
    /// Returns all models.
    pub async fn check(&self, model: &str) -> Result<Vec<RemoteModel>, CheckError> {
        let listing = self.http.request(Method::GET, self.http.server().endpoint("v1/models"));
        let list = self.http.page(listing, Duration::ZERO).await;
        let list: ModelList = list.map_err(|error| CheckError::from_request(&error))?;
        let listed = list.data.into_iter();
        let available: Vec<RemoteModel> = listed
            .map(|listed| RemoteModel { id: listed.id, name: listed.name, lifecycle: None, retires_at: None })
            .collect();
        let model_here = format!("{}{model}", self.model_prefix);
        if available.iter().any(|listed| listed.id == model || listed.id == model_here) {
            Ok(available)
        } else {
            Err(CheckError::UnknownModel { model: model_here, available })
        }
    }
}

impl Endpoint for Client {
    fn base_url(&self) -> Option<&BaseUrl> {
        Some(self.http.server())
    }

    fn send<'a>(
        &'a self,
        request: &'a Request,
        on_progress: &'a mut (dyn FnMut(Progress<'_>) + Send),
    ) -> BoxFuture<'a, Result<ReceivedAnswer, RequestError>> {
        Box::pin(async move {
            let answer = Self::send(self, request, on_progress).await?;
            answer.received().map_err(|error| unreadable(error.to_string()))
        })
    }

    fn check<'a>(&'a self, model: &'a str) -> BoxFuture<'a, Result<Vec<RemoteModel>, CheckError>> {
        Box::pin(Self::check(self, model))
    }

    fn batches(&self) -> Option<&dyn BatchApi> {
        None
    }
}
