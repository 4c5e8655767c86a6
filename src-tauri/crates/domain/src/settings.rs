//! A library's settings. Field names are the keys of `settings.toml`.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::hooks::Hooks;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Theme {
    /// The desktop's theme.
    System,
    /// The default.
    #[default]
    Dark,
    Light,
}

/// The user's rate limits of one endpoint, per minute; `None` follows the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RouteLimits {
    pub requests: Option<u32>,
    /// Input that is not read from the vendor's cache.
    pub input_tokens: Option<u32>,
    pub output_tokens: Option<u32>,
}

impl RouteLimits {
    /// These limits, completed by `others`.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            requests: self.requests.or(others.requests),
            input_tokens: self.input_tokens.or(others.input_tokens),
            output_tokens: self.output_tokens.or(others.output_tokens),
        }
    }
}

/// An additional endpoint for the same models: another region, account or gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FurtherRoute {
    /// The user's name for it.
    pub name: String,
    pub base_url: String,
    /// Prefix of model ids there, such as `us.`; usually empty.
    #[serde(default)]
    pub model_prefix: String,
    /// Price of a request there, in percent of the list price.
    #[serde(default = "list_price")]
    pub price_percent: u16,
    pub concurrency: Option<u32>,
    #[serde(default)]
    pub limits: RouteLimits,
    /// The environment variable with its key; `None`: see [`FurtherRoute::key_variable`].
    #[serde(default)]
    pub key_env: Option<String>,
}

impl FurtherRoute {
    /// The environment variable that may hold its key: the configured one, otherwise one made from its name.
    #[must_use]
    pub fn key_variable(&self) -> String {
        self.key_env.clone().unwrap_or_else(|| {
            let name: String = self
                .name
                .chars()
                .map(|character| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' })
                .collect();
            format!("FIELDMARK_ENDPOINT_{name}_KEY")
        })
    }
}

const fn list_price() -> u16 {
    100
}

/// How runs call remote models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunSettings {
    /// `None` is automatic.
    pub concurrency: Option<u32>,
    /// Maximum retries per image, not counting rate limits and server outages.
    pub retry_attempts: u32,
    /// Delay before the first retry; doubles with each further one.
    pub retry_delay_ms: u32,
    /// Idle timeout of an answer.
    pub task_timeout_ms: u32,
    /// Pause of each parallel worker between two requests.
    pub rate_limit_delay_ms: u32,
    /// Images prepared ahead; `None` depends on their size and speed.
    pub chunk_size: Option<u32>,
    /// Output maximum, including thinking; `None` for the model's default.
    pub max_tokens: Option<u32>,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            concurrency: None,
            retry_attempts: 3,
            retry_delay_ms: 1_000,
            task_timeout_ms: 60_000,
            rate_limit_delay_ms: 0,
            chunk_size: None,
            max_tokens: None,
        }
    }
}

/// Range of the concurrency.
pub const CONCURRENCY: RangeInclusive<u32> = 1..=64;
/// Range of the output maximum, in tokens.
pub const MAX_TOKENS: RangeInclusive<u32> = 64..=128_000;
/// Range of the user's limits, in requests or tokens per minute.
pub const LIMIT_A_MINUTE: RangeInclusive<u32> = 1..=1_000_000_000;
const PRICE_PERCENT: RangeInclusive<u32> = 1..=1_000;

/// A number in the settings that is out of range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfRange {
    pub key: String,
    pub value: u32,
    pub range: RangeInclusive<u32>,
}

/// A number with its key and range.
type Ranged = (String, Option<u32>, RangeInclusive<u32>);

impl RunSettings {
    /// A timeout of zero would abandon every request, and too many images ahead would exhaust memory.
    fn ranged(&self) -> Vec<Ranged> {
        let ranged = [
            ("concurrency", self.concurrency, CONCURRENCY),
            ("retry_attempts", Some(self.retry_attempts), 0..=20),
            ("retry_delay_ms", Some(self.retry_delay_ms), 0..=600_000),
            ("task_timeout_ms", Some(self.task_timeout_ms), 1_000..=3_600_000),
            ("rate_limit_delay_ms", Some(self.rate_limit_delay_ms), 0..=600_000),
            ("chunk_size", self.chunk_size, 1..=200),
            ("max_tokens", self.max_tokens, MAX_TOKENS),
        ];
        ranged.into_iter().map(|(key, value, range)| (format!("run.{key}"), value, range)).collect()
    }
}

