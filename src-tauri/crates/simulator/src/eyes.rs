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
    /// As closed, with a number of annotations that depends on the size of the picture: one of these, as if drawn by lot.
    Scripted {
        /// Annotations of an answer, as often as they should occur. Without any, no answer has annotations.
        counts: &'static [u32],
    },
}

impl Eyes {
    /// The shapes of a picture.
    pub(crate) fn look(self, picture: &SentPicture) -> Vec<Sighting> {
        match self {
            Self::Open => seeing::look(picture),
            Self::Closed { annotations } => imagined(picture, annotations),
            Self::Scripted { counts } => imagined(picture, drawn(picture, counts)),
        }
    }
}

/// One of `counts`, always the same for a size.
fn drawn(picture: &SentPicture, counts: &[u32]) -> u32 {
    let size = u64::from(picture.sent.width) << 32 | u64::from(picture.sent.height);
    // The finalizer of SplitMix64.
    let mixed = (size ^ (size >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let place = usize::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or_default();
    counts.get(place % counts.len().max(1)).copied().unwrap_or_default()
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
    fn scripted_annotations_depend_on_the_size_alone() {
        let count_of = |width| {
            let size = Size { width, height: 240 };
            let picture = SentPicture { pixels: None, sent: size, seen: size };
            Eyes::Scripted { counts: &[1, 4, 4] }.look(&picture).len()
        };
        let counts: Vec<usize> = (300..600).map(count_of).collect();
        assert_eq!(counts, (300..600).map(count_of).collect::<Vec<_>>());
        let ones = counts.iter().filter(|&&count| count == 1).count();
        assert!((70..130).contains(&ones) && counts.iter().all(|&count| count == 1 || count == 4), "{ones}");
    }

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
