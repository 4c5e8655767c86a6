//! Reads YOLO datasets: Ultralytics' layout, `images` and `labels` in folders of splits as Roboflow has it, and text files
//! beside their images as Darknet has it.

use std::collections::{BTreeMap, HashMap};

use domain::geometry::{PixelSize, Point, Rect};
use domain::import::is_image_name;
use domain::shape::Shape;

use super::names::DataYaml;
use crate::entries::ImageIndex;
use crate::error::{FileLocation, Result};
use crate::format::{Sink, SkippedPart};
use crate::image_size::upright_size;
use crate::input::Input;
use crate::key_points::KeyPoint;
use crate::model::{DatasetAnnotation, DatasetInfo, LabelTable};
use crate::outline::from_corners;
use crate::paths::{file_part, has_extension, split_of_path, stem};

/// Files with class names only, one per line.
const NAME_FILES: [&str; 4] = ["classes.txt", "obj.names", "labels.txt", "classes.names"];

const NO_IMAGE: &str = "there is no image for this text file";
const NO_TEXT: &str = "no image has a text file with its objects";

pub fn read(input: &mut Input, task: &str, sink: &mut dyn Sink) -> Result<()> {
    let names = input.names()?;
    let mut yaml = read_names(input, &names)?;
    let labels: HashMap<u64, String> =
        yaml.labels.labels().iter().map(|label| (label.id - 1, label.name.clone())).collect();
    sink.begin(DatasetInfo { labels: std::mem::take(&mut yaml.labels), ..DatasetInfo::default() })?;
    let is_oriented = yaml.task.as_deref().unwrap_or(task) == "obb";
    let lines = Lines { labels, is_oriented, key_points: yaml.key_points, key_point_names: yaml.key_point_names };

    let mut index = ImageIndex::read(input)?;
    // Image files and the annotation file, by the path of the image without extension. Trainers read images that differ
    // in their extension with the same annotations.
    let mut images: BTreeMap<String, (Vec<&str>, Option<&str>)> = BTreeMap::new();
    for name in names.iter().filter(|name| is_image_name(name)) {
        images.entry(stem(name).to_owned()).or_default().0.push(name);
    }
    let has_images = !images.is_empty();
    let has_label_folders = names.iter().any(|name| is_text(name) && in_label_folder(name));
    for name in names.iter().filter(|name| has_extension(name, "txt")) {
        let stems = if has_label_folders { image_stems(name) } else { vec![stem(name).to_owned()] };
        let known = stems.iter().find(|stem| images.contains_key(*stem) || index.position(stem) < usize::MAX);
        let guessed = stems.first().filter(|_| has_label_folders && is_text(name));
        if let Some(image) = known.or(guessed).cloned() {
            images.entry(image).or_default().1 = Some(name);
        } else if is_text(name) && is_annotation(&input.text(name)?) {
            sink.skipped(SkippedPart { place: name.clone(), reason: NO_IMAGE });
        }
    }
    // Photos alone say nothing about what is on them.
    if !images.is_empty() && images.values().all(|(_, annotations)| annotations.is_none()) {
        return Err(FileLocation::file("labels").malformed(NO_TEXT));
    }
    let mut images: Vec<_> = images.into_iter().collect();
    images.sort_by_key(|(stem, _)| index.position(stem));
    for (image_stem, (files, annotations)) in images {
        let is_listed = index.position(&image_stem) < usize::MAX;
        if let Some(name) = annotations.filter(|_| has_images && files.is_empty() && !is_listed) {
            sink.skipped(SkippedPart { place: name.to_owned(), reason: NO_IMAGE });
            continue;
        }
        let text = annotations.map(|name| input.text(name)).transpose()?;
        let split = split_of_path(&image_stem);
        for number in 0..files.len().max(1) {
            let file = files.get(number).copied();
            let file_name = file.unwrap_or(&image_stem);
            let mut image = if number == 0 {
                index.image(&image_stem, file_name, None, split)
            } else {
                index.unlisted(file_name, None, split)
            };
            if let (None, Some(file)) = (image.size, file) {
                image.size = upright_size(input, file)?;
            }
            let objects = text.iter().flat_map(|text| text.lines()).enumerate();
            for (number, line) in objects.filter(|(_, line)| !line.trim().is_empty()) {
                let place = FileLocation::file(annotations.unwrap_or_default()).at(number as u64 + 1);
                let known = image.size.map_or_else(|| input.size_elsewhere(file_name), |size| Ok(Some(size)))?;
                let Some(size) = known else {
                    sink.skipped(SkippedPart { place: place.to_string(), reason: "the size of its image is unknown" });
                    break;
                };
                lines.read(line, size, place, &mut image.annotations)?;
            }
            sink.image(image)?;
        }
    }
    Ok(())
}

fn is_text(name: &str) -> bool {
    has_extension(name, "txt") && !NAME_FILES.contains(&file_part(name))
}

/// Whether the first line of a text is an object: a class and at least four coordinates.
fn is_annotation(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut words = first.split_ascii_whitespace();
    words.clone().count() > 4 && words.all(|word| word.parse::<f64>().is_ok())
}

