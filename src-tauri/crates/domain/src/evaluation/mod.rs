//! Quality of detections against ground truth: the COCO protocol, precision and recall at a threshold, confusion,
//! calibration, and whether a difference of two results is one.
//!
//! Boxes are in pixels of the upright image. Labels are numbers from 0, which the caller assigns.

pub mod bootstrap;
pub mod calibration;
pub mod coco;
mod comparison;
pub mod confusion;
pub mod evaluate;
pub mod image_quality;
pub mod matching;
pub mod precision;
pub mod report;
pub mod whole_image;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::geometry::Rect;

/// The order of scores, the highest first. Scores that are not numbers are last, because they reach no threshold.
fn descending(one: f64, other: f64) -> Ordering {
    other.partial_cmp(&one).unwrap_or_else(|| one.is_nan().cmp(&other.is_nan()))
}

/// A box as COCO has it: area and overlap are computed from its sides, as in the reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CocoBox {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl From<Rect> for CocoBox {
    fn from(rect: Rect) -> Self {
        Self { x: rect.x1, y: rect.y1, width: rect.width(), height: rect.height() }
    }
}

impl CocoBox {
    /// In square pixels.
    #[must_use]
    pub fn area(self) -> f64 {
        self.width * self.height
    }

    /// Intersection over union with a box of the ground truth; over the area of `self` if that is a crowd.
    ///
    /// Source: `bbIou` in `maskApi.c` of pycocotools.
    #[must_use]
    pub fn overlap(self, truth: Self, is_crowd: bool) -> f64 {
        let width = (self.x + self.width).min(truth.x + truth.width) - self.x.max(truth.x);
        let height = (self.y + self.height).min(truth.y + truth.height) - self.y.max(truth.y);
        if width <= 0.0 || height <= 0.0 {
            return 0.0;
        }
        let both = width * height;
        both / if is_crowd { self.area() } else { self.area() + truth.area() - both }
    }
}

/// An object of the ground truth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrueObject {
    pub label: u32,
    pub bounds: CocoBox,
    /// In square pixels; of the outline if there is one.
    pub area: f64,
    /// Whether it covers several objects. Detections in it are neither right nor wrong.
    pub is_crowd: bool,
}

/// A detection to be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoredBox {
    pub label: u32,
    pub bounds: CocoBox,
    /// The model's confidence.
    pub score: f64,
}

/// An image with its ground truth and detections. Of detections with equal scores, the first comes first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EvaluatedImage {
    pub truth: Vec<TrueObject>,
    pub detections: Vec<ScoredBox>,
}
