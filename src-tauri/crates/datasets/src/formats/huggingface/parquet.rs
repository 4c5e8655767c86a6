//! The rows of a dataset as Parquet, with the content of the images.
//!
//! Source: the Parquet format specification, "Nested Encoding" and "Logical Types"; the documentation of `datasets`, "Image
//! feature". The key `huggingface` of a file's metadata has the features of its columns, as `datasets` writes them.

use std::fs::File;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use domain::geometry::PixelSize;
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{Type, TypePtr};
use serde_json::{Map, Value, json};

use super::Line;
use crate::error::{DatasetError, FileLocation, Result};
use crate::image_size::size_of;
use crate::input::Input;
use crate::output::Output;

/// Every part may be null, as `datasets` has it: it ignores features that differ from the schema.
const SCHEMA: &str = "
    message dataset {
        optional group image { optional binary bytes; optional binary path (STRING); }
        optional int64 image_id;
        optional int32 width;
        optional int32 height;
        optional group objects {
            optional group area (LIST) { repeated group list { optional double element; } }
            optional group bbox (LIST) {
                repeated group list {
                    optional group element (LIST) { repeated group list { optional double element; } }
                }
            }
            optional group shape (LIST) { repeated group list { optional binary element (STRING); } }
            optional group segmentation (LIST) {
                repeated group list {
                    optional group element (LIST) { repeated group list { optional double element; } }
                }
            }
            optional group category (LIST) { repeated group list { optional binary element (STRING); } }
            optional group iscrowd (LIST) { repeated group list { optional boolean element; } }
        }
    }";

/// The features of [`SCHEMA`] for `datasets`.
fn features() -> Value {
    let value = |dtype: &str| json!({"dtype": dtype, "_type": "Value"});
    let list = |feature: Value| json!({"feature": feature, "_type": "Sequence"});
    json!({"info": {"features": {
        "image": {"_type": "Image"},
        "image_id": value("int64"),
        "width": value("int32"),
        "height": value("int32"),
        "objects": {
            "area": list(value("float64")),
            "bbox": list(list(value("float64"))),
            "shape": list(value("string")),
            "segmentation": list(list(value("float64"))),
            "category": list(value("string")),
            "iscrowd": list(value("bool")),
        },
    }}})
}

/// A group of rows is held in memory until it has this many rows or bytes of images.
const MOST_ROWS: usize = 1_000;
const MOST_BYTES: usize = 64 << 20;

/// The values of a column, with their levels: how much of their path is there, and which of its lists they continue.
struct Column<T> {
    values: Vec<T>,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self { values: Vec::new(), definitions: Vec::new(), repetitions: Vec::new() }
    }
}

impl<T> Column<T> {
    fn value(&mut self, value: T) {
        self.definitions.push(1);
        self.values.push(value);
    }

    /// A part of `image`.
    fn part(&mut self, value: Option<T>) {
        self.definitions.push(if value.is_some() { 2 } else { 1 });
        self.values.extend(value);
    }

    /// A list in `objects`.
    fn list(&mut self, values: impl IntoIterator<Item = T>) {
        self.add(values.into_iter().map(|value| (1, 4, Some(value))));
    }

    /// A list of lists in `objects`.
    fn lists(&mut self, lists: impl IntoIterator<Item = impl IntoIterator<Item = T>>) {
        self.add(lists.into_iter().flat_map(|list| {
            let mut values = list.into_iter();
            let first = values.next();
            let first = (1, if first.is_some() { 6 } else { 4 }, first);
            std::iter::once(first).chain(values.map(|value| (2, 6, Some(value))))
        }));
    }

    /// Adds the values of a row, each with the depth of the list that it continues, unless it is the first of the row, and
    /// with how much of its path is there.
    fn add(&mut self, values: impl Iterator<Item = (i16, i16, Option<T>)>) {
        let before = self.definitions.len();
        for (repetition, definition, value) in values {
            self.repetitions.push(if self.definitions.len() == before { 0 } else { repetition });
            self.definitions.push(definition);
            self.values.extend(value);
        }
        if self.definitions.len() == before {
            self.repetitions.push(0);
            self.definitions.push(2);
        }
    }

    /// Writes the values as the next column of `group`.
    fn write<D: DataType<T = T>>(&self, group: &mut SerializedRowGroupWriter<'_, Pipe>) -> parquet::errors::Result<()> {
        let levels = |levels: &'_ Vec<i16>| (!levels.is_empty()).then(|| levels.clone());
        let missing = || ParquetError::General("the schema has too few columns".into());
        let mut column = group.next_column()?.ok_or_else(missing)?;
        let (definitions, repetitions) = (levels(&self.definitions), levels(&self.repetitions));
        column.typed::<D>().write_batch(&self.values, definitions.as_deref(), repetitions.as_deref())?;
        column.close()
    }
}

