//! What an import brought.

use std::io::{self, Write};

use domain::import::SkipReason;
use engine::Imported;

use super::figures::{counted, grouped};

/// What an import brought, and every file that it left out.
pub fn import(out: &mut dyn Write, imported: &Imported) -> io::Result<()> {
    let progress = &imported.progress;
    writeln!(
        out,
        "{}: {} new, {} known already, {} left out",
        counted(progress.found, "file"),
        counted(progress.added, "image"),
        grouped(progress.known.into()),
        grouped(progress.skipped.into())
    )?;
    for file in &imported.skipped {
        writeln!(out, "  left out: {}: {}", file.path, skip_reason(&file.reason))?;
    }
    Ok(())
}

fn skip_reason(reason: &SkipReason) -> String {
    match reason {
        SkipReason::Empty => "the file is empty".into(),
        SkipReason::NotAnImage => "not an image that Fieldmark reads (JPEG, PNG, WebP, GIF, BMP, TIFF)".into(),
        SkipReason::Damaged { detail } => format!("damaged: {detail}"),
        SkipReason::TooManyPixels { megapixels } => format!("{megapixels} megapixels are more than Fieldmark opens"),
        SkipReason::Unreadable { detail } => format!("cannot be read: {detail}"),
    }
}
