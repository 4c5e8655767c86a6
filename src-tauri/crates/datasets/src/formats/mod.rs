//! The registry of formats. A new format is a file in this folder and two lines below.

mod coco;
mod coco_detections;
mod csv;
mod fields;
mod json_lines;

use crate::format::Format;

/// All formats, in display order.
pub static FORMATS: &[&dyn Format] =
    &[&coco::Coco, &coco_detections::CocoDetections, &json_lines::JsonLines, &csv::Csv];

/// The format with this name.
#[must_use]
pub fn find(id: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.descriptor().id == id)
}
