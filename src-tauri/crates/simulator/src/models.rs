//! The models: what each accepts, its prices and the largest image it sees. This table is the simulator's own, written
//! from the vendor's published pages as of 2026-11-23, so that a mistake in the table of the code under test shows up
//! as a difference.

use serde_json::{Value, json};

/// A rate in pico-dollars (10^-12 USD) per token: a dollar per million tokens is a million pico-dollars per token.
pub(crate) type PicoDollarsPerToken = u64;

const fn dollars_per_million(hundredths_of_a_cent: u64) -> PicoDollarsPerToken {
    hundredths_of_a_cent * 100
}

/// The price of a token, by use. The literals are in hundredths of a cent per million tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenRates {
    pub(crate) input: PicoDollarsPerToken,
    pub(crate) output: PicoDollarsPerToken,
    pub(crate) cache_write_5m: PicoDollarsPerToken,
    pub(crate) cache_write_1h: PicoDollarsPerToken,
    pub(crate) cache_read: PicoDollarsPerToken,
}

pub(crate) const fn rates(input: u64, output: u64, short_write: u64, long_write: u64, read: u64) -> TokenRates {
    TokenRates {
        input: dollars_per_million(input),
        output: dollars_per_million(output),
        cache_write_5m: dollars_per_million(short_write),
        cache_write_1h: dollars_per_million(long_write),
        cache_read: dollars_per_million(read),
    }
}

/// Above this many prompt tokens, every token of the request costs `factor` times its rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LongPromptSurcharge {
    pub(crate) prompt_tokens: u64,
    pub(crate) factor: u64,
}

/// The largest image that a model sees unscaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ImageTier {
    pub(crate) longest_edge_pixels: u32,
    pub(crate) tokens: u32,
}

/// Models up to 4.6, and Haiku 4.5.
pub(crate) const STANDARD: ImageTier = ImageTier { longest_edge_pixels: 1568, tokens: 1568 };
/// Models from 4.7 on.
pub(crate) const HIGH: ImageTier = ImageTier { longest_edge_pixels: 2576, tokens: 4784 };

/// Whether a model thinks when the request does not specify it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ThinkingHabit {
    /// Off unless requested.
    WhenAsked,
    /// On unless switched off.
    UnlessDisabled,
    /// On, and `disabled` is refused.
    Always,
}

/// A model of the catalogue.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "one a capability, as the catalogue lists them")]
pub(crate) struct ServedModel {
    pub(crate) id: &'static str,
    /// An undated alias of the dated id.
    pub(crate) alias: Option<&'static str>,
    pub(crate) display_name: &'static str,
    pub(crate) created_at: &'static str,
    /// RFC 3339. A model with a date is listed as deprecated and still answers.
    pub(crate) retires_at: Option<&'static str>,
    pub(crate) rates: TokenRates,
    pub(crate) cliff: Option<LongPromptSurcharge>,
    pub(crate) context_tokens: u64,
    pub(crate) max_output_tokens: u64,
    /// A shorter prefix is silently not cached.
    pub(crate) min_cacheable_tokens: u64,
    pub(crate) image_tier: ImageTier,
    pub(crate) accepts_forced_tool: bool,
    pub(crate) accepts_prefill: bool,
    /// Non-default `temperature`, `top_p` and `top_k` under the versions that still accept them.
    pub(crate) accepts_sampling: bool,
    /// `thinking: {"type": "enabled", "budget_tokens": ...}`.
    pub(crate) accepts_thinking_budget: bool,
    /// `inference_geo`.
    pub(crate) accepts_geography: bool,
    pub(crate) thinking: ThinkingHabit,
    pub(crate) efforts: &'static [&'static str],
    /// The tokenizer of 4.7 and later yields about 30 % more tokens for the same text.
    pub(crate) has_newer_tokenizer: bool,
}

pub(crate) const MODERN: ServedModel = ServedModel {
    id: "",
    alias: None,
    display_name: "",
    created_at: "2026-09-01T00:00:00Z",
    retires_at: None,
    rates: rates(0, 0, 0, 0, 0),
    cliff: None,
    context_tokens: 1_000_000,
    max_output_tokens: 128_000,
    min_cacheable_tokens: 512,
    image_tier: HIGH,
    accepts_forced_tool: false,
    accepts_prefill: false,
    accepts_sampling: false,
    accepts_thinking_budget: false,
    accepts_geography: true,
    thinking: ThinkingHabit::Always,
    efforts: &["low", "medium", "high", "xhigh", "max"],
    has_newer_tokenizer: true,
};

const FOUR_SIX: ServedModel = ServedModel {
    created_at: "2026-02-01T00:00:00Z",
    image_tier: STANDARD,
    accepts_forced_tool: true,
    accepts_sampling: true,
    accepts_thinking_budget: true,
    thinking: ThinkingHabit::WhenAsked,
    efforts: &["low", "medium", "high", "max"],
    has_newer_tokenizer: false,
    ..MODERN
};

const FOUR_FIVE: ServedModel = ServedModel {
    created_at: "2025-10-01T00:00:00Z",
    context_tokens: 200_000,
    max_output_tokens: 64_000,
    accepts_prefill: true,
    accepts_geography: false,
    efforts: &[],
    ..FOUR_SIX
};

const OPUS_4: TokenRates = rates(50_000, 250_000, 62_500, 100_000, 5_000);

