//! The connection settings in the process variables and a `.env` file.
//!
//! Each process variable overrides that of the file. An empty value counts as not set, and surrounding spaces are
//! trimmed. The key is an exception: it is sent only to the address set in the same source, or else to the vendor's own
//! server. A folder of photos may contain a `.env` that names another server, which must not get the key of the process
//! environment. An address given for this invocation overrides both sources, but does not redirect a key. Addresses,
//! models and keys are not validated here, and there are no defaults.

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::dot_env::EnvFile;
use crate::names::{CONCURRENCY, ProviderVariables, names_of};
use crate::{KeysError, Result};

/// Maximum concurrency.
pub const MAX_CONCURRENCY: u32 = 64;

/// The user's concurrency setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concurrency {
    /// Automatic, which overrides earlier settings.
    FoundOut,
    /// Fixed, from 1 to [`MAX_CONCURRENCY`].
    Exactly(u32),
}

impl Concurrency {
    /// `None` is automatic.
    #[must_use]
    pub const fn count(self) -> Option<u32> {
        match self {
            Self::FoundOut => None,
            Self::Exactly(count) => Some(count),
        }
    }
}

impl std::str::FromStr for Concurrency {
    type Err = InvalidConcurrency;

    fn from_str(typed: &str) -> std::result::Result<Self, InvalidConcurrency> {
        match (typed, typed.parse()) {
            ("auto", _) => Ok(Self::FoundOut),
            (_, Ok(count @ 1..=MAX_CONCURRENCY)) => Ok(Self::Exactly(count)),
            _ => Err(InvalidConcurrency),
        }
    }
}

/// The text is not a valid concurrency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a whole number from 1 to {MAX_CONCURRENCY}, or auto")]
pub struct InvalidConcurrency;

/// Values for one invocation of the program, such as flags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Invocation {
    /// The server of the default provider; overrides its variable.
    pub base_url: Option<String>,
    /// Overrides `CONCURRENCY`.
    pub concurrency: Option<Concurrency>,
    /// Keys of additional endpoints.
    pub endpoint_keys: Vec<EndpointKey>,
}

/// The key of an additional endpoint, for one invocation.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointKey {
    /// The name of the endpoint in the settings.
    pub endpoint: String,
    pub secret: Zeroizing<String>,
    /// The variable that it was read from, which child processes do not get; `None` if it was read from a file.
    pub variable: Option<String>,
}

impl std::fmt::Debug for EndpointKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndpointKey")
            .field("endpoint", &self.endpoint)
            .field("variable", &self.variable)
            .finish_non_exhaustive()
    }
}

/// The source of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A variable of the process, or a value for this invocation.
    Variable,
    /// A `.env` file.
    DotEnv,
}

/// A value and its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said<T> {
    pub value: T,
    pub source: Source,
}

/// A key from the environment, and the only address that it may be sent to.
#[derive(Clone)]
pub struct EnvironmentKey {
    pub secret: Zeroizing<String>,
    pub source: Source,
    /// As written, or the default address; may differ from [`Environment::base_url`].
    pub base_url: String,
}

impl std::fmt::Debug for EnvironmentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnvironmentKey")
            .field("source", &self.source)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// Looks up an environment variable.
type Lookup = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// A snapshot of the environment.
#[derive(Clone)]
pub struct Environment {
    /// The default provider first.
    providers: Vec<ProviderVariables>,
    process: Texts,
    dot_env: Texts,
    concurrency: Option<Said<Concurrency>>,
    /// The address for this invocation.
    invoked_base_url: Option<String>,
    /// Keys of additional endpoints for this invocation.
    endpoint_keys: Vec<EndpointKey>,
    /// Looks up process variables.
    variable: Arc<Lookup>,
    file: Option<EnvFile>,
}

/// The values of one source by variable name, without empty values.
type Texts = HashMap<String, Zeroizing<String>>;

impl Environment {
    /// Reads the process variables of the connections to `providers`, the default provider first, and `file` for
    /// variables that the process does not set.
    pub fn read(providers: Vec<ProviderVariables>, file: Option<EnvFile>) -> Result<Self> {
        Self::from_variables(providers, |name| std::env::var_os(name), file)
    }

