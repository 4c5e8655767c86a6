//! Draws annotations on copies of photos. Lines and text scale with the picture; each line has a dark casing, so that it
//! shows on any photo.

use crate::Pixels;
use crate::pixels::multiply;
use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont, point};
use domain::geometry::{Point, Rect};
use domain::shape::Shape;
use std::ops::Range;

/// Inter, semi-bold, Latin letters, with its licence beside it. Other scripts show as empty boxes.
const FONT: &[u8] = include_bytes!("../fonts/inter-semibold.ttf");

const LINE_PER_LONG_EDGE: f64 = 0.003;
const MIN_LINE: f64 = 2.0;
const TEXT_PER_LONG_EDGE: f64 = 0.016;
const MIN_TEXT: f64 = 12.0;

const CASING: [u8; 3] = [16, 16, 16];
/// In line widths.
const DASH: i64 = 4;
const GAP: i64 = 3;
/// Radius of a point, in line widths.
const MARKER: i64 = 2;

/// A shape with its label, as drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnAnnotation {
    /// In pixels of the picture that is drawn on. Of the whole picture, only the label is drawn, in its corner.
    pub shape: Shape,
    /// No tag is drawn for an empty text.
    pub text: String,
    pub color: [u8; 3],
    pub dashed: bool,
}

/// Draws `annotations` over `pixels`, all outlines first, so that no line crosses a label. Parts outside the picture are
/// clipped; annotations entirely outside, or without finite corners, are skipped.
pub fn draw_annotations(pixels: &mut Pixels, annotations: &[DrawnAnnotation]) {
    let long_edge = f64::from(pixels.size.long_edge());
    let line = rounded((LINE_PER_LONG_EDGE * long_edge).max(MIN_LINE));
    let lettering = Lettering::new((TEXT_PER_LONG_EDGE * long_edge).max(MIN_TEXT));
    let (width, height) = (i64::from(pixels.size.width), i64::from(pixels.size.height));
    let mut canvas = Canvas { width, height, rgb: &mut pixels.rgb };
    let placed: Vec<(&DrawnAnnotation, Option<Block>)> = annotations
        .iter()
        .filter(|annotation| is_finite(&annotation.shape))
        .map(|annotation| (annotation, annotation.shape.bounds().map(Block::around)))
        .filter(|(_, block)| block.is_none_or(|block| canvas.shows(block)))
        .collect();
    for (annotation, block) in &placed {
        match (&annotation.shape, block) {
            (Shape::Box { .. }, Some(block)) => canvas.outline(*block, line, annotation),
            (Shape::Polygon { points }, _) => canvas.polygon(points, line, annotation),
            (Shape::Point { at }, _) => canvas.marker(*at, line, annotation.color),
            _ => {}
        }
    }
    let mut top_of_next = 0;
    for (annotation, block) in &placed {
        match block {
            Some(block) if matches!(annotation.shape, Shape::Point { .. }) => {
                canvas.label(block.grown(MARKER * line), line, annotation, &lettering);
            }
            Some(block) => canvas.label(*block, line, annotation, &lettering),
            None => {
                canvas.tag(0, top_of_next, line, annotation, &lettering);
                top_of_next += lettering.tag_height() + line;
            }
        }
    }
}

fn is_finite(shape: &Shape) -> bool {
    let is_finite = |point: &Point| point.x.is_finite() && point.y.is_finite();
    match shape {
        Shape::Box { rect } => rect.is_finite(),
        Shape::Polygon { points } => !points.is_empty() && points.iter().all(is_finite),
        Shape::Point { at } => is_finite(at),
        Shape::ImageTag | Shape::Caption { .. } => true,
    }
}

/// A rectangle of whole pixels; `right` and `bottom` are exclusive.
#[derive(Clone, Copy)]
struct Block {
    left: i64,
    top: i64,
    right: i64,
    bottom: i64,
}

impl Block {
    fn around(rect: Rect) -> Self {
        let rect = rect.ordered();
        Self { left: rounded(rect.x1), top: rounded(rect.y1), right: rounded(rect.x2), bottom: rounded(rect.y2) }
    }

    const fn new(left: i64, top: i64, width: i64, height: i64) -> Self {
        Self { left, top, right: left + width, bottom: top + height }
    }

