//! CSV by RFC 4180, one annotation per row, for spreadsheets and data frames. An image without annotations has a row
//! with empty annotation columns; a failed one states so in `failure`.
//!
//! Text that a spreadsheet would evaluate as a formula is prefixed with an apostrophe; numbers are unchanged.

mod read;

use std::borrow::Cow;

use ::csv::{Terminator, WriterBuilder};
use domain::annotation::{AttributeValue, RejectReason, ReviewState, Status};
use domain::dataset::{Feature, FormatDescriptor, FormatGroup, FormatOption, Package, Translated};
use domain::geometry::Orientation;
use domain::ids::RunId;
use domain::recipe::ShapeKind;
use domain::run_state::FailureKind;
use domain::shape::Shape;
use domain::text::without_formula;
use serde::{Serialize, Serializer};

use super::fields::{OriginName, bbox_of, points_of};
use super::rows::failed;
use crate::attributes::SEVERAL_SEPARATOR;
use crate::error::Result;
use crate::format::{DatasetSource, Format, FormatOptions, Sink};
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo};
use crate::output::Output;

/// The format `csv`.
pub struct Csv;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "csv",
    title: Translated { en: "CSV", es: "CSV" },
    summary: Translated {
        en: "One annotation per row: for spreadsheets",
        es: "Una anotación por fila: para hojas de cálculo",
    },
    group: FormatGroup::Tables,
    package: Package::File { extension: "csv" },
    media_type: "text/csv",
    holds: &[
        Feature::Boxes,
        Feature::Polygons,
        Feature::Points,
        Feature::ImageTags,
        Feature::Captions,
        Feature::UnscoredAnnotations,
        Feature::EmptyImages,
        Feature::FailedImages,
        Feature::Attributes,
        Feature::Confidences,
        Feature::Decisions,
        Feature::Origins,
        Feature::AnnotationIds,
        Feature::StoredSizes,
        Feature::Hashes,
        Feature::ReviewStates,
        Feature::MissingFiles,
        Feature::AttributeTable,
    ],
    can_be_empty: true,
    is_readable: true,
    options: &[FormatOption {
        name: "byte-order-mark",
        title: Translated { en: "Byte order mark, for Excel", es: "Marca de orden de bytes, para Excel" },
        values: &["no", "yes"],
    }],
    documentation: "https://www.rfc-editor.org/rfc/rfc4180",
};

/// The names of the columns of [`ImageCells`] and [`AnnotationCells`]; a column for each attribute follows.
const COLUMNS: [&str; 27] = [
    "image",
    "file_name",
    "image_width",
    "image_height",
    "stored_width",
    "stored_height",
    "orientation",
    "hash",
    "review",
    "failure",
    "failure_message",
    "missing",
    "annotation",
    "label",
    "shape",
    "x",
    "y",
    "width",
    "height",
    "points",
    "text",
    "confidence",
    "status",
    "reject_reason",
    "origin",
    "run",
    "propagated_from",
];
/// Prefix of attribute columns.
const ATTRIBUTES: &str = "attributes.";

impl Format for Csv {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn write(&self, source: &dyn DatasetSource, options: &FormatOptions, out: &mut Output) -> Result<()> {
        if options.get("byte-order-mark") == "yes" {
            out.file()?.write_all("\u{feff}".as_bytes())?;
        }
        let table = AnnotationTable::new(source.info());
        let mut rows = WriterBuilder::new().has_headers(false).terminator(Terminator::CRLF).from_writer(out.file()?);
        rows.serialize(table.columns()).map_err(failed)?;
        for image in source.images() {
            let image = image?;
            for annotation in &image.annotations {
                rows.serialize(table.cells(&image, annotation)).map_err(failed)?;
            }
            if image.annotations.is_empty() {
                rows.serialize(table.cells_of_empty(&image)).map_err(failed)?;
            }
        }
        rows.flush()?;
        Ok(())
    }

    fn read(&self, input: &mut Input, _: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        read::read(input, sink)
    }
}

/// Rows of annotations with their images, with a column for each attribute of a dataset.
pub struct AnnotationTable<'a> {
    attributes: Vec<&'a str>,
}

impl<'a> AnnotationTable<'a> {
    pub fn new(info: &'a DatasetInfo) -> Self {
        Self { attributes: info.attributes.iter().map(|attribute| attribute.name.as_str()).collect() }
    }

