//! Money in whole pico-dollars, rounded up in divisions. The cheapest rates are 5 nano-dollars per token, so
//! pico-dollars leave room for factors.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// US dollars times 10^12. In JSON a decimal number of dollars, with a key that says so (`paid_dollars`). Exact up to
/// 2,251 dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash, Serialize, Deserialize)]
#[serde(transparent, rename = "Dollars")]
#[cfg_attr(feature = "specta", derive(specta::Type), specta(transparent))]
pub struct PicoDollars(
    #[serde(with = "in_dollars")]
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub u64,
);

const CENT: u64 = 10_000_000_000;

/// For people: to the nearest cent, and below ten cents with two significant digits: `$4,321.00`, `$0.0024`. The window
/// formats amounts the same way.
impl Display for PicoDollars {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if *self == Self::ZERO {
            return out.write_str("$0");
        }
        let written = format!("{:.*}", self.shown_decimals(), self.dollars());
        let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
        let (cents, rest) = fraction.split_at(2.min(fraction.len()));
        let groups: Vec<&str> =
            whole.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
        write!(out, "${}.{cents}{}", groups.join(","), rest.trim_end_matches('0'))
    }
}

impl PicoDollars {
    pub const ZERO: Self = Self(0);
    /// About nine million dollars, the database's maximum. Sums saturate.
    pub const MAX: Self = Self(i64::MAX.unsigned_abs());
    /// The largest budget, in dollars.
    pub const LARGEST_BUDGET_DOLLARS: u32 = 1_000_000;

    /// From dollars; `None` unless above 0 and at most [`PicoDollars::MAX`].
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range that was checked")]
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        let pico = (dollars * 1e12).round();
        (1.0..9.2e18).contains(&pico).then_some(Self(pico as u64))
    }

    /// From a typed budget; `None` unless above 0 and at most [`PicoDollars::LARGEST_BUDGET_DOLLARS`].
    #[must_use]
    pub fn budget(dollars: f64) -> Option<Self> {
        Self::from_dollars(dollars).filter(|_| dollars <= f64::from(Self::LARGEST_BUDGET_DOLLARS))
    }

    /// From a sum that may exceed the database's maximum.
    #[must_use]
    pub fn capped(pico: u128) -> Self {
        u64::try_from(pico).map_or(Self::MAX, |pico| Self(pico.min(Self::MAX.0)))
    }

    /// Rounded up to the displayed precision: whole cents, and below ten cents two significant digits. An upper bound
    /// is rounded once, where it is made, so that it is the same everywhere.
    #[must_use]
    pub fn rounded_up(self) -> Self {
        let unit = match self.0 {
            0..100 => 1,
            small if small < 10 * CENT => 10_u64.pow(small.ilog10() - 1),
            _ => CENT,
        };
        Self::capped(u128::from(self.0.div_ceil(unit)) * u128::from(unit))
    }

    /// Decimals that show two significant digits, and at least cents.
    #[must_use]
    pub fn shown_decimals(self) -> usize {
        13_u32.saturating_sub(self.0.max(1).ilog10()).clamp(2, 12) as usize
    }

    /// Multiplied by a count.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self::capped(u128::from(self.0) * u128::from(count))
    }

    /// In dollars with every digit, such as `0.000000000012`: for tables and databases.
    #[must_use]
    pub fn exact(self) -> String {
        const PER_DOLLAR: u64 = 100 * CENT;
        format!("{}.{:012}", self.0 / PER_DOLLAR, self.0 % PER_DOLLAR)
    }

    /// For display and JSON.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a report in dollars needs no pico-dollar above 9,007 dollars")]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e12
    }
}

impl std::ops::Add for PicoDollars {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::capped(u128::from(self.0) + u128::from(other.0))
    }
}

impl std::ops::AddAssign for PicoDollars {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for PicoDollars {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, std::ops::Add::add)
    }
}

