//! Makes the pictures of formats that have them from the originals, which are only read.

use std::io;
use std::path::Path;

use datasets::{DatasetError, DrawnShape, PictureEncoding, Pictures};
use domain::geometry::{ImageRegion, PixelSize};
use prepare::{DecodingMemory, Pixels};

use crate::{EngineError, drawing};

/// High enough to train with.
const CROP_QUALITY: u8 = 95;

/// Decodes within the memory that all decoding shares.
pub struct OriginalPictures(pub DecodingMemory);

impl Pictures for OriginalPictures {
    fn crops(
        &self,
        original: &Path,
        regions: &[ImageRegion],
        encoding: PictureEncoding,
    ) -> datasets::Result<Vec<Vec<u8>>> {
        let mut crops = Vec::with_capacity(regions.len());
        let full = |size: PixelSize| size.long_edge();
        prepare::decode_regions(original, regions, full, &self.0, |_, pixels| crops.push(encoded(&pixels, encoding)))
            .map_err(|reason| failed(original, reason.to_string()))?;
        if crops.len() < regions.len() {
            return Err(failed(original, "its size has changed".to_owned()));
        }
        crops.into_iter().map(|crop| crop.map_err(|error| failed(original, error.to_string()))).collect()
    }

    fn overlay(
        &self,
        original: &Path,
        size: PixelSize,
        shapes: &[DrawnShape],
        max_edge: Option<u32>,
    ) -> datasets::Result<Vec<u8>> {
        let mut decoded =
            prepare::decode(original, max_edge, &self.0).map_err(|reason| failed(original, reason.to_string()))?;
        if decoded.original != size {
            return Err(failed(original, "its size has changed".to_owned()));
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
        prepare::encode_jpeg(&decoded.pixels, drawing::QUALITY).map_err(|error| failed(original, error.to_string()))
    }
}

fn encoded(pixels: &Pixels, encoding: PictureEncoding) -> Result<Vec<u8>, prepare::Error> {
    match encoding {
        PictureEncoding::Jpeg => prepare::encode_jpeg(pixels, CROP_QUALITY),
        PictureEncoding::Png => prepare::encode_png(pixels),
    }
}

fn failed(original: &Path, problem: String) -> DatasetError {
    DatasetError::Owner(Box::new(EngineError::File { path: original.to_owned(), source: io::Error::other(problem) }))
}
