//! The environment variables that Fieldmark reads. The providers define them.

/// The variables of the connection to one provider; `None` where it has none.
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

/// The concurrency for all providers.
pub(crate) const CONCURRENCY: &str = "CONCURRENCY";

/// The addresses, and password or key, of a database that libraries are published to.
pub const DATABASE_URL: &str = "FIELDMARK_DATABASE_URL";
pub const SUPABASE_URL: &str = "SUPABASE_URL";
pub const SUPABASE_KEY: &str = "SUPABASE_SERVICE_ROLE_KEY";

/// Every variable that Fieldmark reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VariableNames {
    /// The default provider first.
    pub providers: Vec<ProviderVariables>,
    /// Key variables named in the settings.
    pub keys: Vec<String>,
}

impl VariableNames {
    /// The variables of the connections, without the keys named in the settings. Child processes do not get them.
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
