//! Finds out in which coordinates a model answers: pictures with known shapes, and how far the answered boxes are from
//! them in every coordinate system. Pure: drawing and sending are elsewhere.

use serde::{Deserialize, Serialize};

use crate::coordinates::BoxCoordinates;
use crate::geometry::{PixelSize, Rect};
use crate::model::{ModelId, Unavailable};
use crate::money::PicoDollars;
use crate::recipe::{Label, Recipe, ShapeKind};

/// A shape in one colour on a plain ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownShape {
    pub label: &'static str,
    /// Red, green, blue.
    pub color: [u8; 3],
    pub is_ellipse: bool,
    /// In whole pixels of the picture.
    pub place: Rect,
}

/// A picture whose shapes are known, in the size in which it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownPicture {
    pub size: PixelSize,
    pub shapes: Vec<KnownShape>,
}

/// The labels, with their colours.
const LABELS: [(&str, [u8; 3]); 4] =
    [("red", [220, 40, 40]), ("green", [30, 150, 60]), ("blue", [40, 70, 220]), ("magenta", [215, 50, 200])];

/// Landscape, portrait and small. Large ones are wider than a thousand pixels, where the model takes that, and no side of the
/// small one is a multiple of 28, so that a server's own rounding shows.
const SIZES: [PixelSize; 3] = [PixelSize::new(1500, 940), PixelSize::new(940, 1500), PixelSize::new(320, 238)];

/// Where the shapes are, as shares of the sides: off the diagonal, and of different proportions, so that no two coordinate
/// systems agree about all of them.
const PLACES: [[[f64; 4]; 4]; 3] = [
    [[0.06, 0.12, 0.26, 0.30], [0.14, 0.55, 0.24, 0.93], [0.55, 0.07, 0.93, 0.21], [0.62, 0.58, 0.88, 0.82]],
    [[0.60, 0.08, 0.92, 0.20], [0.08, 0.30, 0.22, 0.62], [0.36, 0.42, 0.90, 0.52], [0.30, 0.72, 0.58, 0.95]],
    [[0.05, 0.60, 0.35, 0.92], [0.10, 0.08, 0.22, 0.44], [0.40, 0.10, 0.94, 0.30], [0.66, 0.52, 0.96, 0.94]],
];

/// The pictures of a calibration; `sent_size` is the size in which a model is sent a picture.
#[must_use]
pub fn pictures(sent_size: impl Fn(PixelSize) -> PixelSize) -> Vec<KnownPicture> {
    let picture = |(size, places): (PixelSize, &[[f64; 4]; 4])| {
        let size = sent_size(size);
        let shapes = places.iter().enumerate().map(|(place, shares)| known_shape(place, *shares, size));
        KnownPicture { size, shapes: shapes.collect() }
    };
    SIZES.into_iter().zip(&PLACES).map(picture).collect()
}

/// The shape at `place` among those of a picture of this size.
fn known_shape(place: usize, [x1, y1, x2, y2]: [f64; 4], size: PixelSize) -> KnownShape {
    let (label, color) = LABELS[place % LABELS.len()];
    let across = |share: f64| (share * f64::from(size.width)).round();
    let down = |share: f64| (share * f64::from(size.height)).round();
    let place_in_picture = Rect::new(across(x1), down(y1), across(x2), down(y2));
    KnownShape { label, color, is_ellipse: place % 2 == 1, place: place_in_picture }
}

/// What a calibration asks for.
#[must_use]
pub fn recipe() -> Recipe {
    let label = |(index, (name, _)): (usize, (&str, [u8; 3]))| Label {
        definition: format!("the {name} shape"),
        ..Label::plain(name, index)
    };
    Recipe {
        name: "Calibration".to_owned(),
        labels: LABELS.into_iter().enumerate().map(label).collect(),
        shapes: vec![ShapeKind::Box],
        ..Recipe::default()
    }
}

/// A box as a model wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenBox {
    pub label: String,
    /// In the order of the answer, in unknown coordinates.
    pub numbers: [f64; 4],
}

/// How far the boxes of all answers are from the shapes, read in one coordinate system.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SystemError {
    pub system: BoxCoordinates,
    /// Mean distance of a corner along a side, in percent of the side; 100 at most.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub error_percent: f64,
    /// Mean intersection over union of the boxes with the shapes, from 0 to 1.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub iou: f64,
}

/// What the answers say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum CalibrationVerdict {
    /// One system is clearly the best.
    Clear { system: BoxCoordinates },
    /// No system fits well, or several fit about as well.
    Unclear,
    /// Too few shapes were answered.
    TooFew,
    /// No picture was answered; `reason` is in English.
    NotMeasured { reason: String },
}

/// A corner may be this far off in the best system, in percent of the side.
const LARGEST_ERROR_PERCENT: f64 = 5.0;
/// Every other system must be this many times as far off, and this much more, in percent of the side.
const LEAST_FACTOR: f64 = 2.0;
const LEAST_MARGIN_PERCENT: f64 = 0.3;

