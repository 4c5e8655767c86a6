//! `export`, and the `--export` option of `annotate` and `resume`.

use std::fmt::{self, Display, Formatter};

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use domain::dataset::{FormatId, Package};
use domain::export::AnnotationSelection;
use engine::dataset::formats;

use super::{RunChoice, Target};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark export latest --format coco --out holiday.json\n  \
    fieldmark export 3 --format csv --out annotations.csv --reviewed-only")]
pub struct Export {
    /// Run number, or latest
    #[arg(value_name = "RUN")]
    pub run: RunChoice,
    /// File format
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    pub format: FormatId,
    /// File to write, or - for standard output; an existing file is replaced
    #[arg(long, value_name = "FILE", value_parser = Target::parser())]
    pub out: Target,
    /// Only accepted and edited annotations, and only images that are reviewed or confirmed empty
    #[arg(long)]
    pub reviewed_only: bool,
    /// Include rejected annotations, with their reasons
    #[arg(long)]
    pub include_rejected: bool,
}

impl Export {
    pub fn annotations(&self) -> AnnotationSelection {
        AnnotationSelection { is_reviewed_only: self.reviewed_only, includes_rejected: self.include_rejected }
    }
}

/// A file to export at the end of a run.
#[derive(Debug, Clone)]
pub struct ExportedFile {
    pub format: FormatId,
    pub file: Target,
}

impl Display for ExportedFile {
    /// As it is typed.
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}={}", self.format, self.file)
    }
}

/// One of the registry, each with what it is for.
fn format() -> impl TypedValueParser<Value = FormatId> {
    let names = formats().map(|format| PossibleValue::new(format.id).help(format.summary.en));
    PossibleValuesParser::new(names).map(FormatId)
}

/// One of the registry that is read.
pub fn readable_format() -> impl TypedValueParser<Value = FormatId> {
    let readable = formats().filter(|format| format.is_readable || format.id == "coco-detections");
    let names = readable.map(|format| PossibleValue::new(format.id).help(format.summary.en));
    PossibleValuesParser::new(names).map(FormatId)
}

/// `coco=holiday.json`
pub fn exported_file(typed: &str) -> Result<ExportedFile, String> {
    match typed.split_once('=') {
        Some((id, file)) if !file.is_empty() => {
            let Some(format) = formats().find(|format| format.id == id) else {
                let known: Vec<&str> = formats().map(|format| format.id).collect();
                return Err(format!("unknown format {id:?}; formats: {}", known.join(", ")));
            };
            if format.package == Package::Folder && file == "-" {
                return Err(format!("{id} writes a folder of files, which cannot go to standard output"));
            }
            Ok(ExportedFile { format: FormatId(id.into()), file: std::ffi::OsString::from(file).into() })
        }
        _ => Err("expected a format and a file, such as coco=holiday.json".into()),
    }
}
