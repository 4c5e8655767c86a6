//! The units in which an answer gives the edges of a box.

use serde_json::{Value, json};

use crate::picture::Size;
use crate::seeing::Sighting;

/// Units of coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Units {
    /// Pixels of the image as the model sees it.
    #[default]
    Pixels,
    /// Whole thousandths of the sides. A list begins with a vertical edge or a horizontal one.
    Thousandths { is_y_first: bool },
    /// Fractions of the sides. A list is the top left corner and either the opposite one or the extent.
    Fractions { is_extent: bool },
}

/// The units of an answer about one image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) units: Units,
    pub(crate) seen: Size,
}

impl Frame {
    /// Left, top, right and bottom of a shape.
    pub(crate) fn edges(self, seen: &Sighting) -> [Value; 4] {
        let Size { width, height } = self.seen;
        [
            self.along(seen.left, width),
            self.along(seen.top, height),
            self.along(seen.right, width),
            self.along(seen.bottom, height),
        ]
    }

    /// A box as a list, in the order of the units.
    pub(crate) fn list(self, seen: &Sighting) -> Vec<Value> {
        let [left, top, right, bottom] = self.edges(seen);
        match self.units {
            Units::Thousandths { is_y_first: true } => vec![top, left, bottom, right],
            Units::Fractions { is_extent: true } => vec![
                left,
                top,
                self.along(seen.right - seen.left, self.seen.width),
                self.along(seen.bottom - seen.top, self.seen.height),
            ],
            _ => vec![left, top, right, bottom],
        }
    }

    /// A point as a list, in the order of the units.
    pub(crate) fn pair(self, x: u32, y: u32) -> Vec<Value> {
        let (x, y) = (self.along(x, self.seen.width), self.along(y, self.seen.height));
        match self.units {
            Units::Thousandths { is_y_first: true } => vec![y, x],
            _ => vec![x, y],
        }
    }

    /// A length in pixels along a side.
    pub(crate) fn along(self, pixels: u32, side: u32) -> Value {
        let share = f64::from(pixels) / f64::from(side.max(1));
        match self.units {
            Units::Pixels => json!(pixels),
            #[expect(clippy::cast_possible_truncation, reason = "from 0 to 1000")]
            Units::Thousandths { .. } => json!((share * 1_000.0).round() as i64),
            Units::Fractions { .. } => json!((share * 100_000.0).round() / 100_000.0),
        }
    }
}
