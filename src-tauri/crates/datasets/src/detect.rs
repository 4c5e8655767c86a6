//! Finds out in which format a dataset is.

use std::path::Path;

use crate::error::{DatasetError, Result};
use crate::format::{Format, FormatOptions, Sink, SkippedPart};
use crate::formats::{FORMATS, is_list_of_detections};
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo};

/// As many images as show whether a reader understands a file.
const ENOUGH_IMAGES: u32 = 50;

/// The format of the dataset at `path`: the first one whose reader finds annotations in it, otherwise images. `None` if no
/// reader understands it.
#[must_use]
pub fn detect(path: &Path) -> Option<&'static dyn Format> {
    if path.is_file() && is_list_of_detections(path) {
        return crate::find("coco-detections");
    }
    let mut with_images = None;
    for format in FORMATS.iter().copied().filter(|format| format.descriptor().is_readable) {
        match try_format(format, path) {
            Some(Found { annotations: 1.., .. }) => return Some(format),
            Some(Found { images: 1.., .. }) if with_images.is_none() => with_images = Some(format),
            _ => {}
        }
    }
    with_images
}

/// What the reader of `format` finds first; `None` if it fails.
fn try_format(format: &dyn Format, path: &Path) -> Option<Found> {
    let options = FormatOptions::new(format.descriptor(), []).ok()?;
    let mut input = Input::open(format.descriptor().package, path).ok()?;
    let mut found = Found::default();
    match format.read(&mut input, &options, &mut found) {
        Ok(()) => Some(found),
        Err(DatasetError::Owner(error)) if error.is::<Enough>() => Some(found),
        Err(_) => None,
    }
}

#[derive(Default)]
struct Found {
    images: u32,
    annotations: u32,
}

/// Ends reading.
#[derive(Debug, thiserror::Error)]
#[error("enough has been read")]
struct Enough;

impl Found {
    fn end_when_enough(&self) -> Result<()> {
        let is_enough = self.annotations > 0 && self.images >= ENOUGH_IMAGES;
        if is_enough { Err(DatasetError::Owner(Box::new(Enough))) } else { Ok(()) }
    }
}

impl Sink for Found {
    fn begin(&mut self, _: DatasetInfo) -> Result<()> {
        Ok(())
    }

    fn image(&mut self, image: DatasetImage) -> Result<()> {
        self.images += 1;
        self.annotations += u32::try_from(image.annotations.len()).unwrap_or(u32::MAX);
        self.end_when_enough()
    }

    fn annotation(&mut self, _: u64, _: DatasetAnnotation) -> Result<()> {
        self.annotations += 1;
        self.end_when_enough()
    }

    fn skipped(&mut self, _: SkippedPart) {}
}
