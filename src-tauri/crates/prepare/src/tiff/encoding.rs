//! How samples are encoded: color model, bits, transparency, compression and predictor.
//!
//! What is not supported is refused here, by name.

use super::directory::{Directory, tag};
use super::not_supported;
use crate::header::damaged;
use domain::import::SkipReason;

/// How the samples of a pixel form a color.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ColorModel {
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
    /// Colors are premultiplied.
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
    pub(super) fn most_expansion(self) -> Option<u64> {
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

impl ColorModel {
    pub(super) const fn samples(&self) -> usize {
        match self {
            Self::Gray { .. } | Self::Palette(_) => 1,
            Self::Rgb | Self::YCbCr(_) | Self::Lab { .. } => 3,
            Self::Cmyk => 4,
        }
    }

    pub(super) const fn name(&self) -> &'static str {
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

pub(super) fn compression(directory: &Directory) -> Result<Compression, SkipReason> {
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

pub(super) fn color(directory: &Directory, compression: Compression) -> Result<ColorModel, SkipReason> {
    Ok(match directory.number(tag::PHOTOMETRIC_INTERPRETATION) {
        Some(white_or_black_is_zero @ (0 | 1)) => ColorModel::Gray { is_inverted: white_or_black_is_zero == 0 },
        Some(2) => ColorModel::Rgb,
        Some(3) => ColorModel::Palette(palette(&directory.numbers(tag::COLOR_MAP))),
        Some(5) if matches!(directory.number(tag::INK_SET), None | Some(1)) => ColorModel::Cmyk,
        Some(5) => return Err(not_supported("inks other than CMYK")),
        // The JPEG decoder converts it to RGB.
        Some(6) if compression == Compression::Jpeg && directory.number(tag::PLANAR_CONFIGURATION) != Some(2) => {
            ColorModel::Rgb
        }
        Some(6) => ColorModel::YCbCr(ycbcr(directory)?),
        Some(8) => ColorModel::Lab { is_signed: true },
        Some(9) => ColorModel::Lab { is_signed: false },
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
        return Err(damaged("invalid YCbCr coefficients"));
    }
    let subsampling = match directory.numbers(tag::YCBCR_SUBSAMPLING)[..] {
        [] => (2, 2),
        [columns @ (1 | 2 | 4), rows @ (1 | 2 | 4)] => {
            (usize::try_from(columns).map_err(damaged)?, usize::try_from(rows).map_err(damaged)?)
        }
        _ => return Err(damaged("invalid YCbCr subsampling")),
    };
    Ok(YCbCr { luma, reference, subsampling })
}

/// Bits per sample, and whether it is floating point.
pub(super) fn sample_type(directory: &Directory, color: &ColorModel) -> Result<(usize, bool), SkipReason> {
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
    // In Lab, the color space defines what is signed.
    let is_lab = matches!(color, ColorModel::Lab { .. });
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
pub(super) type ExtraSamples = (Option<(usize, Alpha)>, Option<usize>);

pub(super) fn extra_samples(
    directory: &Directory,
    color: &ColorModel,
    samples: usize,
) -> Result<ExtraSamples, SkipReason> {
    const ASSOCIATED: u64 = 1;
    const UNASSOCIATED: u64 = 2;
    let Some(extra) = samples.checked_sub(color.samples()) else {
        return Err(not_supported(format!("{} of {samples} samples", color.name())));
    };
    let kinds = directory.numbers(tag::EXTRA_SAMPLES);
    // Bands of measurements are often declared as gray.
    let is_measurement = matches!(color, ColorModel::Gray { .. }) && extra > 1;
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

pub(super) fn predictor(
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
