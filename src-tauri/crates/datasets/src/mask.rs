//! Run-length masks of COCO, as outlines.
//!
//! Source: `maskApi.c` of pycocotools. Runs alternate between outside and inside, down the columns from the left.

use std::collections::BTreeMap;

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

impl Mask {
    /// `None` if the mask is malformed. Time and memory are those of its runs, however many pixels it has.
    pub fn outlines(&self) -> Option<Outlines> {
        let counts = match &self.counts {
            Counts::Plain(counts) => counts.clone(),
            Counts::Compressed(text) => decompressed(text)?,
        };
        let slabs = slabs(&counts, self.size)?;
        let mut edges = Edges::default();
        let outside = Slab::default();
        for (number, slab) in slabs.iter().enumerate() {
            for &(start, end) in &slab.inside {
                edges.add((slab.from, start), Direction::Right, (slab.to, start));
                edges.add((slab.to, end), Direction::Left, (slab.from, end));
            }
            let left = number.checked_sub(1).map_or(&outside, |left| &slabs[left]);
            edges.add_between(slab.from, left, slab);
        }
        if let Some(last) = slabs.last() {
            edges.add_between(last.to, last, &outside);
        }
        Some(edges.trace())
    }
}

/// Columns of pixels that are alike, from `from` to before `to`, with the rows inside: the first one, and that after the
/// last.
#[derive(Default)]
struct Slab {
    from: u32,
    to: u32,
    inside: Vec<(u32, u32)>,
}

/// The columns of a mask. `None` if the runs do not cover it exactly.
fn slabs(counts: &[u32], [height, width]: [u32; 2]) -> Option<Vec<Slab>> {
    let pixels = u64::from(height) * u64::from(width);
    let counted: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    if counted != pixels || pixels == 0 {
        return (counted == pixels).then(Vec::new);
    }
    let mut slabs: Vec<Slab> = Vec::new();
    let (mut column, mut row) = (0, 0);
    for (number, count) in counts.iter().enumerate() {
        let (mut left, is_inside) = (*count, number % 2 == 1);
        while left > 0 {
            // A part of one column, or all whole columns at once.
            let is_part = row > 0 || left < height;
            let (columns, rows) = if is_part { (1, left.min(height - row)) } else { (left / height, height) };
            if row == 0 {
                slabs.push(Slab { from: column, to: column + columns, inside: Vec::new() });
            }
            if let Some(slab) = slabs.last_mut().filter(|_| is_inside) {
                match slab.inside.last_mut() {
                    Some((_, end)) if *end == row => *end += rows,
                    _ => slab.inside.push((row, row + rows)),
                }
            }
            left -= columns * rows;
            row += rows;
            if row == height {
                (row, column) = (0, column + columns);
            }
        }
    }
    Some(slabs)
}

/// Each number is in groups of five bits, the lowest first, of which the sixth bit says that more follow. From the third
/// on, numbers are differences to the one before the previous.
fn decompressed(text: &str) -> Option<Vec<u32>> {
    let mut counts: Vec<u32> = Vec::new();
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
            value += i64::from(counts[counts.len() - 2]);
        }
        counts.push(u32::try_from(value).ok()?);
    }
    Some(counts)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
}

/// A corner between pixels.
type Corner = (u32, u32);

/// Edges between pixels inside and outside, with the inside to the right.
#[derive(Default)]
struct Edges {
    /// By row and column of the corner where they begin, and by direction; with the corner where they end.
    from: BTreeMap<(u32, u32, Direction), Corner>,
}

impl Edges {
    fn add(&mut self, (x, y): Corner, direction: Direction, to: Corner) {
        self.from.insert((y, x, direction), to);
    }

    /// The edges at `x`, between two slabs.
    fn add_between(&mut self, x: u32, left: &Slab, right: &Slab) {
        let ends = |slab: &Slab| slab.inside.iter().flat_map(|&(start, end)| [start, end]).collect::<Vec<_>>();
        let (left, right) = (ends(left), ends(right));
        let (mut at_left, mut at_right, mut before) = (0, 0, 0);
        while let Some(&y) = left.get(at_left).into_iter().chain(right.get(at_right)).min() {
            // Inside after an odd number of ends.
            match (at_left % 2 == 1, at_right % 2 == 1) {
                (true, false) => self.add((x, before), Direction::Down, (x, y)),
                (false, true) => self.add((x, y), Direction::Up, (x, before)),
                _ => {}
            }
            at_left += usize::from(left.get(at_left) == Some(&y));
            at_right += usize::from(right.get(at_right) == Some(&y));
            before = y;
        }
    }

