//! The models of chat completions: prices, limits, and how they see an image. This table is the simulator's own, written
//! from the vendor's published pages as of 2026-11-23, so that a mistake in the table of the code under test shows up
//! as a difference. What those pages leave open (context and longest answer of the newest models) is assumed.

use crate::frame::Units;
use crate::models::{MODERN, ServedModel, ThinkingHabit, TokenRates, rates};
use crate::picture::Size;
use crate::protocol::Protocol;

/// How an image is resized, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageCost {
    /// Patches of 32 pixels at `detail: high`: at most `patches` of them, each `percent` hundredths of a token.
    Patches { patches: u32, percent: u32 },
    /// Tiles of 512 pixels at `detail: high`, and the base that is all of `detail: low`.
    Tiles { base: u32, tile: u32 },
    /// Sides are rounded to multiples of 28 pixels, as some open models do.
    Multiples,
    /// Any size, at a fixed cost.
    Fixed { tokens: u32 },
}

/// A model of chat completions.
#[derive(Debug)]
pub(crate) struct ChatModel {
    pub(crate) served: ServedModel,
    pub(crate) image: ImageCost,
    /// The units in which it was trained to give boxes.
    pub(crate) units: Units,
}

/// Prompts are cached without being asked to; a write costs what input costs.
const fn chat_rates(input: u64, output: u64, read: u64) -> TokenRates {
    rates(input, output, input, input, read)
}

const REASONING: ServedModel = ServedModel {
    context_tokens: 400_000,
    max_output_tokens: 128_000,
    min_cacheable_tokens: 1024,
    thinking: ThinkingHabit::UnlessDisabled,
    efforts: &["none", "low", "medium", "high", "xhigh"],
    has_newer_tokenizer: false,
    ..MODERN
};
const PLAIN: ServedModel = ServedModel {
    context_tokens: 1_000_000,
    max_output_tokens: 32_768,
    accepts_sampling: true,
    thinking: ThinkingHabit::WhenAsked,
    efforts: &[],
    ..REASONING
};
const OMNI: ServedModel = ServedModel { context_tokens: 128_000, max_output_tokens: 16_384, ..PLAIN };

const SIX: ImageCost = ImageCost::Patches { patches: 2500, percent: 120 };
const MINI: ImageCost = ImageCost::Patches { patches: 1536, percent: 162 };
const TILES: ImageCost = ImageCost::Tiles { base: 85, tile: 170 };
const DEAR_TILES: ImageCost = ImageCost::Tiles { base: 2833, tile: 5667 };

const fn model(id: &'static str, base: ServedModel, rates: TokenRates, image: ImageCost) -> ChatModel {
    ChatModel { served: ServedModel { id, display_name: id, rates, ..base }, image, units: Units::Pixels }
}

static MODELS: [ChatModel; 10] = [
    model("gpt-6-luna", REASONING, chat_rates(1_000, 5_000, 100), SIX),
    model("gpt-6.1-terra", REASONING, chat_rates(10_000, 50_000, 500), SIX),
    model("gpt-6.1-sol", REASONING, chat_rates(20_000, 100_000, 1_000), SIX),
    model("gpt-5.6-luna", REASONING, chat_rates(2_000, 12_000, 2_000), SIX),
    model("gpt-5.6-terra", REASONING, chat_rates(20_000, 120_000, 20_000), SIX),
    model("gpt-5.4-mini", REASONING, chat_rates(7_500, 45_000, 7_500), MINI),
    model("gpt-4.1", PLAIN, chat_rates(20_000, 80_000, 20_000), TILES),
    model("gpt-4.1-mini", PLAIN, chat_rates(4_000, 16_000, 4_000), TILES),
    model("gpt-4o", OMNI, chat_rates(25_000, 100_000, 25_000), TILES),
    model("gpt-4o-mini", OMNI, chat_rates(1_500, 6_000, 1_500), DEAR_TILES),
];

const fn open(id: &'static str, image: ImageCost, units: Units) -> ChatModel {
    ChatModel { units, ..model(id, OMNI, chat_rates(0, 0, 0), image) }
}

