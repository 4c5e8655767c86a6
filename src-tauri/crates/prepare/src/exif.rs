//! The few numbers of TIFF's first directory that matter for decoding. EXIF is such a directory inside another file.
//!
//! Only this directory is read, so that a broken maker note further on costs nothing, and without copying, so that a
//! TIFF of hundreds of megabytes stays where it is. Whatever does not parse reads as absent.

use domain::geometry::Orientation;

const NEW_SUBFILE_TYPE: u16 = 254;
const ORIENTATION: u16 = 274;

const SHORT: u16 = 3;
const LONG: u16 = 4;

/// How the picture is to be turned; upright if `tiff` says nothing sensible. Some writers of WebP put the six bytes
/// that begin EXIF in a JPEG before it.
pub(crate) fn orientation(tiff: &[u8]) -> Orientation {
    let tiff = tiff.strip_prefix(b"Exif\0\0").unwrap_or(tiff);
    first_directory_value(tiff, ORIENTATION).and_then(Orientation::from_exif).unwrap_or_default()
}

/// Whether the first picture of a TIFF file calls itself a reduced version of another one, as the previews in the raw
/// files of cameras do (DNG, NEF, ARW). Decoding it would pass a stamp-sized preview for the photo.
pub(crate) fn is_camera_raw(tiff: &[u8]) -> bool {
    first_directory_value(tiff, NEW_SUBFILE_TYPE).is_some_and(|kind| kind & 1 == 1)
}

fn first_directory_value(tiff: &[u8], wanted: u16) -> Option<u32> {
    let is_little_endian = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let u16_at = |offset: usize| {
        let bytes = tiff.get(offset..offset.checked_add(2)?)?.try_into().ok()?;
        Some(if is_little_endian { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let u32_at = |offset: usize| {
        let bytes = tiff.get(offset..offset.checked_add(4)?)?.try_into().ok()?;
        Some(if is_little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let directory = usize::try_from(u32_at(4)?).ok()?;
    let entries = directory.checked_add(2)?;
    for index in 0..usize::from(u16_at(directory)?) {
        let entry = entries.checked_add(index * 12)?;
        if u16_at(entry)? == wanted {
            return match u16_at(entry + 2)? {
                SHORT => u16_at(entry + 8).map(u32::from),
                LONG => u32_at(entry + 8),
                _ => None,
            };
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn broken_exif_is_upright() {
        let good = fixtures::exif(6);
        assert_eq!(orientation(&good), Orientation::NeedsClockwise90);
        for len in 0..good.len() {
            orientation(&good[..len]);
        }
        for value in [0, 9, 0xFFFF] {
            assert_eq!(orientation(&fixtures::exif(value)), Orientation::Upright);
        }
        let mut far_directory = good.clone();
        far_directory[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(orientation(&far_directory), Orientation::Upright);
    }
}
