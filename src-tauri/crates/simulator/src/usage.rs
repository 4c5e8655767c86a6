//! What a request used and what that costs. Image tokens follow the vendor's rule exactly; text tokens are an estimate,
//! four bytes of UTF-8 a token (and 30 % more on the newer tokenizer), for the vendor publishes no tokenizer.

use serde::Serialize;
use serde_json::{Value, json};

use crate::cache::Split;
use crate::models::Model;

/// Tokens of a text: `ceil(bytes / 4)`, or `ceil(bytes * 1.3 / 4)` on the newer tokenizer.
pub(crate) fn text_tokens(text: &str, model: &Model) -> u64 {
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if model.has_newer_tokenizer { (bytes * 13).div_ceil(40) } else { bytes.div_ceil(4) }
}

/// The bytes of text that so many tokens can hold.
pub(crate) fn text_bytes(tokens: u64, model: &Model) -> usize {
    let bytes = if model.has_newer_tokenizer { tokens * 40 / 13 } else { tokens * 4 };
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// The counters of an answer, in the vendor's words. All are tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Usage {
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

impl Usage {
    pub(crate) fn of_prompt(split: Split) -> Self {
        Self {
            input_tokens: split.uncached,
            cache_write_5m_tokens: split.written_5m,
            cache_write_1h_tokens: split.written_1h,
            cache_read_tokens: split.read,
            ..Self::default()
        }
    }

    /// Tokens that count towards the limit of input tokens per minute: what was read from the cache does not.
    pub(crate) fn limited_input_tokens(&self) -> u64 {
        self.input_tokens + self.cache_write_5m_tokens + self.cache_write_1h_tokens
    }

    /// Tokens of the whole prompt.
    #[must_use]
    pub fn prompt_tokens(&self) -> u64 {
        self.limited_input_tokens() + self.cache_read_tokens
    }

    /// What these tokens cost in pico-dollars (10^-12 USD), rounded up.
    pub(crate) fn pico_dollars(&self, model: &Model, is_confined_to_us: bool) -> u64 {
        let rates = model.rates;
        let plain = self.input_tokens * rates.input
            + self.output_tokens * rates.output
            + self.cache_write_5m_tokens * rates.cache_write_5m
            + self.cache_write_1h_tokens * rates.cache_write_1h
            + self.cache_read_tokens * rates.cache_read;
        let factor =
            model.cliff.filter(|cliff| self.prompt_tokens() > cliff.prompt_tokens).map_or(1, |cliff| cliff.factor);
        if is_confined_to_us { (plain * factor * 11).div_ceil(10) } else { plain * factor }
    }

    /// The object in the body of an answer.
    pub(crate) fn described(&self, is_confined_to_us: bool) -> Value {
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
            "service_tier": "standard",
            "inference_geo": if is_confined_to_us { "us" } else { "global" },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::find;

    #[test]
    fn tokens_cost_what_the_price_list_says() {
        let million = Usage {
            input_tokens: 1_000_000,
            output_tokens: 1_000_000,
            cache_write_5m_tokens: 1_000_000,
            cache_write_1h_tokens: 1_000_000,
            cache_read_tokens: 1_000_000,
            thinking_tokens: 0,
        };
        let dollars = |name: &str, usage: Usage, us: bool| usage.pico_dollars(find(name).unwrap(), us) / 1_000_000;
        assert_eq!(dollars("claude-sonnet-5-5", million, false), 18_600_000);
        assert_eq!(dollars("claude-sonnet-5-5", million, true), 20_460_000);
        assert_eq!(dollars("claude-haiku-4-5", million, false), 9_350_000);
        let at_the_cliff = Usage { input_tokens: 100_000, ..Usage::default() };
        let past_it = Usage { input_tokens: 100_001, output_tokens: 100, ..Usage::default() };
        let haiku = find("claude-haiku-5-5").unwrap();
        assert_eq!(at_the_cliff.pico_dollars(haiku, false), 100_000 * 100_000);
        assert_eq!(past_it.pico_dollars(haiku, false), (100_001 * 100_000 + 100 * 500_000) * 5);
    }
}
