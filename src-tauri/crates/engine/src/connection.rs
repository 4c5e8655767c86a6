//! The connection to the default provider: what the settings, the environment and the keychain say together, and whether it
//! works. Keys pass through here on their way to an endpoint and go nowhere else.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use domain::connection::{Connection, ConnectionCheck, EnvFileProposal, KeyPlace, SettingSource};
use domain::endpoint::EndpointId;
use domain::model::{Destination, Model, ModelId, Unavailable};
use domain::run_options::RunOptions;
use domain::settings::Settings;
use keys::{EnvFile, Environment, KeysError, Place, Said, Source};
use providers::base_url::{BaseUrl, Key};
use providers::discovery::CheckError;
use providers::provider::{ConnectError, ConnectionOptions, Descriptor, Endpoint, FieldKind, Host, Provider, Timeouts};
use providers::registry;
use zeroize::Zeroizing;

use crate::backend::{self, ProvidedModel};
use crate::clock::today;
use crate::library::Library;
use crate::run::Retrying;
use crate::servers::{self, Further};
use crate::sync::lock;
use crate::{EngineError, Result};

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

/// The connection to the default provider as it is right now. Holds the key.
pub struct Way {
    provider: &'static dyn Provider,
    base_url: (String, SettingSource),
    server: std::result::Result<BaseUrl, String>,
    key: Option<(Zeroizing<String>, KeyPlace)>,
    /// Why the key of the environment is not sent there.
    withheld: Option<String>,
    model: (ModelId, SettingSource),
    concurrency: (Option<u32>, SettingSource),
    settings: Settings,
    further: Vec<Further>,
}

impl Way {
    /// What cannot be used, in words; `None` when all can.
    fn problem(&self) -> Option<String> {
        self.server.as_ref().err().cloned()
    }

    /// The model that is chosen when nobody has chosen one.
    pub fn suggested_model(&self) -> &ModelId {
        &self.model.0
    }

    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Where the pixels go that `provider` is sent: to the server as it is set up, or to the vendor's own when that is
    /// unusable.
    pub fn destination(&self, provider: &dyn Provider) -> Destination {
        let Host::Server { base_url } = provider.descriptor().host else { return Destination::ThisMachine };
        let own = self.server.as_ref().ok().filter(|_| self.is_to(provider));
        let vendor = || BaseUrl::parse(base_url).ok();
        let server = own.cloned().or_else(vendor).map(|server| server.destination());
        // An address in a descriptor can be read; a test sees to that.
        server.unwrap_or(Destination::Host { name: base_url.to_owned(), is_on_this_machine: false })
    }

    fn is_to(&self, provider: &dyn Provider) -> bool {
        self.provider.descriptor().id == provider.descriptor().id
    }

    /// Why `model` cannot be used now.
    pub fn unavailable(&self, model: &Model) -> Option<Unavailable> {
        let host = model.destination.host()?;
        if self.settings.is_local_only && model.destination.is_elsewhere() {
            return Some(Unavailable::LocalOnly);
        }
        if let Some(on) = model.retires.filter(|_| model.is_retired(today())) {
            return Some(Unavailable::Retired { on });
        }
        if let Some(other) = backend::find(&model.id).filter(|known| !self.is_to(known.provider)) {
            let detail = format!("no connection to {} is set up", other.provider.descriptor().name);
            return Some(Unavailable::Unusable { detail });
        }
        if let Some(detail) = self.problem() {
            return Some(Unavailable::Unusable { detail });
        }
        self.key.is_none().then(|| self.no_key(host))
    }

    fn no_key(&self, host: &str) -> Unavailable {
        match &self.withheld {
            Some(detail) => Unavailable::Unusable { detail: detail.clone() },
            None => Unavailable::NoKey { host: host.to_owned() },
        }
    }

    /// The host that is sent images of `model` without the user having agreed to that; `None` when all is agreed.
    pub fn not_agreed(&self, model: &Model) -> Option<String> {
        let host = model.destination.host()?.to_owned();
        (!self.settings.agreed_hosts.contains(&host)).then_some(host)
    }

    /// The endpoint at the server as it is set up, for `model`.
    pub fn connect(&self, model: &ProvidedModel) -> Result<Arc<dyn Endpoint>> {
        let server = self.server.as_ref().map_err(unusable)?;
        let host = destination_name(server);
        let (secret, _) = self.key.as_ref().ok_or_else(|| EngineError::Unavailable(self.no_key(&host)))?;
        servers::connect(model, server, secret, self.connection_options(server))
    }

    /// The model that connections are tried with: the one that is chosen when the user has not chosen one.
    pub fn tried_model(&self) -> Result<ProvidedModel> {
        backend::known(self.suggested_model())
    }

    /// How `server` is asked, apart from the names of its models.
    pub fn connection_options(&self, server: &BaseUrl) -> ConnectionOptions {
        let refuses_large_images = self.settings.transformations_hosts.contains(&destination_name(server));
        ConnectionOptions {
            timeouts: self.timeouts(),
            refuses_large_images: refuses_large_images.then_some(true),
            ..ConnectionOptions::default()
        }
    }

