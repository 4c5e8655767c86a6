//! The registry of formats. A new format is a file here, and its two lines below.

mod coco;
mod coco_detections;
mod csv;
mod fields;
mod json_lines;

use crate::format::Format;

/// Every format, in the order in which people are shown them.
pub static FORMATS: &[&dyn Format] =
    &[&coco::Coco, &coco_detections::CocoDetections, &json_lines::JsonLines, &csv::Csv];

/// The format of this name, as people type it.
#[must_use]
pub fn find(id: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.descriptor().id == id)
}