/// The columns of [`SCHEMA`] in their order.
#[derive(Default)]
struct Rows {
    content: Column<ByteArray>,
    path: Column<ByteArray>,
    image_id: Column<i64>,
    width: Column<i32>,
    height: Column<i32>,
    area: Column<f64>,
    bbox: Column<f64>,
    shape: Column<ByteArray>,
    segmentation: Column<f64>,
    category: Column<ByteArray>,
    iscrowd: Column<bool>,
    count: usize,
    byte_len: usize,
}

impl Rows {
    fn add(&mut self, line: Line<'_>, content: Option<Vec<u8>>) {
        let text = |text: &str| ByteArray::from(text.as_bytes().to_vec());
        let pixels = |pixels: Option<u32>| i32::try_from(pixels.unwrap_or_default()).unwrap_or(i32::MAX);
        let objects = line.objects.unwrap_or_default();
        self.count += 1;
        self.byte_len += content.as_ref().map_or(0, Vec::len);
        self.content.part(content.map(ByteArray::from));
        self.path.part(Some(text(&line.file_name)));
        self.image_id.value(line.image_id.and_then(|id| i64::try_from(id).ok()).unwrap_or_default());
        self.width.value(pixels(line.width));
        self.height.value(pixels(line.height));
        self.area.list(objects.area);
        self.bbox.lists(objects.bbox);
        self.shape.list(objects.shape.iter().map(|shape| text(shape)));
        self.segmentation.lists(objects.segmentation);
        self.category.list(objects.category.iter().map(|label| text(label.as_str().unwrap_or_default())));
        self.iscrowd.list(objects.iscrowd);
    }

    fn write(&self, file: &mut SerializedFileWriter<Pipe>) -> parquet::errors::Result<()> {
        let mut group = file.next_row_group()?;
        self.content.write::<ByteArrayType>(&mut group)?;
        self.path.write::<ByteArrayType>(&mut group)?;
        self.image_id.write::<Int64Type>(&mut group)?;
        self.width.write::<Int32Type>(&mut group)?;
        self.height.write::<Int32Type>(&mut group)?;
        self.area.write::<DoubleType>(&mut group)?;
        self.bbox.write::<DoubleType>(&mut group)?;
        self.shape.write::<ByteArrayType>(&mut group)?;
        self.segmentation.write::<DoubleType>(&mut group)?;
        self.category.write::<ByteArrayType>(&mut group)?;
        self.iscrowd.write::<BoolType>(&mut group)?;
        group.close().map(drop)
    }
}

/// What the writer of Parquet has written, which owns its target, until it is moved to the output.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Pipe {
    fn drain_to(&self, out: &mut Output) -> io::Result<()> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        out.more()?.write_all(&bytes)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a file of rows.
pub struct ParquetWriter {
    file: SerializedFileWriter<Pipe>,
    pipe: Pipe,
    rows: Rows,
}

impl ParquetWriter {
    /// Begins the file `name` of `out`.
    pub fn begin(out: &mut Output, name: &str) -> Result<Self> {
        out.entry(name)?;
        let features = KeyValue::new("huggingface".to_owned(), features().to_string());
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("Fieldmark ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(vec![features]))
            .build();
        let (pipe, schema) = (Pipe::default(), parse_message_type(SCHEMA).map_err(failed)?);
        let file = SerializedFileWriter::new(pipe.clone(), Arc::new(schema), Arc::new(properties)).map_err(failed)?;
        Ok(Self { file, pipe, rows: Rows::default() })
    }

    /// `content` is that of the image's file; `None` if it is not in the dataset.
    pub fn add(&mut self, line: Line<'_>, content: Option<Vec<u8>>, out: &mut Output) -> Result<()> {
        self.rows.add(line, content);
        if self.rows.count >= MOST_ROWS || self.rows.byte_len >= MOST_BYTES {
            self.write_rows(out)?;
        }
        Ok(())
    }

    fn write_rows(&mut self, out: &mut Output) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        if rows.count > 0 {
            rows.write(&mut self.file).map_err(failed)?;
            self.pipe.drain_to(out)?;
        }
        Ok(())
    }

    pub fn finish(mut self, out: &mut Output) -> Result<()> {
        self.write_rows(out)?;
        self.file.close().map_err(failed)?;
        Ok(self.pipe.drain_to(out)?)
    }
}

fn failed(error: ParquetError) -> DatasetError {
    io::Error::other(error).into()
}

/// Largest file of an archive that is read, in bytes: it is held in memory.
const MOST_ARCHIVED: u64 = 1 << 30;

