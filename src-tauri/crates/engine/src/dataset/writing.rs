//! Writes a dataset with what accompanies it: images, the parts of its split, everything that the format cannot hold, and
//! its data card.

use datasets::model::{DatasetImage, DatasetInfo, DatasetSplit};
use datasets::{
    DatasetError, DatasetSource, EXPORTED_STEM, Format, FormatOptions, ImagePlacement, Images, InFolder, Output,
    Written, write_everything, write_image_files,
};
use domain::data_card::DataCard;
use domain::dataset::{Feature, Loss, Package};
use domain::export::{ExportRequest, ImageFileMode};

use super::card::{CARD_JSON, CARD_PAGE};
use super::{card_of, exported};

/// Parts with the names of their folders and files.
const PARTS: [(DatasetSplit, &str); 3] =
    [(DatasetSplit::Train, "train"), (DatasetSplit::Validation, "val"), (DatasetSplit::Test, "test")];

/// The images of one part, for formats without splits.
struct PartOf<'a> {
    source: &'a dyn DatasetSource,
    part: DatasetSplit,
}

impl DatasetSource for PartOf<'_> {
    fn info(&self) -> &DatasetInfo {
        self.source.info()
    }

    /// Images without a part, which failed, are with those for training.
    fn images(&self) -> Images<'_> {
        let part = self.part;
        let images = self.source.images().filter(move |image| {
            image.as_ref().map_or(true, |image| image.split.unwrap_or(DatasetSplit::Train) == part)
        });
        Box::new(images.map(|image| image.map(|image| DatasetImage { split: None, ..image })))
    }
}

/// What to write.
pub struct Writing<'a> {
    pub format: &'static dyn Format,
    pub options: &'a FormatOptions,
    pub request: &'a ExportRequest,
    /// How the dataset is stored.
    pub package: Package,
    /// Written into a folder or an archive.
    pub card: Option<&'a DataCard>,
}

impl Writing<'_> {
    /// Writes `source` with everything that is in the same folder or archive.
    pub fn write(&self, source: &dyn DatasetSource, out: &mut Output) -> datasets::Result<Written> {
        if matches!(self.package, Package::File { .. }) {
            return datasets::write(self.format, source, self.options, out);
        }
        out.image_placement = self.placement();
        out.keeps_everything = self.request.keeps_everything;
        let written = match self.format.descriptor().package {
            Package::File { extension } => self.write_file(source, extension, out)?,
            Package::Folder | Package::Archive { .. } => self.write_folder(source, out)?,
        };
        if let Some(card) = self.card {
            let card = &card_of(card, &exported(&written, out));
            out.entry(CARD_PAGE)?.write_all(card.markdown().as_bytes())?;
            out.entry(CARD_JSON)?.write_all(&card_json(card)?)?;
        }
        Ok(written)
    }

    fn placement(&self) -> ImagePlacement {
        match self.request.images {
            ImageFileMode::Left => ImagePlacement::Left,
            ImageFileMode::Linked if self.package == Package::Folder => ImagePlacement::HardLinked,
            ImageFileMode::Copied | ImageFileMode::Linked | ImageFileMode::Zipped => ImagePlacement::Copied,
        }
    }

    /// Whether each part of the split is a dataset of its own.
    fn is_in_parts(&self) -> bool {
        self.request.split.is_some() && !self.format.holds(self.options).contains(&Feature::Splits)
    }

    /// A format of one file: `annotations.json`, or a file for each part.
    fn write_file(&self, source: &dyn DatasetSource, extension: &str, out: &mut Output) -> datasets::Result<Written> {
        let in_folder = InFolder(source);
        let named: &dyn DatasetSource = if self.request.images == ImageFileMode::Left { source } else { &in_folder };
        let written = if self.is_in_parts() {
            self.write_parts(named, out, |out, name| out.set_file_name(&format!("{name}.{extension}")))?
        } else {
            out.set_file_name(&format!("{EXPORTED_STEM}.{extension}"));
            datasets::write(self.format, named, self.options, out)?
        };
        if self.request.images != ImageFileMode::Left {
            write_image_files(self.format, &in_folder, self.options, out)?;
        }
        if self.request.keeps_everything {
            write_everything(source, out)?;
        }
        Ok(written)
    }

    /// A format of several files. One without splits has a folder for each part.
    fn write_folder(&self, source: &dyn DatasetSource, out: &mut Output) -> datasets::Result<Written> {
        if !self.is_in_parts() {
            let written = datasets::write(self.format, source, self.options, out)?;
            if self.request.keeps_everything {
                write_everything(source, out)?;
            }
            return Ok(written);
        }
        let written = self.write_parts(source, out, |out, name| out.enter(name))?;
        out.enter("");
        Ok(written)
    }

    /// Writes the parts that have images, each after `begin`.
    fn write_parts(
        &self,
        source: &dyn DatasetSource,
        out: &mut Output,
        begin: impl Fn(&mut Output, &str),
    ) -> datasets::Result<Written> {
        let is_folder = !matches!(self.format.descriptor().package, Package::File { .. });
        let (mut all, mut empty) = (Written::default(), None);
        for (part, name) in PARTS {
            let of_part = PartOf { source, part };
            if of_part.images().next().transpose()?.is_none() {
                continue;
            }
            begin(out, name);
            match datasets::write(self.format, &of_part, self.options, out) {
                Ok(written) => add(&mut all, &written),
                // Other programs could not read that part; the others stay useful.
                Err(error @ DatasetError::Empty { .. }) => empty = Some(error),
                Err(error) => return Err(error),
            }
            if is_folder && self.request.keeps_everything {
                write_everything(&of_part, out)?;
            }
        }
        match empty {
            Some(error) if all.annotations == 0 => Err(error),
            _ => Ok(all),
        }
    }
}

/// The JSON of a data card, with a line feed at its end.
pub fn card_json(card: &DataCard) -> std::io::Result<Vec<u8>> {
    let mut json = serde_json::to_vec_pretty(card)?;
    json.push(b'\n');
    Ok(json)
}

fn add(all: &mut Written, written: &Written) {
    all.images += written.images;
    all.failed_images += written.failed_images;
    all.empty_images += written.empty_images;
    all.annotations += written.annotations;
    all.missing += written.missing;
    for loss in &written.losses {
        match all.losses.iter_mut().find(|known| (known.feature, known.kind) == (loss.feature, loss.kind)) {
            Some(known) => known.count += loss.count,
            None => all.losses.push(Loss { ..*loss }),
        }
    }
    all.losses.sort_by_key(|loss| loss.feature);
}
