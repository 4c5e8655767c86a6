//! Checks: likely mistakes in position, size or label of an annotation. Usual values of a label are computed by the
//! store, which has all annotations. Rejected annotations are never mistakes. Pixels are not examined.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::annotation::{Annotation, Origin, RejectReason, Shape, Status};
use crate::geometry::{PixelSize, Rect};
use crate::ids::AnnotationId;
pub use crate::review::spelling::misspelled;

/// A kind of likely mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Check {
    /// Nearly the same place as another annotation of the same label.
    Duplicate,
    /// Over 95 % of the image.
    Huge,
    /// Under 0.1 % of the image.
    Tiny,
    /// Overhangs the image's edge.
    Outside,
    /// Much wider or taller than other boxes of its label.
    OddAspect,
    /// Its label is spelled like a far more frequent one.
    Misspelled,
}

impl Check {
    pub const ALL: [Self; 6] =
        [Self::Duplicate, Self::Huge, Self::Tiny, Self::Outside, Self::OddAspect, Self::Misspelled];
}

/// An annotation with a likely mistake in position or size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misplaced {
    pub check: Check,
    pub annotation: AnnotationId,
    /// For a duplicate: the annotation that it repeats, which stays.
    pub other: Option<AnnotationId>,
}

impl Misplaced {
    fn of(check: Check, annotation: &Annotation) -> Self {
        Self { check, annotation: annotation.id, other: None }
    }

    /// Whether it applies among the annotations `shown`: a duplicate of a hidden annotation is no mistake there.
    #[must_use]
    pub fn is_among(&self, shown: &[Annotation]) -> bool {
        let has = |id: AnnotationId| shown.iter().any(|annotation| annotation.id == id);
        has(self.annotation) && self.other.is_none_or(has)
    }
}

/// A finding of a check: an annotation with a likely mistake, and its repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CheckFinding {
    pub check: Check,
    pub annotation: AnnotationId,
    /// For a duplicate: the annotation that it repeats, which stays.
    pub other: Option<AnnotationId>,
    pub repair: RepairAction,
}

/// All findings among the annotations `shown` of an image of `size`, by id: those of `misplaced` that apply there, and
/// misspelled labels, with corrections in `meant`.
#[must_use]
pub fn findings(
    size: PixelSize,
    shown: &[Annotation],
    misplaced: &[Misplaced],
    meant: &BTreeMap<String, String>,
) -> Vec<CheckFinding> {
    let mut findings = Vec::new();
    for annotation in shown.iter().filter(|annotation| annotation.status.is_standing()) {
        for found in misplaced.iter().filter(|it| it.annotation == annotation.id && it.is_among(shown)) {
            let repair = RepairAction::of_misplaced(found.check, annotation, size);
            findings.push(CheckFinding { check: found.check, annotation: annotation.id, other: found.other, repair });
        }
        if let Some(label) = meant.get(&annotation.label) {
            let repair = RepairAction::Relabel { label: label.clone() };
            findings.push(CheckFinding { check: Check::Misspelled, annotation: annotation.id, other: None, repair });
        }
    }
    findings.sort_by_key(|finding| (finding.annotation, finding.check));
    findings
}

/// Annotations of one label that overlap this much are duplicates.
const DUPLICATE_IOU: f64 = 0.85;
const HUGE_SHARE: f64 = 0.95;
const TINY_SHARE: f64 = 0.001;
/// Minimum number of boxes of a label for usual values.
const FEWEST_USUAL: u32 = 20;
/// How many spreads from the median are odd, and the minimum factor to the usual aspect ratio.
const ODD_SPREADS: f64 = 4.0;
const ODD_FACTOR: f64 = 2.0;
/// Maximum number of boxes for usual values.
pub const MOST_BOXES: u32 = 500;
/// Factor from median absolute deviation to standard deviation of a normal distribution.
const SPREAD_FROM_DEVIATION: f64 = 1.4826;

/// Usual aspect ratio of a label's boxes: median and spread of ln(width / height), where the spread is the median
/// absolute deviation scaled to a standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UsualAspect {
    pub boxes: u32,
    pub middle: f64,
    pub spread: f64,
}

impl UsualAspect {
    /// `None` without boxes.
    #[must_use]
    pub fn of(rects: &[Rect]) -> Option<Self> {
        let mut aspects: Vec<f64> = rects.iter().filter_map(|rect| log_aspect(*rect)).collect();
        let middle = median(&mut aspects)?;
        let mut deviations: Vec<f64> = aspects.iter().map(|aspect| (aspect - middle).abs()).collect();
        let spread = SPREAD_FROM_DEVIATION * median(&mut deviations)?;
        Some(Self { boxes: u32::try_from(aspects.len()).unwrap_or(u32::MAX), middle, spread })
    }

    /// Whether values computed from `then` annotations of a label are recomputed with `now`. They are when the number
    /// has doubled or halved, so that the total effort is at most twice the annotations.
    #[must_use]
    pub fn is_outdated(then: u32, now: u32) -> bool {
        now >= then.saturating_mul(2) || now <= then / 2
    }