    /// How long an answer may take.
    pub fn timeouts(&self) -> Timeouts {
        let (usual, idle) = (Timeouts::default(), Duration::from_millis(self.settings.run.task_timeout_ms.into()));
        Timeouts { idle, total: usual.total.max(idle) }
    }

    /// `options` of a run, and where they say nothing, what the environment and the settings say.
    pub fn complete(&self, options: RunOptions) -> RunOptions {
        options.completed_by(&self.settings)
    }

    pub fn retrying(&self) -> Retrying {
        Retrying::of(&self.settings.run)
    }

    /// The server as it is set up, with its key.
    pub fn endpoint_id(&self) -> Option<EndpointId> {
        let (secret, _) = self.key.as_ref()?;
        Some(servers::endpoint_id(self.server.as_ref().ok()?, secret))
    }

    /// Of the server as it is set up.
    pub fn origin(&self) -> Option<String> {
        self.server.as_ref().ok().map(BaseUrl::origin)
    }

    pub fn further(&self) -> &[Further] {
        &self.further
    }
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

impl Library {
    /// The connection to the default provider as it is right now. May block for as long as the keychain asks for its password.
    pub(crate) fn way(&self) -> Result<Way> {
        let provider = registry::default();
        let descriptor = provider.descriptor();
        let mut settings = self.settings_in_force()?;
        let environment = self.environment();
        let said = environment.as_ref().as_ref().ok();
        let base_url = match (said.and_then(Environment::base_url).map(with_source), &settings.base_url) {
            (Some((said, source)), _) => (said.to_owned(), source),
            (None, Some(set)) => (set.clone(), SettingSource::Settings),
            (None, None) => (vendor_url(descriptor).to_owned(), SettingSource::Default),
        };
        let model = match said.and_then(Environment::model).map(with_source) {
            Some((said, source)) => (ModelId(said.to_owned()), source),
            None => (ModelId(provider.catalog().default_model.clone()), SettingSource::Default),
        };
        let concurrency = match (said.and_then(Environment::concurrency).map(with_source), settings.run.concurrency) {
            (Some((said, source)), _) => (said.count(), source),
            (None, Some(set)) => (Some(set), SettingSource::Settings),
            (None, None) => (None, SettingSource::Default),
        };
        settings.run.concurrency = concurrency.0;
        let server = match environment.as_ref() {
            Err(error) => Err(error.to_string()),
            Ok(_) if provider.catalog().find(&model.0.0).is_none() => {
                let variable = descriptor.variable(FieldKind::Model).unwrap_or_default();
                Err(format!("{variable} names {}, of which this version knows neither price nor limits", model.0))
            }
            Ok(_) => BaseUrl::parse(&base_url.0).map_err(|error| format!("{}: {error}", base_url.0)),
        };
        let key = server.as_ref().ok().and_then(|server| self.key_for(server));
        let withheld = server.as_ref().ok().filter(|_| key.is_none()).and_then(|server| self.withheld_from(server));
        let further = self.further_routes(&settings);
        Ok(Way { provider, base_url, server, key, withheld, model, concurrency, settings, further })
    }

    /// The key from the environment where it belongs to `server`, otherwise the one that was entered for it.
    pub(crate) fn key_for(&self, server: &BaseUrl) -> Option<(Zeroizing<String>, KeyPlace)> {
        let environment = self.environment();
        let given = environment
            .as_ref()
            .as_ref()
            .ok()
            .and_then(|environment| environment.key(vendor_url(registry::default().descriptor())));
        let given =
            given.filter(|given| BaseUrl::parse(&given.base_url).is_ok_and(|its| its.origin() == server.origin()));
        if let Some(given) = given {
            let place = match given.source {
                Source::Variable => KeyPlace::Variable,
                Source::DotEnv => KeyPlace::DotEnv,
            };
            return Some((given.secret, place));
        }
        match self.keys.find(&server.origin()) {
            Ok(found) => found.map(|found| {
                let place = match found.place {
                    Place::Keychain => KeyPlace::Keychain,
                    Place::Session => KeyPlace::Session,
                };
                (found.secret, place)
            }),
            Err(error) => {
                // The person is told of it where keys are entered.
                tracing::debug!(%error, "the keychain was not asked");
                None
            }
        }
    }

    /// Why the key of the environment is not sent to `server`.
    fn withheld_from(&self, server: &BaseUrl) -> Option<String> {
        let descriptor = registry::default().descriptor();
        let key = self.environment().as_ref().as_ref().ok()?.key(vendor_url(descriptor))?;
        let place = match key.source {
            Source::Variable => "the environment",
            Source::DotEnv => "the .env file",
        };
        let (its, server) = (key.base_url.trim_end_matches('/'), server.to_string());
        let variable = descriptor.variable(FieldKind::BaseUrl).unwrap_or_default();
        Some(format!(
            "the key in {place} belongs to {its} and is not sent to {server}: set {variable}={server} beside the \
             key, or enter a key for this server in the window's settings"
        ))
    }

    /// What the environment says as of now.
    pub(crate) fn environment(&self) -> Arc<keys::Result<Environment>> {
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
        self.connection()
    }

