//! What a dataset format is: [`Format`], and the two ends that a dataset streams between, [`Source`] and [`Sink`].

use std::collections::BTreeMap;

use domain::dataset::FormatDescriptor;

use crate::error::{DatasetError, Result};
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo};
use crate::output::Output;

/// A dataset format. Everything else about it follows from its descriptor: the command line, the window, the docs table and
/// the conformance test.
pub trait Format: Send + Sync {
    fn descriptor(&self) -> &'static FormatDescriptor;

    /// Writes a dataset. [`crate::write`] calls this, with a source from which everything is removed that the descriptor
    /// does not list, so that a format meets only what it holds, and losses are counted in one place.
    ///
    /// A format may go through the images several times, and must write the same bytes for the same source.
    fn write(&self, source: &dyn Source, options: &FormatOptions, out: &mut Output) -> Result<()>;

    /// Reads a dataset that this or another program wrote: the info first, then images, then annotations of images that
    /// were read. A format may open its files several times, and holds no more than a part of them at a time.
    fn read(&self, input: &mut Input, options: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        let _ = (input, options, sink);
        Err(DatasetError::NotReadable(self.descriptor().id))
    }
}

/// Images one after the other.
pub type Images<'a> = Box<dyn Iterator<Item = Result<DatasetImage>> + 'a>;

/// Where a dataset comes from.
pub trait Source {
    fn info(&self) -> &DatasetInfo;

    /// The images in their order, from the first. They are the same, and in the same order, each time.
    fn images(&self) -> Images<'_>;
}

/// What takes a dataset that is read.
pub trait Sink {
    /// Called once, before everything else. Labels that are not in its table may follow in annotations.
    fn begin(&mut self, info: DatasetInfo) -> Result<()>;

    /// An image, with its annotations where the format has them beside it.
    fn image(&mut self, image: DatasetImage) -> Result<()>;

    /// An annotation on the image of this id, which was given before.
    fn annotation(&mut self, image: u64, annotation: DatasetAnnotation) -> Result<()>;

    /// A part of the file that a dataset has no place for, or that was read as something simpler.
    fn skipped(&mut self, skipped: SkippedPart);
}

/// A part of a file that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedPart {
    /// Such as `annotations[3].segmentation`.
    pub place: String,
    pub reason: &'static str,
}

/// Values for the options of a format, which its descriptor lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormatOptions(BTreeMap<&'static str, &'static str>);

impl FormatOptions {
    /// # Errors
    /// Where the format has no such option, or an option has no such value.
    pub fn new<'a>(
        descriptor: &FormatDescriptor,
        chosen: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self> {
        let mut values: BTreeMap<_, _> =
            descriptor.options.iter().filter_map(|option| Some((option.name, *option.values.first()?))).collect();
        for (name, value) in chosen {
            let option = descriptor.options.iter().find(|option| option.name == name);
            let option = option.ok_or_else(|| DatasetError::UnknownOption(name.to_owned()))?;
            let known = option.values.iter().find(|known| **known == value);
            let unknown =
                || DatasetError::UnknownValue { option: option.name, value: value.to_owned(), values: option.values };
            values.insert(option.name, known.ok_or_else(unknown)?);
        }
        Ok(Self(values))
    }

    /// The value of an option; empty where the format has no such option.
    #[must_use]
    pub fn get(&self, name: &str) -> &'static str {
        self.0.get(name).copied().unwrap_or_default()
    }
}
