//! Decompression of strips and tiles.

use super::directory::tag;
use super::encoding::{ColorModel, Compression};
use super::not_supported;
use super::page::Page;
use super::samples::RowLayout;
use crate::header::damaged;
use crate::{jpeg, webp};
use domain::import::SkipReason;
use fax::decoder::{DecodeStatus, Group4Decoder, pels};
use fax::{BitReader, ByteReader, maps};
use flate2::read::ZlibDecoder;
use image::ImageDecoder;
use image::codecs::webp::WebPDecoder;
use ruzstd::decoding::{DEFAULT_MAX_WINDOW_SIZE, StreamingDecoder};
use std::convert::Infallible;
use std::io::{self, Cursor, Read};
use weezl::decode::{Configuration, Decoder};
use weezl::{BitOrder, LzwStatus};

/// The bytes of chunk `index`, of which the caller needs `rows` rows. Most compressions are decoded while reading, so
/// that a chunk of any size needs no memory.
pub(super) fn reader<'a>(page: &Page<'a>, index: usize, rows: usize) -> Result<Box<dyn Read + 'a>, SkipReason> {
    let data = page.chunk_data(index);
    if page.is_bit_reversed {
        decompressed(page, BitReversed(data), data, rows)
    } else {
        decompressed(page, data, data, rows)
    }
}

/// `data` is what `stream` reads, with bits in file order.
fn decompressed<'a>(
    page: &Page,
    stream: impl Read + 'a,
    data: &[u8],
    rows: usize,
) -> Result<Box<dyn Read + 'a>, SkipReason> {
    Ok(match page.compression {
        Compression::None => Box::new(stream),
        Compression::CcittRuns | Compression::CcittG3 | Compression::CcittG4 => {
            Box::new(Cursor::new(fax_rows(page, data, rows)?))
        }
        Compression::Lzw if !page.is_bit_reversed && matches!(data, [0, second, ..] if second & 1 == 1) => {
            return Err(not_supported("old-style LZW compression"));
        }
        Compression::Lzw => Box::new(LzwReader::new(stream)),
        Compression::Jpeg => Box::new(Cursor::new(jpeg_rows(page, data, rows)?)),
        Compression::Deflate => Box::new(ZlibDecoder::new(stream)),
        Compression::PackBits => Box::new(PackBitsReader { stream, state: Run::Done }),
        Compression::Zstd => Box::new(StreamingDecoder::new(stream).map_err(damaged)?),
        Compression::WebP => Box::new(Cursor::new(webp_rows(page, data, rows)?)),
    })
}

/// The maximum memory of a reader, in bytes.
pub(super) fn held_bytes(page: &Page, layout: &RowLayout) -> u64 {
    const TABLES: u64 = 1 << 20;
    let (width, height) = (page.chunk_width as u64, page.chunk_height as u64);
    let stored = layout.byte_len() as u64 * height;
    // JPEG is decoded in whole blocks, and may be held as coefficients too.
    let blocks = width.next_multiple_of(16) * height.next_multiple_of(16);
    let longest = page.chunks.iter().map(|&(_, len)| len).max().unwrap_or_default();
    let file_len = page.directory.file().bytes().len() as u64;
    TABLES
        + match page.compression {
            Compression::None | Compression::Lzw | Compression::Deflate | Compression::PackBits => 0,
            Compression::CcittRuns | Compression::CcittG3 | Compression::CcittG4 => stored,
            Compression::Zstd => {
                let windows = (0..page.chunks.len()).map(|chunk| {
                    let mut header: Vec<u8> = page.chunk_data(chunk).iter().take(ZSTD_HEADER_LEN).copied().collect();
                    if page.is_bit_reversed {
                        for byte in &mut header {
                            *byte = byte.reverse_bits();
                        }
                    }
                    zstd_window(&header).min(DEFAULT_MAX_WINDOW_SIZE)
                });
                2 * windows.max().unwrap_or_default()
            }
            Compression::Jpeg => {
                longest.min(file_len) + 3 * blocks * if page.is_planar { 1 } else { page.samples as u64 }
            }
            // The result has up to four bytes per pixel, and may be copied once.
            Compression::WebP => {
                let extra = (0..page.chunks.len()).map(|chunk| webp::extra_bytes(page.chunk_data(chunk)));
                extra.max().unwrap_or_default() + 8 * width * height
            }
        }
}