    /// The connection to the default provider, to be shown. Blocks as the keychain does.
    pub fn connection(&self) -> Result<Connection> {
        let way = self.way()?;
        let server = way.server.as_ref().ok();
        let host = server.map(destination_name).unwrap_or_default();
        let is_on_this_machine = server.is_some_and(BaseUrl::is_loopback);
        Ok(Connection {
            problem: way.problem(),
            host,
            is_on_this_machine,
            key: way.key.as_ref().map(|(_, place)| *place),
            key_withheld: way.withheld,
            unused_env_file: lock(&self.unused_env_file).as_ref().map(|file| proposal(file, &way.settings)),
            keychain_problem: self.keys.check_keychain().err().map(|error| match error {
                KeysError::Keychain { reason } => reason,
                error => error.to_string(),
            }),
            base_url: way.base_url.0,
            base_url_from: way.base_url.1,
            model: way.model.0,
            model_from: way.model.1,
            concurrency: way.concurrency.0,
            concurrency_from: way.concurrency.1,
            further: way.further.iter().map(Further::connection).collect(),
        })
    }

    /// Keeps a typed key for the server at `base_url`, or for the one that is set up: in the keychain, or for
    /// the session where there is none.
    pub fn keep_key(&self, base_url: Option<&str>, typed: &Zeroizing<String>) -> Result<Connection> {
        let server = self.server_at(base_url)?;
        Key::for_server(typed, &server).map_err(EngineError::Key)?;
        self.keys.keep(&server.origin(), Zeroizing::new(typed.trim().to_owned()));
        self.connection()
    }

    /// Forgets the key that was entered for the server at `base_url`, or for the one that is set up.
    pub fn forget_key(&self, base_url: Option<&str>) -> Result<Connection> {
        let server = self.server_at(base_url)?;
        self.keys.forget(&server.origin())?;
        self.connection()
    }

    fn server_at(&self, base_url: Option<&str>) -> Result<BaseUrl> {
        match base_url {
            Some(typed) => {
                BaseUrl::parse(typed).map_err(|source| EngineError::Address { typed: typed.to_owned(), source })
            }
            None => self.way()?.server.map_err(|detail| unusable(&detail)),
        }
    }

    /// Asks the server for its models with the key. Sends no image and costs nothing.
    pub async fn check_connection(self: &Arc<Self>) -> Result<ConnectionCheck> {
        let library = Arc::clone(self);
        let way = tokio::task::spawn_blocking(move || library.way()).await.map_err(|_| EngineError::TaskLost)??;
        let server = match &way.server {
            Ok(server) => server,
            Err(detail) => return Ok(ConnectionCheck::Unusable { detail: detail.clone() }),
        };
        if way.settings.is_local_only && !server.is_loopback() {
            return Ok(ConnectionCheck::LocalOnly);
        }
        if way.key.is_none() {
            return Ok(way.withheld.map_or(ConnectionCheck::NoKey, |detail| ConnectionCheck::Unusable { detail }));
        }
        let endpoint = match way.tried_model().and_then(|model| way.connect(&model)) {
            Ok(endpoint) => endpoint,
            Err(error) => return Ok(ConnectionCheck::Unusable { detail: error.to_string() }),
        };
        Ok(check(&*endpoint, &way.model.0).await)
    }

    /// The model that the environment names, if it names one.
    pub fn model_by_environment(&self) -> Result<Option<ModelId>> {
        let (model, source) = self.way()?.model;
        Ok((source != SettingSource::Default).then_some(model))
    }

    /// Remembers that the person has agreed to send images to `host`, having seen what is sent.
    pub fn agree_to(&self, host: &str) -> Result<()> {
        self.edit_settings(|settings| {
            let mut settings = settings.clone();
            if !settings.agreed_hosts.iter().any(|agreed| agreed == host) {
                settings.agreed_hosts.push(host.to_owned());
            }
            Ok(settings)
        })?;
        self.consents.change_hosts(&self.known_as()?, [&host.to_owned()], [])
    }
}

/// Asks a server for its models.
pub async fn check(endpoint: &dyn Endpoint, model: &ModelId) -> ConnectionCheck {
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

    use keys::KeyRing;

    use super::*;
    use crate::consents::Consents;
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
        let connection = library.connection().unwrap();
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

        let connection = library.allow_env_file().unwrap();
        assert_eq!((connection.key, connection.concurrency), (Some(KeyPlace::DotEnv), Some(3)));
        assert_eq!((connection.base_url.as_str(), connection.unused_env_file), ("http://127.0.0.1:9", None));
        let file = EnvFile::in_folder(folder.path()).unwrap().unwrap();
        assert!(Consents::at(consents.clone()).is_allowed(&file).unwrap(), "it need not be asked again");

        // What cannot be used is not allowed either.
        std::fs::write(folder.path().join(".env"), "ANTHROPIC_API_KEY=$HOME\n").unwrap();
        let library = open();
        assert!(library.connection().unwrap().unused_env_file.unwrap().problem.is_some());
        assert!(library.allow_env_file().is_err());
        assert_eq!(library.connection().unwrap().key, None);
    }
}
