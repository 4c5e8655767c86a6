//! Token prices. All arithmetic is in whole pico-dollars and rounds up, so that a sum of parts is never below the bill.
//! Taxes and contract discounts are not included.

use domain::money::PicoDollars;

use domain::usage::Usage;
use serde::Deserialize;

/// Prices per token, in pico-dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rates {
    pub input: u64,
    pub output: u64,
    /// Input written to the cache for five minutes.
    pub cache_write_5m: u64,
    /// Input written to the cache for an hour.
    pub cache_write_1h: u64,
    pub cache_read: u64,
}

impl Rates {
    /// A rate from a price list, in dollars per million tokens; `None` unless it is a whole number of pico-dollars per
    /// token, from 0 to a dollar per token.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range that is checked")]
    pub fn from_dollars_per_million(dollars: f64) -> Option<u64> {
        // 1 dollar / 10^6 tokens = 10^6 pico-dollars per token.
        let pico = dollars * 1e6;
        let is_whole = (pico - pico.round()).abs() < 1e-3;
        (is_whole && (0.0..=1e12).contains(&pico)).then(|| pico.round() as u64)
    }

    /// These rates in percent, each rounded up to a whole pico-dollar.
    #[must_use]
    pub fn at_percent(&self, percent: u16) -> Self {
        let rate = |rate: u64| (rate * u64::from(percent)).div_ceil(100);
        Self {
            input: rate(self.input),
            output: rate(self.output),
            cache_write_5m: rate(self.cache_write_5m),
            cache_write_1h: rate(self.cache_write_1h),
            cache_read: rate(self.cache_read),
        }
    }

    fn of(&self, usage: Usage) -> u128 {
        [
            (usage.input_tokens, self.input),
            (usage.output_tokens, self.output),
            (usage.cache_write_5m_tokens, self.cache_write_5m),
            (usage.cache_write_1h_tokens, self.cache_write_1h),
            (usage.cache_read_tokens, self.cache_read),
        ]
        .into_iter()
        .map(|(tokens, rate)| u128::from(tokens) * u128::from(rate))
        .sum()
    }
}

/// A surcharge on all tokens of a request with a long prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cliff {
    /// The longest prompt at normal rates, in tokens, including cached ones.
    pub prompt_tokens: u64,
    /// Factor on all rates beyond it.
    pub factor: u64,
}

/// The price of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Price {
    pub rates: Rates,
    /// Whether the rates are known. Otherwise they are 0, and so is every cost, which must not be shown.
    pub is_known: bool,
    pub cliff: Option<Cliff>,
    /// Price of a request in a batch, in percent of a live one.
    pub batch_percent: u16,
}

/// Conditions that change all rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Terms {
    pub is_batch: bool,
    /// What the endpoint charges, in percent of the list price: usually 100, 110 in some regions.
    pub endpoint_percent: u16,
}

impl Terms {
    /// Live, at list price.
    pub const LIST: Self = Self { is_batch: false, endpoint_percent: 100 };
    /// In a batch, at list price.
    pub const BATCH: Self = Self { is_batch: true, endpoint_percent: 100 };
}

impl Price {
    /// For models on this machine.
    pub const FREE: Self = Self {
        rates: Rates { input: 0, output: 0, cache_write_5m: 0, cache_write_1h: 0, cache_read: 0 },
        is_known: true,
        cliff: None,
        batch_percent: 100,
    };
    /// For models without a known price.
    pub const UNKNOWN: Self = Self { is_known: false, ..Self::FREE };

    /// Whether everything is free.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.is_known && self.rates == Rates::default()
    }

    /// The cost of one request, rounded up to a whole pico-dollar.
    #[must_use]
    pub fn cost(&self, usage: Usage, terms: Terms) -> PicoDollars {
        let factor = match self.cliff {
            Some(cliff) if usage.prompt_tokens() > cliff.prompt_tokens => cliff.factor,
            _ => 1,
        };
        let batch_percent = if terms.is_batch { self.batch_percent } else { 100 };
        let ten_thousandths =
            self.rates.of(usage) * u128::from(factor) * u128::from(batch_percent) * u128::from(terms.endpoint_percent);
        PicoDollars::capped(ten_thousandths.div_ceil(10_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input_tokens: u64, output_tokens: u64) -> Usage {
        Usage { input_tokens, output_tokens, ..Usage::default() }
    }

    #[test]
    fn fractions_round_up_and_nothing_overflows() {
        let price = Price { rates: Rates { input: 1, ..Rates::default() }, batch_percent: 50, ..Price::FREE };
        assert_eq!(price.cost(usage(1, 0), Terms::BATCH), PicoDollars(1));
        assert_eq!(price.cost(usage(3, 0), Terms::BATCH), PicoDollars(2));
        let dear = Price { rates: Rates { input: 100_000, output: 500_000, ..Rates::default() }, ..Price::FREE };
        assert_eq!(dear.cost(usage(u64::MAX, u64::MAX), Terms::LIST), PicoDollars::MAX);
    }
}
