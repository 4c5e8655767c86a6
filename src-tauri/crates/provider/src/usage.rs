//! What a request consumed, as the vendor counted it.

use serde::{Deserialize, Serialize};

/// Tokens of one request. The kinds of input do not overlap: the whole prompt is their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct Usage {
    /// Input that neither came from the cache nor went there.
    pub input_tokens: u64,
    /// All output, thinking included.
    pub output_tokens: u64,
    /// Input that was put into the cache for five minutes.
    #[serde(default)]
    pub cache_write_5m_tokens: u64,
    /// Input that was put into the cache for an hour.
    #[serde(default)]
    pub cache_write_1h_tokens: u64,
    #[serde(default)]
    pub cache_read_tokens: u64,
    /// The part of the output that was thinking, where it is told. Already in `output_tokens`.
    #[serde(default)]
    pub thinking_tokens: u64,
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