    const fn grown(self, by: i64) -> Self {
        Self { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }
}

struct Canvas<'a> {
    width: i64,
    height: i64,
    rgb: &'a mut [u8],
}

impl Canvas<'_> {
    fn outline(&mut self, block: Block, line: i64, annotation: &DrawnAnnotation) {
        let casing = (line / 2).max(1);
        // The line is centered on the edge of the box.
        let outer = block.grown(line - line / 2);
        self.frame(outer.grown(casing), line + 2 * casing, CASING);
        if annotation.dashed {
            self.dashes(outer, line, annotation.color);
        } else {
            self.frame(outer, line, annotation.color);
        }
    }

    fn frame(&mut self, outer: Block, line: i64, color: [u8; 3]) {
        let Block { left, top, right, bottom } = outer;
        self.fill(Block { bottom: top + line, ..outer }, color);
        self.fill(Block { top: bottom - line, ..outer }, color);
        self.fill(Block { left, top, right: left + line, bottom }, color);
        self.fill(Block { left: right - line, top, right, bottom }, color);
    }

    fn dashes(&mut self, outer: Block, line: i64, color: [u8; 3]) {
        let Block { left, top, right, bottom } = outer;
        let dash = DASH * line;
        let step = usize::try_from((DASH + GAP) * line).unwrap_or(1);
        for x in (left..right).step_by(step) {
            let end = (x + dash).min(right);
            self.fill(Block { left: x, top, right: end, bottom: top + line }, color);
            self.fill(Block { left: x, top: bottom - line, right: end, bottom }, color);
        }
        for y in (top..bottom).step_by(step) {
            let end = (y + dash).min(bottom);
            self.fill(Block { left, top: y, right: left + line, bottom: end }, color);
            self.fill(Block { left: right - line, top: y, right, bottom: end }, color);
        }
    }

    fn shows(&self, block: Block) -> bool {
        block.right >= 0 && block.bottom >= 0 && block.left <= self.width && block.top <= self.height
    }

    fn polygon(&mut self, points: &[Point], line: i64, annotation: &DrawnAnnotation) {
        let casing = (line / 2).max(1);
        let sides: Vec<(Point, Point)> =
            points.iter().zip(points.iter().cycle().skip(1)).map(|(from, to)| (*from, *to)).collect();
        for (from, to) in &sides {
            self.segment(*from, *to, line + 2 * casing, CASING, None);
        }
        let dash = annotation.dashed.then_some(line);
        for (from, to) in sides {
            self.segment(from, to, line, annotation.color, dash);
        }
    }

    /// A line of this width; with dashes if it is of a dashed line of the width `dash`.
    fn segment(&mut self, from: Point, to: Point, width: i64, color: [u8; 3], dash: Option<i64>) {
        let Some((from, to)) = self.clipped(from, to, width) else { return };
        let length = (to.x - from.x).hypot(to.y - from.y);
        let steps = rounded(length.ceil()).max(1);
        for step in 0..=steps {
            if dash.is_some_and(|line| step % ((DASH + GAP) * line) >= DASH * line) {
                continue;
            }
            #[expect(clippy::cast_precision_loss, reason = "no line is longer than a picture")]
            let share = step as f64 / steps as f64;
            self.disc(from.x + share * (to.x - from.x), from.y + share * (to.y - from.y), width, color);
        }
    }

    /// The part of a line that is in the picture or nearer to it than `margin` (Liang and Barsky).
    fn clipped(&self, from: Point, to: Point, margin: i64) -> Option<(Point, Point)> {
        #[expect(clippy::cast_precision_loss, reason = "no picture is that large")]
        let [width, height, margin] = [self.width, self.height, margin].map(|length| length as f64);
        let (across, down) = (to.x - from.x, to.y - from.y);
        let (mut begin, mut end) = (0.0_f64, 1.0_f64);
        for (direction, distance) in [
            (-across, from.x + margin),
            (across, width + margin - from.x),
            (-down, from.y + margin),
            (down, height + margin - from.y),
        ] {
            if direction == 0.0 {
                if distance < 0.0 {
                    return None;
                }
            } else if direction < 0.0 {
                begin = begin.max(distance / direction);
            } else {
                end = end.min(distance / direction);
            }
        }
        let at = |share: f64| Point::new(from.x + share * across, from.y + share * down);
        (begin <= end).then(|| (at(begin), at(end)))
    }

    fn marker(&mut self, at: Point, line: i64, color: [u8; 3]) {
        self.disc(at.x, at.y, 2 * (MARKER * line + (line / 2).max(1)), CASING);
        self.disc(at.x, at.y, 2 * MARKER * line, color);
    }

    /// A disc of this diameter.
    fn disc(&mut self, x: f64, y: f64, diameter: i64, color: [u8; 3]) {
        #[expect(clippy::cast_precision_loss, reason = "no line is that wide")]
        let radius = diameter as f64 / 2.0;
        for row in rounded(y - radius)..rounded(y + radius) {
            #[expect(clippy::cast_precision_loss, reason = "a row of a picture")]
            let above = row as f64 + 0.5 - y;
            let half = (radius * radius - above * above).max(0.0).sqrt();
            self.fill(Block { left: rounded(x - half), top: row, right: rounded(x + half), bottom: row + 1 }, color);
        }
    }

    /// A tag above the top left corner, or inside the box if there is no room above, shifted into the picture.
    fn label(&mut self, block: Block, line: i64, annotation: &DrawnAnnotation, lettering: &Lettering) {
        let corner = block.grown(line - line / 2);
        let above = corner.top - lettering.tag_height();
        self.tag(corner.left, if above >= 0 { above } else { corner.top }, line, annotation, lettering);
    }

    /// A tag with its top left corner there, shifted into the picture.
    fn tag(&mut self, left: i64, top: i64, line: i64, annotation: &DrawnAnnotation, lettering: &Lettering) {
        let text = lettering.set(&annotation.text);
        if text.glyphs.is_empty() {
            return;
        }
        let padding = lettering.padding;
        let (width, height) = (text.width + 2 * padding, lettering.tag_height());
        let (left, top) = (left.min(self.width - width).max(0), top.max(0).min(self.height - height).max(0));
        let tag = Block::new(left, top, width, height);
        self.fill(tag.grown((line / 2).max(1)), CASING);
        self.fill(tag, annotation.color);
        let ink = ink_on(annotation.color);
        lettering.draw(&text, left + padding, top + padding, |x, y, coverage| self.blend(x, y, ink, coverage));
    }

    fn fill(&mut self, block: Block, color: [u8; 3]) {
        let columns = visible(block.left..block.right, self.width);
        for y in visible(block.top..block.bottom, self.height) {
            for x in columns.clone() {
                self.blend(x, y, color, u8::MAX);
            }
        }
    }

    /// Blends `color` into a pixel, fully for a `coverage` of 255. Ignores pixels outside the picture.
    fn blend(&mut self, x: i64, y: i64, color: [u8; 3], coverage: u8) {
        if !(0..self.width).contains(&x) || !(0..self.height).contains(&y) {
            return;
        }
        let Ok(start) = usize::try_from(3 * (y * self.width + x)) else {
            return;
        };
        for (old, new) in self.rgb[start..start + 3].iter_mut().zip(color) {
            *old = multiply(*old, 255 - coverage).saturating_add(multiply(new, coverage));
        }
    }
}

