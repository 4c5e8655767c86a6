//! A single-file dataset in a folder with its images.

use crate::entries::EntryNames;
use crate::error::Result;
use crate::format::{DatasetSource, Format, FormatOptions, Images};
use crate::model::DatasetInfo;
use crate::output::Output;
use crate::projection::Projection;

/// The folder of the images beside the file.
const IMAGES: &str = "images/";

/// A source whose images are in the folder of the dataset: their file names are relative to it.
pub struct InFolder<'a>(pub &'a dyn DatasetSource);

impl DatasetSource for InFolder<'_> {
    fn info(&self) -> &DatasetInfo {
        self.0.info()
    }

    fn images(&self) -> Images<'_> {
        let mut names = EntryNames::default();
        Box::new(self.0.images().map(move |image| {
            let mut image = image?;
            image.file_name = format!("{IMAGES}{}", names.name(&image).name);
            Ok(image)
        }))
    }
}

/// Adds the files of the images that `format` holds.
pub fn write_image_files(
    format: &dyn Format,
    source: &InFolder<'_>,
    options: &FormatOptions,
    out: &mut Output,
) -> Result<()> {
    for image in Projection::new(source, format.holds(options)).images() {
        let image = image?;
        if let Some(path) = &image.path {
            out.image_file(path, &image.file_name)?;
        }
        if out.keeps_everything {
            out.files.insert(image.id, image.file_name);
        }
    }
    Ok(())
}