/// Maximum length of a frame header, with its magic number, in bytes (RFC 8878, 3.1.1).
const ZSTD_HEADER_LEN: usize = 18;

/// The window size from a frame header (RFC 8878, 3.1.1.1).
fn zstd_window(data: &[u8]) -> u64 {
    let [0x28, 0xB5, 0x2F, 0xFD, descriptor, rest @ ..] = data else { return 0 };
    let is_single_segment = descriptor >> 5 & 1 == 1;
    let dictionary_id_len = [0, 1, 2, 4][usize::from(descriptor & 3)];
    if !is_single_segment {
        let window = rest.first().copied().unwrap_or_default();
        let base = 1_u64 << (10 + (window >> 3));
        return base + base / 8 * u64::from(window & 7);
    }
    let len = 1_usize << (descriptor >> 6);
    let mut content_len = [0; 8];
    if let Some(bytes) = rest.get(dictionary_id_len..dictionary_id_len + len) {
        content_len[..len].copy_from_slice(bytes);
    }
    u64::from_le_bytes(content_len) + 256
}

/// Reverses the bits of each byte.
struct BitReversed<'a>(&'a [u8]);

impl Read for BitReversed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.0.read(buffer)?;
        buffer[..len].iter_mut().for_each(|byte| *byte = byte.reverse_bits());
        Ok(len)
    }
}

struct LzwReader<R> {
    stream: io::BufReader<R>,
    decoder: Decoder,
}

impl<R: Read> LzwReader<R> {
    fn new(stream: R) -> Self {
        let decoder = Configuration::with_tiff_size_switch(BitOrder::Msb, 8).with_yield_on_full_buffer(true).build();
        Self { stream: io::BufReader::new(stream), decoder }
    }
}

impl<R: Read> Read for LzwReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use io::BufRead;
        loop {
            let result = self.decoder.decode_bytes(self.stream.fill_buf()?, buffer);
            self.stream.consume(result.consumed_in);
            match result.status {
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
                Ok(LzwStatus::Ok) if result.consumed_out == 0 => {}
                Ok(LzwStatus::Ok | LzwStatus::Done | LzwStatus::NoProgress) => return Ok(result.consumed_out),
            }
        }
    }
}

struct PackBitsReader<R> {
    stream: R,
    state: Run,
}

enum Run {
    Done,
    Literal { left: usize },
    Repeated { value: u8, left: usize },
}

impl<R: Read> PackBitsReader<R> {
    /// `None` at the end of the data.
    fn byte(&mut self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        Ok((self.stream.read(&mut byte)? == 1).then_some(byte[0]))
    }
}

impl<R: Read> Read for PackBitsReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match &mut self.state {
                Run::Done => {
                    let Some(header) = self.byte()? else { return Ok(0) };
                    self.state = match usize::from(header) {
                        literal @ 0..=127 => Run::Literal { left: literal + 1 },
                        // No operation.
                        128 => Run::Done,
                        repeated => match self.byte()? {
                            Some(value) => Run::Repeated { value, left: 257 - repeated },
                            None => return Ok(0),
                        },
                    };
                }
                Run::Literal { left: 0 } | Run::Repeated { left: 0, .. } => self.state = Run::Done,
                Run::Literal { left } => {
                    let len = buffer.len().min(*left);
                    let read = self.stream.read(&mut buffer[..len])?;
                    *left -= read;
                    return Ok(read);
                }
                Run::Repeated { value, left } => {
                    let len = buffer.len().min(*left);
                    buffer[..len].fill(*value);
                    *left -= len;
                    return Ok(len);
                }
            }
        }
    }
}

