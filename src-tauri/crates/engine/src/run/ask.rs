//! What a request about an image is about.

use std::sync::Arc;

use domain::annotation::NewAnnotation;
use domain::answer::PartPass;
use domain::geometry::{ImageRegion, PixelSize};
use domain::recipe::ImageParts;

/// A request about a part of an image.
#[derive(Debug, Clone)]
pub struct Ask {
    pub pass: PartPass,
    /// The part, in pixels of the image.
    pub region: ImageRegion,
    /// What was found in it and is checked, in pixels of the image.
    pub found: Arc<Vec<NewAnnotation>>,
    /// All parts of the image.
    pub parts: Arc<ImageParts>,
}

impl Ask {
    /// The first request about a whole image.
    pub fn whole(size: PixelSize) -> Self {
        let region = ImageRegion::whole(size);
        let parts = Arc::new(ImageParts { regions: vec![region], are_enlarged: false });
        Self { pass: PartPass::default(), region, found: Arc::default(), parts }
    }
}
