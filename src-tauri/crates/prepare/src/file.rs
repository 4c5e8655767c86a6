//! Reading a file that may be an image. What it is, is told by its first bytes and never by its name; and only the
//! first bytes of anything else are read, so that an eight-gigabyte film in a dropped folder costs nothing.

use domain::import::{ImageFormat, SkipReason};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Enough to tell all formats apart.
const SIGNATURE_LEN: u64 = 18;

/// The format and all bytes of an image file.
///
/// Fails with `Unreadable`, `Empty` or `NotAnImage`.
pub(crate) fn read(path: &Path) -> Result<(ImageFormat, Vec<u8>), SkipReason> {
    read_head(path, u64::MAX)
}

/// Likewise, but at most the first `len` bytes.
pub(crate) fn read_head(path: &Path, len: u64) -> Result<(ImageFormat, Vec<u8>), SkipReason> {
    // Opening a named pipe would wait for somebody to write into it.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(SkipReason::Unreadable { detail: "not a regular file".to_owned() });
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.by_ref().take(SIGNATURE_LEN).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.is_empty() {
        return Err(SkipReason::Empty);
    }
    let format = format_by_signature(&bytes).ok_or(SkipReason::NotAnImage)?;
    // Running out of memory is an error here, not an abort.
    file.take(len.saturating_sub(SIGNATURE_LEN)).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok((format, bytes))
}

#[expect(clippy::needless_pass_by_value, reason = "made to be given to map_err")]
fn unreadable(error: io::Error) -> SkipReason {
    SkipReason::Unreadable { detail: error.to_string() }
}

fn format_by_signature(start: &[u8]) -> Option<ImageFormat> {
    match start {
        [0xFF, 0xD8, 0xFF, ..] => Some(ImageFormat::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(ImageFormat::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(ImageFormat::WebP),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(ImageFormat::Gif),
        // Canon's raw photos are TIFF files that carry a preview.
        [b'I', b'I', b'*', 0, _, _, _, _, b'C', b'R', ..] => None,
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Some(ImageFormat::Tiff),
        // Two letters alone would take every text that begins with "BM": the length of the second header counts too.
        [b'B', b'M', _, _, _, _, _, _, _, _, _, _, _, _, 12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0, ..] => {
            Some(ImageFormat::Bmp)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(content: &[u8]) -> SkipReason {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("photo.jpg");
        fs::write(&path, content).unwrap();
        read(&path).unwrap_err()
    }

    #[test]
    fn names_are_not_believed() {
        assert_eq!(reason(b""), SkipReason::Empty);
        assert_eq!(reason(b"Dear diary, today I saw a bird."), SkipReason::NotAnImage);
        assert_eq!(reason(b"BMW prices, second quarter"), SkipReason::NotAnImage);
        assert_eq!(reason(b"\xFF"), SkipReason::NotAnImage);
    }

    #[test]
    fn what_cannot_be_read_says_so() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(&folder.path().join("gone.jpg")), Err(SkipReason::Unreadable { .. })));
        assert!(matches!(read(folder.path()), Err(SkipReason::Unreadable { .. })));
    }
}