impl RouteLimits {
    /// `section` is the section of the limits.
    fn ranged(&self, section: &str) -> Vec<Ranged> {
        let limits =
            [("requests", self.requests), ("input_tokens", self.input_tokens), ("output_tokens", self.output_tokens)];
        limits.into_iter().map(|(key, value)| (format!("{section}.{key}"), value, LIMIT_A_MINUTE)).collect()
    }
}

impl FurtherRoute {
    /// A price of zero would reserve nothing.
    fn ranged(&self) -> Vec<Ranged> {
        let section = format!("further_routes.{}", self.name);
        let mut ranged = self.limits.ranged(&format!("{section}.limits"));
        ranged.push((format!("{section}.price_percent"), Some(self.price_percent.into()), PRICE_PERCENT));
        ranged.push((format!("{section}.concurrency"), self.concurrency, CONCURRENCY));
        ranged
    }
}

impl Settings {
    /// The first number that is out of range.
    #[must_use]
    pub fn out_of_range(&self) -> Option<OutOfRange> {
        self.ranged().find_map(|(key, value, range)| {
            let value = value.filter(|value| !range.contains(value))?;
            Some(OutOfRange { key, value, range })
        })
    }

    /// The environment variables that may hold keys of additional endpoints.
    #[must_use]
    pub fn key_variables(&self) -> Vec<String> {
        self.further_routes.iter().map(FurtherRoute::key_variable).collect()
    }

    /// The range of the number `key`, given without its section; `None` if there is none.
    #[must_use]
    pub fn range_of(key: &str) -> Option<RangeInclusive<u32>> {
        if key == "price_percent" {
            return Some(PRICE_PERCENT);
        }
        let is_meant = |full: &str| full.rsplit('.').next() == Some(key);
        Self::default().ranged().find(|(full, ..)| is_meant(full)).map(|(.., range)| range)
    }

    fn ranged(&self) -> impl Iterator<Item = Ranged> {
        let hooks = ("hooks.timeout_seconds".into(), Some(self.hooks.timeout_seconds), 1..=Hooks::MOST_SECONDS);
        let memory = ("import.decoding_memory_mb".into(), self.import.decoding_memory_mb, DECODING_MEMORY_MB);
        let own = self.run.ranged().into_iter().chain(self.limits.ranged("limits")).chain([hooks, memory]);
        own.chain(self.further_routes.iter().flat_map(FurtherRoute::ranged))
    }
}

/// Which files an import takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportSettings {
    /// Whether to import thumbnails, recycle bins and metadata of NAS systems and apps too.
    pub includes_leftovers: bool,
    /// Memory budget of all decoding, in MB, not only of imports; `None` is a quarter of what Fieldmark may use.
    pub decoding_memory_mb: Option<u32>,
}

/// In MB. Less is not enough for ordinary cameras.
const DECODING_MEMORY_MB: RangeInclusive<u32> = 64..=1_000_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Settings {
    pub theme: Theme,
    /// Whether every run writes `metrics/batch-annotation-metrics.json` in the library folder.
    pub writes_metrics: bool,
    /// Whether sending to other machines is forbidden.
    pub is_local_only: bool,
    /// The server; `None` for the vendor's own.
    pub base_url: Option<String>,
    pub import: ImportSettings,
    pub run: RunSettings,
    /// Of that server.
    pub limits: RouteLimits,
    /// Additional endpoints: requests are spread over all of them.
    pub further_routes: Vec<FurtherRoute>,
    /// Hosts that the user has allowed images to be sent to, after seeing what is sent.
    pub agreed_hosts: Vec<String>,
    /// Hosts besides the vendor's own that support `transformations` on an image.
    pub transformations_hosts: Vec<String>,
    pub hooks: Hooks,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            writes_metrics: true,
            is_local_only: false,
            base_url: None,
            import: ImportSettings::default(),
            run: RunSettings::default(),
            limits: RouteLimits::default(),
            further_routes: Vec::new(),
            agreed_hosts: Vec::new(),
            transformations_hosts: Vec::new(),
            hooks: Hooks::default(),
        }
    }
}

/// The installation and its paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Installation {
    pub version: String,
    /// For display.
    pub library_folder: String,
    /// For display, and for editing.
    pub settings_file: String,
    /// Where runs write their metrics by default; for display.
    pub metrics_file: String,
    pub processors: u32,
}
