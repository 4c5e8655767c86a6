//! What was spent, by month, model, recipe and collection.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::calendar::CalendarDate;
use crate::ids::RunId;
use crate::money::{CostRange, PicoDollars};
use crate::month::MonthSpending;

/// What requests may be summed up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum SpendKey {
    Month,
    Model,
    Recipe,
    Collection,
}

impl SpendKey {
    pub const ALL: [Self; 4] = [Self::Month, Self::Model, Self::Recipe, Self::Collection];
}

/// Sums over requests that have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SpendFigures {
    /// Images whose last request is among these. An image counts once in every run.
    pub images: u32,
    pub requests: u32,
    /// Requests to a model without a known price, which are not part of any amount.
    pub unpriced_requests: u32,
    /// As the vendors reported.
    #[serde(rename = "paid_dollars")]
    pub paid: PicoDollars,
    /// The part of `paid` for images that failed in the end.
    #[serde(rename = "paid_for_failed_dollars")]
    pub paid_for_failed: PicoDollars,
    /// The maximum of requests without an answer that may be billed.
    #[serde(rename = "possibly_billed_dollars")]
    pub possibly_billed: PicoDollars,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub input_tokens: u64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub output_tokens: u64,
}

impl std::ops::AddAssign for SpendFigures {
    fn add_assign(&mut self, other: Self) {
        self.images += other.images;
        self.requests += other.requests;
        self.unpriced_requests += other.unpriced_requests;
        self.paid += other.paid;
        self.paid_for_failed += other.paid_for_failed;
        self.possibly_billed += other.possibly_billed;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
    }
}

/// The requests of a run in a month about images of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerSum {
    /// Such as `2026-11`, in the time zone of this machine, by when the requests ended.
    pub month: String,
    pub model: String,
    /// Empty for calibrations.
    pub recipe: String,
    /// The first collection of the images, so that no request counts twice. Empty for images without one.
    pub collection: String,
    /// `None` for calibrations.
    pub run: Option<RunId>,
    pub figures: SpendFigures,
}

impl LedgerSum {
    fn key(&self, key: SpendKey) -> &str {
        match key {
            SpendKey::Month => &self.month,
            SpendKey::Model => &self.model,
            SpendKey::Recipe => &self.recipe,
            SpendKey::Collection => &self.collection,
        }
    }
}

/// Which requests are summed up; all of them by default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SpendFilter {
    /// The first month, such as `2026-01`.
    pub from: Option<String>,
    pub model: Option<String>,
    pub recipe: Option<String>,
    pub collection: Option<String>,
}

impl SpendFilter {
    #[must_use]
    pub fn admits(&self, sum: &LedgerSum) -> bool {
        let is_any_or = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|wanted| wanted == value);
        self.from.as_ref().is_none_or(|from| *from <= sum.month)
            && is_any_or(&self.model, &sum.model)
            && is_any_or(&self.recipe, &sum.recipe)
            && is_any_or(&self.collection, &sum.collection)
    }
}

/// Requests that have the same keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SpendRow {
    /// Such as `2026-11`, in the time zone of this machine, by when the request ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Empty for calibrations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipe: Option<String>,
    /// The first collection of the image, so that no request counts twice. Empty for images without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// Runs with such a request.
    pub runs: u32,
    #[serde(flatten)]
    pub figures: SpendFigures,
}

/// The sums of `sums` by `keys`, in their order. The other keys are `None`.
#[must_use]
pub fn summed<'a>(sums: impl IntoIterator<Item = &'a LedgerSum>, keys: &[SpendKey]) -> Vec<SpendRow> {
    let mut rows: BTreeMap<Vec<&str>, (SpendFigures, BTreeSet<RunId>)> = BTreeMap::new();
    for sum in sums {
        let (figures, runs) = rows.entry(keys.iter().map(|key| sum.key(*key)).collect()).or_default();
        *figures += sum.figures;
        runs.extend(sum.run);
    }
    let row = |(values, (figures, runs)): (Vec<&str>, (SpendFigures, BTreeSet<RunId>))| {
        let value = |wanted| keys.iter().position(|key| *key == wanted).map(|place| values[place].to_owned());
        SpendRow {
            month: value(SpendKey::Month),
            model: value(SpendKey::Model),
            recipe: value(SpendKey::Recipe),
            collection: value(SpendKey::Collection),
            runs: u32::try_from(runs.len()).unwrap_or(u32::MAX),
            figures,
        }
    };
    rows.into_iter().map(row).collect()
}

