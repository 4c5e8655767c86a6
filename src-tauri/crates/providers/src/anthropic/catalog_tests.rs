//! The Claude models Fieldmark knows: prices, limits, abilities, retirement. A table of data, so that a correction is one
//! line. A model that is not in it has no price here and never borrows another's. Source: Anthropic's model overview,
//! price list and deprecation page as of [`crate::price::PRICES_AS_OF`]; what they leave open is marked so.

use domain::calendar::CalendarDate;
use domain::model::{Model, ModelId, Vocabulary};
use domain::recipe::ShapeKind;
use domain::usage::Usage;

use crate::anthropic::image_size::ImageTier;
use crate::base_url::BaseUrl;
use crate::price::{Cliff, Price, Rates};
use crate::schema::OPTIONAL_LIMIT;

/// The default model.
pub const DEFAULT_MODEL: &str = "claude-sonnet-5-5";

/// Whether a model thinks before it answers when a request says nothing about it. Thinking is paid as output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Thinking {
    /// Only on request.
    OffByDefault,
    /// By default; can be switched off.
    OnByDefault,
    /// Always.
    Always,
}

/// A model as the bundled table has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaudeModel {
    /// As requests name it.
    pub id: &'static str,
    /// As people name it.
    pub name: &'static str,
    pub price: Price,
    /// Prompt and answer together, in tokens.
    pub context_tokens: u64,
    /// The longest answer, thinking included, in tokens.
    pub max_output_tokens: u64,
    /// Shorter prompt prefixes are silently not cached, in tokens.
    pub min_cacheable_tokens: u64,
    pub image_tier: ImageTier,
    pub thinking: Thinking,
    /// Whether `tool_choice` may force a tool. Where it may not, forcing is refused with status 400.
    pub can_force_tool: bool,
    /// Whether `output_config.effort` is known to be taken. Unconfirmed for the 4.5 generation, where it is left out.
    pub takes_effort: bool,
    /// Whether the vendor annotations it as legacy.
    pub is_legacy: bool,
    /// The announced day from which requests are refused.
    pub retires: Option<CalendarDate>,
}

impl ClaudeModel {
    /// Whether one request can have consumed this: no prompt is longer than the context, no answer longer than the longest
    /// that the model gives. What a server reports beyond that is no count.
    #[must_use]
    pub const fn can_use(&self, usage: &Usage) -> bool {
        usage.prompt_tokens() <= self.context_tokens && usage.output_tokens <= self.max_output_tokens
    }

    /// The model as a plan offers it when its pixels go to `server`.
    #[must_use]
    pub fn offered_by(&self, server: &BaseUrl) -> Model {
        Model {
            id: ModelId(self.id.to_owned()),
            name: self.name.to_owned(),
            destination: server.destination(),
            vocabulary: Vocabulary::Open,
            shapes: vec![ShapeKind::Box],
            fills_attributes: true,
            takes_examples: true,
            optional_attributes_limit: Some(OPTIONAL_LIMIT),
            retires: self.retires,
        }
    }
}

/// What the current generation has in common; the table says where a model differs.
const CURRENT: ClaudeModel = ClaudeModel {
    id: "",
    name: "",
    price: price(0, 0, 0, 0, 0),
    context_tokens: 1_000_000,
    max_output_tokens: 128_000,
    min_cacheable_tokens: 512,
    image_tier: ImageTier::High,
    thinking: Thinking::Always,
    can_force_tool: false,
    takes_effort: true,
    is_legacy: false,
    retires: None,
};

/// What the models up to generation 5 have in common. That they think only when asked is what the vendor's pages imply.
const EARLIER: ClaudeModel = ClaudeModel { thinking: Thinking::OffByDefault, can_force_tool: true, ..CURRENT };

/// What the 4.5 generation has in common.
const GENERATION_4_5: ClaudeModel = ClaudeModel {
    context_tokens: 200_000,
    max_output_tokens: 64_000,
    image_tier: ImageTier::Standard,
    takes_effort: false,
    ..EARLIER
};

/// Thousandths of a dollar per million tokens: input, output, cache write for 5 minutes and for an hour, cache read.
const fn price(input: u64, output: u64, short_write: u64, long_write: u64, read: u64) -> Price {
    Price {
        rates: Rates::from_millidollars_per_million(input, output, short_write, long_write, read),
        cliff: None,
        batch_percent: 50,
    }
}

