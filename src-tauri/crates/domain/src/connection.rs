//! The connection to remote models: address, source of the key, source of each value. Never a key itself.

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

/// The connection to the default provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Connection {
    pub base_url: String,
    pub base_url_from: SettingSource,
    /// The server, with its port if unusual. Empty if the address is invalid.
    pub host: String,
    /// Whether the server is on this machine.
    pub is_on_this_machine: bool,
    /// `None` without a key for this server.
    pub key: Option<KeyPlace>,
    /// Why the key of the environment is not sent to this server; `None` if it is, or if there is none.
    pub key_withheld: Option<String>,
    /// The `.env` file of the working folder, which is not used until allowed.
    pub unused_env_file: Option<EnvFileProposal>,
    /// Why no keychain is available; `None` if one is.
    pub keychain_problem: Option<String>,
    /// The default model.
    pub model: ModelId,
    pub model_from: SettingSource,
    /// `None` is automatic.
    pub concurrency: Option<u32>,
    pub concurrency_from: SettingSource,
    /// The additional endpoints, in the order of the settings.
    pub further: Vec<FurtherConnection>,
    /// Why nothing can be sent: an invalid address or environment; otherwise `None`.
    pub problem: Option<String>,
}

/// Contents of a `.env` file about the connection, to be allowed by the user. Never a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EnvFileProposal {
    pub path: String,
    /// `None` for the vendor's own server.
    pub server: Option<String>,
    pub model: Option<String>,
    /// The last characters of the key; `None` without one.
    pub key_ending: Option<String>,
    /// Variables with keys of additional endpoints, each with the last characters of its key.
    pub endpoint_keys: Vec<(String, String)>,
    /// Why the file cannot be used; otherwise `None`.
    pub problem: Option<String>,
}

/// The state of an additional endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FurtherConnection {
    pub name: String,
    pub host: String,
    /// `None` without a key.
    pub key: Option<KeyPlace>,
    /// The environment variable that may hold its key.
    pub key_variable: String,
    /// Why it is not used, regardless of its key.
    pub problem: Option<String>,
}

impl FurtherConnection {
    /// Why it is not used; otherwise `None`.
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
