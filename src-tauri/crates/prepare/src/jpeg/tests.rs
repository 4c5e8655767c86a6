//! JPEG files as cameras and programs write them, and damaged ones.

use super::*;
use crate::fixtures::{self, BLUE, GREEN, RED, YELLOW, corners, peak_signal_to_noise, with_segment};
use domain::geometry::Orientation;
use std::fs;

fn upright(bytes: &[u8], max_edge: Option<u32>) -> Result<Pixels, SkipReason> {
    decode(bytes, max_edge)?.into_upright(max_edge)
}

fn is_damaged(bytes: &[u8]) -> bool {
    // At full size and at an eighth, where the decoder skips most of the work.
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
        // Only the end marker, or a part of it, is missing.
        for missing in [1, 2] {
            let cut = &whole[..whole.len() - missing];
            assert_eq!(upright(cut, Some(40)), upright(&whole, Some(40)), "{missing} bytes missing");
        }
        // The last byte of the picture is missing too.
        assert!(is_damaged(&whole[..whole.len() - 3]));
        // Truncated and closed; truncated and padded, like recovered files.
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
    // Odd sides, so that the decoder rounds up at every scale.
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
    // Besides tables, frame and scan only JFIF's marker with a pixel density.
    assert!(markers.iter().all(|marker| matches!(marker, 0xC0 | 0xC4 | 0xD9..=0xDB | 0xE0)), "{markers:x?}");
}
