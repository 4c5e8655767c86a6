//! Pictures that formats make of images. Decoding is another crate's: the owner of an output brings it.

use std::path::Path;

use domain::geometry::{ImageRegion, PixelSize};
use domain::shape::Shape;

use crate::error::Result;

/// Receives pictures, encoded.
pub type PictureSink<'a> = &'a mut dyn FnMut(&[u8]) -> Result<()>;

/// How a picture is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureEncoding {
    Jpeg,
    Png,
}

impl PictureEncoding {
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// About how many bytes a picture of `size` has, which its content decides.
    pub(crate) fn usual_len(self, size: PixelSize) -> u64 {
        match self {
            Self::Jpeg => size.area().div_ceil(3),
            Self::Png => 2 * size.area(),
        }
    }
}

/// An annotation that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnShape {
    pub shape: Shape,
    /// Beside the shape.
    pub text: String,
    /// The place of its label among those that are drawn: labels have different colors.
    pub label: usize,
}

/// Makes pictures of image files, which are upright whatever the file says.
///
/// # Errors
///
/// [`crate::DatasetError::Unreadable`] for a file that cannot be decoded or has another size than `size`, before the first
/// picture; those of the sink.
pub trait Pictures {
    /// Passes the parts `regions` of the file at `original`, which is `size` large, to `sink`, in their order.
    fn crops(
        &self,
        original: &Path,
        size: PixelSize,
        regions: &[ImageRegion],
        encoding: PictureEncoding,
        sink: PictureSink<'_>,
    ) -> Result<()>;

    /// A copy of the file at `original`, which is `size` large, with `shapes` drawn on it, as JPEG. Its long edge is at most
    /// `max_edge`.
    fn overlay(
        &self,
        original: &Path,
        size: PixelSize,
        shapes: &[DrawnShape],
        max_edge: Option<u32>,
    ) -> Result<Vec<u8>>;
}
