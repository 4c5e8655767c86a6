//! The usage of a request and its price. Image tokens follow the vendor's rule exactly; text tokens are an estimate,
//! four bytes of UTF-8 a token (and 30 % more on the newer tokenizer), because the vendor publishes no tokenizer.

use serde::Serialize;
use serde_json::{Value, json};

use crate::cache::Split;
use crate::models::ServedModel;

/// Tokens of a text: `ceil(bytes / 4)`, or `ceil(bytes * 1.3 / 4)` on the newer tokenizer.
pub(crate) fn text_tokens(text: &str, model: &ServedModel) -> u64 {
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if model.has_newer_tokenizer { (bytes * 13).div_ceil(40) } else { bytes.div_ceil(4) }
}

/// The bytes of text that this many tokens can hold.
pub(crate) fn text_bytes(tokens: u64, model: &ServedModel) -> usize {
    let bytes = if model.has_newer_tokenizer { tokens * 40 / 13 } else { tokens * 4 };
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Whether the request is live or in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    Standard,
    /// Half the price.
    Batch,
}

/// What a price depends on besides the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PriceTerms {
    pub(crate) tier: Tier,
    /// `inference_geo`: a tenth more.
    pub(crate) is_confined_to_us: bool,
    /// The price in the region, in hundredths of the list price.
    pub(crate) percent: u32,
}

/// The counters of an answer, by the vendor's names. All are tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct TokenUsage {
    /// Neither written to nor read from the cache.
    pub input_tokens: u64,
    /// Everything generated, thinking included.
    pub output_tokens: u64,
    /// Written to the cache for five minutes.
    pub cache_write_5m_tokens: u64,
    /// Written to the cache for an hour.
    pub cache_write_1h_tokens: u64,
    /// Read from the cache.
    pub cache_read_tokens: u64,
    /// The part of `output_tokens` spent on thinking.
    pub thinking_tokens: u64,
}

impl TokenUsage {
    pub(crate) fn of_prompt(split: Split) -> Self {
        Self {
            input_tokens: split.uncached,
            cache_write_5m_tokens: split.written_5m,
            cache_write_1h_tokens: split.written_1h,
            cache_read_tokens: split.read,
            ..Self::default()
        }
    }

    /// Tokens that count towards the limit of input tokens per minute: those read from the cache do not.
    pub(crate) fn limited_input_tokens(&self) -> u64 {
        self.input_tokens + self.cache_write_5m_tokens + self.cache_write_1h_tokens
    }

    /// Tokens of the whole prompt.
    #[must_use]
    pub fn prompt_tokens(&self) -> u64 {
        self.limited_input_tokens() + self.cache_read_tokens
    }

    /// The price of these tokens in pico-dollars (10^-12 USD), rounded up.
    pub(crate) fn pico_dollars(&self, model: &ServedModel, price: PriceTerms) -> u64 {
        let rates = model.rates;
        let plain = self.input_tokens * rates.input
            + self.output_tokens * rates.output
            + self.cache_write_5m_tokens * rates.cache_write_5m
            + self.cache_write_1h_tokens * rates.cache_write_1h
            + self.cache_read_tokens * rates.cache_read;
        let factor =
            model.cliff.filter(|cliff| self.prompt_tokens() > cliff.prompt_tokens).map_or(1, |cliff| cliff.factor);
        let tenths = if price.is_confined_to_us { 11 } else { 10 };
        let share = if price.tier == Tier::Batch { 2 } else { 1 };
        let scaled = u128::from(plain) * u128::from(factor) * tenths * u128::from(price.percent);
        u64::try_from(scaled.div_ceil(10 * 100 * share)).unwrap_or(u64::MAX)
    }

    /// The object in the body of an answer.
    pub(crate) fn described(&self, price: PriceTerms) -> Value {
        json!({
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cache_creation_input_tokens": self.cache_write_5m_tokens + self.cache_write_1h_tokens,
            "cache_read_input_tokens": self.cache_read_tokens,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.cache_write_5m_tokens,
                "ephemeral_1h_input_tokens": self.cache_write_1h_tokens,
            },
            "output_tokens_details": {"thinking_tokens": self.thinking_tokens},
            "service_tier": match price.tier { Tier::Standard => "standard", Tier::Batch => "batch" },
            "inference_geo": if price.is_confined_to_us { "us" } else { "global" },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::find;

    #[test]
    fn tokens_cost_what_the_price_list_says() {
        let million = TokenUsage {
            input_tokens: 1_000_000,
            output_tokens: 1_000_000,
            cache_write_5m_tokens: 1_000_000,
            cache_write_1h_tokens: 1_000_000,
            cache_read_tokens: 1_000_000,
            thinking_tokens: 0,
        };
        let list = PriceTerms { tier: Tier::Standard, is_confined_to_us: false, percent: 100 };
        let us = PriceTerms { is_confined_to_us: true, ..list };
        let dollars = |name: &str, usage: TokenUsage, price: PriceTerms| {
            usage.pico_dollars(find(name, "").unwrap(), price) / 1_000_000
        };
        assert_eq!(dollars("claude-sonnet-5-5", million, list), 18_600_000);
        assert_eq!(dollars("claude-sonnet-5-5", million, us), 20_460_000);
        assert_eq!(dollars("claude-haiku-4-5", million, list), 9_350_000);
        assert_eq!(dollars("claude-sonnet-5-5", million, PriceTerms { percent: 110, ..list }), 20_460_000);
        assert_eq!(dollars("claude-sonnet-5-5", million, PriceTerms { tier: Tier::Batch, ..list }), 9_300_000);
        let at_the_cliff = TokenUsage { input_tokens: 100_000, ..TokenUsage::default() };
        let past_it = TokenUsage { input_tokens: 100_001, output_tokens: 100, ..TokenUsage::default() };
        let haiku = find("claude-haiku-5-5", "").unwrap();
        assert_eq!(at_the_cliff.pico_dollars(haiku, list), 100_000 * 100_000);
        assert_eq!(past_it.pico_dollars(haiku, list), (100_001 * 100_000 + 100 * 500_000) * 5);
    }
}
