//! The coordinates in which a model answers: a property of the model, which the user can correct.

use serde::{Deserialize, Serialize};

/// How a model writes a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum BoxCoordinates {
    /// Corners in pixels of the image that was sent.
    #[default]
    PixelXyxy,
    /// Corners in pixels of the image after the server has rounded its sides to multiples of 28 pixels.
    ServerPixelXyxy,
    /// Corners in thousandths of the sides, from left and top.
    Norm1000Xyxy,
    /// Corners in thousandths of the sides, each from top and left.
    Norm1000Yxyx,
    /// Corners in fractions of the sides.
    Norm1Xyxy,
    /// The top left corner and the extent, in fractions of the sides.
    Norm1Xywh,
}