    fn is_odd(self, rect: Rect) -> bool {
        self.boxes >= FEWEST_USUAL
            && log_aspect(rect)
                .is_some_and(|aspect| (aspect - self.middle).abs() > (ODD_SPREADS * self.spread).max(ODD_FACTOR.ln()))
    }
}

/// ln(width / height); `None` for an empty box.
fn log_aspect(rect: Rect) -> Option<f64> {
    (rect.area() > 0.0).then(|| (rect.width() / rect.height()).ln())
}

/// The median; sorts `values`.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2)?;
    let lower = values.get(values.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(*upper, *lower))
}

/// Usual number of annotations per image: median and median absolute deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UsualCount {
    middle: f64,
    spread: f64,
}

impl UsualCount {
    /// From the number of images by number of annotations; `None` without images.
    #[must_use]
    pub fn of(images_by_count: &[(u32, u32)]) -> Option<Self> {
        let middle = weighted_median(images_by_count)?;
        let mut deviations: Vec<(u32, u32)> =
            images_by_count.iter().map(|(count, images)| (count.abs_diff(middle), *images)).collect();
        deviations.sort_unstable();
        let spread = weighted_median(&deviations)?;
        // If nearly all have the same number, one more or less is not odd yet.
        Some(Self { middle: f64::from(middle), spread: f64::from(spread.max(1)) })
    }

    /// Deviation of `count` from the usual number, in spreads.
    #[must_use]
    pub fn spreads_of(self, count: usize) -> f64 {
        (f64::from(u32::try_from(count).unwrap_or(u32::MAX)) - self.middle) / self.spread
    }
}

/// The median of `(value, count)` pairs in order; `None` if empty.
fn weighted_median(counts: &[(u32, u32)]) -> Option<u32> {
    let total: u64 = counts.iter().map(|(_, often)| u64::from(*often)).sum();
    let mut seen = 0;
    counts.iter().find_map(|(value, often)| {
        seen += u64::from(*often);
        (2 * seen >= total && total > 0).then_some(*value)
    })
}

/// Findings in position and size of the annotations on an image of `size`, in order. `usual` returns usual aspect
/// ratios by label.
#[must_use]
pub fn misplaced(
    size: PixelSize,
    annotations: &[Annotation],
    usual: impl Fn(&str) -> Option<UsualAspect>,
) -> Vec<Misplaced> {
    let standing: Vec<&Annotation> = annotations.iter().filter(|one| one.status.is_standing()).collect();
    let whole = Rect::new(0.0, 0.0, f64::from(size.width), f64::from(size.height));
    let mut found = Vec::new();
    for annotation in &standing {
        if let Some(other) = repeated(annotation, &standing) {
            found.push(Misplaced { other: Some(other), ..Misplaced::of(Check::Duplicate, annotation) });
        }
        let (Some(bounds), Some(area)) = (annotation.shape.bounds(), annotation.shape.area()) else { continue };
        let is_outside = bounds.x1 < whole.x1 || bounds.y1 < whole.y1 || bounds.x2 > whole.x2 || bounds.y2 > whole.y2;
        if is_outside {
            found.push(Misplaced::of(Check::Outside, annotation));
        }
        if matches!(annotation.shape, Shape::Point { .. }) {
            continue;
        }
        if area > HUGE_SHARE * whole.area() {
            found.push(Misplaced::of(Check::Huge, annotation));
        } else if area < TINY_SHARE * whole.area() {
            found.push(Misplaced::of(Check::Tiny, annotation));
        }
        let is_box = matches!(annotation.shape, Shape::Box { .. });
        if is_box && usual(&annotation.label).is_some_and(|usual| usual.is_odd(bounds)) {
            found.push(Misplaced::of(Check::OddAspect, annotation));
        }
    }
    found
}

/// The annotation that this one repeats: of two, the decided one stays, then the more confident, then the earlier.
/// Equal proposals of two runs are no mistake.
fn repeated(annotation: &Annotation, standing: &[&Annotation]) -> Option<AnnotationId> {
    let bounds = annotation.shape.bounds()?;
    standing
        .iter()
        .filter(|other| other.status.is_approved() || other.origin == annotation.origin)
        .find(|&other| {
            other.id != annotation.id
                && other.label == annotation.label
                && other.shape.kind() == annotation.shape.kind()
                && stays_before(other, annotation)
                && match &annotation.shape {
                    Shape::Point { .. } => other.shape.is_nearly(&annotation.shape),
                    _ => other.shape.bounds().is_some_and(|place| place.iou(bounds) >= DUPLICATE_IOU),
                }
        })
        .map(|other| other.id)
}

fn stays_before(one: &Annotation, other: &Annotation) -> bool {
    let worth = |annotation: &Annotation| (annotation.status != Status::Proposed, annotation.confidence.unwrap_or(0.0));
    let (one_worth, other_worth) = (worth(one), worth(other));
    match one_worth.0.cmp(&other_worth.0).then(one_worth.1.total_cmp(&other_worth.1)) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => one.id < other.id,
    }
}

