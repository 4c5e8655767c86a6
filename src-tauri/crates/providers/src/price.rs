//! What tokens cost. All arithmetic is in whole pico-dollars and rounds up, so that a sum of parts never comes out below
//! the bill. Deliberately absent: taxes, discounts of a contract, and any guess at a price that nobody has told.

use domain::calendar::CalendarDate;
use domain::money::PicoDollars;

use domain::usage::Usage;

/// The day on which the bundled prices were read from the vendor. To be shown beside every estimate.
pub const PRICES_AS_OF: CalendarDate = CalendarDate::new(2026, 11, 23);

/// Prices of a token, each in pico-dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rates {
    pub input: u64,
    pub output: u64,
    /// Input that is put into the cache for five minutes.
    pub cache_write_5m: u64,
    /// Input that is put into the cache for an hour.
    pub cache_write_1h: u64,
    pub cache_read: u64,
}

impl Rates {
    /// From the columns of a price list in thousandths of a dollar per million tokens (2 dollars are 2,000). The writes
    /// are to the cache, for five minutes and for an hour.
    #[must_use]
    pub const fn from_millidollars_per_million(
        input: u64,
        output: u64,
        short_write: u64,
        long_write: u64,
        cache_read: u64,
    ) -> Self {
        // 10^-3 dollars / 10^6 tokens = 10^-9 dollars a token = 10^3 pico-dollars a token.
        Self {
            input: input * 1_000,
            output: output * 1_000,
            cache_write_5m: short_write * 1_000,
            cache_write_1h: long_write * 1_000,
            cache_read: cache_read * 1_000,
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

/// A long prompt makes every token of its request dearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cliff {
    /// The longest prompt at the plain rates, in tokens, cached ones included.
    pub prompt_tokens: u64,
    /// What all rates are multiplied with beyond it.
    pub factor: u64,
}

/// How a model is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Price {
    pub rates: Rates,
    pub cliff: Option<Cliff>,
    /// What a request in a batch costs, in percent of the same request at once.
    pub batch_percent: u16,
}

/// Circumstances that change all rates alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Terms {
    pub is_batch: bool,
    /// What the route costs, in percent of the vendor's list: 100 as a rule, 110 where a region is dearer.
    pub route_percent: u16,
}

impl Terms {
    /// At once, at list price.
    pub const LIST: Self = Self { is_batch: false, route_percent: 100 };
    /// Overnight, at list price.
    pub const BATCH: Self = Self { is_batch: true, route_percent: 100 };
}

impl Price {
    /// The bill for one request, rounded up to a whole pico-dollar.
    #[must_use]
    pub fn cost(&self, usage: Usage, terms: Terms) -> PicoDollars {
        let factor = match self.cliff {
            Some(cliff) if usage.prompt_tokens() > cliff.prompt_tokens => cliff.factor,
            _ => 1,
        };
        let batch_percent = if terms.is_batch { self.batch_percent } else { 100 };
        let ten_thousandths =
            self.rates.of(usage) * u128::from(factor) * u128::from(batch_percent) * u128::from(terms.route_percent);
        PicoDollars::capped(ten_thousandths.div_ceil(10_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anthropic::models::find;

    fn usage(input_tokens: u64, output_tokens: u64) -> Usage {
        Usage { input_tokens, output_tokens, ..Usage::default() }
    }

    #[test]
    fn a_million_tokens_cost_what_the_list_says() {
        let sonnet = find("claude-sonnet-5-5").unwrap().price;
        assert_eq!(sonnet.cost(usage(1_000_000, 0), Terms::LIST), PicoDollars(2_000_000_000_000));
        assert_eq!(sonnet.cost(usage(0, 1_000_000), Terms::LIST), PicoDollars(10_000_000_000_000));
        assert_eq!(sonnet.cost(usage(0, 1_000_000), Terms::BATCH), PicoDollars(5_000_000_000_000));
        let regional = Terms { route_percent: 110, ..Terms::LIST };
        assert_eq!(sonnet.cost(usage(0, 1_000_000), regional), PicoDollars(11_000_000_000_000));
        let cached = Usage {
            cache_write_5m_tokens: 1_000_000,
            cache_write_1h_tokens: 1_000_000,
            cache_read_tokens: 1_000_000,
            ..Usage::default()
        };
        assert_eq!(sonnet.cost(cached, Terms::LIST), PicoDollars(6_600_000_000_000));
    }

    #[test]
    fn one_token_over_the_cliff_makes_all_of_them_dearer() {
        let haiku = find("claude-haiku-5-5").unwrap().price;
        assert_eq!(haiku.cost(usage(100_000, 10), Terms::LIST), PicoDollars(100_000 * 100_000 + 10 * 500_000));
        let over = Usage { input_tokens: 1, cache_read_tokens: 100_000, output_tokens: 10, ..Usage::default() };
        assert_eq!(haiku.cost(over, Terms::LIST), PicoDollars(5 * (100_000 + 100_000 * 10_000 + 10 * 500_000)));
    }

    #[test]
    fn fractions_round_up_and_nothing_overflows() {
        let price = Price { rates: Rates { input: 1, ..no_rates() }, cliff: None, batch_percent: 50 };
        assert_eq!(price.cost(usage(1, 0), Terms::BATCH), PicoDollars(1));
        assert_eq!(price.cost(usage(3, 0), Terms::BATCH), PicoDollars(2));
        let haiku = find("claude-haiku-5-5").unwrap().price;
        assert_eq!(haiku.cost(usage(u64::MAX, u64::MAX), Terms::LIST), PicoDollars::MAX);
    }

    fn no_rates() -> Rates {
        Rates::from_millidollars_per_million(0, 0, 0, 0, 0)
    }
}
