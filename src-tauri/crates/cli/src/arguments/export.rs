//! `export`, and the files that `annotate` and `resume` leave in the same forms.

use std::path::PathBuf;

use clap::Args;
use domain::export::{ExportFormat, MarkSelection, UnknownFormat};

use super::RunChoice;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark export latest --format coco --out holiday.json\n  \
    fieldmark export 3 --format csv --out marks.csv --reviewed-only")]
pub struct Export {
    /// A run by its number, or latest
    #[arg(value_name = "RUN")]
    pub run: RunChoice,
    /// The form of the file
    #[arg(long, value_name = "coco|coco-detections|jsonl|csv")]
    pub format: ExportFormat,
    /// The file to write; one that is there is replaced
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Only accepted and edited marks, and only images that are reviewed or confirmed as empty
    #[arg(long)]
    pub reviewed_only: bool,
    /// Rejected marks, too, each with its reason
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
    pub file: PathBuf,
}

/// `coco=holiday.json`
pub fn exported_file(typed: &str) -> Result<ExportedFile, String> {
    match typed.split_once('=') {
        Some((format, file)) if !file.is_empty() => {
            let format = format.parse().map_err(|error: UnknownFormat| error.to_string())?;
            Ok(ExportedFile { format, file: file.into() })
        }
        _ => Err("a format and a file are needed, such as coco=holiday.json".into()),
    }
}