/// Black is 1.
fn fax_rows(page: &Page, data: &[u8], rows: usize) -> Result<Vec<u8>, SkipReason> {
    let width = u16::try_from(page.chunk_width).map_err(damaged)?;
    // The decoder looks ahead, even at the end.
    let ordered = |byte: u8| if page.is_bit_reversed { byte.reverse_bits() } else { byte };
    let input = data.iter().copied().map(ordered).chain([0; 4]).map(Ok::<u8, Infallible>);
    let mut packed = Vec::with_capacity(rows * page.chunk_width.div_ceil(8));
    if page.compression == Compression::CcittG4 {
        let Ok(mut decoder) = Group4Decoder::new(input, width);
        for _ in 0..rows {
            let Ok(DecodeStatus::Incomplete) = decoder.advance() else {
                return Err(damaged("the fax data ends early"));
            };
            pack(decoder.transition(), width, &mut packed);
        }
    } else {
        let Ok(mut bits) = ByteReader::new(input);
        for _ in 0..rows {
            let transitions = fax_runs(&mut bits, page, width).ok_or_else(|| damaged("the fax data ends early"))?;
            pack(&transitions, width, &mut packed);
        }
    }
    Ok(packed)
}

/// One row of runs, white first, as positions of color changes.
fn fax_runs(bits: &mut impl BitReader, page: &Page, width: u16) -> Option<Vec<u16>> {
    const END_OF_LINE_ZEROS: u8 = 11;
    if page.compression == Compression::CcittG3 {
        // Fill bits, then the end of the previous line; the first line of a strip may have none.
        while bits.peek(END_OF_LINE_ZEROS) == Some(0) {
            while bits.peek(1)? == 0 {
                bits.consume(1).ok()?;
            }
            bits.consume(1).ok()?;
        }
    }
    let mut transitions = Vec::new();
    let mut place: u16 = 0;
    let mut is_black = false;
    while place < width {
        // Long runs consist of several codes, the last one below 64.
        loop {
            let run = if is_black { maps::black::decode(bits)? } else { maps::white::decode(bits)? };
            place = place.checked_add(run)?;
            if run < 64 {
                break;
            }
        }
        transitions.push(place);
        is_black = !is_black;
    }
    if page.compression == Compression::CcittRuns {
        bits.consume(bits.bits_to_byte_boundary()).ok()?;
    }
    (place == width).then_some(transitions)
}

fn pack(transitions: &[u16], width: u16, packed: &mut Vec<u8>) {
    let mut pixels = pels(transitions, width).map(|color| u8::from(color == fax::Color::Black));
    for _ in 0..width.div_ceil(8) {
        packed.push((0..8).fold(0, |byte, _| byte << 1 | pixels.next().unwrap_or_default()));
    }
}

/// A separate JPEG, except for shared tables, and for the markers about its components, which the TIFF page overrides.
fn jpeg_rows(page: &Page, data: &[u8], rows: usize) -> Result<Vec<u8>, SkipReason> {
    const YCBCR: u64 = 6;
    const IS_YCBCR: u8 = 1;
    const AS_STORED: u8 = 0;
    let is_ycbcr = page.color == ColorModel::Rgb
        && !page.is_planar
        && page.directory.number(tag::PHOTOMETRIC_INTERPRETATION) == Some(YCBCR);
    let tables = page.directory.bytes(tag::JPEG_TABLES).unwrap_or_default();
    let stream = jpeg::joined(tables, data, if is_ycbcr { IS_YCBCR } else { AS_STORED });
    let count = if page.is_planar { 1 } else { page.samples };
    let is_expected =
        |width, height| width == page.chunk_width && height >= rows && height <= page.chunk_height.next_multiple_of(16);
    jpeg::decode_components(&stream, count, is_expected)
}

fn webp_rows(page: &Page, data: &[u8], rows: usize) -> Result<Vec<u8>, SkipReason> {
    let decoder = WebPDecoder::new(Cursor::new(data)).map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if width as usize != page.chunk_width || (height as usize) < rows || height as usize > page.chunk_height {
        return Err(damaged("a strip or tile has another size than its page says"));
    }
    let image = image::DynamicImage::from_decoder(decoder).map_err(damaged)?;
    Ok(if page.samples == 4 { image.into_rgba8().into_raw() } else { image.into_rgb8().into_raw() })
}
