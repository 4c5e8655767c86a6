//! Opens files that may be images. The format is detected from the first bytes, never from the name; only these are
//! read of other files, so that an eight-gigabyte film in a dropped folder costs nothing.

use domain::import::{ImageFormat, MAX_FILE_BYTES, SkipReason};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Enough to detect all formats, including the compatible brands of HEIC and AVIF.
const SIGNATURE_LEN: u64 = 64;

pub(crate) const CAMERA_RAW: &str = "camera raw";

/// An image file whose first bytes are read.
pub(crate) struct ImageFile {
    pub(crate) format: ImageFormat,
    /// Size of the file in bytes.
    pub(crate) len: u64,
    start: Vec<u8>,
    file: File,
}

impl ImageFile {
    /// Fails with `Unreadable`, `Empty`, `FileTooLarge`, `NotAnImage` or `NotSupported`.
    pub(crate) fn open(path: &Path) -> Result<Self, SkipReason> {
        let (mut file, metadata) = files::open(path).map_err(unreadable)?;
        let mut start = Vec::new();
        file.by_ref().take(SIGNATURE_LEN).read_to_end(&mut start).map_err(unreadable)?;
        if start.is_empty() {
            return Err(SkipReason::Empty);
        }
        let (format, len) = (format_by_signature(&start)?, metadata.len());
        if len > MAX_FILE_BYTES {
            return Err(SkipReason::FileTooLarge { megabytes: megabytes(len) });
        }
        Ok(Self { format, len, start, file })
    }

    /// The whole file.
    pub(crate) fn read(self) -> Result<Vec<u8>, SkipReason> {
        let Self { len, start: mut bytes, file, .. } = self;
        let rest = len.saturating_sub(bytes.len() as u64);
        files::read_into(file, rest, rest, &mut bytes).map_err(unreadable)?;
        Ok(bytes)
    }

    /// At most the first `len` bytes.
    pub(crate) fn read_start(self, len: u64) -> Result<Vec<u8>, SkipReason> {
        let mut bytes = self.start;
        self.file.take(len.saturating_sub(SIGNATURE_LEN)).read_to_end(&mut bytes).map_err(unreadable)?;
        Ok(bytes)
    }
}

