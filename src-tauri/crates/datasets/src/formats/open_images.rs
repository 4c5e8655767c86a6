//! Open Images: CSV files of boxes and of images, for each split. Coordinates are fractions of the upright image.
//!
//! Source: the documentation of Open Images V7. Labels have ids of their own. A box that a person drew has the source
//! `xclick` and the confidence 1; one of a model has the source `activemil`.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io::Write;

use ::csv::{ReaderBuilder, StringRecord, WriterBuilder};
use domain::dataset::{Feature, FormatDescriptor, Package, Translated};
use domain::geometry::{PixelSize, Rect};
use domain::shape::Shape;

use crate::entries::{
    EntryNames, ImageIndex, file_part, has_extension, is_image, split_named, split_of_path, stem, write_images,
};
use crate::error::{DatasetError, FileLocation, Result};
use crate::format::{DatasetSource, Format, FormatOptions, Sink};
use crate::image_size::upright_size;
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo, DatasetSplit, LabelTable};
use crate::output::Output;

/// The format `open-images`.
pub struct OpenImages;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "open-images",
    title: Translated { en: "Open Images", es: "Open Images" },
    summary: Translated { en: "Tables of boxes, by split", es: "Tablas de recuadros, por partición" },
    package: Package::Folder,
    media_type: "text/csv",
    holds: &[
        Feature::Boxes,
        Feature::PolygonBounds,
        Feature::UnscoredAnnotations,
        Feature::EmptyImages,
        Feature::Confidences,
        Feature::Crowds,
        Feature::Splits,
        Feature::LabelTable,
    ],
    can_be_empty: true,
    is_readable: true,
    options: &[],
    documentation: "https://storage.googleapis.com/openimages/web/download_v7.html",
};

const CLASSES: &str = "annotations/class-descriptions.csv";
const BOXES: &str = "-annotations-bbox.csv";
const IMAGE_LIST: &str = "annotations/image_ids_and_rotation.csv";
const IMAGE_COLUMNS: &str = "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title,\
    OriginalSize,OriginalMD5,Thumbnail300KURL,Rotation\n";
const COLUMNS: [&str; 13] = [
    "ImageID",
    "Source",
    "LabelName",
    "Confidence",
    "XMin",
    "XMax",
    "YMin",
    "YMax",
    "IsOccluded",
    "IsTruncated",
    "IsGroupOf",
    "IsDepiction",
    "IsInside",
];
const SPLITS: [&str; 3] = ["train", "validation", "test"];

impl Format for OpenImages {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    /// A pass for each split.
    fn write(&self, source: &dyn DatasetSource, _: &FormatOptions, out: &mut Output) -> Result<()> {
        let labels = &source.info().labels;
        let mut rows = WriterBuilder::new().from_writer(Vec::new());
        for label in labels.labels() {
            rows.write_record([&label_id(label.id), &label.name]).map_err(failed)?;
        }
        let classes = rows.into_inner().map_err(|error| DatasetError::Io(error.into_error()))?;
        out.entry(CLASSES)?.write_all(&classes)?;

        let (mut list, mut names, mut used) = (IMAGE_COLUMNS.to_owned(), EntryNames::flat(), HashSet::new());
        for image in source.images() {
            let image = image?;
            let subset = split_name(&image);
            used.insert(subset);
            let name = names.name(&image);
            // No quoting is needed, except for quotes and commas.
            let _ = writeln!(list, "{},{subset},,,,,,,,,,", quoted(name.stem()));
        }
        out.entry(IMAGE_LIST)?.write_all(list.as_bytes())?;
        for subset in SPLITS.into_iter().filter(|subset| used.contains(subset)) {
            write_boxes(source, subset, out.entry(&format!("annotations/{subset}{BOXES}"))?)?;
        }
        write_images(source, out, EntryNames::flat(), |image| format!("images/{}/", split_name(image)))
    }

