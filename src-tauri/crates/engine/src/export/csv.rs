//! CSV by RFC 4180, a mark a row, for spreadsheets and data frames. An image without marks has a row of its own, in which
//! everything about a mark is empty; one that failed says so in `failure`.
//!
//! Text that a spreadsheet would take for a formula begins with an apostrophe; numbers are as they are.

use std::io::{self, Write};

use ::csv::{Terminator, Writer, WriterBuilder};
use domain::annotation::{AttributeValue, RejectReason, Status};
use domain::geometry::Orientation;
use domain::ids::{AnnotationId, ImageId, RunId};
use domain::library::ReviewState;
use domain::recipe::ShapeKind;
use domain::run::FailureKind;
use serde::{Serialize, Serializer};

use super::record::{ImageRecord, MarkRecord};

/// The names of the columns of [`ImageCells`] and [`MarkCells`]; a column for each attribute follows.
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
    "mark",
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
    "carried_from",
];

#[derive(Serialize)]
struct ImageCells<'a> {
    image: ImageId,
    file_name: Text<'a>,
    width: u32,
    height: u32,
    stored_width: u32,
    stored_height: u32,
    orientation: Orientation,
    hash: &'a str,
    review: ReviewState,
    failure: Option<FailureKind>,
    failure_message: Option<Text<'a>>,
    missing: bool,
}

#[derive(Serialize, Default)]
struct MarkCells<'a> {
    mark: Option<AnnotationId>,
    label: Option<Text<'a>>,
    shape: Option<ShapeKind>,
    bbox: [Option<f64>; 4],
    /// x and y in turn, between spaces.
    points: Option<String>,
    text: Option<Text<'a>>,
    confidence: Option<f32>,
    status: Option<Status>,
    reject_reason: Option<RejectReason>,
    origin: Option<&'static str>,
    run: Option<RunId>,
    carried_from: Option<ImageId>,
}

/// Words from outside, in a form that no spreadsheet calculates.
struct Text<'a>(&'a str);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            serializer.collect_str(&format_args!("'{}", self.0))
        } else {
            serializer.serialize_str(self.0)
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum AttributeCell<'a> {
    YesNo(bool),
    Number(i32),
    Text(Text<'a>),
}

/// The names of the columns, with one for each of `attributes`.
pub fn write_header(out: &mut impl Write, attributes: &[String]) -> io::Result<()> {
    let attributes: Vec<String> = attributes.iter().map(|name| format!("attributes.{name}")).collect();
    let mut rows = rows(out);
    rows.serialize((COLUMNS, attributes))?;
    rows.flush()
}

/// A row for each mark of an image, or the one that says that there is none.
pub fn write_image(out: &mut impl Write, attributes: &[String], image: &ImageRecord) -> io::Result<()> {
    let mut rows = rows(out);
    for mark in &image.marks {
        let answers: Vec<_> = attributes.iter().map(|name| mark.attributes.get(name).map(attribute_cell)).collect();
        rows.serialize((image_cells(image), mark_cells(mark), answers))?;
    }
    if image.marks.is_empty() {
        let answers: Vec<Option<AttributeCell<'_>>> = attributes.iter().map(|_| None).collect();
        rows.serialize((image_cells(image), MarkCells::default(), answers))?;
    }
    rows.flush()
}

fn rows<W: Write>(out: W) -> Writer<W> {
    WriterBuilder::new().has_headers(false).terminator(Terminator::CRLF).from_writer(out)
}

fn image_cells(image: &ImageRecord) -> ImageCells<'_> {
    ImageCells {
        image: image.image,
        file_name: Text(&image.file_name),
        width: image.width,
        height: image.height,
        stored_width: image.stored_width,
        stored_height: image.stored_height,
        orientation: image.orientation,
        hash: &image.hash,
        review: image.review,
        failure: image.failure.as_ref().map(|failure| failure.kind),
        failure_message: image.failure.as_ref().map(|failure| Text(&failure.message)),
        missing: image.missing,
    }
}

fn mark_cells(mark: &MarkRecord) -> MarkCells<'_> {
    let provenance = &mark.provenance;
    MarkCells {
        mark: Some(mark.mark),
        label: Some(Text(&mark.label)),
        shape: Some(mark.shape),
        bbox: mark.bbox.map_or([None; 4], |bbox| bbox.map(Some)),
        points: (!mark.points.is_empty())
            .then(|| mark.points.iter().map(|[x, y]| format!("{x} {y}")).collect::<Vec<_>>().join(" ")),
        text: mark.text.as_deref().map(Text),
        confidence: provenance.confidence,
        status: Some(provenance.status),
        reject_reason: provenance.reject_reason,
        origin: Some(provenance.origin),
        run: provenance.run,
        carried_from: provenance.carried_from,
    }
}

fn attribute_cell(value: &AttributeValue) -> AttributeCell<'_> {
    match value {
        AttributeValue::YesNo(value) => AttributeCell::YesNo(*value),
        AttributeValue::Number(value) => AttributeCell::Number(*value),
        AttributeValue::Text(value) => AttributeCell::Text(Text(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::fixtures::{image, mark};
    use super::*;

    fn written(images: &[ImageRecord], attributes: &[&str]) -> String {
        let attributes: Vec<String> = attributes.iter().map(ToString::to_string).collect();
        let mut out = Vec::new();
        write_header(&mut out, &attributes).unwrap();
        for image in images {
            write_image(&mut out, &attributes, image).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_quoted_and_kept_from_being_calculated_while_numbers_stay_as_they_are() {
        let mut odd = image("=1+1.jpg", vec![mark("cup, \"blue\"", [-2.5, 0.0, 12.0, 8.0])]);
        odd.marks[0].attributes = [
            ("note".to_owned(), AttributeValue::Text("@here\nand there".into())),
            ("offset".to_owned(), AttributeValue::Number(-4)),
            ("whole".to_owned(), AttributeValue::YesNo(true)),
        ]
        .into();
        let text = written(&[odd], &["note", "offset", "whole", "absent"]);
        let (header, row) = text.split_once("\r\n").unwrap();
        assert!(header.starts_with("image,file_name,image_width,"), "{header}");
        assert!(header.ends_with(",attributes.note,attributes.offset,attributes.whole,attributes.absent"), "{header}");
        assert_eq!(
            row,
            "1,'=1+1.jpg,300,451,451,300,6,00ff,unreviewed,,,false,7,\"cup, \"\"blue\"\"\",box,-2.5,0.0,12.0,8.0,,,0.83,proposed,,run,\
             2,,\"'@here\nand there\",-4,true,\r\n"
        );
        for start in ["=", "+", "-", "@", "\t", "\r"] {
            let text = written(&[image(&format!("{start}x.jpg"), Vec::new())], &[]);
            assert!(text.contains(&format!("'{start}x.jpg")), "{text:?}");
        }
    }

    #[test]
    fn an_image_without_marks_has_a_row_with_every_column() {
        let text = written(&[image("empty.jpg", Vec::new())], &["note"]);
        let widths: Vec<usize> = text.trim_end().split("\r\n").map(|row| row.split(',').count()).collect();
        assert_eq!(widths, [COLUMNS.len() + 1; 2]);
        assert!(text.ends_with("unreviewed,,,false,,,,,,,,,,,,,,,,\r\n"), "{text}");
    }
}
