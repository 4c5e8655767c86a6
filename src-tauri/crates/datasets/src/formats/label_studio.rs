//! Label Studio: a JSON file of tasks, and the configuration of its labeling interface. Decided annotations are
//! annotations, others predictions. Coordinates are percentages of the upright image.
//!
//! Source: Label Studio's documentation of task formats and of the units of image annotations. `meta` of a region keeps
//! the decision.

mod config;
mod read;

use std::io;

use domain::annotation::{RejectReason, Status};
use domain::dataset::{Feature, FormatDescriptor, FormatGroup, Package, Translated};
use domain::geometry::PixelSize;
use domain::shape::Shape;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fields::{as_decimal, without_noise};
use super::items::Items;
use crate::entries::{EntryNames, write_images};
use crate::error::Result;
use crate::format::{DatasetSource, Format, FormatOptions, Sink};
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo};
use crate::output::Output;

/// The format `label-studio`.
pub struct LabelStudio;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "label-studio",
    title: Translated { en: "Label Studio", es: "Label Studio" },
    summary: Translated {
        en: "Tasks with predictions and annotations, and the labeling interface",
        es: "Tareas con predicciones y anotaciones, y la interfaz de etiquetado",
    },
    group: FormatGroup::Tools,
    package: Package::Folder,
    media_type: "application/json",
    holds: &[
        Feature::Boxes,
        Feature::Polygons,
        Feature::Points,
        Feature::ImageTags,
        Feature::Captions,
        Feature::UnscoredAnnotations,
        Feature::EmptyImages,
        Feature::Confidences,
        Feature::Decisions,
        Feature::LabelTable,
    ],
    can_be_empty: true,
    is_readable: true,
    options: &[],
    documentation: "https://labelstud.io/guide/export",
};

const FILE: &str = "tasks.json";
const CONFIG: &str = "label_config.xml";
const IMAGES: &str = "images/";

impl Format for LabelStudio {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn write(&self, source: &dyn DatasetSource, _: &FormatOptions, out: &mut Output) -> Result<()> {
        let (mut names, mut tasks, info) = (EntryNames::default(), Items::default(), source.info());
        let file = out.entry(FILE)?;
        file.write_all(b"[")?;
        for image in source.images() {
            let image = image?;
            let name = names.name(&image).name;
            tasks.write(file, &task(&image, &name, info)?)?;
        }
        file.write_all(b"\n]\n")?;
        let config = config::written(&info.labels);
        out.entry(CONFIG)?.write_all(config.as_bytes())?;
        write_images(source, out, EntryNames::default(), |_| IMAGES.to_owned())
    }

    fn read(&self, input: &mut Input, _: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        read::read(input, sink)
    }
}

/// A result of a task: a region, or a choice or text about the whole image.
#[derive(Debug, Serialize, Deserialize)]
struct Region {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    from_name: String,
    #[serde(default)]
    to_name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_rotation: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_decimal")]
    score: Option<f32>,
    #[serde(default)]
    value: Value,
    /// Answers about a region, which have its id.
    #[serde(skip)]
    answers: Vec<Region>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<RegionMeta>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct RegionMeta {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_reason: Option<RejectReason>,
    /// The label of a text, which has none in Label Studio.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
}

fn task(image: &DatasetImage, name: &str, info: &DatasetInfo) -> Result<Value> {
    let size = image.known_size()?;
    let (mut decided, mut proposed) = (Vec::new(), Vec::new());
    for (number, annotation) in image.annotations.iter().enumerate() {
        let label = &info.labels.find(&annotation.label)?.name;
        let region = region(number, annotation, label, size);
        let is_decided = annotation.status.is_some_and(|status| status != Status::Proposed);
        let region = serde_json::to_value(region).map_err(io::Error::from)?;
        if is_decided { decided.push(region) } else { proposed.push(region) }
    }
    let path = format!("{IMAGES}{name}");
    let of_list = |result: Vec<Value>, extra: &dyn Fn(Vec<Value>) -> Value| {
        if result.is_empty() { Vec::new() } else { vec![extra(result)] }
    };
    let model = info.run.as_ref().map_or("Fieldmark", |run| run.model.as_str());
    Ok(json!({
        "id": image.id,
        "data": {"image": path, "image_id": image.id, "file_name": image.file_name, "width": size.width, "height": size.height},
        "annotations": of_list(decided, &|result| json!({"result": result, "was_cancelled": false, "ground_truth": false})),
        "predictions": of_list(proposed, &|result| json!({"model_version": model, "result": result})),
    }))
}

/// `number` is the position in the image, so that annotations and predictions are read back in one order.
fn region(number: usize, annotation: &DatasetAnnotation, label: &str, size: PixelSize) -> Region {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let (x_percent, y_percent) =
        (|x: f64| without_noise(x / width * 100.0), |y: f64| without_noise(y / height * 100.0));
    let mut meta = RegionMeta { status: annotation.status, reject_reason: annotation.reject_reason, label: None };
    let (from_name, kind, value) = match &annotation.shape {
        Shape::Box { rect } => (
            "rectangle",
            "rectanglelabels",
            json!({
                "x": x_percent(rect.x1), "y": y_percent(rect.y1), "rotation": 0,
                "width": x_percent(rect.width()), "height": y_percent(rect.height()), "rectanglelabels": [label],
            }),
        ),
        Shape::Polygon { points } => {
            let points: Vec<[f64; 2]> = points.iter().map(|point| [x_percent(point.x), y_percent(point.y)]).collect();
            ("polygon", "polygonlabels", json!({"points": points, "closed": true, "polygonlabels": [label]}))
        }
        Shape::Point { at } => (
            "keypoint",
            "keypointlabels",
            json!({"x": x_percent(at.x), "y": y_percent(at.y), "width": 0.5, "keypointlabels": [label]}),
        ),
        Shape::ImageTag => ("tag", "choices", json!({"choices": [label]})),
        Shape::Caption { text } => {
            meta.label = Some(label.to_owned());
            ("caption", "textarea", json!({"text": [text]}))
        }
    };
    let is_region = annotation.shape.bounds().is_some();
    Region {
        id: format!("annotation-{number}").into(),
        from_name: from_name.into(),
        to_name: "image".into(),
        kind: kind.into(),
        original_width: is_region.then_some(size.width),
        original_height: is_region.then_some(size.height),
        image_rotation: is_region.then_some(0.0),
        score: annotation.confidence,
        value,
        answers: Vec::new(),
        meta: Some(meta),
    }
}
