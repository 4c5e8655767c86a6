//! JPEG by libjpeg-turbo: decoding at 1/1, 1/2, 1/4 or 1/8, which costs a fraction of the full size, and encoding.
//!
//! libjpeg-turbo decodes truncated files to gray and merely warns. Its warnings are taken apart here: lost data makes a
//! file damaged, while oddities of cameras that lose nothing are let pass. So is a file that lacks only its end marker.

#[cfg(test)]
mod tests;

use crate::header::{Header, check_size, damaged, not_supported, zeros};
use crate::pixels::{Pixels, Stored, fitted, multiply};
use crate::{Error, exif, raster};
use domain::geometry::PixelSize;
use domain::import::{ImageFormat, SkipReason};
use std::borrow::Cow;
use turbojpeg::{Colorspace, Compressor, DecompressHeader, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp};

/// Progressive files have about ten scans, 64 coefficients of 4 components at most. Each scan costs a pass over the
/// whole picture, so a small file with thousands would take hours. Large pictures may have fewer: as
/// [`MAX_SCANNED_PIXELS`] allows.
const MAX_SCANS: u64 = 256;
const FEWEST_SCANS: u64 = 16;
const MAX_SCANNED_PIXELS: u64 = 6_400_000_000;

/// Supported scales. The eighths in between are no faster and look worse.
const DIVISORS: [u32; 4] = [8, 4, 2, 1];

/// Parts of libjpeg-turbo's warnings (`jerror.h`) that do not mean lost pixels.
const HARMLESS_WARNINGS: [&str; 6] = [
    "extraneous bytes before marker",
    "unknown JFIF revision number",
    "Unknown Adobe color transform code",
    "bad ICC marker",
    "Inconsistent progression sequence",
    "Invalid SOS parameters for sequential JPEG",
];

/// Reads the header.
pub(crate) fn header(bytes: &[u8], max_edge: Option<u32>) -> Result<Header, SkipReason> {
    check_kind(bytes)?;
    let mut decompressor = Decompressor::new().map_err(failure)?;
    let header = match decompressor.read_header(bytes) {
        Ok(header) => header,
        Err(error) if is_harmless(&error) => return raster::header(ImageFormat::Jpeg, bytes),
        Err(error) => return Err(failure(error)),
    };
    let size = pixel_size(header)?;
    check_size(size)?;
    let decoded_size = pixel_size(header.scaled(scaling(header, size, max_edge)))?;
    let result = decoded_size.area() * pixel_format(header).size() as u64;
    let coefficients = if holds_all_coefficients(bytes) { coefficient_bytes(bytes) } else { 0 };
    // A few rows of blocks of every component, in several stages.
    let rows = 128 * u64::from(size.width);
    // A color profile is copied, and so is a file without an end marker.
    let copies = 2 * bytes.len() as u64;
    Ok(Header {
        size,
        decoded_size,
        orientation: exif(bytes).map(exif::orientation).unwrap_or_default(),
        decoder_bytes: result.saturating_add(coefficients).saturating_add(rows + copies),
    })
}

/// The picture, at the smallest supported scale that is not below `max_edge`.
pub(crate) fn decode(bytes: &[u8], max_edge: Option<u32>) -> Result<Stored, SkipReason> {
    check_kind(bytes)?;
    let closed = with_end(bytes)?;
    let is_closed = matches!(closed, Cow::Borrowed(_));
    let mut decompressor = Decompressor::new().map_err(failure)?;
    let header = match decompressor.read_header(&closed) {
        Ok(header) => header,
        // The binding treats a warning in the header as an error and refuses to decode.
        Err(error) if is_closed && is_harmless(&error) => return raster::decode(ImageFormat::Jpeg, bytes),
        Err(error) => return Err(failure(error)),
    };
    // libjpeg-turbo does not convert colors of lossless pictures.
    if header.is_lossless && !matches!(header.colorspace, Colorspace::RGB | Colorspace::CMYK) {
        return Err(not_supported(ImageFormat::Jpeg, format!("lossless {:?}", header.colorspace)));
    }
    let size = pixel_size(header)?;
    check_size(size)?;

    let scaling = scaling(header, size, max_edge);
    limit_scans(&mut decompressor, size)?;
    decompressor.set_scaling_factor(scaling).map_err(failure)?;
    let scaled = header.scaled(scaling);
    let format = pixel_format(header);
    let pitch = scaled.width * format.size();
    let mut samples = zeros(pitch * scaled.height)?;
    let output = Image { pixels: samples.as_mut_slice(), width: scaled.width, pitch, height: scaled.height, format };
    match decompressor.decompress(&closed, output) {
        Ok(()) => {}
        // Only the first warning of a file is reported, so a harmless one may hide a severe one. Files without an end
        // marker are not trusted.
        Err(error) if is_closed && is_harmless(&error) => {}
        Err(error) => return Err(failure(error)),
    }
    if format == PixelFormat::CMYK {
        samples = rgb_from_inverted_cmyk(samples);
    }

    let exif = exif(bytes);
    let divisor = u32::try_from(scaling.denom()).unwrap_or(1);
    let filled = |side: u32| f64::from(side) / f64::from(divisor);
    Ok(Stored {
        pixels: Pixels { size: pixel_size(scaled)?, rgb: samples },
        filled: (filled(size.width), filled(size.height)),
        size,
        orientation: exif.map(exif::orientation).unwrap_or_default(),
        taken: exif.and_then(exif::taken),
    })
}

