//! Converts the bytes of a row to levels from 0 to 255 per sample.

use super::encoding::{ColorModel, Predictor};
use super::not_supported;
use super::page::Page;
use domain::import::SkipReason;

/// How a row of one plane, or of all samples, is stored.
pub(super) struct RowLayout {
    is_little_endian: bool,
    bits: usize,
    is_float: bool,
    is_index: bool,
    /// Samples per pixel in this row.
    samples: usize,
    values: usize,
    predictor: Predictor,
}

/// Floating-point samples range from 0 to 1. Sharpening may overshoot slightly.
const MAX_OVERSHOOT: f64 = 1.0 / 255.0;

impl RowLayout {
    pub(super) fn of(page: &Page) -> Self {
        let samples = if page.is_planar { 1 } else { page.samples };
        Self {
            is_little_endian: page.directory.file().is_little_endian,
            bits: page.bits,
            is_float: page.is_float,
            is_index: matches!(page.color, ColorModel::Palette(_)),
            samples,
            values: page.chunk_width * samples,
            predictor: page.predictor,
        }
    }

    pub(super) fn byte_len(&self) -> usize {
        (self.values * self.bits).div_ceil(8)
    }

    /// Writes a level for each value of `row`, or the plain value of an index. Fails if floating-point numbers are
    /// outside 0 to 1, because black and white are then undefined.
    pub(super) fn levels(&self, row: &mut [u8], mut level: impl FnMut(usize, u8)) -> Result<(), SkipReason> {
        self.undo_predictor(row);
        if self.is_float {
            for index in 0..self.values {
                let value = self.float(row, index);
                if !(-MAX_OVERSHOOT..=1.0 + MAX_OVERSHOOT).contains(&value) {
                    return Err(not_supported("floating-point samples outside 0 to 1"));
                }
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is clamped")]
                level(index, (value.clamp(0.0, 1.0) * 255.0).round() as u8);
            }
            return Ok(());
        }
        match self.bits {
            8 => row.iter().enumerate().for_each(|(index, &value)| level(index, value)),
            16 | 24 | 32 => {
                let size = self.bits / 8;
                let (high, next) = if self.is_little_endian { (size - 1, size - 2) } else { (0, 1) };
                for (index, value) in row.chunks_exact(size).enumerate() {
                    let value = u32::from(value[high]) << 8 | u32::from(value[next]);
                    level(index, u8::try_from((value * 255 + 32_767) / 65_535).unwrap_or(u8::MAX));
                }
            }
            bits => {
                let max = (1 << bits) - 1;
                for index in 0..self.values {
                    let value = packed(row, index * bits, bits);
                    let scaled = if self.is_index { value } else { (value * 255 + max / 2) / max };
                    level(index, u8::try_from(scaled).unwrap_or(u8::MAX));
                }
            }
        }
        Ok(())
    }

    fn float(&self, row: &[u8], index: usize) -> f64 {
        let size = self.bits / 8;
        let mut bytes = [0; 8];
        bytes[..size].copy_from_slice(&row[index * size..][..size]);
        if !self.is_little_endian {
            bytes[..size].reverse();
        }
        match size {
            2 => half_from_bits(u16::from_le_bytes([bytes[0], bytes[1]])),
            4 => f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]).into(),
            _ => f64::from_le_bytes(bytes),
        }
    }

    fn undo_predictor(&self, row: &mut [u8]) {
        match (self.predictor, self.bits / 8) {
            (Predictor::None, _) => {}
            (Predictor::Horizontal, 1) => {
                for index in self.samples..row.len() {
                    row[index] = row[index].wrapping_add(row[index - self.samples]);
                }
            }
            (Predictor::Horizontal, size) => {
                for index in (self.samples * size..row.len()).step_by(size) {
                    let (before, value) = row.split_at_mut(index);
                    self.add(&mut value[..size], &before[index - self.samples * size..][..size]);
                }
            }
            (Predictor::FloatingPoint, size) => {
                for index in self.samples..row.len() {
                    row[index] = row[index].wrapping_add(row[index - self.samples]);
                }
                // The highest bytes of all values come first, then the next lower ones.
                let planes = row.to_vec();
                for (index, value) in row.chunks_exact_mut(size).enumerate() {
                    for (byte, place) in value.iter_mut().enumerate() {
                        let plane = if self.is_little_endian { size - 1 - byte } else { byte };
                        *place = planes[plane * self.values + index];
                    }
                }
            }
        }
    }

    /// Adds multi-byte whole numbers, in the byte order of the file.
    fn add(&self, value: &mut [u8], other: &[u8]) {
        let mut carry = 0;
        for step in 0..value.len() {
            let byte = if self.is_little_endian { step } else { value.len() - 1 - step };
            let sum = u16::from(value[byte]) + u16::from(other[byte]) + carry;
            value[byte] = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
    }
}

/// `bits` bits from bit `start` on, highest first.
fn packed(row: &[u8], start: usize, bits: usize) -> u32 {
    (start..start + bits).fold(0, |value, bit| value << 1 | u32::from(row[bit / 8] >> (7 - bit % 8) & 1))
}

fn half_from_bits(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3FF) / 1024.0;
    let magnitude = match bits >> 10 & 0x1F {
        0 => fraction * 2.0_f64.powi(-14),
        31 if fraction > 0.0 => f64::NAN,
        31 => f64::INFINITY,
        exponent => (1.0 + fraction) * 2.0_f64.powi(i32::from(exponent) - 15),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}
