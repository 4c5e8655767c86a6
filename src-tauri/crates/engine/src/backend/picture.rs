//! Encodes pictures as a provider needs them.

use prepare::Pixels;
use providers::request::{Encoding, MediaType, Picture};

/// A picture to send, in the best quality that its limit of bytes allows. Blocks.
pub fn encoded(pixels: Pixels, encoding: Encoding) -> Result<Picture, String> {
    let size = pixels.size;
    match encoding {
        Encoding::Rgb => Ok(Picture { size, media_type: MediaType::Rgb, bytes: pixels.rgb.into() }),
        Encoding::Jpeg { qualities, byte_limit } => {
            let mut file = Vec::new();
            for &quality in qualities {
                file = prepare::encode_jpeg(&pixels, quality).map_err(|error| error.to_string())?;
                if file.len() <= byte_limit {
                    break;
                }
            }
            Ok(Picture { size, media_type: MediaType::Jpeg, bytes: file.into() })
        }
    }
}
