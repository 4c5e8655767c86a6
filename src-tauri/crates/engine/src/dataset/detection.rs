//! Finds out the format of a dataset by reading its beginning in each format that it may be in.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use datasets::model::{DatasetAnnotation, DatasetImage, DatasetInfo};
use datasets::{DatasetError, FORMATS, Format, FormatOptions, Input, Sink, SkippedPart};
use domain::dataset::Package;
use domain::geometry::PixelSize;
use domain::import::is_image_name;

use crate::{EngineError, Result};

/// Enough to tell formats apart, and soon read.
const ENOUGH_ANNOTATIONS: u32 = 20;

/// Of images that are elsewhere: no format is told by it.
const ANY_SIZE: PixelSize = PixelSize::new(1_000, 1_000);

/// The format of the file, folder or archive at `path`. One that is read in part is better than none: reading it all says
/// what is wrong.
///
/// # Errors
/// [`EngineError::UnknownDataset`] if no format reads an image from it.
pub fn detect(path: &Path) -> Result<&'static dyn Format> {
    let is_file = std::fs::metadata(path).map_err(EngineError::file(path))?.is_file();
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let mut best: Option<(Sample, &'static dyn Format)> = None;
    for format in FORMATS.iter().copied().filter(|format| format.descriptor().is_readable) {
        let descriptor = format.descriptor();
        let is_possible = match descriptor.package {
            Package::File { extension: own } => !is_file || own == extension || extension == "zip",
            Package::Folder | Package::Archive { .. } => !is_file || may_hold(&extension, descriptor.media_type),
        };
        if !is_possible {
            continue;
        }
        let Some(sample) = sample(format, path) else { continue };
        // The registry has the better known ones first.
        if best.as_ref().is_none_or(|(known, _)| sample.rank() > known.rank()) {
            best = Some((sample, format));
        }
        // Nothing ranks higher, and some readers hold a whole file in memory.
        if sample.annotations >= ENOUGH_ANNOTATIONS && sample.skipped == 0 {
            break;
        }
    }
    best.map(|(_, format)| format).ok_or_else(|| EngineError::UnknownDataset { path: path.to_owned() })
}

/// Files of a folder that are looked at to tell what it holds.
const MOST_FILES: usize = 2_000;

/// Whether the file or folder at `path` looks like annotations without photos, by the names of its files.
#[must_use]
pub fn holds_only_annotations(path: &Path) -> bool {
    const ANNOTATIONS: [&str; 6] = ["json", "jsonl", "xml", "csv", "parquet", "zip"];
    let (mut folders, mut files) = (vec![path.to_owned()], Vec::new());
    while let Some(path) = folders.pop() {
        match std::fs::read_dir(&path) {
            Ok(entries) => {
                let entries = entries.flatten().map(|entry| entry.path());
                let (inside, found): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
                folders.extend(inside);
                files.extend(found);
            }
            Err(_) => files.push(path),
        }
        if files.len() > MOST_FILES {
            break;
        }
    }
    let has = |extensions: &[&str], path: &PathBuf| {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        extensions.contains(&extension.as_str())
    };
    let is_label = |path: &PathBuf| {
        let is_text =
            has(&["txt"], path) && path.parent().is_some_and(|folder| folder.iter().any(|part| part == "labels"));
        is_text || path.file_name().is_some_and(|name| name == "data.yaml")
    };
    let is_photo = |path: &PathBuf| is_image_name(&path.to_string_lossy());
    files.iter().any(|path| has(&ANNOTATIONS, path) || is_label(path)) && !files.iter().any(is_photo)
}

/// Whether a file with this extension may be the annotation file, or an archive, of a format with files of `media_type`.
fn may_hold(extension: &str, media_type: &str) -> bool {
    match extension {
        "json" => media_type == "application/json",
        // Of `huggingface`, which has one of them.
        "jsonl" | "parquet" => media_type == "application/jsonl",
        "xml" => media_type == "application/xml",
        "csv" => media_type == "text/csv",
        "txt" => media_type == "text/plain",
        _ => true,
    }
}

/// What a format reads from the beginning of a file.
#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    /// Whether reading ended with an error.
    is_broken: bool,
    images: u32,
    annotations: u32,
    skipped: u32,
}

impl Sample {
    /// Higher for what is more likely the right format.
    fn rank(self) -> (bool, bool, Reverse<u32>, u32) {
        let annotations = self.annotations.min(ENOUGH_ANNOTATIONS);
        (!self.is_broken, self.annotations > 0, Reverse(self.skipped), annotations)
    }
}

/// `None` if the file is not in this format.
fn sample(format: &dyn Format, path: &Path) -> Option<Sample> {
    let descriptor = format.descriptor();
    let mut input = Input::open(descriptor.package, path).ok()?.with_sizes(|_| Some(ANY_SIZE));
    let options = FormatOptions::new(descriptor, []).ok()?;
    let mut sample = Sample::default();
    match datasets::read(format, &mut input, &options, &mut sample) {
        Ok(()) => {}
        Err(DatasetError::Owner(error)) if error.is::<Enough>() => {}
        Err(error) => {
            tracing::debug!(format = descriptor.id, %error, "not in this format");
            sample.is_broken = true;
        }
    }
    (sample.annotations > 0 || (sample.images > 0 && !sample.is_broken)).then_some(sample)
}

/// Ends reading.
#[derive(Debug, thiserror::Error)]
#[error("enough is read")]
struct Enough;

impl Sample {
    fn go_on(&self) -> datasets::Result<()> {
        let is_enough = self.annotations >= ENOUGH_ANNOTATIONS;
        if is_enough { Err(DatasetError::Owner(Box::new(Enough))) } else { Ok(()) }
    }
}

impl Sink for Sample {
    fn begin(&mut self, _: DatasetInfo) -> datasets::Result<()> {
        Ok(())
    }

    fn image(&mut self, image: DatasetImage) -> datasets::Result<()> {
        self.images += 1;
        self.annotations += u32::try_from(image.annotations.len()).unwrap_or(u32::MAX);
        self.go_on()
    }

    fn annotation(&mut self, _: u64, _: DatasetAnnotation) -> datasets::Result<()> {
        self.annotations += 1;
        self.go_on()
    }

    fn skipped(&mut self, _: SkippedPart) {
        self.skipped += 1;
    }
}
