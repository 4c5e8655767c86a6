//! The model's head: from its raw outputs to boxes in input pixels.
//!
//! The input square is cut into cells of 8, of 16 and of 32 pixels. For each cell the model gives 80 class scores and,
//! for each of the four sides of a box, how likely that side lies 0, 1, ... 10 cell edges away from the cell's centre;
//! the expected distance places the side. Source: Li et al., "Generalized Focal Loss", 2020, as implemented in
//! upstream's `nanodet/model/head/gfl_head.py`.

use domain::coco;
use domain::geometry::Rect;

use super::{Detection, INPUT_SIDE};
use crate::LocalError;

/// Cell sizes, in input pixels.
const STRIDES: [u16; 3] = [8, 16, 32];

const CLASSES: usize = coco::NAMES.len();

/// A side's distance from the center is distributed over this many bins: 0 to 10 cell edges.
const BINS: usize = 11;

/// An output of the model: shape and values, row-major.
pub(super) type HeadOutput = ([usize; 3], Vec<f32>);

/// All candidates that score at least `threshold`, in input pixels, still overlapping; one cell may yield several
/// classes. Outputs are identified by shape, because their order depends on the conversion.
pub(super) fn candidates(outputs: &[HeadOutput], threshold: f32) -> Result<Vec<Detection>, LocalError> {
    let mut found = Vec::new();
    for stride in STRIDES {
        let cells_a_row = INPUT_SIDE / usize::from(stride);
        let cells = cells_a_row * cells_a_row;
        let scores = values_of_shape(outputs, [1, cells, CLASSES])?;
        let distances = values_of_shape(outputs, [1, cells, 4 * BINS])?;
        for (cell, (scores, sides)) in scores.chunks_exact(CLASSES).zip(distances.chunks_exact(4 * BINS)).enumerate() {
            // A NaN score compares false, so it is no candidate.
            let mut above = scores.iter().enumerate().filter(|(_, score)| **score >= threshold).peekable();
            if above.peek().is_none() {
                continue;
            }
            let rect = box_around(cell % cells_a_row, cell / cells_a_row, stride, sides);
            if rect.is_finite() {
                found.extend(above.map(|(class, score)| Detection { class, score: *score, rect }));
            }
        }
    }
    Ok(found)
}

fn values_of_shape(outputs: &[HeadOutput], shape: [usize; 3]) -> Result<&[f32], LocalError> {
    let output = outputs.iter().find(|(candidate, _)| *candidate == shape);
    output.map(|(_, values)| values.as_slice()).ok_or(LocalError::OutputMissing { shape })
}

/// The box of a cell. `sides` are the bins of left, top, right and bottom, as logits.
fn box_around(column: usize, row: usize, stride: u16, sides: &[f32]) -> Rect {
    let edge = f64::from(stride);
    #[expect(clippy::cast_precision_loss, reason = "a row has at most 52 cells")]
    let centre = |index: usize| (index as f64 + 0.5) * edge;
    let (x, y) = (centre(column), centre(row));
    let distance = |side: usize| expected_bin(&sides[side * BINS..(side + 1) * BINS]) * edge;
    Rect::new(x - distance(0), y - distance(1), x + distance(2), y + distance(3))
}

/// The expected bin under the softmax of these logits; not finite if they are not.
fn expected_bin(logits: &[f32]) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (mut weighted, mut total) = (0.0, 0.0);
    for (bin, logit) in (0u8..).zip(logits) {
        let weight = f64::from(logit - largest).exp();
        weighted += weight * f64::from(bin);
        total += weight;
    }
    weighted / total
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outputs without detections, in arbitrary order.
    fn silent() -> Vec<HeadOutput> {
        [(2704, 44), (169, 80), (676, 80), (169, 44), (2704, 80), (676, 44)]
            .map(|(cells, values)| ([1, cells, values], vec![0.0; cells * values]))
            .into()
    }

    fn output(outputs: &mut [HeadOutput], cells: usize, values: usize) -> &mut [f32] {
        &mut outputs.iter_mut().find(|(shape, _)| *shape == [1, cells, values]).unwrap().1
    }

    #[test]
    fn a_confident_cell_becomes_one_box() {
        let mut outputs = silent();
        let cell = 3 * 26 + 5;
        output(&mut outputs, 676, 80)[cell * 80 + 15] = 0.75;
        for (side, bin) in [1, 2, 3, 4].into_iter().enumerate() {
            output(&mut outputs, 676, 44)[cell * 44 + side * 11 + bin] = 1000.0;
        }
        let found = candidates(&outputs, 0.4).unwrap();
        // The center is (5.5, 3.5) cells of 16 pixels.
        let rect = Rect::new(88.0 - 16.0, 56.0 - 32.0, 88.0 + 48.0, 56.0 + 64.0);
        assert_eq!(found, [Detection { class: 15, score: 0.75, rect }]);
    }

    #[test]
    fn undecided_sides_lie_in_the_middle_and_senseless_numbers_find_nothing() {
        assert!((expected_bin(&[3.0; BINS]) - 5.0).abs() < 1e-12);
        let mut outputs = silent();
        output(&mut outputs, 169, 80)[0] = f32::NAN;
        output(&mut outputs, 169, 80)[80] = 0.9;
        output(&mut outputs, 169, 44)[44..88].fill(f32::NAN);
        output(&mut outputs, 169, 80)[160] = 0.9;
        output(&mut outputs, 169, 44)[88..132].fill(f32::INFINITY);
        assert_eq!(candidates(&outputs, 0.4).unwrap(), []);
        assert_eq!(candidates(&outputs, f32::NAN).unwrap(), []);
    }

    #[test]
    fn other_weights_are_an_error() {
        let mut outputs = silent();
        outputs.retain(|(shape, _)| *shape != [1, 676, 44]);
        assert!(matches!(candidates(&outputs, 0.4), Err(LocalError::OutputMissing { shape: [1, 676, 44] })));
    }
}
