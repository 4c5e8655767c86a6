//! JSON Lines: one image per line, with its annotations, or the reason of its failure.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::BufRead;

use domain::annotation::{AttributeValue, RejectReason, ReviewState, Status};
use domain::dataset::{Feature, FormatDescriptor, FormatGroup, Package, Translated};
use domain::geometry::{Orientation, PixelSize};
use domain::ids::RunId;
use domain::recipe::ShapeKind;
use domain::run_state::FailureKind;
use domain::shape::Shape;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::error::{DatasetError, FileLocation, Result};
use crate::format::{DatasetSource, Format, FormatOptions, Sink};
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetFailure, DatasetImage, DatasetInfo, DatasetSplit, StoredImage};
use crate::output::Output;
use crate::paths::INDEX;

use super::fields::{
    OriginName, attribute_from_json, bbox_of, or_default, path_of, points_of, shape_from, without_position,
};

/// The format `jsonl`.
pub struct JsonLines;

/// What an image with its annotations holds.
pub const HELD: &[Feature] = &[
    Feature::Boxes,
    Feature::Polygons,
    Feature::Points,
    Feature::ImageTags,
    Feature::Captions,
    Feature::UnscoredAnnotations,
    Feature::EmptyImages,
    Feature::FailedImages,
    Feature::Attributes,
    Feature::AttributeTypes,
    Feature::Confidences,
    Feature::Decisions,
    Feature::Origins,
    Feature::AnnotationIds,
    Feature::StoredSizes,
    Feature::Hashes,
    Feature::ReviewStates,
    Feature::ImageOrigins,
    Feature::MissingFiles,
    Feature::OtherFiles,
    Feature::FailureCosts,
];

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "jsonl",
    title: Translated { en: "JSON Lines", es: "JSON Lines" },
    summary: Translated {
        en: "One image per line, with every annotation, attribute and decision",
        es: "Una imagen por línea, con cada anotación, atributo y decisión",
    },
    group: FormatGroup::Tables,
    package: Package::File { extension: "jsonl" },
    media_type: "application/jsonl",
    holds: HELD,
    can_be_empty: true,
    is_readable: true,
    options: &[],
    documentation: "https://jsonlines.org",
};

impl Format for JsonLines {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn write(&self, source: &dyn DatasetSource, _: &FormatOptions, out: &mut Output) -> Result<()> {
        let out = out.file()?;
        for image in source.images() {
            serde_json::to_writer(&mut *out, &ImageLine::from(&image?)).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn read(&self, input: &mut Input, _: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        sink.begin(DatasetInfo::default())?;
        let mut file = input.file()?;
        let (mut text, mut number) = (Vec::new(), 0);
        loop {
            text.clear();
            if file.read_until(b'\n', &mut text)? == 0 {
                return Ok(());
            }
            number += 1;
            if !text.trim_ascii().is_empty() {
                sink.image(read_line(&text, number)?)?;
            }
        }
    }
}

/// A line of the index of a dataset folder with everything about its image. [`JsonLines`] reads it as well.
#[derive(Serialize)]
struct WholeLine<'a> {
    file: Option<&'a str>,
    split: Option<DatasetSplit>,
    #[serde(flatten)]
    image: ImageLine<'a>,
}

/// Writes the index of a dataset folder with everything that `source` holds, whatever the format of the dataset can
/// hold. The dataset was written before, with [`Output::keeps_everything`].
pub fn write_everything(source: &dyn DatasetSource, out: &mut Output) -> Result<()> {
    let files = std::mem::take(&mut out.files);
    let out = out.entry(INDEX)?;
    for image in source.images() {
        let image = image?;
        let line = WholeLine {
            file: files.get(&image.id).map(String::as_str),
            split: image.split,
            image: ImageLine::from(&image),
        };
        serde_json::to_writer(&mut *out, &line).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// An image with its annotations.
#[derive(Serialize, Deserialize)]
pub struct ImageLine<'a> {
    /// The line number, if a file does not number its images.
    image: Option<u64>,
    file_name: Cow<'a, str>,
    width: Option<u32>,
    height: Option<u32>,
    stored_width: Option<u32>,
    stored_height: Option<u32>,
    orientation: Option<Orientation>,
    hash: Option<Cow<'a, str>>,
    review: Option<ReviewState>,
    failure: Option<LineFailure<'a>>,
    propagated_from: Option<u64>,
    #[serde(default)]
    missing: bool,
    #[serde(default)]
    other_paths: Cow<'a, [String]>,
    #[serde(default)]
    annotations: Vec<LineAnnotation<'a>>,
}

#[derive(Serialize, Deserialize)]
struct LineFailure<'a> {
    kind: FailureKind,
    #[serde(default)]
    message: Cow<'a, str>,
    requests: Option<u32>,
    cost_dollars: Option<f64>,
}

/// An annotation.
#[derive(Serialize, Deserialize)]
pub struct LineAnnotation<'a> {
    annotation: Option<u64>,
    label: Cow<'a, str>,
    shape: ShapeKind,
    /// Left, top, width, height; `None` for the whole image.
    bbox: Option<[f64; 4]>,
    /// Position of a point, or corners of a polygon.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    points: Vec<[f64; 2]>,
    /// Text of a caption.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    confidence: Option<f32>,
    status: Option<Status>,
    reject_reason: Option<RejectReason>,
    origin: Option<OriginName>,
    run: Option<RunId>,
    propagated_from: Option<u64>,
    #[serde(default, deserialize_with = "attributes_from_json")]
    attributes: Cow<'a, BTreeMap<String, AttributeValue>>,
}

