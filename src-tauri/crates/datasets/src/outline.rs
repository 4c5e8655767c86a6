//! Rectangles as polygons, and the smallest rectangle around a polygon.

use domain::geometry::{PixelSize, Point, Rect};
use domain::shape::Shape;

/// Corners of a box, clockwise from the top left.
pub fn corners(rect: Rect) -> [Point; 4] {
    [
        Point::new(rect.x1, rect.y1),
        Point::new(rect.x2, rect.y1),
        Point::new(rect.x2, rect.y2),
        Point::new(rect.x1, rect.y2),
    ]
}

/// Sides within this distance of an axis, in pixels, are parallel to it.
const ALIGNED_PIXELS: f64 = 1e-6;

/// Four corners as a box if its sides are parallel to the axes, otherwise as a polygon.
pub fn from_corners(corners: [Point; 4]) -> Shape {
    let [a, b, c, d] = corners;
    let is_same = |one: f64, other: f64| (one - other).abs() < ALIGNED_PIXELS;
    let is_aligned = (is_same(a.y, b.y) && is_same(b.x, c.x) && is_same(c.y, d.y) && is_same(d.x, a.x))
        || (is_same(a.x, b.x) && is_same(b.y, c.y) && is_same(c.x, d.x) && is_same(d.y, a.y));
    let polygon = Shape::Polygon { points: corners.to_vec() };
    match polygon.bounds().filter(|_| is_aligned) {
        Some(rect) => Shape::Box { rect },
        None => polygon,
    }
}

/// A rectangle turned about `center` by `degrees`, clockwise.
pub fn turned(rect: Rect, center: Point, degrees: f64) -> [Point; 4] {
    if degrees == 0.0 {
        return corners(rect);
    }
    let (sine, cosine) = degrees.to_radians().sin_cos();
    corners(rect).map(|corner| {
        let (right, down) = (corner.x - center.x, corner.y - center.y);
        Point::new(center.x + right * cosine - down * sine, center.y + right * sine + down * cosine)
    })
}

/// The rectangle of the smallest area around `points`, in any direction; corners outside an image of `size` are moved to
/// its edge. `None` without points.
pub fn smallest_rectangle(points: &[Point], size: Option<PixelSize>) -> Option<Shape> {
    let hull = convex_hull(points);
    let bounds = Shape::Polygon { points: points.to_vec() }.bounds()?;
    let mut smallest = (bounds.area(), corners(bounds));
    for (one, other) in hull.iter().zip(hull.iter().cycle().skip(1)) {
        let length = one.distance(*other);
        let (x, y) = ((other.x - one.x) / length, (other.y - one.y) / length);
        // Sides along the axes are those of the bounds, which are exact.
        if length == 0.0 || x.abs() < 1e-9 || y.abs() < 1e-9 {
            continue;
        }
        let along = hull.iter().map(|point| point.x * x + point.y * y);
        let across = hull.iter().map(|point| point.y * x - point.x * y);
        let (from, to) = range(along);
        let (near, far) = range(across);
        let area = (to - from) * (far - near);
        if area < smallest.0 * (1.0 - 1e-9) {
            let corner = |along: f64, across: f64| Point::new(along * x - across * y, along * y + across * x);
            smallest = (area, [corner(from, near), corner(to, near), corner(to, far), corner(from, far)]);
        }
    }
    let corners = smallest.1.map(|corner| size.map_or(corner, |size| corner.clamped(size)));
    Some(from_corners(corners))
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)))
}

/// The corners of the convex hull, by Andrew's monotone chain.
fn convex_hull(points: &[Point]) -> Vec<Point> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|one, other| one.x.total_cmp(&other.x).then(one.y.total_cmp(&other.y)));
    sorted.dedup();
    let turns_left = |a: Point, b: Point, c: Point| (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x) > 0.0;
    let half = |points: &mut dyn Iterator<Item = Point>| {
        let mut chain: Vec<Point> = Vec::new();
        for point in points {
            while chain.len() > 1 && !turns_left(chain[chain.len() - 2], chain[chain.len() - 1], point) {
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut hull = half(&mut sorted.iter().copied());
    hull.extend(half(&mut sorted.iter().rev().copied()));
    hull
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_rectangle_follows_the_longest_direction() {
        let of = |points: &[(f64, f64)]| {
            let points: Vec<Point> = points.iter().map(|&(x, y)| Point::new(x, y)).collect();
            smallest_rectangle(&points, None).unwrap()
        };
        let level = of(&[(10.0, 10.0), (30.0, 10.0), (30.0, 20.0), (20.0, 15.0), (10.0, 20.0)]);
        assert_eq!(level, Shape::Box { rect: Rect::new(10.0, 10.0, 30.0, 20.0) });
        let Shape::Polygon { points } = of(&[(0.0, 10.0), (10.0, 0.0), (30.0, 20.0), (20.0, 30.0), (15.0, 15.0)])
        else {
            panic!("it is turned")
        };
        let area = Shape::Polygon { points: points.clone() }.area().unwrap();
        assert!((area - 400.0).abs() < 1e-9, "{points:?}");
        for corner in [(0.0, 10.0), (10.0, 0.0), (30.0, 20.0), (20.0, 30.0)] {
            let corner = Point::new(corner.0, corner.1);
            assert!(points.iter().any(|point| point.distance(corner) < 1e-9), "{corner:?} {points:?}");
        }
    }
}
