//! Reads CSV as written by this program. Columns may be in any order, and all but `file_name` may be absent.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::str::FromStr;

use ::csv::{ReaderBuilder, StringRecord};
use domain::annotation::AttributeValue;
use domain::geometry::{Orientation, PixelSize};
use domain::recipe::ShapeKind;
use domain::text::FORMULA_STARTS;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as ValueError;

use super::super::fields::{OriginName, shape_from};
use super::super::rows::malformed;
use super::{ATTRIBUTES, COLUMNS};
use crate::attributes::untyped;
use crate::error::{FileLocation, Result};
use crate::format::{Sink, SkippedPart};
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetAttribute, DatasetFailure, DatasetImage, DatasetInfo, StoredImage};

pub fn read(input: &mut Input, sink: &mut dyn Sink) -> Result<()> {
    let mut reader = ReaderBuilder::new().from_reader(input.file()?);
    let header = reader.headers().map_err(|error| malformed("", error))?;
    let columns = Columns::new(header);
    if !columns.places.contains_key("file_name") {
        return Err(FileLocation::line(1).malformed("the column file_name is missing"));
    }
    let attributes = columns.attributes.iter().map(|(name, _)| DatasetAttribute { name: name.clone(), kind: None });
    sink.begin(DatasetInfo { attributes: attributes.collect(), ..DatasetInfo::default() })?;

    for name in columns.places.keys().filter(|name| !COLUMNS.contains(&name.as_str()) && !name.is_empty()) {
        sink.skipped(SkippedPart { place: name.clone(), reason: "this column is not supported" });
    }

    // Without image numbers, images are identified by name.
    let mut numbers: HashMap<String, u64> = HashMap::new();
    let mut images: HashSet<u64> = HashSet::new();
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| malformed("", error))? {
        let line = record.position().map_or(0, |position| position.line());
        let row = Row { columns: &columns, record: &record, line };
        let file_name = row.text("file_name").unwrap_or_default();
        let next = numbers.len() as u64 + 1;
        let id = row.number("image")?.unwrap_or_else(|| *numbers.entry(file_name.clone()).or_insert(next));
        if images.insert(id) {
            sink.image(row.image(id, file_name)?)?;
        }
        if let Some(annotation) = row.annotation()? {
            sink.annotation(id, annotation)?;
        }
    }
    Ok(())
}

/// Column indices.
struct Columns {
    places: BTreeMap<String, usize>,
    /// Attribute names and columns, in order.
    attributes: Vec<(String, usize)>,
}

impl Columns {
    fn new(header: &StringRecord) -> Self {
        let mut columns = Self { places: BTreeMap::new(), attributes: Vec::new() };
        for (place, name) in header.iter().enumerate() {
            // Excel writes a byte order mark.
            let name = if place == 0 { name.trim_start_matches('\u{feff}') } else { name };
            match name.strip_prefix(ATTRIBUTES) {
                Some(attribute) => columns.attributes.push((attribute.to_owned(), place)),
                None => {
                    columns.places.entry(name.to_owned()).or_insert(place);
                }
            }
        }
        columns
    }
}

struct Row<'a> {
    columns: &'a Columns,
    record: &'a StringRecord,
    line: u64,
}

