//! Run-length masks of COCO, as outlines.
//!
//! Source: `maskApi.c` of pycocotools. Runs alternate between outside and inside, down the columns from the left.

use domain::geometry::Point;
use serde::Deserialize;

/// A run-length mask.
#[derive(Debug, Deserialize)]
pub struct Mask {
    /// Height and width.
    size: [u32; 2],
    counts: Counts,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Counts {
    Plain(Vec<u32>),
    /// As text of six bits per character.
    Compressed(String),
}

/// The outlines of a mask, along the edges of its pixels.
#[derive(Debug, PartialEq)]
pub struct Outlines {
    /// Corners of each part, clockwise.
    pub rings: Vec<Vec<Point>>,
    /// Number of holes, which an outline cannot have.
    pub holes: u32,
}

/// What is lost of an outline with holes.
pub const HOLES: &str = "the holes of a mask are not supported";

/// Larger masks are not read: an image of this many pixels takes as many bytes.
const MOST_PIXELS: u64 = 1 << 27;

impl Mask {
    /// `None` if the mask is malformed.
    pub fn outlines(&self) -> Option<Outlines> {
        let [height, width] = self.size;
        let counts = match &self.counts {
            Counts::Plain(counts) => counts.clone(),
            Counts::Compressed(text) => decompressed(text)?,
        };
        let pixels = u64::from(height) * u64::from(width);
        let counted: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        if counted != pixels || pixels > MOST_PIXELS {
            return None;
        }
        let (height, width) = (height as usize, width as usize);
        let mut edges = Edges::new(width, height);
        let mut is_inside = vec![false; width * height];
        let mut at = 0;
        for (run, count) in counts.into_iter().enumerate() {
            let end = at + count as usize;
            is_inside[at..end].fill(run % 2 == 1);
            at = end;
        }
        let inside = |x: Option<usize>, y: Option<usize>| match (x, y) {
            (Some(x), Some(y)) if x < width && y < height => is_inside[x * height + y],
            _ => false,
        };
        for x in 0..width {
            for y in 0..height {
                if is_inside[x * height + y] {
                    let bounds = [
                        (inside(Some(x), y.checked_sub(1)), (x, y), Direction::Right),
                        (inside(Some(x + 1), Some(y)), (x + 1, y), Direction::Down),
                        (inside(Some(x), Some(y + 1)), (x + 1, y + 1), Direction::Left),
                        (inside(x.checked_sub(1), Some(y)), (x, y + 1), Direction::Up),
                    ];
                    for (_, from, direction) in bounds.into_iter().filter(|(is_inside, ..)| !is_inside) {
                        edges.add(from, direction);
                    }
                }
            }
        }
        Some(edges.trace())
    }
}

/// Each number is in groups of five bits, the lowest first, of which the sixth bit says that more follow. From the third
/// on, numbers are differences to the one before the previous.
fn decompressed(text: &str) -> Option<Vec<u32>> {
    let mut counts: Vec<i64> = Vec::new();
    let mut bytes = text.bytes();
    while let Some(mut byte) = bytes.next() {
        let (mut value, mut shift) = (0_i64, 0_u32);
        loop {
            let bits = i64::from(byte.checked_sub(48).filter(|bits| *bits < 64)?);
            value |= (bits & 0x1f) << shift;
            shift += 5;
            if bits & 0x20 == 0 {
                if bits & 0x10 != 0 {
                    value |= -1 << shift;
                }
                break;
            }
            if shift > 40 {
                return None;
            }
            byte = bytes.next()?;
        }
        if counts.len() > 2 {
            value += counts[counts.len() - 2];
        }
        counts.push(value);
    }
    counts.into_iter().map(|count| u32::try_from(count).ok()).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Right,
    Down,
    Left,
    Up,
}

impl Direction {
    const ALL: [Self; 4] = [Self::Right, Self::Down, Self::Left, Self::Up];

    fn turned(self, quarters: usize) -> Self {
        Self::ALL[(self as usize + quarters) % 4]
    }

    fn step(self, (x, y): (usize, usize)) -> (usize, usize) {
        match self {
            Self::Right => (x + 1, y),
            Self::Down => (x, y + 1),
            Self::Left => (x - 1, y),
            Self::Up => (x, y - 1),
        }
    }
}

/// Edges between pixels inside and outside, with the inside to the right, by the corner where they begin.
struct Edges {
    width: usize,
    /// A bit for each direction.
    from: Vec<u8>,
}

impl Edges {
    fn new(width: usize, height: usize) -> Self {
        Self { width: width + 1, from: vec![0; (width + 1) * (height + 1)] }
    }

    fn add(&mut self, (x, y): (usize, usize), direction: Direction) {
        self.from[y * self.width + x] |= 1 << direction as u8;
    }

    fn take(&mut self, (x, y): (usize, usize), direction: Direction) -> bool {
        let bits = &mut self.from[y * self.width + x];
        let is_there = *bits & (1 << direction as u8) != 0;
        *bits &= !(1 << direction as u8);
        is_there
    }

