//! What an export wrote.

use std::io::{self, Write};
use std::path::Path;

use domain::export::{ExportFormat, Exported};
use engine::EngineError;

use super::{counted, refusal};

/// `found.json (coco-detections) is not written: ...`
pub fn not_exported(format: ExportFormat, file: &Path, error: &EngineError) -> String {
    format!("{} ({}) is not written: {}", file.display(), format.name(), refusal(error))
}

/// `marks.csv: 5 images, 1 without marks, 9 marks; file names start from /photos`
pub fn exported(out: &mut dyn Write, file: &Path, exported: &Exported) -> io::Result<()> {
    write!(
        out,
        "{}: {}, {} without marks, {}",
        file.display(),
        counted(exported.images, "image"),
        exported.empty_images,
        counted(exported.marks, "mark")
    )?;
    if exported.failed_images > 0 {
        write!(out, ", {} with the reason", counted(exported.failed_images, "failed image"))?;
    }
    if exported.without_form > 0 {
        write!(out, ", {} left out that are neither box nor outline", exported.without_form)?;
    }
    if exported.without_score > 0 {
        write!(out, ", {} left out that say not how certain they are", exported.without_score)?;
    }
    if exported.missing > 0 {
        write!(out, "; {} missing on disk", counted(exported.missing, "file"))?;
    }
    if let Some(folder) = &exported.folder {
        write!(out, "; file names start from {folder}")?;
    }
    writeln!(out)
}
