//! Images on which a dry run shows what would be imported.

use domain::annotation::Shape;
use domain::dataset_import::{ImportSample, SampleAnnotation};
use domain::geometry::PixelSize;
use domain::ids::ImageId;

/// Images that are shown.
const MOST_IMAGES: usize = 12;
/// Shown annotations of an image.
const MOST_ANNOTATIONS: usize = 300;

/// The first images that get annotations.
#[derive(Default)]
pub struct Samples(pub Vec<ImportSample>);

impl Samples {
    /// `size` is that of the upright image.
    pub fn add(&mut self, image: ImageId, size: PixelSize, label: &str, shape: &Shape) {
        let place = match self.0.iter().position(|sample| sample.image == image) {
            Some(place) => place,
            None if self.0.len() < MOST_IMAGES => {
                self.0.push(ImportSample { image, size, annotations: Vec::new() });
                self.0.len() - 1
            }
            None => return,
        };
        let annotations = &mut self.0[place].annotations;
        if annotations.len() < MOST_ANNOTATIONS {
            annotations.push(SampleAnnotation { label: label.to_owned(), shape: shape.clone() });
        }
    }
}
