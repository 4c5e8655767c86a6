//! Usage of requests, as the vendor counted it.

use serde::{Deserialize, Serialize};

/// Tokens of one or several requests. The kinds of input do not overlap: the whole prompt is their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Usage {
    /// Input neither read from nor written to the cache.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub input_tokens: u64,
    /// All output, including thinking.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub output_tokens: u64,
    /// Input written to the cache for five minutes.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub cache_write_5m_tokens: u64,
    /// Input written to the cache for an hour.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub cache_write_1h_tokens: u64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub cache_read_tokens: u64,
    /// Thinking tokens, included in `output_tokens`; `None` if not reported.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub thinking_tokens: Option<u64>,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        let sums = [
            (&mut self.input_tokens, other.input_tokens),
            (&mut self.output_tokens, other.output_tokens),
            (&mut self.cache_write_5m_tokens, other.cache_write_5m_tokens),
            (&mut self.cache_write_1h_tokens, other.cache_write_1h_tokens),
            (&mut self.cache_read_tokens, other.cache_read_tokens),
        ];
        for (sum, tokens) in sums {
            *sum = sum.saturating_add(tokens);
        }
        self.thinking_tokens = match (self.thinking_tokens, other.thinking_tokens) {
            (Some(own), Some(others)) => Some(own.saturating_add(others)),
            (own, others) => own.or(others),
        };
    }
}

impl Usage {
    /// Tokens of the whole prompt, cached or not.
    #[must_use]
    pub const fn prompt_tokens(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.cache_write_5m_tokens)
            .saturating_add(self.cache_write_1h_tokens)
            .saturating_add(self.cache_read_tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sum_of_tokens_overflows() {
        let most = Usage {
            input_tokens: u64::MAX,
            output_tokens: u64::MAX,
            cache_read_tokens: u64::MAX,
            thinking_tokens: Some(u64::MAX),
            ..Usage::default()
        };
        let mut sum = most;
        sum += most;
        assert_eq!(sum, most);
        assert_eq!(sum.prompt_tokens(), u64::MAX);
    }
}
