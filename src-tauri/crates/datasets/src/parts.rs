//! A dataset in several files, one for each split, is read as one.

use std::collections::HashMap;

use crate::Result;
use crate::format::{Sink, SkippedPart};
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo, DatasetSplit};

/// Passes several datasets on as one. Each numbers its images for itself, so that images are numbered anew.
pub struct JoinedParts<'a> {
    sink: &'a mut dyn Sink,
    has_begun: bool,
    split: Option<DatasetSplit>,
    /// Of the part that is read.
    numbers: HashMap<u64, u64>,
    next: u64,
}

impl<'a> JoinedParts<'a> {
    pub fn new(sink: &'a mut dyn Sink) -> Self {
        Self { sink, has_begun: false, split: None, numbers: HashMap::new(), next: 1 }
    }

    /// What follows is the part with the images of `split`.
    pub fn begin_part(&mut self, split: Option<DatasetSplit>) {
        self.split = split;
        self.numbers.clear();
    }

    fn number(&mut self, image: u64) -> u64 {
        *self.numbers.entry(image).or_insert_with(|| {
            self.next += 1;
            self.next - 1
        })
    }
}

impl Sink for JoinedParts<'_> {
    fn begin(&mut self, info: DatasetInfo) -> Result<()> {
        // Labels that only a later part has in its table are found by their annotations.
        if self.has_begun {
            return Ok(());
        }
        self.has_begun = true;
        self.sink.begin(info)
    }

    fn image(&mut self, image: DatasetImage) -> Result<()> {
        let id = self.number(image.id);
        self.sink.image(DatasetImage { id, split: image.split.or(self.split), ..image })
    }

    fn annotation(&mut self, image: u64, annotation: DatasetAnnotation) -> Result<()> {
        let image = self.number(image);
        self.sink.annotation(image, annotation)
    }

    fn skipped(&mut self, skipped: SkippedPart) {
        self.sink.skipped(skipped);
    }
}
