//! The coordinates in which a model answers: a property of the model, which the user can correct.

pub mod suspicion;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::geometry::{PixelSize, Rect};

/// Servers that resize round the sides to multiples of this many pixels.
const SERVER_MULTIPLE: u32 = 28;

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

impl BoxCoordinates {
    /// In the order in which they are listed.
    pub const ALL: [Self; 6] = [
        Self::PixelXyxy,
        Self::ServerPixelXyxy,
        Self::Norm1000Xyxy,
        Self::Norm1000Yxyx,
        Self::Norm1Xyxy,
        Self::Norm1Xywh,
    ];

    /// The width and height of a picture of `sent` size in these coordinates.
    #[must_use]
    pub fn extent(self, sent: PixelSize) -> (f64, f64) {
        let rounded = |side: u32| {
            f64::from((side + SERVER_MULTIPLE / 2) / SERVER_MULTIPLE * SERVER_MULTIPLE).max(SERVER_MULTIPLE.into())
        };
        match self {
            Self::PixelXyxy => (f64::from(sent.width), f64::from(sent.height)),
            Self::ServerPixelXyxy => (rounded(sent.width), rounded(sent.height)),
            Self::Norm1000Xyxy | Self::Norm1000Yxyx => (1000.0, 1000.0),
            Self::Norm1Xyxy | Self::Norm1Xywh => (1.0, 1.0),
        }
    }

    /// The box that four numbers are in these coordinates, in pixels of a picture of `sent` size.
    #[must_use]
    pub fn box_of(self, numbers: [f64; 4], sent: PixelSize) -> Rect {
        let (width, height) = self.extent(sent);
        let [x1, y1, x2, y2] = match (self, numbers) {
            (Self::Norm1000Yxyx, [top, left, bottom, right]) => [left, top, right, bottom],
            (Self::Norm1Xywh, [x, y, width, height]) => [x, y, x + width, y + height],
            (_, corners) => corners,
        };
        let across = |x: f64| x / width * f64::from(sent.width);
        let down = |y: f64| y / height * f64::from(sent.height);
        Rect::new(across(x1), down(y1), across(x2), down(y2)).ordered()
    }

    /// As the settings and the command line name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PixelXyxy => "pixel_xyxy",
            Self::ServerPixelXyxy => "server_pixel_xyxy",
            Self::Norm1000Xyxy => "norm1000_xyxy",
            Self::Norm1000Yxyx => "norm1000_yxyx",
            Self::Norm1Xyxy => "norm1_xyxy",
            Self::Norm1Xywh => "norm1_xywh",
        }
    }
}

impl FromStr for BoxCoordinates {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|system| system.name() == name);
        named.ok_or_else(|| format!("expected one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_settings() {
        for system in BoxCoordinates::ALL {
            assert_eq!(serde_json::to_value(system).unwrap(), system.name());
            assert_eq!(system.name().parse(), Ok(system));
        }
        assert!("pixels".parse::<BoxCoordinates>().unwrap_err().contains("norm1000_yxyx"));
    }
}