impl<'a> Row<'a> {
    /// `None` for an empty cell.
    fn cell(&self, column: &str) -> Option<&'a str> {
        let place = self.columns.places.get(column)?;
        self.record.get(*place).filter(|cell| !cell.is_empty())
    }

    fn text(&self, column: &str) -> Option<String> {
        self.cell(column).map(|cell| uncovered(cell).to_owned())
    }

    fn place(&self, column: &str) -> FileLocation {
        FileLocation::line(self.line).with_field(column)
    }

    fn number<T: FromStr>(&self, column: &str) -> Result<Option<T>> {
        let number = |cell: &str| {
            cell.parse().map_err(|_| self.place(column).malformed(format!("{cell:?} is not a number, or out of range")))
        };
        self.cell(column).map(number).transpose()
    }

    /// A number that is finite.
    fn finite<T: FromStr + Copy + Into<f64>>(&self, column: &str) -> Result<Option<T>> {
        let number: Option<T> = self.number(column)?;
        if number.is_none_or(|number| number.into().is_finite()) {
            return Ok(number);
        }
        let cell = self.cell(column).unwrap_or_default();
        Err(self.place(column).malformed(format!("{cell:?} is not a number, or out of range")))
    }

    /// A variant name of an enum.
    fn name<T: Deserialize<'a>>(&self, column: &str) -> Result<Option<T>> {
        let name = |cell: &'a str| {
            let cell: serde::de::value::BorrowedStrDeserializer<'a, ValueError> =
                serde::de::value::BorrowedStrDeserializer::new(cell);
            T::deserialize(cell.into_deserializer()).map_err(|error| self.place(column).malformed(error.to_string()))
        };
        self.cell(column).map(name).transpose()
    }

    fn size(&self, width: &str, height: &str) -> Result<Option<PixelSize>> {
        Ok(self.number(width)?.zip(self.number(height)?).map(|(width, height)| PixelSize::new(width, height)))
    }

    fn image(&self, id: u64, file_name: String) -> Result<DatasetImage> {
        let orientation = self.number::<u8>("orientation")?.map(Orientation::try_from).transpose();
        let orientation = orientation.map_err(|problem| self.place("orientation").malformed(problem))?;
        let stored = self.size("stored_width", "stored_height")?;
        let failure = self.name("failure")?.map(|kind| DatasetFailure {
            kind,
            message: self.text("failure_message").unwrap_or_default(),
            requests: None,
            cost_dollars: None,
        });
        Ok(DatasetImage {
            id,
            file_name,
            size: self.size("image_width", "image_height")?,
            stored: stored.map(|size| StoredImage { size, orientation: orientation.unwrap_or_default() }),
            hash: self.cell("hash").map(ToOwned::to_owned),
            review: self.name("review")?,
            failure,
            is_missing: self.truth("missing")?,
            ..DatasetImage::default()
        })
    }

    fn truth(&self, column: &str) -> Result<bool> {
        match self.cell(column) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(cell) => Err(self.place(column).malformed(format!("{cell:?} is neither true nor false"))),
        }
    }

    /// `None` for a row without an annotation.
    fn annotation(&self) -> Result<Option<DatasetAnnotation>> {
        let kind: Option<ShapeKind> = self.name("shape")?;
        let label = self.text("label");
        if kind.is_none() && label.is_none() {
            return Ok(None);
        }
        let sides = [self.finite("x")?, self.finite("y")?, self.finite("width")?, self.finite("height")?];
        let bbox = match sides {
            [Some(x), Some(y), Some(width), Some(height)] => Some([x, y, width, height]),
            _ => None,
        };
        let text = self.text("text");
        let shape = shape_from(kind.unwrap_or(ShapeKind::Box), bbox, &self.points()?, text.as_deref())
            .map_err(|problem| self.place("shape").malformed(problem))?;
        let attributes = self.columns.attributes.iter().filter_map(|(name, place)| {
            let cell = self.record.get(*place).filter(|cell| !cell.is_empty())?;
            Some((name.clone(), attribute(cell)))
        });
        Ok(Some(DatasetAnnotation {
            id: self.number("annotation")?,
            attributes: attributes.collect(),
            confidence: self.finite("confidence")?,
            origin: OriginName::origin(self.name("origin")?, self.number("run")?.map(domain::ids::RunId)),
            status: self.name("status")?,
            reject_reason: self.name("reject_reason")?,
            propagated_from: self.number("propagated_from")?,
            ..DatasetAnnotation::new(label.unwrap_or_default(), shape)
        }))
    }

    fn points(&self) -> Result<Vec<[f64; 2]>> {
        let Some(cell) = self.cell("points") else { return Ok(Vec::new()) };
        let numbers: std::result::Result<Vec<f64>, _> = cell.split_ascii_whitespace().map(str::parse).collect();
        match numbers {
            Ok(numbers) if numbers.len() % 2 == 0 && numbers.iter().all(|number| number.is_finite()) => {
                Ok(numbers.chunks_exact(2).map(|point| [point[0], point[1]]).collect())
            }
            _ => Err(self.place("points").malformed("expected x and y in turn, separated by spaces")),
        }
    }
}

fn attribute(cell: &str) -> AttributeValue {
    untyped(uncovered(cell))
}

/// Removes the apostrophe of protected text.
fn uncovered(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| text.starts_with(FORMULA_STARTS)).unwrap_or(cell)
}
