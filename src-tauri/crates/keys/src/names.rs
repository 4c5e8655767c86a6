//! The variables of the environment that Fieldmark reads. Which there are is for the providers to say.

/// The variables that may set the connection to one provider; `None` where a provider has none for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderVariables {
    /// The id of the provider.
    pub provider: &'static str,
    pub key: Option<&'static str>,
    pub base_url: Option<&'static str>,
    pub model: Option<&'static str>,
}

impl ProviderVariables {
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.key, self.base_url, self.model].into_iter().flatten()
    }
}

/// How many images at once, whichever provider is asked.
pub(crate) const CONCURRENCY: &str = "CONCURRENCY";

/// Every variable that Fieldmark reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VariableNames {
    /// The default provider first.
    pub providers: Vec<ProviderVariables>,
    /// Variables that the settings name for keys.
    pub keys: Vec<String>,
}

impl VariableNames {
    /// Those of the connections, keys that the settings name aside. Programs that Fieldmark starts are not given them.
    pub fn of_connections(&self) -> impl Iterator<Item = &'static str> {
        names_of(&self.providers)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.of_connections().any(|own| own == name)
            || name.starts_with("FIELDMARK_ENDPOINT_")
            || self.keys.iter().any(|own| own == name)
    }
}

/// The variables of the connections to `providers`.
pub(crate) fn names_of(providers: &[ProviderVariables]) -> impl Iterator<Item = &'static str> {
    providers.iter().flat_map(ProviderVariables::names).chain([CONCURRENCY])
}
