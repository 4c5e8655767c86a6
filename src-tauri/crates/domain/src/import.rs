//! What happens to files on their way into the library: added, known already, or skipped with a reason.

use serde::{Deserialize, Serialize};

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

/// Why a file was skipped. The window owns the words; the detail is what the decoder or the operating system said.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum SkipReason {
    /// Zero bytes long.
    Empty,
    /// Not an image, by its first bytes.
    NotAnImage,
    /// An image of a kind that Fieldmark does not decode. `format` is a name such as "HEIC" or "TIFF"; `detail` says
    /// which kind of it, where others are decoded.
    NotSupported { format: String, detail: Option<String> },
    /// An image whose data ends early or contradicts itself.
    Damaged { detail: String },
    /// More pixels than [`MAX_PIXELS`], by the file's own header.
    TooManyPixels { megapixels: u32 },
    /// Could not be opened or read at all: permissions, a broken disk, a file that went away.
    Unreadable { detail: String },
}

/// Images above this many pixels are skipped: a decompressed frame would not fit in memory beside others.
pub const MAX_PIXELS: u64 = 400_000_000;

/// A file that an import skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SkippedFile {
    /// For people to read: bytes that are no UTF-8 show as U+FFFD.
    pub path: String,
    pub reason: SkipReason,
}

/// How far an import has come. Counts only grow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportProgress {
    /// Files seen so far; final once `is_scanned`.
    pub found: u32,
    /// Images new to the library.
    pub added: u32,
    /// Files whose content the library already had.
    pub known: u32,
    /// Files skipped with a reason.
    pub skipped: u32,
    /// Files that NAS systems and apps left behind, which were not looked at. They are not among the files found.
    pub leftovers: u32,
    /// Whether every folder has been walked, so that `found` is the total.
    pub is_scanned: bool,
    /// Whether the import has ended, by completion or by cancelling.
    pub is_finished: bool,
    pub is_cancelled: bool,
}
