//! Dataset formats: [`Format`], and the streaming interfaces [`DatasetSource`] and [`Sink`].

use std::collections::BTreeMap;

use domain::dataset::{Feature, FormatDescriptor};

use crate::error::{DatasetError, Result};
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo};
use crate::output::Output;

/// A dataset format. The command line, the window, the docs and the conformance test take everything else from its
/// descriptor.
pub trait Format: Send + Sync {
    fn descriptor(&self) -> &'static FormatDescriptor;

    /// All features that it can hold with these options.
    fn holds(&self, options: &FormatOptions) -> &'static [Feature] {
        let _ = options;
        self.descriptor().holds
    }

    /// Writes a dataset. [`crate::write`] calls this with a source that contains only features that it holds, so
    /// that a format meets only what it holds, and losses are counted in one place.
    ///
    /// A format may iterate over the images several times, and must write the same bytes for the same source.
    fn write(&self, source: &dyn DatasetSource, options: &FormatOptions, out: &mut Output) -> Result<()>;

    /// Reads a dataset of this or another program: first the info, then images, then annotations of images already
    /// read. A format may open its files several times, and holds only a part of them in memory.
    fn read(&self, input: &mut Input, options: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        let _ = (input, options, sink);
        Err(DatasetError::NotReadable(self.descriptor().id))
    }
}

/// Images one after the other.
pub type Images<'a> = Box<dyn Iterator<Item = Result<DatasetImage>> + 'a>;

/// A source of a dataset.
pub trait DatasetSource {
    fn info(&self) -> &DatasetInfo;

    /// All images, in the same order each time.
    fn images(&self) -> Images<'_>;
}

/// A receiver of a dataset.
pub trait Sink {
    /// Called once, first. Annotations may have labels that are not in its table.
    fn begin(&mut self, info: DatasetInfo) -> Result<()>;

    /// An image, with its annotations if the format stores them together.
    fn image(&mut self, image: DatasetImage) -> Result<()>;

    /// An annotation of an image that was passed before.
    fn annotation(&mut self, image: u64, annotation: DatasetAnnotation) -> Result<()>;

    /// A part of the file that was not read, or was simplified.
    fn skipped(&mut self, skipped: SkippedPart);
}

/// Why an attribute of a whole image is not read.
pub(crate) const IMAGE_ATTRIBUTE: &str = "attributes of an image are not supported";

/// Why a field that the reader does not know is not read.
pub(crate) const UNKNOWN_FIELD: &str = "this field is not supported";

/// A part of a file that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedPart {
    /// Such as `annotations[3].segmentation`.
    pub place: String,
    pub reason: &'static str,
}

/// Values of a format's options.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormatOptions(BTreeMap<&'static str, &'static str>);

impl FormatOptions {
    /// # Errors
    ///
    /// If the format has no such option or value.
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

    /// The value of an option; empty if the format does not have it.
    #[must_use]
    pub fn get(&self, name: &str) -> &'static str {
        self.0.get(name).copied().unwrap_or_default()
    }
}
