//! Merges what was found in the parts of an image, which overlap: the same object in two parts becomes one annotation,
//! and the pieces of an object that is cut at the border of a tile are joined.
//!
//! Two annotations of different parts are of one object if they have the same label and shape kind, and
//!
//! - their boxes overlap by [`SAME_OBJECT_IOU`], or by [`SAME_OBJECT_IOU_ACROSS_SCALES`] if one was found in the whole
//!   image, whose boxes are coarser; points, if they are close;
//! - or one of them is cut at the border of its tile, and mostly within the other;
//! - or both are cut at facing borders of overlapping tiles, and continue each other.
//!
//! The better one gives place, confidence and attributes: first what was seen whole in a tile, then what was seen whole in
//! the image, then joined pieces, then pieces; among these the most confident, then the largest. Joined pieces are the box
//! around them, or the convex hull of their outlines, with confidence and attributes of the better piece.
//!
//! Annotations of the same part are never joined, so that adjacent objects stay two. The limit: of two objects of one
//! label that both cross the overlap of two tiles at the same height, pieces may be joined with each other.

use std::cmp::Ordering;

use crate::annotation::NewAnnotation;
use crate::geometry::{ImageRegion, Point, Rect};
use crate::recipe::comparable;
use crate::shape::Shape;

/// Boxes of one object in parts of the same scale overlap at least this much.
const SAME_OBJECT_IOU: f64 = 0.5;
/// The same for a box of the whole image and one of a tile.
const SAME_OBJECT_IOU_ACROSS_SCALES: f64 = 0.3;
/// The share of a cut piece that lies within the whole object.
const PIECE_WITHIN: f64 = 0.7;
/// How far the extents of two pieces along the seam agree: intersection over union.
const PIECES_ALONG_SEAM: f64 = 0.5;
/// A box this near to the border of its tile is cut there, as a share of the tile's side, and at least in pixels.
const BORDER_SHARE: f64 = 0.01;
const BORDER_PIXELS: f64 = 2.0;
/// Points of one object are this close, as a share of the larger part's long edge.
const SAME_POINT_SHARE: f64 = 0.01;

/// What was found in a part of an image, in pixels of the image.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundInPart {
    pub region: ImageRegion,
    pub annotations: Vec<NewAnnotation>,
}

/// The annotations of an image from those of its `parts`: independent of their order. `image` is the whole image. What
/// has no place, such as tags, is taken from parts that show all of the image.
#[must_use]
pub fn merged(parts: &[FoundInPart], image: ImageRegion) -> Vec<NewAnnotation> {
    if let [only] = parts {
        return only.annotations.clone();
    }
    let (mut unplaced, mut candidates) = (Vec::new(), Vec::new());
    for (index, part) in parts.iter().enumerate() {
        for annotation in &part.annotations {
            match annotation.shape.bounds() {
                Some(bounds) => candidates.push(Candidate::new(annotation.clone(), bounds, index, part.region, image)),
                None if part.region == image => unplaced.push(annotation.clone()),
                None => {}
            }
        }
    }
    let mut found = deduplicated(joined(candidates));
    found.sort_by(|one, other| {
        let corner = |found: &Candidate| [found.bounds.y1, found.bounds.x1, found.bounds.y2, found.bounds.x2];
        by_number(corner(one), corner(other)).then_with(|| one.by_quality(other))
    });
    unplaced.extend(found.into_iter().map(|candidate| candidate.annotation));
    unplaced
}

/// Sides of a box, as indices of its edges.
const LEFT: usize = 0;
const TOP: usize = 1;
const RIGHT: usize = 2;
const BOTTOM: usize = 3;

/// The edges of a box, by side.
fn edges(rect: Rect) -> [f64; 4] {
    [rect.x1, rect.y1, rect.x2, rect.y2]
}

/// How near to the border of a tile with this side a box is cut there.
fn near(side: f64) -> f64 {
    (side * BORDER_SHARE).max(BORDER_PIXELS)
}

/// An annotation that may be of the same object as others.
#[derive(Debug, Clone)]
struct Candidate {
    annotation: NewAnnotation,
    /// For comparison.
    label: String,
    bounds: Rect,
    /// Whether its tile cuts it, by side.
    cut: [bool; 4],
    /// Whether it consists of several pieces.
    is_joined: bool,
    region: ImageRegion,
    /// The parts that its object was found in.
    parts: Vec<usize>,
}

