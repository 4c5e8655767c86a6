//! What happens to files on their way into the library: added, known already, or skipped with a reason.

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
    /// Decoding it alone takes more memory than all decoding together may take. `size` is unknown where already the file
    /// is too large for that.
    TooMuchMemory { size: Option<PixelSize>, needed_megabytes: u32, allowed_megabytes: u32 },
    /// A file longer than [`MAX_FILE_BYTES`].
    FileTooLarge { megabytes: u32 },
    /// Could not be opened, read or decoded at all: permissions, a broken disk, a file that went away, no file but a named
    /// pipe or a device, a decoder that failed.
    Unreadable { detail: String },
}

/// Images above this many pixels are skipped.
pub const MAX_PIXELS: u64 = 400_000_000;

/// Longer files are skipped, whatever they begin with.
pub const MAX_FILE_BYTES: u64 = 2_000_000_000;

impl fmt::Display for SkipReason {
    /// As the command line and the failures of a run say it.
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
                write!(formatter, "{megapixels} megapixels are more than Fieldmark opens")
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
