//! Reads CVAT's XML image by image.

use std::collections::HashSet;
use std::io::{BufRead, Read};

use domain::annotation::{AttributeValue, Origin};
use domain::geometry::{PixelSize, Point, Rect};
use domain::ids::RunId;
use domain::shape::Shape;
use roxmltree::Node;

use super::super::fields::FreeGroups;
use super::super::xml::{child, parse, text_of, unescaped};
use super::IMAGES;
use crate::attributes::{OCCLUDED, untyped};
use crate::entries::ImageIndex;
use crate::error::{FileLocation, Result};
use crate::format::{Sink, SkippedPart};
use crate::input::{Input, MOST_TEXT};
use crate::model::{DatasetAnnotation, DatasetAttribute, DatasetImage, DatasetInfo, LabelTable};
use crate::outline::{from_corners, turned};
use crate::paths::{has_extension, split_named, stem};

pub fn read(input: &mut Input, sink: &mut dyn Sink) -> Result<()> {
    let mut index = ImageIndex::read(input)?;
    let mut names = input.names()?;
    names.retain(|name| has_extension(name, "xml"));
    let mut is_begun = false;
    for name in &names {
        let mut file = Elements { file: input.entry(name)?, line: 1, name };
        while let Some((element, text, line)) = file.next()? {
            let place = Place::new(name, line, &text);
            let document = parse(&text, |row| FileLocation::file(name.as_str()).at(line + row - 1))?;
            let root = document.root_element();
            match element {
                Element::Meta if !is_begun => {
                    is_begun = true;
                    sink.begin(read_labels(root))?;
                }
                Element::Meta => {}
                Element::Image => {
                    if !is_begun {
                        is_begun = true;
                        sink.begin(DatasetInfo::default())?;
                    }
                    let image = place.image(root, &mut index, sink)?;
                    sink.image(image)?;
                }
            }
        }
    }
    if is_begun { Ok(()) } else { sink.begin(DatasetInfo::default()) }
}

/// Tracks name frames by number, and there are no image files.
const VIDEO: &str = "tracks of a video are not supported; export the task as \"CVAT for images\"";

#[derive(Clone, Copy)]
enum Element {
    Meta,
    Image,
}

/// The elements `meta` and `image` of a file, as text. A file is not held in memory as a whole.
struct Elements<'a> {
    file: Box<dyn BufRead + 'a>,
    line: u64,
    name: &'a str,
}

impl Elements<'_> {
    /// The next element, its text, and the line where it begins.
    fn next(&mut self) -> Result<Option<(Element, String, u64)>> {
        let mut text = Vec::new();
        let mut found: Option<(Element, u64)> = None;
        loop {
            let before = text.len();
            let most = (MOST_TEXT + 1).saturating_sub(before as u64);
            let count = self.file.by_ref().take(most).read_until(b'>', &mut text)?;
            if count as u64 == most {
                return Err(FileLocation::file(self.name).at(self.line).malformed("the element is too large"));
            }
            if count == 0 {
                return match found {
                    Some((_, line)) => {
                        Err(FileLocation::file(self.name).at(line).malformed("the element does not end"))
                    }
                    None => Ok(None),
                };
            }
            let piece = &text[before..];
            let start = piece.iter().position(|byte| *byte == b'<').unwrap_or(piece.len());
            let begins = |name: &str| {
                let rest = piece[start..].strip_prefix(b"<").and_then(|rest| rest.strip_prefix(name.as_bytes()));
                rest.and_then(<[u8]>::first)
                    .is_some_and(|next| next.is_ascii_whitespace() || matches!(next, b'>' | b'/'))
            };
            let line = self.line + lines(&piece[..start]);
            if found.is_none() && begins("track") {
                return Err(FileLocation::file(self.name).at(line).malformed(VIDEO));
            }
            self.line += lines(piece);
            let element = match found {
                Some((element, _)) => element,
                None if begins("image") => Element::Image,
                None if begins("meta") => Element::Meta,
                None => {
                    text.clear();
                    continue;
                }
            };
            let is_whole = found.is_none() && piece.ends_with(b"/>");
            if found.is_none() {
                text.drain(..start);
                found = Some((element, line));
            }
            let end: &[u8] = match element {
                Element::Meta => b"</meta>",
                Element::Image => b"</image>",
            };
            if is_whole || text.ends_with(end) {
                let line = found.map_or(line, |(_, line)| line);
                let text = String::from_utf8(text);
                let text = text.map_err(|_| FileLocation::file(self.name).at(line).malformed("not valid UTF-8"))?;
                return Ok(Some((element, text, line)));
            }
        }
    }
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// Labels of a task, a project or a job, with their attributes.
fn read_labels(meta: Node<'_, '_>) -> DatasetInfo {
    let mut info = DatasetInfo::default();
    let (mut labels, mut known) = (LabelTable::default(), HashSet::new());
    for label in meta.descendants().filter(|node| node.has_tag_name("label")) {
        let Some(name) = text_of(label, "name") else { continue };
        labels.add(labels.labels().len() as u64 + 1, name);
        let listed = child(label, "attributes");
        for attribute in listed.iter().flat_map(Node::children).filter(|node| node.has_tag_name("attribute")) {
            let Some(name) = text_of(attribute, "name") else { continue };
            if known.insert(name.clone()) {
                info.attributes.push(DatasetAttribute { name, kind: None });
            }
        }
    }
    info.labels = labels;
    info
}

/// The place of an element.
struct Place<'a> {
    name: &'a str,
    line: u64,
    /// Where the lines of the element end, in bytes.
    ends: Vec<usize>,
}

impl<'a> Place<'a> {
    fn new(name: &'a str, line: u64, text: &str) -> Self {
        Self { name, line, ends: text.match_indices('\n').map(|(end, _)| end).collect() }
    }

