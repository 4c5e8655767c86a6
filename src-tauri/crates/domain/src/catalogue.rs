//! Models and their prices.

use serde::{Deserialize, Serialize};

use crate::calendar::CalendarDate;
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
    #[serde(rename = "input_dollars_per_million")]
    pub input: PicoDollars,
    #[serde(rename = "output_dollars_per_million")]
    pub output: PicoDollars,
    /// Input read from the vendor's cache.
    #[serde(rename = "cached_input_dollars_per_million")]
    pub cached_input: PicoDollars,
    /// In a batch; `None` if the provider has none here.
    #[serde(rename = "batch_input_dollars_per_million")]
    pub batch_input: Option<PicoDollars>,
    #[serde(rename = "batch_output_dollars_per_million")]
    pub batch_output: Option<PicoDollars>,
    pub source: PriceSource,
    /// When the user entered or imported it; `None` for the day of the list.
    pub as_of: Option<CalendarDate>,
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
