//! An in-memory dataset, for small ones and tests.

use std::collections::HashMap;

use crate::error::{FileLocation, Result};
use crate::format::{DatasetSource, Images, Sink, SkippedPart};
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo};

/// An in-memory dataset, as source and sink.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    pub info: DatasetInfo,
    pub images: Vec<DatasetImage>,
    pub skipped: Vec<SkippedPart>,
    places: HashMap<u64, usize>,
}

impl Dataset {
    #[must_use]
    pub fn new(info: DatasetInfo, images: Vec<DatasetImage>) -> Self {
        let places = images.iter().enumerate().map(|(place, image)| (image.id, place)).collect();
        Self { info, images, skipped: Vec::new(), places }
    }
}

impl DatasetSource for Dataset {
    fn info(&self) -> &DatasetInfo {
        &self.info
    }

    fn images(&self) -> Images<'_> {
        Box::new(self.images.iter().cloned().map(Ok))
    }
}

impl Sink for Dataset {
    fn begin(&mut self, info: DatasetInfo) -> Result<()> {
        self.info = info;
        Ok(())
    }

    fn image(&mut self, image: DatasetImage) -> Result<()> {
        if self.places.insert(image.id, self.images.len()).is_some() {
            return Err(FileLocation::default().malformed(format!("image {} is listed twice", image.id)));
        }
        self.images.push(image);
        Ok(())
    }

    fn annotation(&mut self, image: u64, annotation: DatasetAnnotation) -> Result<()> {
        let place = self.places.get(&image).copied();
        let place = place.ok_or_else(|| FileLocation::default().malformed(format!("there is no image {image}")))?;
        self.images[place].annotations.push(annotation);
        Ok(())
    }

    fn skipped(&mut self, skipped: SkippedPart) {
        self.skipped.push(skipped);
    }
}
