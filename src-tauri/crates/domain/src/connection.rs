//! The connections to providers as they are set up: where to, with whose key, by whose word. Never a key itself.

use serde::{Deserialize, Serialize};

use crate::model::ModelId;

/// The source of a value. A variable wins over a `.env` file, and that over the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum SettingSource {
    /// The default.
    Default,
    Settings,
    /// An environment variable.
    Variable,
    /// The `.env` file of the working folder.
    DotEnv,
}

/// The source of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum KeyPlace {
    /// The operating system's keychain.
    Keychain,
    /// Memory of this process.
    Session,
    Variable,
    DotEnv,
    /// A value for this invocation.
    CommandLine,
}

/// What a field of a connection holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum FieldKind {
    BaseUrl,
    /// A secret, kept for one server.
    Key,
    /// The model that is chosen when the user has not chosen one.
    Model,
}

/// One thing that a connection is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ProviderField {
    pub kind: FieldKind,
    /// The variable of the environment that may hold it.
    pub variable: String,
    pub is_required: bool,
}

/// What a provider says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ProviderDescription {
    /// In settings and on the command line.
    pub id: String,
    /// As it is shown.
    pub name: String,
    /// Where the vendor documents its interface.
    pub documentation_url: Option<String>,
    /// In the order in which they are asked for.
    pub fields: Vec<ProviderField>,
    /// Whether it takes requests in batches.
    pub has_batches: bool,
    /// Whether it lists the models that a key may use.
    pub has_discovery: bool,
    /// The models that this version knows.
    pub models: Vec<ModelId>,
}

impl ProviderDescription {
    /// The variable of the environment that may hold this field.
    #[must_use]
    pub fn variable(&self, kind: FieldKind) -> Option<&str> {
        self.fields.iter().find(|field| field.kind == kind).map(|field| field.variable.as_str())
    }
}

/// The connection to one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Connection {
    pub provider: ProviderDescription,
    /// What the person calls it, or else the provider's name.
    pub name: String,
    pub base_url: String,
    pub base_url_from: SettingSource,
    /// The server, with its port if unusual. Empty if the address is invalid.
    pub host: String,
    /// Whether the server is on this machine.
    pub is_on_this_machine: bool,
    /// `None` without a key for this server.
    pub key: Option<KeyPlace>,
    /// The variable of the environment that may hold the key.
    pub key_variable: Option<String>,
    /// Why the key of the environment is not sent to this server; `None` when it is, or when there is none.
    pub key_withheld: Option<String>,
    /// The model that is chosen when nobody has chosen one.
    pub model: ModelId,
    pub model_from: SettingSource,
    /// The additional endpoints, in the order of the settings.
    pub endpoints: Vec<EndpointConnection>,
    /// What is wrong with the address or the environment, so that nothing can be sent; `None` when nothing is.
    pub problem: Option<String>,
}

/// The connections to all providers that are not this computer, and what they have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ConnectionOverview {
    /// The default provider first.
    pub connections: Vec<Connection>,
    /// The `.env` file of the working folder, which is not used until the user allows it.
    pub unused_env_file: Option<EnvFileProposal>,
    /// Why there is no keychain to keep a key in; `None` when there is one.
    pub keychain_problem: Option<String>,
    /// Images at once; `None` is found out.
    pub concurrency: Option<u32>,
    pub concurrency_from: SettingSource,
}

/// What a `.env` file says about connections, for a person to decide about. Never a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EnvFileProposal {
    pub path: String,
    /// Those that it says something about.
    pub connections: Vec<EnvFileConnection>,
    /// The variables of keys of additional endpoints, each with the last characters of its key.
    pub endpoint_keys: Vec<(String, String)>,
    /// Why the file cannot be used; otherwise `None`.
    pub problem: Option<String>,
}

/// What a `.env` file says about the connection to one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EnvFileConnection {
    /// Its name.
    pub provider: String,
    /// `None`: the vendor's own server.
    pub server: Option<String>,
    pub model: Option<String>,
    /// The last characters of the key; `None`: there is no key.
    pub key_ending: Option<String>,
}

/// An additional endpoint, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EndpointConnection {
    pub name: String,
    pub host: String,
    /// `None` without a key.
    pub key: Option<KeyPlace>,
    /// The environment variable that may hold its key.
    pub key_variable: String,
    /// Why it is not used, regardless of its key.
    pub problem: Option<String>,
}

impl EndpointConnection {
    /// Why it is not used; `None` when it is.
    #[must_use]
    pub fn why_unused(&self) -> Option<String> {
        let no_key = || format!("there is no key for {}: set {}", self.host, self.key_variable);
        self.problem.clone().or_else(|| self.key.is_none().then(no_key))
    }
}

/// The result of a connection test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ConnectionCheck {
    /// It accepts the key and has the model.
    Works {
        model: ModelId,
        /// Number of listed models.
        model_count: u32,
    },
    NoKey,
    /// Everything is locked to this machine.
    LocalOnly,
    /// The address, the key or the environment is invalid; nothing was sent.
    Unusable {
        detail: String,
    },
    KeyRejected,
    NotPermitted {
        detail: String,
    },
    NoCredit {
        detail: String,
    },
    UnknownModel {
        model: ModelId,
        available: Vec<ModelId>,
    },
    NotSuchAServer {
        detail: String,
    },
    Unreachable {
        detail: String,
    },
    /// The server is overloaded or failing.
    ServerFailing {
        detail: String,
    },
}
