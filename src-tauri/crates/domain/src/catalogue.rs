//! The models there are, and what they cost.

use serde::{Deserialize, Serialize};

use crate::calendar::CalendarDate;
use crate::model::{Model, ModelId, Unavailable};
use crate::money::PicoDollars;

/// A model, and whether it can be used as things stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedModel {
    pub model: Model,
    pub unavailable: Option<Unavailable>,
    /// Whether it is the one to choose when nobody has chosen one.
    pub is_suggested: bool,
}

/// What a million tokens of a model cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelPrice {
    pub id: ModelId,
    pub name: String,
    #[serde(rename = "input_dollars_per_million")]
    pub input: PicoDollars,
    #[serde(rename = "output_dollars_per_million")]
    pub output: PicoDollars,
    /// Input that the vendor had kept from an earlier request.
    #[serde(rename = "cached_input_dollars_per_million")]
    pub cached_input: PicoDollars,
    /// In a batch, worked off within a day.
    #[serde(rename = "batch_input_dollars_per_million")]
    pub batch_input: PicoDollars,
    #[serde(rename = "batch_output_dollars_per_million")]
    pub batch_output: PicoDollars,
}

/// The prices that estimates rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceList {
    /// The day on which they were read from the vendor.
    pub as_of: CalendarDate,
    /// Each for a million tokens.
    pub models: Vec<ModelPrice>,
}
