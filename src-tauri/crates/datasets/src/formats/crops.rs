//! Crops: a picture of each annotation, in a folder for its label, as torchvision's `ImageFolder` and trainers of
//! classifiers read them; and an index that leads back to the images.

use std::collections::HashSet;
use std::io;

use ::csv::{Terminator, WriterBuilder};
use domain::dataset::{Feature, FormatDescriptor, FormatGroup, FormatOption, Package, Translated};
use domain::geometry::{ImageRegion, PixelSize, Rect};
use domain::shape::Shape;

use super::csv::{AnnotationTable, Text};
use super::json_lines::LineAnnotation;
use super::rows::failed;
use crate::entries::{EntryNames, allowed_part, write_images};
use crate::error::Result;
use crate::format::{DatasetSource, Format, FormatOptions};
use crate::model::{DatasetAnnotation, DatasetImage, DatasetSplit, LabelTable};
use crate::output::{ImagePlacement, Output};
use crate::pictures::PictureEncoding;

/// The format `crops`.
pub struct Crops;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "crops",
    title: Translated { en: "Crops", es: "Recortes" },
    summary: Translated {
        en: "A picture of each annotation, in folders by label: for training classifiers",
        es: "Una imagen de cada anotación, en carpetas por etiqueta: para entrenar clasificadores",
    },
    group: FormatGroup::Tables,
    package: Package::Folder,
    media_type: "image/jpeg",
    holds: &[
        Feature::Boxes,
        Feature::Polygons,
        Feature::ImageTags,
        Feature::UnscoredAnnotations,
        Feature::Attributes,
        Feature::Confidences,
        Feature::Decisions,
        Feature::Origins,
        Feature::AnnotationIds,
        Feature::StoredSizes,
        Feature::Hashes,
        Feature::ReviewStates,
        Feature::MissingFiles,
        Feature::Splits,
        Feature::LabelTable,
        Feature::AttributeTable,
    ],
    can_be_empty: false,
    is_readable: false,
    options: &[
        FormatOption {
            name: "margin",
            title: Translated { en: "Margin, % of the box", es: "Margen, % del recuadro" },
            values: &["0", "10", "25", "50"],
        },
        FormatOption {
            name: "pictures",
            title: Translated { en: "Pictures", es: "Imágenes" },
            values: &["jpg", "png"],
        },
        FormatOption { name: "index", title: Translated { en: "Index", es: "Índice" }, values: &["csv", "jsonl"] },
    ],
    documentation: "https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.ImageFolder.html",
};

/// Columns before those of the format `csv`.
const COLUMNS: [&str; 6] = ["file", "split", "crop_x", "crop_y", "crop_width", "crop_height"];

impl Format for Crops {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn write(&self, source: &dyn DatasetSource, options: &FormatOptions, out: &mut Output) -> Result<()> {
        let encoding = if options.get("pictures") == "png" { PictureEncoding::Png } else { PictureEncoding::Jpeg };
        let margin = options.get("margin").parse().unwrap_or(0.0) / 100.0;
        let labels = &source.info().labels;
        let (folders, mut names) = (folders(labels), EntryNames::flat());
        let mut index = Index::new(options.get("index"), source)?;
        for image in source.images() {
            let image = image?;
            let (size, name, split) = (image.known_size()?, names.name(&image), folder_of(image.split));
            let mut parts = Vec::with_capacity(image.annotations.len());
            for (annotation, number) in image.annotations.iter().zip(1..) {
                let folder = &folders[labels.index_of(&annotation.label)?];
                let file = format!("crops/{split}{folder}/{}-{number}.{}", name.stem(), encoding.extension());
                let region = region_of(&annotation.shape, size, margin);
                parts.push((region, file));
            }
            let is_made = match &image.path {
                Some(path) => out.crops(path, size, &parts, encoding)?,
                None => false,
            };
            for ((region, file), annotation) in parts.iter().zip(&image.annotations) {
                index.add(is_made.then_some(&**file), *region, &image, annotation)?;
            }
        }
        let (name, index) = index.finish()?;
        out.entry(name)?.write_all(&index)?;
        if out.image_placement != ImagePlacement::Left {
            write_images(source, out, EntryNames::flat(), |image| format!("images/{}", folder_of(image.split)))?;
        }
        Ok(())
    }
}

/// With a slash at its end; empty without a split.
pub fn folder_of(split: Option<DatasetSplit>) -> String {
    split.map_or_else(String::new, |split| format!("{}/", split.short_name()))
}

/// The folder of each label, allowed on every system.
fn folders(labels: &LabelTable) -> Vec<String> {
    let mut taken = HashSet::new();
    let folders = labels.labels().iter().map(|label| {
        let mut folder = allowed_part(&label.name.replace('/', "_"));
        if folder.is_empty() {
            folder = format!("label-{}", label.id);
        }
        while !taken.insert(folder.to_lowercase()) {
            folder = format!("{folder}-{}", label.id);
        }
        folder
    });
    folders.collect()
}

