//! Shapes of annotations, in pixels of the upright image.

use serde::{Deserialize, Serialize};

use crate::geometry::{ImageFromSent, PixelSize, Point, Rect};
use crate::recipe::ShapeKind;

/// The shape of an annotation, in pixels of the upright image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Shape {
    Box {
        rect: Rect,
    },
    Point {
        at: Point,
    },
    /// A closed outline of at least three corners; the last is connected to the first.
    Polygon {
        points: Vec<Point>,
    },
    /// About the whole image: the label is all there is.
    ImageTag,
    /// Text about the whole image.
    Caption {
        text: String,
    },
}

/// Boxes of one label that overlap this much are equal.
const SAME_ANNOTATION_IOU: f64 = 0.9;
/// Points of one label within this distance, in pixels, are equal.
const SAME_ANNOTATION_PIXELS: f64 = 3.0;

impl Shape {
    #[must_use]
    pub const fn kind(&self) -> ShapeKind {
        match self {
            Self::Box { .. } => ShapeKind::Box,
            Self::Point { .. } => ShapeKind::Point,
            Self::Polygon { .. } => ShapeKind::Polygon,
            Self::ImageTag => ShapeKind::ImageTag,
            Self::Caption { .. } => ShapeKind::Caption,
        }
    }

    /// The bounding box; empty for a point, `None` for the whole image.
    #[must_use]
    pub fn bounds(&self) -> Option<Rect> {
        match self {
            Self::Box { rect } => Some(*rect),
            Self::Point { at } => Some(Rect::new(at.x, at.y, at.x, at.y)),
            Self::Polygon { points } => {
                let first = points.first()?;
                let start = Rect::new(first.x, first.y, first.x, first.y);
                Some(points.iter().fold(start, |around, point| {
                    Rect::new(
                        around.x1.min(point.x),
                        around.y1.min(point.y),
                        around.x2.max(point.x),
                        around.y2.max(point.y),
                    )
                }))
            }
            Self::ImageTag | Self::Caption { .. } => None,
        }
    }

    /// Area in square pixels: of a polygon by the shoelace formula, 0 for a point, `None` for the whole image.
    #[must_use]
    pub fn area(&self) -> Option<f64> {
        match self {
            Self::Box { rect } => Some(rect.area()),
            Self::Point { .. } => Some(0.0),
            Self::Polygon { points } => {
                let next = points.iter().cycle().skip(1);
                let doubled: f64 = points.iter().zip(next).map(|(one, other)| one.x * other.y - other.x * one.y).sum();
                Some(doubled.abs() / 2.0)
            }
            Self::ImageTag | Self::Caption { .. } => None,
        }
    }

    /// The same shape on an image of another size.
    #[must_use]
    pub fn mapped(&self, map: ImageFromSent) -> Self {
        self.moved(|point| map.point(point))
    }

    /// The same shape where `place` puts its corners.
    #[must_use]
    pub fn moved(&self, place: impl Fn(Point) -> Point) -> Self {
        match self {
            Self::Box { rect } => Self::Box { rect: rect.moved(place) },
            Self::Point { at } => Self::Point { at: place(*at) },
            Self::Polygon { points } => Self::Polygon { points: points.iter().copied().map(place).collect() },
            Self::ImageTag | Self::Caption { .. } => self.clone(),
        }
    }

    /// The shape clipped to an image of `size`, with ordered corners.
    ///
    /// # Errors
    ///
    /// If nothing visible is left, or a coordinate is not a number.
    pub fn fitted(&self, size: PixelSize) -> Result<Self, UnfitShape> {
        match self {
            Self::Box { rect } => {
                let rect = rect.ordered();
                if !rect.is_finite() {
                    return Err(UnfitShape::NotANumber);
                }
                let rect = rect.clamped(size);
                if rect.area() > 0.0 { Ok(Self::Box { rect }) } else { Err(UnfitShape::NoExtent) }
            }
            Self::Point { at } if at.is_finite() => Ok(Self::Point { at: at.clamped(size) }),
            Self::Polygon { points } if points.iter().all(|point| point.is_finite()) => {
                let mut corners: Vec<Point> = points.iter().map(|point| point.clamped(size)).collect();
                corners.dedup();
                if corners.len() > 1 && corners.first() == corners.last() {
                    corners.pop();
                }
                let fitted = Self::Polygon { points: corners };
                let has_extent = fitted.area().is_some_and(|area| area > 0.0);
                if has_extent { Ok(fitted) } else { Err(UnfitShape::NoExtent) }
            }
            Self::Point { .. } | Self::Polygon { .. } => Err(UnfitShape::NotANumber),
            Self::ImageTag => Ok(Self::ImageTag),
            Self::Caption { text } if text.trim().is_empty() => Err(UnfitShape::NoWords),
            Self::Caption { text } => Ok(Self::Caption { text: text.trim().into() }),
        }
    }

