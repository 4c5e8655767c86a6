//! JPEG by libjpeg-turbo: decoding at 1/1, 1/2, 1/4 or 1/8, which costs a fraction of the full size, and encoding.
//!
//! libjpeg-turbo decodes truncated files to grey and merely warns. Its warnings are taken apart here: lost data makes a
//! file damaged, while oddities of cameras that lose nothing are let pass. So is a file that lacks only its end marker.

use crate::header::{Header, check_size, damaged, not_supported, zeros};
use crate::pixels::{Pixels, Stored, fitted, multiply};
use crate::{Error, exif, raster};
use domain::geometry::PixelSize;
use domain::import::{ImageFormat, SkipReason};
use std::borrow::Cow;
use turbojpeg::{Colorspace, Compressor, DecompressHeader, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp};

/// Progressive files have about ten scans, 64 coefficients of 4 components at the very most. Each scan costs a pass
/// over the whole picture, so that a small file with thousands would keep a core busy for hours. Of large pictures fewer
/// are read: as many as [`MAX_SCANNED_PIXELS`] allow.
const MAX_SCANS: u64 = 256;
const FEWEST_SCANS: u64 = 16;
const MAX_SCANNED_PIXELS: u64 = 6_400_000_000;

/// What a picture's sides can be divided by while decoding. The eighths between are no faster and look worse.
const DIVISORS: [u32; 4] = [8, 4, 2, 1];

/// Parts of the warnings of libjpeg-turbo (`jerror.h`) after which no pixel is missing.
const HARMLESS_WARNINGS: [&str; 6] = [
    "extraneous bytes before marker",
    "unknown JFIF revision number",
    "Unknown Adobe color transform code",
    "bad ICC marker",
    "Inconsistent progression sequence",
    "Invalid SOS parameters for sequential JPEG",
];

/// What decoding will take.
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
    // A colour profile is kept apart, and a file without its end is copied.
    let copies = 2 * bytes.len() as u64;
    Ok(Header {
        size,
        decoded_size,
        orientation: exif(bytes).map(exif::orientation).unwrap_or_default(),
        decoder_bytes: result.saturating_add(coefficients).saturating_add(rows + copies),
    })
}

/// The picture, of the smallest size that libjpeg-turbo makes which is not below the one that `max_edge` asks for.
pub(crate) fn decode(bytes: &[u8], max_edge: Option<u32>) -> Result<Stored, SkipReason> {
    check_kind(bytes)?;
    let closed = with_end(bytes)?;
    let is_closed = matches!(closed, Cow::Borrowed(_));
    let mut decompressor = Decompressor::new().map_err(failure)?;
    let header = match decompressor.read_header(&closed) {
        Ok(header) => header,
        // The binding takes a warning in the header for an error, and then won't decode.
        Err(error) if is_closed && is_harmless(&error) => return raster::decode(ImageFormat::Jpeg, bytes),
        Err(error) => return Err(failure(error)),
    };
    // libjpeg-turbo converts no colours of lossless pictures.
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
        // Only the first warning of a file is reported, so that one without loss may hide one with. A file without its
        // end gets no such credit.
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

/// Refuses what libjpeg-turbo does not decode in this build.
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

/// Whether the decoder holds the coefficients of the whole picture, in its full size: of a progressive one, and of one whose
/// components come one after the other.
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

/// Encodes without any metadata. `quality`: 1 to 100.
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

/// The largest that leaves no side below `target`.
fn divisor(size: PixelSize, target: PixelSize) -> u32 {
    let is_enough = |by: u32| size.width.div_ceil(by) >= target.width && size.height.div_ceil(by) >= target.height;
    DIVISORS.into_iter().find(|&by| is_enough(by)).unwrap_or(1)
}

/// Whether `error` is a warning without loss.
fn is_harmless(error: &turbojpeg::Error) -> bool {
    let turbojpeg::Error::TurboJpegError(message) = error else {
        return false;
    };
    HARMLESS_WARNINGS.iter().any(|warning| message.contains(warning))
}

/// Parts of the errors of libjpeg-turbo (`jerror.h`) about sound files that it does not decode.
const UNSUPPORTED_ERRORS: [&str; 4] = ["Unsupported", "not implemented", "omitted at compile time", "has more than"];

#[expect(clippy::needless_pass_by_value, reason = "made to be given to map_err")]
fn failure(error: turbojpeg::Error) -> SkipReason {
    let message = error.to_string();
    if UNSUPPORTED_ERRORS.iter().any(|part| message.contains(part)) {
        return not_supported(ImageFormat::Jpeg, message);
    }
    damaged(message)
}

/// The file with an end marker, which some cameras and transfers lose. Where the picture before it ends early the decoder
/// then says so, except between two scans.
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
        // The bits of a coefficient come from high to low; the last of them is bit 0.
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

/// The frame header, whose payload is: bits of a sample, height, width, components.
fn frame(bytes: &[u8]) -> Option<Segment<'_>> {
    Segments { rest: bytes }
        .take_while(|segment| segment.marker != START_OF_SCAN)
        .find(|segment| matches!(segment.marker, 0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF | JPEG_LS))
}

