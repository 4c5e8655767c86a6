//! Sizes, rectangles and the mapping from sent pixels to image pixels.
//!
//! All stored coordinates are in the *upright* frame of the image: EXIF orientation applied, origin at the top left, x
//! to the right, y down, one unit per pixel. Pixel (0, 0) covers the square from (0, 0) to (1, 1).

use serde::{Deserialize, Serialize};

/// Width and height in whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PixelSize {
    pub width: u32,
    pub height: u32,
}

impl PixelSize {
    #[must_use]
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Number of pixels; a square of 65,535 pixels fits.
    #[must_use]
    pub const fn area(self) -> u64 {
        self.width as u64 * self.height as u64
    }

    #[must_use]
    pub const fn long_edge(self) -> u32 {
        if self.width > self.height { self.width } else { self.height }
    }

    #[must_use]
    pub const fn transposed(self) -> Self {
        Self::new(self.height, self.width)
    }

    /// The largest size of the same aspect ratio whose long edge is at most `edge`; never larger than `self`, no side
    /// below 1.
    #[must_use]
    pub fn fit_within(self, edge: u32) -> Self {
        let long = self.long_edge();
        if long <= edge {
            return self;
        }
        let scale = |side: u32| {
            let scaled = (u64::from(side) * u64::from(edge) + u64::from(long) / 2) / u64::from(long);
            u32::try_from(scaled).unwrap_or(edge).max(1)
        };
        Self::new(scale(self.width), scale(self.height))
    }
}

/// How a file stores its picture, by the EXIF `Orientation` tag (CIPA DC-008, tag 0x0112).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
#[cfg_attr(feature = "specta", derive(specta::Type), specta(type = u8))]
pub enum Orientation {
    #[default]
    Upright,
    MirroredHorizontally,
    Rotated180,
    MirroredVertically,
    /// Transposed: mirrored along the main diagonal.
    Transposed,
    /// Rotate 90 degrees clockwise to make it upright.
    NeedsClockwise90,
    /// Transversed: mirrored along the other diagonal.
    Transversed,
    /// Rotate 90 degrees counter-clockwise to make it upright.
    NeedsCounterClockwise90,
}

impl Orientation {
    pub const ALL: [Self; 8] = [
        Self::Upright,
        Self::MirroredHorizontally,
        Self::Rotated180,
        Self::MirroredVertically,
        Self::Transposed,
        Self::NeedsClockwise90,
        Self::Transversed,
        Self::NeedsCounterClockwise90,
    ];

    /// The EXIF value, 1 to 8.
    #[must_use]
    pub const fn exif(self) -> u8 {
        self as u8 + 1
    }

    /// `None` for values outside 1 to 8, which readers treat as upright.
    #[must_use]
    pub fn from_exif(value: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|orientation| u32::from(orientation.exif()) == value)
    }

    /// Whether width and height are swapped.
    #[must_use]
    pub const fn swaps_axes(self) -> bool {
        matches!(self, Self::Transposed | Self::NeedsClockwise90 | Self::Transversed | Self::NeedsCounterClockwise90)
    }

    /// Converts between stored and upright size; its own inverse.
    #[must_use]
    pub const fn upright_size(self, stored: PixelSize) -> PixelSize {
        if self.swaps_axes() { stored.transposed() } else { stored }
    }

    /// Where a point of the stored picture is in the upright one.
    #[must_use]
    pub fn upright_point(self, in_stored: Point, stored: PixelSize) -> Point {
        let Point { x, y } = in_stored;
        let (from_right, from_bottom) = (f64::from(stored.width) - x, f64::from(stored.height) - y);
        match self {
            Self::Upright => in_stored,
            Self::MirroredHorizontally => Point::new(from_right, y),
            Self::Rotated180 => Point::new(from_right, from_bottom),
            Self::MirroredVertically => Point::new(x, from_bottom),
            Self::Transposed => Point::new(y, x),
            Self::NeedsClockwise90 => Point::new(from_bottom, x),
            Self::Transversed => Point::new(from_bottom, from_right),
            Self::NeedsCounterClockwise90 => Point::new(y, from_right),
        }
    }
}

impl From<Orientation> for u8 {
    fn from(orientation: Orientation) -> Self {
        orientation.exif()
    }
}

impl TryFrom<u8> for Orientation {
    type Error = String;

    fn try_from(value: u8) -> Result<Self, Self::Error> {
        Self::from_exif(value.into()).ok_or_else(|| format!("{value} is not an EXIF orientation (1 to 8)"))
    }
}

/// A point in an image, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Point {
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub x: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub y: f64,
}

