//! Copies of images with annotations drawn in. Originals are only read.

use std::path::Path;

use domain::annotation::Status;
use domain::geometry::ImageFromSent;
use domain::library::ImageCard;
use prepare::DrawnAnnotation;

use super::Insight;
use crate::originals::UnreadableOriginal;
use crate::{EngineError, Result};

/// Long edge of a copy: enough to judge a box, small enough for a page with hundreds of images.
const EDGE: u32 = 1600;
const QUALITY: u8 = 88;

/// The window's label palette, so that a color means the same label in both.
const PALETTE: [[u8; 3]; 12] = [
    [0x35, 0xb2, 0xfc],
    [0xd3, 0x78, 0x12],
    [0x83, 0xfd, 0xb5],
    [0xf7, 0xf3, 0x4a],
    [0xf1, 0x91, 0xaf],
    [0x39, 0x71, 0xf8],
    [0xc5, 0xc4, 0x63],
    [0x9f, 0x29, 0xab],
    [0xc0, 0xd5, 0xfd],
    [0xb9, 0x30, 0x00],
    [0x9a, 0x78, 0xaf],
    [0x3f, 0x74, 0x6a],
];

impl Insight {
    /// Draws the annotations of `card`, except rejected ones, on a copy of its original.
    pub(super) fn write_marked(
        &self,
        card: &ImageCard,
        path: &Path,
    ) -> Result<std::result::Result<(), UnreadableOriginal>> {
        let mut decoded = match self.originals.decode(card.id, Some(EDGE)) {
            Ok(decoded) => decoded,
            Err(unavailable) => return Ok(Err(unavailable)),
        };
        // The mapping from sent pixels to image pixels also maps to a copy of another size.
        let to_copy = ImageFromSent::new(card.size, decoded.pixels.size);
        let annotations: Vec<DrawnAnnotation> = card
            .annotations
            .iter()
            .filter(|annotation| annotation.status != Status::Rejected)
            .filter_map(|annotation| {
                // A polygon is drawn as its bounding box; whole-image annotations are not drawn.
                let rect = annotation.shape.bounds()?;
                Some(DrawnAnnotation {
                    rect: to_copy.rect(rect),
                    text: match annotation.confidence {
                        Some(confidence) => format!("{} {confidence:.2}", annotation.label),
                        None => annotation.label.clone(),
                    },
                    color: PALETTE[usize::from(annotation.color.clamp(1, 12)) - 1],
                    dashed: annotation.color > 6,
                })
            })
            .collect();
        prepare::draw_annotations(&mut decoded.pixels, &annotations);
        let jpeg = prepare::encode_jpeg(&decoded.pixels, QUALITY)?;
        self.outputs.check(path)?;
        files::write(path, &jpeg).map_err(EngineError::file(path))?;
        Ok(Ok(()))
    }
}

/// A file name without its extension, in characters that are safe in every file system and URL.
pub fn safe_stem(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' }).take(60).collect()
}