/// `range` clipped to 0 to `limit`.
fn visible(range: Range<i64>, limit: i64) -> Range<i64> {
    range.start.max(0)..range.end.min(limit)
}

/// The font at one size.
struct Lettering {
    font: FontRef<'static>,
    scale: PxScale,
    /// Height of a line, in pixels.
    height: i64,
    /// Between text and tag edge, in pixels.
    padding: i64,
}

/// A line of text; glyph positions from the left, in pixels.
struct Text {
    glyphs: Vec<(GlyphId, f32)>,
    width: i64,
}

impl Lettering {
    fn new(size: f64) -> Self {
        #[expect(clippy::expect_used, reason = "the font is part of the program, and a test draws with it")]
        let font = FontRef::try_from_slice(FONT).expect("the embedded font is valid");
        #[expect(clippy::cast_possible_truncation, reason = "a text size needs no more than a few digits")]
        let scale = PxScale::from(size as f32);
        let height = font.as_scaled(scale).height().into();
        Self { font, scale, height: rounded(height), padding: rounded(size / 6.0) }
    }

    fn tag_height(&self) -> i64 {
        self.height + 2 * self.padding
    }

    fn set(&self, text: &str) -> Text {
        let font = self.font.as_scaled(self.scale);
        let mut width = 0.0;
        let mut glyphs = Vec::new();
        for character in text.trim().chars() {
            // Tags are single-line.
            let glyph = font.glyph_id(if character.is_control() { ' ' } else { character });
            glyphs.push((glyph, width));
            width += font.h_advance(glyph);
        }
        Text { glyphs, width: rounded(f64::from(width).ceil()) }
    }

