//! Pixels for the window, by URL: `<image id>/<edge>`. Keyed by id, so that the window cannot name a file.

use std::sync::Arc;

use domain::ids::ImageId;
use engine::PixelEdge;

use crate::Api;

pub(crate) const DECODED_AT_ONCE: usize = 2;

/// The pixels of an image, or why there are none.
#[derive(Debug)]
pub enum ImagePixels {
    Jpeg(Vec<u8>),
    /// The image or its file is gone, or it cannot be decoded.
    Missing(String),
    Failed(String),
}

/// Parses `/<image id>/<384, 2048, … or full>`.
#[must_use]
pub fn parse(path: &str) -> Option<(ImageId, PixelEdge)> {
    let (image, edge) = path.strip_prefix('/')?.split_once('/')?;
    let edge = match edge {
        "full" => PixelEdge::Full,
        edge => match edge.parse().ok()? {
            engine::THUMBNAIL_EDGE => PixelEdge::Thumbnail,
            edge => PixelEdge::AtMost(edge),
        },
    };
    Some((ImageId(image.parse().ok()?), edge))
}

impl Api {
    /// An image, upright, as JPEG.
    pub async fn pixels(&self, image: ImageId, edge: PixelEdge) -> ImagePixels {
        let _permit = match edge {
            PixelEdge::Thumbnail => None,
            _ => self.decoding.acquire().await.ok(),
        };
        let library = Arc::clone(&self.library);
        match tokio::task::spawn_blocking(move || library.images.pixels(image, edge)).await {
            Ok(Ok(jpeg)) => ImagePixels::Jpeg(jpeg),
            Ok(Err(error)) => ImagePixels::Missing(error.to_string()),
            Err(error) => ImagePixels::Failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_an_image_and_a_size() {
        assert_eq!(parse("/7/384"), Some((ImageId(7), PixelEdge::Thumbnail)));
        assert_eq!(parse("/7/2048"), Some((ImageId(7), PixelEdge::AtMost(2048))));
        assert_eq!(parse("/7/full"), Some((ImageId(7), PixelEdge::Full)));
        for wrong in ["/7", "/../etc/passwd", "/x/384", "/7/384/1", ""] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
