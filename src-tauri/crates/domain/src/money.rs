//! Money without rounding surprises: whole pico-dollars, rounded up where a division is needed. The cheapest rates in
//! use are 5 nano-dollars a token, so that a pico-dollar leaves room for multipliers.

use serde::{Deserialize, Serialize};

/// US dollars times 10^12. The window shows it as a number, which is exact up to 9,007 dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "specta", derive(specta::Type), specta(transparent))]
pub struct PicoDollars(#[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))] pub u64);

impl PicoDollars {
    pub const ZERO: Self = Self(0);

    /// From an amount that a person has typed; `None` unless it is above 0 and fits.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range that was checked")]
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        let pico = (dollars * 1e12).round();
        (1.0..1.8e19).contains(&pico).then_some(Self(pico as u64))
    }

    /// So many times this much.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// For reports that other programs read.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a report in dollars needs no pico-dollar above 9,007 dollars")]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e12
    }
}

impl std::ops::Add for PicoDollars {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
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
