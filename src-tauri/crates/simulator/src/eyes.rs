//! Whether the simulator decodes pictures. If not, it returns boxes at fixed places, so that a benchmark measures the
//! client and not the simulator.

use crate::picture::SentPicture;
use crate::seeing::{self, Colour, Sighting};

/// How pictures are processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Eyes {
    /// Every picture is decoded and searched for colored shapes.
    #[default]
    Open,
    /// Pictures are measured but not decoded. Every answer has the same number of annotations, spread over the picture,
    /// with the labels of the schema in turn.
    Closed {
        /// Annotations in every answer about a picture.
        annotations: u32,
    },
}

impl Eyes {
    /// The shapes of a picture.
    pub(crate) fn look(self, picture: &SentPicture) -> Vec<Sighting> {
        match self {
            Self::Open => seeing::look(picture),
            Self::Closed { annotations } => imagined(picture, annotations),
        }
    }
}

/// Boxes in the cells of a grid, row by row, each in the middle of its cell and half as large.
fn imagined(picture: &SentPicture, annotations: u32) -> Vec<Sighting> {
    let columns = annotations.saturating_sub(1).isqrt() + 1;
    let rows = annotations.div_ceil(columns);
    let (cell_width, cell_height) = (picture.seen.width / columns, picture.seen.height / rows.max(1));
    (0..annotations)
        .zip(Colour::ALL.into_iter().cycle())
        .map(|(turn, colour)| {
            let (left, top) = ((turn % columns) * cell_width, (turn / columns) * cell_height);
            Sighting {
                colour,
                left: left + cell_width / 4,
                top: top + cell_height / 4,
                right: left + cell_width - cell_width / 4,
                bottom: top + cell_height - cell_height / 4,
                coverage: 1.0,
                turn: Some(turn),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Size;

    #[test]
    fn imagined_annotations_lie_apart_inside_the_picture() {
        let size = Size { width: 1568, height: 1045 };
        for annotations in [0, 1, 3, 7, 12] {
            let boxes = imagined(&SentPicture { pixels: None, sent: size, seen: size }, annotations);
            assert_eq!(boxes.len(), annotations as usize);
            for (index, one) in boxes.iter().enumerate() {
                assert!(one.left < one.right && one.right <= 1568 && one.top < one.bottom && one.bottom <= 1045);
                let apart =
                    |other: &Sighting| one.right <= other.left || one.bottom <= other.top || other.right <= one.left;
                assert!(boxes[index + 1..].iter().all(apart), "{boxes:?}");
            }
        }
    }
}
