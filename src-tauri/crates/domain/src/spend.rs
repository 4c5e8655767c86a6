//! What was spent, by month, model, recipe and collection.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::money::PicoDollars;

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

/// The requests of a month about images of a collection with a model and a recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    pub requests: u32,
    /// As the vendors reported.
    #[serde(rename = "paid_dollars")]
    pub paid: PicoDollars,
    /// The maximum of requests without an answer that may be billed.
    #[serde(rename = "possibly_billed_dollars")]
    pub possibly_billed: PicoDollars,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub input_tokens: u64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub output_tokens: u64,
}

/// The sums of `rows` by `keys`, in their order. The other keys are `None`.
#[must_use]
pub fn summed(rows: &[SpendRow], keys: &[SpendKey]) -> Vec<SpendRow> {
    let mut sums: BTreeMap<Vec<Option<String>>, SpendRow> = BTreeMap::new();
    for row in rows {
        let of = |key| keys.contains(&key);
        let mut row = row.clone();
        row.month = row.month.filter(|_| of(SpendKey::Month));
        row.model = row.model.filter(|_| of(SpendKey::Model));
        row.recipe = row.recipe.filter(|_| of(SpendKey::Recipe));
        row.collection = row.collection.filter(|_| of(SpendKey::Collection));
        let place = keys.iter().map(|key| row.key(*key).map(ToOwned::to_owned)).collect();
        sums.entry(place)
            .and_modify(|sum| {
                sum.requests += row.requests;
                sum.paid += row.paid;
                sum.possibly_billed += row.possibly_billed;
                sum.input_tokens += row.input_tokens;
                sum.output_tokens += row.output_tokens;
            })
            .or_insert(row);
    }
    sums.into_values().collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(month: &str, model: &str, paid: u64) -> SpendRow {
        SpendRow {
            month: Some(month.into()),
            model: Some(model.into()),
            recipe: Some("birds".into()),
            collection: Some(String::new()),
            requests: 1,
            paid: PicoDollars(paid),
            possibly_billed: PicoDollars(1),
            input_tokens: 10,
            output_tokens: 2,
        }
    }

    #[test]
    fn requests_are_summed_up_by_the_keys_in_their_order() {
        let rows = [row("2026-11", "b", 1), row("2026-10", "a", 2), row("2026-11", "a", 4), row("2026-10", "b", 8)];
        let sums = |keys: &[SpendKey]| {
            let sums = summed(&rows, keys).into_iter();
            sums.map(|row| (row.month.clone(), row.model.clone(), row.paid.0)).collect::<Vec<_>>()
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(sums(&[SpendKey::Month]), [(some("2026-10"), None, 10), (some("2026-11"), None, 5)]);
        assert_eq!(
            sums(&[SpendKey::Model, SpendKey::Month]),
            [
                (some("2026-10"), some("a"), 2),
                (some("2026-11"), some("a"), 4),
                (some("2026-10"), some("b"), 8),
                (some("2026-11"), some("b"), 1),
            ]
        );
        let all = &summed(&rows, &[])[0];
        assert_eq!((all.requests, all.paid.0, all.possibly_billed.0, all.input_tokens), (4, 15, 4, 40));
    }
}