/// Passes the rows of the file `name` to `each`, with their number from 1, as JSON whose keys are those of `metadata.jsonl`.
pub fn read(input: &mut Input, name: &str, mut each: impl FnMut(u64, Value) -> Result<()>) -> Result<()> {
    let malformed = |error: ParquetError| FileLocation::file(name).malformed(error.to_string());
    let damaged = || FileLocation::file(name).malformed("the file is damaged");
    let reader: Box<dyn FileReader> = if let Some(path) = input.local_path(name)? {
        let file = File::open(path)?;
        Box::new(guarded(|| SerializedFileReader::new(file)).ok_or_else(damaged)?.map_err(malformed)?)
    } else {
        let mut bytes = Vec::new();
        input.entry(name)?.take(MOST_ARCHIVED + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST_ARCHIVED {
            let problem = "the file is too large to be read in an archive: unpack it";
            return Err(FileLocation::file(name).malformed(problem));
        }
        let bytes = Bytes::from(bytes);
        Box::new(guarded(|| SerializedFileReader::new(bytes)).ok_or_else(damaged)?.map_err(malformed)?)
    };
    let metadata = reader.metadata().file_metadata();
    let classes = class_names(metadata.key_value_metadata());
    let projection = without_content(metadata.schema());
    let mut rows = guarded(|| reader.get_row_iter(projection)).ok_or_else(damaged)?.map_err(malformed)?;
    let mut number = 0;
    while let Some(row) = guarded(|| rows.next()).ok_or_else(damaged)? {
        let Value::Object(row) = row.map_err(malformed)?.to_json_value() else { continue };
        number += 1;
        each(number, as_line(row, number, &classes))?;
    }
    Ok(())
}

/// `None` if the reader of Parquet panics, as it may on damaged files.
fn guarded<T>(read: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok()
}

/// The schema without the content of the images, unless only that tells their sizes.
fn without_content(schema: &Type) -> Option<Type> {
    let fields = schema.get_fields();
    let has = |name: &str| fields.iter().any(|field| field.name() == name);
    if !has("width") || !has("height") {
        return None;
    }
    let without = |field: &TypePtr| -> Option<TypePtr> {
        if field.name() != "image" || !field.is_group() {
            return Some(Arc::clone(field));
        }
        let path: Vec<TypePtr> = field.get_fields().iter().filter(|part| part.name() != "bytes").cloned().collect();
        let info = field.get_basic_info();
        let group = Type::group_type_builder("image").with_repetition(info.repetition()).with_fields(path);
        group.build().ok().map(Arc::new)
    };
    let fields = fields.iter().map(without).collect::<Option<Vec<_>>>()?;
    Type::group_type_builder(schema.name()).with_fields(fields).build().ok()
}

/// The names of the classes that the categories of objects are numbers of; empty if they are names.
fn class_names(metadata: Option<&Vec<KeyValue>>) -> Vec<String> {
    let described = metadata.into_iter().flatten().find(|pair| pair.key == "huggingface");
    let described = described.and_then(|pair| serde_json::from_str::<Value>(pair.value.as_deref()?).ok());
    let objects = described.as_ref().map(|described| &described["info"]["features"]["objects"]);
    objects.and_then(names_in).unwrap_or_default()
}

/// The first list `names` of a feature, however deep.
fn names_in(feature: &Value) -> Option<Vec<String>> {
    let Value::Object(fields) = feature else { return None };
    if let Some(Value::Array(names)) = fields.get("names") {
        return Some(names.iter().filter_map(|name| name.as_str().map(ToOwned::to_owned)).collect());
    }
    fields.values().find_map(names_in)
}

/// A row with the keys of a line of `metadata.jsonl`.
fn as_line(mut row: Map<String, Value>, number: u64, classes: &[String]) -> Value {
    let image = row.remove("image").unwrap_or_default();
    let path = image["path"].as_str().filter(|path| !path.is_empty());
    row.insert("file_name".into(), path.map_or_else(|| format!("row-{number}"), ToOwned::to_owned).into());
    if !row.contains_key("width") || !row.contains_key("height") {
        let content = image["bytes"].as_str().and_then(|text| BASE64_STANDARD.decode(text).ok());
        if let Some(PixelSize { width, height }) = content.and_then(size_of) {
            row.insert("width".into(), width.into());
            row.insert("height".into(), height.into());
        }
    }
    if let Some(objects) = row.get_mut("objects") {
        if let Value::Array(each) = objects {
            *objects = in_lists(std::mem::take(each));
        }
        for name in ["category", "categories", "label", "labels"] {
            if let Some(Value::Array(categories)) = objects.get_mut(name) {
                for category in categories {
                    let class = category.as_u64().and_then(|class| classes.get(usize::try_from(class).ok()?));
                    *category = class.map_or_else(|| category.take(), |class| Value::from(class.as_str()));
                }
            }
        }
    }
    Value::Object(row)
}

/// Lists by name of objects that each have all names.
fn in_lists(objects: Vec<Value>) -> Value {
    let mut lists: Map<String, Value> = Map::new();
    for object in objects {
        let Value::Object(fields) = object else { continue };
        for (name, value) in fields {
            if let Value::Array(values) = lists.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                values.push(value);
            }
        }
    }
    Value::Object(lists)
}