impl Point {
    #[must_use]
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    #[must_use]
    pub fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite()
    }

    /// The nearest point in an image of `size`.
    #[must_use]
    pub fn clamped(self, size: PixelSize) -> Self {
        Self::new(self.x.clamp(0.0, f64::from(size.width)), self.y.clamp(0.0, f64::from(size.height)))
    }

    /// Distance in pixels.
    #[must_use]
    pub fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// An axis-aligned box by two corners, in pixels: `x1 <= x2` and `y1 <= y2` once [`Rect::ordered`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Rect {
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub x1: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub y1: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub x2: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub y2: f64,
}

impl Rect {
    #[must_use]
    pub const fn new(x1: f64, y1: f64, x2: f64, y2: f64) -> Self {
        Self { x1, y1, x2, y2 }
    }

    #[must_use]
    pub fn width(self) -> f64 {
        self.x2 - self.x1
    }

    #[must_use]
    pub fn height(self) -> f64 {
        self.y2 - self.y1
    }

    /// In square pixels; 0 if empty.
    #[must_use]
    pub fn area(self) -> f64 {
        self.width().max(0.0) * self.height().max(0.0)
    }

    #[must_use]
    pub fn is_finite(self) -> bool {
        [self.x1, self.y1, self.x2, self.y2].into_iter().all(f64::is_finite)
    }

    /// The same box with ordered corners.
    #[must_use]
    pub fn ordered(self) -> Self {
        Self::new(self.x1.min(self.x2), self.y1.min(self.y2), self.x1.max(self.x2), self.y1.max(self.y2))
    }

    /// The box between the places that `place` gives its corners.
    #[must_use]
    pub fn moved(self, place: impl Fn(Point) -> Point) -> Self {
        let (first, second) = (place(Point::new(self.x1, self.y1)), place(Point::new(self.x2, self.y2)));
        Self::new(first.x, first.y, second.x, second.y)
    }

    /// What two boxes have in common; empty if nothing.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self::new(self.x1.max(other.x1), self.y1.max(other.y1), self.x2.min(other.x2), self.y2.min(other.y2))
    }

    /// The smallest box around both.
    #[must_use]
    pub fn around(self, other: Self) -> Self {
        Self::new(self.x1.min(other.x1), self.y1.min(other.y1), self.x2.max(other.x2), self.y2.max(other.y2))
    }

    /// The box clipped to an image of `size`.
    #[must_use]
    pub fn clamped(self, size: PixelSize) -> Self {
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        Self::new(
            self.x1.clamp(0.0, width),
            self.y1.clamp(0.0, height),
            self.x2.clamp(0.0, width),
            self.y2.clamp(0.0, height),
        )
    }

    /// Intersection over union: 1 for equal boxes, 0 for disjoint or empty ones.
    #[must_use]
    pub fn iou(self, other: Self) -> f64 {
        let overlap = self.intersection(other).area();
        let union = self.area() + other.area() - overlap;
        if union > 0.0 { overlap / union } else { 0.0 }
    }
}

/// A part of an image, in whole pixels of the upright image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageRegion {
    pub left: u32,
    pub top: u32,
    pub size: PixelSize,
}

impl ImageRegion {
    /// All of an image of this size.
    #[must_use]
    pub const fn whole(image: PixelSize) -> Self {
        Self { left: 0, top: 0, size: image }
    }

    /// Its outline.
    #[must_use]
    pub fn rect(self) -> Rect {
        let (left, top) = (f64::from(self.left), f64::from(self.top));
        Rect::new(left, top, left + f64::from(self.size.width), top + f64::from(self.size.height))
    }
}

/// Maps pixels of the picture that was sent to a model to pixels of the upright image.
///
/// The sent picture is a region of the upright image, resized; without tiles, the whole image. So the mapping is one
/// scale per axis and the region's origin, and this is its only implementation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageFromSent {
    sent: PixelSize,
    region: ImageRegion,
}

impl ImageFromSent {
    /// `sent` is the size of the sent picture, `image` that of the upright original, all of which it shows.
    #[must_use]
    pub const fn new(sent: PixelSize, image: PixelSize) -> Self {
        Self::of_region(sent, ImageRegion::whole(image))
    }

    /// `sent` is the size of the sent picture, which shows `region`.
    #[must_use]
    pub const fn of_region(sent: PixelSize, region: ImageRegion) -> Self {
        Self { sent, region }
    }

    /// Maps a point from sent pixels to image pixels.
    #[must_use]
    pub fn point(self, in_sent: Point) -> Point {
        let ImageRegion { left, top, size } = self.region;
        Point::new(
            f64::from(left) + in_sent.x * f64::from(size.width) / f64::from(self.sent.width),
            f64::from(top) + in_sent.y * f64::from(size.height) / f64::from(self.sent.height),
        )
    }

