//! Prices and limits of models besides the catalogue's: those that the user has entered or imported from a public table.

use serde::{Deserialize, Serialize};

use crate::calendar::CalendarDate;
use crate::coordinates::BoxCoordinates;
use crate::model::ModelId;
use crate::money::PicoDollars;

/// Prices this many days old may no longer be right.
const OLD_AFTER_DAYS: i64 = 90;

/// Whether prices as of `as_of` are old `today`.
#[must_use]
pub fn are_old(as_of: CalendarDate, today: CalendarDate) -> bool {
    today.days_since_epoch() - as_of.days_since_epoch() > OLD_AFTER_DAYS
}

/// What the user has set for a model of a catalogue. What is `None` stays as in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PriceSettings {
    /// The model.
    pub id: String,
    /// Price of a million tokens of input.
    #[serde(rename = "input_dollars_per_million", skip_serializing_if = "Option::is_none")]
    pub input: Option<PicoDollars>,
    /// Price of a million tokens of output.
    #[serde(rename = "output_dollars_per_million", skip_serializing_if = "Option::is_none")]
    pub output: Option<PicoDollars>,
    /// Price of a million tokens of input written to the cache for five minutes.
    #[serde(rename = "cache_write_5m_dollars_per_million", skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<PicoDollars>,
    /// Price of a million tokens of input written to the cache for an hour.
    #[serde(rename = "cache_write_1h_dollars_per_million", skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<PicoDollars>,
    /// Price of a million tokens of input read from the cache.
    #[serde(rename = "cache_read_dollars_per_million", skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<PicoDollars>,
    /// Price of a request in a batch, in percent of a live one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_percent: Option<u16>,
    /// Prompt and answer together, in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<u32>,
    /// Longest answer, in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// How it writes boxes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<BoxCoordinates>,
    /// The public table that it was imported from; `None` if the user has entered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imported_from: Option<String>,
    /// When its prices were entered or imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<CalendarDate>,
}

impl PriceSettings {
    /// The model with this id, as in the catalogue.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    /// The values that `other` says, and those of this one that it leaves open. Only prices change where they are from, and
    /// when.
    #[must_use]
    pub fn updated_by(self, other: Self) -> Self {
        let (imported_from, as_of) = match other.source() {
            PriceSource::Catalogue => (self.imported_from, self.as_of),
            PriceSource::User | PriceSource::Imported { .. } => (other.imported_from, other.as_of),
        };
        Self {
            id: self.id,
            input: other.input.or(self.input),
            output: other.output.or(self.output),
            cache_write_5m: other.cache_write_5m.or(self.cache_write_5m),
            cache_write_1h: other.cache_write_1h.or(self.cache_write_1h),
            cache_read: other.cache_read.or(self.cache_read),
            batch_percent: other.batch_percent.or(self.batch_percent),
            context_tokens: other.context_tokens.or(self.context_tokens),
            max_output_tokens: other.max_output_tokens.or(self.max_output_tokens),
            coordinates: other.coordinates.or(self.coordinates),
            imported_from,
            as_of,
        }
    }

    /// Whether it says a price, and not only a limit or how boxes are written.
    #[must_use]
    pub fn has_prices(&self) -> bool {
        let amounts = [self.input, self.output, self.cache_write_5m, self.cache_write_1h, self.cache_read];
        amounts.iter().any(Option::is_some) || self.batch_percent.is_some()
    }

    /// Where its prices are from.
    #[must_use]
    pub fn source(&self) -> PriceSource {
        match &self.imported_from {
            Some(table) => PriceSource::Imported { table: table.clone() },
            None if self.has_prices() => PriceSource::User,
            None => PriceSource::Catalogue,
        }
    }

    /// When its prices were entered or imported; `None` if they are the catalogue's.
    #[must_use]
    pub fn priced_on(&self) -> Option<CalendarDate> {
        self.as_of.filter(|_| self.source() != PriceSource::Catalogue)
    }
}

/// Where the price of a model is from. It is shown wherever the price is, unless it is the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum PriceSource {
    #[default]
    Catalogue,
    /// The user has entered it.
    User,
    Imported {
        /// The name of the public table.
        table: String,
    },
}

/// A value of a model that a price table or the user may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum PriceField {
    Input,
    Output,
    CacheWrite5m,
    CacheWrite1h,
    CacheRead,
    BatchPercent,
    ContextTokens,
    MaxOutputTokens,
}

/// A value that would change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PriceChange {
    pub model: ModelId,
    pub field: PriceField,
    /// Dollars per million tokens, percent or tokens.
    pub before: f64,
    pub after: f64,
}

/// An entry of a price table that is not imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SkippedPrice {
    /// As the table names the model.
    pub name: String,
    /// In English.
    pub reason: String,
}

/// A price table compared with the prices that are used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PriceComparison {
    /// The name of the table.
    pub table: String,
    pub changes: Vec<PriceChange>,
    /// Models with the same values in the table.
    pub unchanged: Vec<ModelId>,
    /// Entries about models of the catalogue that cannot be used as they are.
    pub skipped: Vec<SkippedPrice>,
    /// Entries about other models.
    pub unknown: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_old_after_ninety_days() {
        let today = CalendarDate::new(2026, 11, 30);
        assert!(!are_old(CalendarDate::new(2026, 9, 1), today));
        assert!(are_old(CalendarDate::new(2026, 8, 31), today));
    }

    #[test]
    fn what_is_entered_later_leaves_other_values_alone() {
        let dollars = PicoDollars::from_dollars;
        let first = PriceSettings { input: dollars(1.0), output: dollars(5.0), ..PriceSettings::new("m") };
        let second = PriceSettings { output: dollars(6.0), imported_from: Some("t".into()), ..PriceSettings::new("m") };
        let both = first.clone().updated_by(second);
        assert_eq!(
            (both.input, both.output, both.source()),
            (dollars(1.0), dollars(6.0), PriceSource::Imported { table: "t".into() })
        );
        assert_eq!(both.updated_by(first).source(), PriceSource::User);
    }

    #[test]
    fn an_invalid_price_leaves_the_date_of_the_prices_unchanged() {
        let day = |day| Some(CalendarDate::new(2026, 11, day));
        let table = || Some("t".to_owned());
        let imported = PriceSettings {
            input: PicoDollars::from_dollars(1.0),
            imported_from: table(),
            as_of: day(1),
            ..PriceSettings::new("m")
        };
        let coordinates =
            PriceSettings { coordinates: Some(BoxCoordinates::default()), as_of: day(9), ..PriceSettings::new("m") };
        assert_eq!((coordinates.source(), coordinates.priced_on()), (PriceSource::Catalogue, None));
        let both = imported.updated_by(coordinates);
        assert_eq!((both.coordinates.is_some(), both.imported_from.clone(), both.priced_on()), (true, table(), day(1)));
        let entered =
            PriceSettings { output: PicoDollars::from_dollars(2.0), as_of: day(9), ..PriceSettings::new("m") };
        let entered = both.updated_by(entered);
        assert_eq!((entered.source(), entered.priced_on()), (PriceSource::User, day(9)));
    }
}
