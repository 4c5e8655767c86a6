//! Reads tasks as Label Studio exports them ("JSON") and as this program writes them.

use std::collections::HashSet;

use domain::geometry::{PixelSize, Point, Rect};
use domain::shape::Shape;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Region, config};
use crate::entries::{ImageIndex, has_extension, split_of_path, stem};
use crate::error::{FileLocation, Result};
use crate::format::{Sink, SkippedPart};
use crate::formats::json::each_item;
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo};
use crate::outline::{corners, from_corners};

pub fn read(input: &mut Input, sink: &mut dyn Sink) -> Result<()> {
    let names = input.names()?;
    let mut info = DatasetInfo::default();
    for name in names.iter().filter(|name| has_extension(name, "xml")) {
        let labels = config::labels(name, &input.text(name)?)?;
        if info.labels.labels().is_empty() {
            info.labels = labels;
        }
    }
    sink.begin(info)?;
    let mut index = ImageIndex::read(input)?;
    let mut ids = HashSet::new();
    for name in names.iter().filter(|name| has_extension(name, "json")) {
        each_item(input.entry(name)?, name, None, |key, task: Task| {
            let place = format!("{name}, [{key}]");
            let image = task.image(&mut index, &mut ids, &place, sink);
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
}

/// The field of a task, and what is wrong with it.
type Problem = (String, String);

impl Task {
    fn image(
        self,
        index: &mut ImageIndex,
        ids: &mut HashSet<u64>,
        place: &str,
        sink: &mut dyn Sink,
    ) -> std::result::Result<DatasetImage, Problem> {
        let data = |name: &str| self.data.get(name);
        let path = data("image").and_then(Value::as_str).or_else(|| self.data.values().find_map(Value::as_str));
        let path = path.unwrap_or_default();
        let pixels = |name: &str| u32::try_from(data(name)?.as_u64()?).ok();
        let size = pixels("width").zip(pixels("height")).map(|(width, height)| PixelSize::new(width, height));
        let mut image = index.image(stem(path), &local_name(path), size, split_of_path(path));
        // Tasks keep these when Label Studio exports them, without the index.
        if let (Some(id), Some(file_name)) =
            (data("image_id").and_then(Value::as_u64), data("file_name").and_then(Value::as_str))
        {
            (image.id, image.file_name) = (id, file_name.to_owned());
        }
        if !ids.insert(image.id) {
            return Err(("data".to_owned(), format!("image {} is in it twice", image.id)));
        }
        let mut regions = Vec::new();
        let decided = self.annotations.into_iter().filter(|results| !results.was_cancelled);
        for results in decided {
            regions.extend(results.result);
        }
        for (number, prediction) in self.predictions.into_iter().enumerate().filter(|(_, value)| value.is_object()) {
            let results: Results = serde_json::from_value(prediction)
                .map_err(|error| (format!("predictions[{number}]"), error.to_string()))?;
            regions.extend(results.result);
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
}

/// The path of an image without server, query, and the prefix of uploads.
fn local_name(path: &str) -> String {
    let path = path.split_once("?d=").map_or(path, |(_, path)| path);
    let path = path.split_once("://").map_or(path, |(_, path)| path.split_once('/').map_or(path, |(_, path)| path));
    path.trim_start_matches("/data/upload/").trim_start_matches("/data/").to_owned()
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
                (names("rectanglelabels"), turned(rect, number("rotation").unwrap_or_default()))
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
                    image.annotations.push(self.annotation(label, Shape::ImageTag));
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
                image.annotations.push(self.annotation(label, Shape::Caption { text }));
                return Ok(());
            }
            "brushlabels" | "brush" => {
                sink.skipped(skip("masks are not supported"));
                return Ok(());
            }
            _ => {
                sink.skipped(skip("this kind of result is not supported"));
                return Ok(());
            }
        };
        // A region of several labels is several annotations.
        let labels = if labels.is_empty() { names("labels") } else { labels };
        if labels.is_empty() {
            sink.skipped(skip("a region without a label is not supported"));
        }
        for label in labels {
            let annotation = self.annotation(label, shape.clone());
            image.annotations.push(annotation);
        }
        Ok(())
    }

    fn annotation(&self, label: String, shape: Shape) -> DatasetAnnotation {
        let meta = self.meta.as_ref();
        DatasetAnnotation {
            confidence: self.score,
            status: meta.and_then(|meta| meta.status),
            reject_reason: meta.and_then(|meta| meta.reject_reason),
            ..DatasetAnnotation::new(label, shape)
        }
    }
}

/// A rectangle turned about its top left corner, clockwise in degrees.
fn turned(rect: Rect, degrees: f64) -> Shape {
    if degrees == 0.0 {
        return Shape::Box { rect };
    }
    let (sine, cosine) = degrees.to_radians().sin_cos();
    from_corners(corners(rect).map(|corner| {
        let (right, down) = (corner.x - rect.x1, corner.y - rect.y1);
        Point::new(rect.x1 + right * cosine - down * sine, rect.y1 + right * sine + down * cosine)
    }))
}
