//! The registry of formats. A new format is a file in this folder and two lines below.

mod coco;
mod coco_detections;
mod createml;
mod crops;
mod csv;
mod cvat;
mod datumaro;
mod fields;
mod fiftyone;
mod huggingface;
mod items;
mod json;
mod json_lines;
mod json_list;
mod label_studio;
mod labelme;
mod open_images;
mod overlays;
mod rows;
mod via;
mod voc;
mod xml;
mod yolo;

use crate::format::Format;

pub use coco::{StatedExtent, read_coco_extents};
pub use coco_detections::{ReadDetection, is_list_of_detections, read_detections};
pub use json_lines::write_everything;

/// All formats, in display order.
pub static FORMATS: &[&dyn Format] = &[
    &coco::Coco,
    &coco_detections::CocoDetections,
    &yolo::Yolo,
    &voc::Voc,
    &labelme::LabelMe,
    &label_studio::LabelStudio,
    &cvat::Cvat,
    &datumaro::Datumaro,
    &open_images::OpenImages,
    &createml::CreateMl,
    &via::Via,
    &huggingface::HuggingFace,
    &fiftyone::FiftyOne,
    &json_list::JsonList,
    &json_lines::JsonLines,
    &csv::Csv,
    &crops::Crops,
    &overlays::Overlays,
];

/// The format with this name.
#[must_use]
pub fn find(id: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.descriptor().id == id)
}
