//! The connections to providers: what the settings, the environment and the keychain say together, and whether it works.
//! Keys pass through here on their way to an endpoint and go nowhere else.

pub mod endpoints;
mod key_lookup;
pub mod provider;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use domain::connection::{Connection, ConnectionCheck, EnvFileProposal, SettingSource};
use domain::model::{ModelId, Unavailable};
use domain::settings::Settings;
use keys::{EnvFile, Environment, KeyRing, KeysError, Said, Source};
use providers::base_url::{BaseUrl, Key};
use providers::discovery::CheckError;
use providers::provider::{ConnectError, Descriptor, Endpoint, FieldKind, Host, Provider};
use providers::registry;
use zeroize::Zeroizing;

use self::endpoints::AdditionalEndpoint;
use self::provider::{ProviderConnection, ProviderConnections};
use crate::consents::Consents;
use crate::settings::LibrarySettings;
use crate::sync::lock;
use crate::{EngineError, Result};

/// The connections of a library to all providers.
pub struct Connections {
    settings: Arc<LibrarySettings>,
    consents: Arc<Consents>,
    keys: KeyRing,
    /// Why it could not be read is reported when something is to be sent.
    environment: RwLock<Arc<keys::Result<Environment>>>,
    /// The `.env` file of the working folder that the user has not allowed.
    unused_env_file: Mutex<Option<EnvFile>>,
}

/// The vendor's own server.
fn vendor_url(descriptor: &Descriptor) -> &'static str {
    match descriptor.host {
        Host::Server { base_url } => base_url,
        Host::ThisComputer => "",
    }
}

fn with_source<T>(said: Said<T>) -> (T, SettingSource) {
    let source = match said.source {
        Source::Variable => SettingSource::Variable,
        Source::DotEnv => SettingSource::DotEnv,
    };
    (said.value, source)
}

/// A connection that cannot be set up.
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

/// The server that `base_url` leads to, as a person is shown it before they agree: letters that only look like those of
/// another host appear encoded.
#[must_use]
pub fn address_shown(base_url: &str) -> String {
    match BaseUrl::parse(base_url) {
        Ok(server) => server.to_string(),
        Err(_) => format!("{base_url} (not a usable address)"),
    }
}

/// What the `.env` file says, for the person to decide about.
fn proposal(file: &EnvFile, settings: &Settings) -> EnvFileProposal {
    let path = file.path().display().to_string();
    match file.summary(&settings.key_variables()) {
        Ok(said) => EnvFileProposal {
            path,
            server: said.base_url.as_deref().map(address_shown),
            model: said.model,
            key_ending: said.key_ending,
            endpoint_keys: said.endpoint_keys,
            problem: None,
        },
        Err(error) => EnvFileProposal { path, problem: Some(error.to_string()), ..EnvFileProposal::default() },
    }
}

impl Connections {
    pub(crate) fn new(
        settings: Arc<LibrarySettings>,
        consents: Arc<Consents>,
        keys: KeyRing,
        environment: keys::Result<Environment>,
        unused_env_file: Option<EnvFile>,
    ) -> Self {
        Self {
            settings,
            consents,
            keys,
            environment: RwLock::new(Arc::new(environment)),
            unused_env_file: Mutex::new(unused_env_file),
        }
    }

