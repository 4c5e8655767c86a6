//! What a model is sent for a recipe.

use serde::{Deserialize, Serialize};

use crate::geometry::PixelSize;
use crate::model::UnsupportedCapability;

/// What a model is sent for a recipe with every photo, and what it does not support of the recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RecipePreview {
    /// The instructions, exactly as sent; empty for a model without any.
    pub prompt: String,
    /// The JSON schema of the answer, exactly as sent; `None` for a model without one, and if nothing can be sent.
    pub schema: Option<String>,
    /// `None` for a model without a prompt.
    pub tokens: Option<PromptTokens>,
    /// What else is sent if an image takes several requests.
    pub further: Option<FurtherRequests>,
    pub unsupported_capabilities: Vec<UnsupportedCapability>,
    /// Why the recipe cannot be sent to this model, in English; `None` if it can.
    pub refusal: Option<String>,
}

/// What is sent if an image takes several requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FurtherRequests {
    /// Size of the photo that `requests` is about.
    pub photo: PixelSize,
    /// For this photo.
    pub requests: u32,
    /// The text beside a tile, exactly as sent after the text beside every picture; `None` without tiles.
    pub tile_text: Option<String>,
    /// The text of the request that checks what was found, for one annotation; `None` if nothing is checked.
    pub check_text: Option<String>,
}

/// The tokens of a request without its photo. Vendors count them exactly only afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PromptTokens {
    /// Of the prompt, estimated: its bytes divided by `bytes_per_token`.
    pub prompt: u32,
    /// Of the schema, estimated in the same way.
    pub schema: u32,
    /// Of the examples: their photos exactly, their answers estimated in the same way.
    pub examples: u32,
    /// The mean of the model's tokenizer, from the catalogue of models.
    pub bytes_per_token: u32,
    /// The bound that quotes and budgets use: one token per byte, and what the vendor adds.
    pub at_most: u32,
}
