//! Selects the page of a TIFF file, and parses how its samples are stored.
//!
//! Everything unsupported is refused here, by name, before a sample is read.

use super::directory::{Directory, TiffFile, tag};
use super::not_supported;
use crate::file::CAMERA_RAW;
use crate::header::damaged;
use domain::geometry::PixelSize;
use domain::import::SkipReason;
use std::collections::HashSet;

/// Further pages are ignored.
const MAX_PAGES: usize = 256;
/// More samples are measurements, not a picture.
const MAX_SAMPLES: usize = 16;
/// Tiles may be larger than a small picture. Some compressions hold a whole one in memory.
const MAX_TILE_PIXELS: u64 = 1 << 24;
/// A stored row is held in memory.
const MAX_ROW_BYTES: usize = 64 << 20;
/// Tiles of 16 x 16 pixels of the largest picture, and some more.
const MAX_CHUNKS: usize = 1 << 21;
/// Up to this size, strips and tiles may share their data: decoding is fast anyway.
const SMALL_PICTURE_BYTES: u64 = 1 << 28;

/// How the samples of a pixel form a colour.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Color {
    /// One sample; zero is white if `is_inverted`.
    Gray {
        is_inverted: bool,
    },
    Rgb,
    Palette(Vec<[u8; 3]>),
    /// Zero is no ink.
    Cmyk,
    YCbCr(YCbCr),
    /// The second and third sample are signed in one variant and have an offset of 128 in the other.
    Lab {
        is_signed: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct YCbCr {
    /// Weights of red, green and blue in Y.
    pub(super) luma: [f32; 3],
    /// Codes of black and white for Y, then of zero and maximum for Cb and Cr.
    pub(super) reference: [f32; 6],
    /// Columns and rows that share one Cb and Cr.
    pub(super) subsampling: (usize, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alpha {
    /// Colours are premultiplied.
    Associated,
    Unassociated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    Horizontal,
    FloatingPoint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    /// Runs of one row after the other, each padded to whole bytes.
    CcittRuns,
    CcittG3,
    CcittG4,
    Lzw,
    Jpeg,
    Deflate,
    PackBits,
    Zstd,
    WebP,
}

impl Compression {
    /// Maximum expansion of a byte; `None` if bounded only by the pixels.
    fn most_expansion(self) -> Option<u64> {
        match self {
            // Permits files that end early: they are damaged.
            Self::None => Some(16),
            Self::PackBits => Some(64),
            Self::Deflate => Some(1032),
            // Each of 4096 12-bit codes expands to at most this.
            Self::Lzw => Some(2731),
            // Four bytes for a block of 128 KiB.
            Self::Zstd => Some(1 << 15),
            Self::CcittRuns | Self::CcittG3 | Self::CcittG4 | Self::Jpeg | Self::WebP => None,
        }
    }
}

/// How a page is stored. A chunk is a strip or a tile.
pub(super) struct Page<'a> {
    pub(super) directory: Directory<'a>,
    pub(super) size: PixelSize,
    pub(super) bits: usize,
    pub(super) is_float: bool,
    /// Samples per pixel.
    pub(super) samples: usize,
    pub(super) color: Color,
    /// Index of the transparency sample.
    pub(super) alpha: Option<(usize, Alpha)>,
    /// A sample without a declared meaning: usually transparency.
    pub(super) undeclared: Option<usize>,
    /// Each sample has its own chunks.
    pub(super) is_planar: bool,
    pub(super) predictor: Predictor,
    pub(super) compression: Compression,
    /// The lowest bit of a byte comes first.
    pub(super) is_bit_reversed: bool,
    pub(super) chunk_width: usize,
    pub(super) chunk_height: usize,
    /// Offset and length of each chunk as stored.
    pub(super) chunks: Vec<(u64, u64)>,
}

/// The first page that is a full-size picture. Cameras and scanners store a smaller copy before it, or in a
/// subdirectory.
pub(super) fn choose(file: TiffFile) -> Result<Directory, SkipReason> {
    let mut seen = HashSet::new();
    let chain: Vec<Directory> = std::iter::successors(file.first_directory(), Directory::next)
        .take_while(|page| seen.insert(page.place()))
        .take(MAX_PAGES)
        .collect();
    let below: Vec<Directory> = chain
        .iter()
        .flat_map(|page| page.numbers(tag::SUB_DIRECTORIES))
        .take(MAX_PAGES)
        .filter_map(|offset| file.directory(offset))
        .collect();
    let mut all = chain.iter().chain(&below);
    if all.clone().any(is_camera_raw) {
        return Err(SkipReason::NotSupported { format: CAMERA_RAW.into(), detail: None });
    }
    match all.find(|page| is_full_picture(page)) {
        Some(page) => Ok(*page),
        None if chain.is_empty() => Err(damaged("the TIFF file has no picture")),
        None => Err(not_supported("only a reduced copy of another picture")),
    }
}

fn is_full_picture(page: &Directory<'_>) -> bool {
    const REDUCED_OR_MASK: u64 = 0b101;
    const REDUCED: u64 = 2;
    page.number(tag::NEW_SUBFILE_TYPE).unwrap_or_default() & REDUCED_OR_MASK == 0
        && page.number(tag::SUBFILE_TYPE) != Some(REDUCED)
}

/// Raw photos of most cameras are TIFF files with previews beside the sensor data.
fn is_camera_raw(page: &Directory) -> bool {
    const COLOR_FILTER_ARRAY: u64 = 32803;
    const LINEAR_RAW: u64 = 34892;
    // Of Sony, Samsung, Kodak, Epson, Nikon and Pentax.
    const RAW_COMPRESSIONS: [u64; 6] = [32767, 32770, 65000, 32769, 34713, 65535];
    page.has(tag::DNG_VERSION)
        || matches!(page.number(tag::PHOTOMETRIC_INTERPRETATION), Some(COLOR_FILTER_ARRAY | LINEAR_RAW))
        || page.number(tag::COMPRESSION).is_some_and(|compression| RAW_COMPRESSIONS.contains(&compression))
}

pub(super) fn size(directory: &Directory) -> Result<PixelSize, SkipReason> {
    let side = |tag| directory.number(tag).and_then(|side| u32::try_from(side).ok());
    let (Some(width), Some(height)) = (side(tag::IMAGE_WIDTH), side(tag::IMAGE_LENGTH)) else {
        return Err(damaged("the picture has no size"));
    };
    Ok(PixelSize::new(width, height))
}

impl<'a> Page<'a> {
    pub(super) fn of(directory: Directory<'a>) -> Result<Self, SkipReason> {
        let size = size(&directory)?;
        let samples = usize_of(&directory, tag::SAMPLES_PER_PIXEL).unwrap_or(1);
        if samples == 0 {
            return Err(damaged("the picture has no samples"));
        }
        if samples > MAX_SAMPLES {
            return Err(not_supported(format!("{samples} bands")));
        }
        let compression = compression(&directory)?;
        let color = color(&directory, compression)?;
        let (bits, is_float) = sample_type(&directory, &color)?;
        let is_planar = match directory.number(tag::PLANAR_CONFIGURATION) {
            None | Some(1) => false,
            Some(2) => samples > 1,
            Some(other) => return Err(not_supported(format!("planar configuration {other}"))),
        };
        let (alpha, undeclared) = extra_samples(&directory, &color, samples)?;
        let (chunk_width, chunk_height, chunks) = chunks(&directory, size, compression)?;
        let page = Self {
            directory,
            size,
            bits,
            is_float,
            samples,
            color,
            alpha,
            undeclared,
            is_planar,
            predictor: predictor(&directory, compression, bits, is_float)?,
            compression,
            is_bit_reversed: directory.number(tag::FILL_ORDER) == Some(2)
                && !matches!(compression, Compression::Jpeg | Compression::WebP),
            chunk_width,
            chunk_height,
            chunks,
        };
        page.check()?;
        Ok(page)
    }

    /// Checks that involve several entries.
    fn check(&self) -> Result<(), SkipReason> {
        let (columns, rows) = self.subsampling();
        let is_subsampled = (columns, rows) != (1, 1);
        let has_plain_bytes = self.bits == 8 && !self.is_float;
        match &self.color {
            Color::Palette(_) if self.bits > 8 || self.is_float => Err(not_supported("a palette of more than 8 bits")),
            Color::Palette(colors) if colors.len() < 1 << self.bits => Err(damaged("the palette ends early")),
            Color::YCbCr(_) if !has_plain_bytes => Err(not_supported(format!("YCbCr of {} bits", self.bits))),
            Color::YCbCr(_)
                if is_subsampled && (self.is_planar || self.samples != 3 || self.predictor != Predictor::None) =>
            {
                Err(not_supported("subsampled YCbCr in an unusual layout"))
            }
            Color::Cmyk | Color::Lab { .. } if self.is_float || !matches!(self.bits, 8 | 16) => {
                Err(not_supported(format!("{} of {} bits", self.color.name(), self.bits)))
            }
            _ => Ok(()),
        }?;
        match self.compression {
            Compression::CcittRuns | Compression::CcittG3 | Compression::CcittG4
                if self.bits != 1 || self.samples != 1 =>
            {
                Err(not_supported("fax compression of more than one bit"))
            }
            Compression::CcittRuns | Compression::CcittG3 | Compression::CcittG4
                if u16::try_from(self.chunk_width).is_err() =>
            {
                Err(not_supported("fax compression of more than 65,535 columns"))
            }
            Compression::CcittG3 if self.directory.number(tag::T4_OPTIONS).unwrap_or_default() & 0b11 != 0 => {
                Err(not_supported("two-dimensional or uncompressed Group 3 fax"))
            }
            Compression::Jpeg | Compression::WebP if !has_plain_bytes => {
                Err(not_supported(format!("JPEG or WebP compression of {} bits", self.bits)))
            }
            Compression::Jpeg if !self.is_planar && !matches!(self.samples, 1 | 3 | 4) => {
                Err(not_supported(format!("JPEG compression of {} bands", self.samples)))
            }
            Compression::Jpeg if matches!(self.color, Color::Lab { .. } | Color::YCbCr(_) | Color::Palette(_)) => {
                Err(not_supported(format!("{} in JPEG compression", self.color.name())))
            }
            Compression::WebP if self.is_planar || !matches!(self.samples, 3 | 4) => {
                Err(not_supported("WebP compression in an unusual layout"))
            }
            _ => Ok(()),
        }?;
        if self.chunk_width > MAX_ROW_BYTES / (self.samples * self.bits.div_ceil(8)) / rows {
            return Err(not_supported("rows of that length"));
        }
        let chunk_count = if self.is_planar { self.samples } else { 1 } * self.chunks_per_plane();
        if chunk_count > MAX_CHUNKS {
            return Err(not_supported("more than two million strips or tiles"));
        }
        if self.chunks.len() < chunk_count {
            return Err(damaged("some strips or tiles are missing"));
        }
        self.check_expansion()
    }

    /// Refuses pages that take disproportionately long to decode: tiles far larger than the picture, and strips or
    /// tiles that share the same bytes of the file.
    fn check_expansion(&self) -> Result<(), SkipReason> {
        let chunk_pixels = self.chunk_width as u64 * self.chunk_height as u64;
        let decoded_pixels = chunk_pixels.saturating_mul(self.chunks_per_plane() as u64);
        if chunk_pixels > self.size.area().max(MAX_TILE_PIXELS)
            || decoded_pixels > self.size.area().max(MAX_TILE_PIXELS).saturating_mul(4)
        {
            return Err(not_supported("tiles much larger than the picture"));
        }
        let Some(most) = self.compression.most_expansion() else { return Ok(()) };
        let file_len = self.directory.file().bytes().len() as u64;
        let stored = match self.subsampling() {
            (1, 1) => self.size.area() * (self.samples * self.bits) as u64 / 8,
            (columns, rows) => self.size.area() * (columns * rows + 2) as u64 / (columns * rows) as u64,
        };
        if stored > SMALL_PICTURE_BYTES && stored / most > file_len {
            return Err(not_supported(format!(
                "strips or tiles that share their data ({} MB in a file of {} kB)",
                stored / 1_000_000,
                file_len / 1000
            )));
        }
        Ok(())
    }

    /// A compressed chunk. A length beyond the file is truncated, and only matters if the missing part is needed.
    pub(super) fn chunk_data(&self, index: usize) -> &'a [u8] {
        let file = self.directory.file().bytes();
        let (offset, len) = self.chunks[index];
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(file.len());
        let end = usize::try_from(len).unwrap_or(usize::MAX).saturating_add(start).min(file.len());
        &file[start..end]
    }

    /// Memory of the chunk lists, in bytes.
    pub(super) fn list_bytes(&self) -> u64 {
        64 * self.chunks.len() as u64
    }

    pub(super) fn chunks_across(&self) -> usize {
        (self.size.width as usize).div_ceil(self.chunk_width)
    }

    pub(super) fn chunks_per_plane(&self) -> usize {
        self.chunks_across() * (self.size.height as usize).div_ceil(self.chunk_height)
    }

    /// Columns and rows of the stored blocks; usually one.
    pub(super) fn subsampling(&self) -> (usize, usize) {
        match &self.color {
            Color::YCbCr(ycbcr) => ycbcr.subsampling,
            _ => (1, 1),
        }
    }

    /// The samples in use.
    pub(super) fn used_samples(&self) -> Vec<usize> {
        (0..self.color.samples()).chain(self.alpha.map(|(sample, _)| sample)).chain(self.undeclared).collect()
    }
}

impl Color {
    pub(super) const fn samples(&self) -> usize {
        match self {
            Self::Gray { .. } | Self::Palette(_) => 1,
            Self::Rgb | Self::YCbCr(_) | Self::Lab { .. } => 3,
            Self::Cmyk => 4,
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Gray { .. } => "gray",
            Self::Rgb => "RGB",
            Self::Palette(_) => "palette",
            Self::Cmyk => "CMYK",
            Self::YCbCr(_) => "YCbCr",
            Self::Lab { .. } => "Lab",
        }
    }
}

fn usize_of(directory: &Directory, tag: u16) -> Option<usize> {
    usize::try_from(directory.number(tag)?).ok()
}

fn compression(directory: &Directory) -> Result<Compression, SkipReason> {
    Ok(match directory.number(tag::COMPRESSION).unwrap_or(1) {
        1 => Compression::None,
        2 => Compression::CcittRuns,
        3 => Compression::CcittG3,
        4 => Compression::CcittG4,
        5 => Compression::Lzw,
        6 => return Err(not_supported("old-style JPEG compression")),
        7 => Compression::Jpeg,
        8 | 32946 => Compression::Deflate,
        32773 => Compression::PackBits,
        33003 | 33004 | 33005 | 34712 => return Err(not_supported("JPEG 2000 compression")),
        34887 => return Err(not_supported("LERC compression")),
        34925 => return Err(not_supported("LZMA compression")),
        50000 => Compression::Zstd,
        50001 => Compression::WebP,
        50002 | 52546 => return Err(not_supported("JPEG XL compression")),
        other => return Err(not_supported(format!("compression {other}"))),
    })
}

fn color(directory: &Directory, compression: Compression) -> Result<Color, SkipReason> {
    Ok(match directory.number(tag::PHOTOMETRIC_INTERPRETATION) {
        Some(white_or_black_is_zero @ (0 | 1)) => Color::Gray { is_inverted: white_or_black_is_zero == 0 },
        Some(2) => Color::Rgb,
        Some(3) => Color::Palette(palette(&directory.numbers(tag::COLOR_MAP))),
        Some(5) if matches!(directory.number(tag::INK_SET), None | Some(1)) => Color::Cmyk,
        Some(5) => return Err(not_supported("inks other than CMYK")),
        // The JPEG decoder converts it to RGB.
        Some(6) if compression == Compression::Jpeg && directory.number(tag::PLANAR_CONFIGURATION) != Some(2) => {
            Color::Rgb
        }
        Some(6) => Color::YCbCr(ycbcr(directory)?),
        Some(8) => Color::Lab { is_signed: true },
        Some(9) => Color::Lab { is_signed: false },
        Some(other) => return Err(not_supported(format!("color model {other}"))),
        None => return Err(not_supported("a color model that is not declared")),
    })
}

/// All reds first, then greens, then blues, 16 bits each. Some writers use only the lower eight.
fn palette(values: &[u64]) -> Vec<[u8; 3]> {
    let has_16_bits = values.iter().any(|&value| value > 255);
    let level = |value: u64| u8::try_from(if has_16_bits { value >> 8 } else { value }).unwrap_or(u8::MAX);
    let len = values.len() / 3;
    (0..len).map(|index| [0, 1, 2].map(|channel| level(values[channel * len + index]))).collect()
}

fn ycbcr(directory: &Directory) -> Result<YCbCr, SkipReason> {
    let luma = directory.fractions(tag::YCBCR_COEFFICIENTS).try_into().unwrap_or([0.299, 0.587, 0.114]);
    let reference =
        directory.fractions(tag::REFERENCE_BLACK_WHITE).try_into().unwrap_or([0.0, 255.0, 128.0, 255.0, 128.0, 255.0]);
    let is_usable = luma[1] > 0.0
        && reference.iter().chain(&luma).all(|value| value.is_finite())
        && reference.as_chunks().0.iter().all(|[zero, most]| most > zero);
    if !is_usable {
        return Err(damaged("the coefficients of YCbCr make no sense"));
    }
    let subsampling = match directory.numbers(tag::YCBCR_SUBSAMPLING)[..] {
        [] => (2, 2),
        [columns @ (1 | 2 | 4), rows @ (1 | 2 | 4)] => {
            (usize::try_from(columns).map_err(damaged)?, usize::try_from(rows).map_err(damaged)?)
        }
        _ => return Err(damaged("the subsampling of YCbCr makes no sense")),
    };
    Ok(YCbCr { luma, reference, subsampling })
}

/// Bits per sample, and whether it is floating point.
fn sample_type(directory: &Directory, color: &Color) -> Result<(usize, bool), SkipReason> {
    const UNSIGNED: u64 = 1;
    const SIGNED: u64 = 2;
    const FLOAT: u64 = 3;
    const UNDEFINED: u64 = 4;
    let all_bits = directory.numbers(tag::BITS_PER_SAMPLE);
    let bits = all_bits.first().copied().unwrap_or(1);
    if all_bits.iter().any(|&other| other != bits) {
        return Err(not_supported("samples of different sizes"));
    }
    let formats = directory.numbers(tag::SAMPLE_FORMAT);
    let format = formats.first().copied().unwrap_or(UNSIGNED);
    // In Lab, the colour space defines what is signed.
    let is_lab = matches!(color, Color::Lab { .. });
    if !is_lab && formats.iter().any(|&other| other != format) {
        return Err(not_supported("samples of different kinds"));
    }
    let is_float = match format {
        UNSIGNED | UNDEFINED => false,
        SIGNED if is_lab => false,
        SIGNED => return Err(not_supported("signed samples")),
        FLOAT => true,
        _ => return Err(not_supported("complex samples")),
    };
    match (bits, is_float) {
        (1..=16 | 24 | 32, false) | (16 | 32 | 64, true) => {}
        (bits, false) => return Err(not_supported(format!("samples of {bits} bits"))),
        (bits, true) => return Err(not_supported(format!("floating-point samples of {bits} bits"))),
    }
    Ok((usize::try_from(bits).unwrap_or(usize::MAX), is_float))
}

/// The transparency among the extra samples by index, and the index of one without a declared meaning.
type ExtraSamples = (Option<(usize, Alpha)>, Option<usize>);

fn extra_samples(directory: &Directory, color: &Color, samples: usize) -> Result<ExtraSamples, SkipReason> {
    const ASSOCIATED: u64 = 1;
    const UNASSOCIATED: u64 = 2;
    let Some(extra) = samples.checked_sub(color.samples()) else {
        return Err(not_supported(format!("{} of {samples} samples", color.name())));
    };
    let kinds = directory.numbers(tag::EXTRA_SAMPLES);
    // Bands of measurements are often declared as gray.
    let is_measurement = matches!(color, Color::Gray { .. }) && extra > 1;
    if is_measurement && !kinds.iter().any(|kind| matches!(*kind, ASSOCIATED | UNASSOCIATED)) {
        return Err(not_supported(format!("{samples} bands without colors")));
    }
    if kinds.is_empty() {
        return Ok((None, (extra > 0).then_some(color.samples())));
    }
    let first = samples.saturating_sub(kinds.len()).max(color.samples());
    let alpha = kinds.iter().take(extra).enumerate().find_map(|(index, &kind)| match kind {
        ASSOCIATED => Some((first + index, Alpha::Associated)),
        UNASSOCIATED => Some((first + index, Alpha::Unassociated)),
        _ => None,
    });
    Ok((alpha, None))
}

fn predictor(
    directory: &Directory,
    compression: Compression,
    bits: usize,
    is_float: bool,
) -> Result<Predictor, SkipReason> {
    let predictor = match directory.number(tag::PREDICTOR) {
        None | Some(1) => return Ok(Predictor::None),
        Some(2) if matches!(bits, 8 | 16 | 32 | 64) => Predictor::Horizontal,
        Some(3) if is_float => Predictor::FloatingPoint,
        Some(other) => return Err(not_supported(format!("predictor {other} with {bits} bits"))),
    };
    match compression {
        Compression::Lzw | Compression::Deflate | Compression::Zstd => Ok(predictor),
        _ => Err(not_supported("a predictor where none is defined")),
    }
}

/// Width and height of a chunk, and the offset and length of each.
type Chunks = (usize, usize, Vec<(u64, u64)>);

fn chunks(directory: &Directory, size: PixelSize, compression: Compression) -> Result<Chunks, SkipReason> {
    let is_tiled = directory.has(tag::TILE_OFFSETS);
    let (offsets, lengths) = if is_tiled {
        (tag::TILE_OFFSETS, tag::TILE_BYTE_COUNTS)
    } else {
        (tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS)
    };
    let (width, height) = if is_tiled {
        (usize_of(directory, tag::TILE_WIDTH), usize_of(directory, tag::TILE_LENGTH))
    } else {
        let image_height = size.height as usize;
        let rows = usize_of(directory, tag::ROWS_PER_STRIP).unwrap_or(image_height);
        (Some(size.width as usize), Some(rows.min(image_height)))
    };
    let (Some(width @ 1..), Some(height @ 1..)) = (width, height) else {
        return Err(damaged("the strips or tiles have no size"));
    };
    let offsets = directory.first_numbers(offsets, MAX_CHUNKS);
    let mut lengths = directory.first_numbers(lengths, MAX_CHUNKS);
    // Some old writers omit the lengths. Uncompressed rows have a known length, and a single strip ends with the file.
    if lengths.is_empty() && (compression == Compression::None || offsets.len() == 1) {
        lengths = vec![u64::MAX; offsets.len()];
    }
    if lengths.len() < offsets.len() {
        return Err(damaged("the strips or tiles have no length"));
    }
    let chunks: Vec<(u64, u64)> = offsets.into_iter().zip(lengths).collect();
    if chunks.contains(&(0, 0)) {
        return Err(not_supported("missing tiles (a sparse file)"));
    }
    Ok((width, height, chunks))
}
