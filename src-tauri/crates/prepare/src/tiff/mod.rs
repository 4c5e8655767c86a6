//! TIFF, row by row: memory holds the result and one stored row, or a strip or tile if its compression requires it.
//!
//! The structure is parsed here, compression is done by libraries. The `image` and `tiff` crates decode some valid
//! files wrongly (extra samples with a predictor, associated alpha) and fail on many others; what this reader does not
//! support is refused by name.
//!
//! Whole numbers range from black at 0 to white at their maximum, floating-point numbers from 0 to 1. Other ranges and
//! signed samples are refused, because the file does not say how to show them.

mod codec;
mod color;
pub(crate) mod directory;
mod encoding;
mod page;
mod samples;

use crate::exif;
use crate::header::{Header, check_size, damaged, zeros};
use crate::pixels::{Pixels, Stored};
use directory::TiffFile;
use domain::import::{ImageFormat, SkipReason};
use page::Page;
use samples::RowLayout;
use std::io::Read;

fn not_supported(detail: impl Into<String>) -> SkipReason {
    crate::header::not_supported(ImageFormat::Tiff, detail)
}

/// Reads the header.
pub(crate) fn header(bytes: &[u8]) -> Result<Header, SkipReason> {
    let page = page_of(bytes)?;
    let layout = RowLayout::of(&page);
    let readers = if page.is_planar { page.used_samples().len() } else { 1 };
    let row = page.chunk_width.next_multiple_of(page.subsampling().0) * page.samples * page.subsampling().1;
    // A stored row, a copy if its bytes are reordered, and its levels.
    let rows = (2 * layout.byte_len().max(page.block_row_byte_len()) + row) as u64;
    let result = 3 * page.size.area();
    Ok(Header {
        size: page.size,
        decoded_size: page.size,
        orientation: exif::orientation_of(&page.directory),
        decoder_bytes: result + rows + page.list_bytes() + readers as u64 * codec::held_bytes(&page, &layout),
    })
}

fn page_of(bytes: &[u8]) -> Result<Page<'_>, SkipReason> {
    let file = TiffFile::of(bytes).ok_or_else(|| damaged("the header is broken"))?;
    let directory = page::choose(file)?;
    check_size(page::size(&directory)?)?;
    Page::of(directory)
}

/// The picture in full size.
pub(crate) fn decode(bytes: &[u8]) -> Result<Stored, SkipReason> {
    let page = page_of(bytes)?;
    let size = page.size;
    let mut rgb = zeros(3 * size.width as usize * size.height as usize)?;
    let mut seen = Seen::nothing(&page);
    for chunk in 0..page.chunks_per_plane() {
        decode_chunk(&page, chunk, &mut seen, &mut rgb)?;
    }
    seen.check()?;
    let filled = (f64::from(size.width), f64::from(size.height));
    let orientation = exif::orientation_of(&page.directory);
    Ok(Stored { pixels: Pixels { size, rgb }, filled, size, orientation, taken: exif::taken(bytes) })
}

/// Writes the pixels of a strip or tile to `rgb`.
fn decode_chunk(page: &Page, chunk: usize, seen: &mut Seen, rgb: &mut [u8]) -> Result<(), SkipReason> {
    let (width, height) = (page.size.width as usize, page.size.height as usize);
    let (left, top) =
        (chunk % page.chunks_across() * page.chunk_width, chunk / page.chunks_across() * page.chunk_height);
    let columns = page.chunk_width.min(width - left);
    let rows = page.chunk_height.min(height - top);
    let layout = RowLayout::of(page);
    let used = page.used_samples();
    let planes = if page.is_planar { used.as_slice() } else { &[0] };
    let mut readers = planes
        .iter()
        .map(|&plane| codec::reader(page, plane * page.chunks_per_plane() + chunk, rows))
        .collect::<Result<Vec<_>, _>>()?;
    let (block_columns, block_rows) = page.subsampling();
    let is_subsampled = (block_columns, block_rows) != (1, 1);
    let mut stored = vec![0; if is_subsampled { page.block_row_byte_len() } else { layout.byte_len() }];
    let mut levels = vec![0; page.chunk_width.next_multiple_of(block_columns) * page.samples * block_rows];
    for block in (0..rows).step_by(block_rows) {
        for (reader, &plane) in readers.iter_mut().zip(planes) {
            reader.read_exact(&mut stored).map_err(damaged)?;
            if is_subsampled {
                page.spread_blocks(&stored, &mut levels);
            } else if page.is_planar {
                layout.levels(&mut stored, |index, level| levels[index * page.samples + plane] = level)?;
            } else {
                layout.levels(&mut stored, |index, level| levels[index] = level)?;
            }
        }
        let row_len = levels.len() / block_rows;
        for (row, levels) in levels.chunks_exact(row_len).take(rows - block).enumerate() {
            let start = 3 * ((top + block + row) * width + left);
            let pixels = levels.chunks_exact(page.samples).zip(rgb[start..start + 3 * columns].chunks_exact_mut(3));
            for (levels, pixel) in pixels {
                seen.look_at(levels);
                pixel.copy_from_slice(&color::rgb(page, levels));
            }
        }
    }
    Ok(())
}

impl Page<'_> {
    /// Length of a row of blocks in subsampled `YCbCr`: the Y of each pixel, then one Cb and one Cr.
    fn block_row_byte_len(&self) -> usize {
        let (columns, rows) = self.subsampling();
        self.chunk_width.div_ceil(columns) * (columns * rows + 2)
    }

    /// Expands a row of blocks to rows of pixels.
    fn spread_blocks(&self, stored: &[u8], levels: &mut [u8]) {
        let (columns, rows) = self.subsampling();
        let row_len = levels.len() / rows;
        for (index, block) in stored.chunks_exact(columns * rows + 2).enumerate() {
            for pixel in 0..columns * rows {
                let place = pixel / columns * row_len + 3 * (index * columns + pixel % columns);
                levels[place..place + 3].copy_from_slice(&[
                    block[pixel],
                    block[columns * rows],
                    block[columns * rows + 1],
                ]);
            }
        }
    }
}

/// Observed values of samples whose meaning depends on them.
struct Seen<'a> {
    page: &'a Page<'a>,
    /// A sample without a declared meaning. If constant, it is ignored; otherwise it may be transparency, as some
    /// programs assume, or a measurement.
    undeclared_lowest: u8,
    undeclared_highest: u8,
    color_highest: u8,
}

impl<'a> Seen<'a> {
    fn nothing(page: &'a Page<'a>) -> Self {
        Self { page, undeclared_lowest: u8::MAX, undeclared_highest: 0, color_highest: 0 }
    }

    fn look_at(&mut self, levels: &[u8]) {
        if let Some(sample) = self.page.undeclared {
            self.undeclared_lowest = self.undeclared_lowest.min(levels[sample]);
            self.undeclared_highest = self.undeclared_highest.max(levels[sample]);
        }
        self.color_highest = self.color_highest.max(levels[0]);
    }

    fn check(&self) -> Result<(), SkipReason> {
        let is_constant = self.undeclared_lowest == u8::MAX || self.undeclared_highest == 0;
        if self.page.undeclared.is_some() && !is_constant {
            return Err(not_supported("a sample that may or may not be transparency"));
        }
        // Counts or ids rather than brightness: the picture would be black.
        if self.page.bits > 16 && !self.page.is_float && self.color_highest == 0 {
            return Err(not_supported(format!("only small values in samples of {} bits", self.page.bits)));
        }
        Ok(())
    }
}
