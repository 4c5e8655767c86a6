//! Reads tasks as Label Studio exports them ("JSON") and as this program writes them.

use std::collections::{HashMap, HashSet};

use domain::annotation::AttributeValue;
use domain::geometry::{PixelSize, Point, Rect};
use domain::import::is_image_name;
use domain::shape::Shape;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Region, config};
use crate::entries::ImageIndex;
use crate::error::{FileLocation, Result};
use crate::format::{Sink, SkippedPart};
use crate::formats::fields::attribute_from_json;
use crate::formats::json::each_item;
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo};
use crate::outline::{from_corners, turned};
use crate::paths::{beside, file_part, has_extension, split_of_path, stem};

const UNSUPPORTED: &str = "this kind of result is not supported";

pub fn read(input: &mut Input, sink: &mut dyn Sink) -> Result<()> {
    let names = input.names()?;
    let (mut info, mut image_field) = (DatasetInfo::default(), None);
    for name in names.iter().filter(|name| has_extension(name, "xml")) {
        let config = config::read(name, &input.text(name)?)?;
        if info.labels.labels().is_empty() {
            (info.labels, image_field) = (config.labels, config.image_field);
        }
    }
    sink.begin(info)?;
    let mut index = ImageIndex::read(input)?;
    let mut ids = HashSet::new();
    for name in names.iter().filter(|name| has_extension(name, "json")) {
        each_item(input.entry(name)?, name, None, |key, task: Task| {
            let place = format!("{name}, [{key}]");
            let image = task.image(image_field.as_deref(), &mut index, &mut ids, &place, sink);
            sink.image(image.map_err(|(field, problem)| {
                FileLocation::file(name.as_str()).with_field(format!("[{key}].{field}")).malformed(problem)
            })?)
        })?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Task {
    data: Map<String, Value>,
    #[serde(default)]
    annotations: Vec<Results>,
    /// In exports, sometimes only their numbers.
    #[serde(default)]
    predictions: Vec<Value>,
}

#[derive(Deserialize)]
struct Results {
    #[serde(default)]
    result: Vec<Region>,
    #[serde(default)]
    was_cancelled: bool,
    #[serde(default)]
    ground_truth: bool,
    /// The person, for an annotation made in Label Studio.
    completed_by: Option<Value>,
    updated_at: Option<String>,
}

/// The field of a task, and what is wrong with it.
type Problem = (String, String);

impl Task {
    fn image(
        mut self,
        image_field: Option<&str>,
        index: &mut ImageIndex,
        ids: &mut HashSet<u64>,
        place: &str,
        sink: &mut dyn Sink,
    ) -> std::result::Result<DatasetImage, Problem> {
        let data = |name: &str| self.data.get(name);
        let path = self.image_path(image_field);
        let pixels = |name: &str| u32::try_from(data(name)?.as_u64()?).ok();
        let size = pixels("width").zip(pixels("height")).map(|(width, height)| PixelSize::new(width, height));
        let mut image = index.image(stem(path), &local_name(path), size, split_of_path(path));
        // Tasks keep these when Label Studio exports them, without the index.
        if let Some(file_name) = data("file_name").and_then(Value::as_str) {
            file_name.clone_into(&mut image.file_name);
            image.id = data("image_id").and_then(Value::as_u64).unwrap_or(image.id);
        }
        if !ids.insert(image.id) {
            return Err(("data".to_owned(), format!("image {} is listed twice", image.id)));
        }
        let mut regions = Vec::new();
        for results in self.chosen_results(place, sink)? {
            regions.extend(with_answers(results.result));
        }
        let number = |region: &Region| region.id.as_str()?.strip_prefix("annotation-")?.parse::<usize>().ok();
        regions.sort_by_key(|region| number(region).unwrap_or(usize::MAX));
        for region in regions {
            let (width, height) = (region.original_width, region.original_height);
            image.size = image.size.or(width.zip(height).map(|(width, height)| PixelSize::new(width, height)));
            region.read(&mut image, place, sink).map_err(|problem| (region.from_name.clone(), problem.to_owned()))?;
        }
        Ok(image)
    }

    /// Without a configuration, the field `image`, or the first that has the name of an image.
    fn image_path(&self, image_field: Option<&str>) -> &str {
        let text = |name: &str| self.data.get(name).and_then(Value::as_str);
        let mut texts = self.data.values().filter_map(Value::as_str);
        let path = image_field.and_then(text).or_else(|| text("image"));
        let path =
            path.or_else(|| texts.clone().find(|path| is_image_name(&local_name(path)))).or_else(|| texts.next());
        path.unwrap_or_default()
    }

    /// The annotation and the prediction that are read. Those of several people, or of several models, would be objects
    /// that are there several times.
    fn chosen_results(&mut self, place: &str, sink: &mut dyn Sink) -> std::result::Result<Vec<Results>, Problem> {
        let mut skip = |part: &str, reason| sink.skipped(SkippedPart { place: format!("{place}.{part}"), reason });
        let mut annotations = std::mem::take(&mut self.annotations);
        annotations.retain(|results| !results.was_cancelled);
        annotations
            .sort_by(|one, other| (other.ground_truth, &other.updated_at).cmp(&(one.ground_truth, &one.updated_at)));
        for _ in annotations.drain(1.min(annotations.len())..) {
            skip("annotations", "a task has one annotation: the ground truth, or the last changed, is read");
        }
        let is_by_person = annotations.iter().any(|results| results.completed_by.is_some());
        let predictions = std::mem::take(&mut self.predictions).into_iter().enumerate();
        let mut is_predicted = false;
        for (number, prediction) in predictions.filter(|(_, value)| value.is_object()) {
            if is_by_person {
                skip("predictions", "the predictions of an annotated task are left out");
            } else if is_predicted {
                skip("predictions", "a task has one prediction: the first is read");
            } else {
                is_predicted = true;
                let results = serde_json::from_value(prediction);
                annotations.push(results.map_err(|error| (format!("predictions[{number}]"), error.to_string()))?);
            }
        }
        Ok(annotations)
    }
}

/// The path of an image without server, query, and the prefixes of uploads.
fn local_name(path: &str) -> String {
    let path = path.split_once("?d=").map_or(path, |(_, path)| path);
    let path = path.split_once("://").map_or(path, |(_, path)| path.split_once('/').map_or(path, |(_, path)| path));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let Some(uploaded) = path.trim_start_matches('/').strip_prefix("data/upload/") else {
        return path.trim_start_matches("/data/").to_owned();
    };
    // Label Studio puts eight hexadecimal digits before the name of the file.
    let original = file_part(uploaded).split_once('-').filter(|(digits, original)| {
        digits.len() == 8 && digits.chars().all(|digit| digit.is_ascii_hexdigit()) && !original.is_empty()
    });
    original.map_or_else(|| uploaded.to_owned(), |(_, original)| beside(uploaded, original))
}

/// Regions with the results that have the same id: their labels if these are separate, and answers about them.
fn with_answers(results: Vec<Region>) -> Vec<Region> {
    let mut by_id: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, result) in results.iter().enumerate() {
        if let Some(id) = result.id.as_str().filter(|id| !id.is_empty()) {
            by_id.entry(id.to_owned()).or_default().push(place);
        }
    }
    let mut results: Vec<Option<Region>> = results.into_iter().map(Some).collect();
    for places in by_id.into_values().filter(|places| places.len() > 1) {
        let is_drawn = |place: &&usize| results[**place].as_ref().is_some_and(Region::is_drawn);
        let Some(drawn) = places.iter().find(is_drawn).copied() else { continue };
        let others: Vec<Region> =
            places.into_iter().filter(|place| *place != drawn).filter_map(|place| results[place].take()).collect();
        let Some(region) = &mut results[drawn] else { continue };
        for other in others {
            if other.kind == "labels" || other.is_drawn() {
                if let (Value::Object(fields), Value::Object(more)) = (&mut region.value, other.value) {
                    more.into_iter().for_each(|(name, value)| {
                        fields.entry(name).or_insert(value);
                    });
                }
            } else {
                region.answers.push(other);
            }
        }
    }
    results.into_iter().flatten().collect()
}

impl Region {
    fn read(
        &self,
        image: &mut DatasetImage,
        place: &str,
        sink: &mut dyn Sink,
    ) -> std::result::Result<(), &'static str> {
        let number = |name: &str| self.value.get(name).and_then(Value::as_f64);
        let names = |name: &str| {
            let names = self.value.get(name).and_then(Value::as_array).into_iter().flatten();
            names.filter_map(Value::as_str).map(ToOwned::to_owned).collect::<Vec<_>>()
        };
        let skip = |reason| SkippedPart { place: format!("{place}.{}", self.from_name), reason };
        let mut annotation = self.annotation();
        for answer in &self.answers {
            match answer.attribute() {
                Some(value) => drop(annotation.attributes.insert(answer.from_name.clone(), value)),
                None => sink.skipped(skip(UNSUPPORTED)),
            }
        }
        let size = self.original_width.zip(self.original_height).map(|(width, height)| PixelSize::new(width, height));
        let scaled = |x: f64, y: f64| {
            let size = size.or(image.size).ok_or("original_width and original_height are missing")?;
            Ok(Point::new(x / 100.0 * f64::from(size.width), y / 100.0 * f64::from(size.height)))
        };
        let (labels, shape) = match self.kind.as_str() {
            "rectanglelabels" | "rectangle" => {
                let sides = [number("x"), number("y"), number("width"), number("height")];
                let [Some(x), Some(y), Some(width), Some(height)] = sides else {
                    return Err("a rectangle has x, y, width and height");
                };
                let (start, end) = (scaled(x, y)?, scaled(x + width, y + height)?);
                let rect = Rect::new(start.x, start.y, end.x, end.y);
                (names("rectanglelabels"), from_corners(turned(rect, start, number("rotation").unwrap_or_default())))
            }
            "polygonlabels" | "polygon" => {
                let points = self.value.get("points").and_then(Value::as_array).into_iter().flatten();
                let points = points.map(|point| Some((point.get(0)?.as_f64()?, point.get(1)?.as_f64()?)));
                let points: Option<Vec<(f64, f64)>> = points.collect();
                let points = points.filter(|points| points.len() > 2).ok_or("a polygon has at least three points")?;
                let points: std::result::Result<Vec<Point>, &str> =
                    points.into_iter().map(|(x, y)| scaled(x, y)).collect();
                (names("polygonlabels"), Shape::Polygon { points: points? })
            }
            "keypointlabels" | "keypoint" => {
                let (x, y) = number("x").zip(number("y")).ok_or("a key point has x and y")?;
                (names("keypointlabels"), Shape::Point { at: scaled(x, y)? })
            }
            "choices" => {
                for label in names("choices") {
                    image.annotations.push(DatasetAnnotation { label, ..annotation.clone() });
                }
                return Ok(());
            }
            "textarea" => {
                let text = match self.value.get("text") {
                    Some(Value::String(text)) => text.clone(),
                    _ => names("text").join("\n"),
                };
                let label = self.meta.as_ref().and_then(|meta| meta.label.clone());
                let label = label.unwrap_or_else(|| self.from_name.clone());
                image.annotations.push(DatasetAnnotation { label, shape: Shape::Caption { text }, ..annotation });
                return Ok(());
            }
            "brushlabels" | "brush" => {
                sink.skipped(skip("masks are not supported"));
                return Ok(());
            }
            "relation" => {
                sink.skipped(skip("relations are not supported"));
                return Ok(());
            }
            _ => {
                sink.skipped(skip(UNSUPPORTED));
                return Ok(());
            }
        };
        // A region of several labels is several annotations.
        let labels = if labels.is_empty() { names("labels") } else { labels };
        if labels.is_empty() {
            sink.skipped(skip("a region without a label is not supported"));
        }
        for label in labels {
            image.annotations.push(DatasetAnnotation { label, shape: shape.clone(), ..annotation.clone() });
        }
        Ok(())
    }

    /// Whether it has a place in the image.
    fn is_drawn(&self) -> bool {
        let kind = self.kind.strip_suffix("labels").unwrap_or(&self.kind);
        matches!(kind, "rectangle" | "polygon" | "keypoint" | "brush" | "ellipse" | "vector")
    }

    /// An answer about a region; `None` if its kind is not supported.
    fn attribute(&self) -> Option<AttributeValue> {
        let found = self.value.get(match self.kind.as_str() {
            "textarea" => "text",
            kind @ ("choices" | "number" | "rating") => kind,
            _ => return None,
        })?;
        match found {
            Value::Array(values) if values.len() == 1 => attribute_from_json(values[0].clone()),
            found => attribute_from_json(found.clone()),
        }
    }

    fn annotation(&self) -> DatasetAnnotation {
        let meta = self.meta.as_ref();
        DatasetAnnotation {
            confidence: self.score,
            status: meta.and_then(|meta| meta.status),
            reject_reason: meta.and_then(|meta| meta.reject_reason),
            ..DatasetAnnotation::new("", Shape::ImageTag)
        }
    }
}