/// In megabytes, rounded up.
pub(crate) fn megabytes(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

#[expect(clippy::needless_pass_by_value, reason = "made to be given to map_err")]
fn unreadable(error: io::Error) -> SkipReason {
    SkipReason::Unreadable { detail: error.to_string() }
}

fn format_by_signature(start: &[u8]) -> Result<ImageFormat, SkipReason> {
    if let Some(format) = unsupported_by_signature(start) {
        return Err(SkipReason::NotSupported { format: format.into(), detail: None });
    }
    match start {
        [0xFF, 0xD8, 0xFF, ..] => Ok(ImageFormat::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Ok(ImageFormat::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(ImageFormat::WebP),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(ImageFormat::Gif),
        // The second variant is BigTIFF.
        [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => Ok(ImageFormat::Tiff),
        // "BM" alone would match every text that begins with it, so the length of the second header is checked too.
        [b'B', b'M', _, _, _, _, _, _, _, _, _, _, _, _, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0, ..] => {
            Ok(ImageFormat::Bmp)
        }
        _ => Err(SkipReason::NotAnImage),
    }
}

/// The name of an image format that is not supported.
fn unsupported_by_signature(start: &[u8]) -> Option<&'static str> {
    const RAW_SIGNATURES: [&[u8]; 7] = [b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILMCCD-RAW", b"FOVb", b"\0MRM"];
    match start {
        [_, _, _, _, b'f', b't', b'y', b'p', brands @ ..] => base_media_format(brands),
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Some("JPEG XL"),
        [0, 0, 0, 12, b'j', b'P', b' ' | 0x1A, b' ' | 0x1A, ..] | [0xFF, 0x4F, 0xFF, 0x51, ..] => Some("JPEG 2000"),
        [0xFF, 0xD8, 0xFF, 0xF7, ..] => Some("JPEG-LS"),
        [b'8', b'B', b'P', b'S', ..] => Some("Photoshop"),
        [b'I', b'I', 0xBC, ..] => Some("JPEG XR"),
        [b'v', b'/', b'1', 1, ..] => Some("OpenEXR"),
        [0, 0, 1 | 2, 0, 1..=64, 0, ..] => Some("icon"),
        [b'g', b'i', b'm', b'p', b' ', b'x', b'c', b'f', ..] => Some("GIMP"),
        [b'q', b'o', b'i', b'f', ..] => Some("QOI"),
        [b'P', b'1'..=b'7', b'\n', b'#' | b'0'..=b'9' | b'W', ..] => Some("PNM"),
        // Canon's raw photos are TIFF files with a preview.
        [b'I', b'I', b'*', 0, _, _, _, _, b'C', b'R', ..] => Some(CAMERA_RAW),
        _ if RAW_SIGNATURES.iter().any(|signature| start.starts_with(signature)) => Some(CAMERA_RAW),
        _ => is_svg(start).then_some("SVG"),
    }
}

/// HEIC and AVIF are distinguished from films by their compatible brands.
fn base_media_format(brands: &[u8]) -> Option<&'static str> {
    let formats = brands.as_chunks::<4>().0.iter().map(|brand| match brand {
        b"crx " => Some(CAMERA_RAW),
        b"avif" | b"avis" => Some("AVIF"),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" => Some("HEIC"),
        b"mif1" | b"msf1" | b"mif2" => Some("HEIF"),
        _ => None,
    });
    // "mif1" comes first in many files of the other kinds.
    formats.flatten().min_by_key(|&format| format == "HEIF")
}

fn is_svg(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start));
    text.trim_start().starts_with("<svg") || (text.trim_start().starts_with("<?xml") && text.contains("<svg"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn reason(content: &[u8]) -> SkipReason {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("photo.jpg");
        fs::write(&path, content).unwrap();
        ImageFile::open(&path).err().unwrap()
    }

    #[test]
    fn names_are_not_believed() {
        assert_eq!(reason(b""), SkipReason::Empty);
        assert_eq!(reason(b"Dear diary, today I saw a bird."), SkipReason::NotAnImage);
        assert_eq!(reason(b"BMW prices, second quarter"), SkipReason::NotAnImage);
        assert_eq!(reason(b"\xFF"), SkipReason::NotAnImage);
    }

    #[test]
    fn what_is_not_decoded_is_named() {
        for (content, expected) in [
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".as_slice(), "HEIC"),
            (b"\0\0\0\x20ftypmif1\0\0\0\0mif1avifmiafMA1B", "AVIF"),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf", "HEIF"),
            (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "camera raw"),
            (b"\0\0\0\x0CJXL \r\n\x87\n", "JPEG XL"),
            (b"\xFF\x0A\xFA\x00", "JPEG XL"),
            (b"\0\0\0\x0CjP  \r\n\x87\n", "JPEG 2000"),
            (b"8BPS\0\x01\0\0", "Photoshop"),
            (b"FUJIFILMCCD-RAW 0201", "camera raw"),
            (b"II*\0\x10\0\0\0CR\x02\0", "camera raw"),
            (b"<?xml version=\"1.0\"?>\n<svg xmlns=\"http", "SVG"),
            (b"\n <svg viewBox=\"0 0 1 1\">", "SVG"),
        ] {
            let expected = SkipReason::NotSupported { format: expected.into(), detail: None };
            assert_eq!(reason(content), expected);
        }
        assert_eq!(reason(b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41"), SkipReason::NotAnImage, "a film");
        assert_eq!(reason(b"<?xml version=\"1.0\"?><gpx>"), SkipReason::NotAnImage);
    }

    #[test]
    fn what_cannot_be_read_says_so() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(ImageFile::open(&folder.path().join("gone.jpg")), Err(SkipReason::Unreadable { .. })));
        let folder = ImageFile::open(folder.path()).err().unwrap();
        assert_eq!(folder, SkipReason::Unreadable { detail: "a folder, not a regular file".into() });
    }

    #[test]
    fn a_sparse_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse.jpg");
        fs::write(&path, b"\xFF\xD8\xFF\xE0").unwrap();
        File::options().append(true).open(&path).unwrap().set_len(3_000_000_001).unwrap();
        assert_eq!(ImageFile::open(&path).err().unwrap(), SkipReason::FileTooLarge { megabytes: 3001 });
        // Other files are detected from their first bytes too.
        fs::write(&path, b"film").unwrap();
        File::options().append(true).open(&path).unwrap().set_len(3_000_000_001).unwrap();
        assert_eq!(ImageFile::open(&path).err().unwrap(), SkipReason::NotAnImage);
    }
}