    /// Calls `ink` with each covered pixel and its coverage; (`left`, `top`) is the corner of the text.
    fn draw(&self, text: &Text, left: i64, top: i64, mut ink: impl FnMut(i64, i64, u8)) {
        let ascent = self.font.as_scaled(self.scale).ascent();
        for &(glyph, offset) in &text.glyphs {
            // Spaces have no outline.
            let Some(outline) =
                self.font.outline_glyph(glyph.with_scale_and_position(self.scale, point(offset, ascent)))
            else {
                continue;
            };
            let bounds = outline.px_bounds();
            let (x, y) = (left + rounded(bounds.min.x.into()), top + rounded(bounds.min.y.into()));
            outline.draw(|column, row, coverage| {
                ink(x + i64::from(column), y + i64::from(row), share(coverage));
            });
        }
    }
}

/// Nearly black or white, whichever is more readable on `color`.
fn ink_on(color: [u8; 3]) -> [u8; 3] {
    let [red, green, blue] = color.map(u32::from);
    // Luma by Rec. 601, in thousandths; above about two thirds black contrasts more.
    if 299 * red + 587 * green + 114 * blue > 150_000 { CASING } else { [255; 3] }
}

/// Rounds to whole pixels, clamped far outside of any picture.
fn rounded(value: f64) -> i64 {
    const FAR: f64 = 1e7;
    #[expect(clippy::cast_possible_truncation, reason = "clamped to what an i64 holds")]
    let pixels = value.clamp(-FAR, FAR).round() as i64;
    pixels
}