static MODELS: [ClaudeModel; 14] = [
    ClaudeModel {
        id: DEFAULT_MODEL,
        name: "Claude Sonnet 5.5",
        price: price(2_000, 10_000, 2_500, 4_000, 100),
        thinking: Thinking::OnByDefault,
        ..CURRENT
    },
    ClaudeModel {
        id: "claude-haiku-5-5",
        name: "Claude Haiku 5.5",
        price: Price { cliff: Some(Cliff { prompt_tokens: 100_000, factor: 5 }), ..price(100, 500, 125, 200, 10) },
        // The high tier is what its generation has; the vendor's pages disagree.
        thinking: Thinking::OnByDefault,
        can_force_tool: true,
        ..CURRENT
    },
    ClaudeModel {
        id: "claude-opus-5-5",
        name: "Claude Opus 5.5",
        price: price(4_000, 20_000, 5_000, 8_000, 200),
        ..CURRENT
    },
    // Its least cacheable prompt is taken from its generation: unconfirmed.
    ClaudeModel {
        id: "claude-fable-5-2",
        name: "Claude Fable 5.2",
        price: price(8_000, 40_000, 10_000, 16_000, 200),
        ..CURRENT
    },
    ClaudeModel {
        id: "claude-fable-5-1",
        name: "Claude Fable 5.1",
        price: price(10_000, 50_000, 12_500, 20_000, 250),
        ..CURRENT
    },
    ClaudeModel {
        id: "claude-opus-5",
        name: "Claude Opus 5",
        price: price(5_000, 25_000, 6_250, 10_000, 500),
        is_legacy: true,
        ..EARLIER
    },
    ClaudeModel {
        id: "claude-sonnet-5",
        name: "Claude Sonnet 5",
        price: price(2_000, 10_000, 2_500, 4_000, 200),
        min_cacheable_tokens: 1_024,
        ..EARLIER
    },
    ClaudeModel {
        id: "claude-opus-4-8",
        name: "Claude Opus 4.8",
        price: price(5_000, 25_000, 6_250, 10_000, 500),
        min_cacheable_tokens: 1_024,
        ..EARLIER
    },
    ClaudeModel {
        id: "claude-opus-4-7",
        name: "Claude Opus 4.7",
        price: price(5_000, 25_000, 6_250, 10_000, 500),
        min_cacheable_tokens: 2_048,
        ..EARLIER
    },
    ClaudeModel {
        id: "claude-opus-4-6",
        name: "Claude Opus 4.6",
        price: price(5_000, 25_000, 6_250, 10_000, 500),
        min_cacheable_tokens: 4_096,
        image_tier: ImageTier::Standard,
        ..EARLIER
    },
    ClaudeModel {
        id: "claude-sonnet-4-6",
        name: "Claude Sonnet 4.6",
        price: price(3_000, 15_000, 3_750, 6_000, 300),
        min_cacheable_tokens: 1_024,
        image_tier: ImageTier::Standard,
        ..EARLIER
    },
    ClaudeModel {
        id: "claude-opus-4-5-20251101",
        name: "Claude Opus 4.5",
        price: price(5_000, 25_000, 6_250, 10_000, 500),
        min_cacheable_tokens: 4_096,
        ..GENERATION_4_5
    },
    ClaudeModel {
        id: "claude-sonnet-4-5-20250929",
        name: "Claude Sonnet 4.5",
        price: price(3_000, 15_000, 3_750, 6_000, 300),
        min_cacheable_tokens: 1_024,
        retires: Some(CalendarDate::new(2026, 11, 30)),
        ..GENERATION_4_5
    },
    ClaudeModel {
        id: "claude-haiku-4-5-20251001",
        name: "Claude Haiku 4.5",
        price: price(1_000, 5_000, 1_250, 2_000, 100),
        min_cacheable_tokens: 4_096,
        ..GENERATION_4_5
    },
];

/// Every known model, the default first.
#[must_use]
pub fn all() -> &'static [ClaudeModel] {
    &MODELS
}