/// The `count` components of a JPEG in a strip or tile of TIFF, interleaved and not scaled. `is_expected` is asked about
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

/// A complete JPEG of tables and a picture that are stored apart, with `transform` of Adobe's marker (0: as stored,
/// 1: `YCbCr`) in the place of all markers that say what the components mean.
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

/// Every writer of JPEG follows Adobe's in storing 255 for no ink, whatever the standard says, and every reader expects
/// it. Without a colour profile this is what browsers show.
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

/// What stands before the picture about how and when it was taken. The first bytes of a file are enough to find it.
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
/// The start of a frame of JPEG-LS, another format in the same container.
const JPEG_LS: u8 = 0xF7;

/// The marker segments of a file up to its end-of-image marker, skipping what lies between them: compressed data, and
/// stray bytes. Ends early where the data does.
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
                // Filling: the marker may be the next byte.
                0xFF => self.rest = &self.rest[prefix + 1..],
                // An escaped 0xFF in compressed data, a temporary or restart marker, a start of image: no payload.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{self, BLUE, GREEN, RED, YELLOW, corners, peak_signal_to_noise, with_segment};
    use domain::geometry::Orientation;
    use std::fs;

    fn upright(bytes: &[u8], max_edge: Option<u32>) -> Result<Pixels, SkipReason> {
        decode(bytes, max_edge)?.into_upright(max_edge)
    }

    fn is_damaged(bytes: &[u8]) -> bool {
        // Both at full size and at an eighth, where the decoder skips most of the work.
        [None, Some(40)].map(|edge| matches!(upright(bytes, edge), Err(SkipReason::Damaged { .. }))) == [true; 2]
    }

    fn compressed(pixels: &Pixels, adjust: impl Fn(&mut Compressor)) -> Vec<u8> {
        let mut compressor = Compressor::new().unwrap();
        adjust(&mut compressor);
        let (width, height) = (pixels.size.width as usize, pixels.size.height as usize);
        let image = Image { pixels: &pixels.rgb[..], width, pitch: 3 * width, height, format: PixelFormat::RGB };
        compressor.compress_to_vec(image).unwrap()
    }

    #[test]
    fn truncated_files_are_damaged() {
        let scenery = fixtures::scenery(400, 300);
        let progressive = compressed(&scenery, |compressor| compressor.set_progressive(true).unwrap());
        let photo = fs::read(fixtures::sample("china.jpg")).unwrap();
        for whole in [fixtures::jpeg(&scenery), progressive, photo] {
            assert!(upright(&whole, Some(40)).is_ok());
            for percent in [1, 10, 50, 90, 99] {
                assert!(is_damaged(&whole[..whole.len() * percent / 100]), "cut at {percent} %");
            }
            // Only the end marker is missing, or a part of it.
            for missing in [1, 2] {
                let cut = &whole[..whole.len() - missing];
                assert_eq!(upright(cut, Some(40)), upright(&whole, Some(40)), "{missing} bytes missing");
            }
            // The last byte of the picture is missing as well.
            assert!(is_damaged(&whole[..whole.len() - 3]));
            // Cut, then closed properly; and cut, then filled up, as recovered files are.
            let half = &whole[..whole.len() / 2];
            let first_scan_half = [half, &[0xFF, END_OF_IMAGE]].concat();
            let filled = [half, &vec![0; whole.len() / 2]].concat();
            assert!(is_damaged(&first_scan_half));
            assert!(is_damaged(&filled));
        }
    }

    #[test]
    fn a_progressive_file_without_its_last_scan_is_damaged() {
        let scenery = fixtures::scenery(400, 300);
        let whole = compressed(&scenery, |compressor| compressor.set_progressive(true).unwrap());
        let scans: Vec<usize> =
            whole.windows(2).enumerate().filter(|(_, pair)| pair == &[0xFF, START_OF_SCAN]).map(|(at, _)| at).collect();
        // Each scan has its own tables before it.
        let tables = |scan: usize| whole[..scan].windows(2).rposition(|pair| pair == [0xFF, 0xC4]).unwrap();
        assert!(scans.len() > 5);
        for &scan in &scans[1..] {
            assert!(is_damaged(&whole[..tables(scan)]), "cut before the scan at {scan}");
        }
        assert!(upright(&whole[..whole.len() - 2], Some(40)).is_ok());
    }

    #[test]
    fn more_scans_than_any_program_writes_are_refused() {
        let whole = compressed(&fixtures::scenery(64, 48), |compressor| compressor.set_progressive(true).unwrap());
        let last = |marker: u8| whole.windows(2).rposition(|pair| pair == [0xFF, marker]).unwrap();
        let (scan, end) = (last(START_OF_SCAN), last(END_OF_IMAGE));
        let tables = whole[..scan].windows(2).rposition(|pair| pair == [0xFF, 0xC4]).unwrap();
        // The last scan with its tables, again and again.
        let with = |more: usize| [&whole[..end], &whole[tables..end].repeat(more), &whole[end..]].concat();
        assert!(upright(&with(100), None).is_ok());
        assert!(upright(&with(300), None).is_err());
    }

    #[test]
    fn twelve_bits_are_not_supported() {
        let mut deep = fixtures::jpeg(&fixtures::quarters(16, 16));
        let frame = deep.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
        deep[frame + 1] = 0xC1;
        deep[frame + 4] = 12;
        assert_eq!(upright(&deep, None), Err(not_supported(ImageFormat::Jpeg, "12 bits")));
    }

    #[test]
    fn jpeg_ls_is_named_wherever_its_frame_begins() {
        let spiff = b"SPIFF\0\x02\0\0\x01\0\0\0\x10\0\0\0\x10\x08\x08\x06\0\0\0\0\0\0\0\0\0".as_slice();
        let jfif = b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0".as_slice();
        for before in [None, Some((0xE8, spiff)), Some((JFIF, jfif))] {
            let mut bytes = vec![0xFF, START_OF_IMAGE];
            if let Some((marker, payload)) = before {
                push_segment(&mut bytes, marker, payload);
            }
            push_segment(&mut bytes, JPEG_LS, b"\x08\0\x10\0\x10\x01\x01\x11\0");
            push_segment(&mut bytes, START_OF_SCAN, b"\x01\x01\0\0\0\0");
            bytes.extend([0x12, 0x34]);
            let expected = SkipReason::NotSupported { format: "JPEG-LS".into(), detail: None };
            assert_eq!(upright(&bytes, None), Err(expected), "{before:?}");
        }
    }

    #[test]
    fn lossless_pictures_are_read_where_no_colours_are_converted() {
        let quarters = fixtures::quarters(64, 48);
        let rgb = compressed(&quarters, |compressor| compressor.set_lossless(true).unwrap());
        assert_eq!(corners(&upright(&rgb, None).unwrap()), [RED, GREEN, BLUE, YELLOW]);
        let ycbcr = with_segment(&rgb, JFIF, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
        assert_eq!(upright(&ycbcr, None), Err(not_supported(ImageFormat::Jpeg, "lossless YCbCr")));
        let mut compressor = Compressor::new().unwrap();
        compressor.set_lossless(true).unwrap();
        let samples = [90; 64 * 48];
        let image = Image { pixels: &samples[..], width: 64, pitch: 64, height: 48, format: PixelFormat::GRAY };
        let gray = compressor.compress_to_vec(image).unwrap();
        assert_eq!(upright(&gray, None), Err(not_supported(ImageFormat::Jpeg, "lossless Gray")));
    }

    #[test]
    fn oddities_without_loss_pass() {
        let stored = fixtures::quarters(90, 60);
        let whole = fixtures::with_orientation(&fixtures::jpeg(&stored), 3);
        let end = whole.len() - 2;
        let trailing = [whole.as_slice(), b"a second picture or a maker's note"].concat();
        let before_end = [&whole[..end], &[0; 7], &whole[end..]].concat();
        let in_header = [&whole[..2], &[0; 5], &whole[2..]].concat();
        let profile = with_segment(&whole, 0xE2, b"ICC_PROFILE\0\x02\x03nonsense");
        let revision = with_segment(&whole, 0xE0, b"JFIF\0\x07\x01\0\0\x01\0\x01\0\0");
        let odd = [
            ("trailing", trailing),
            ("before end", before_end),
            ("in header", in_header),
            ("profile", profile),
            ("revision", revision),
        ];
        for (name, bytes) in odd {
            let decoded = decode(&bytes, Some(45)).unwrap_or_else(|reason| panic!("{name}: {reason:?}"));
            assert_eq!(decoded.orientation, Orientation::Rotated180, "{name}");
            assert_eq!(corners(&decoded.into_upright(Some(45)).unwrap()), [YELLOW, BLUE, GREEN, RED], "{name}");
            if name != "trailing" {
                assert!(is_damaged(&bytes[..bytes.len() * 9 / 10]), "{name}");
            }
        }
    }

    #[test]
    fn scaled_decoding_shows_the_same_picture() {
        // Odd sides, so that the decoder rounds up, in every scale.
        for (width, height) in [(1201, 799), (4001, 1003)] {
            let scenery = fixtures::scenery(width, height);
            let bytes = compressed(&scenery, |compressor| {
                compressor.set_quality(95).unwrap();
                compressor.set_subsamp(Subsamp::None).unwrap();
            });
            for edge in [width / 2 - 3, width / 4 - 3, width / 8 - 3] {
                let scaled = decode(&bytes, Some(edge)).unwrap();
                assert!(scaled.pixels.size.long_edge() < width);
                let scaled = scaled.into_upright(Some(edge)).unwrap();
                let full = decode(&bytes, None).unwrap().into_upright(Some(edge)).unwrap();
                let ratio = peak_signal_to_noise(&scaled, &full);
                assert!(ratio > 35.0, "{width} to {edge}: {ratio:.1} dB");
            }
        }
    }

    #[test]
    fn four_colour_prints_look_right() {
        let expected = fixtures::quarters(64, 48);
        // Half of the ink in black: channel = (1 - ink) * (1 - black), each stored inverted.
        let samples: Vec<u8> = expected
            .rgb
            .chunks(3)
            .flat_map(|rgb| {
                let white = *rgb.iter().max().unwrap();
                let inverted = |value: u8| u8::try_from(u32::from(value) * 255 / u32::from(white)).unwrap();
                [inverted(rgb[0]), inverted(rgb[1]), inverted(rgb[2]), white]
            })
            .collect();
        for colorspace in [Colorspace::CMYK, Colorspace::YCCK] {
            let mut compressor = Compressor::new().unwrap();
            compressor.set_colorspace(colorspace).unwrap();
            compressor.set_subsamp(Subsamp::None).unwrap();
            let image = Image { pixels: &samples[..], width: 64, pitch: 256, height: 48, format: PixelFormat::CMYK };
            let bytes = compressor.compress_to_vec(image).unwrap();
            for max_edge in [None, Some(16)] {
                let seen = upright(&bytes, max_edge).unwrap();
                assert_eq!(corners(&seen), [RED, GREEN, BLUE, YELLOW], "{colorspace:?}");
            }
        }
    }

    #[test]
    fn what_is_encoded_carries_no_metadata() {
        let photo = fixtures::with_orientation(&fixtures::jpeg(&fixtures::scenery(300, 200)), 6);
        let sent = encode_jpeg(&upright(&photo, Some(100)).unwrap(), 85).unwrap();
        let markers: Vec<u8> = Segments { rest: &sent }.map(|segment| segment.marker).collect();
        // Beside tables, frame and scan only JFIF's own, which holds a pixel density.
        assert!(markers.iter().all(|marker| matches!(marker, 0xC0 | 0xC4 | 0xD9..=0xDB | 0xE0)), "{markers:x?}");
    }
}