    /// [`Environment::read`] with `variable` in place of the process environment.
    pub fn from_variables(
        providers: Vec<ProviderVariables>,
        variable: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static,
        file: Option<EnvFile>,
    ) -> Result<Self> {
        let mut process = Texts::new();
        for name in names_of(&providers) {
            if let Some(value) = variable(name) {
                process.insert(name.to_owned(), text_of(name, value)?);
            }
        }
        let lines = file.as_ref().map(|file| file.lines(|name| names_of(&providers).any(|own| own == name)));
        let mut lines = lines.transpose()?.unwrap_or_default();
        process.retain(|_, value| !value.is_empty());
        lines.retain(|_, line| !line.value.is_empty());

        let concurrency = match (process.get(CONCURRENCY), lines.get(CONCURRENCY)) {
            (Some(value), _) => Some(concurrency(value, Source::Variable, || "in the environment".to_owned())?),
            (None, Some(line)) => {
                let path = file.as_ref().map(|file| file.path().display().to_string()).unwrap_or_default();
                let place = || format!("in line {} of {path}", line.number);
                Some(concurrency(&line.value, Source::DotEnv, place)?)
            }
            (None, None) => None,
        };
        let dot_env = lines.into_iter().map(|(name, line)| (name, line.value)).collect();
        Ok(Self {
            providers,
            process,
            dot_env,
            concurrency,
            invoked_base_url: None,
            endpoint_keys: Vec::new(),
            variable: Arc::new(variable),
            file,
        })
    }

    /// Replaces the `.env` file.
    pub fn with_file(&self, file: EnvFile) -> Result<Self> {
        let variable = Arc::clone(&self.variable);
        let read = Self::from_variables(self.providers.clone(), move |name| variable(name), Some(file))?;
        Ok(Self {
            concurrency: self.concurrency.or(read.concurrency),
            invoked_base_url: self.invoked_base_url.clone(),
            endpoint_keys: self.endpoint_keys.clone(),
            ..read
        })
    }

    /// The key in the variable `name` of the process, otherwise of the `.env` file. The caller knows its server.
    pub fn key_in(&self, name: &str) -> Result<Option<(Zeroizing<String>, Source)>> {
        let of_process = (self.variable)(name).map(|value| text_of(name, value)).transpose()?;
        if let Some(key) = of_process.filter(|key| !key.is_empty()) {
            return Ok(Some((key, Source::Variable)));
        }
        let Some(file) = &self.file else { return Ok(None) };
        let line = file.lines(|found| found == name)?.remove(name);
        Ok(line.map(|line| line.value).filter(|key| !key.is_empty()).map(|key| (key, Source::DotEnv)))
    }

    /// Keys of additional endpoints for this invocation.
    #[must_use]
    pub fn endpoint_keys(&self) -> &[EndpointKey] {
        &self.endpoint_keys
    }

    /// Adds values for this invocation, which take precedence.
    #[must_use]
    pub fn during(mut self, invocation: Invocation) -> Self {
        if let Some(value) = invocation.concurrency {
            self.concurrency = Some(Said { value, source: Source::Variable });
        }
        self.invoked_base_url = invocation.base_url.or(self.invoked_base_url);
        self.endpoint_keys.extend(invocation.endpoint_keys);
        self
    }

    /// The key of `provider`, bound to the address in the same source: the process variables or the `.env` file. If
    /// that source sets no address, the key belongs to `default_base_url`, which must be a constant of the program.
    #[must_use]
    pub fn key(&self, provider: &str, default_base_url: &str) -> Option<EnvironmentKey> {
        let variables = self.variables_of(provider)?;
        let Said { value: secret, source } = self.said(variables.key?)?;
        let beside = match source {
            Source::Variable => &self.process,
            Source::DotEnv => &self.dot_env,
        };
        let base_url = variables.base_url.and_then(|name| beside.get(name));
        Some(EnvironmentKey {
            secret: secret.clone(),
            source,
            base_url: base_url.map_or(default_base_url, |text| text.as_str()).to_owned(),
        })
    }

    /// The server address of `provider`, as written. The key from the environment may belong to another address.
    #[must_use]
    pub fn base_url(&self, provider: &str) -> Option<Said<&str>> {
        let is_default = self.providers.first().is_some_and(|first| first.provider == provider);
        match &self.invoked_base_url {
            Some(value) if is_default => Some(Said { value, source: Source::Variable }),
            _ => self.text(self.variables_of(provider)?.base_url?),
        }
    }

    /// The default model of `provider`.
    #[must_use]
    pub fn model(&self, provider: &str) -> Option<Said<&str>> {
        self.text(self.variables_of(provider)?.model?)
    }

