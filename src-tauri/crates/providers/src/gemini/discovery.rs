//! The models that a server lists, by `GET /v1beta/models`.

use std::time::Duration;

use reqwest::Method;

use super::client::GeminiClient;
use super::wire::answer::{GeminiModelEntry, GeminiModelPage};
use crate::discovery::{CheckError, LIST_PAGES, RemoteModel, checked};

/// What a model must be able to do; a list also has models that embed text, or make videos.
const METHOD: &str = "generateContent";

impl GeminiClient {
    /// Requests the server's models, and checks that `model` is among them, by the vendor's name or the endpoint's.
    /// Returns all models.
    pub async fn check(&self, model: &str) -> Result<Vec<RemoteModel>, CheckError> {
        checked(self.models().await?, &self.model_prefix, model)
    }

    /// Every model that the server lists and that answers.
    async fn models(&self) -> Result<Vec<RemoteModel>, CheckError> {
        let mut models: Vec<RemoteModel> = Vec::new();
        let mut page_token: Option<String> = None;
        for _ in 0..LIST_PAGES {
            let mut url = self.endpoint("models");
            url.query_pairs_mut()
                .append_pair("pageSize", "1000")
                .extend_pairs(page_token.as_deref().map(|token| ("pageToken", token)));
            let page = self.http.page(self.http.request(Method::GET, url), Duration::ZERO).await;
            let page: GeminiModelPage = page.map_err(|error| CheckError::from_request(&error))?;
            models.extend(page.models.into_iter().filter(answers).map(RemoteModel::from));
            match page.next_page_token.filter(|token| !token.is_empty()) {
                Some(next) if page_token.as_ref() != Some(&next) => page_token = Some(next),
                _ => break,
            }
        }
        Ok(models)
    }
}

/// Whether a model answers, as far as the server says.
fn answers(listed: &GeminiModelEntry) -> bool {
    let methods = &listed.supported_generation_methods;
    methods.is_empty() || methods.iter().any(|method| method == METHOD)
}

impl From<GeminiModelEntry> for RemoteModel {
    fn from(listed: GeminiModelEntry) -> Self {
        let id = listed.name.strip_prefix("models/").map_or(listed.name.clone(), str::to_owned);
        Self { id, name: listed.display_name, lifecycle: None, retires_at: None }
    }
}
