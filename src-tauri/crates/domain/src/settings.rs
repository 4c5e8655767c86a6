//! A library's settings. Field names are the keys of `settings.toml`.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::coordinates::BoxCoordinates;
use crate::hooks::Hooks;
use crate::money::PicoDollars;
use crate::prices::PriceSettings;
use crate::publication::PublishSettings;

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

/// The user's limits for one endpoint, per minute; `None` follows what the server announces or refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LimitSettings {
    /// Requests.
    pub requests: Option<u32>,
    /// Input tokens that are not read from the vendor's cache.
    pub input_tokens: Option<u32>,
    /// Output tokens, thinking included.
    pub output_tokens: Option<u32>,
}

impl LimitSettings {
    /// Fills missing limits from `others`.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            requests: self.requests.or(others.requests),
            input_tokens: self.input_tokens.or(others.input_tokens),
            output_tokens: self.output_tokens.or(others.output_tokens),
        }
    }
}

/// An additional endpoint for a provider's models: another region, another account, a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EndpointSettings {
    /// The user's name for it.
    pub name: String,
    /// Its server.
    pub base_url: String,
    /// Prefix of model ids there, such as `us.`; usually empty.
    #[serde(default)]
    pub model_prefix: String,
    /// Price of a request there, in percent of the list price.
    #[serde(default = "list_price")]
    pub price_percent: u16,
    /// Maximum requests in flight; `None` follows `run.concurrency`.
    #[serde(default)]
    pub concurrency: Option<u32>,
    /// Its limits.
    #[serde(default)]
    pub limits: LimitSettings,
    /// The environment variable that holds its key; `None` for `FIELDMARK_ENDPOINT_<NAME>_KEY`, after its name.
    #[serde(default)]
    pub key_env: Option<String>,
}

impl EndpointSettings {
    /// The endpoint `name` at `base_url` with default settings.
    #[must_use]
    pub fn new(name: &str, base_url: &str) -> Self {
        Self {
            name: name.to_owned(),
            base_url: base_url.to_owned(),
            model_prefix: String::new(),
            price_percent: list_price(),
            concurrency: None,
            limits: LimitSettings::default(),
            key_env: None,
        }
    }

    /// The environment variable that may hold its key: the configured one, otherwise one derived from its name.
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

/// How a server can be asked for JSON, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum AnswerForm {
    /// It enforces the schema.
    JsonSchema,
    /// It enforces JSON; the schema is in the prompt.
    JsonObject,
    /// Both are only in the prompt.
    Prompt,
}

impl AnswerForm {
    /// The next best.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::JsonSchema => Some(Self::JsonObject),
            Self::JsonObject => Some(Self::Prompt),
            Self::Prompt => None,
        }
    }
}

/// A model of a server with models of its own, as the user describes it. What is `None` follows from the model's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ModelSettings {
    /// As the server names it.
    pub id: String,
    /// For display; `None` for the id.
    #[serde(default)]
    pub name: Option<String>,
    /// How it writes boxes.
    #[serde(default)]
    pub coordinates: Option<BoxCoordinates>,
    /// Whether it looks at images. Others are not offered.
    #[serde(default)]
    pub takes_images: Option<bool>,
    /// How its server is asked for JSON; `None` for the best form that the server does not refuse.
    #[serde(default)]
    pub answer_form: Option<AnswerForm>,
    /// Longest edge of sent images, in pixels.
    #[serde(default)]
    pub longest_edge: Option<u32>,
    /// Prompt and answer together, in tokens.
    #[serde(default)]
    pub context_tokens: Option<u32>,
    /// Longest answer, in tokens.
    #[serde(default)]
    pub max_output_tokens: Option<u32>,
    /// Price of a million tokens of input; unknown if one of both is `None`.
    #[serde(default, rename = "input_dollars_per_million")]
    pub input_per_million: Option<PicoDollars>,
    /// Price of a million tokens of output.
    #[serde(default, rename = "output_dollars_per_million")]
    pub output_per_million: Option<PicoDollars>,
}

impl ModelSettings {
    /// The model with this id, of which nothing else is said.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: None,
            coordinates: None,
            takes_images: None,
            answer_form: None,
            longest_edge: None,
            context_tokens: None,
            max_output_tokens: None,
            input_per_million: None,
            output_per_million: None,
        }
    }
}