    /// The connections to all providers as they are right now. May block for as long as the keychain asks for its password.
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
        let base_url = match (said.and_then(Environment::base_url).map(with_source), &settings.base_url) {
            (Some((said, source)), _) => (said.to_owned(), source),
            (None, Some(set)) => (set.clone(), SettingSource::Settings),
            (None, None) => (vendor_url(descriptor).to_owned(), SettingSource::Default),
        };
        let model = match said.and_then(Environment::model).map(with_source) {
            Some((said, source)) => (ModelId(said.to_owned()), source),
            None => (ModelId(provider.catalog().default_model.clone()), SettingSource::Default),
        };
        let server = match environment {
            Err(error) => Err(error.to_string()),
            Ok(_) if provider.catalog().find(&model.0.0).is_none() => {
                let variable = descriptor.variable(FieldKind::Model).unwrap_or_default();
                Err(format!("{variable} names {}, of which this version knows neither price nor limits", model.0))
            }
            Ok(_) => BaseUrl::parse(&base_url.0).map_err(|error| format!("{}: {error}", base_url.0)),
        };
        let key = server.as_ref().ok().and_then(|server| self.key_for(server));
        let withheld = server.as_ref().ok().filter(|_| key.is_none()).and_then(|server| self.withheld_from(server));
        let additional = self.additional_endpoints(settings);
        ProviderConnection {
            provider,
            base_url,
            server,
            key,
            withheld,
            model,
            settings: Arc::clone(settings),
            additional,
        }
    }

    /// The connection to the default provider.
    fn to_default(&self) -> Result<(ProviderConnection, (Option<u32>, SettingSource))> {
        let ProviderConnections { concurrency, mut each, .. } = self.current()?;
        Ok((each.swap_remove(0), concurrency))
    }

    /// As [`Connections::to_default`], on a thread that may block.
    async fn read_default(self: &Arc<Self>) -> Result<ProviderConnection> {
        let connections = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || connections.to_default());
        Ok(reading.await.map_err(|_| EngineError::TaskLost)??.0)
    }

    /// What the environment says as of now.
    fn environment(&self) -> Arc<keys::Result<Environment>> {
        Arc::clone(&self.environment.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses the `.env` file of the working folder from now on, until its text changes. Without such a file, nothing happens.
    ///
    /// # Errors
    /// When the consent cannot be kept, or the file cannot be used. It is not used then.
    pub fn allow_env_file(&self) -> Result<Connection> {
        let file = lock(&self.unused_env_file).clone();
        if let Some(file) = file {
            let environment = match self.environment().as_ref() {
                Ok(environment) => environment.with_file(file.clone())?,
                Err(_) => Environment::read(Some(file.clone()))?,
            };
            self.consents.allow(&file)?;
            *self.environment.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Ok(environment));
            lock(&self.unused_env_file).take();
        }
        self.shown()
    }

    /// The connection to the default provider, to be shown. Blocks as the keychain does.
    pub fn shown(&self) -> Result<Connection> {
        let (connection, concurrency) = self.to_default()?;
        let server = connection.server.as_ref().ok();
        let host = server.map(destination_name).unwrap_or_default();
        let is_on_this_machine = server.is_some_and(BaseUrl::is_loopback);
        let unused_env_file = lock(&self.unused_env_file).clone();
        Ok(Connection {
            problem: connection.problem(),
            host,
            is_on_this_machine,
            key: connection.key.as_ref().map(|(_, place)| *place),
            key_withheld: connection.withheld,
            unused_env_file: unused_env_file.map(|file| proposal(&file, &connection.settings)),
            keychain_problem: self.keys.check_keychain().err().map(|error| match error {
                KeysError::Keychain { reason } => reason,
                error => error.to_string(),
            }),
            base_url: connection.base_url.0,
            base_url_from: connection.base_url.1,
            model: connection.model.0,
            model_from: connection.model.1,
            concurrency: concurrency.0,
            concurrency_from: concurrency.1,
            further: connection.additional.iter().map(AdditionalEndpoint::connection).collect(),
        })
    }

    /// Keeps a typed key for the server at `base_url`, or for the one that is set up: in the keychain, or for
    /// the session where there is none.
    pub fn keep_key(&self, base_url: Option<&str>, typed: &Zeroizing<String>) -> Result<Connection> {
        let server = self.server_at(base_url)?;
        Key::for_server(typed, &server).map_err(EngineError::Key)?;
        self.keys.keep(&server.origin(), Zeroizing::new(typed.trim().to_owned()));
        self.shown()
    }

    /// Forgets the key that was entered for the server at `base_url`, or for the one that is set up.
    pub fn forget_key(&self, base_url: Option<&str>) -> Result<Connection> {
        let server = self.server_at(base_url)?;
        self.keys.forget(&server.origin())?;
        self.shown()
    }

    fn server_at(&self, base_url: Option<&str>) -> Result<BaseUrl> {
        match base_url {
            Some(typed) => {
                BaseUrl::parse(typed).map_err(|source| EngineError::Address { typed: typed.to_owned(), source })
            }
            None => self.to_default()?.0.server.map_err(|detail| unusable(&detail)),
        }
    }

    /// Asks the server for its models with the key. Sends no image and costs nothing.
    pub async fn check(self: &Arc<Self>) -> Result<ConnectionCheck> {
        let connection = self.read_default().await?;
        let server = match &connection.server {
            Ok(server) => server,
            Err(detail) => return Ok(ConnectionCheck::Unusable { detail: detail.clone() }),
        };
        if connection.settings.is_local_only && !server.is_loopback() {
            return Ok(ConnectionCheck::LocalOnly);
        }
        if connection.key.is_none() {
            let no_key = ConnectionCheck::NoKey;
            return Ok(connection.withheld.map_or(no_key, |detail| ConnectionCheck::Unusable { detail }));
        }
        let endpoint = match connection.tried_model().and_then(|model| connection.connect(&model)) {
            Ok(endpoint) => endpoint,
            Err(error) => return Ok(ConnectionCheck::Unusable { detail: error.to_string() }),
        };
        Ok(check(&*endpoint, &connection.model.0).await)
    }

    /// Fails when a key was given for an endpoint that is not in the settings.
    pub fn check_endpoint_keys(&self) -> Result<()> {
        let environment = self.environment();
        let Ok(environment) = environment.as_ref() else { return Ok(()) };
        let routes = self.settings.in_force()?.further_routes;
        let known: Vec<String> = routes.into_iter().map(|route| route.name).collect();
        match environment.endpoint_keys().iter().find(|given| !known.contains(&given.endpoint)) {
            Some(given) => Err(EngineError::UnknownEndpoint { asked: given.endpoint.clone(), known }),
            None => Ok(()),
        }
    }

    /// Asks every additional endpoint that is used for its models. Sends no image and costs nothing.
    pub(crate) async fn check_endpoints(self: &Arc<Self>) -> Result<Vec<(String, ConnectionCheck)>> {
        let connection = self.read_default().await?;
        let model = connection.tried_model()?;
        let mut checks = Vec::new();
        for additional in &connection.additional {
            let name = additional.route.name.clone();
            match additional.open(&model) {
                Ok(Some(server)) => checks.push((name, check(&*server.endpoint, connection.suggested_model()).await)),
                Ok(None) => {}
                Err(error) => checks.push((name, ConnectionCheck::Unusable { detail: error.to_string() })),
            }
        }
        Ok(checks)
    }

    /// The model that the environment names, if it names one.
    pub fn model_by_environment(&self) -> Result<Option<ModelId>> {
        let (model, source) = self.to_default()?.0.model;
        Ok((source != SettingSource::Default).then_some(model))
    }
}

