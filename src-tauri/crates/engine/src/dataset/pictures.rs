//! Makes the pictures of formats that have them from the originals, which are only read.

use std::fmt::Display;
use std::path::Path;

use datasets::{DatasetError, DrawnShape, PictureEncoding, PictureSink, Pictures};
use domain::geometry::{ImageRegion, PixelSize};
use prepare::{DecodingMemory, Pixels};

use crate::drawing;

/// High enough to train with.
const CROP_QUALITY: u8 = 95;

/// Decodes within the memory that all decoding shares.
pub struct OriginalPictures(pub DecodingMemory);

impl Pictures for OriginalPictures {
    fn crops(
        &self,
        original: &Path,
        size: PixelSize,
        regions: &[ImageRegion],
        encoding: PictureEncoding,
        sink: PictureSink<'_>,
    ) -> datasets::Result<()> {
        let full = |size: PixelSize| size.long_edge();
        let mut passed = Ok(());
        let decoded = prepare::decode_regions(original, size, regions, full, &self.0, |_, pixels| {
            if passed.is_ok() {
                passed = encoded(&pixels, encoding).map_err(unreadable).and_then(|crop| sink(&crop));
            }
        });
        if decoded.map_err(unreadable)? != size {
            return Err(unreadable("its size has changed"));
        }
        passed
    }

    fn overlay(
        &self,
        original: &Path,
        size: PixelSize,
        shapes: &[DrawnShape],
        max_edge: Option<u32>,
    ) -> datasets::Result<Vec<u8>> {
        let mut decoded = prepare::decode(original, max_edge, &self.0).map_err(unreadable)?;
        if decoded.original != size {
            return Err(unreadable("its size has changed"));
        }
        let to_copy = drawing::to_copy(size, decoded.pixels.size);
        let annotations: Vec<_> = shapes
            .iter()
            .map(|drawn| {
                let color = drawing::color_of_label(drawn.label);
                drawing::annotation(drawn.shape.mapped(to_copy), drawn.text.clone(), color)
            })
            .collect();
        prepare::draw_annotations(&mut decoded.pixels, &annotations);
        prepare::encode_jpeg(&decoded.pixels, drawing::QUALITY).map_err(unreadable)
    }
}

fn encoded(pixels: &Pixels, encoding: PictureEncoding) -> Result<Vec<u8>, prepare::Error> {
    match encoding {
        PictureEncoding::Jpeg => prepare::encode_jpeg(pixels, CROP_QUALITY),
        PictureEncoding::Png => prepare::encode_png(pixels),
    }
}

fn unreadable(problem: impl Display) -> DatasetError {
    DatasetError::Unreadable(problem.to_string())
}
