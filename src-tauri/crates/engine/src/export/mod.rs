//! What leaves the library in files of its own: a run's annotations as datasets, and a report that opens in any browser, with
//! marked-up copies.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

mod dataset;
mod files;
mod html;
mod marked;
mod source;

pub use dataset::{export_name, formats};
pub use files::ImageFiles;

use std::fs;
use std::path::{Path, PathBuf};

use domain::layers::LayerScope;
use domain::report::RunReport;

use crate::library::Library;
use crate::{EngineError, Result};

/// What [`write_report`] has written.
#[derive(Debug, Clone)]
pub struct WrittenReport {
    pub page: PathBuf,
    pub marked_count: u32,
    /// Images whose originals could not be read any more.
    pub missing: Vec<String>,
}

/// What stood out in a run, and each change that would help, in the words of whoever has them.
#[derive(Debug, Clone)]
pub struct Notice {
    pub finding: String,
    pub changes: Vec<String>,
}

/// Writes `report.html` and `marked/*.jpg` into `folder`: the figures of a run, what was noticed in it, and its images with
/// its annotations and those of people.
pub fn write_report(library: &Library, report: &RunReport, notices: &[Notice], folder: &Path) -> Result<WrittenReport> {
    let marked_folder = folder.join("marked");
    fs::create_dir_all(&marked_folder).map_err(EngineError::file(&marked_folder))?;
    let run = report.summary.id;
    let images = library.store.read_blocking(|view| view.images_of_run(run))?;
    let mut pictures = Vec::new();
    let mut missing = Vec::new();
    for card in library.image_cards(&images, &LayerScope::of_run(run))? {
        let file_name = format!("{:04}-{}.jpg", card.id.0, marked::safe_stem(&card.name));
        match marked::write(library, &card, &marked_folder.join(&file_name))? {
            Ok(()) => pictures.push(html::Picture { file: format!("marked/{file_name}"), card }),
            Err(unavailable) => missing.push(format!("{}: {}", card.name, unavailable.detail)),
        }
    }
    let page = folder.join("report.html");
    let html = html::page(report, notices, &pictures, &missing);
    library.check_export_target(&page)?;
    ::files::write(&page, html.as_bytes()).map_err(EngineError::file(&page))?;
    Ok(WrittenReport { page, marked_count: u32::try_from(pictures.len()).unwrap_or(u32::MAX), missing })
}