    fn read(&self, input: &mut Input, _: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        let names = input.names()?;
        let mut labels = LabelTable::default();
        let mut label_names = HashMap::new();
        let is_class_list = |name: &&String| name.contains("class-descriptions") && has_extension(name, "csv");
        if let Some(name) = names.iter().find(is_class_list) {
            let mut rows = ReaderBuilder::new().has_headers(false).from_reader(input.entry(name)?);
            for row in rows.records() {
                let row = row.map_err(|error| malformed(name, &error))?;
                let (Some(id), Some(label)) = (row.get(0), row.get(1)) else { continue };
                if id != "LabelName" {
                    labels.add(labels.labels().len() as u64 + 1, label.to_owned());
                    label_names.insert(id.to_owned(), label.to_owned());
                }
            }
        }
        sink.begin(DatasetInfo { labels, ..DatasetInfo::default() })?;
        let mut images = Images { index: ImageIndex::read(input)?, by_id: HashMap::new() };
        images.list(input, &names, sink)?;
        for name in names.iter().filter(|name| name.ends_with("bbox.csv")) {
            let split = split_of_table(name);
            let mut rows = ReaderBuilder::new().from_reader(input.entry(name)?);
            let columns = rows.headers().map_err(|error| malformed(name, &error))?.clone();
            let mut record = StringRecord::new();
            while rows.read_record(&mut record).map_err(|error| malformed(name, &error))? {
                let row = Row { name, columns: &columns, record: &record };
                let image = match images.find(row.cell("ImageID"), split)[..] {
                    [image] => image,
                    [] => {
                        return Err(row.place("ImageID").malformed("there is no image with this id in the dataset"));
                    }
                    _ => return Err(row.place("ImageID").malformed("several images have this id")),
                };
                let Some(size) = image.size else {
                    return Err(DatasetError::UnknownSize { image: row.cell("ImageID").to_owned() });
                };
                let (width, height) = (f64::from(size.width), f64::from(size.height));
                let (x1, x2) = (row.number("XMin")? * width, row.number("XMax")? * width);
                let (y1, y2) = (row.number("YMin")? * height, row.number("YMax")? * height);
                let id = row.cell("LabelName");
                let label = label_names.get(id).map_or(id, String::as_str);
                let shape = Shape::Box { rect: Rect::new(x1, y1, x2, y2) };
                let is_drawn = matches!(row.cell("Source"), "xclick" | "") || row.cell("Confidence").is_empty();
                let confidence = if is_drawn { None } else { Some(row.number("Confidence")?) };
                #[expect(clippy::cast_possible_truncation, reason = "a confidence has few digits")]
                let confidence = confidence.map(|confidence| confidence as f32);
                let is_crowd = row.cell("IsGroupOf") == "1";
                sink.annotation(
                    image.number,
                    DatasetAnnotation { confidence, is_crowd, ..DatasetAnnotation::new(label, shape) },
                )?;
            }
        }
        Ok(())
    }
}

fn failed(error: ::csv::Error) -> DatasetError {
    DatasetError::Io(error.into())
}

fn malformed(file: &str, error: &::csv::Error) -> DatasetError {
    let line = error.position().map(::csv::Position::line);
    FileLocation { line, ..FileLocation::file(file) }.malformed(error.to_string())
}

fn label_id(number: u64) -> String {
    format!("/m/{number:06}")
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// Images without a split are for training.
fn split_name(image: &DatasetImage) -> &'static str {
    match image.split {
        Some(DatasetSplit::Train) | None => SPLITS[0],
        Some(DatasetSplit::Validation) => SPLITS[1],
        Some(DatasetSplit::Test) => SPLITS[2],
    }
}

fn write_boxes(source: &dyn DatasetSource, subset: &str, file: &mut dyn Write) -> Result<()> {
    let labels = &source.info().labels;
    let mut names = EntryNames::flat();
    let mut rows = WriterBuilder::new().from_writer(file);
    rows.write_record(COLUMNS).map_err(failed)?;
    for image in source.images() {
        let image = image?;
        // Every image takes its name, so that names are the same in every pass.
        let name = names.name(&image);
        if split_name(&image) != subset {
            continue;
        }
        let size = image.known_size()?;
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        for annotation in &image.annotations {
            let Shape::Box { rect } = annotation.shape else { continue };
            let [source, confidence] = match annotation.confidence {
                Some(confidence) => ["activemil".to_owned(), confidence.to_string()],
                None => ["xclick".to_owned(), "1".to_owned()],
            };
            let sides =
                [rect.x1 / width, rect.x2 / width, rect.y1 / height, rect.y2 / height].map(|side| side.to_string());
            let flags = ["-1", "-1", if annotation.is_crowd { "1" } else { "0" }, "-1", "-1"];
            let cells = [name.stem().to_owned(), source, label_id(labels.find(&annotation.label)?.id), confidence];
            let cells = cells.iter().chain(&sides).map(String::as_str).chain(flags);
            rows.write_record(cells).map_err(failed)?;
        }
    }
    rows.flush()?;
    Ok(())
}