    /// Where two parts touch at a corner, the turn to the right keeps them apart.
    fn trace(&mut self) -> Outlines {
        let mut outlines = Outlines { rings: Vec::new(), holes: 0 };
        for start in 0..self.from.len() {
            let corner = (start % self.width, start / self.width);
            for first in Direction::ALL {
                if !self.take(corner, first) {
                    continue;
                }
                let (mut ring, mut at, mut direction) = (vec![corner], first.step(corner), first);
                while let Some(next) =
                    [1, 0, 3].map(|turn| direction.turned(turn)).into_iter().find(|next| self.take(at, *next))
                {
                    if next != direction {
                        ring.push(at);
                    }
                    (at, direction) = (next.step(at), next);
                }
                if is_clockwise(&ring) {
                    outlines.rings.push(ring.into_iter().map(point).collect());
                } else {
                    outlines.holes += 1;
                }
            }
        }
        outlines
    }
}

fn is_clockwise(ring: &[(usize, usize)]) -> bool {
    let next = ring.iter().cycle().skip(1);
    let doubled = ring.iter().zip(next).map(|(one, other)| {
        let product = |one: usize, other: usize| i128::try_from(one * other).unwrap_or_default();
        product(one.0, other.1) - product(other.0, one.1)
    });
    doubled.sum::<i128>() > 0
}

/// The sides of a mask fit into 32 bits.
fn point((x, y): (usize, usize)) -> Point {
    let side = |side: usize| f64::from(u32::try_from(side).unwrap_or(u32::MAX));
    Point::new(side(x), side(y))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of `#` and `.`, as a mask.
    fn drawn(lines: &[&str]) -> Mask {
        let (height, width) = (lines.len(), lines[0].len());
        let (mut counts, mut is_inside) = (vec![0], false);
        for x in 0..width {
            for line in lines {
                if (line.as_bytes()[x] == b'#') != is_inside {
                    is_inside = !is_inside;
                    counts.push(0);
                }
                *counts.last_mut().unwrap() += 1;
            }
        }
        Mask { size: [height, width].map(|side| u32::try_from(side).unwrap()), counts: Counts::Plain(counts) }
    }

    fn ring(corners: &[(f64, f64)]) -> Vec<Point> {
        corners.iter().map(|&(x, y)| Point::new(x, y)).collect()
    }

    #[test]
    fn outlines_follow_the_edges_of_pixels() {
        let mask = drawn(&["##..", "##..", "..#."]);
        let parts = vec![
            ring(&[(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)]),
            ring(&[(2.0, 2.0), (3.0, 2.0), (3.0, 3.0), (2.0, 3.0)]),
        ];
        assert_eq!(mask.outlines(), Some(Outlines { rings: parts, holes: 0 }));

        let corner = drawn(&["#..", "###"]).outlines().unwrap();
        assert_eq!(corner.rings, [ring(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (3.0, 1.0), (3.0, 2.0), (0.0, 2.0)])]);

        let hole = drawn(&["###", "#.#", "###"]).outlines().unwrap();
        assert_eq!((hole.rings.len(), hole.holes), (1, 1));
        assert_eq!(drawn(&["...", "..."]).outlines(), Some(Outlines { rings: vec![], holes: 0 }));
    }

    #[test]
    fn malformed_masks_are_refused() {
        let mask = |text: &str| serde_json::from_str::<Mask>(text).unwrap().outlines();
        assert_eq!(mask(r#"{"size": [2, 2], "counts": [1, 2]}"#), None);
        assert_eq!(mask(r#"{"size": [4000000000, 4000000000], "counts": [4000000000]}"#), None);
        for text in ["\u{e9}", "P", "oooooooooooooooooooo", " "] {
            assert_eq!(mask(&format!("{{\"size\": [2, 2], \"counts\": \"{text}\"}}")), None, "{text}");
        }
    }

    #[test]
    fn compressed_masks_are_those_of_pycocotools() {
        // `pycocotools.mask.encode` of rectangles in images of 5 by 4, and 50 by 60 pixels.
        assert_eq!(decompressed("62304"), Some(vec![6, 2, 3, 2, 7]));
        let text = format!("03_10l1k0YM{}b^1", "0".repeat(51));
        let mut runs = vec![0, 3, 47, 3, 107, 30];
        runs.extend([20, 30].repeat(26));
        runs.push(1510);
        assert_eq!(decompressed(&text), Some(runs));
        let mask = Mask { size: [50, 60], counts: Counts::Compressed(text) };
        let corners = |x1: f64, y1: f64, x2: f64, y2: f64| ring(&[(x1, y1), (x2, y1), (x2, y2), (x1, y2)]);
        let rings = vec![corners(0.0, 0.0, 2.0, 3.0), corners(3.0, 10.0, 30.0, 40.0)];
        assert_eq!(mask.outlines(), Some(Outlines { rings, holes: 0 }));
    }
}
