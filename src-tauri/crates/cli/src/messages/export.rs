//! Results and errors of exports and other outputs.

use std::fmt::Write as _;
use std::io::{self, Write};

use domain::dataset::{Feature, Loss, LossKind};
use domain::export::{ExportRequest, Exported, ImageFileMode};
use domain::numbers::count;
use domain::query::ProblemKind;
use domain::split::SplitPart;
use engine::EngineError;
use engine::dataset::lacks_images;

use super::{counted, engine_error, grouped};
use crate::arguments::Target;
use crate::error::CommandError;

/// Before a run: `--export coco=found.json cannot be written: it is a folder`. `name` is the option as typed.
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

/// The reason without the file name, which is shown before it.
fn reason(error: &EngineError) -> String {
    match error {
        EngineError::UnfitTarget { reason, .. } => (*reason).to_owned(),
        EngineError::File { source, .. } => source.to_string(),
        error => engine_error(error),
    }
}

/// `annotations.csv: 5 images, 1 without annotations, 9 annotations; file names are relative to /photos`
pub fn exported(
    out: &mut dyn Write,
    before: &str,
    file: &Target,
    request: &ExportRequest,
    exported: &Exported,
) -> io::Result<()> {
    let file = match file {
        Target::StandardOutput => "standard output".to_owned(),
        Target::File(path) => path.display().to_string(),
    };
    let mut said = format!(
        "{}, {} without annotations, {}",
        counted(exported.images, "image"),
        exported.empty_images,
        counted(exported.annotations, "annotation")
    );
    if exported.failed_images > 0 {
        let _ = write!(said, ", {} failed, with the reason", counted(exported.failed_images, "image"));
    }
    let losses = exported.losses.iter().filter(|loss| loss.kind != LossKind::Simplified);
    let skipped: Vec<String> = losses.copied().map(skipped).collect();
    if !skipped.is_empty() {
        let _ = write!(said, "; not exported: {}", skipped.join(", "));
    }
    if exported.missing > 0 {
        let _ = write!(said, "; {} missing on disk", counted(exported.missing, "file"));
    }
    if let [first, ..] = &exported.unreadable[..] {
        let files = counted(count(exported.unreadable.len()), "image file");
        let _ = write!(said, "; {files} not readable, such as {} ({})", first.path, first.reason);
    }
    if exported.unannotated > 0 {
        let _ = write!(said, "; skipped: {} without a model's answer", counted(exported.unannotated, "image"));
    }
    if let Some(folder) = &exported.folder {
        let _ = write!(said, "; file names are relative to {folder}");
    }
    said += match exported.image_files {
        ImageFileMode::Left if lacks_images(request).unwrap_or(false) => {
            "; images are left in place; add --images copy"
        }
        ImageFileMode::Left => "",
        ImageFileMode::Copied => "; images are copied",
        ImageFileMode::Linked => "; images are linked",
        ImageFileMode::Zipped => "; images are in the archive",
    };
    writeln!(out, "{before}{file}: {said}")?;
    for part in exported.split.iter().flat_map(|split| &split.parts) {
        let name = match part.part {
            SplitPart::Train => "training",
            SplitPart::Validation => "validation",
            SplitPart::Test => "test",
        };
        let (images, annotations) = (counted(part.images, "image"), counted(part.annotations, "annotation"));
        writeln!(out, "{before}  {name}: {images}, {annotations}")?;
    }
    if let Some(split) = exported.split.as_ref().filter(|split| split.kept > 0) {
        let kept = counted(split.kept, "image");
        writeln!(out, "{before}  {kept} in the same part as before; another --seed is another split")?;
    }
    Ok(())
}

/// `there is no key "labels"`
pub fn query_problem(problem: &ProblemKind) -> String {
    match problem {
        ProblemKind::UnknownKey { key } => format!("there is no key {key:?}; text with a colon needs quotes"),
        ProblemKind::NoValue { key } => format!("{} has no value", key.name()),
        ProblemKind::UnknownValue { key, value, known } if known.is_empty() => {
            format!("{value:?} is no value of {}", key.name())
        }
        ProblemKind::UnknownValue { key, value, known } => {
            format!("{value:?} is no value of {}; expected {}", key.name(), known.join(", "))
        }
        ProblemKind::OpenQuote => "a quote is not closed".to_owned(),
    }
}

/// `3 points`: what the format does not support.
fn skipped(loss: Loss) -> String {
    let what = match loss.feature {
        Feature::Boxes if loss.count != 1 => return format!("{} boxes", grouped(loss.count.into())),
        Feature::Boxes => "box",
        Feature::Polygons => "polygon",
        Feature::Points => "point",
        Feature::ImageTags => "image tag",
        Feature::Captions => "caption",
        Feature::UnscoredAnnotations => return counted(loss.count, "annotation") + " without a confidence",
        Feature::EmptyImages => return counted(loss.count, "image") + " without annotations",
        Feature::FailedImages => "failed image",
        _ if loss.kind == LossKind::ImageLeftOut => "image",
        _ => "annotation",
    };
    counted(loss.count, what)
}
