//! Asks servers for lists of their models: whether a connection works, and which models a server has that none is
//! catalogued for. No image is sent, and it is free.

use std::sync::Arc;

use domain::connection::{ConnectionCheck, OwnModel, OwnModels};
use domain::model::ModelId;
use domain::numbers::count;
use domain::settings::{ModelSettings, ProviderSettings};
use providers::discovery::{CheckError, RemoteModel};
use providers::provider::{Endpoint, Provider};
use providers::registry;
use store::ListedModels;

use super::{Connections, provider_of};
use crate::clock::now_millis;
use crate::sync::lock;
use crate::{EngineError, Result};

/// Whether the provider has models that are not in its catalogue.
pub(super) fn has_own_models(provider: &dyn Provider) -> bool {
    provider.described(&ModelSettings::new("")).is_some()
}

impl Connections {
    /// Lists the models at the server of `provider` with the key. The list of a server with models of its own is kept.
    pub async fn check(self: &Arc<Self>, provider: &str) -> Result<ConnectionCheck> {
        let connection = self.read(provider_of(provider)?).await?;
        let server = match &connection.server {
            Ok(server) => server,
            Err(detail) => return Ok(ConnectionCheck::Unusable { detail: detail.clone() }),
        };
        if connection.settings.is_local_only && !server.is_loopback() {
            return Ok(ConnectionCheck::LocalOnly);
        }
        if connection.key.is_none() && connection.needs_key() {
            let no_key = ConnectionCheck::NoKey;
            return Ok(connection.withheld.map_or(no_key, |detail| ConnectionCheck::Unusable { detail }));
        }
        let endpoint = match connection.tried_model().and_then(|model| connection.connect(&model)) {
            Ok(endpoint) => endpoint,
            Err(error) => return Ok(ConnectionCheck::Unusable { detail: error.to_string() }),
        };
        let model = &connection.model.0;
        let listed = endpoint.check(&model.0).await;
        if has_own_models(connection.provider)
            && let Some(available) = models_in(&listed)
        {
            let ids: Vec<String> = available.iter().map(|model| model.id.clone()).collect();
            self.keep_listed(&connection.base_url.0, ids).await?;
            // A server whose models were not known works if it has any.
            if let Some(first) = available.first().filter(|_| model.0.is_empty()) {
                let (model, model_count) = (ModelId(first.id.clone()), count(available.len()));
                return Ok(ConnectionCheck::Works { model, model_count, with_key: connection.key.is_some() });
            }
        }
        Ok(outcome_of(model, connection.key.is_some(), listed))
    }

    /// Changes what the settings say of a model of a server with models of its own; `change` returns `None` to remove it.
    ///
    /// # Errors
    /// If the model is in a catalogue, or no provider has models of its own.
    pub fn describe_model(
        &self,
        model: &str,
        change: impl FnOnce(Option<ModelSettings>) -> Option<ModelSettings>,
    ) -> Result<()> {
        if registry::all().iter().any(|provider| provider.catalog().find(model).is_some()) {
            let detail = "it is a model of the catalogue".to_owned();
            return Err(EngineError::OwnModel { model: ModelId(model.to_owned()), detail });
        }
        let provider = registry::all().iter().find(|provider| has_own_models(**provider));
        let provider = provider.ok_or_else(|| EngineError::UnknownModel(ModelId(model.to_owned())))?;
        let before = self.settings.stated()?;
        let mut after = before.clone();
        let models = &mut after.provider_mut(provider.descriptor().id).models;
        let place = models.iter().position(|known| known.id == model);
        match (place, change(place.map(|place| models[place].clone()))) {
            (Some(place), Some(changed)) => models[place] = changed,
            (Some(place), None) => drop(models.remove(place)),
            (None, Some(new)) => models.push(new),
            (None, None) => return Err(EngineError::NotDescribed(ModelId(model.to_owned()))),
        }
        self.settings.change(&before, &after).map(drop)
    }