impl Candidate {
    fn new(annotation: NewAnnotation, bounds: Rect, part: usize, region: ImageRegion, image: ImageRegion) -> Self {
        let (tile, whole) = (region.rect(), image.rect());
        let (beside, above) = (near(tile.width()), near(tile.height()));
        // A point has no extent to be cut.
        let has_extent = bounds.area() > 0.0;
        let cut = [
            has_extent && tile.x1 > whole.x1 && bounds.x1 <= tile.x1 + beside,
            has_extent && tile.y1 > whole.y1 && bounds.y1 <= tile.y1 + above,
            has_extent && tile.x2 < whole.x2 && bounds.x2 >= tile.x2 - beside,
            has_extent && tile.y2 < whole.y2 && bounds.y2 >= tile.y2 - above,
        ];
        let label = comparable(&annotation.label);
        Self { annotation, label, bounds, cut, is_joined: false, region, parts: vec![part] }
    }

    /// Whether it may be a piece of an object.
    fn is_cut(&self) -> bool {
        self.cut.contains(&true)
    }

    /// Whether both can be of one object.
    fn is_comparable(&self, other: &Self) -> bool {
        self.annotation.shape.kind() == other.annotation.shape.kind()
            && self.label == other.label
            && !self.parts.iter().any(|part| other.parts.contains(part))
    }

    /// The better one first. Total, so that the order of the parts does not matter.
    fn by_quality(&self, other: &Self) -> Ordering {
        let class = |found: &Self| (found.is_cut(), found.is_joined, found.region.size.area());
        let confidence = |found: &Self| f64::from(found.annotation.confidence.unwrap_or_default());
        let Rect { x1, y1, x2, y2 } = self.bounds;
        let theirs = other.bounds;
        class(self)
            .cmp(&class(other))
            .then_with(|| confidence(other).total_cmp(&confidence(self)))
            .then_with(|| theirs.area().total_cmp(&self.bounds.area()))
            .then_with(|| by_number([y1, x1, y2, x2], [theirs.y1, theirs.x1, theirs.y2, theirs.x2]))
            .then_with(|| self.annotation.label.cmp(&other.annotation.label))
            .then_with(|| format!("{:?}", self.annotation).cmp(&format!("{:?}", other.annotation)))
    }

    /// How well `worse` fits as another view of this object; `None` if it is another object.
    fn match_with(&self, worse: &Self) -> Option<f64> {
        if !self.is_comparable(worse) {
            return None;
        }
        if let (Shape::Point { at }, Shape::Point { at: other }) = (&self.annotation.shape, &worse.annotation.shape) {
            let most = f64::from(self.region.size.long_edge().max(worse.region.size.long_edge())) * SAME_POINT_SHARE;
            let distance = at.distance(*other);
            return (distance <= most).then_some(-distance);
        }
        let least = if self.region.size == worse.region.size { SAME_OBJECT_IOU } else { SAME_OBJECT_IOU_ACROSS_SCALES };
        let iou = self.bounds.iou(worse.bounds);
        let within = self.bounds.intersection(worse.bounds).area() / worse.bounds.area();
        (iou >= least || worse.is_cut() && within >= PIECE_WITHIN).then_some(iou)
    }

    /// How well two pieces continue each other across the overlap of their tiles; `None` if they do not.
    fn continues(&self, other: &Self) -> Option<f64> {
        if !self.is_comparable(other) || self.bounds.area() <= 0.0 {
            return None;
        }
        let (one, another) = (self.region.rect(), other.region.rect());
        let common = one.intersection(another);
        let along = |from: (f64, f64), to: (f64, f64), range: (f64, f64)| {
            let clip = |(start, end): (f64, f64)| (start.max(range.0), end.min(range.1));
            let ((start, end), (other_start, other_end)) = (clip(from), clip(to));
            let both = end.min(other_end) - start.max(other_start);
            let around = end.max(other_end) - start.min(other_start);
            (both > 0.0 && both / around >= PIECES_ALONG_SEAM).then(|| both / around)
        };
        let (vertical, horizontal) = ((common.y1, common.y2), (common.x1, common.x2));
        // What both tiles cut crosses all that they have in common.
        let is_beside = self.cut[RIGHT]
            && other.cut[LEFT]
            && one.x2 < another.x2
            && common.width() >= 0.0
            && self.bounds.x1 <= common.x1 + near(one.width())
            && other.bounds.x2 >= common.x2 - near(another.width());
        let is_above = self.cut[BOTTOM]
            && other.cut[TOP]
            && one.y2 < another.y2
            && common.height() >= 0.0
            && self.bounds.y1 <= common.y1 + near(one.height())
            && other.bounds.y2 >= common.y2 - near(another.height());
        let beside = is_beside
            .then(|| along((self.bounds.y1, self.bounds.y2), (other.bounds.y1, other.bounds.y2), vertical))
            .flatten();
        let above = is_above
            .then(|| along((self.bounds.x1, self.bounds.x2), (other.bounds.x1, other.bounds.x2), horizontal))
            .flatten();
        beside.into_iter().chain(above).reduce(f64::max)
    }