impl SpendRow {
    #[must_use]
    pub fn key(&self, key: SpendKey) -> Option<&str> {
        let value = match key {
            SpendKey::Month => &self.month,
            SpendKey::Model => &self.model,
            SpendKey::Recipe => &self.recipe,
            SpendKey::Collection => &self.collection,
        };
        value.as_deref()
    }
}

/// The quote of a complete run, and what it cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunEstimate {
    pub run: RunId,
    /// Milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub started_at: u64,
    pub model_name: String,
    #[serde(rename = "quoted_dollars")]
    pub quoted: CostRange,
    /// As the vendor reported.
    #[serde(rename = "paid_dollars")]
    pub paid: PicoDollars,
    /// Whether the cost was in the likely range; `None` if there was no such range.
    pub is_likely: Option<bool>,
}

/// What reviewed images of a run cost, and the annotations that people kept on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewedSum {
    /// As in [`LedgerSum`], by when the last request of an image ended. The earlier requests count with it.
    pub month: String,
    pub run: RunId,
    pub model: String,
    /// As in [`LedgerSum`].
    pub collection: String,
    pub images: u32,
    /// As in [`SpendFigures`].
    pub unpriced_requests: u32,
    pub paid: PicoDollars,
    pub accepted: u32,
}

/// The cost of accepted annotations of a model, over the images that were sent and reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct AcceptedCost {
    pub model: String,
    pub images: u32,
    /// Requests for these images that are not part of `paid`, because the price is not known.
    pub unpriced_requests: u32,
    /// As the vendor reported.
    #[serde(rename = "paid_dollars")]
    pub paid: PicoDollars,
    /// Annotations that were accepted, or accepted after an edit.
    pub accepted: u32,
}

impl AcceptedCost {
    /// By model, in their order.
    #[must_use]
    pub fn by_model<'a>(sums: impl IntoIterator<Item = &'a ReviewedSum>) -> Vec<Self> {
        let mut models: BTreeMap<&str, Self> = BTreeMap::new();
        for sum in sums {
            let cost = models.entry(&sum.model).or_default();
            cost.model.clone_from(&sum.model);
            cost.images += sum.images;
            cost.unpriced_requests += sum.unpriced_requests;
            cost.paid += sum.paid;
            cost.accepted += sum.accepted;
        }
        models.into_values().collect()
    }
}

/// What was spent on a day, as in [`MonthSpending::spent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DaySpending {
    pub day: CalendarDate,
    #[serde(rename = "spent_dollars")]
    pub spent: PicoDollars,
}

/// The current month, day by day, over all runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MonthCourse {
    pub month: MonthSpending,
    pub today: CalendarDate,
    pub last_day: CalendarDate,
    /// The days on which something was spent.
    pub days: Vec<DaySpending>,
    /// What the month will have cost at the pace of the last days; `None` if requests go back less than a week.
    pub forecast: Option<Forecast>,
}

/// What was spent in the last whole days before now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub days: u32,
    pub spent: PicoDollars,
}

impl Pace {
    const LEAST_DAYS: u64 = 7;
    const MOST_DAYS: u64 = 28;

    /// How many days it is from, if the ledger goes back so many whole days; `None` if these are too few.
    #[must_use]
    pub fn days_of(ledger_days: u64) -> Option<u32> {
        let days = ledger_days.min(Self::MOST_DAYS);
        (days >= Self::LEAST_DAYS).then(|| u32::try_from(days).ok()).flatten()
    }
}

/// A month at the pace of the days before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Forecast {
    #[serde(rename = "month_dollars")]
    pub month: PicoDollars,
    /// How many days the pace is from.
    pub days: u32,
    /// What was spent in these days.
    #[serde(rename = "spent_dollars")]
    pub spent: PicoDollars,
}

