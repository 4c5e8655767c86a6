//! Overlays: copies of the images with their annotations drawn, to look at and to show.

use std::collections::{BTreeSet, HashMap};

use domain::dataset::{Feature, FormatDescriptor, FormatGroup, FormatOption, Package, Translated};

use super::crops::folder_of;
use crate::entries::{EntryNames, write_images};
use crate::error::Result;
use crate::format::{DatasetSource, Format, FormatOptions};
use crate::output::{ImagePlacement, Output};
use crate::pictures::DrawnShape;

/// The format `overlays`.
pub struct Overlays;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "overlays",
    title: Translated { en: "Overlays", es: "Imágenes anotadas" },
    summary: Translated {
        en: "Copies of the images with their annotations drawn: to look at and to show",
        es: "Copias de las imágenes con sus anotaciones dibujadas: para verlas y enseñarlas",
    },
    group: FormatGroup::Tables,
    package: Package::Folder,
    media_type: "image/jpeg",
    holds: &[
        Feature::Boxes,
        Feature::Polygons,
        Feature::Points,
        Feature::ImageTags,
        Feature::UnscoredAnnotations,
        Feature::EmptyImages,
        Feature::Confidences,
        Feature::Splits,
        Feature::LabelTable,
    ],
    can_be_empty: true,
    is_readable: false,
    options: &[FormatOption {
        name: "long-edge",
        title: Translated { en: "Long edge, in pixels", es: "Lado largo, en píxeles" },
        values: &["full", "2048", "1024"],
    }],
    documentation: "https://www.w3.org/Graphics/JPEG/",
};

impl Format for Overlays {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn write(&self, source: &dyn DatasetSource, options: &FormatOptions, out: &mut Output) -> Result<()> {
        let max_edge = options.get("long-edge").parse().ok();
        let (labels, mut names) = (&source.info().labels, EntryNames::default());
        let mut drawn = BTreeSet::new();
        for image in source.images() {
            for annotation in &image?.annotations {
                drawn.insert(labels.index_of(&annotation.label)?);
            }
        }
        // Labels that occur have different colors, however many others the table has.
        let places: HashMap<usize, usize> = drawn.into_iter().zip(0..).collect();
        for image in source.images() {
            let image = image?;
            let name = format!("overlays/{}{}.jpg", folder_of(image.split), names.name(&image).stem());
            let Some(path) = &image.path else { continue };
            let mut shapes = Vec::with_capacity(image.annotations.len());
            for annotation in &image.annotations {
                let text = match annotation.confidence {
                    Some(confidence) => format!("{} {confidence:.2}", annotation.label),
                    None => annotation.label.clone(),
                };
                let label = places.get(&labels.index_of(&annotation.label)?).copied().unwrap_or_default();
                shapes.push(DrawnShape { shape: annotation.shape.clone(), text, label });
            }
            out.overlay(path, &name, image.known_size()?, &shapes, max_edge)?;
        }
        if out.image_placement != ImagePlacement::Left {
            write_images(source, out, EntryNames::default(), |image| format!("images/{}", folder_of(image.split)))?;
        }
        Ok(())
    }
}