    pub fn columns(&self) -> impl Serialize {
        let attributes: Vec<String> = self.attributes.iter().map(|name| format!("{ATTRIBUTES}{name}")).collect();
        (COLUMNS, attributes)
    }

    pub fn cells(&self, image: &DatasetImage, annotation: &DatasetAnnotation) -> impl Serialize {
        let answers = self.attributes.iter().map(|name| annotation.attributes.get(*name).map(attribute_cell));
        (image_cells(image), annotation_cells(annotation), answers.collect::<Vec<_>>())
    }

    fn cells_of_empty(&self, image: &DatasetImage) -> impl Serialize {
        let answers: Vec<Option<AttributeCell<'_>>> = self.attributes.iter().map(|_| None).collect();
        (image_cells(image), AnnotationCells::default(), answers)
    }
}

#[derive(Serialize)]
struct ImageCells<'a> {
    image: u64,
    file_name: Text<'a>,
    width: Option<u32>,
    height: Option<u32>,
    stored_width: Option<u32>,
    stored_height: Option<u32>,
    orientation: Option<Orientation>,
    hash: Option<&'a str>,
    review: Option<ReviewState>,
    failure: Option<FailureKind>,
    failure_message: Option<Text<'a>>,
    missing: bool,
}

#[derive(Serialize, Default)]
struct AnnotationCells<'a> {
    annotation: Option<u64>,
    label: Option<Text<'a>>,
    shape: Option<ShapeKind>,
    bbox: [Option<f64>; 4],
    /// Alternating x and y, separated by spaces.
    points: Option<String>,
    text: Option<Text<'a>>,
    confidence: Option<f32>,
    status: Option<Status>,
    reject_reason: Option<RejectReason>,
    origin: Option<OriginName>,
    run: Option<RunId>,
    propagated_from: Option<u64>,
}

/// External text, protected against evaluation.
pub struct Text<'a>(pub Cow<'a, str>);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&without_formula(&self.0))
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum AttributeCell<'a> {
    YesNo(bool),
    Number(i32),
    Text(Text<'a>),
}

fn image_cells(image: &DatasetImage) -> ImageCells<'_> {
    ImageCells {
        image: image.id,
        file_name: Text(image.file_name.as_str().into()),
        width: image.size.map(|size| size.width),
        height: image.size.map(|size| size.height),
        stored_width: image.stored.map(|stored| stored.size.width),
        stored_height: image.stored.map(|stored| stored.size.height),
        orientation: image.stored.map(|stored| stored.orientation),
        hash: image.hash.as_deref(),
        review: image.review,
        failure: image.failure.as_ref().map(|failure| failure.kind),
        failure_message: image.failure.as_ref().map(|failure| Text(failure.message.as_str().into())),
        missing: image.is_missing,
    }
}

fn annotation_cells(annotation: &DatasetAnnotation) -> AnnotationCells<'_> {
    let points = points_of(&annotation.shape);
    let (origin, run) = OriginName::of(annotation.origin);
    AnnotationCells {
        annotation: annotation.id,
        label: Some(Text(annotation.label.as_str().into())),
        shape: Some(annotation.shape.kind()),
        bbox: bbox_of(&annotation.shape).map_or([None; 4], |bbox| bbox.map(Some)),
        points: (!points.is_empty())
            .then(|| points.iter().map(|[x, y]| format!("{x} {y}")).collect::<Vec<_>>().join(" ")),
        text: match &annotation.shape {
            Shape::Caption { text } => Some(Text(text.into())),
            _ => None,
        },
        confidence: annotation.confidence,
        status: annotation.status,
        reject_reason: annotation.reject_reason,
        origin,
        run,
        propagated_from: annotation.propagated_from,
    }
}

fn attribute_cell(value: &AttributeValue) -> AttributeCell<'_> {
    match value {
        AttributeValue::YesNo(value) => AttributeCell::YesNo(*value),
        AttributeValue::Number(value) => AttributeCell::Number(*value),
        AttributeValue::Text(value) => AttributeCell::Text(Text(value.into())),
        // The projection has joined them already.
        AttributeValue::Several(values) => AttributeCell::Text(Text(values.join(SEVERAL_SEPARATOR).into())),
    }
}
