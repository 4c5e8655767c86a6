//! The size of an image file in a dataset, for formats that do not state it.

use std::io::{Cursor, Read};

use domain::geometry::{Orientation, PixelSize};
use image::{ImageDecoder, ImageReader};

use crate::error::Result;
use crate::input::Input;

/// Headers are within this many bytes, in nearly all files.
const HEADER: u64 = 1 << 20;
const WHOLE_FILE: u64 = 1 << 28;

/// Upright width and height of the image file `name`; `None` if it is not an image that can be read.
pub fn upright_size(input: &mut Input, name: &str) -> Result<Option<PixelSize>> {
    for most in [HEADER, WHOLE_FILE] {
        let mut bytes = Vec::new();
        input.entry(name)?.take(most).read_to_end(&mut bytes)?;
        let is_whole = (bytes.len() as u64) < most;
        if let Some(size) = size_of(bytes) {
            return Ok(Some(size));
        }
        if is_whole {
            break;
        }
    }
    Ok(None)
}

/// Upright width and height of an image by the content of its file.
pub fn size_of(bytes: Vec<u8>) -> Option<PixelSize> {
    let mut decoder = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    let orientation = decoder.orientation().ok().map_or(1, |orientation| orientation.to_exif());
    let orientation = Orientation::from_exif(orientation.into()).unwrap_or_default();
    Some(orientation.upright_size(PixelSize::new(width, height)))
}
