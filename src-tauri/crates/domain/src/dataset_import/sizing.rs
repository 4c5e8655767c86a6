//! From the pixels that a file was annotated in to the upright image.
//!
//! Programs differ: some apply the EXIF orientation of a photo before it is annotated, some do not. The size that the
//! file states tells which, if width and height differ. Without a size, or where both are the same, the image counts as
//! annotated upright.

use crate::geometry::{ImageFromSent, Orientation, PixelSize, Point};
use crate::shape::{Shape, UnfitShape};

/// How the pixels of a file relate to the upright image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeFit {
    /// They are the same.
    Upright,
    /// The file was annotated as stored, before the orientation is applied.
    Stored,
    /// The file was annotated at another size of the same aspect ratio.
    Scaled,
    /// Both.
    StoredScaled,
}

/// Maps annotations of a file to the upright image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageFromFile {
    pub fit: SizeFit,
    /// As stated in the file.
    file: PixelSize,
    upright: PixelSize,
    orientation: Orientation,
}

impl ImageFromFile {
    /// The mapping for an image whose size is `stated` in the file. `None` if the image has neither this size nor its
    /// aspect ratio.
    #[must_use]
    pub fn new(stated: Option<PixelSize>, upright: PixelSize, orientation: Orientation) -> Option<Self> {
        let file = stated.unwrap_or(upright);
        let stored = orientation.upright_size(upright);
        let fit = if file == upright {
            SizeFit::Upright
        } else if file == stored {
            SizeFit::Stored
        } else if has_aspect_of(file, upright) {
            SizeFit::Scaled
        } else if has_aspect_of(file, stored) {
            SizeFit::StoredScaled
        } else {
            return None;
        };
        Some(Self { fit, file, upright, orientation })
    }

    /// A point of the file in the upright image.
    #[must_use]
    pub fn point(self, in_file: Point) -> Point {
        let stored = self.orientation.upright_size(self.upright);
        match self.fit {
            SizeFit::Upright => in_file,
            SizeFit::Stored => self.orientation.upright_point(in_file, stored),
            SizeFit::Scaled => ImageFromSent::new(self.file, self.upright).point(in_file),
            SizeFit::StoredScaled => {
                self.orientation.upright_point(ImageFromSent::new(self.file, stored).point(in_file), stored)
            }
        }
    }

    /// The area in the upright image of one square pixel of the file.
    #[must_use]
    pub fn area_factor(self) -> f64 {
        let area = |size: PixelSize| f64::from(size.width) * f64::from(size.height);
        area(self.upright) / area(self.file)
    }

    /// Places an annotation on the upright image.
    #[must_use]
    pub fn place(self, shape: &Shape) -> Placed {
        let moved = match self.fit {
            SizeFit::Upright => shape.clone(),
            _ => shape.moved(|point| self.point(point)),
        };
        place(&moved, self.upright)
    }
}

/// Whether `size` is `other` scaled, within the rounding of one side to whole pixels.
fn has_aspect_of(size: PixelSize, other: PixelSize) -> bool {
    let (width, height) = (u64::from(size.width), u64::from(size.height));
    let (other_width, other_height) = (u64::from(other.width), u64::from(other.height));
    let distance = (width * other_height).abs_diff(height * other_width);
    width > 0 && height > 0 && distance <= other_width.max(other_height)
}

/// An annotation of a file on an image.
#[derive(Debug, Clone, PartialEq)]
pub enum Placed {
    Inside(Shape),
    /// It reached beyond the image.
    Clipped(Shape),
    Outside,
    Unusable,
}

/// Rounding of coordinates that is no reaching beyond the image, in pixels.
const ROUNDING: f64 = 0.5;

