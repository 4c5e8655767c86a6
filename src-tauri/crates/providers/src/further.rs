//! Extra prompt text of an image that needs several requests: that the picture is a tile, and the annotations to check. It
//! follows the text beside every picture, after the part that all requests of a run share.

use domain::annotation::NewAnnotation;
use domain::answer::PartPass;
use domain::coordinates::BoxCoordinates;
use domain::geometry::{ImageFromSent, ImageRegion, PixelSize};
use domain::recipe::{AttributeSubject, IMAGE_LABEL, Recipe, ShapeKind};
use serde_json::json;

use crate::example::{ShownAnnotation, shown_answer};

const TILE: &str =
    " It shows a part of a larger photograph: annotate what is visible in it, also what its edges cut off.";
const FOUND: &str = "\n\nThis was found in the image before:\n";
const CHECK: &str = "\nCheck it against the image: keep what is right, correct labels and places that are not, remove what \
is not there, and add what is missing. Answer with the complete result.";

/// The most text of what is checked, in bytes: more than a hundred annotations.
const LARGEST_CHECK: usize = 16_384;
/// Assumed text of what is checked, in bytes: eight boxes.
const LIKELY_CHECK: usize = 600;

/// What was found in a part of an image is too much to check in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was found takes {bytes} bytes, and a request that checks it takes at most {LARGEST_CHECK}")]
pub struct TooMuchToCheck {
    bytes: usize,
}

/// The most bytes that [`further_text`] has for a request of this kind.
#[must_use]
pub fn most_further_bytes(pass: PartPass) -> u64 {
    further_bytes(pass, LARGEST_CHECK)
}

/// The bytes that it is likely to have.
#[must_use]
pub fn likely_further_bytes(pass: PartPass) -> u64 {
    further_bytes(pass, LIKELY_CHECK)
}

fn further_bytes(pass: PartPass, found: usize) -> u64 {
    let tile = if pass.is_tile() { TILE.len() } else { 0 };
    let check = if pass.is_check { FOUND.len() + found + CHECK.len() } else { 0 };
    (tile + check) as u64
}

/// What is said about a picture of `sent` size that shows `region`; empty for the first request about the whole image.
/// `recipe` is what is asked about this part. `found` is in pixels of the image.
///
/// # Errors
///
/// If `found` is too much for a request.
pub fn further_text(
    pass: PartPass,
    recipe: &Recipe,
    coordinates: BoxCoordinates,
    region: ImageRegion,
    sent: PixelSize,
    found: &[NewAnnotation],
) -> Result<String, TooMuchToCheck> {
    let mut text = if pass.is_tile() { TILE.to_owned() } else { String::new() };
    if pass.is_check {
        let found = found_before(recipe, coordinates, region, sent, found);
        if found.len() > LARGEST_CHECK {
            return Err(TooMuchToCheck { bytes: found.len() });
        }
        text.extend([FOUND, &found, CHECK]);
    }
    Ok(text)
}

fn found_before(
    recipe: &Recipe,
    coordinates: BoxCoordinates,
    region: ImageRegion,
    sent: PixelSize,
    found: &[NewAnnotation],
) -> String {
    let is_of_image = |annotation: &&NewAnnotation| {
        annotation.label == IMAGE_LABEL
            && annotation.shape.kind() == ShapeKind::ImageTag
            && recipe.has_attributes_of(AttributeSubject::Image)
    };
    let of_image = found.iter().find(is_of_image).map(|annotation| annotation.attributes.clone()).unwrap_or_default();
    let from_sent = ImageFromSent::of_region(sent, region);
    let annotations = found.iter().filter(|annotation| !is_of_image(annotation)).map(|annotation| ShownAnnotation {
        label: &annotation.label,
        shape: annotation.shape.moved(|point| from_sent.point_in_sent(point)),
        confidence: annotation.confidence.map(|confidence| json!((f64::from(confidence) * 100.0).round() / 100.0)),
        attributes: &annotation.attributes,
    });
    shown_answer(recipe, coordinates, sent, &of_image, annotations)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::geometry::Rect;
    use domain::shape::Shape;

    use super::*;
    use crate::answer::{FinishReason, RawAnswer};
    use crate::parse;

    const REGION: ImageRegion = ImageRegion { left: 1_000, top: 500, size: PixelSize::new(2_000, 1_000) };
    const SENT: PixelSize = PixelSize::new(1_000, 500);
    const CHECKED_TILE: PartPass = PartPass { part: 3, is_check: true };

    fn cat(count: usize) -> Vec<NewAnnotation> {
        let shape = Shape::Box { rect: Rect::new(1_200.0, 600.0, 1_600.0, 900.0) };
        vec![NewAnnotation { label: "cat".into(), shape, confidence: Some(0.83), attributes: BTreeMap::new() }; count]
    }

    #[test]
    fn a_tile_and_what_was_found_in_it_in_words() {
        let recipe = Recipe::find_these("cat").unwrap();
        let text = |pass, found: &[NewAnnotation]| {
            further_text(pass, &recipe, BoxCoordinates::PixelXyxy, REGION, SENT, found).unwrap()
        };
        assert_eq!(text(PartPass::default(), &cat(1)), "");
        insta::assert_snapshot!(text(CHECKED_TILE, &cat(1)));
    }

    #[test]
    fn what_is_checked_is_read_back_where_it_was_found_in_every_coordinate_system() {
        use BoxCoordinates::{Norm1Xywh, Norm1Xyxy, Norm1000Xyxy, Norm1000Yxyx, PixelXyxy, ServerPixelXyxy};
        let recipe = Recipe::find_these("cat").unwrap();
        for coordinates in [PixelXyxy, ServerPixelXyxy, Norm1000Xyxy, Norm1000Yxyx, Norm1Xyxy, Norm1Xywh] {
            let answer = RawAnswer {
                text: found_before(&recipe, coordinates, REGION, SENT, &cat(1)),
                stop_reason: FinishReason::EndTurn,
                usage: None,
                model: String::new(),
                request_id: None,
                sent: SENT,
                coordinates,
                time_to_first_byte_millis: 0,
                took_millis: 0,
                rate_limits: crate::rate_limits::RateLimits::default(),
            };
            let read = parse::read(&answer, &recipe).unwrap();
            let found = read.annotations_of(REGION, &recipe, PixelSize::new(4_000, 3_000));
            let (bounds, expected) = (found[0].shape.bounds().unwrap(), cat(1)[0].shape.bounds().unwrap());
            // A pixel as sent is two of the photo; so is a thousandth.
            let corners = [
                (bounds.x1, expected.x1),
                (bounds.y1, expected.y1),
                (bounds.x2, expected.x2),
                (bounds.y2, expected.y2),
            ];
            assert!(corners.iter().all(|(one, other)| (one - other).abs() <= 2.0), "{coordinates:?}: {bounds:?}");
            assert_eq!(found[0].confidence, Some(0.83));
        }
    }

    #[test]
    fn no_text_is_longer_than_its_bound() {
        let recipe = Recipe::find_these("cat").unwrap();
        let text = |count| further_text(CHECKED_TILE, &recipe, BoxCoordinates::PixelXyxy, REGION, SENT, &cat(count));
        let longest = (1..1_000).map_while(|count| text(count).ok()).last().unwrap();
        let bound = most_further_bytes(CHECKED_TILE);
        assert!(longest.len() as u64 <= bound && longest.len() as u64 > bound - 100, "{}", longest.len());
        assert!(text(1_000).is_err());
    }
}
