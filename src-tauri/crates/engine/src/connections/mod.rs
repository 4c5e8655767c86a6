//! The connections to providers, combined from the settings, the environment and the keychain, and tests of them. Keys
//! are passed on to endpoints and nowhere else.

mod checks;
pub mod endpoints;
mod key_lookup;
mod local_servers;
pub mod provider;
pub mod publication;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use domain::connection::{
    ConnectionOverview, EnvFileConnection, EnvFileProposal, FieldKind, ProviderDescription, SettingSource,
};
use domain::model::{ModelId, Unavailable};
use domain::settings::{ModelSettings, ProviderSettings, Settings};
use keys::{EnvFile, Environment, KeyRing, KeysError, ProviderSummary, Said, Source};
use providers::base_url::{BaseUrl, Key};
use providers::catalog::ModelSpec;
use providers::provider::{ConnectError, Descriptor, Provider};
use providers::registry;
use store::{ListedModels, Store};
use zeroize::Zeroizing;

use self::key_lookup::{KeyLookup, owner};
use self::provider::{ProviderConnection, ProviderConnections};
use crate::consents::Consents;
use crate::prices::in_force;
use crate::settings::LibrarySettings;
use crate::surroundings::variable_names;
use crate::sync::lock;
use crate::{EngineError, Result};

/// The connections of a library to all providers.
pub struct Connections {
    settings: Arc<LibrarySettings>,
    consents: Arc<Consents>,
    keys: KeyRing,
    /// Errors are reported when something is about to be sent.
    environment: RwLock<Arc<keys::Result<Environment>>>,
    /// The `.env` file of the working folder, if the user has not allowed it.
    unused_env_file: Mutex<Option<EnvFile>>,
    store: Arc<Store>,
    /// The models that servers with models of their own have listed, by address, as the library keeps them.
    listed: Mutex<HashMap<String, ListedModels>>,
}

/// Whether the user must enter an address.
fn needs_address(descriptor: &Descriptor) -> bool {
    descriptor.fields.iter().any(|field| field.kind == FieldKind::BaseUrl && field.is_required)
}

fn with_source<T>(said: Said<T>) -> (T, SettingSource) {
    let source = match said.source {
        Source::Variable => SettingSource::Variable,
        Source::DotEnv => SettingSource::DotEnv,
    };
    (said.value, source)
}

/// Converts the error of a connection that cannot be created.
pub fn unconnected(error: &ConnectError) -> EngineError {
    match error {
        ConnectError::Model { detail } => EngineError::Local { detail: detail.clone() },
        error => unusable(error),
    }
}

pub fn unusable(problem: &impl ToString) -> EngineError {
    EngineError::Unavailable(Unavailable::Unusable { detail: problem.to_string() })
}

pub fn destination_name(server: &BaseUrl) -> String {
    server.destination().host().unwrap_or_default().to_owned()
}

/// The server of `base_url` as shown to the user before consent: lookalike characters in the host appear encoded.
#[must_use]
pub fn address_shown(base_url: &str) -> String {
    match BaseUrl::parse(base_url) {
        Ok(server) => server.to_string(),
        Err(_) => format!("{base_url} (not a usable address)"),
    }
}

/// The contents of the `.env` file, for the user to decide on.
fn proposal(file: &EnvFile, settings: &Settings) -> EnvFileProposal {
    let path = file.path().display().to_string();
    match file.summary(&variable_names(settings.key_variables())) {
        Ok(summary) => EnvFileProposal {
            path,
            connections: summary.providers.into_iter().map(connection_in_file).collect(),
            endpoint_keys: summary.endpoint_keys,
            problem: None,
        },
        Err(error) => EnvFileProposal { path, problem: Some(error.to_string()), ..EnvFileProposal::default() },
    }
}

fn connection_in_file(summary: ProviderSummary) -> EnvFileConnection {
    EnvFileConnection {
        provider: name_of_provider(summary.provider).to_owned(),
        server: summary.base_url.as_deref().map(|typed| address_shown(&registry::address_at(summary.provider, typed))),
        model: summary.model,
        key_ending: summary.key_ending,
    }
}

/// The display name of the provider with this id.
#[must_use]
pub fn name_of_provider(id: &str) -> &str {
    let known = registry::all().iter().find(|provider| provider.descriptor().id == id);
    known.map_or(id, |provider| provider.descriptor().name)
}

/// The descriptions of all remote providers, the default first.
#[must_use]
pub fn provider_descriptions() -> Vec<ProviderDescription> {
    registry::all().iter().map(|provider| provider::describe(*provider)).collect()
}