fn limit_scans(decompressor: &mut Decompressor, size: PixelSize) -> Result<(), SkipReason> {
    let scans = (MAX_SCANNED_PIXELS / size.area().max(1)).clamp(FEWEST_SCANS, MAX_SCANS);
    decompressor.set_scan_limit(u32::try_from(scans).unwrap_or(u32::MAX)).map_err(failure)
}

/// Refuses what this build of libjpeg-turbo does not decode.
fn check_kind(bytes: &[u8]) -> Result<(), SkipReason> {
    let Some(frame) = frame(bytes) else { return Ok(()) };
    if frame.marker == JPEG_LS {
        return Err(SkipReason::NotSupported { format: "JPEG-LS".into(), detail: None });
    }
    match frame.payload.first() {
        Some(8) | None => Ok(()),
        Some(bits) => Err(not_supported(ImageFormat::Jpeg, format!("{bits} bits"))),
    }
}

fn scaling(header: DecompressHeader, size: PixelSize, max_edge: Option<u32>) -> ScalingFactor {
    let divisor = if header.is_lossless { 1 } else { divisor(size, fitted(size, max_edge)) };
    ScalingFactor::new(1, divisor as usize)
}

fn pixel_format(header: DecompressHeader) -> PixelFormat {
    let is_cmyk = matches!(header.colorspace, Colorspace::CMYK | Colorspace::YCCK);
    if is_cmyk { PixelFormat::CMYK } else { PixelFormat::RGB }
}

/// Whether the decoder holds all coefficients at full size: for progressive pictures, and for those with separate
/// component scans.
fn holds_all_coefficients(bytes: &[u8]) -> bool {
    let components = frame(bytes).and_then(|frame| frame.payload.get(5).copied());
    let in_first_scan = (Segments { rest: bytes })
        .find(|segment| segment.marker == START_OF_SCAN)
        .and_then(|scan| scan.payload.first().copied());
    let is_progressive = frame(bytes).is_some_and(|frame| matches!(frame.marker, 0xC2 | 0xC6 | 0xCA | 0xCE));
    is_progressive || in_first_scan != components
}

/// Two bytes for every coefficient of every component, in whole blocks.
fn coefficient_bytes(bytes: &[u8]) -> u64 {
    const BLOCK: u64 = 8;
    let Some([_, height_high, height_low, width_high, width_low, _, components @ ..]) =
        frame(bytes).map(|frame| frame.payload)
    else {
        return 0;
    };
    let width = u64::from(u16::from_be_bytes([*width_high, *width_low]));
    let height = u64::from(u16::from_be_bytes([*height_high, *height_low]));
    let factors: Vec<(u64, u64)> = components
        .chunks_exact(3)
        .map(|component| (u64::from(component[1] >> 4).max(1), u64::from(component[1] & 0x0F).max(1)))
        .collect();
    let most = |factor: fn(&(u64, u64)) -> u64| factors.iter().map(factor).max().unwrap_or(1);
    let (most_across, most_down) = (most(|factor| factor.0), most(|factor| factor.1));
    let groups = width.div_ceil(BLOCK * most_across) * height.div_ceil(BLOCK * most_down);
    factors.iter().map(|(across, down)| 2 * BLOCK * BLOCK * groups * across * down).sum()
}

/// Encodes without metadata. `quality` is 1 to 100.
pub fn encode_jpeg(pixels: &Pixels, quality: u8) -> Result<Vec<u8>, Error> {
    let encode = || {
        let mut compressor = Compressor::new()?;
        compressor.set_quality(quality.into())?;
        compressor.set_subsamp(Subsamp::Sub2x2)?;
        let (width, height) = (pixels.size.width as usize, pixels.size.height as usize);
        let format = PixelFormat::RGB;
        compressor.compress_to_vec(Image { pixels: &pixels.rgb, width, pitch: 3 * width, height, format })
    };
    encode().map_err(|error: turbojpeg::Error| Error::Encode { detail: error.to_string() })
}