/// The repair of an annotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum RepairAction {
    /// For a run's annotation that is a duplicate or implausible.
    Reject { reason: RejectReason },
    /// The same for a person's own.
    Remove,
    /// Clips it at the image edge.
    Crop,
    /// Changes the label to the likely one.
    Relabel { label: String },
}

impl RepairAction {
    /// The label that the annotation is given.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        if let Self::Relabel { label } = self { Some(label) } else { None }
    }

    /// The repair of a position or size finding on an image of `size`.
    pub(super) fn of_misplaced(check: Check, annotation: &Annotation, size: PixelSize) -> Self {
        let reason = match check {
            Check::Outside if annotation.shape.fitted(size).is_ok() => return Self::Crop,
            Check::Duplicate => RejectReason::Duplicate,
            _ => RejectReason::BadBox,
        };
        match annotation.origin {
            Origin::Run { .. } => Self::Reject { reason },
            Origin::Person => Self::Remove,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::geometry::Point;
    use crate::ids::RunId;

    const SIZE: PixelSize = PixelSize::new(1000, 1000);

    fn annotation(id: u32, label: &str, rect: (f64, f64, f64, f64), confidence: f32) -> Annotation {
        Annotation {
            id: AnnotationId(id),
            origin: Origin::Run { run: RunId(1) },
            propagated_from: None,
            label: label.into(),
            color: 1,
            shape: Shape::Box { rect: Rect::new(rect.0, rect.1, rect.2, rect.3) },
            confidence: Some(confidence),
            attributes: BTreeMap::new(),
            status: Status::Proposed,
            reject_reason: None,
            is_superseded: false,
        }
    }

    fn kinds(annotations: &[Annotation]) -> Vec<(Check, u32)> {
        misplaced(SIZE, annotations, |_| None)
            .into_iter()
            .map(|finding| (finding.check, finding.annotation.0))
            .collect()
    }

    #[test]
    fn of_two_annotations_on_one_thing_the_better_one_stays() {
        let twice = [
            annotation(1, "cat", (100.0, 100.0, 300.0, 300.0), 0.4),
            annotation(2, "cat", (104.0, 100.0, 300.0, 300.0), 0.9),
        ];
        let found = misplaced(SIZE, &twice, |_| None);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].annotation, found[0].other), (AnnotationId(1), Some(AnnotationId(2))));

        let decided = Annotation { status: Status::Edited, ..twice[0].clone() };
        let found = misplaced(SIZE, &[decided, twice[1].clone()], |_| None);
        assert_eq!(found[0].annotation, AnnotationId(2), "what a person has decided stays");
        let rejected = Annotation { status: Status::Rejected, ..twice[0].clone() };
        assert!(kinds(&[rejected, twice[1].clone()]).is_empty());
        let other_label = Annotation { label: "dog".into(), ..twice[0].clone() };
        assert!(kinds(&[other_label, twice[1].clone()]).is_empty());
    }

    #[test]
    fn sizes_and_places_that_are_hardly_meant_are_found() {
        assert_eq!(kinds(&[annotation(1, "cat", (0.0, 0.0, 1000.0, 990.0), 0.9)]), [(Check::Huge, 1)]);
        assert_eq!(kinds(&[annotation(1, "cat", (0.0, 0.0, 20.0, 30.0), 0.9)]), [(Check::Tiny, 1)]);
        assert_eq!(kinds(&[annotation(1, "cat", (-5.0, 0.0, 200.0, 300.0), 0.9)]), [(Check::Outside, 1)]);
        assert!(kinds(&[annotation(1, "cat", (0.0, 0.0, 40.0, 40.0), 0.9)]).is_empty());
        let point = Annotation {
            shape: Shape::Point { at: Point::new(5.0, 5.0) },
            ..annotation(1, "cat", (0., 0., 1., 1.), 0.9)
        };
        assert!(kinds(&[point]).is_empty(), "a point has no size");
    }

    #[test]
    fn an_aspect_is_odd_only_beside_many_that_are_alike() {
        let rects = |count: u32| -> Vec<Rect> {
            (0..count).map(|step| Rect::new(0.0, 0.0, 100.0 + f64::from(step), 50.0)).collect()
        };
        let wide = [annotation(1, "cat", (0.0, 0.0, 50.0, 400.0), 0.9)];
        let checks =
            |usual: Option<UsualAspect>, annotations: &[Annotation]| misplaced(SIZE, annotations, |_| usual).len();
        assert_eq!(checks(UsualAspect::of(&rects(40)), &wide), 1);
        assert_eq!(checks(UsualAspect::of(&rects(10)), &wide), 0, "too few to say what is usual");
        let usual = [annotation(1, "cat", (0.0, 0.0, 150.0, 60.0), 0.9)];
        assert_eq!(checks(UsualAspect::of(&rects(40)), &usual), 0);
        assert_eq!(UsualAspect::of(&[]), None);
    }
}
