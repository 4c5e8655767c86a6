//! Model catalogues as data: one TOML file per vendor in `catalog/`, read once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::calendar::CalendarDate;
use domain::coordinates::BoxCoordinates;
use domain::model::{Destination, Model, ModelId, Vocabulary};
use domain::recipe::ShapeKind;
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
    /// Whether the vendor marks it as legacy.
    pub is_legacy: bool,
    /// The announced day from which requests are refused.
    pub retires: Option<CalendarDate>,
}

impl ModelSpec {
    /// Whether one request can have used this much: the prompt fits the context and the output the longest answer.
    /// Larger reports are invalid.
    #[must_use]
    pub const fn can_use(&self, usage: &Usage) -> bool {
        usage.prompt_tokens() <= self.context_tokens && usage.output_tokens <= self.max_output_tokens
    }

    /// The model as listed in a plan when images go to `destination`.
    #[must_use]
    pub fn offered_at(&self, destination: Destination) -> Model {
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
    price: PriceEntry,
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

    /// The model with exactly this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Arc<ModelSpec>> {
        self.models.iter().find(|model| model.id == id)
    }
}

impl ModelEntry {
    fn spec(&self, file: &CatalogFile) -> Result<ModelSpec, String> {
        let image_rule = *file.image_rules.get(&self.image_rule).ok_or("has an unknown image rule")?;
        let PriceEntry { input, output, cache_write_5m, cache_write_1h, cache_read } = self.price;
        let rate = |dollars: f64| {
            Rates::from_dollars_per_million(dollars).ok_or_else(|| format!("has an unusable price: {dollars}"))
        };
        let rates = Rates {
            input: rate(input)?,
            output: rate(output)?,
            cache_write_5m: rate(cache_write_5m)?,
            cache_write_1h: rate(cache_write_1h)?,
            cache_read: rate(cache_read)?,
        };
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
            is_image_rule_published: self.is_image_rule_published,
            coordinates: self.coordinates,
            price: Price { rates, is_known: true, cliff: self.price_cliff, batch_percent: file.batch_percent },
            context_tokens: self.context_tokens,
            max_output_tokens: self.max_output_tokens,
            min_cacheable_tokens: self.min_cacheable_tokens,
            bytes_per_token: self.bytes_per_token,
            reasoning: self.reasoning,
            can_force_tool: self.can_force_tool,
            takes_effort: self.takes_effort,
            is_legacy: self.is_legacy,
            retires: self.retires,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        prices_as_of = "2026-11-23"
        default_model = "a"
        batch_percent = 50
        image_rules.small = { kind = "longest_edge", pixels = 100 }
        [[models]]
        id = "a"
        name = "A"
        price = { input = 0.125, output = 1.0, cache_write_5m = 0.0, cache_write_1h = 0.0, cache_read = 0.0 }
        context_tokens = 1
        max_output_tokens = 1
        min_cacheable_tokens = 0
        image_rule = "small"
        bytes_per_token = 4
        reasoning = "off_by_default"
        can_force_tool = true
        takes_effort = false
    "#;

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let catalog = Catalog::parse(FILE).unwrap();
        assert_eq!(catalog.find("a").map(|model| model.price.rates.input), Some(125_000));
        assert_eq!(catalog.find("A"), None);
        let problem = |from: &str, to: &str| Catalog::parse(&FILE.replace(from, to)).unwrap_err().to_string();
        assert_eq!(problem("default_model = \"a\"", "default_model = \"b\""), "the default model b is not listed");
        assert_eq!(problem("\"small\"", "\"large\""), "a: has an unknown image rule");
        assert_eq!(problem("input = 0.125", "input = -1.0"), "a: has an unusable price: -1");
        assert_eq!(problem("input = 0.125", "input = 0.00000012345"), "a: has an unusable price: 0.00000012345");
        assert_eq!(problem("context_tokens = 1", "context_tokens = 0"), "a: has a limit of 0");
        assert!(problem("takes_effort", "takes_efort").contains("unknown field"));
        let twice = format!("{FILE}{}", &FILE[FILE.find("[[models]]").unwrap()..]);
        assert_eq!(Catalog::parse(&twice).unwrap_err().to_string(), "a: is listed twice");
    }
}