/// The user's settings for the connection to one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ProviderSettings {
    /// The id of the provider.
    pub id: String,
    /// The user's name for the connection; `None` for the provider's name.
    #[serde(default)]
    pub name: Option<String>,
    /// The server; `None` for the vendor's own.
    #[serde(default)]
    pub base_url: Option<String>,
    /// The environment variable that holds the key for that server; `None` for the provider's usual variable, otherwise
    /// the keychain.
    #[serde(default)]
    pub key_env: Option<String>,
    /// Maximum requests in flight; `None` follows `run.concurrency`.
    #[serde(default)]
    pub concurrency: Option<u32>,
    /// Price of a request there, in percent of the list price.
    #[serde(default = "list_price")]
    pub price_percent: u16,
    /// Limits of that server.
    #[serde(default)]
    pub limits: LimitSettings,
    /// Hosts besides the vendor's own that accept `transformations` on an image.
    #[serde(default)]
    pub transformations_hosts: Vec<String>,
    /// Additional endpoints; requests are spread over that server and all of these.
    #[serde(default)]
    pub endpoints: Vec<EndpointSettings>,
    /// Models of a server with models of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<ModelSettings>,
}

impl ProviderSettings {
    /// The provider with this id and default settings.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: None,
            base_url: None,
            key_env: None,
            concurrency: None,
            price_percent: list_price(),
            limits: LimitSettings::default(),
            transformations_hosts: Vec::new(),
            endpoints: Vec::new(),
            models: Vec::new(),
        }
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
    /// Maximum requests in flight; `None` for automatic.
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

/// What may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct BudgetSettings {
    /// In a calendar month, over all runs of the library; `None` for no limit.
    #[serde(rename = "monthly_dollars")]
    pub monthly: Option<PicoDollars>,
}

/// Range of the concurrency.
pub const CONCURRENCY: RangeInclusive<u32> = 1..=64;
/// Range of the output maximum, in tokens.
pub const MAX_TOKENS: RangeInclusive<u32> = 64..=128_000;
/// Range of the user's limits, in requests or tokens per minute.
pub const LIMIT_A_MINUTE: RangeInclusive<u32> = 1..=1_000_000_000;
/// Range of the longest edge of sent images, in pixels.
pub const LONGEST_EDGE: RangeInclusive<u32> = 1..=16_384;
/// Range of the limits of a model, in tokens.
pub const MODEL_TOKENS: RangeInclusive<u32> = 1..=1_000_000_000;
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
    /// A timeout of zero would abort every request, and too many prepared images would exhaust memory.
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

impl LimitSettings {
    /// `section` is the section of the limits.
    fn ranged(&self, section: &str) -> Vec<Ranged> {
        let limits =
            [("requests", self.requests), ("input_tokens", self.input_tokens), ("output_tokens", self.output_tokens)];
        limits.into_iter().map(|(key, value)| (format!("{section}.{key}"), value, LIMIT_A_MINUTE)).collect()
    }
}

impl EndpointSettings {
    fn ranged(&self, provider: &str) -> Vec<Ranged> {
        server_ranged(&format!("{provider}.endpoints.{}", self.name), self.price_percent, self.concurrency, self.limits)
    }
}

impl ModelSettings {
    fn ranged(&self, provider: &str) -> Vec<Ranged> {
        let ranged = [
            ("longest_edge", self.longest_edge, LONGEST_EDGE),
            ("context_tokens", self.context_tokens, MODEL_TOKENS),
            ("max_output_tokens", self.max_output_tokens, MODEL_TOKENS),
        ];
        let section = format!("{provider}.models.{}", self.id);
        ranged.into_iter().map(|(key, value, range)| (format!("{section}.{key}"), value, range)).collect()
    }
}

impl ProviderSettings {
    fn ranged(&self) -> Vec<Ranged> {
        let section = format!("providers.{}", self.id);
        let mut ranged = server_ranged(&section, self.price_percent, self.concurrency, self.limits);
        ranged.extend(self.endpoints.iter().flat_map(|endpoint| endpoint.ranged(&section)));
        ranged.extend(self.models.iter().flat_map(|model| model.ranged(&section)));
        ranged
    }
}

