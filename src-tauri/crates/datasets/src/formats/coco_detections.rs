//! COCO results: the list of scored boxes that evaluators read together with a dataset. Image and category ids are
//! those of the dataset.

mod read;

use domain::dataset::{Feature, FormatDescriptor, FormatGroup, Package, Translated};
use serde::Serialize;

pub use read::{ReadDetection, is_list_of_detections, read_detections};

use super::fields::bbox_of;
use super::items::Items;
use crate::error::Result;
use crate::format::{DatasetSource, Format, FormatOptions};
use crate::output::Output;

/// The format `coco-detections`.
pub struct CocoDetections;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "coco-detections",
    title: Translated { en: "COCO results", es: "Resultados COCO" },
    summary: Translated {
        en: "Boxes with scores: for evaluation against a dataset",
        es: "Recuadros con su confianza: para evaluar un conjunto de datos",
    },
    group: FormatGroup::Training,
    package: Package::File { extension: "json" },
    media_type: "application/json",
    // An image without detections has no entry, which says exactly that.
    holds: &[Feature::Boxes, Feature::PolygonBounds, Feature::EmptyImages, Feature::Confidences, Feature::LabelTable],
    // Evaluators fail on an empty list.
    can_be_empty: false,
    // Its ids have no meaning without the dataset; see `read_detections`.
    is_readable: false,
    options: &[],
    documentation: "https://cocodataset.org/#format-results",
};

impl Format for CocoDetections {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn write(&self, source: &dyn DatasetSource, _: &FormatOptions, out: &mut Output) -> Result<()> {
        let (out, labels) = (out.file()?, &source.info().labels);
        out.write_all(b"[")?;
        let mut items = Items::default();
        for image in source.images() {
            let image = image?;
            for annotation in &image.annotations {
                let (Some(bbox), Some(score)) = (bbox_of(&annotation.shape), annotation.confidence) else { continue };
                let category_id = labels.find(&annotation.label)?.id;
                items.write(out, &Detection { image_id: image.id, category_id, bbox, score })?;
            }
        }
        out.write_all(b"\n]\n")?;
        Ok(())
    }
}

#[derive(Serialize)]
struct Detection {
    image_id: u64,
    category_id: u64,
    bbox: [f64; 4],
    score: f32,
}