fn place(shape: &Shape, size: PixelSize) -> Placed {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let is_outside = shape.bounds().is_some_and(|bounds| {
        let bounds = bounds.ordered();
        bounds.x1 > width || bounds.y1 > height || bounds.x2 < 0.0 || bounds.y2 < 0.0
    });
    let reaches_beyond = shape.bounds().is_some_and(|bounds| {
        let bounds = bounds.ordered();
        bounds.x1 < -ROUNDING || bounds.y1 < -ROUNDING || bounds.x2 > width + ROUNDING || bounds.y2 > height + ROUNDING
    });
    match shape.fitted(size) {
        Err(UnfitShape::NotANumber | UnfitShape::NoWords) => Placed::Unusable,
        _ if is_outside => Placed::Outside,
        // What only touches the edge from outside has no area inside.
        Err(UnfitShape::NoExtent) if reaches_beyond => Placed::Outside,
        Err(UnfitShape::NoExtent) => Placed::Unusable,
        Ok(fitted) if reaches_beyond => Placed::Clipped(fitted),
        Ok(fitted) => Placed::Inside(fitted),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::Rect;

    const UPRIGHT: PixelSize = PixelSize::new(300, 400);

    fn fit(file: (u32, u32), orientation: Orientation) -> Option<SizeFit> {
        let file = PixelSize::new(file.0, file.1);
        ImageFromFile::new(Some(file), UPRIGHT, orientation).map(|map| map.fit)
    }

    #[test]
    fn the_stated_size_tells_how_the_file_was_annotated() {
        let turned = Orientation::NeedsClockwise90;
        assert_eq!(fit((300, 400), turned), Some(SizeFit::Upright));
        assert_eq!(fit((400, 300), turned), Some(SizeFit::Stored));
        assert_eq!(fit((150, 200), turned), Some(SizeFit::Scaled));
        assert_eq!(fit((101, 134), turned), Some(SizeFit::Scaled), "134.67 rounded down");
        assert_eq!(fit((800, 600), turned), Some(SizeFit::StoredScaled));
        assert_eq!(fit((400, 300), Orientation::Upright), None, "no orientation swaps its sides");
        assert_eq!(fit((300, 300), turned), None);
        assert_eq!(fit((0, 0), turned), None);
        assert_eq!(ImageFromFile::new(None, UPRIGHT, turned).map(|map| map.fit), Some(SizeFit::Upright));
    }

    #[test]
    fn annotations_of_stored_pixels_are_turned_with_the_photo() {
        // Stored 400 x 300, turned clockwise to 300 x 400: the top left corner becomes the top right one.
        let map = ImageFromFile::new(Some(PixelSize::new(400, 300)), UPRIGHT, Orientation::NeedsClockwise90).unwrap();
        let shape = Shape::Box { rect: Rect::new(10.0, 20.0, 110.0, 70.0) };
        assert_eq!(map.place(&shape), Placed::Inside(Shape::Box { rect: Rect::new(230.0, 10.0, 280.0, 110.0) }));
        let half = ImageFromFile::new(Some(PixelSize::new(200, 150)), UPRIGHT, Orientation::NeedsClockwise90).unwrap();
        let shape = Shape::Box { rect: Rect::new(5.0, 10.0, 55.0, 35.0) };
        assert_eq!(half.place(&shape), Placed::Inside(Shape::Box { rect: Rect::new(230.0, 10.0, 280.0, 110.0) }));
    }

    #[test]
    fn what_lies_outside_is_left_out_and_what_reaches_outside_is_clipped() {
        let map = ImageFromFile::new(None, UPRIGHT, Orientation::Upright).unwrap();
        let place = |x1, y1, x2, y2| map.place(&Shape::Box { rect: Rect::new(x1, y1, x2, y2) });
        let shape = |x1, y1, x2, y2| Shape::Box { rect: Rect::new(x1, y1, x2, y2) };
        assert_eq!(place(0.0, 0.0, 300.2, 400.0), Placed::Inside(shape(0.0, 0.0, 300.0, 400.0)));
        assert_eq!(place(-20.0, 0.0, 30.0, 40.0), Placed::Clipped(shape(0.0, 0.0, 30.0, 40.0)));
        assert_eq!(place(310.0, 0.0, 330.0, 40.0), Placed::Outside);
        assert_eq!(place(-30.0, 0.0, 0.0, 40.0), Placed::Outside);
        assert_eq!(place(30.0, 10.0, 30.0, 40.0), Placed::Unusable);
        assert_eq!(place(f64::NAN, 10.0, 30.0, 40.0), Placed::Unusable);
        let point = |x, y| map.place(&Shape::Point { at: Point::new(x, y) });
        assert_eq!(point(299.0, 3.0), Placed::Inside(Shape::Point { at: Point::new(299.0, 3.0) }));
        assert_eq!(point(309.0, 3.0), Placed::Outside);
        assert_eq!(map.place(&Shape::ImageTag), Placed::Inside(Shape::ImageTag));
        assert_eq!(map.place(&Shape::Caption { text: " ".into() }), Placed::Unusable);
    }

    proptest! {
        #[test]
        fn what_is_in_the_file_is_in_the_image_and_keeps_its_share_of_it(
            (width, height) in (1u32..4_000, 1u32..4_000),
            place in 0usize..8,
            (x1, y1, x2, y2) in (0.0..1.0f64, 0.0..1.0f64, 0.0..1.0f64, 0.0..1.0f64),
        ) {
            let (orientation, stored) = (Orientation::ALL[place], PixelSize::new(width, height));
            let upright = orientation.upright_size(stored);
            let map = ImageFromFile::new(Some(stored), upright, orientation).unwrap();
            // Equal sides say that it is upright.
            prop_assume!(map.fit == SizeFit::Stored);
            let (w, h) = (f64::from(width), f64::from(height));
            let rect = Rect::new(x1 * w, y1 * h, x2 * w, y2 * h).ordered();
            prop_assume!(rect.area() > 1e-3);
            let Placed::Inside(Shape::Box { rect: placed }) = map.place(&Shape::Box { rect }) else {
                return Err(TestCaseError::fail("not inside"));
            };
            prop_assert!((placed.area() - rect.area()).abs() < 1e-6 * rect.area().max(1.0));
            prop_assert!((placed.width() - rect.height()).abs() < 1e-6);
        }
    }
}