fn in_label_folder(name: &str) -> bool {
    name.split('/').rev().skip(1).any(|part| part == "labels")
}

/// Where the image of an annotation file may be, without extension: a folder `labels` is then `images`, usually the last
/// one. Empty for other text files.
fn image_stems(name: &str) -> Vec<String> {
    let parts: Vec<&str> = stem(name).split('/').collect();
    let places = (0..parts.len() - 1).rev().filter(|place| parts[*place] == "labels");
    let stems = places.map(|place| {
        let mut parts = parts.clone();
        parts[place] = "images";
        parts.join("/")
    });
    stems.collect()
}

fn read_names(input: &mut Input, names: &[String]) -> Result<DataYaml> {
    let is_yaml = |name: &&String| has_extension(name, "yaml") || has_extension(name, "yml");
    for name in names.iter().filter(is_yaml).filter(|name| !name.contains('/')) {
        let yaml = DataYaml::parse(name, &input.text(name)?)?;
        if !yaml.labels.labels().is_empty() || name == "data.yaml" {
            return Ok(yaml);
        }
    }
    let list = names.iter().find(|name| NAME_FILES.contains(&file_part(name)));
    let mut labels = LabelTable::default();
    if let Some(list) = list {
        for (class, name) in input.text(list)?.lines().enumerate() {
            labels.add(class as u64 + 1, name.trim().to_owned());
        }
    }
    Ok(DataYaml { labels, ..DataYaml::default() })
}

/// What lines mean.
struct Lines {
    /// Names by class, from 0.
    labels: HashMap<u64, String>,
    is_oriented: bool,
    key_points: Option<(usize, usize)>,
    key_point_names: Vec<String>,
}

impl Lines {
    fn read(
        &self,
        line: &str,
        size: PixelSize,
        place: FileLocation,
        annotations: &mut Vec<DatasetAnnotation>,
    ) -> Result<()> {
        let mut words = line.split_ascii_whitespace();
        let class = words.next().unwrap_or_default();
        // Some programs write `0.0`.
        let number = class.split('.').next().and_then(|class| class.parse().ok());
        let label = number.map(|number: u64| self.labels.get(&number).cloned().unwrap_or_else(|| number.to_string()));
        let Some(label) = label else { return Err(place.malformed(format!("{class:?} is not a class number"))) };
        let numbers: std::result::Result<Vec<f64>, _> = words.map(str::parse).collect();
        let Ok(numbers) = numbers else { return Err(place.malformed("a coordinate is not a number")) };
        if !numbers.iter().all(|number| number.is_finite()) {
            return Err(place.malformed("a coordinate is not a number"));
        }
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let points: Vec<Point> =
            numbers.chunks_exact(2).map(|point| Point::new(point[0] * width, point[1] * height)).collect();
        let box_of = |center: Point, extent: Point| {
            let (x, y) = (extent.x / 2.0, extent.y / 2.0);
            Shape::Box { rect: Rect::new(center.x - x, center.y - y, center.x + x, center.y + y) }
        };
        let (shape, confidence) = match (numbers.len(), self.key_points) {
            (0..4, _) => return Err(place.malformed("an object has at least four coordinates")),
            (length, Some((count, dimensions)))
                if dimensions >= 2 && count.checked_mul(dimensions) == Some(length - 4) =>
            {
                let mut names = self.key_point_names.iter();
                let mut found = Vec::new();
                for (point, number) in numbers[4..].chunks_exact(dimensions).zip(1..) {
                    let name = names.next().map(String::as_str);
                    // Key points that are not labelled are 0, or have the visibility 0.
                    if point.get(2).map_or(point[0] != 0.0 || point[1] != 0.0, |visibility| *visibility > 0.0) {
                        let is_hidden = point.get(2).is_some_and(|visibility| *visibility < 2.0);
                        let at = Point::new(point[0] * width, point[1] * height);
                        found.push(KeyPoint::new(at, name, number, is_hidden));
                    }
                }
                let group = (!found.is_empty())
                    .then(|| annotations.iter().filter_map(|each| each.group).max().unwrap_or(0) + 1);
                let object = DatasetAnnotation { group, ..DatasetAnnotation::new(label, box_of(points[0], points[1])) };
                let points: Vec<_> = found.into_iter().map(|point| point.annotation(&object)).collect();
                annotations.push(object);
                annotations.extend(points);
                return Ok(());
            }
            (length @ (4 | 5), _) => (box_of(points[0], points[1]), (length == 5).then(|| numbers[4])),
            (length @ (8 | 9), _) if self.is_oriented => {
                let corners = [points[0], points[1], points[2], points[3]];
                (from_corners(corners), (length == 9).then(|| numbers[8]))
            }
            (length, _) => {
                let confidence = (length % 2 == 1).then(|| numbers[length - 1]);
                (Shape::Polygon { points }, confidence)
            }
        };
        #[expect(clippy::cast_possible_truncation, reason = "a confidence has few digits")]
        let confidence = confidence.map(|confidence| confidence as f32);
        annotations.push(DatasetAnnotation { confidence, ..DatasetAnnotation::new(label, shape) });
        Ok(())
    }
}