    /// Offers the models that a server has listed from now on.
    pub(super) async fn keep_listed(&self, base_url: &str, models: Vec<String>) -> Result<()> {
        let listed = ListedModels { models, listed_at: now_millis() };
        lock(&self.listed).insert(base_url.to_owned(), listed.clone());
        let base_url = base_url.to_owned();
        Ok(self.store.write(move |edit| edit.keep_listed_models(&base_url, &listed)).await?)
    }

    /// These models as they are used.
    pub(super) fn shown_models(
        &self,
        provider: &dyn Provider,
        models: Vec<ModelSettings>,
        own: Option<&ProviderSettings>,
        base_url: &str,
    ) -> OwnModels {
        let listed = lock(&self.listed).get(base_url).cloned();
        let is_described = |id: &str| own.is_some_and(|own| own.models.iter().any(|model| model.id == id));
        let is_listed = |id: &str| listed.as_ref().is_some_and(|listed| listed.models.iter().any(|model| model == id));
        let tokens = |limit: u64| u32::try_from(limit).unwrap_or(u32::MAX);
        let models = models.into_iter().filter_map(|model| {
            let spec = provider.described(&model)?;
            Some(OwnModel {
                name: spec.name,
                coordinates: spec.coordinates,
                longest_edge: spec.image_rule.longest_edge(),
                context_tokens: tokens(spec.context_tokens),
                max_output_tokens: tokens(spec.max_output_tokens),
                is_described: is_described(&model.id),
                is_listed: is_listed(&model.id),
                id: ModelId(model.id),
            })
        });
        OwnModels { models: models.collect(), listed_at: listed.as_ref().map(|listed| listed.listed_at) }
    }

    /// Lists the models at every usable additional endpoint of `provider`.
    pub(crate) async fn check_endpoints(self: &Arc<Self>, provider: &str) -> Result<Vec<(String, ConnectionCheck)>> {
        let connection = self.read(provider_of(provider)?).await?;
        let model = connection.tried_model()?;
        let mut checks = Vec::new();
        for additional in &connection.additional {
            let name = additional.set.name.clone();
            match additional.open(&model) {
                Ok(Some(server)) => checks.push((name, check(&*server.endpoint, connection.suggested_model()).await)),
                Ok(None) => {}
                Err(error) => checks.push((name, ConnectionCheck::Unusable { detail: error.to_string() })),
            }
        }
        Ok(checks)
    }
}

/// The models that a server has, whether or not the one that was asked about is among them.
pub(super) fn models_in(listed: &std::result::Result<Vec<RemoteModel>, CheckError>) -> Option<&[RemoteModel]> {
    match listed {
        Ok(available) | Err(CheckError::UnknownModel { available, .. }) => Some(available),
        Err(_) => None,
    }
}

/// An additional endpoint is used with a key only.
async fn check(endpoint: &dyn Endpoint, model: &ModelId) -> ConnectionCheck {
    outcome_of(model, true, endpoint.check(&model.0).await)
}

fn outcome_of(
    model: &ModelId,
    with_key: bool,
    listed: std::result::Result<Vec<RemoteModel>, CheckError>,
) -> ConnectionCheck {
    let model = model.clone();
    match listed {
        Ok(available) => ConnectionCheck::Works { model, model_count: count(available.len()), with_key },
        Err(CheckError::KeyRejected) => ConnectionCheck::KeyRejected,
        Err(CheckError::NotPermitted { detail }) => ConnectionCheck::NotPermitted { detail },
        Err(CheckError::NoCredit { detail }) => ConnectionCheck::NoCredit { detail },
        Err(CheckError::UnknownModel { available, .. }) => ConnectionCheck::UnknownModel {
            model,
            available: available.into_iter().map(|listed| ModelId(listed.id)).collect(),
        },
        Err(CheckError::NotSuchAServer { detail }) => ConnectionCheck::NotSuchAServer { detail },
        Err(CheckError::Unreachable { detail }) => ConnectionCheck::Unreachable { detail },
        Err(CheckError::ServerFailing { detail }) => ConnectionCheck::ServerFailing { detail },
    }
}
