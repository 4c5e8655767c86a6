//! The models of Gemini's API: prices, limits, and what an image costs. This table is the simulator's own, written from
//! the vendor's published pages as of 2026-11-23, so that a mistake in the table of the code under test shows up as a
//! difference. What those pages leave open (context, longest answer, cached input) is assumed.

use serde_json::{Value, json};

use crate::error::ErrorResponse;
use crate::models::{MODERN, ServedModel, ThinkingHabit, rates};
use crate::picture::Size;

/// Up to this side, an image of generation 2 is one tile.
const SMALL_SIDE: u32 = 384;
const TILE_SIDE: u32 = 768;
const TILE_TOKENS: u64 = 258;

/// How many tokens an image takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// By its size.
    Two,
    /// By the requested resolution.
    Three,
}

/// The resolution that a request can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolution {
    Low,
    Medium,
    High,
    UltraHigh,
}

impl Resolution {
    /// The resolution of this name; `None` for the default.
    pub(crate) fn named(name: &str) -> Result<Option<Self>, ()> {
        Ok(match name {
            "MEDIA_RESOLUTION_UNSPECIFIED" => None,
            "MEDIA_RESOLUTION_LOW" => Some(Self::Low),
            "MEDIA_RESOLUTION_MEDIUM" => Some(Self::Medium),
            "MEDIA_RESOLUTION_HIGH" => Some(Self::High),
            "MEDIA_RESOLUTION_ULTRA_HIGH" => Some(Self::UltraHigh),
            _ => return Err(()),
        })
    }
}

/// A model of the catalogue.
#[derive(Debug)]
pub(crate) struct GeminiModel {
    pub(crate) served: ServedModel,
    pub(crate) generation: Generation,
}

const fn model(id: &'static str, generation: Generation, input: u64, output: u64) -> GeminiModel {
    let served = ServedModel {
        id,
        display_name: id,
        rates: rates(input, output, input, input, input),
        max_output_tokens: 65_536,
        min_cacheable_tokens: 1024,
        accepts_sampling: true,
        thinking: ThinkingHabit::UnlessDisabled,
        efforts: &[],
        has_newer_tokenizer: false,
        ..MODERN
    };
    GeminiModel { served, generation }
}

static MODELS: [GeminiModel; 7] = [
    model("gemini-2.5-flash", Generation::Two, 3_000, 25_000),
    model("gemini-2.5-flash-lite", Generation::Two, 1_000, 4_000),
    model("gemini-3.1-flash-lite", Generation::Three, 2_500, 15_000),
    model("gemini-3.1-pro-preview", Generation::Three, 20_000, 120_000),
    model("gemini-3.5-flash-lite", Generation::Three, 3_000, 25_000),
    model("gemini-3.8-flash", Generation::Three, 7_500, 37_500),
    model("gemini-4-argon", Generation::Three, 20_000, 100_000),
];

pub(super) fn all() -> &'static [GeminiModel] {
    &MODELS
}

/// The model of this id, with a server's prefix.
pub(super) fn find(name: &str, prefix: &str) -> Option<&'static GeminiModel> {
    let name = name.strip_prefix(prefix)?;
    MODELS.iter().find(|model| model.served.id == name)
}

pub(super) fn unknown(name: &str) -> ErrorResponse {
    ErrorResponse::not_found(format!(
        "models/{name} is not found for API version v1beta, or is not supported for generateContent. Call ListModels \
         to see the list of available models and their supported methods."
    ))
}

impl GeminiModel {
    /// Tokens of an image, by the vendor's rule.
    pub(crate) fn image_tokens(&self, size: Size, resolution: Option<Resolution>) -> u64 {
        if self.generation == Generation::Three {
            return match resolution.unwrap_or(Resolution::High) {
                Resolution::Low => 280,
                Resolution::Medium => 560,
                Resolution::High => 1120,
                Resolution::UltraHigh => 2240,
            };
        }
        if size.width <= SMALL_SIDE && size.height <= SMALL_SIDE {
            return TILE_TOKENS;
        }
        let tiles = |side: u32| u64::from(side.div_ceil(TILE_SIDE));
        tiles(size.width) * tiles(size.height) * TILE_TOKENS
    }

    /// The model as the catalogue shows it.
    pub(super) fn described(&self, prefix: &str) -> Value {
        let served = self.served;
        json!({
            "name": format!("models/{prefix}{}", served.id),
            "version": "001",
            "displayName": served.display_name,
            "description": "Simulated",
            "inputTokenLimit": served.context_tokens,
            "outputTokenLimit": served.max_output_tokens,
            "supportedGenerationMethods": ["generateContent"],
            "temperature": 1,
            "topP": 0.95,
            "topK": 64,
            "maxTemperature": 2,
            "thinking": true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_cost_what_is_published() {
        let cost = |id: &str, (width, height), resolution| {
            find(id, "").unwrap().image_tokens(Size { width, height }, resolution)
        };
        for (name, tokens) in [("LOW", 280), ("MEDIUM", 560), ("HIGH", 1120), ("ULTRA_HIGH", 2240)] {
            let resolution = Resolution::named(&format!("MEDIA_RESOLUTION_{name}")).unwrap();
            assert_eq!(cost("gemini-4-argon", (4000, 3000), resolution), tokens);
        }
        assert_eq!(cost("gemini-3.8-flash", (40, 30), None), 1120);
        for (size, tokens) in [((384, 384), 258), ((385, 20), 258), ((769, 20), 516), ((1536, 1152), 1032)] {
            assert_eq!(cost("gemini-2.5-flash", size, None), tokens, "{size:?}");
        }
        assert_eq!(Resolution::named("MEDIA_RESOLUTION_BEST"), Err(()));
    }
}
