//! Compares two sides on one image: what both have, what only one has, and objects with different labels. Pure, and
//! symmetric except for the names of the sides.

pub mod choose;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::annotation::{AttributeValue, Shape, Status};
use crate::ids::{AnnotationId, ImageId, RunId};
use crate::recipe::comparable;

/// A side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Side {
    /// A run's original answer, whatever happened to it since.
    Run { run: RunId },
    /// What people accepted, edited and drew on reviewed images: the ground truth.
    Decided,
}

/// An annotation of one side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ComparedAnnotation {
    /// The corresponding annotation on the image today, if it exists.
    pub annotation: Option<AnnotationId>,
    pub status: Option<Status>,
    pub label: String,
    pub color: u8,
    pub shape: Shape,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub confidence: Option<f32>,
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// How two sides agree on an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Agreement {
    Relabelled,
    OnlyFirst,
    OnlySecond,
    Agreed,
}

/// An object on an image, as both sides see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ComparedPair {
    pub agreement: Agreement,
    pub first: Option<ComparedAnnotation>,
    pub second: Option<ComparedAnnotation>,
    /// Overlap of the two, 0 to 1; 0 if only one exists.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub iou: f64,
}

/// Number of objects of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Agreements {
    pub agreed: u32,
    pub relabelled: u32,
    pub only_first: u32,
    pub only_second: u32,
}

impl Agreements {
    pub fn note(&mut self, agreement: Agreement) {
        *match agreement {
            Agreement::Agreed => &mut self.agreed,
            Agreement::Relabelled => &mut self.relabelled,
            Agreement::OnlyFirst => &mut self.only_first,
            Agreement::OnlySecond => &mut self.only_second,
        } += 1;
    }

    #[must_use]
    pub const fn differences(self) -> u32 {
        self.relabelled + self.only_first + self.only_second
    }
}

/// Two sides on all images that both cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Comparison {
    /// Images that both cover.
    pub images: u32,
    pub things: Agreements,
    /// Images on which they differ, most differences first.
    pub differing: Vec<ImageId>,
}

/// Annotations with at least this overlap are the same object (as usual in COCO and Pascal VOC).
pub const SAME_THING_IOU: f64 = 0.5;

/// Pairs of annotations, best overlaps first: within a label, then across labels. The rest stays single. Differences
/// come before agreed pairs.
#[must_use]
pub fn compare(first: &[ComparedAnnotation], second: &[ComparedAnnotation]) -> Vec<ComparedPair> {
    let mut candidates: Vec<(bool, f64, usize, usize)> = Vec::new();
    for (place, one) in first.iter().enumerate() {
        for (other_place, other) in second.iter().enumerate() {
            let overlap = overlap(&one.shape, &other.shape);
            if overlap >= SAME_THING_IOU {
                let is_same_label = one.label == other.label || comparable(&one.label) == comparable(&other.label);
                candidates.push((is_same_label, overlap, place, other_place));
            }
        }
    }
    candidates.sort_by(|one, other| other.0.cmp(&one.0).then(other.1.total_cmp(&one.1)));
    let (mut left, mut right) = (vec![true; first.len()], vec![true; second.len()]);
    let mut pairs = Vec::new();
    for (is_same_label, iou, place, other_place) in candidates {
        if left[place] && right[other_place] {
            left[place] = false;
            right[other_place] = false;
            let agreement = if is_same_label { Agreement::Agreed } else { Agreement::Relabelled };
            let (one, other) = (first[place].clone(), second[other_place].clone());
            pairs.push(ComparedPair { agreement, first: Some(one), second: Some(other), iou });
        }
    }
    let alone = |annotations: &[ComparedAnnotation], is_left: &[bool]| -> Vec<ComparedAnnotation> {
        annotations
            .iter()
            .zip(is_left)
            .filter(|(_, is_left)| **is_left)
            .map(|(annotation, _)| annotation.clone())
            .collect()
    };
    pairs.extend(alone(first, &left).into_iter().map(|annotation| ComparedPair {
        agreement: Agreement::OnlyFirst,
        first: Some(annotation),
        second: None,
        iou: 0.0,
    }));
    pairs.extend(alone(second, &right).into_iter().map(|annotation| ComparedPair {
        agreement: Agreement::OnlySecond,
        first: None,
        second: Some(annotation),
        iou: 0.0,
    }));
    pairs.sort_by_key(|pair| pair.agreement);
    pairs
}

/// 0 to 1: by area for shapes with one, otherwise by equality.
fn overlap(one: &Shape, other: &Shape) -> f64 {
    if one.kind() != other.kind() {
        return 0.0;
    }
    match (one.bounds(), other.bounds()) {
        (Some(place), Some(other_place)) if place.area() > 0.0 => place.iou(other_place),
        _ => f64::from(u8::from(one.is_nearly(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Rect;

    fn annotation(label: &str, x: f64) -> ComparedAnnotation {
        ComparedAnnotation {
            annotation: None,
            status: None,
            label: label.into(),
            color: 1,
            shape: Shape::Box { rect: Rect::new(x, 0.0, x + 100.0, 100.0) },
            confidence: None,
            attributes: BTreeMap::new(),
        }
    }

    fn kinds(first: &[ComparedAnnotation], second: &[ComparedAnnotation]) -> Vec<Agreement> {
        compare(first, second).iter().map(|pair| pair.agreement).collect()
    }

    #[test]
    fn things_are_told_apart_by_place_first_and_name_then() {
        use Agreement::{Agreed, OnlyFirst, OnlySecond, Relabelled};
        let first = [annotation("cat", 0.0), annotation("dog", 300.0), annotation("cup", 600.0)];
        let second = [annotation("cat", 10.0), annotation("fox", 305.0), annotation("cup", 900.0)];
        assert_eq!(kinds(&first, &second), [Relabelled, OnlyFirst, OnlySecond, Agreed]);
        assert_eq!(kinds(&second, &first), [Relabelled, OnlyFirst, OnlySecond, Agreed], "the sides may change places");
        assert_eq!(kinds(&[], &[]), []);
    }

    #[test]
    fn the_same_label_is_matched_before_a_better_place() {
        let pairs = compare(&[annotation("cat", 0.0)], &[annotation("dog", 0.0), annotation("cat", 25.0)]);
        assert_eq!(pairs[1].agreement, Agreement::Agreed);
        assert!((pairs[1].iou - 0.6).abs() < 1e-9, "{}", pairs[1].iou);
        assert_eq!(pairs[0].agreement, Agreement::OnlySecond);
    }

    #[test]
    fn no_annotation_is_in_two_pairs() {
        let pairs = compare(&[annotation("cat", 0.0), annotation("cat", 5.0)], &[annotation("cat", 2.0)]);
        let agreed = pairs.iter().filter(|pair| pair.agreement == Agreement::Agreed).count();
        assert_eq!((pairs.len(), agreed), (2, 1));
    }
}