/// The settings of one server, under `section`. A price of zero would reserve nothing of a budget.
fn server_ranged(section: &str, price_percent: u16, concurrency: Option<u32>, limits: LimitSettings) -> Vec<Ranged> {
    let mut ranged = limits.ranged(&format!("{section}.limits"));
    ranged.push((format!("{section}.price_percent"), Some(price_percent.into()), PRICE_PERCENT));
    ranged.push((format!("{section}.concurrency"), concurrency, CONCURRENCY));
    ranged
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

    /// The settings of the provider with this id, if any.
    #[must_use]
    pub fn provider(&self, id: &str) -> Option<&ProviderSettings> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    /// The settings of the provider with this id, which are added if there are none.
    pub fn provider_mut(&mut self, id: &str) -> &mut ProviderSettings {
        let place = self.providers.iter().position(|provider| provider.id == id).unwrap_or_else(|| {
            self.providers.push(ProviderSettings::new(id));
            self.providers.len() - 1
        });
        &mut self.providers[place]
    }

    /// What the user has set for the model with this id, if anything.
    #[must_use]
    pub fn price(&self, model: &str) -> Option<&PriceSettings> {
        self.prices.iter().find(|price| price.id == model)
    }

    /// The additional endpoints of all providers.
    pub fn endpoints(&self) -> impl Iterator<Item = &EndpointSettings> {
        self.providers.iter().flat_map(|provider| &provider.endpoints)
    }

    /// The environment variables that the settings name for keys.
    #[must_use]
    pub fn key_variables(&self) -> Vec<String> {
        let own = self.providers.iter().filter_map(|provider| provider.key_env.clone());
        own.chain(self.endpoints().map(EndpointSettings::key_variable)).collect()
    }

    /// The range of the number `key`, without its section; `None` if there is no such number.
    #[must_use]
    pub fn range_of(key: &str) -> Option<RangeInclusive<u32>> {
        let is_meant = |full: &str| full.rsplit('.').next() == Some(key);
        let all = Self { providers: vec![ProviderSettings::new("")], ..Self::default() };
        all.ranged().find(|(full, ..)| is_meant(full)).map(|(.., range)| range)
    }

    fn ranged(&self) -> impl Iterator<Item = Ranged> {
        let hooks = ("hooks.timeout_seconds".into(), Some(self.hooks.timeout_seconds), 1..=Hooks::MOST_SECONDS);
        let memory = ("import.decoding_memory_mb".into(), self.import.decoding_memory_mb, DECODING_MEMORY_MB);
        let own = self.run.ranged().into_iter().chain([hooks, memory]);
        own.chain(self.providers.iter().flat_map(ProviderSettings::ranged))
    }
}

/// Which files are imported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportSettings {
    /// Whether to import thumbnails, recycle bins and metadata files of NAS systems and apps too.
    pub includes_leftovers: bool,
    /// Memory budget of all decoding, not only of imports, in MB; `None` for a quarter of what Fieldmark may use.
    pub decoding_memory_mb: Option<u32>,
}

/// In MB. Less is not enough for images of ordinary cameras.
const DECODING_MEMORY_MB: RangeInclusive<u32> = 64..=1_000_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Settings {
    /// The colors of the window.
    pub theme: Theme,
    /// Whether every run writes `metrics/batch-annotation-metrics.json` in the library folder.
    pub writes_metrics: bool,
    /// Whether sending to other machines is forbidden.
    pub is_local_only: bool,
    pub import: ImportSettings,
    pub run: RunSettings,
    pub budget: BudgetSettings,
    pub publish: PublishSettings,
    /// The settings of connections to providers, at most one each.
    pub providers: Vec<ProviderSettings>,
    /// Prices and limits of the catalogue's models that the user has changed, at most one entry each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<PriceSettings>,
    /// Hosts that the user has agreed to send images to, having seen what is sent.
    pub agreed_hosts: Vec<String>,
    pub hooks: Hooks,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            writes_metrics: true,
            is_local_only: false,
            import: ImportSettings::default(),
            run: RunSettings::default(),
            budget: BudgetSettings::default(),
            publish: PublishSettings::default(),
            providers: Vec::new(),
            prices: Vec::new(),
            agreed_hosts: Vec::new(),
            hooks: Hooks::default(),
        }
    }
}