/// The model with exactly this id. Regional ids (`anthropic.claude-...`) are other products at other prices.
#[must_use]
pub fn find(id: &str) -> Option<&'static ClaudeModel> {
    MODELS.iter().find(|model| model.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_vendor_s() {
        let rows: Vec<String> = all()
            .iter()
            .map(|model| {
                let Rates { input, output, cache_write_5m, cache_write_1h, cache_read } = model.price.rates;
                format!(
                    "{} | {input} {output} {cache_write_5m} {cache_write_1h} {cache_read} | {} {} {} | {:?} | {:?} | \
                     force {} effort {} | retires {:?}",
                    model.id,
                    model.context_tokens,
                    model.max_output_tokens,
                    model.min_cacheable_tokens,
                    model.image_tier,
                    model.thinking,
                    model.can_force_tool,
                    model.takes_effort,
                    model.retires.map(|date| date.to_string()),
                )
            })
            .collect();
        insta::assert_snapshot!(rows.join("\n"), @r#"
        claude-sonnet-5-5 | 2000000 10000000 2500000 4000000 100000 | 1000000 128000 512 | High | OnByDefault | force false effort true | retires None
        claude-haiku-5-5 | 100000 500000 125000 200000 10000 | 1000000 128000 512 | High | OnByDefault | force true effort true | retires None
        claude-opus-5-5 | 4000000 20000000 5000000 8000000 200000 | 1000000 128000 512 | High | Always | force false effort true | retires None
        claude-fable-5-2 | 8000000 40000000 10000000 16000000 200000 | 1000000 128000 512 | High | Always | force false effort true | retires None
        claude-fable-5-1 | 10000000 50000000 12500000 20000000 250000 | 1000000 128000 512 | High | Always | force false effort true | retires None
        claude-opus-5 | 5000000 25000000 6250000 10000000 500000 | 1000000 128000 512 | High | OffByDefault | force true effort true | retires None
        claude-sonnet-5 | 2000000 10000000 2500000 4000000 200000 | 1000000 128000 1024 | High | OffByDefault | force true effort true | retires None
        claude-opus-4-8 | 5000000 25000000 6250000 10000000 500000 | 1000000 128000 1024 | High | OffByDefault | force true effort true | retires None
        claude-opus-4-7 | 5000000 25000000 6250000 10000000 500000 | 1000000 128000 2048 | High | OffByDefault | force true effort true | retires None
        claude-opus-4-6 | 5000000 25000000 6250000 10000000 500000 | 1000000 128000 4096 | Standard | OffByDefault | force true effort true | retires None
        claude-sonnet-4-6 | 3000000 15000000 3750000 6000000 300000 | 1000000 128000 1024 | Standard | OffByDefault | force true effort true | retires None
        claude-opus-4-5-20251101 | 5000000 25000000 6250000 10000000 500000 | 200000 64000 4096 | Standard | OffByDefault | force true effort false | retires None
        claude-sonnet-4-5-20250929 | 3000000 15000000 3750000 6000000 300000 | 200000 64000 1024 | Standard | OffByDefault | force true effort false | retires Some("2026-11-30")
        claude-haiku-4-5-20251001 | 1000000 5000000 1250000 2000000 100000 | 200000 64000 4096 | Standard | OffByDefault | force true effort false | retires None
        "#);
    }

    #[test]
    fn rates_keep_the_vendor_s_proportions() {
        for model in all() {
            let rates = model.price.rates;
            assert_eq!(rates.cache_write_5m * 4, rates.input * 5, "{}", model.id);
            assert_eq!(rates.cache_write_1h, rates.input * 2, "{}", model.id);
            assert_eq!(rates.output, rates.input * 5, "{}", model.id);
            assert!(rates.cache_read * 10 <= rates.input, "{}", model.id);
            assert_eq!(model.price.batch_percent, 50);
        }
    }

    #[test]
    fn the_default_is_there_to_stay() {
        let default = find(DEFAULT_MODEL).unwrap();
        assert_eq!((default.retires, default.is_legacy), (None, false));
        let retiring = find("claude-sonnet-4-5-20250929").unwrap();
        assert_eq!(retiring.retires, Some(CalendarDate::new(2026, 11, 30)));
    }

    #[test]
    fn every_model_does_what_recipes_ask() {
        let server = BaseUrl::parse(crate::base_url::ANTHROPIC).unwrap();
        for model in all() {
            let offered = model.offered_by(&server);
            assert!(domain::recipe::builtin::all().iter().all(|recipe| offered.can_run(recipe)), "{}", model.id);
        }
    }

    #[test]
    fn no_model_takes_the_price_of_another() {
        assert_eq!(find("claude-sonnet-6"), None);
        assert_eq!(find("anthropic.claude-haiku-5-5"), None);
    }
}
