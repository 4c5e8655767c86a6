//! Model catalogues as data: one TOML file per vendor in `catalog/`, read once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::calendar::CalendarDate;
use domain::coordinates::BoxCoordinates;
use domain::geometry::PixelSize;
use domain::model::{Destination, Model, ModelId, Vocabulary};
use domain::prices::PriceSettings;
use domain::recipe::ShapeKind;
use domain::settings::AnswerForm;
use domain::usage::Usage;
use serde::Deserialize;

use crate::image_rule::ImageRule;
use crate::price::{Cliff, Price, Rates};

/// Whether a model reasons by default. Reasoning is billed as output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reasoning {
    /// Only on request.
    OffByDefault,
    /// By default; can be switched off.
    OnByDefault,
    /// Always.
    Always,
}

/// A model: capabilities, image rule, limits, prices.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "facts that have nothing to do with each other")]
pub struct ModelSpec {
    /// In requests.
    pub id: String,
    /// For display.
    pub name: String,
    pub vocabulary: Vocabulary,
    pub shapes: Vec<ShapeKind>,
    /// Whether it fills a recipe's attributes.
    pub fills_attributes: bool,
    /// Whether it is shown the recipe's examples.
    pub takes_examples: bool,
    /// Maximum number of optional attributes; `None` for any number.
    pub optional_attributes_limit: Option<u32>,
    /// Determines the size of sent images.
    pub image_rule: ImageRule,
    /// Longest edge of sent images in pixels, if the user wants less than the rule allows.
    pub sent_edge: Option<u32>,
    /// Whether the vendor publishes the rule for this model. Otherwise the tokens of images are an assumption, and with
    /// them every bound of the cost.
    pub is_image_rule_published: bool,
    /// How it writes boxes.
    pub coordinates: BoxCoordinates,
    pub price: Price,
    /// Prompt and answer together, in tokens.
    pub context_tokens: u64,
    /// Longest answer including reasoning, in tokens; 0 if answers have no tokens.
    pub max_output_tokens: u64,
    /// Shorter prompt prefixes are silently not cached, in tokens.
    pub min_cacheable_tokens: u64,
    /// Average bytes per token of English text and JSON. For estimates only.
    pub bytes_per_token: u64,
    pub reasoning: Reasoning,
    /// Whether a request may force a tool. Otherwise forcing one is refused.
    pub can_force_tool: bool,
    /// Whether a request may set the effort.
    pub takes_effort: bool,
    /// How its server is asked for JSON; `None` for the best form that the server does not refuse.
    pub answer_form: Option<AnswerForm>,
    /// Whether the vendor marks it as legacy.
    pub is_legacy: bool,
    /// The announced day from which requests are refused.
    pub retires: Option<CalendarDate>,
    /// The model that the vendor names instead.
    pub successor: Option<String>,
    /// Its prices by date, if they change; `price` is the first of them.
    pub price_periods: Vec<PricePeriod>,
}

/// A price that holds for some time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PricePeriod {
    /// The first day; `None` for ever before.
    pub effective_from: Option<CalendarDate>,
    /// The last day; `None` for ever after.
    pub effective_to: Option<CalendarDate>,
    pub price: Price,
}

impl PricePeriod {
    fn holds_on(&self, day: CalendarDate) -> bool {
        self.effective_from.is_none_or(|from| from <= day) && self.effective_to.is_none_or(|to| day <= to)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let begins_in_time = |one: &Self, other: &Self| match (one.effective_from, other.effective_to) {
            (Some(from), Some(to)) => from <= to,
            _ => true,
        };
        begins_in_time(self, other) && begins_in_time(other, self)
    }
}

impl ModelSpec {
    /// The size in which an image of `original` size is sent: by the image rule, and by the user's longest edge.
    #[must_use]
    pub fn sent_size(&self, original: PixelSize) -> PixelSize {
        self.sent_size_within(original, self.sent_edge)
    }

    /// Like [`ModelSpec::sent_size`], for another longest edge.
    #[must_use]
    pub fn sent_size_within(&self, original: PixelSize, longest_edge: Option<u32>) -> PixelSize {
        let edge = self.image_rule.sent_size(original).long_edge();
        original.fit_within(longest_edge.map_or(edge, |longest| edge.min(longest.max(1))))
    }

    /// Whether one request can have used this much: the prompt fits the context and the output the longest answer.
    /// Larger reports are invalid.
    #[must_use]
    pub const fn can_use(&self, usage: &Usage) -> bool {
        usage.prompt_tokens() <= self.context_tokens && usage.output_tokens <= self.max_output_tokens
    }

    /// Whether the vendor has announced its retirement by `today`.
    #[must_use]
    pub fn is_retired(&self, today: CalendarDate) -> bool {
        self.retires.is_some_and(|retires| retires <= today)
    }

    /// The model at the price of `day`; unknown on a day without one.
    #[must_use]
    pub fn on(self: &Arc<Self>, day: CalendarDate) -> Arc<Self> {
        if self.price_periods.is_empty() {
            return Arc::clone(self);
        }
        let price = self.price_periods.iter().find(|period| period.holds_on(day)).map(|period| period.price);
        Arc::new(Self { price: price.unwrap_or(Price::UNKNOWN), ..Self::clone(self) })
    }