fn pixel_size(header: DecompressHeader) -> Result<PixelSize, SkipReason> {
    let width = u32::try_from(header.width).map_err(damaged)?;
    let height = u32::try_from(header.height).map_err(damaged)?;
    Ok(PixelSize::new(width, height))
}

/// The largest divisor that leaves no side below `target`.
fn divisor(size: PixelSize, target: PixelSize) -> u32 {
    let is_enough = |by: u32| size.width.div_ceil(by) >= target.width && size.height.div_ceil(by) >= target.height;
    DIVISORS.into_iter().find(|&by| is_enough(by)).unwrap_or(1)
}

/// Whether `error` is a harmless warning.
fn is_harmless(error: &turbojpeg::Error) -> bool {
    let turbojpeg::Error::TurboJpegError(message) = error else {
        return false;
    };
    HARMLESS_WARNINGS.iter().any(|warning| message.contains(warning))
}

/// Parts of libjpeg-turbo's errors (`jerror.h`) about valid files that it does not support.
const UNSUPPORTED_ERRORS: [&str; 4] = ["Unsupported", "not implemented", "omitted at compile time", "has more than"];

#[expect(clippy::needless_pass_by_value, reason = "made to be given to map_err")]
fn failure(error: turbojpeg::Error) -> SkipReason {
    let message = error.to_string();
    if UNSUPPORTED_ERRORS.iter().any(|part| message.contains(part)) {
        return not_supported(ImageFormat::Jpeg, message);
    }
    damaged(message)
}

/// Adds an end marker, which some cameras and transfers lose. The decoder then reports a picture that ends early,
/// except between two scans.
fn with_end(bytes: &[u8]) -> Result<Cow<'_, [u8]>, SkipReason> {
    if (Segments { rest: bytes }).any(|segment| segment.marker == END_OF_IMAGE) {
        return Ok(Cow::Borrowed(bytes));
    }
    if !has_all_scans(bytes) {
        return Err(damaged("the file ends early"));
    }
    Ok(Cow::Owned([bytes, &[0xFF, END_OF_IMAGE]].concat()))
}

/// Whether there is a scan for every bit of every coefficient of every component.
fn has_all_scans(bytes: &[u8]) -> bool {
    const COEFFICIENTS: usize = 64;
    let Some([components, rest @ ..]) = frame(bytes).and_then(|frame| frame.payload.get(5..)) else { return false };
    let mut missing: Vec<(u8, [bool; COEFFICIENTS])> =
        rest.chunks_exact(3).take((*components).into()).map(|component| (component[0], [true; COEFFICIENTS])).collect();
    for scan in (Segments { rest: bytes }).filter(|segment| segment.marker == START_OF_SCAN) {
        let Some((&count, rest)) = scan.payload.split_first() else { return false };
        let (selectors, spectrum) = rest.split_at(rest.len().min(2 * usize::from(count)));
        // Bits of a coefficient are sent from high to low; the last one is bit 0.
        let &[first, last, bits] = spectrum else { return false };
        if bits & 0x0F != 0 {
            continue;
        }
        for (id, missing) in &mut missing {
            if selectors.chunks_exact(2).any(|selector| selector[0] == *id) {
                for missing in missing.iter_mut().take(usize::from(last) + 1).skip(first.into()) {
                    *missing = false;
                }
            }
        }
    }
    !missing.is_empty() && missing.iter().all(|(_, missing)| !missing.contains(&true))
}

/// The frame header: bits per sample, height, width, components.
fn frame(bytes: &[u8]) -> Option<Segment<'_>> {
    Segments { rest: bytes }
        .take_while(|segment| segment.marker != START_OF_SCAN)
        .find(|segment| matches!(segment.marker, 0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF | JPEG_LS))
}

