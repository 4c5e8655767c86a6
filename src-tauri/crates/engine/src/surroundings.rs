//! What a library is opened with besides its own file: environment, keys, consents.

use std::collections::HashMap;

use domain::connection::FieldKind;
use keys::{EnvFile, Environment, Invocation, KeyRing, ProviderVariables, VariableNames};
use providers::provider::Provider;
use providers::registry;
use zeroize::Zeroizing;

use crate::consents::Consents;

/// The sections that variables may override: import and runs, never servers or commands.
const VARIABLES: [&str; 3] = ["FIELDMARK_IMPORT__", "FIELDMARK_RUN__", "FIELDMARK_LIMITS__"];

/// The variable with the password of `fieldmark serve`.
pub const SERVE_PASSWORD: &str = "FIELDMARK_SERVE_PASSWORD";

/// Process variables that override settings, such as `FIELDMARK_RUN__MAX_TOKENS`.
fn variables_of_this_process() -> HashMap<String, String> {
    let all =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    all.filter(|(name, _)| VARIABLES.iter().any(|prefix| name.starts_with(prefix))).collect()
}

/// The connection variables of all providers, and `keys`: the key variables named in the settings.
#[must_use]
pub fn variable_names(keys: Vec<String>) -> VariableNames {
    let of = |provider: &&'static dyn Provider| {
        let descriptor = provider.descriptor();
        ProviderVariables {
            provider: descriptor.id,
            key: descriptor.variable(FieldKind::Key),
            base_url: descriptor.server_variable(),
            model: descriptor.variable(FieldKind::Model),
        }
    };
    VariableNames { providers: registry::all().iter().map(of).collect(), keys }
}

/// What a library is opened with besides its own file.
pub struct Surroundings {
    /// Errors are reported when something is about to be sent.
    pub environment: keys::Result<Environment>,
    pub keys: KeyRing,
    /// Environment variables that override settings, by name.
    pub variables: HashMap<String, String>,
    /// What the user has consented to.
    pub consents: Consents,
    /// The `.env` file of the working folder that the user has not allowed.
    pub unused_env_file: Option<EnvFile>,
}

impl Surroundings {
    /// The process variables, what `env_file` adds to them, the system keychain, the user's consents. The caller must
    /// ask for consent to the file first.
    #[must_use]
    pub fn of_this_process(env_file: Option<EnvFile>) -> Self {
        Self {
            environment: Environment::read(variable_names(Vec::new()).providers, env_file),
            keys: KeyRing::open(),
            variables: variables_of_this_process(),
            consents: Consents::of_this_person(),
            unused_env_file: None,
        }
    }

    /// Only the server at `base_url` and its key, without the environment and the keychain.
    #[must_use]
    pub fn only(base_url: &str, key: &str) -> Self {
        let (base_url, key) = (base_url.to_owned(), Zeroizing::new(key.to_owned()));
        let descriptor = registry::default().descriptor();
        let variable = move |name: &str| match name {
            name if descriptor.variable(FieldKind::BaseUrl) == Some(name) => Some(base_url.clone().into()),
            name if descriptor.variable(FieldKind::Key) == Some(name) => Some(key.to_string().into()),
            _ => None,
        };
        Self {
            environment: Environment::from_variables(variable_names(Vec::new()).providers, variable, None),
            keys: KeyRing::for_session(),
            variables: HashMap::new(),
            consents: Consents::for_session(),
            unused_env_file: None,
        }
    }

    /// Adds values for this invocation, which override the environment.
    #[must_use]
    pub fn during(self, invocation: Invocation) -> Self {
        Self { environment: self.environment.map(|environment| environment.during(invocation)), ..self }
    }
}