    /// The model with the prices, limits and coordinates that the user has set. A surcharge on long prompts stays.
    ///
    /// # Errors
    /// What is wrong with them, if they cannot be used.
    pub fn with_user_prices(&self, set: &PriceSettings) -> Result<Self, String> {
        let mut model = self.clone();
        let rates = &mut model.price.rates;
        let fields = [
            (&mut rates.input, set.input),
            (&mut rates.output, set.output),
            (&mut rates.cache_write_5m, set.cache_write_5m),
            (&mut rates.cache_write_1h, set.cache_write_1h),
            (&mut rates.cache_read, set.cache_read),
        ];
        for (rate, per_million) in fields {
            if let Some(per_million) = per_million {
                let dollars = per_million.dollars();
                *rate = Rates::from_dollars_per_million(dollars)
                    .ok_or_else(|| format!("{} has an unusable price: {dollars}", set.id))?;
            }
        }
        model.coordinates = set.coordinates.unwrap_or(model.coordinates);
        if let (Some(_), Some(_)) = (set.input, set.output) {
            model.price.is_known = true;
        }
        if let Some(percent) = set.batch_percent {
            if !(1..=100).contains(&percent) {
                return Err(format!("{} has batch_percent {percent}; expected 1 to 100", set.id));
            }
            model.price.batch_percent = percent;
        }
        for (limit, tokens) in
            [(&mut model.context_tokens, set.context_tokens), (&mut model.max_output_tokens, set.max_output_tokens)]
        {
            match tokens {
                Some(0) => return Err(format!("{} has a limit of 0", set.id)),
                Some(tokens) => *limit = tokens.into(),
                None => {}
            }
        }
        Ok(model)
    }

    /// The model as listed in a plan `today`, when images go to `destination`.
    #[must_use]
    pub fn offered_at(&self, destination: Destination, today: CalendarDate) -> Model {
        Model {
            id: ModelId(self.id.clone()),
            name: self.name.clone(),
            destination,
            vocabulary: self.vocabulary.clone(),
            shapes: self.shapes.clone(),
            fills_attributes: self.fills_attributes,
            takes_examples: self.takes_examples,
            optional_attributes_limit: self.optional_attributes_limit,
            retires: self.retires,
            is_retired: self.is_retired(today),
            successor: self.successor.clone().map(ModelId),
        }
    }
}

/// The models of one provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalog {
    /// The day on which prices and limits were read from the vendor, shown beside every estimate. `None` if nothing has
    /// a price.
    pub prices_as_of: Option<CalendarDate>,
    /// The default model: the id of one of `models`.
    pub default_model: String,
    /// In display order.
    pub models: Vec<Arc<ModelSpec>>,
}

/// An invalid catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error(transparent)]
    Toml(#[from] toml_edit::de::Error),
    #[error("{model}: {problem}")]
    Model { model: String, problem: String },
    #[error("the default model {0} is not listed")]
    NoDefault(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogFile {
    prices_as_of: CalendarDate,
    default_model: String,
    batch_percent: u16,
    #[serde(default)]
    optional_attributes_limit: Option<u32>,
    image_rules: HashMap<String, ImageRule>,
    models: Vec<ModelEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "facts that have nothing to do with each other")]
struct ModelEntry {
    id: String,
    name: String,
    #[serde(default)]
    price: Option<PriceEntry>,
    /// Instead of `price`, if it changes.
    #[serde(default)]
    prices: Vec<PriceEntry>,
    #[serde(default)]
    price_cliff: Option<Cliff>,
    context_tokens: u64,
    max_output_tokens: u64,
    min_cacheable_tokens: u64,
    image_rule: String,
    #[serde(default = "yes")]
    is_image_rule_published: bool,
    #[serde(default)]
    coordinates: BoxCoordinates,
    bytes_per_token: u64,
    reasoning: Reasoning,
    can_force_tool: bool,
    takes_effort: bool,
    #[serde(default)]
    is_legacy: bool,
    #[serde(default)]
    retires: Option<CalendarDate>,
    #[serde(default)]
    successor: Option<String>,
}

const fn yes() -> bool {
    true
}

/// Dollars for a million tokens.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceEntry {
    input: f64,
    output: f64,
    cache_write_5m: f64,
    cache_write_1h: f64,
    cache_read: f64,
    #[serde(default)]
    effective_from: Option<CalendarDate>,
    #[serde(default)]
    effective_to: Option<CalendarDate>,
}