/// The pixels that a shape touches, with a margin on each side as a share of its width and height. At least one pixel.
fn region_of(shape: &Shape, size: PixelSize, margin: f64) -> ImageRegion {
    let Some(bounds) = shape.bounds().map(Rect::ordered) else { return ImageRegion::whole(size) };
    let (across, down) = (margin * bounds.width(), margin * bounds.height());
    let [(left, right), (top, bottom)] =
        [(bounds.x1 - across, bounds.x2 + across, size.width), (bounds.y1 - down, bounds.y2 + down, size.height)].map(
            |(from, to, length)| {
                let from = whole(from.floor(), length.saturating_sub(1));
                (from, whole(to.ceil(), length).max(from + 1))
            },
        );
    ImageRegion { left, top, size: PixelSize::new(right - left, bottom - top) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the image")]
fn whole(coordinate: f64, most: u32) -> u32 {
    coordinate.clamp(0.0, most.into()) as u32
}

/// The index as it is written.
enum Index<'a> {
    Csv { rows: Box<::csv::Writer<Vec<u8>>>, table: AnnotationTable<'a> },
    JsonLines(Vec<u8>),
}

/// A line of the index.
#[derive(serde::Serialize)]
struct CropLine<'a> {
    file: Option<&'a str>,
    split: Option<DatasetSplit>,
    /// Left, top, width, height.
    crop: [u32; 4],
    image: u64,
    file_name: &'a str,
    width: Option<u32>,
    height: Option<u32>,
    #[serde(flatten)]
    annotation: LineAnnotation<'a>,
}

impl<'a> Index<'a> {
    fn new(kind: &str, source: &'a dyn DatasetSource) -> Result<Self> {
        if kind == "jsonl" {
            return Ok(Self::JsonLines(Vec::new()));
        }
        let table = AnnotationTable::new(source.info());
        let mut rows = WriterBuilder::new().has_headers(false).terminator(Terminator::CRLF).from_writer(Vec::new());
        rows.serialize((COLUMNS, table.columns())).map_err(failed)?;
        Ok(Self::Csv { rows: Box::new(rows), table })
    }

    fn add(
        &mut self,
        file: Option<&str>,
        region: ImageRegion,
        image: &DatasetImage,
        annotation: &DatasetAnnotation,
    ) -> Result<()> {
        let crop = [region.left, region.top, region.size.width, region.size.height];
        match self {
            Self::Csv { rows, table } => {
                let file = file.map(|file| Text(file.into()));
                rows.serialize((file, image.split, crop, table.cells(image, annotation))).map_err(failed)
            }
            Self::JsonLines(lines) => {
                let line = CropLine {
                    file,
                    split: image.split,
                    crop,
                    image: image.id,
                    file_name: &image.file_name,
                    width: image.size.map(|size| size.width),
                    height: image.size.map(|size| size.height),
                    annotation: annotation.into(),
                };
                serde_json::to_writer(&mut *lines, &line).map_err(io::Error::from)?;
                lines.push(b'\n');
                Ok(())
            }
        }
    }

    /// The name of the index, and its content.
    fn finish(self) -> Result<(&'static str, Vec<u8>)> {
        Ok(match self {
            Self::Csv { rows, .. } => {
                ("index.csv", rows.into_inner().map_err(|error| io::Error::other(error.to_string()))?)
            }
            Self::JsonLines(lines) => ("index.jsonl", lines),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crop_has_every_pixel_of_its_shape_and_stays_in_the_image() {
        let size = PixelSize::new(300, 200);
        let region = |rect: [f64; 4], margin| {
            let [x1, y1, x2, y2] = rect;
            let region = region_of(&Shape::Box { rect: Rect::new(x1, y1, x2, y2) }, size, margin);
            (region.left, region.top, region.size.width, region.size.height)
        };
        assert_eq!(region([10.0, 20.0, 110.0, 80.0], 0.0), (10, 20, 100, 60));
        assert_eq!(region([10.5, 20.5, 110.5, 80.2], 0.0), (10, 20, 101, 61));
        assert_eq!(region([10.0, 20.0, 110.0, 80.0], 0.25), (0, 5, 135, 90));
        assert_eq!(region([299.9, 199.9, 300.0, 200.0], 0.0), (299, 199, 1, 1));
        assert_eq!(region([50.0, 50.0, 50.0, 50.0], 0.5), (50, 50, 1, 1));
        assert_eq!(region([-20.0, 500.0, -10.0, 600.0], 0.0), (0, 199, 1, 1));
        assert_eq!(region_of(&Shape::ImageTag, size, 0.5), ImageRegion::whole(size));
    }

    #[test]
    fn labels_have_folders_of_their_own_on_every_system() {
        let mut labels = LabelTable::default();
        for (name, id) in ["cup", "CUP", "a/b", "a:b", "nul", "..", "mug."].iter().zip(1..) {
            labels.add(id, (*name).to_owned());
        }
        assert_eq!(folders(&labels), ["cup", "CUP-2", "a_b", "a_b-4", "_nul", "label-6", "mug"]);
    }
}
