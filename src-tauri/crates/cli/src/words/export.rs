//! What an export or another file wrote, and why it did not.

use std::fmt::Write as _;
use std::io::{self, Write};

use domain::export::Exported;
use engine::EngineError;

use super::{counted, refusal};
use crate::arguments::Target;
use crate::error::CommandError;

/// Before a run: `--export coco=found.json cannot be written: it is a folder`. `name` is the option as it was typed.
pub fn unwritable(name: &str, error: &EngineError) -> String {
    format!("{name} cannot be written: {}", reason(error))
}

pub fn named_twice(target: &Target) -> String {
    format!("two outputs have the same file, {target}: the second would replace the first")
}

/// After a run: `--export coco=found.json was not written: ...`.
pub fn not_written(name: &str, error: &CommandError) -> String {
    let reason = match error {
        CommandError::Engine(error) => reason(error),
        CommandError::Output(source) | CommandError::File { source, .. } => source.to_string(),
        error => error.to_string(),
    };
    format!("{name} was not written: {reason}")
}

/// Without the name of the file, which was said.
fn reason(error: &EngineError) -> String {
    match error {
        EngineError::UnfitTarget { reason, .. } => (*reason).to_owned(),
        EngineError::File { source, .. } => source.to_string(),
        error => refusal(error),
    }
}

/// `marks.csv: 5 images, 1 without annotations, 9 annotations; file names are relative to /photos`
pub fn exported(out: &mut dyn Write, before: &str, file: &Target, exported: &Exported) -> io::Result<()> {
    let file = match file {
        Target::StandardOutput => "standard output".to_owned(),
        Target::File(path) => path.display().to_string(),
    };
    let mut said = format!(
        "{}, {} without annotations, {}",
        counted(exported.images, "image"),
        exported.empty_images,
        counted(exported.marks, "annotation")
    );
    if exported.failed_images > 0 {
        let _ = write!(said, ", {} with the reason", counted(exported.failed_images, "failed image"));
    }
    if exported.without_form > 0 {
        let _ = write!(said, ", {} skipped: neither box nor outline", counted(exported.without_form, "annotation"));
    }
    if exported.without_score > 0 {
        let _ = write!(said, ", {} skipped: no confidence", counted(exported.without_score, "annotation"));
    }
    if exported.missing > 0 {
        let _ = write!(said, "; {} missing on disk", counted(exported.missing, "file"));
    }
    if let Some(folder) = &exported.folder {
        let _ = write!(said, "; file names are relative to {folder}");
    }
    writeln!(out, "{before}{file}: {said}")
}