    /// Whether two shapes of one label are equal: nearly the same place, and for captions the same text.
    #[must_use]
    pub fn is_nearly(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Point { at }, Self::Point { at: other }) => at.distance(*other) <= SAME_ANNOTATION_PIXELS,
            (Self::Caption { .. }, _) | (_, Self::Caption { .. }) => self == other,
            _ if self.kind() == other.kind() => match (self.bounds(), other.bounds()) {
                (Some(one), Some(another)) => one.iou(another) >= SAME_ANNOTATION_IOU,
                (one, another) => one.is_none() && another.is_none(),
            },
            _ => false,
        }
    }
}

/// Why a shape is invalid on an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitShape {
    #[error("a coordinate is not a number")]
    NotANumber,
    #[error("it lies outside the image")]
    NoExtent,
    #[error("a caption needs text")]
    NoWords,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: PixelSize = PixelSize::new(100, 50);

    fn polygon(corners: &[(f64, f64)]) -> Shape {
        Shape::Polygon { points: corners.iter().map(|&(x, y)| Point::new(x, y)).collect() }
    }

    #[test]
    fn shapes_are_put_in_order_inside_the_image_or_refused() {
        let drawn = Shape::Box { rect: Rect::new(120.0, 40.0, 90.0, -5.0) };
        assert_eq!(drawn.fitted(SIZE), Ok(Shape::Box { rect: Rect::new(90.0, 0.0, 100.0, 40.0) }));
        let outside = Shape::Box { rect: Rect::new(120.0, 0.0, 140.0, 40.0) };
        assert_eq!(outside.fitted(SIZE), Err(UnfitShape::NoExtent));
        assert_eq!(Shape::Point { at: Point::new(f64::NAN, 1.0) }.fitted(SIZE), Err(UnfitShape::NotANumber));
        assert_eq!(
            polygon(&[(0.0, 0.0), (200.0, 0.0), (200.0, 20.0), (0.0, 20.0), (0.0, 0.0)]).fitted(SIZE),
            Ok(polygon(&[(0.0, 0.0), (100.0, 0.0), (100.0, 20.0), (0.0, 20.0)])),
            "the closing corner is not said twice"
        );
        assert_eq!(polygon(&[(1.0, 1.0), (9.0, 9.0)]).fitted(SIZE), Err(UnfitShape::NoExtent));
        assert_eq!(Shape::Caption { text: " \n".into() }.fitted(SIZE), Err(UnfitShape::NoWords));
    }

    #[test]
    fn area_and_bounds_of_a_polygon_do_not_depend_on_its_direction() {
        let mut corners = [(10.0, 10.0), (40.0, 10.0), (40.0, 30.0)];
        for _ in 0..2 {
            let triangle = polygon(&corners);
            assert_eq!(triangle.area(), Some(300.0));
            assert_eq!(triangle.bounds(), Some(Rect::new(10.0, 10.0, 40.0, 30.0)));
            corners.reverse();
        }
    }

    #[test]
    fn the_same_annotation_is_of_one_kind_and_in_one_place() {
        let near = |one: Shape, other: Shape| one.is_nearly(&other);
        let rect = Rect::new(0.0, 0.0, 40.0, 40.0);
        assert!(near(Shape::Box { rect }, Shape::Box { rect: Rect::new(0.0, 1.0, 40.0, 40.0) }));
        assert!(!near(Shape::Box { rect }, polygon(&[(0.0, 0.0), (40.0, 0.0), (40.0, 40.0), (0.0, 40.0)])));
        assert!(near(Shape::Point { at: Point::new(5.0, 5.0) }, Shape::Point { at: Point::new(6.0, 7.0) }));
        assert!(near(Shape::ImageTag, Shape::ImageTag));
        assert!(!near(Shape::Caption { text: "a cat".into() }, Shape::Caption { text: "a dog".into() }));
    }
}