/// The error of every coordinate system, least first, with the number of shapes that were answered; no errors without answered
/// shapes. `answers` are those about `pictures`, in their order.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a dozen shapes")]
pub fn errors(pictures: &[KnownPicture], answers: &[Vec<WrittenBox>]) -> (Vec<SystemError>, u32) {
    let shapes = pictures.iter().zip(answers);
    let answered: Vec<(&KnownShape, PixelSize, Vec<&WrittenBox>)> = shapes
        .flat_map(|(picture, answer)| {
            picture.shapes.iter().map(|shape| {
                (shape, picture.size, answer.iter().filter(|written| written.label == shape.label).collect())
            })
        })
        .filter(|(_, _, written): &(_, _, Vec<_>)| !written.is_empty())
        .collect();
    if answered.is_empty() {
        return (Vec::new(), 0);
    }
    let of = |system: BoxCoordinates| {
        // Of several boxes with a label, the nearest.
        let nearest = answered.iter().map(|(shape, size, written)| {
            let boxes = written.iter().map(|written| system.box_of(written.numbers, *size));
            boxes
                .map(|found| (error_percent(found, shape.place, *size), found.iou(shape.place)))
                .min_by(|one, other| one.0.total_cmp(&other.0))
                .unwrap_or((100.0, 0.0))
        });
        let (error, iou) = nearest.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let count = answered.len() as f64;
        SystemError { system, error_percent: error / count, iou: iou / count }
    };
    let mut errors: Vec<SystemError> = BoxCoordinates::ALL.into_iter().map(of).collect();
    errors.sort_by(|one, other| one.error_percent.total_cmp(&other.error_percent));
    (errors, u32::try_from(answered.len()).unwrap_or(u32::MAX))
}

/// What `errors`, least first, say of a model, when `answered` of `shapes` were found.
#[must_use]
pub fn verdict(errors: &[SystemError], answered: u32, shapes: u32) -> CalibrationVerdict {
    if answered == 0 || answered * 2 < shapes {
        return CalibrationVerdict::TooFew;
    }
    let [best, second, ..] = errors else { return CalibrationVerdict::Unclear };
    let is_clear = best.error_percent <= LARGEST_ERROR_PERCENT
        && second.error_percent >= best.error_percent * LEAST_FACTOR
        && second.error_percent >= best.error_percent + LEAST_MARGIN_PERCENT;
    if is_clear { CalibrationVerdict::Clear { system: best.system } } else { CalibrationVerdict::Unclear }
}

/// Mean distance of the corners of `found` along each side, in percent of the side.
fn error_percent(found: Rect, place: Rect, size: PixelSize) -> f64 {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let distances = [
        (found.x1 - place.x1) / width,
        (found.x2 - place.x2) / width,
        (found.y1 - place.y1) / height,
        (found.y2 - place.y2) / height,
    ];
    let capped = distances.map(|share| if share.is_finite() { share.abs().min(1.0) } else { 1.0 });
    capped.iter().sum::<f64>() / 4.0 * 100.0
}

/// What a calibration would cost, and what it needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CalibrationPlan {
    pub model: ModelId,
    pub model_name: String,
    /// Where the pictures are sent.
    pub host: String,
    /// Whether the user has agreed to send images there.
    pub is_agreed: bool,
    pub unavailable: Option<Unavailable>,
    /// The coordinates in which the model is asked now.
    pub coordinates: BoxCoordinates,
    /// Requests, one for each picture. None is sent again.
    pub requests: u32,
    /// `None` without a known price.
    #[serde(rename = "likely_dollars")]
    pub likely: Option<PicoDollars>,
    /// The most that it can cost; `None` without a known price.
    #[serde(rename = "at_most_dollars")]
    pub at_most: Option<PicoDollars>,
}

/// One picture of a calibration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CalibratedPicture {
    pub size: PixelSize,
    pub shapes: u32,
    /// Boxes in the answer.
    pub answered: u32,
    /// Why there is no answer that can be read, in English; `None` if there is one.
    pub problem: Option<String>,
}

/// A calibration that has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Calibration {
    pub model: ModelId,
    pub model_name: String,
    /// The coordinates in which the model was asked before.
    pub coordinates: BoxCoordinates,
    /// Those that were drawn for a request; none follow a failure that concerns every request.
    pub pictures: Vec<CalibratedPicture>,
    /// Least first; empty if no shape was answered.
    pub errors: Vec<SystemError>,
    pub verdict: CalibrationVerdict,
    /// What was paid, as far as the server has reported usage; `None` without a known price.
    #[serde(rename = "paid_dollars")]
    pub paid: Option<PicoDollars>,
    /// Requests without a reported usage, which may have been billed.
    pub possibly_billed: u32,
}

#[cfg(test)]
mod tests;
