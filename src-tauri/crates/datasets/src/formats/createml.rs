//! Create ML: one JSON file with the boxes of all images, which are in the same folder. A box is given by its center.
//!
//! Source: Apple's documentation of `MLObjectDetector.DataSource`, annotation type `boundingBox` in pixels with the origin
//! at the top left.

use std::borrow::Cow;

use domain::dataset::{Feature, FormatDescriptor, FormatGroup, Package, Translated};
use domain::geometry::Rect;
use domain::shape::Shape;
use serde::{Deserialize, Serialize};

use super::items::Items;
use super::json::each_item;
use crate::entries::{EntryNames, ImageIndex, write_images};
use crate::error::Result;
use crate::format::{DatasetSource, Format, FormatOptions, Sink};
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetInfo};
use crate::output::Output;
use crate::paths::{beside, has_extension, split_of_path, stem};

/// The format `createml`.
pub struct CreateMl;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "createml",
    title: Translated { en: "Create ML", es: "Create ML" },
    summary: Translated { en: "Boxes for training on a Mac", es: "Recuadros para entrenar en un Mac" },
    group: FormatGroup::Training,
    package: Package::Folder,
    media_type: "application/json",
    holds: &[Feature::Boxes, Feature::PolygonBounds, Feature::UnscoredAnnotations, Feature::EmptyImages],
    can_be_empty: true,
    is_readable: true,
    options: &[],
    documentation: "https://developer.apple.com/documentation/createml/building-an-object-detector-data-source",
};

const FILE: &str = "annotations.json";

impl Format for CreateMl {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn write(&self, source: &dyn DatasetSource, _: &FormatOptions, out: &mut Output) -> Result<()> {
        let (mut names, mut images) = (EntryNames::without_stem("annotations"), Items::default());
        let file = out.entry(FILE)?;
        file.write_all(b"[")?;
        for image in source.images() {
            let image = image?;
            let annotations = image.annotations.iter().filter_map(|annotation| match annotation.shape {
                Shape::Box { rect } => Some(MlAnnotation {
                    label: Cow::Borrowed(&annotation.label),
                    coordinates: MlBox {
                        x: f64::midpoint(rect.x1, rect.x2),
                        y: f64::midpoint(rect.y1, rect.y2),
                        width: rect.width(),
                        height: rect.height(),
                    },
                }),
                _ => None,
            });
            let image = MlImage { image: Cow::Owned(names.name(&image).name), annotations: annotations.collect() };
            images.write(file, &image)?;
        }
        file.write_all(b"\n]\n")?;
        write_images(source, out, EntryNames::without_stem("annotations"), |_| String::new())
    }

    fn read(&self, input: &mut Input, _: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        sink.begin(DatasetInfo::default())?;
        let mut index = ImageIndex::read(input)?;
        let names = input.names()?;
        for name in names.iter().filter(|name| has_extension(name, "json")) {
            each_item(input.entry(name)?, name, None, |_, found: MlImage<'static>| {
                let path = beside(name, &found.image);
                let mut image = index.image(stem(&path), &path, None, split_of_path(&path));
                image.annotations = found.annotations.into_iter().map(MlAnnotation::into_annotation).collect();
                sink.image(image)
            })?;
        }
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct MlImage<'a> {
    #[serde(alias = "imagefilename")]
    image: Cow<'a, str>,
    #[serde(alias = "annotation")]
    annotations: Vec<MlAnnotation<'a>>,
}

#[derive(Serialize, Deserialize)]
struct MlAnnotation<'a> {
    label: Cow<'a, str>,
    coordinates: MlBox,
}

#[derive(Serialize, Deserialize)]
struct MlBox {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl MlAnnotation<'_> {
    fn into_annotation(self) -> DatasetAnnotation {
        let MlBox { x, y, width, height } = self.coordinates;
        let rect = Rect::new(x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0);
        DatasetAnnotation::new(self.label, Shape::Box { rect })
    }
}