/// A share from 0 to 1, in 255ths.
fn share(coverage: f32) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what a u8 holds")]
    let share = (coverage.clamp(0.0, 1.0) * 255.0).round() as u8;
    share
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::pixel;
    use domain::geometry::PixelSize;

    const GREY: [u8; 3] = [120, 120, 120];
    const ORANGE: [u8; 3] = [230, 159, 0];

    fn grey(width: u32, height: u32) -> Pixels {
        Pixels { size: PixelSize::new(width, height), rgb: GREY.repeat((width * height) as usize) }
    }

    fn annotation(rect: Rect, text: &str, dashed: bool) -> DrawnAnnotation {
        DrawnAnnotation { shape: Shape::Box { rect }, text: text.to_owned(), color: ORANGE, dashed }
    }

    #[test]
    fn lines_lie_on_the_edges_of_the_box() {
        let mut picture = grey(1000, 800);
        draw_annotations(&mut picture, &[annotation(Rect::new(200.0, 300.0, 600.0, 700.0), "", false)]);
        for (x, y) in [(200, 500), (599, 500), (400, 300), (400, 699), (200, 300), (599, 699)] {
            assert_eq!(pixel(&picture, x, y), ORANGE, "({x}, {y})");
        }
        // 0.3 % of 1,000 pixels is a line of 3, with a casing of 1 on both sides.
        let across: Vec<_> = (196..204).map(|x| pixel(&picture, x, 500)).collect();
        assert_eq!(across, [GREY, CASING, ORANGE, ORANGE, ORANGE, CASING, GREY, GREY]);
        assert_eq!(pixel(&picture, 400, 500), GREY);
    }

    #[test]
    fn dashed_lines_have_gaps_of_casing() {
        let mut picture = grey(1000, 800);
        draw_annotations(&mut picture, &[annotation(Rect::new(200.0, 300.0, 600.0, 700.0), "", true)]);
        let along: Vec<_> = (200..600).map(|x| pixel(&picture, x, 300)).collect();
        let dashes = along.chunk_by(|a, b| a == b).filter(|run| run[0] == ORANGE).count();
        assert_eq!(dashes, 20);
        assert!(along.iter().all(|color| [ORANGE, CASING].contains(color)));
    }

    #[test]
    fn labels_are_written_and_stay_in_the_picture() {
        for (x, y) in [(100.0, 100.0), (0.0, 0.0), (780.0, 580.0)] {
            let mut without = grey(800, 600);
            let mut with = without.clone();
            let rect = Rect::new(x, y, x + 20.0, y + 20.0);
            draw_annotations(&mut without, &[annotation(rect, "", false)]);
            draw_annotations(&mut with, &[annotation(rect, "Great tit 0.93", false)]);
            let changed = (0..600).flat_map(|y| (0..800).map(move |x| (x, y)));
            let tag: Vec<_> = changed.filter(|&(x, y)| pixel(&with, x, y) != pixel(&without, x, y)).collect();
            assert!(tag.len() > 800, "a tag of {} pixels at ({x}, {y})", tag.len());
            let ink = tag.iter().filter(|&&(x, y)| pixel(&with, x, y) == CASING).count();
            assert!(ink > 100, "{ink} pixels of ink");
        }
    }

    #[test]
    fn polygons_and_points_are_drawn_where_they_are() {
        let mut picture = grey(1000, 800);
        let corners = [(200.0, 100.0), (600.0, 100.0), (400.0, 500.0)].map(|(x, y)| Point::new(x, y));
        let drawn = |shape| DrawnAnnotation { shape, text: String::new(), color: ORANGE, dashed: false };
        let polygon = drawn(Shape::Polygon { points: corners.to_vec() });
        draw_annotations(&mut picture, &[polygon, drawn(Shape::Point { at: Point::new(800.0, 600.0) })]);
        for (x, y) in [(200, 100), (400, 100), (599, 100), (400, 499), (300, 300), (500, 300), (800, 600), (803, 600)] {
            assert_eq!(pixel(&picture, x, y), ORANGE, "({x}, {y})");
        }
        assert_eq!([(300, 98), (807, 600)].map(|(x, y)| pixel(&picture, x, y)), [CASING, GREY]);
        for (x, y) in [(400, 250), (210, 300), (800, 590), (400, 105)] {
            assert_eq!(pixel(&picture, x, y), GREY, "({x}, {y})");
        }
    }

    #[test]
    fn labels_of_the_whole_picture_are_one_below_the_other() {
        let tag = |text: &str| DrawnAnnotation {
            shape: Shape::ImageTag,
            ..annotation(Rect::new(0.0, 0.0, 0.0, 0.0), text, false)
        };
        let (mut one, mut two) = (grey(800, 600), grey(800, 600));
        draw_annotations(&mut one, &[tag("outdoors")]);
        draw_annotations(&mut two, &[tag("outdoors"), tag("night")]);
        let rows = |picture: &Pixels| (0..600).filter(|&y| (0..800).any(|x| pixel(picture, x, y) != GREY)).count();
        assert!(rows(&one) >= 12 && rows(&two) > 2 * rows(&one) - 2, "{} and {}", rows(&one), rows(&two));
    }

    #[test]
    fn annotations_beyond_the_picture_are_cut_off() {
        let far = 1e12;
        let rects = [
            Rect::new(-far, -far, far, far),
            Rect::new(-50.0, 10.0, 30.0, far),
            Rect::new(400.0, 400.0, 500.0, 500.0),
            Rect::new(f64::NAN, 0.0, 10.0, 10.0),
            Rect::new(30.0, 30.0, 10.0, 10.0),
            Rect::new(5.0, 5.0, 5.0, 5.0),
        ];
        let annotations: Vec<_> =
            rects.iter().flat_map(|&rect| [annotation(rect, "bird", true), annotation(rect, "bird", false)]).collect();
        let corners =
            |rect: Rect| vec![Point::new(rect.x1, rect.y1), Point::new(rect.x2, rect.y2), Point::new(0.0, far)];
        let others = rects.iter().flat_map(|&rect| {
            let shapes = [Shape::Polygon { points: corners(rect) }, Shape::Point { at: Point::new(rect.x1, rect.y2) }];
            shapes.map(|shape| DrawnAnnotation { shape, ..annotation(rect, "bird", true) })
        });
        let annotations: Vec<_> = annotations.into_iter().chain(others).collect();
        for (width, height) in [(1, 1), (3, 200), (300, 200)] {
            draw_annotations(&mut grey(width, height), &annotations);
        }
    }
}