mod in_dollars {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    use super::PicoDollars;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub fn serialize<S: Serializer>(pico: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(PicoDollars(*pico).dollars())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        if dollars == 0.0 {
            return Ok(0);
        }
        PicoDollars::from_dollars(dollars)
            .map(|amount| amount.0)
            .ok_or_else(|| D::Error::custom("not an amount of dollars"))
    }
}

/// An estimated cost with two ranges. The likely one is left by about one in ten runs ([`crate::estimate`]). The bound holds:
/// with an answer that is cut off, the longer request that follows it, and every retry that the settings allow, of every
/// image. What a run has paid, together with what may have been billed without an answer, never exceeds it. It is rounded
/// up to what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CostRange {
    /// The 5th percentile of the total.
    pub likely_low: PicoDollars,
    pub expected: PicoDollars,
    /// The 95th percentile of the total.
    pub likely_high: PicoDollars,
    /// The bound.
    pub at_most: PicoDollars,
}

impl CostRange {
    /// Whether a total from `paid` to `paid + possible`, which may have been billed without an answer, is in the likely
    /// range, to the precision that is shown.
    #[must_use]
    pub fn is_likely(&self, paid: PicoDollars, possible: PicoDollars) -> bool {
        paid <= self.likely_high.rounded_up() && paid + possible >= self.likely_low
    }
}

impl std::ops::Add for CostRange {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            likely_low: self.likely_low + other.likely_low,
            expected: self.expected + other.expected,
            likely_high: self.likely_high + other.likely_high,
            at_most: (self.at_most + other.at_most).rounded_up(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_amounts_have_every_digit() {
        let exact = |pico| PicoDollars(pico).exact();
        assert_eq!(exact(12), "0.000000000012");
        assert_eq!(exact(1_000_000_000_000), "1.000000000000");
        assert_eq!(exact(12_345_678_000_000_001), "12345.678000000001");
    }

    #[test]
    fn json_is_in_dollars() {
        for (pico, json) in [(0, "0.0"), (1_230_000_000_000, "1.23"), (12_345_678_901, "0.012345678901")] {
            assert_eq!(serde_json::to_string(&PicoDollars(pico)).unwrap(), json);
            assert_eq!(serde_json::from_str::<PicoDollars>(json).unwrap(), PicoDollars(pico));
        }
        for no_amount in ["-1", "1e30", "9300000", "1e-13"] {
            assert!(serde_json::from_str::<PicoDollars>(no_amount).is_err(), "{no_amount}");
        }
    }

    #[test]
    fn a_budget_is_a_reasonable_amount() {
        for dollars in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 1e-13, 1_000_001.0, 1e30] {
            assert_eq!(PicoDollars::budget(dollars), None, "{dollars}");
        }
        assert_eq!(PicoDollars::budget(1e6), Some(PicoDollars(1_000_000_000_000_000_000)));
    }

    proptest::proptest! {
        #[test]
        fn sums_are_capped_at_what_the_database_holds(one: u64, other: u64, count: u64) {
            let (one, other) = (PicoDollars(one), PicoDollars(other));
            for sum in [one + other, one.times(count), [one, other].into_iter().sum(), one.rounded_up()] {
                proptest::prop_assert!(sum <= PicoDollars::MAX);
            }
        }
    }

    #[test]
    fn a_bound_is_rounded_up_to_what_is_shown() {
        let rounded = |dollars: f64| PicoDollars::from_dollars(dollars).unwrap().rounded_up().dollars();
        assert_eq!(
            [0.962_1, 0.96, 13.300_1, 4_321.0].map(rounded).map(f64::to_bits),
            [0.97, 0.96, 13.31, 4_321.0].map(f64::to_bits)
        );
        assert_eq!(
            [0.002_312, 0.099_6, 0.000_000_12].map(rounded).map(f64::to_bits),
            [0.002_4, 0.1, 0.000_000_12].map(f64::to_bits)
        );
        assert_eq!(PicoDollars::ZERO.rounded_up(), PicoDollars::ZERO);
    }
}