    /// The concurrency.
    #[must_use]
    pub fn concurrency(&self) -> Option<Said<Concurrency>> {
        self.concurrency
    }

    fn variables_of(&self, provider: &str) -> Option<&ProviderVariables> {
        self.providers.iter().find(|variables| variables.provider == provider)
    }

    fn said(&self, name: &str) -> Option<Said<&Zeroizing<String>>> {
        if let Some(value) = self.process.get(name) {
            return Some(Said { value, source: Source::Variable });
        }
        self.dot_env.get(name).map(|value| Said { value, source: Source::DotEnv })
    }

    fn text(&self, name: &str) -> Option<Said<&str>> {
        self.said(name).map(|Said { value, source }| Said { value: value.as_str(), source })
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment")
            .field("providers", &self.providers)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

fn text_of(name: &str, value: OsString) -> Result<Zeroizing<String>> {
    let value = value.into_string().map(Zeroizing::new).map_err(|_| KeysError::NotUnicode { name: name.to_owned() })?;
    Ok(Zeroizing::new(value.trim().to_owned()))
}

fn concurrency(value: &str, source: Source, place: impl Fn() -> String) -> Result<Said<Concurrency>> {
    match value.parse() {
        Ok(value) => Ok(Said { value, source }),
        Err(InvalidConcurrency) => Err(KeysError::Concurrency { place: place() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: &str = "https://default.example";
    const ID: &str = "vendor";
    const OTHER: &str = "other";
    const KEY: &str = "VENDOR_API_KEY";
    const MODEL: &str = "VENDOR_MODEL";
    const BASE_URL: &str = "VENDOR_BASE_URL";

    fn providers() -> Vec<ProviderVariables> {
        vec![
            ProviderVariables { provider: ID, key: Some(KEY), base_url: Some(BASE_URL), model: Some(MODEL) },
            ProviderVariables {
                provider: OTHER,
                key: Some("OTHER_API_KEY"),
                base_url: Some("OTHER_BASE_URL"),
                model: None,
            },
        ]
    }

    fn environment(variables: &[(&str, &str)], dot_env: &str) -> Result<Environment> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".env"), dot_env).unwrap();
        let file = EnvFile::in_folder(folder.path()).unwrap();
        let variables: HashMap<String, OsString> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        Environment::from_variables(providers(), move |name| variables.get(name).cloned(), file)
    }

    #[test]
    fn a_key_goes_only_to_the_address_given_beside_it() {
        let key = |variables: &[(&str, &str)], dot_env: &str| {
            let key = environment(variables, dot_env).unwrap().key(ID, DEFAULT).unwrap();
            (key.secret.to_string(), key.source, key.base_url)
        };
        let process_key = (KEY, "process");
        let process_url = (BASE_URL, "https://process.example");
        let file_url = "VENDOR_BASE_URL=https://file.example\n";
        let file_key = "VENDOR_API_KEY=file\n";
        let both = format!("{file_url}{file_key}");
        let said = |secret: &str, source, base_url: &str| (secret.to_owned(), source, base_url.to_owned());

        // The most important case: a planted file, and a key in the process environment.
        assert_eq!(key(&[process_key], file_url), said("process", Source::Variable, DEFAULT));
        assert_eq!(key(&[process_key], &both), said("process", Source::Variable, DEFAULT));
        let process = said("process", Source::Variable, "https://process.example");
        assert_eq!(key(&[process_key, process_url], &both), process);

        assert_eq!(key(&[], &both), said("file", Source::DotEnv, "https://file.example"));
        assert_eq!(key(&[process_url], &both), said("file", Source::DotEnv, "https://file.example"));
        assert_eq!(key(&[process_url], file_key), said("file", Source::DotEnv, DEFAULT));
        assert_eq!(key(&[], file_key), said("file", Source::DotEnv, DEFAULT));
        assert_eq!(key(&[(KEY, " ")], &both), said("file", Source::DotEnv, "https://file.example"));
        assert!(environment(&[process_url], file_url).unwrap().key(ID, DEFAULT).is_none());
    }

    #[test]
    fn an_address_for_one_invocation_moves_no_key() {
        let flag = "https://flag.example";
        let process_url = (BASE_URL, "https://process.example");
        let process_key = (KEY, "process");
        let both = "VENDOR_BASE_URL=https://file.example\nVENDOR_API_KEY=file\n";
        for (variables, dot_env, key_goes_to) in [
            (vec![process_key, process_url], "", "https://process.example"),
            (vec![process_key, process_url], both, "https://process.example"),
            (vec![], both, "https://file.example"),
            (vec![], "VENDOR_API_KEY=file", DEFAULT),
            (vec![process_key], "", DEFAULT),
            // A planted file never gets the key of the process.
            (vec![process_key], "VENDOR_BASE_URL=https://file.example", DEFAULT),
        ] {
            let invocation = Invocation { base_url: Some(flag.to_owned()), ..Invocation::default() };
            let environment = environment(&variables, dot_env).unwrap().during(invocation);
            assert_eq!(environment.base_url(ID).unwrap().value, flag);
            assert_eq!(environment.key(ID, DEFAULT).unwrap().base_url, key_goes_to, "{variables:?} {dot_env}");
        }
    }

    #[test]
    fn variables_win_one_by_one_and_empty_ones_are_not_set() {
        let environment = environment(
            &[(MODEL, " from-process "), (BASE_URL, " "), (CONCURRENCY, "")],
            "VENDOR_MODEL=from-file\nVENDOR_BASE_URL=https://file.example\nCONCURRENCY=64",
        )
        .unwrap();
        assert_eq!(environment.model(ID), Some(Said { value: "from-process", source: Source::Variable }));
        assert_eq!(environment.base_url(ID), Some(Said { value: "https://file.example", source: Source::DotEnv }));
        assert_eq!(environment.concurrency(), Some(Said { value: Concurrency::Exactly(64), source: Source::DotEnv }));
    }

    #[test]
    fn providers_have_keys_and_addresses_of_their_own() {
        let variables = [(KEY, "first"), (BASE_URL, "https://first.example"), ("OTHER_API_KEY", "second")];
        let invocation = Invocation { base_url: Some("https://flag.example".into()), ..Invocation::default() };
        let environment = environment(&variables, "OTHER_BASE_URL=https://planted.example").unwrap().during(invocation);
        let key = |provider| environment.key(provider, DEFAULT).map(|key| (key.secret.to_string(), key.base_url));
        assert_eq!(key(ID), Some(("first".into(), "https://first.example".into())));
        assert_eq!(key(OTHER), Some(("second".into(), DEFAULT.into())));
        assert_eq!(key("unknown"), None);
        assert_eq!(environment.base_url(ID).unwrap().value, "https://flag.example");
        assert_eq!(environment.base_url(OTHER).unwrap().value, "https://planted.example");
    }

    #[test]
    fn nothing_said_is_fine() {
        let environment = Environment::from_variables(providers(), |_| None, None).unwrap();
        assert_eq!((environment.model(ID), environment.base_url(ID), environment.concurrency()), (None, None, None));
        assert!(environment.key(ID, DEFAULT).is_none());
    }

    #[test]
    fn a_wrong_concurrency_is_refused_where_it_stands() {
        for wrong in ["0", "65", "-1", "4.0", "many"] {
            let by_variable = environment(&[(CONCURRENCY, wrong)], "").unwrap_err().to_string();
            assert_eq!(by_variable, "CONCURRENCY in the environment must be a whole number from 1 to 64, or auto");
            let by_file = environment(&[], &format!("\nCONCURRENCY={wrong}")).unwrap_err().to_string();
            assert!(by_file.starts_with("CONCURRENCY in line 2 of "), "{by_file}");
            assert!(by_file.ends_with(".env must be a whole number from 1 to 64, or auto"), "{by_file}");
            // Invalid values of unused sources do not matter.
            assert!(environment(&[(CONCURRENCY, "1")], &format!("CONCURRENCY={wrong}")).is_ok());
        }
    }

    #[test]
    fn a_key_never_shows() {
        let environment = environment(&[(KEY, "planted-key")], "VENDOR_API_KEY=planted-too").unwrap();
        let shown = format!("{environment:?} {:?}", environment.key(ID, DEFAULT));
        assert!(!shown.contains("planted"), "{shown}");
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_text_is_named() {
        use std::os::unix::ffi::OsStringExt;
        let value = |name: &str| (name == KEY).then(|| OsString::from_vec(b"planted\xff".to_vec()));
        let error = Environment::from_variables(providers(), value, None).unwrap_err();
        assert_eq!(error.to_string(), "the environment variable VENDOR_API_KEY is not Unicode text");
        assert!(!format!("{error:?}").contains("planted"));
    }
}
