//! Examples of a recipe: photos with the annotations that they should get.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::annotation::{AttributeValue, Shape};
use crate::ids::ImageId;

/// The unit of an example's coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ExampleUnits {
    /// Fractions of the upright image's sides, 0 to 1.
    #[default]
    Fractions,
    /// Pixels of the upright image.
    Pixels,
}

/// A photo with the annotations that it should get. A negative example has none.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RecipeExample {
    /// The hash of the photo's bytes, as the library has it, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// The photo's file, for a photo without a known hash and to tell it by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub units: ExampleUnits,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<ExampleAnnotation>,
    /// The attributes of the image.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// Where the photo of an example is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExamplePhoto {
    /// The image of the library with this content.
    pub image: Option<ImageId>,
    /// Why the photo cannot be used, in English; `None` if it can.
    pub problem: Option<String>,
}

/// An annotation of an example.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExampleAnnotation {
    pub label: String,
    /// In the units of the example.
    pub shape: Shape,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, AttributeValue>,
}