impl Forecast {
    /// Of a month with `days_left` after today, of which `spent` is spent.
    #[must_use]
    pub fn new(spent: PicoDollars, days_left: u32, pace: Pace) -> Self {
        Self {
            month: spent + PicoDollars(pace.spent.0 / u64::from(pace.days) * u64::from(days_left)),
            days: pace.days,
            spent: pace.spent,
        }
    }
}

/// The values that a filter of spending may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SpendChoices {
    pub months: Vec<String>,
    pub models: Vec<String>,
    pub recipes: Vec<String>,
    pub collections: Vec<String>,
}

/// All figures of the screen about spending.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SpendReport {
    pub total: SpendRow,
    pub by_month: Vec<SpendRow>,
    pub by_model: Vec<SpendRow>,
    pub by_recipe: Vec<SpendRow>,
    pub by_collection: Vec<SpendRow>,
    /// By month and one more key each.
    pub models_by_month: Vec<SpendRow>,
    pub recipes_by_month: Vec<SpendRow>,
    pub collections_by_month: Vec<SpendRow>,
    /// Complete runs with a request among these, oldest first.
    pub estimates: Vec<RunEstimate>,
    pub accepted: Vec<AcceptedCost>,
    pub course: MonthCourse,
    /// Of everything that was spent, whatever the filter.
    pub choices: SpendChoices,
    /// The names of the models by their ids.
    pub model_names: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(month: &str, model: &str, run: u32, paid: u64) -> LedgerSum {
        LedgerSum {
            month: month.into(),
            model: model.into(),
            recipe: "birds".into(),
            collection: String::new(),
            run: Some(RunId(run)),
            figures: SpendFigures {
                images: 1,
                requests: 1,
                paid: PicoDollars(paid),
                possibly_billed: PicoDollars(1),
                input_tokens: 10,
                output_tokens: 2,
                ..SpendFigures::default()
            },
        }
    }

    fn sums() -> [LedgerSum; 4] {
        [sum("2026-11", "b", 1, 1), sum("2026-10", "a", 2, 2), sum("2026-11", "a", 2, 4), sum("2026-10", "b", 1, 8)]
    }

    #[test]
    fn requests_are_summed_up_by_the_keys_in_their_order() {
        let found = |keys: &[SpendKey]| {
            let rows = summed(&sums(), keys).into_iter();
            rows.map(|row| (row.month.clone(), row.model.clone(), row.figures.paid.0)).collect::<Vec<_>>()
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(found(&[SpendKey::Month]), [(some("2026-10"), None, 10), (some("2026-11"), None, 5)]);
        assert_eq!(
            found(&[SpendKey::Model, SpendKey::Month]),
            [
                (some("2026-10"), some("a"), 2),
                (some("2026-11"), some("a"), 4),
                (some("2026-10"), some("b"), 8),
                (some("2026-11"), some("b"), 1),
            ]
        );
        let all = &summed(&sums(), &[])[0];
        let figures = all.figures;
        assert_eq!((figures.requests, figures.paid.0, figures.possibly_billed.0, figures.input_tokens), (4, 15, 4, 40));
        // A run of two months is one run.
        assert_eq!(all.runs, 2);
    }

    #[test]
    fn a_filter_keeps_what_has_all_its_values() {
        let paid = |filter: &SpendFilter| {
            let sums = sums();
            sums.iter().filter(|sum| filter.admits(sum)).map(|sum| sum.figures.paid.0).sum::<u64>()
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(paid(&SpendFilter::default()), 15);
        assert_eq!(paid(&SpendFilter { from: some("2026-11"), ..SpendFilter::default() }), 5);
        assert_eq!(paid(&SpendFilter { from: some("2026-11"), model: some("a"), ..SpendFilter::default() }), 4);
        assert_eq!(paid(&SpendFilter { collection: some("shelves"), ..SpendFilter::default() }), 0);
    }

    #[test]
    fn a_forecast_needs_a_week_and_goes_on_at_the_pace_of_the_last_days() {
        assert_eq!([0, 6, 7, 28, 90].map(Pace::days_of), [None, None, Some(7), Some(28), Some(28)]);
        let of = |days, lately| Forecast::new(PicoDollars(100), 10, Pace { days, spent: PicoDollars(lately) }).month.0;
        assert_eq!([of(7, 70), of(28, 28), of(28, 0)], [200, 110, 100]);
    }
}