    fn of(&self, node: Node<'_, '_>) -> FileLocation {
        let before = self.ends.partition_point(|end| *end < node.range().start);
        FileLocation::file(self.name).at(self.line + before as u64)
    }

    fn number<T: std::str::FromStr>(&self, node: Node<'_, '_>, name: &str) -> Result<T> {
        let text = node.attribute(name).unwrap_or_default();
        text.trim().parse().map_err(|_| self.of(node).with_field(name).malformed(format!("{text:?} is not a number")))
    }

    /// A coordinate, which is finite.
    fn pixels(&self, node: Node<'_, '_>, name: &str) -> Result<f64> {
        let number: f64 = self.number(node, name)?;
        if number.is_finite() {
            return Ok(number);
        }
        let text = node.attribute(name).unwrap_or_default();
        Err(self.of(node).with_field(name).malformed(format!("{text:?} is not a number")))
    }

    fn image(&self, node: Node<'_, '_>, index: &mut ImageIndex, sink: &mut dyn Sink) -> Result<DatasetImage> {
        let name = unescaped(node.attribute("name").unwrap_or_default());
        let size = PixelSize::new(self.number(node, "width")?, self.number(node, "height")?);
        let split = node.attribute("subset").and_then(split_named);
        let mut image = index.image(stem(&format!("{IMAGES}{name}")), &name, Some(size), split);
        let numbered = node.children().filter_map(|element| element.attribute("group_id")?.parse().ok());
        let mut groups = FreeGroups::new(numbered);
        for element in node.children().filter(Node::is_element) {
            let label = unescaped(element.attribute("label").unwrap_or_default());
            let skip = |reason| SkippedPart { place: self.of(element).to_string(), reason };
            let shape = match element.tag_name().name() {
                "box" => self.bounds(element, size, sink)?,
                "polygon" => match self.points(element)? {
                    points if points.len() < 3 => {
                        return Err(self.of(element).malformed("a polygon has fewer than three corners"));
                    }
                    points => Shape::Polygon { points },
                },
                "points" => {
                    // Several points under one label are one object.
                    let mut points: Vec<DatasetAnnotation> = Vec::new();
                    for at in self.points(element)? {
                        points.push(self.annotation(element, &label, Shape::Point { at })?);
                    }
                    groups.join(&mut points);
                    image.annotations.append(&mut points);
                    continue;
                }
                "tag" => Shape::ImageTag,
                "attribute" => continue,
                "mask" => {
                    sink.skipped(skip("masks are not supported; the box is read"));
                    let [x, y] = [self.pixels(element, "left")?, self.pixels(element, "top")?];
                    let [width, height] = [self.pixels(element, "width")?, self.pixels(element, "height")?];
                    Shape::Box { rect: Rect::new(x, y, x + width, y + height) }
                }
                _ => {
                    sink.skipped(skip("lines, ellipses, cuboids and skeletons are not supported"));
                    continue;
                }
            };
            image.annotations.push(self.annotation(element, &label, shape)?);
        }
        Ok(image)
    }

    /// A box, which may be turned about its center by `rotation` degrees.
    fn bounds(&self, node: Node<'_, '_>, size: PixelSize, sink: &mut dyn Sink) -> Result<Shape> {
        let number = |name| self.pixels(node, name);
        let rect = Rect::new(number("xtl")?, number("ytl")?, number("xbr")?, number("ybr")?);
        let degrees = if node.has_attribute("rotation") { number("rotation")? } else { 0.0 };
        if degrees == 0.0 {
            return Ok(Shape::Box { rect });
        }
        let center = Point::new(f64::midpoint(rect.x1, rect.x2), f64::midpoint(rect.y1, rect.y2));
        let turned = turned(rect, center, degrees);
        let is_inside = turned.iter().all(|corner| *corner == corner.clamped(size));
        if !is_inside {
            let place = self.of(node).to_string();
            sink.skipped(SkippedPart { place, reason: "a turned box reaches beyond the image" });
        }
        Ok(from_corners(turned))
    }

    fn points(&self, node: Node<'_, '_>) -> Result<Vec<Point>> {
        let text = node.attribute("points").unwrap_or_default();
        let point = |pair: &str| {
            let (x, y) = pair.split_once(',')?;
            Some(Point::new(x.trim().parse().ok()?, y.trim().parse().ok()?)).filter(|point| point.is_finite())
        };
        let points: Option<Vec<Point>> = text.split(';').map(point).collect();
        points.ok_or_else(|| self.of(node).with_field("points").malformed("expected x,y;x,y"))
    }

    fn annotation(&self, node: Node<'_, '_>, label: &str, shape: Shape) -> Result<DatasetAnnotation> {
        let mut annotation = DatasetAnnotation::new(label, shape);
        for attribute in node.children().filter(|node| node.has_tag_name("attribute")) {
            let value = untyped(&unescaped(attribute.text().unwrap_or_default()));
            annotation.attributes.insert(unescaped(attribute.attribute("name").unwrap_or_default()), value);
        }
        annotation.origin = match node.attribute("run") {
            Some("") => Some(Origin::Person),
            Some(_) => Some(Origin::Run { run: RunId(self.number(node, "run")?) }),
            None => None,
        };
        if node.has_attribute("propagated_from") {
            annotation.propagated_from = Some(self.number(node, "propagated_from")?);
        }
        if node.attribute("group_id").is_some_and(|group| group != "0") {
            annotation.group = Some(self.number(node, "group_id")?);
        }
        if node.attribute("occluded") == Some("1") {
            annotation.attributes.entry(OCCLUDED.to_owned()).or_insert(AttributeValue::YesNo(true));
        }
        Ok(annotation)
    }
}
