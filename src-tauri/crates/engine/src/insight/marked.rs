//! Copies of images with annotations drawn in. Originals are only read.

use domain::annotation::Status;
use domain::library::ImageCard;
use prepare::DrawnAnnotation;

use super::Insight;
use crate::Result;
use crate::drawing;
use crate::originals::UnreadableOriginal;

/// Long edge of a copy: enough to judge a box, small enough for a page with hundreds of images.
const EDGE: u32 = 1600;

impl Insight {
    /// A copy of the original of `card` with its annotations, except rejected ones, drawn in, as JPEG.
    pub(super) fn marked(&self, card: &ImageCard) -> Result<std::result::Result<Vec<u8>, UnreadableOriginal>> {
        let mut decoded = match self.originals.decode(card.id, Some(EDGE)) {
            Ok(decoded) => decoded,
            Err(unavailable) => return Ok(Err(unavailable)),
        };
        let to_copy = drawing::to_copy(card.size, decoded.pixels.size);
        let annotations: Vec<DrawnAnnotation> = card
            .annotations
            .iter()
            .filter(|annotation| annotation.status != Status::Rejected)
            // Those of the whole image are beside it.
            .filter(|annotation| annotation.shape.bounds().is_some())
            .map(|annotation| {
                let text = match annotation.confidence {
                    Some(confidence) => format!("{} {confidence:.2}", annotation.label),
                    None => annotation.label.clone(),
                };
                drawing::annotation(annotation.shape.mapped(to_copy), text, annotation.color)
            })
            .collect();
        prepare::draw_annotations(&mut decoded.pixels, &annotations);
        Ok(Ok(prepare::encode_jpeg(&decoded.pixels, drawing::QUALITY)?))
    }
}

/// A file name without its extension, in characters that are safe in every file system and URL.
pub fn safe_stem(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' }).take(60).collect()
}