/// The provider with this id.
///
/// # Errors
/// If there is none.
fn provider_of(id: &str) -> Result<&'static dyn Provider> {
    let known = registry::all().iter().find(|provider| provider.descriptor().id == id);
    known.copied().ok_or_else(|| EngineError::UnknownProvider {
        asked: id.to_owned(),
        known: registry::all().iter().map(|provider| provider.descriptor().id.to_owned()).collect(),
    })
}

impl Connections {
    #[expect(clippy::disallowed_methods, reason = "a library is opened on a thread that may block")]
    pub(crate) fn new(
        settings: Arc<LibrarySettings>,
        consents: Arc<Consents>,
        keys: KeyRing,
        environment: keys::Result<Environment>,
        unused_env_file: Option<EnvFile>,
        store: Arc<Store>,
    ) -> Result<Self> {
        let listed = store.read_blocking(|view| view.listed_models())?;
        Ok(Self {
            settings,
            consents,
            keys,
            environment: RwLock::new(Arc::new(environment)),
            unused_env_file: Mutex::new(unused_env_file),
            store,
            listed: Mutex::new(listed),
        })
    }

    /// The current connections to all providers. May block while the keychain asks for its password.
    pub(crate) fn current(&self) -> Result<ProviderConnections> {
        let mut settings = self.settings.in_force()?;
        let environment = self.environment();
        let said = environment.as_ref().as_ref().ok().and_then(Environment::concurrency).map(with_source);
        let concurrency = match (said, settings.run.concurrency) {
            (Some((said, source)), _) => (said.count(), source),
            (None, Some(set)) => (Some(set), SettingSource::Settings),
            (None, None) => (None, SettingSource::Default),
        };
        settings.run.concurrency = concurrency.0;
        if concurrency.1 != SettingSource::Settings && concurrency.1 != SettingSource::Default {
            // The environment also overrides a provider's own setting.
            settings.providers.iter_mut().for_each(|provider| provider.concurrency = None);
        }
        let settings = Arc::new(settings);
        let each =
            registry::all().iter().map(|provider| self.connection_to(*provider, &environment, &settings)).collect();
        Ok(ProviderConnections { settings, concurrency, each })
    }

    fn connection_to(
        &self,
        provider: &'static dyn Provider,
        environment: &keys::Result<Environment>,
        settings: &Arc<Settings>,
    ) -> ProviderConnection {
        let descriptor = provider.descriptor();
        let said = environment.as_ref().ok();
        let own = settings.provider(descriptor.id);
        let set = own.and_then(|own| own.base_url.as_ref());
        let base_url = match (said.and_then(|said| said.base_url(descriptor.id)).map(with_source), set) {
            (Some((said, source)), _) => (descriptor.address(said), source),
            (None, Some(set)) => (descriptor.address(set), SettingSource::Settings),
            (None, None) => (descriptor.vendor_url(), SettingSource::Default),
        };
        let named = said.and_then(|said| said.model(descriptor.id)).map(with_source);
        let models = self.models_of(provider, own, named.as_ref().map(|(id, _)| *id), &base_url.0, settings);
        let model = if let Some((said, source)) = named {
            (ModelId(said.to_owned()), source)
        } else {
            let usual = &provider.catalog().default_model;
            let first = models.first().filter(|_| usual.is_empty()).map(|spec| &spec.id);
            (ModelId(first.unwrap_or(usual).clone()), SettingSource::Default)
        };
        let server = match environment {
            Err(error) => Err(error.to_string()),
            Ok(_) if needs_address(descriptor) && base_url.1 == SettingSource::Default => {
                Err(format!("there is no address: enter that of the server, such as {}", base_url.0))
            }
            Ok(_) if !model.0.0.is_empty() && models.iter().all(|spec| spec.id != model.0.0) => {
                let variable = descriptor.variable(FieldKind::Model).unwrap_or_default();
                Err(format!("{variable} is {}, a model that this version does not know", model.0))
            }
            Ok(_) => BaseUrl::parse(&base_url.0).map_err(|error| format!("{}: {error}", base_url.0)),
        };
        let found = server.as_ref().map(|server| self.key_of_connection(provider, own, server, settings));
        let KeyLookup { key, withheld } = found.unwrap_or_default();
        let open = |own: &ProviderSettings| {
            let endpoint = |set| self.additional_endpoint(provider, set, own, settings);
            own.endpoints.iter().map(endpoint).collect()
        };
        let additional = own.map_or_else(Vec::new, open);
        let own_models = checks::has_own_models(provider).then(|| {
            let named = named.as_ref().map(|(id, _)| *id);
            self.shown_models(provider, self.own_models(own, named, &base_url.0), own, &base_url.0)
        });
        ProviderConnection {
            provider,
            own_models,
            base_url,
            server,
            key,
            withheld,
            model,
            models,
            settings: Arc::clone(settings),
            additional,
        }
    }