    fn take(&mut self, (x, y): Corner, direction: Direction) -> Option<Corner> {
        self.from.remove(&(y, x, direction))
    }

    /// Where two parts touch at a corner, the turn to the right keeps them apart.
    fn trace(&mut self) -> Outlines {
        let mut outlines = Outlines { rings: Vec::new(), holes: 0 };
        while let Some(((y, x, first), to)) = self.from.pop_first() {
            let (mut ring, mut at, mut direction) = (vec![(x, y)], to, first);
            while let Some((next, to)) = [1, 0, 3].into_iter().find_map(|turn| {
                let next = direction.turned(turn);
                Some((next, self.take(at, next)?))
            }) {
                if next != direction {
                    ring.push(at);
                }
                (at, direction) = (to, next);
            }
            if is_clockwise(&ring) {
                outlines.rings.push(ring.into_iter().map(|(x, y)| Point::new(x.into(), y.into())).collect());
            } else {
                outlines.holes += 1;
            }
        }
        outlines
    }
}

fn is_clockwise(ring: &[Corner]) -> bool {
    let next = ring.iter().cycle().skip(1);
    let doubled = ring
        .iter()
        .zip(next)
        .map(|(one, other)| i128::from(one.0) * i128::from(other.1) - i128::from(other.0) * i128::from(one.1));
    doubled.sum::<i128>() > 0
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

    /// The pixels whose centers are in the rings.
    fn filled(rings: &[Vec<Point>], width: usize, height: usize) -> Vec<String> {
        let is_inside = |x: f64, y: f64| {
            let edges = rings.iter().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)));
            edges.filter(|(a, b)| a.x > x && (a.y > y) != (b.y > y)).count() % 2 == 1
        };
        let middle = |place: usize| f64::from(u32::try_from(place).unwrap()) + 0.5;
        let row = |y| (0..width).map(|x| if is_inside(middle(x), middle(y)) { '#' } else { '.' }).collect();
        (0..height).map(row).collect()
    }

    proptest::proptest! {
        #[test]
        fn outlines_enclose_the_pixels_inside(lines in proptest::collection::vec("[#.]{7}", 1..8)) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let outlines = drawn(&lines).outlines().unwrap();
            if outlines.holes == 0 {
                assert_eq!(filled(&outlines.rings, 7, lines.len()), lines);
            }
            let turned = |ring: &[Point]| {
                let mut corners = (0..ring.len()).map(|place| {
                    let [a, b, c] = [0, 1, 2].map(|next| ring[(place + next) % ring.len()]);
                    ((b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x)) != 0.0
                });
                corners.all(|is_corner| is_corner)
            };
            assert!(outlines.rings.iter().all(|ring| turned(ring)), "{:?}", outlines.rings);
        }
    }

    #[test]
    fn the_number_of_pixels_does_not_matter() {
        let side = 1 << 30;
        let odd = (1 << 31) - 1;
        let whole = Mask { size: [1 << 15, 1 << 16], counts: Counts::Plain(vec![0, 1 << 31]) };
        let corners = |x: f64, y: f64| ring(&[(0.0, 0.0), (x, 0.0), (x, y), (0.0, y)]);
        assert_eq!(whole.outlines().unwrap().rings, [corners(65_536.0, 32_768.0)]);
        let column = Mask { size: [side, 3], counts: Counts::Plain(vec![0, side, side, side]) };
        let outlines = column.outlines().unwrap();
        assert_eq!((outlines.rings.len(), outlines.rings[0] == corners(1.0, f64::from(side))), (2, true));
        // Runs of no length separate parts of one run.
        let split = Mask { size: [2, odd], counts: Counts::Plain(vec![0, odd, 0, odd]) };
        assert_eq!(split.outlines(), Some(Outlines { rings: vec![corners(f64::from(odd), 2.0)], holes: 0 }));
        // Differences that add up beyond any number.
        let growing = Mask { size: [2, 2], counts: Counts::Compressed("oooooooo?".repeat(1_200_000)) };
        assert_eq!(growing.outlines(), None);
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