    /// Both pieces as one.
    fn joined_with(self, other: Self) -> Self {
        let (better, worse) = if self.by_quality(&other) == Ordering::Greater { (other, self) } else { (self, other) };
        let bounds = better.bounds.around(worse.bounds);
        // A side of the whole is cut where the piece that reaches it is.
        let cut = [LEFT, TOP, RIGHT, BOTTOM].map(|side| {
            let reaches = |piece: &Self| edges(piece.bounds)[side].total_cmp(&edges(bounds)[side]).is_eq();
            [&better, &worse].into_iter().any(|piece| piece.cut[side] && reaches(piece))
        });
        let shape = match (&better.annotation.shape, &worse.annotation.shape) {
            (Shape::Polygon { points }, Shape::Polygon { points: others }) => {
                Shape::Polygon { points: hull(points.iter().chain(others).copied().collect()) }
            }
            _ => Shape::Box { rect: bounds },
        };
        let parts = [better.parts, worse.parts].concat();
        let annotation = NewAnnotation { shape, ..better.annotation };
        Self { annotation, bounds, cut, is_joined: true, parts, ..better }
    }
}

/// Joins pieces that continue each other, best pairs first.
fn joined(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by(Candidate::by_quality);
    let (pieces, mut found): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|candidate| candidate.is_cut());
    let mut pairs = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        for (other, another) in pieces.iter().enumerate() {
            pairs.extend(piece.continues(another).map(|fit| (fit, index.min(other), index.max(other))));
        }
    }
    pairs.sort_by(|one: &(f64, usize, usize), other| {
        other.0.total_cmp(&one.0).then_with(|| (one.1, one.2).cmp(&(other.1, other.2)))
    });
    // Each piece with the others of its object.
    let mut groups: Vec<Vec<usize>> = (0..pieces.len()).map(|index| vec![index]).collect();
    for (_, first, second) in pairs {
        let holder = |index: usize| groups.iter().position(|group| group.contains(&index));
        let (Some(one), Some(other)) = (holder(first), holder(second)) else { continue };
        let is_of_same_part =
            |piece: &usize| groups[other].iter().any(|another| pieces[*piece].parts == pieces[*another].parts);
        if one == other || groups[one].iter().any(is_of_same_part) {
            continue;
        }
        let moved = std::mem::take(&mut groups[other]);
        groups[one].extend(moved);
    }
    for mut group in groups {
        group.sort_unstable();
        let group = group.into_iter().map(|index| pieces[index].clone());
        found.extend(group.reduce(Candidate::joined_with));
    }
    found
}

/// Of several views of one object, the best.
fn deduplicated(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by(Candidate::by_quality);
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        let mut best: Option<(f64, usize)> = None;
        for (index, better) in kept.iter().enumerate() {
            if let Some(fit) = better.match_with(&candidate)
                && best.is_none_or(|(so_far, _)| fit > so_far)
            {
                best = Some((fit, index));
            }
        }
        match best {
            Some((_, index)) => kept[index].parts.extend(candidate.parts),
            None => kept.push(candidate),
        }
    }
    kept
}

fn by_number<const COUNT: usize>(one: [f64; COUNT], other: [f64; COUNT]) -> Ordering {
    let differing = one.iter().zip(&other).map(|(one, other)| one.total_cmp(other));
    differing.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// The convex hull (Andrew's monotone chain).
fn hull(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|one, other| by_number([one.x, one.y], [other.x, other.y]));
    let turns_left = |chain: &[Point], to: Point| match chain {
        [.., before, last] => (last.x - before.x) * (to.y - before.y) - (last.y - before.y) * (to.x - before.x) > 0.0,
        _ => true,
    };
    let chain = |points: &mut dyn Iterator<Item = Point>| {
        let mut chain: Vec<Point> = Vec::new();
        for point in points {
            while !turns_left(&chain, point) {
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut around = chain(&mut points.iter().copied());
    around.extend(chain(&mut points.iter().rev().copied()));
    around
}

#[cfg(test)]
mod tests;