/// Asks a server for its models.
async fn check(endpoint: &dyn Endpoint, model: &ModelId) -> ConnectionCheck {
    let model = model.clone();
    match endpoint.check(&model.0).await {
        Ok(listed) => ConnectionCheck::Works { model, model_count: u32::try_from(listed.len()).unwrap_or(u32::MAX) },
        Err(error) => told(model, error),
    }
}

fn told(model: ModelId, error: CheckError) -> ConnectionCheck {
    match error {
        CheckError::KeyRejected => ConnectionCheck::KeyRejected,
        CheckError::NotPermitted { detail } => ConnectionCheck::NotPermitted { detail },
        CheckError::NoCredit { detail } => ConnectionCheck::NoCredit { detail },
        CheckError::UnknownModel { available, .. } => ConnectionCheck::UnknownModel {
            model,
            available: available.into_iter().map(|listed| ModelId(listed.id)).collect(),
        },
        CheckError::NotSuchAServer { detail } => ConnectionCheck::NotSuchAServer { detail },
        CheckError::Unreachable { detail } => ConnectionCheck::Unreachable { detail },
        CheckError::ServerFailing { detail } => ConnectionCheck::ServerFailing { detail },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

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
                environment: Environment::from_variables(|_| None, None),
                keys: KeyRing::for_session(),
                variables: HashMap::new(),
                consents: Consents::at(consents.clone()),
                unused_env_file: EnvFile::in_folder(folder.path()).unwrap(),
            };
            Library::open(&folder.path().join("library/library.sqlite"), surroundings).unwrap()
        };
        let library = open();
        let connection = library.connections.shown().unwrap();
        let proposal = connection.unused_env_file.unwrap();
        assert_eq!(
            (connection.key, connection.base_url.as_str()),
            (None, vendor_url(registry::default().descriptor()))
        );
        assert_eq!(
            (proposal.server.as_deref(), proposal.key_ending.as_deref()),
            (Some("http://127.0.0.1:9"), Some("4711"))
        );
        assert!(!format!("{proposal:?}").contains("planted-4711"));

        let connection = library.connections.allow_env_file().unwrap();
        assert_eq!((connection.key, connection.concurrency), (Some(KeyPlace::DotEnv), Some(3)));
        assert_eq!((connection.base_url.as_str(), connection.unused_env_file), ("http://127.0.0.1:9", None));
        let file = EnvFile::in_folder(folder.path()).unwrap().unwrap();
        assert!(Consents::at(consents.clone()).is_allowed(&file).unwrap(), "it need not be asked again");

        // What cannot be used is not allowed either.
        std::fs::write(folder.path().join(".env"), "ANTHROPIC_API_KEY=$HOME\n").unwrap();
        let library = open();
        assert!(library.connections.shown().unwrap().unused_env_file.unwrap().problem.is_some());
        assert!(library.connections.allow_env_file().is_err());
        assert_eq!(library.connections.shown().unwrap().key, None);
    }
}