impl Catalog {
    /// Parses and checks a catalogue file. Its models are prompted with text, so they find whatever a recipe names.
    pub fn parse(text: &str) -> Result<Self, CatalogError> {
        let file: CatalogFile = toml_edit::de::from_str(text)?;
        let mut ids = HashSet::new();
        let mut models = Vec::new();
        for entry in &file.models {
            let fails = |problem: &str| CatalogError::Model { model: entry.id.clone(), problem: problem.to_owned() };
            if !ids.insert(entry.id.clone()) {
                return Err(fails("is listed twice"));
            }
            models.push(Arc::new(entry.spec(&file).map_err(|problem| fails(&problem))?));
        }
        let missing = file.models.iter().find_map(|model| {
            let successor = model.successor.as_ref().filter(|successor| !ids.contains(*successor))?;
            Some((model.id.clone(), format!("has an unknown successor: {successor}")))
        });
        if let Some((model, problem)) = missing {
            return Err(CatalogError::Model { model, problem });
        }
        if !ids.contains(&file.default_model) {
            return Err(CatalogError::NoDefault(file.default_model));
        }
        Ok(Self { prices_as_of: Some(file.prices_as_of), default_model: file.default_model, models })
    }

    /// An empty catalogue, for a file that cannot be parsed, which a test rules out.
    #[must_use]
    pub fn empty() -> Self {
        Self { prices_as_of: None, default_model: String::new(), models: Vec::new() }
    }

    /// The catalogue without legacy models and those that retire.
    #[must_use]
    pub fn current(&self) -> Self {
        let is_current = |model: &&Arc<ModelSpec>| !model.is_legacy && model.retires.is_none();
        Self { models: self.models.iter().filter(is_current).cloned().collect(), ..self.clone() }
    }

    /// The same models at another vendor's servers called `place`: ids with `prefix`, prices in percent, no batches.
    #[must_use]
    pub fn elsewhere(&self, prefix: &str, place: &str, price_percent: u16) -> Self {
        let there = |model: &Arc<ModelSpec>| {
            let priced =
                |price: Price| Price { rates: price.rates.at_percent(price_percent), batch_percent: 100, ..price };
            let period = |period: &PricePeriod| PricePeriod { price: priced(period.price), ..*period };
            Arc::new(ModelSpec {
                id: format!("{prefix}{}", model.id),
                name: format!("{} ({place})", model.name),
                price: priced(model.price),
                price_periods: model.price_periods.iter().map(period).collect(),
                successor: model.successor.as_ref().map(|successor| format!("{prefix}{successor}")),
                ..ModelSpec::clone(model)
            })
        };
        Self {
            prices_as_of: self.prices_as_of,
            default_model: format!("{prefix}{}", self.default_model),
            models: self.models.iter().map(there).collect(),
        }
    }

    /// The model with exactly this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Arc<ModelSpec>> {
        self.models.iter().find(|model| model.id == id)
    }
}

impl ModelEntry {
    fn spec(&self, file: &CatalogFile) -> Result<ModelSpec, String> {
        let image_rule = *file.image_rules.get(&self.image_rule).ok_or("has an unknown image rule")?;
        let price_periods = self.price_periods(file.batch_percent)?;
        let first = price_periods.first().ok_or("has no price")?.price;
        if [self.context_tokens, self.max_output_tokens, self.bytes_per_token].contains(&0) {
            return Err("has a limit of 0".to_owned());
        }
        Ok(ModelSpec {
            id: self.id.clone(),
            name: self.name.clone(),
            vocabulary: Vocabulary::Open,
            shapes: ShapeKind::ALL.to_vec(),
            fills_attributes: true,
            takes_examples: true,
            optional_attributes_limit: file.optional_attributes_limit,
            image_rule,
            sent_edge: None,
            is_image_rule_published: self.is_image_rule_published,
            coordinates: self.coordinates,
            price: first,
            context_tokens: self.context_tokens,
            max_output_tokens: self.max_output_tokens,
            min_cacheable_tokens: self.min_cacheable_tokens,
            bytes_per_token: self.bytes_per_token,
            reasoning: self.reasoning,
            can_force_tool: self.can_force_tool,
            takes_effort: self.takes_effort,
            answer_form: None,
            is_legacy: self.is_legacy,
            retires: self.retires,
            successor: self.successor.clone(),
            price_periods: if self.prices.is_empty() { Vec::new() } else { price_periods },
        })
    }

    /// The prices by date, which do not overlap.
    fn price_periods(&self, batch_percent: u16) -> Result<Vec<PricePeriod>, String> {
        let rate = |dollars: f64| {
            Rates::from_dollars_per_million(dollars).ok_or_else(|| format!("has an unusable price: {dollars}"))
        };
        let period = |entry: &PriceEntry| {
            let rates = Rates {
                input: rate(entry.input)?,
                output: rate(entry.output)?,
                cache_write_5m: rate(entry.cache_write_5m)?,
                cache_write_1h: rate(entry.cache_write_1h)?,
                cache_read: rate(entry.cache_read)?,
            };
            let price = Price { rates, is_known: true, cliff: self.price_cliff, batch_percent };
            let PriceEntry { effective_from, effective_to, .. } = *entry;
            Ok::<_, String>(PricePeriod { effective_from, effective_to, price })
        };
        let periods = self.price.iter().chain(&self.prices).map(period).collect::<Result<Vec<_>, _>>()?;
        let overlaps = |(place, one): (usize, &PricePeriod)| periods[..place].iter().any(|other| one.overlaps(other));
        if periods.iter().enumerate().any(overlaps) {
            return Err("has two prices for one day".to_owned());
        }
        Ok(periods)
    }
}

#[cfg(test)]
mod tests;