    /// The models of `provider`: those of its catalogue, and of a server with models of its own those that the settings
    /// describe, the one that the environment names, and those that the server has listed.
    fn models_of(
        &self,
        provider: &dyn Provider,
        own: Option<&ProviderSettings>,
        named: Option<&str>,
        base_url: &str,
        settings: &Settings,
    ) -> Vec<Arc<ModelSpec>> {
        let mut models: Vec<_> = provider.catalog().models.iter().map(|model| in_force(model, settings)).collect();
        let looking =
            self.own_models(own, named, base_url).into_iter().filter(|model| model.takes_images != Some(false));
        models.extend(looking.filter_map(|model| provider.described(&model).map(Arc::new)));
        models
    }

    /// The models of a server with models of its own, each once: those that the settings describe, the one that the
    /// environment names, those that the server has listed.
    fn own_models(&self, own: Option<&ProviderSettings>, named: Option<&str>, base_url: &str) -> Vec<ModelSettings> {
        let listed = lock(&self.listed);
        let listed = listed.get(base_url).into_iter().flat_map(|listed| &listed.models);
        let described = own.into_iter().flat_map(|own| own.models.iter().cloned());
        let mut models: Vec<ModelSettings> = Vec::new();
        for model in described.chain(named.into_iter().chain(listed.map(String::as_str)).map(ModelSettings::new)) {
            if models.iter().all(|known| known.id != model.id) {
                models.push(model);
            }
        }
        models
    }

    /// The connection to `provider`.
    fn to(&self, provider: &dyn Provider) -> Result<ProviderConnection> {
        let id = provider.descriptor().id;
        let connection = self.current()?.each.into_iter().find(|connection| connection.provider.descriptor().id == id);
        connection.ok_or_else(|| unusable(&format!("{id} is on this computer and has no connection")))
    }

    /// Like [`Connections::to`], on a blocking thread.
    async fn read(self: &Arc<Self>, provider: &'static dyn Provider) -> Result<ProviderConnection> {
        let connections = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || connections.to(provider));
        reading.await.map_err(|_| EngineError::TaskLost)?
    }

    /// The current environment.
    fn environment(&self) -> Arc<keys::Result<Environment>> {
        Arc::clone(&self.environment.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses the `.env` file of the working folder from now on, until its text changes. Does nothing without such a
    /// file.
    ///
    /// # Errors
    /// If the consent cannot be stored, or the file is invalid. Then the file is not used.
    pub fn allow_env_file(&self) -> Result<ConnectionOverview> {
        let file = lock(&self.unused_env_file).clone();
        if let Some(file) = file {
            let environment = match self.environment().as_ref() {
                Ok(environment) => environment.with_file(file.clone())?,
                Err(_) => Environment::read(variable_names(Vec::new()).providers, Some(file.clone()))?,
            };
            self.consents.allow(&file)?;
            *self.environment.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Ok(environment));
            lock(&self.unused_env_file).take();
        }
        self.shown()
    }

    /// The connections to all providers, for display. May block on the keychain.
    pub fn shown(&self) -> Result<ConnectionOverview> {
        let current = self.current()?;
        let unused_env_file = lock(&self.unused_env_file).clone();
        Ok(ConnectionOverview {
            unused_env_file: unused_env_file.map(|file| proposal(&file, &current.settings)),
            keychain_problem: self.keys.check_keychain().err().map(|error| match error {
                KeysError::Keychain { reason } => reason,
                error => error.to_string(),
            }),
            concurrency: current.concurrency.0,
            concurrency_from: current.concurrency.1,
            connections: current.each.iter().map(ProviderConnection::shown).collect(),
        })
    }

    /// Stores a key that the user entered for `provider` and the server at `base_url`, by default the configured
    /// server: in the keychain, or for the session if there is none.
    pub fn keep_key(
        &self,
        provider: &str,
        base_url: Option<&str>,
        typed: &Zeroizing<String>,
    ) -> Result<ConnectionOverview> {
        let provider = provider_of(provider)?;
        let server = self.server_at(provider, base_url)?;
        Key::for_server(typed, &server).map_err(EngineError::Key)?;
        self.keys.keep(&owner(provider, &server), Zeroizing::new(typed.trim().to_owned()));
        self.shown()
    }

    /// Deletes the key that the user entered for `provider` and the server at `base_url`, by default the configured
    /// server.
    pub fn forget_key(&self, provider: &str, base_url: Option<&str>) -> Result<ConnectionOverview> {
        let provider = provider_of(provider)?;
        let server = self.server_at(provider, base_url)?;
        self.keys.forget(&owner(provider, &server))?;
        self.shown()
    }

    fn server_at(&self, provider: &dyn Provider, base_url: Option<&str>) -> Result<BaseUrl> {
        match base_url {
            Some(typed) => {
                BaseUrl::parse(typed).map_err(|source| EngineError::Address { typed: typed.to_owned(), source })
            }
            None => self.to(provider)?.server.map_err(|detail| unusable(&detail)),
        }
    }

    /// Fails if a key was given for an endpoint that is not in the settings.
    pub fn check_endpoint_keys(&self) -> Result<()> {
        let environment = self.environment();
        let Ok(environment) = environment.as_ref() else { return Ok(()) };
        let known: Vec<String> = self.settings.in_force()?.endpoints().map(|endpoint| endpoint.name.clone()).collect();
        match environment.endpoint_keys().iter().find(|given| !known.contains(&given.endpoint)) {
            Some(given) => Err(EngineError::UnknownEndpoint { asked: given.endpoint.clone(), known }),
            None => Ok(()),
        }
    }

    /// The model set in the environment, if any: that of the first provider with a key, otherwise of the first provider
    /// with a model.
    pub fn model_by_environment(&self) -> Result<Option<ModelId>> {
        let current = self.current()?;
        let named = current.each.iter().filter(|connection| connection.model.1 != SettingSource::Default);
        let found = named.clone().find(|connection| connection.is_usable()).or_else(|| named.clone().next());
        Ok(found.map(|connection| connection.model.0.clone()))
    }
}

