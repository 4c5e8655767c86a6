//! `export`, and the files that `annotate` and `resume` leave in the same forms.

use std::fmt::{self, Display, Formatter};

use clap::Args;
use domain::export::{ExportFormat, MarkSelection, UnknownFormat};

use super::{RunChoice, Target};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark export latest --format coco --out holiday.json\n  \
    fieldmark export 3 --format csv --out annotations.csv --reviewed-only")]
pub struct Export {
    /// The number of a run, or latest
    #[arg(value_name = "RUN")]
    pub run: RunChoice,
    /// The format of the file
    #[arg(long, value_name = "coco|coco-detections|jsonl|csv")]
    pub format: ExportFormat,
    /// The file to write, or - for standard output; an existing file is replaced
    #[arg(long, value_name = "FILE", value_parser = Target::parser())]
    pub out: Target,
    /// Only accepted and edited annotations, and only images that are reviewed or confirmed as empty
    #[arg(long)]
    pub reviewed_only: bool,
    /// Also rejected annotations, each with its reason
    #[arg(long)]
    pub include_rejected: bool,
}

impl Export {
    pub fn marks(&self) -> MarkSelection {
        MarkSelection { is_reviewed_only: self.reviewed_only, includes_rejected: self.include_rejected }
    }
}

/// A file to leave when a run is over.
#[derive(Debug, Clone)]
pub struct ExportedFile {
    pub format: ExportFormat,
    pub file: Target,
}

impl Display for ExportedFile {
    /// As it is typed.
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}={}", self.format.name(), self.file)
    }
}

/// `coco=holiday.json`
pub fn exported_file(typed: &str) -> Result<ExportedFile, String> {
    match typed.split_once('=') {
        Some((format, file)) if !file.is_empty() => {
            let format = format.parse().map_err(|error: UnknownFormat| error.to_string())?;
            Ok(ExportedFile { format, file: std::ffi::OsString::from(file).into() })
        }
        _ => Err("expected a format and a file, such as coco=holiday.json".into()),
    }
}