/// Decodes the `count` components of a JPEG in a TIFF strip or tile, interleaved and not scaled. `is_expected` checks
/// width and height before anything is allocated.
pub(crate) fn decode_components(
    bytes: &[u8],
    count: usize,
    is_expected: impl Fn(usize, usize) -> bool,
) -> Result<Vec<u8>, SkipReason> {
    let mut decompressor = Decompressor::new().map_err(failure)?;
    let header = decompressor.read_header(bytes).map_err(failure)?;
    limit_scans(&mut decompressor, pixel_size(header)?)?;
    let (format, stored) = match header.colorspace {
        Colorspace::Gray => (PixelFormat::GRAY, 1),
        Colorspace::RGB | Colorspace::YCbCr => (PixelFormat::RGB, 3),
        Colorspace::CMYK | Colorspace::YCCK => (PixelFormat::CMYK, 4),
    };
    if stored != count || !is_expected(header.width, header.height) {
        return Err(damaged("a strip or tile has another shape than its page says"));
    }
    let (width, height, pitch) = (header.width, header.height, header.width * format.size());
    let mut samples = zeros(pitch * height)?;
    let output = Image { pixels: samples.as_mut_slice(), width, pitch, height, format };
    decompressor.decompress(bytes, output).map_err(failure)?;
    Ok(samples)
}

/// Joins separately stored tables and picture, replacing all markers about color with Adobe's and its `transform` (0
/// is as stored, 1 is `YCbCr`).
pub(crate) fn joined(tables: &[u8], picture: &[u8], transform: u8) -> Vec<u8> {
    let mut joined = vec![0xFF, START_OF_IMAGE];
    let adobe = [b"Adobe\0\x64\0\0\0\0".as_slice(), &[transform]].concat();
    push_segment(&mut joined, ADOBE, &adobe);
    for part in [tables, picture] {
        let mut segments = Segments { rest: part };
        while let Some(Segment { marker, payload }) = segments.next() {
            if !matches!(marker, JFIF | ADOBE | END_OF_IMAGE) {
                push_segment(&mut joined, marker, payload);
            }
            if marker == START_OF_SCAN {
                joined.extend(segments.rest);
                break;
            }
        }
    }
    joined
}

fn push_segment(jpeg: &mut Vec<u8>, marker: u8, payload: &[u8]) {
    let len = u16::try_from(payload.len() + 2).unwrap_or(u16::MAX);
    jpeg.extend([0xFF, marker]);
    jpeg.extend(len.to_be_bytes());
    jpeg.extend(payload);
}

/// Like Adobe, all JPEG writers store 255 for no ink, whatever the standard says, and all readers expect it. Without a
/// color profile this is what browsers show.
fn rgb_from_inverted_cmyk(mut samples: Vec<u8>) -> Vec<u8> {
    let pixel_count = samples.len() / 4;
    for index in 0..pixel_count {
        let black = samples[4 * index + 3];
        for channel in 0..3 {
            samples[3 * index + channel] = multiply(samples[4 * index + channel], black);
        }
    }
    samples.truncate(3 * pixel_count);
    samples
}

/// The EXIF segment. The first bytes of a file are enough to find it.
pub(crate) fn exif(bytes: &[u8]) -> Option<&[u8]> {
    Segments { rest: bytes }
        .take_while(|segment| segment.marker != START_OF_SCAN)
        .find(|segment| segment.marker == APPLICATION_1 && segment.payload.starts_with(b"Exif\0\0"))
        .map(|segment| segment.payload)
}

const START_OF_IMAGE: u8 = 0xD8;
const END_OF_IMAGE: u8 = 0xD9;
const START_OF_SCAN: u8 = 0xDA;
const JFIF: u8 = 0xE0;
const APPLICATION_1: u8 = 0xE1;
const ADOBE: u8 = 0xEE;
/// Start of frame of JPEG-LS, another format in the same container.
const JPEG_LS: u8 = 0xF7;

/// The marker segments of a file up to its end marker, skipping compressed data and stray bytes. Ends early if the data
/// does.
struct Segments<'a> {
    rest: &'a [u8],
}

struct Segment<'a> {
    marker: u8,
    payload: &'a [u8],
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        loop {
            let prefix = self.rest.iter().position(|&byte| byte == 0xFF)?;
            let (&marker, after) = self.rest.get(prefix + 1..)?.split_first()?;
            match marker {
                // A fill byte: the marker may be the next one.
                0xFF => self.rest = &self.rest[prefix + 1..],
                // An escaped 0xFF, a temporary or restart marker, a start of image: no payload.
                0x00 | 0x01 | 0xD0..=0xD8 => self.rest = after,
                END_OF_IMAGE => {
                    self.rest = &[];
                    return Some(Segment { marker, payload: &[] });
                }
                _ => {
                    let (len, _) = after.split_first_chunk()?;
                    let len = usize::from(u16::from_be_bytes(*len));
                    let payload = after.get(2..len)?;
                    self.rest = &after[len..];
                    return Some(Segment { marker, payload });
                }
            }
        }
    }
}