static MODELS: [ServedModel; 14] = [
    ServedModel {
        id: "claude-haiku-5-5",
        display_name: "Claude Haiku 5.5",
        rates: rates(1_000, 5_000, 1_250, 2_000, 100),
        cliff: Some(LongPromptSurcharge { prompt_tokens: 100_000, factor: 5 }),
        accepts_forced_tool: true,
        thinking: ThinkingHabit::UnlessDisabled,
        ..MODERN
    },
    ServedModel {
        id: "claude-sonnet-5-5",
        display_name: "Claude Sonnet 5.5",
        rates: rates(20_000, 100_000, 25_000, 40_000, 1_000),
        thinking: ThinkingHabit::UnlessDisabled,
        ..MODERN
    },
    ServedModel {
        id: "claude-opus-5-5",
        display_name: "Claude Opus 5.5",
        rates: rates(40_000, 200_000, 50_000, 80_000, 2_000),
        ..MODERN
    },
    ServedModel {
        id: "claude-fable-5-2",
        display_name: "Claude Fable 5.2",
        rates: rates(80_000, 400_000, 100_000, 160_000, 2_000),
        ..MODERN
    },
    ServedModel {
        id: "claude-fable-5-1",
        display_name: "Claude Fable 5.1",
        rates: rates(100_000, 500_000, 125_000, 200_000, 2_500),
        ..MODERN
    },
    ServedModel {
        id: "claude-opus-5",
        display_name: "Claude Opus 5",
        rates: OPUS_4,
        accepts_forced_tool: true,
        thinking: ThinkingHabit::WhenAsked,
        ..MODERN
    },
    ServedModel {
        id: "claude-sonnet-5",
        display_name: "Claude Sonnet 5",
        rates: rates(20_000, 100_000, 25_000, 40_000, 2_000),
        min_cacheable_tokens: 1024,
        accepts_forced_tool: true,
        thinking: ThinkingHabit::WhenAsked,
        ..MODERN
    },
    ServedModel {
        id: "claude-opus-4-8",
        display_name: "Claude Opus 4.8",
        rates: OPUS_4,
        min_cacheable_tokens: 1024,
        accepts_forced_tool: true,
        thinking: ThinkingHabit::WhenAsked,
        ..MODERN
    },
    ServedModel {
        id: "claude-opus-4-7",
        display_name: "Claude Opus 4.7",
        rates: OPUS_4,
        min_cacheable_tokens: 2048,
        accepts_forced_tool: true,
        thinking: ThinkingHabit::WhenAsked,
        ..MODERN
    },
    ServedModel {
        id: "claude-opus-4-6",
        display_name: "Claude Opus 4.6",
        rates: OPUS_4,
        min_cacheable_tokens: 4096,
        ..FOUR_SIX
    },
    ServedModel {
        id: "claude-sonnet-4-6",
        display_name: "Claude Sonnet 4.6",
        rates: rates(30_000, 150_000, 37_500, 60_000, 3_000),
        min_cacheable_tokens: 1024,
        ..FOUR_SIX
    },
    ServedModel {
        id: "claude-opus-4-5-20251101",
        alias: Some("claude-opus-4-5"),
        display_name: "Claude Opus 4.5",
        rates: OPUS_4,
        min_cacheable_tokens: 4096,
        efforts: &["low", "medium", "high"],
        ..FOUR_FIVE
    },
    ServedModel {
        id: "claude-sonnet-4-5-20250929",
        alias: Some("claude-sonnet-4-5"),
        display_name: "Claude Sonnet 4.5",
        retires_at: Some("2026-11-30T00:00:00Z"),
        rates: rates(30_000, 150_000, 37_500, 60_000, 3_000),
        min_cacheable_tokens: 1024,
        ..FOUR_FIVE
    },
    ServedModel {
        id: "claude-haiku-4-5-20251001",
        alias: Some("claude-haiku-4-5"),
        display_name: "Claude Haiku 4.5",
        rates: rates(10_000, 50_000, 12_500, 20_000, 1_000),
        min_cacheable_tokens: 4096,
        ..FOUR_FIVE
    },
];

/// The model of this id or alias, with a region's prefix.
pub(crate) fn find(name: &str, prefix: &str) -> Option<&'static ServedModel> {
    let name = name.strip_prefix(prefix)?;
    MODELS.iter().find(|model| model.id == name || model.alias == Some(name))
}

/// The catalogue in its order, as `GET /v1/models` lists it.
pub(crate) fn listed(prefix: &str) -> Vec<Value> {
    MODELS.iter().map(|model| model.described(prefix)).collect()
}

impl ServedModel {
    /// The model as the catalogue of a region shows it.
    pub(crate) fn described(&self, prefix: &str) -> Value {
        let supported = |is_supported: bool| json!({"supported": is_supported});
        let effort = |level: &str| supported(self.efforts.contains(&level));
        let lifecycle = if self.retires_at.is_some() { "deprecated" } else { "active" };
        json!({
            "type": "model",
            "id": format!("{prefix}{}", self.id),
            "display_name": self.display_name,
            "created_at": self.created_at,
            "lifecycle": lifecycle,
            "deprecated_at": null,
            "retires_at": self.retires_at,
            "max_input_tokens": self.context_tokens,
            "max_tokens": self.max_output_tokens,
            "capabilities": {
                "batch": supported(true),
                "citations": supported(false),
                "code_execution": supported(false),
                "context_management": supported(false),
                "effort": {
                    "supported": !self.efforts.is_empty(),
                    "low": effort("low"), "medium": effort("medium"), "high": effort("high"),
                    "xhigh": effort("xhigh"), "max": effort("max"),
                },
                "image_input": supported(true),
                "pdf_input": supported(false),
                "server_tools": {
                    "supported": false, "code_execution": supported(false), "web_search": supported(false),
                },
                "structured_outputs": supported(true),
                "thinking": {
                    "supported": true,
                    "types": {
                        "adaptive": supported(self.efforts.contains(&"max")),
                        "between_tools": supported(false),
                        "disabled": supported(self.thinking != ThinkingHabit::Always),
                        "enabled": supported(self.accepts_thinking_budget),
                    },
                },
            },
        })
    }
}