#[cfg(test)]
mod tests {
    use domain::connection::KeyPlace;

    use super::*;
    use crate::Library;
    use crate::surroundings::Surroundings;

    #[test]
    fn a_file_of_the_working_folder_is_shown_and_used_once_it_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let text = "ANTHROPIC_BASE_URL=http://127.0.0.1:9\nANTHROPIC_API_KEY=sk-ant-planted-4711\nCONCURRENCY=3\n";
        std::fs::write(folder.path().join(".env"), text).unwrap();
        let consents = folder.path().join("consents.json");
        let open = || {
            let surroundings = Surroundings {
                environment: Environment::from_variables(variable_names(Vec::new()).providers, |_| None, None),
                keys: KeyRing::for_session(),
                variables: HashMap::new(),
                consents: Consents::at(consents.clone()),
                unused_env_file: EnvFile::in_folder(folder.path()).unwrap(),
            };
            Library::open(&folder.path().join("library/library.sqlite"), surroundings).unwrap()
        };
        let library = open();
        let overview = library.connections.shown().unwrap();
        let (connection, proposal) = (&overview.connections[0], overview.unused_env_file.unwrap());
        let said = &proposal.connections[0];
        assert_eq!(
            (connection.key, connection.base_url.as_str()),
            (None, registry::default().descriptor().vendor_url().as_str())
        );
        assert_eq!((said.server.as_deref(), said.key_ending.as_deref()), (Some("http://127.0.0.1:9"), Some("4711")));
        assert!(!format!("{proposal:?}").contains("planted-4711"));

        let overview = library.connections.allow_env_file().unwrap();
        let connection = &overview.connections[0];
        assert_eq!((connection.key, overview.concurrency), (Some(KeyPlace::DotEnv), Some(3)));
        assert_eq!((connection.base_url.as_str(), overview.unused_env_file), ("http://127.0.0.1:9", None));
        let file = EnvFile::in_folder(folder.path()).unwrap().unwrap();
        assert!(Consents::at(consents.clone()).is_allowed(&file).unwrap(), "it need not be asked again");

        // An invalid file cannot be allowed.
        std::fs::write(folder.path().join(".env"), "ANTHROPIC_API_KEY=$HOME\n").unwrap();
        let library = open();
        assert!(library.connections.shown().unwrap().unused_env_file.unwrap().problem.is_some());
        assert!(library.connections.allow_env_file().is_err());
        assert_eq!(library.connections.shown().unwrap().connections[0].key, None);
    }
}