/// The split that a table is named after, such as `train-annotations-bbox.csv`.
fn split_of_table(name: &str) -> Option<DatasetSplit> {
    split_named(file_part(name).split('-').next().unwrap_or_default()).or_else(|| split_of_path(name))
}

/// The images of a dataset by id: the name without extension, which is unique within a split.
struct Images {
    index: ImageIndex,
    by_id: HashMap<String, Vec<KnownImage>>,
}

#[derive(Clone, Copy)]
struct KnownImage {
    number: u64,
    split: Option<DatasetSplit>,
    size: Option<PixelSize>,
}

impl Images {
    /// Those that have a file, are listed, or have boxes.
    fn list(&mut self, input: &mut Input, names: &[String], sink: &mut dyn Sink) -> Result<()> {
        for path in self.index.stems().iter().map(ToString::to_string).collect::<Vec<_>>() {
            let image = self.index.image(&path, "", None, None);
            self.add(file_part(&path), image, sink)?;
        }
        for file in names.iter().filter(|name| is_image(name)) {
            if self.index.position(stem(file)) == usize::MAX {
                let image = self.index.unlisted(file, upright_size(input, file)?, split_of_path(file));
                self.add(file_part(stem(file)), image, sink)?;
            }
        }
        let has_image_ids = |name: &&String| has_extension(name, "csv") && !name.contains("class-descriptions");
        for name in names.iter().filter(has_image_ids) {
            let of_table = split_of_table(name);
            let mut rows = ReaderBuilder::new().from_reader(input.entry(name)?);
            let columns = rows.headers().map_err(|error| malformed(name, &error))?.clone();
            let mut found = Vec::new();
            for record in rows.records() {
                let record = record.map_err(|error| malformed(name, &error))?;
                let row = Row { name, columns: &columns, record: &record };
                let id = row.cell("ImageID").to_owned();
                let split = split_named(row.cell("Subset")).or(of_table);
                if !id.is_empty() && self.find(&id, split).is_empty() {
                    found.push((id, split));
                }
            }
            for (id, split) in found {
                if self.find(&id, split).is_empty() {
                    let image = self.index.image(&format!("images/{id}"), &format!("{id}.jpg"), None, split);
                    self.add(&id, image, sink)?;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, id: &str, image: DatasetImage, sink: &mut dyn Sink) -> Result<()> {
        let known = KnownImage { number: image.id, split: image.split, size: image.size };
        self.by_id.entry(id.to_owned()).or_default().push(known);
        sink.image(image)
    }

    /// Images with this id in `split`; without any, those for which either split is unknown.
    fn find(&self, id: &str, split: Option<DatasetSplit>) -> Vec<KnownImage> {
        let known = self.by_id.get(id).map(Vec::as_slice).unwrap_or_default();
        let exact: Vec<KnownImage> = known.iter().filter(|image| image.split == split).copied().collect();
        if !exact.is_empty() {
            return exact;
        }
        known.iter().filter(|image| image.split.is_none() || split.is_none()).copied().collect()
    }
}

struct Row<'a> {
    name: &'a str,
    columns: &'a StringRecord,
    record: &'a StringRecord,
}

impl Row<'_> {
    /// Empty if there is none.
    fn cell(&self, column: &str) -> &str {
        let place = self.columns.iter().position(|name| name.trim_start_matches('\u{feff}') == column);
        place.and_then(|place| self.record.get(place)).unwrap_or_default()
    }

    fn place(&self, column: &str) -> FileLocation {
        let line = self.record.position().map(::csv::Position::line);
        FileLocation { line, ..FileLocation::file(self.name).with_field(column) }
    }

    fn number(&self, column: &str) -> Result<f64> {
        let cell = self.cell(column);
        let number = cell.parse().ok().filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| self.place(column).malformed(format!("{cell:?} is not a number")))
    }
}