/// Open models, as other servers serve them.
static OPEN_MODELS: [ChatModel; 6] = [
    open("qwen3-vl:8b", ImageCost::Fixed { tokens: 1_000 }, Units::Thousandths { is_y_first: false }),
    open("pixtral:12b", ImageCost::Fixed { tokens: 1_000 }, Units::Pixels),
    open("qwen2.5vl:7b", ImageCost::Multiples, Units::Pixels),
    open("gemma3:12b", ImageCost::Fixed { tokens: 256 }, Units::Thousandths { is_y_first: true }),
    open("llama3.2-vision:11b", ImageCost::Fixed { tokens: 1_601 }, Units::Fractions { is_extent: false }),
    open("molmo:7b", ImageCost::Fixed { tokens: 1_000 }, Units::Fractions { is_extent: true }),
];

/// The models of a server with this interface.
pub(crate) fn of(protocol: Protocol) -> &'static [ChatModel] {
    if protocol.lenience().is_some() { &OPEN_MODELS } else { &MODELS }
}

/// The model of this id, with a server's prefix.
pub(crate) fn find(protocol: Protocol, name: &str, prefix: &str) -> Option<&'static ChatModel> {
    let name = name.strip_prefix(prefix)?;
    of(protocol).iter().find(|model| model.served.id == name)
}

/// The longest side of an image that is not shrunk.
const LONGEST_SIDE: f64 = 2048.0;
const PATCH: f64 = 32.0;

impl ImageCost {
    /// The size in which the model sees an image at `detail: high`.
    pub(crate) fn seen(self, sent: Size) -> Size {
        let (width, height) = (f64::from(sent.width), f64::from(sent.height));
        match self {
            Self::Fixed { .. } => sent,
            Self::Multiples => Size { width: to_multiple(sent.width), height: to_multiple(sent.height) },
            Self::Tiles { .. } => {
                let fitted = (LONGEST_SIDE / width.max(height)).min(1.0);
                scaled(sent, fitted * (768.0 / (fitted * width.min(height))).min(1.0))
            }
            Self::Patches { patches, .. } => {
                let fitted = (LONGEST_SIDE / width.max(height)).min(1.0);
                let size = scaled(sent, fitted);
                if patch_count(size) <= patches {
                    return size;
                }
                // As published: shrink to the area of the patches, then so far that they are whole along one side.
                let area = (PATCH * PATCH * f64::from(patches) / (width * height)).sqrt();
                let whole = |side: f64| (side * area / PATCH).floor() / (side * area / PATCH);
                scaled(sent, area * whole(width).min(whole(height)))
            }
        }
    }

    /// Tokens of an image that the model sees in this size.
    pub(crate) fn tokens(self, seen: Size, is_low: bool) -> u64 {
        match self {
            Self::Fixed { tokens } => tokens.into(),
            Self::Multiples => u64::from(seen.width / 28) * u64::from(seen.height / 28),
            Self::Tiles { base, .. } if is_low => base.into(),
            Self::Tiles { base, tile } => {
                u64::from(base) + u64::from(tile * seen.width.div_ceil(512) * seen.height.div_ceil(512))
            }
            Self::Patches { percent, .. } => u64::from(patch_count(seen) * percent).div_ceil(100),
        }
    }
}

fn patch_count(size: Size) -> u32 {
    size.width.div_ceil(32) * size.height.div_ceil(32)
}

fn to_multiple(side: u32) -> u32 {
    ((side + 14) / 28).max(1) * 28
}

fn scaled(size: Size, factor: f64) -> Size {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "no longer than the side itself")]
    let shrunk = |side: u32| ((f64::from(side) * factor).round() as u32).max(1);
    Size { width: shrunk(size.width), height: shrunk(size.height) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_cost_what_is_published() {
        let cost = |image: ImageCost, (width, height)| {
            let seen = image.seen(Size { width, height });
            (seen.width, seen.height, image.tokens(seen, false))
        };
        assert_eq!(cost(TILES, (1024, 1024)), (768, 768, 765));
        assert_eq!(cost(TILES, (2048, 4096)), (768, 1536, 1105));
        assert_eq!(cost(TILES, (500, 400)), (500, 400, 255));
        assert_eq!(cost(SIX, (1024, 1024)), (1024, 1024, 1229));
        assert_eq!(cost(MINI, (1800, 2400)), (1056, 1408, 2353));
        assert_eq!(TILES.tokens(Size { width: 768, height: 768 }, true), 85);
        for (width, height) in [(4032, 3024), (3024, 4032), (8000, 500), (2000, 2000)] {
            for (image, most) in [(SIX, 2500), (MINI, 1536)] {
                let seen = image.seen(Size { width, height });
                assert!(patch_count(seen) <= most && seen.width.max(seen.height) <= 2048, "{width}x{height}: {seen:?}");
            }
        }
    }
}
