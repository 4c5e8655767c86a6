//! Models and their prices.

use serde::{Deserialize, Serialize};

use crate::calendar::CalendarDate;
use crate::coordinates::BoxCoordinates;
use crate::model::{Model, ModelId, Unavailable};
use crate::money::PicoDollars;
use crate::prices::PriceSource;

/// A model and its availability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedModel {
    pub model: Model,
    pub unavailable: Option<Unavailable>,
    /// Whether it is the default.
    pub is_suggested: bool,
}

/// Price of a million tokens of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ModelPrice {
    pub id: ModelId,
    pub name: String,
    /// For display.
    pub provider: String,
    #[serde(rename = "input_dollars_per_million")]
    pub input: PicoDollars,
    #[serde(rename = "output_dollars_per_million")]
    pub output: PicoDollars,
    /// Input read from the vendor's cache.
    #[serde(rename = "cached_input_dollars_per_million")]
    pub cached_input: PicoDollars,
    /// Input written to the cache for five minutes.
    #[serde(rename = "cache_write_5m_dollars_per_million")]
    pub cache_write_5m: PicoDollars,
    /// Input written to the cache for an hour.
    #[serde(rename = "cache_write_1h_dollars_per_million")]
    pub cache_write_1h: PicoDollars,
    /// In a batch; `None` if the provider has none here.
    #[serde(rename = "batch_input_dollars_per_million")]
    pub batch_input: Option<PicoDollars>,
    #[serde(rename = "batch_output_dollars_per_million")]
    pub batch_output: Option<PicoDollars>,
    /// Price of a request in a batch, in percent of a live one; `None` if the provider has none here.
    pub batch_percent: Option<u16>,
    /// Prompt and answer together, in tokens.
    pub context_tokens: u32,
    /// Longest answer, in tokens.
    pub max_output_tokens: u32,
    /// How it writes boxes.
    pub coordinates: BoxCoordinates,
    pub source: PriceSource,
    /// Whether the user has entered or imported anything about it.
    pub is_changed: bool,
    /// When the user entered or imported it; `None` for the day of the list.
    pub as_of: Option<CalendarDate>,
    /// The day of this price: when the user entered or imported it, otherwise when it was read from the vendor.
    pub since: CalendarDate,
    /// Whether that is so long ago that it may no longer be right.
    pub is_old: bool,
    /// The announced day of retirement.
    pub retires: Option<CalendarDate>,
    pub is_retired: bool,
    /// What the vendor names instead of a model that retires.
    pub successor: Option<ModelId>,
}

/// The prices used for estimates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PriceList {
    /// When they were read from the vendor.
    pub as_of: CalendarDate,
    /// Whether that is so long ago that they may no longer be right.
    pub is_old: bool,
    /// Per million tokens.
    pub models: Vec<ModelPrice>,
}
