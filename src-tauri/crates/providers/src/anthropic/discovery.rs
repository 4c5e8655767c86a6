//! The models that a server lists, by `GET /v1/models`.

use std::time::Duration;

use reqwest::Method;

use super::client::Client;
use super::wire::answer::{ListedModel, ModelPage};
use crate::discovery::{CheckError, LIST_PAGES, RemoteModel, checked};

impl Client {
    /// Requests the server's models, and checks that `model` is among them, by the vendor's name or the endpoint's.
    /// Returns all models.
    pub async fn check(&self, model: &str) -> Result<Vec<RemoteModel>, CheckError> {
        checked(self.models().await?, self.dialect().model_prefix, model)
    }

    /// Every model the server lists.
    pub async fn models(&self) -> Result<Vec<RemoteModel>, CheckError> {
        let mut models: Vec<RemoteModel> = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..LIST_PAGES {
            let mut query = vec![("limit", "1000")];
            query.extend(after.as_deref().map(|id| ("after_id", id)));
            let mut url = self.http.server().endpoint("v1/models");
            url.query_pairs_mut().extend_pairs(query);
            let page = self.http.page(self.http.request(Method::GET, url), Duration::ZERO).await;
            let page: ModelPage = page.map_err(|error| CheckError::from_request(&error))?;
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
