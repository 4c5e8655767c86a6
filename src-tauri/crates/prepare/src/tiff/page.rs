//! Selects the page of a TIFF file, and parses how its samples are stored.
//!
//! Everything unsupported is refused here, by name, before a sample is read.

use super::directory::{Directory, TiffFile, tag};
use super::encoding::{
    Alpha, ColorModel, Compression, Predictor, color, compression, extra_samples, predictor, sample_type,
};
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

/// How a page is stored. A chunk is a strip or a tile.
pub(super) struct Page<'a> {
    pub(super) directory: Directory<'a>,
    pub(super) size: PixelSize,
    pub(super) bits: usize,
    pub(super) is_float: bool,
    /// Samples per pixel.
    pub(super) samples: usize,
    pub(super) color: ColorModel,
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
        None if chain.is_empty() => Err(damaged("the TIFF file has no image")),
        None => Err(not_supported("only a reduced copy of another image")),
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
        return Err(damaged("the image has no size"));
    };
    Ok(PixelSize::new(width, height))
}

impl<'a> Page<'a> {
    pub(super) fn of(directory: Directory<'a>) -> Result<Self, SkipReason> {
        let size = size(&directory)?;
        let samples = usize_of(&directory, tag::SAMPLES_PER_PIXEL).unwrap_or(1);
        if samples == 0 {
            return Err(damaged("the image has no samples"));
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
            ColorModel::Palette(_) if self.bits > 8 || self.is_float => {
                Err(not_supported("a palette of more than 8 bits"))
            }
            ColorModel::Palette(colors) if colors.len() < 1 << self.bits => Err(damaged("the palette ends early")),
            ColorModel::YCbCr(_) if !has_plain_bytes => Err(not_supported(format!("YCbCr of {} bits", self.bits))),
            ColorModel::YCbCr(_)
                if is_subsampled && (self.is_planar || self.samples != 3 || self.predictor != Predictor::None) =>
            {
                Err(not_supported("subsampled YCbCr in an unusual layout"))
            }
            ColorModel::Cmyk | ColorModel::Lab { .. } if self.is_float || !matches!(self.bits, 8 | 16) => {
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
            Compression::Jpeg
                if matches!(self.color, ColorModel::Lab { .. } | ColorModel::YCbCr(_) | ColorModel::Palette(_)) =>
            {
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
            return Err(not_supported("tiles much larger than the image"));
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
            ColorModel::YCbCr(ycbcr) => ycbcr.subsampling,
            _ => (1, 1),
        }
    }

    /// The samples in use.
    pub(super) fn used_samples(&self) -> Vec<usize> {
        (0..self.color.samples()).chain(self.alpha.map(|(sample, _)| sample)).chain(self.undeclared).collect()
    }
}

fn usize_of(directory: &Directory, tag: u16) -> Option<usize> {
    usize::try_from(directory.number(tag)?).ok()
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
