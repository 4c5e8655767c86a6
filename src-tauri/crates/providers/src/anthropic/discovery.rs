//! The models that a server lists, by `GET /v1/models`.

use std::time::Duration;

use reqwest::Method;

use super::client::Client;
use super::wire::answer::{ListedModel, ModelPage, TokenCount};
use crate::discovery::{CheckError, LIST_PAGES, RemoteModel, checked};
use crate::error::RequestError;
use crate::http::with_json;
use crate::retry::{RetryAction, StopCause};

impl Client {
    /// Requests the server's models, and checks that `model` is among them, by the vendor's name or the endpoint's.
    /// Returns all models.
    ///
    /// Not every server with this interface has a list. One without it is asked to count the tokens of a word, which is free
    /// too.
    pub async fn check(&self, model: &str) -> Result<Vec<RemoteModel>, CheckError> {
        let prefix = self.dialect().model_prefix;
        let unlisted = match self.models().await {
            Ok(models) => return checked(models, prefix, model),
            Err(error) if error.is_not_found() => error,
            Err(error) => return Err(CheckError::from_request(&error)),
        };
        let here = format!("{prefix}{model}");
        match self.count_a_word(&here).await {
            Ok(()) => Ok(vec![RemoteModel { id: here, name: None, lifecycle: None, retires_at: None }]),
            Err(error) if error.action() == RetryAction::StopRun(StopCause::UnknownModel) => {
                Err(CheckError::UnknownModel { model: here, available: Vec::new() })
            }
            Err(error @ RequestError::Refused(_)) if !error.is_not_found() => Err(CheckError::from_request(&error)),
            Err(_) => Err(CheckError::from_request(&unlisted)),
        }
    }

    async fn count_a_word(&self, model: &str) -> Result<(), RequestError> {
        let body = serde_json::json!({"model": model, "messages": [{"role": "user", "content": "Hello"}]});
        let counting = self.http.request(Method::POST, self.http.server().endpoint("v1/messages/count_tokens"));
        let counting = with_json(counting, [body.to_string().into()]);
        self.http.page::<TokenCount>(counting, Duration::ZERO).await.map(drop)
    }

    /// Every model the server lists.
    pub async fn models(&self) -> Result<Vec<RemoteModel>, RequestError> {
        let mut models: Vec<RemoteModel> = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..LIST_PAGES {
            let mut query = vec![("limit", "1000")];
            query.extend(after.as_deref().map(|id| ("after_id", id)));
            let mut url = self.http.server().endpoint("v1/models");
            url.query_pairs_mut().extend_pairs(query);
            let page: ModelPage = self.http.page(self.http.request(Method::GET, url), Duration::ZERO).await?;
            models.extend(page.data.into_iter().map(RemoteModel::from));
            match page.last_id {
                Some(last) if page.has_more && after.as_ref() != Some(&last) => after = Some(last),
                _ => break,
            }
        }
        Ok(models)
    }
}

impl From<ListedModel> for RemoteModel {
    fn from(listed: ListedModel) -> Self {
        let ListedModel { id, display_name, lifecycle, retires_at } = listed;
        Self { id, name: display_name, lifecycle, retires_at }
    }
}
