//! Pictures that decoders are known to decode wrongly, with reference results.
//!
//! `FIELDMARK_PICTURE_CASES=FOLDER` also tests the pictures in `FOLDER/in` against `FOLDER/want`. A picture without a
//! reference must be plausible, or be refused as not supported.

use crate::fixtures::decode;
use crate::pixels::Pixels;
use domain::import::SkipReason;
use std::path::{Path, PathBuf};

const THUMBNAIL_EDGE: u32 = 256;
const BLOCK: usize = 8;
const MOST_MEAN_DIFFERENCE: f64 = 6.0;
const MOST_BLOCK_DIFFERENCE: f64 = 60.0;

/// Those of the folder in this repository that are refused, by what they are.
const NOT_SUPPORTED: [&str; 6] =
    ["bmp-alpha-bitfields.bmp", "float255-le.tif", "int16-le.tif", "j12.jpg", "png-cgbi.png", "rgb-le-lerc-strip.tif"];

#[test]
fn pictures_look_right_or_are_not_supported() {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let count = |folder: &str| ours.join(folder).read_dir().unwrap().count();
    assert_eq!(count("in"), count("want"), "each of ours has its right picture");
    let refused = check(&ours);
    assert_eq!(refused.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), NOT_SUPPORTED);
    if let Some(folder) = std::env::var_os("FIELDMARK_PICTURE_CASES") {
        check(&PathBuf::from(folder));
    }
}

/// The unsupported files. Panics with all wrong ones.
fn check(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> = folder.join("in").read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let mut refused = Vec::new();
    let mut wrong = Vec::new();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let want = folder.join("want").join(path.with_extension("png").file_name().unwrap());
        match decode(&path, Some(THUMBNAIL_EDGE)) {
            Err(SkipReason::NotSupported { format, detail }) => {
                refused.push((name, format!("{format}, {}", detail.unwrap_or_default())));
            }
            Err(reason) => wrong.push(format!("{name}: {reason:?}")),
            Ok(seen) if want.exists() => {
                let want = decode(&want, Some(THUMBNAIL_EDGE)).unwrap();
                if seen.pixels.size != want.pixels.size {
                    wrong.push(format!("{name}: {:?} instead of {:?}", seen.pixels.size, want.pixels.size));
                    continue;
                }
                let (mean, worst) = differences(&seen.pixels, &want.pixels);
                if mean >= MOST_MEAN_DIFFERENCE || worst >= MOST_BLOCK_DIFFERENCE {
                    wrong.push(format!("{name}: differs by {mean:.1}, at worst by {worst:.1}"));
                }
            }
            Ok(seen) => {
                if let Some(problem) = implausible(&seen.pixels) {
                    wrong.push(format!("{name}: {problem}, and nothing says what it must look like"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    refused
}

/// Why a picture without a reference is implausible: a single color, as if never decoded, or noise, as if decoded with
/// a wrong layout.
fn implausible(pixels: &Pixels) -> Option<String> {
    const MOST_DIFFERENCE_OF_NEIGHBOURS: f64 = 50.0;
    let row_len = 3 * pixels.size.width as usize;
    if pixels.rgb.chunks_exact(3).all(|pixel| pixel == &pixels.rgb[..3]) {
        return Some("all of one colour".to_owned());
    }
    let across = pixels.rgb.chunks_exact(row_len).flat_map(|row| row.iter().zip(row.iter().skip(3)));
    let down = pixels.rgb.iter().zip(pixels.rgb.iter().skip(row_len));
    for (direction, differences) in [
        ("columns", across.map(|(a, b)| a.abs_diff(*b)).collect::<Vec<u8>>()),
        ("rows", down.map(|(a, b)| a.abs_diff(*b)).collect()),
    ] {
        let sum: f64 = differences.iter().map(|&difference| f64::from(difference)).sum();
        let mean = sum / f64::from(u32::try_from(differences.len().max(1)).unwrap());
        if mean > MOST_DIFFERENCE_OF_NEIGHBOURS {
            return Some(format!("neighbouring {direction} differ by {mean:.0}"));
        }
    }
    None
}

#[test]
fn undecoded_pixels_do_not_look_like_a_picture() {
    let noise = |index: u32| index.wrapping_mul(2_654_435_761).to_be_bytes()[0];
    let size = domain::geometry::PixelSize::new(64, 64);
    let picture = |level: fn(u32) -> u8| Pixels { size, rgb: (0..3 * 64 * 64).map(level).collect() };
    assert!(implausible(&picture(|_| 255)).is_some());
    assert!(implausible(&Pixels { size, rgb: (0..3 * 64 * 64).map(noise).collect() }).is_some());
    assert!(implausible(&picture(|index| if index / 192 % 2 == 0 { 0 } else { 200 })).is_some(), "stripes");
    assert_eq!(implausible(&crate::fixtures::quarters(64, 64)), None);
}

/// Mean difference of all samples, and of the worst block.
fn differences(seen: &Pixels, want: &Pixels) -> (f64, f64) {
    let (width, height) = (seen.size.width as usize, seen.size.height as usize);
    let of_rectangle = |left: usize, top: usize, side: usize| {
        let (right, bottom) = (width.min(left + side), height.min(top + side));
        let rows = (top..bottom).map(|y| 3 * (y * width + left)..3 * (y * width + right));
        let differences: Vec<f64> =
            rows.flatten().map(|sample| f64::from(seen.rgb[sample].abs_diff(want.rgb[sample]))).collect();
        differences.iter().sum::<f64>() / f64::from(u32::try_from(differences.len()).unwrap())
    };
    let lefts = (0..width).step_by(BLOCK);
    let blocks = lefts.flat_map(|left| (0..height).step_by(BLOCK).map(move |top| (left, top)));
    let worst = blocks.map(|(left, top)| of_rectangle(left, top, BLOCK)).fold(0.0, f64::max);
    (of_rectangle(0, 0, usize::MAX / 2), worst)
}
