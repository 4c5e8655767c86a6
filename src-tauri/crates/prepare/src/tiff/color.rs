//! Converts the levels of a pixel to RGB on white.

use super::encoding::{Alpha, ColorModel, YCbCr};
use super::page::Page;
use crate::pixels::{multiply, over_white};

/// The color of a pixel with these `levels`.
pub(super) fn rgb(page: &Page, levels: &[u8]) -> [u8; 3] {
    let rgb = match &page.color {
        ColorModel::Gray { is_inverted: false } => [levels[0]; 3],
        ColorModel::Gray { is_inverted: true } => [255 - levels[0]; 3],
        ColorModel::Rgb => [levels[0], levels[1], levels[2]],
        ColorModel::Palette(colors) => colors[usize::from(levels[0])],
        ColorModel::Cmyk => [0, 1, 2].map(|ink| multiply(255 - levels[ink], 255 - levels[3])),
        ColorModel::YCbCr(ycbcr) => ycbcr.rgb([levels[0], levels[1], levels[2]]),
        ColorModel::Lab { is_signed } => {
            let flip = if *is_signed { 0x80 } else { 0 };
            rgb_from_lab([levels[0], levels[1] ^ flip, levels[2] ^ flip])
        }
    };
    match page.alpha {
        None => rgb,
        Some((sample, Alpha::Unassociated)) => rgb.map(|level| over_white(level, levels[sample])),
        Some((sample, Alpha::Associated)) => rgb.map(|level| level.saturating_add(255 - levels[sample])),
    }
}

impl YCbCr {
    fn rgb(&self, levels: [u8; 3]) -> [u8; 3] {
        let scaled = |sample: usize, range: f32| {
            let (zero, most) = (self.reference[2 * sample], self.reference[2 * sample + 1]);
            (f32::from(levels[sample]) - zero) * range / (most - zero)
        };
        let luma = scaled(0, 255.0);
        let [red_share, green_share, blue_share] = self.luma;
        let blue = luma + scaled(1, 127.0) * (2.0 - 2.0 * blue_share);
        let red = luma + scaled(2, 127.0) * (2.0 - 2.0 * red_share);
        let green = (luma - red_share * red - blue_share * blue) / green_share;
        [red, green, blue].map(level)
    }
}

/// Converts CIE L*a*b* of illuminant D50, as in TIFF, to sRGB. `a` and `b` have an offset of 128.
fn rgb_from_lab(levels: [u8; 3]) -> [u8; 3] {
    const WHITE_D50: [f32; 3] = [0.9642, 1.0, 0.8249];
    // Bradford adaptation from D50 to D65, then the primaries of sRGB.
    const LINEAR_SRGB_FROM_XYZ_D50: [[f32; 3]; 3] =
        [[3.133_856, -1.616_867, -0.490_615], [-0.978_768, 1.916_141, 0.033_454], [0.071_945, -0.228_991, 1.405_243]];
    let [lightness, a, b] = levels.map(f32::from);
    let y = (lightness * 100.0 / 255.0 + 16.0) / 116.0;
    let inverse = |value: f32| if value > 6.0 / 29.0 { value.powi(3) } else { (value - 4.0 / 29.0) * 108.0 / 841.0 };
    let xyz = [y + (a - 128.0) / 500.0, y, y - (b - 128.0) / 200.0].map(inverse);
    LINEAR_SRGB_FROM_XYZ_D50.map(|row| {
        let linear: f32 = (0..3).map(|axis| row[axis] * xyz[axis] * WHITE_D50[axis]).sum();
        let encoded = if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
        level(encoded * 255.0)
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is clamped")]
fn level(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}
