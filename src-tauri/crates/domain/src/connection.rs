//! Connections to providers: the server, the source of the key, and the source of every setting. Never a key itself.

use serde::{Deserialize, Serialize};

use crate::coordinates::BoxCoordinates;
use crate::model::ModelId;

/// The source of a value. A variable overrides a `.env` file, which overrides the settings.
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

/// The kind of a connection field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum FieldKind {
    BaseUrl,
    /// The region of the vendor whose server is used.
    Region,
    /// A secret, stored for one server.
    Key,
    /// The default model.
    Model,
}

/// A field of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ProviderField {
    pub kind: FieldKind,
    /// The environment variable that may hold it.
    pub variable: String,
    pub is_required: bool,
}

/// The description of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ProviderDescription {
    /// For settings and the command line.
    pub id: String,
    /// For display.
    pub name: String,
    /// Where the vendor documents its interface.
    pub documentation_url: Option<String>,
    /// In display order.
    pub fields: Vec<ProviderField>,
    /// Whether it supports batches.
    pub has_batches: bool,
    /// Whether it can list the models that a key may use.
    pub has_discovery: bool,
    /// The models known to this version.
    pub models: Vec<ModelId>,
}

impl ProviderDescription {
    /// Whether its server does nothing without a key.
    #[must_use]
    pub fn needs_key(&self) -> bool {
        self.fields.iter().any(|field| field.kind == FieldKind::Key && field.is_required)
    }

    /// The environment variable of this field.
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
    /// The user's name for it, or else the provider's name.
    pub name: String,
    pub base_url: String,
    pub base_url_from: SettingSource,
    /// The region of the vendor's server; `None` at another server, and where the vendor has no regions.
    pub region: Option<String>,
    /// The server, with its port if unusual. Empty if the address is invalid.
    pub host: String,
    /// Whether the server is on this machine.
    pub is_on_this_machine: bool,
    /// `None` without a key for this server.
    pub key: Option<KeyPlace>,
    /// The environment variable that may hold the key.
    pub key_variable: Option<String>,
    /// Why the key from the environment is not sent to this server; `None` if it is sent, or does not exist.
    pub key_withheld: Option<String>,
    /// The default model.
    pub model: ModelId,
    pub model_from: SettingSource,
    /// The models of a server with models of its own; `None` if all are in the catalogue.
    pub own_models: Option<OwnModels>,
    /// The additional endpoints, in the order of the settings.
    pub endpoints: Vec<EndpointConnection>,
    /// What is wrong with the address or the environment, so that nothing can be sent; `None` if both are valid.
    pub problem: Option<String>,
}

/// The models of a server with models of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct OwnModels {
    /// Those that the settings describe first, then those that the server has listed.
    pub models: Vec<OwnModel>,
    /// When the server listed its models, in milliseconds since 1970; `None` if it has not been asked.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub listed_at: Option<u64>,
}

/// A model of a server with models of its own, as it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct OwnModel {
    pub id: ModelId,
    pub name: String,
    /// How it writes boxes.
    pub coordinates: BoxCoordinates,
    /// Longest edge of sent images, in pixels.
    pub longest_edge: u32,
    /// Prompt and answer together, in tokens.
    pub context_tokens: u32,
    /// Longest answer, in tokens.
    pub max_output_tokens: u32,
    /// Whether the settings describe it. Otherwise all follows from its id.
    pub is_described: bool,
    /// Whether the server has listed it.
    pub is_listed: bool,
}

/// A server with models of its own that runs on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LocalServer {
    /// The id of the provider that would use it.
    pub provider: String,
    /// The program that usually has this port.
    pub name: String,
    pub base_url: String,
    pub models: Vec<ModelId>,
    /// Whether the connection to the provider leads there.
    pub is_used: bool,
}

impl Connection {
    /// Whether it has an address: a server of the user's own has none until the user enters it.
    #[must_use]
    pub fn has_address(&self) -> bool {
        let needs_one = |field: &ProviderField| field.kind == FieldKind::BaseUrl && field.is_required;
        self.base_url_from != SettingSource::Default || !self.provider.fields.iter().any(needs_one)
    }

    /// Whether it is as the program comes: neither an address nor a key has been set.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        // A region may be set for other programs of the vendor.
        let has_address = self.base_url_from != SettingSource::Default && self.region.is_none();
        !has_address && self.key.is_none() && self.key_withheld.is_none()
    }
}

/// The connections to all remote providers, and what they share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ConnectionOverview {
    /// The default provider first.
    pub connections: Vec<Connection>,
    /// The `.env` file of the working folder that the user has not allowed.
    pub unused_env_file: Option<EnvFileProposal>,
    /// Why no keychain is available; `None` if there is one.
    pub keychain_problem: Option<String>,
    /// `None` is automatic.
    pub concurrency: Option<u32>,
    pub concurrency_from: SettingSource,
}

/// What a `.env` file says about connections, for the user to decide on. Never a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EnvFileProposal {
    pub path: String,
    /// Connections with a variable in the file.
    pub connections: Vec<EnvFileConnection>,
    /// The key variables of additional endpoints, each with the last characters of its key.
    pub endpoint_keys: Vec<(String, String)>,
    /// Why the file is invalid; `None` if it is valid.
    pub problem: Option<String>,
}

/// What a `.env` file says about the connection to one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EnvFileConnection {
    /// The provider's name.
    pub provider: String,
    /// `None` for the vendor's own server.
    pub server: Option<String>,
    pub model: Option<String>,
    /// The last characters of the key; `None` without a key.
    pub key_ending: Option<String>,
}

/// The current state of an additional endpoint.
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
    /// Why it is not used; `None` if it is used.
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
    /// The server has the model, and accepts the key if one was sent.
    Works {
        model: ModelId,
        /// Number of listed models.
        model_count: u32,
        /// Whether a key was sent.
        with_key: bool,
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
