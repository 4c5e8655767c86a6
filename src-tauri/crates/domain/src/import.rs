//! Results of importing files: added, already known, or skipped with a reason.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::geometry::PixelSize;

/// File formats that Fieldmark decodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ImageFormat {
    Jpeg,
    Png,
    WebP,
    Gif,
    Bmp,
    Tiff,
}

impl ImageFormat {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
        }
    }
}

/// Extensions of image files, in lower case, also of formats that are not read.
const IMAGE_EXTENSIONS: [&str; 13] =
    ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "tif", "tiff", "avif", "heic", "jxl"];

/// Whether a file is an image, by the extension of its name.
#[must_use]
pub fn is_image_name(name: &str) -> bool {
    let extension = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty() && !stem.ends_with('/'));
    extension.is_some_and(|(_, extension)| IMAGE_EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// Why a file was skipped. Texts are the window's; details come from the decoder or the system.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum SkipReason {
    /// Zero bytes long.
    Empty,
    /// Not an image, by its first bytes.
    NotAnImage,
    /// An unsupported image. `format` is a name such as "HEIC" or "TIFF"; `detail` names the variant, if others are
    /// supported.
    NotSupported { format: String, detail: Option<String> },
    /// An image whose data ends early or is inconsistent.
    Damaged { detail: String },
    /// More pixels than [`MAX_PIXELS`], by the header.
    TooManyPixels { megapixels: u32 },
    /// Decoding it alone would exceed the memory budget. `size` is unknown if the file itself exceeds it.
    TooMuchMemory { size: Option<PixelSize>, needed_megabytes: u32, allowed_megabytes: u32 },
    /// A file longer than [`MAX_FILE_BYTES`].
    FileTooLarge { megabytes: u32 },
    /// Could not be opened, read or decoded: permissions, a broken disk, a deleted file, a named pipe or device, a
    /// failing decoder.
    Unreadable { detail: String },
}

/// Images above this many pixels are skipped.
pub const MAX_PIXELS: u64 = 400_000_000;

/// Longer files are skipped, whatever they contain.
pub const MAX_FILE_BYTES: u64 = 2_000_000_000;

impl fmt::Display for SkipReason {
    /// As on the command line and in failures.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(formatter, "the file is empty"),
            Self::NotAnImage => write!(formatter, "not an image"),
            Self::NotSupported { format, detail: None } => write!(formatter, "{format} is not supported"),
            Self::NotSupported { format, detail: Some(detail) } => {
                write!(formatter, "this kind of {format} is not supported: {detail}")
            }
            Self::Damaged { detail } => write!(formatter, "damaged: {detail}"),
            Self::TooManyPixels { megapixels } => {
                write!(formatter, "{megapixels} megapixels are above the limit")
            }
            Self::TooMuchMemory { size, needed_megabytes, allowed_megabytes } => {
                match size {
                    Some(PixelSize { width, height }) => write!(formatter, "decoding {width} x {height} pixels")?,
                    None => write!(formatter, "reading the file")?,
                }
                write!(
                    formatter,
                    " takes {needed_megabytes} MB of memory, and {allowed_megabytes} MB are allowed; \
                     import.decoding_memory_mb in settings.toml allows more"
                )
            }
            Self::FileTooLarge { megabytes } => {
                write!(formatter, "the file has {megabytes} MB, and the limit is {} MB", MAX_FILE_BYTES / 1_000_000)
            }
            Self::Unreadable { detail } => write!(formatter, "cannot be read: {detail}"),
        }
    }
}

/// A file that an import skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SkippedFile {
    /// For display: invalid UTF-8 is shown as U+FFFD.
    pub path: String,
    pub reason: SkipReason,
}

/// Progress of an import. Counts only grow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportProgress {
    /// Files seen so far; final once `is_scanned`.
    pub found: u32,
    /// New images.
    pub added: u32,
    /// Files whose content was already in the library.
    pub known: u32,
    /// Files skipped with a reason.
    pub skipped: u32,
    /// Leftover files of NAS systems and apps, which are ignored and not counted as found.
    pub leftovers: u32,
    /// Whether all folders have been walked, so that `found` is the total.
    pub is_scanned: bool,
    /// Whether the import has completed or was cancelled.
    pub is_finished: bool,
    pub is_cancelled: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_told_by_their_extension() {
        for name in ["a.jpg", "day 1/A.JPEG", "b.tar.gif", "/x/c.heic", ".d.png"] {
            assert!(is_image_name(name), "{name}");
        }
        for name in ["jpg", ".jpg", "x/.png", "a.jpg/notes", "a.txt", "a."] {
            assert!(!is_image_name(name), "{name}");
        }
    }
}