    /// Maps a box from sent pixels to image pixels.
    #[must_use]
    pub fn rect(self, in_sent: Rect) -> Rect {
        in_sent.moved(|corner| self.point(corner))
    }

    /// Maps a point from image pixels to sent pixels: the inverse of [`ImageFromSent::point`].
    #[must_use]
    pub fn point_in_sent(self, in_image: Point) -> Point {
        let ImageRegion { left, top, size } = self.region;
        Point::new(
            (in_image.x - f64::from(left)) * f64::from(self.sent.width) / f64::from(size.width),
            (in_image.y - f64::from(top)) * f64::from(self.sent.height) / f64::from(size.height),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sent_pixels_go_to_the_image_and_back(
            (image_width, image_height) in (1u32..20_000, 1u32..20_000),
            edge in 1u32..4_000,
            (x1, y1, x2, y2) in (0.0..1.0f64, 0.0..1.0f64, 0.0..1.0f64, 0.0..1.0f64),
        ) {
            let image = PixelSize::new(image_width, image_height);
            let sent = image.fit_within(edge);
            prop_assert!(sent.long_edge() <= edge.max(1));
            let in_sent = Rect::new(
                x1 * f64::from(sent.width), y1 * f64::from(sent.height),
                x2 * f64::from(sent.width), y2 * f64::from(sent.height),
            ).ordered();
            let in_image = ImageFromSent::new(sent, image).rect(in_sent);
            prop_assert_eq!(in_image.clamped(image).ordered(), in_image.clamped(image));
            let back = ImageFromSent::new(image, sent).rect(in_image);
            for (a, b) in [(back.x1, in_sent.x1), (back.y1, in_sent.y1), (back.x2, in_sent.x2), (back.y2, in_sent.y2)] {
                prop_assert!((a - b).abs() < 1e-6);
            }
        }

        #[test]
        fn a_region_s_pixels_go_to_the_image_and_back(
            (width, height) in (1u32..8_000, 1u32..8_000),
            (left, top) in (0u32..20_000, 0u32..20_000),
            edge in 1u32..4_000,
            (x, y) in (0.0..1.0f64, 0.0..1.0f64),
        ) {
            let region = ImageRegion { left, top, size: PixelSize::new(width, height) };
            let sent = region.size.fit_within(edge);
            let map = ImageFromSent::of_region(sent, region);
            let in_sent = Point::new(x * f64::from(sent.width), y * f64::from(sent.height));
            let (in_image, rect) = (map.point(in_sent), region.rect());
            prop_assert!(in_image.x >= rect.x1 && in_image.x <= rect.x2 + 1e-6);
            prop_assert!(in_image.y >= rect.y1 && in_image.y <= rect.y2 + 1e-6);
            prop_assert!(map.point_in_sent(in_image).distance(in_sent) < 1e-6);
            let whole = ImageFromSent::new(sent, region.size).point(in_sent);
            let moved = Point::new(whole.x + f64::from(left), whole.y + f64::from(top));
            prop_assert!(moved.distance(in_image) < 1e-6);
        }

        #[test]
        fn overlap_is_symmetric_and_bounded(
            a in (0.0..100.0f64, 0.0..100.0f64, 0.0..100.0f64, 0.0..100.0f64),
            b in (0.0..100.0f64, 0.0..100.0f64, 0.0..100.0f64, 0.0..100.0f64),
        ) {
            let a = Rect::new(a.0, a.1, a.2, a.3).ordered();
            let b = Rect::new(b.0, b.1, b.2, b.3).ordered();
            prop_assert!((a.iou(b) - b.iou(a)).abs() < 1e-12);
            prop_assert!((0.0..=1.0 + 1e-12).contains(&a.iou(b)));
        }
    }

    #[test]
    fn fitting_keeps_the_shape_and_never_grows() {
        assert_eq!(PixelSize::new(6000, 4000).fit_within(1568), PixelSize::new(1568, 1045));
        assert_eq!(PixelSize::new(300, 200).fit_within(1568), PixelSize::new(300, 200));
        assert_eq!(PixelSize::new(8000, 1).fit_within(100), PixelSize::new(100, 1));
    }

    #[test]
    fn exif_values_are_one_to_eight() {
        assert_eq!(Orientation::from_exif(6), Some(Orientation::NeedsClockwise90));
        assert_eq!(Orientation::from_exif(8), Some(Orientation::NeedsCounterClockwise90));
        assert_eq!(Orientation::from_exif(0), None);
        assert_eq!(Orientation::from_exif(9), None);
        assert_eq!(Orientation::NeedsClockwise90.upright_size(PixelSize::new(4000, 3000)), PixelSize::new(3000, 4000));
    }
}
