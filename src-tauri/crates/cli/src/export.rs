//! `export`, and what `annotate --export` writes when its run is over.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use domain::export::{ExportFormat, ExportRequest, Exported, MarkSelection};
use domain::ids::RunId;
use engine::Library;

use crate::annotate::open;
use crate::arguments::{Export, RunChoice};
use crate::error::CommandError;
use crate::words::counted;

pub fn export(arguments: &Export) -> Result<ExitCode, CommandError> {
    let library = open(arguments.db.as_deref())?;
    let run = match arguments.run {
        RunChoice::Numbered(run) => run,
        RunChoice::Latest => library.runs()?.first().ok_or(CommandError::NoRuns)?.id,
    };
    let request = ExportRequest { format: arguments.format, marks: arguments.marks() };
    let exported = library.export_run(run, &request, &arguments.out)?;
    let mut out = io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &exported)?;
        writeln!(out)?;
    } else {
        writeln!(out, "Run {run} to {}", said(&arguments.out, &exported))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses places that an export cannot take before anything is asked and paid for.
pub fn check_targets(library: &Library, exports: &[(ExportFormat, PathBuf)]) -> Result<(), CommandError> {
    Ok(exports.iter().try_for_each(|(_, file)| library.check_export_target(file))?)
}

/// Writes what stands after a run in every form that was asked for.
pub fn export_all(
    library: &Library,
    run: RunId,
    exports: &[(ExportFormat, PathBuf)],
    notes: &mut impl Write,
) -> Result<(), CommandError> {
    for (format, file) in exports {
        let request = ExportRequest { format: *format, marks: MarkSelection::default() };
        let exported = library.export_run(run, &request, file)?;
        writeln!(notes, "  exported    {}", said(file, &exported))?;
    }
    Ok(())
}

/// `marks.csv: 5 images, 1 without marks, 9 marks; file names start from /photos`
fn said(file: &Path, exported: &Exported) -> String {
    let mut said = format!(
        "{}: {}, {} without marks, {}",
        file.display(),
        counted(exported.images, "image"),
        exported.empty_images,
        counted(exported.marks, "mark")
    );
    if exported.without_score > 0 {
        said += &format!(", {} left out that say not how certain they are", exported.without_score);
    }
    if let Some(folder) = &exported.folder {
        said += &format!("; file names start from {folder}");
    }
    said
}