impl<'a> From<&'a DatasetImage> for ImageLine<'a> {
    fn from(image: &'a DatasetImage) -> Self {
        Self {
            image: Some(image.id),
            file_name: Cow::Borrowed(&image.file_name),
            width: image.size.map(|size| size.width),
            height: image.size.map(|size| size.height),
            stored_width: image.stored.map(|stored| stored.size.width),
            stored_height: image.stored.map(|stored| stored.size.height),
            orientation: image.stored.map(|stored| stored.orientation),
            hash: image.hash.as_deref().map(Cow::Borrowed),
            review: image.review,
            failure: image.failure.as_ref().map(|failure| LineFailure {
                kind: failure.kind,
                message: Cow::Borrowed(&failure.message),
                requests: failure.requests,
                cost_dollars: failure.cost_dollars,
            }),
            propagated_from: image.propagated_from,
            missing: image.is_missing,
            other_paths: Cow::Borrowed(&image.other_files),
            annotations: image.annotations.iter().map(LineAnnotation::from).collect(),
        }
    }
}

impl<'a> From<&'a DatasetAnnotation> for LineAnnotation<'a> {
    fn from(annotation: &'a DatasetAnnotation) -> Self {
        let (origin, run) = OriginName::of(annotation.origin);
        Self {
            annotation: annotation.id,
            label: Cow::Borrowed(&annotation.label),
            shape: annotation.shape.kind(),
            bbox: bbox_of(&annotation.shape),
            points: points_of(&annotation.shape),
            text: match &annotation.shape {
                Shape::Caption { text } => Some(Cow::Borrowed(text)),
                _ => None,
            },
            confidence: annotation.confidence,
            status: annotation.status,
            reject_reason: annotation.reject_reason,
            origin,
            run,
            propagated_from: annotation.propagated_from,
            attributes: Cow::Borrowed(&annotation.attributes),
        }
    }
}

fn attributes_from_json<'a, 'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Cow<'a, BTreeMap<String, AttributeValue>>, D::Error> {
    let found: BTreeMap<String, Value> = or_default(deserializer)?;
    let attributes = found.into_iter().filter_map(|(name, value)| Some((name, attribute_from_json(value)?)));
    Ok(Cow::Owned(attributes.collect()))
}

fn read_line(text: &[u8], number: u64) -> Result<DatasetImage> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let line: ImageLine<'_> = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let place = FileLocation { line: Some(number), field: path_of(&error), ..FileLocation::default() };
        place.malformed(without_position(error.inner()))
    })?;
    json.end().map_err(|error| FileLocation::line(number).malformed(without_position(&error)))?;
    line.into_image(number, &FileLocation::line(number), "")
}

impl ImageLine<'_> {
    /// The image, with `number` if the file does not number its images. `place` and `field` lead to it.
    pub fn into_image(self, number: u64, place: &FileLocation, field: &str) -> Result<DatasetImage> {
        let stored = self.stored_width.zip(self.stored_height).map(|(width, height)| StoredImage {
            size: PixelSize::new(width, height),
            orientation: self.orientation.unwrap_or_default(),
        });
        let annotations = self.annotations.into_iter().enumerate().map(|(index, annotation)| {
            let place = || place.clone().with_field(format!("{field}annotations[{index}]"));
            annotation.into_annotation().map_err(|problem| place().malformed(problem))
        });
        Ok(DatasetImage {
            id: self.image.unwrap_or(number),
            file_name: self.file_name.into_owned(),
            size: self.width.zip(self.height).map(|(width, height)| PixelSize::new(width, height)),
            stored,
            hash: self.hash.map(Cow::into_owned),
            review: self.review,
            failure: self.failure.map(|failure| DatasetFailure {
                kind: failure.kind,
                message: failure.message.into_owned(),
                requests: failure.requests,
                cost_dollars: failure.cost_dollars,
            }),
            propagated_from: self.propagated_from,
            is_missing: self.missing,
            other_files: self.other_paths.into_owned(),
            annotations: annotations.collect::<std::result::Result<_, DatasetError>>()?,
            ..DatasetImage::default()
        })
    }
}

impl LineAnnotation<'_> {
    fn into_annotation(self) -> std::result::Result<DatasetAnnotation, &'static str> {
        let shape = shape_from(self.shape, self.bbox, &self.points, self.text.as_deref())?;
        Ok(DatasetAnnotation {
            id: self.annotation,
            attributes: self.attributes.into_owned(),
            confidence: self.confidence,
            origin: OriginName::origin(self.origin, self.run),
            status: self.status,
            reject_reason: self.reject_reason,
            propagated_from: self.propagated_from,
            ..DatasetAnnotation::new(self.label, shape)
        })
    }
}
