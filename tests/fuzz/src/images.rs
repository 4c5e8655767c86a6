//! Decoding images.

use std::path::Path;

use domain::geometry::{ImageRegion, PixelSize};
use domain::import::{ImageFormat, SkipReason};
use prepare::{Decoded, DecodingMemory, Ingested};

use crate::scratch_file;

/// What decoding may use, in bytes.
const MEMORY: u64 = 32_000_000;
const THUMBNAIL_EDGE: u32 = 96;

/// Any bytes are decoded completely or refused with a reason, within the memory that is allowed. All ways of decoding agree on
/// the size, which is the one that the header states.
pub fn image(input: &[u8]) {
    let path = scratch_file("image", input);
    let memory = DecodingMemory::of(MEMORY);
    let ingested = judged(prepare::ingest(&path, THUMBNAIL_EDGE, &memory));
    let whole = judged(prepare::decode(&path, None, &memory));
    let small = judged(prepare::decode(&path, Some(THUMBNAIL_EDGE), &memory));
    if let Some(whole) = &whole {
        check_pixels(whole, None);
        check_regions(&path, whole, &memory);
    }
    if let Some(small) = &small {
        check_pixels(small, Some(THUMBNAIL_EDGE));
    }
    if let (Some(whole), Some(small)) = (&whole, &small) {
        assert_eq!(whole.original, small.original);
    }
    if let Some(ingested) = ingested {
        for decoded in [&whole, &small].into_iter().flatten() {
            assert_eq!(decoded.original, ingested.size);
        }
        check_header(&path, &ingested);
        assert!(prepare::perceptual_hash_of_thumbnail(&ingested.thumbnail, &memory).is_ok());
    }
}

fn judged<T>(result: Result<T, SkipReason>) -> Option<T> {
    if let Err(SkipReason::Unreadable { detail }) = &result {
        panic!("no reason that a file in memory has: {detail}");
    }
    result.ok()
}

fn check_pixels(decoded: &Decoded, edge: Option<u32>) {
    let size = edge.map_or(decoded.original, |edge| decoded.original.fit_within(edge));
    assert_eq!(decoded.pixels.size, size);
    assert_eq!(decoded.pixels.rgb.len() as u64, 3 * size.area());
}

fn check_regions(path: &Path, whole: &Decoded, memory: &DecodingMemory) {
    let size = whole.original;
    let half = PixelSize::new(size.width.div_ceil(2), size.height.div_ceil(2));
    let corner = ImageRegion { left: size.width - half.width, top: size.height - half.height, size: half };
    let mut passed = Vec::new();
    let decoded =
        prepare::decode_regions(path, size, &[corner], PixelSize::long_edge, memory, |_, pixels| passed.push(pixels));
    if let Ok(decoded) = decoded {
        assert_eq!(decoded, size);
        let [pixels] = &passed[..] else { panic!("one region is passed") };
        let row = 3 * size.width as usize;
        let rows = whole.pixels.rgb.chunks_exact(row).skip(corner.top as usize);
        let expected: Vec<u8> = rows.flat_map(|row| &row[3 * corner.left as usize..]).copied().collect();
        assert_eq!((pixels.size, &pixels.rgb), (half, &expected));
    }
}

/// Compares with the size that another reader takes from the header.
fn check_header(path: &Path, ingested: &Ingested) {
    if matches!(ingested.format, ImageFormat::Jpeg | ImageFormat::Tiff) {
        return;
    }
    let stated = image::ImageReader::open(path).and_then(image::ImageReader::with_guessed_format);
    if let Ok((width, height)) = stated.map_err(image::ImageError::from).and_then(image::ImageReader::into_dimensions) {
        assert_eq!(ingested.size, ingested.orientation.upright_size(PixelSize::new(width, height)));
    }
}
