//! `export`: what stands of a run, in a form that other programs read.

use domain::export::{ExportRequest, MarkSelection};
use domain::ids::RunId;
use engine::Library;

use crate::arguments::{Export, ExportedFile, Global};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::output::{Output, notes};
use crate::words;

pub fn export(arguments: &Export, global: &Global, output: Output) -> Result<Exit, CommandError> {
    let library = library::open(global)?;
    let run = library::find_run(&library, arguments.run)?;
    let request = ExportRequest { format: arguments.format, marks: arguments.marks() };
    let exported = library.export_run(run, request, &arguments.out)?;
    output.show(&exported, |out| words::exported(out, &arguments.out, &exported))?;
    Ok(Exit::Done)
}

/// Refuses places that an export cannot take before anything is asked and paid for.
pub fn check_targets(library: &Library, exports: &[ExportedFile]) -> Result<(), CommandError> {
    Ok(exports.iter().try_for_each(|export| library.check_export_target(&export.file))?)
}

/// Writes what stands after a run in every format that was asked for. A format that fails is named, and the others are still
/// written. Returns whether all were written.
pub fn export_all(
    library: &Library,
    run: RunId,
    exports: &[ExportedFile],
    output: Output,
) -> Result<bool, CommandError> {
    let mut are_all_written = true;
    for ExportedFile { format, file } in exports {
        let request = ExportRequest { format: *format, marks: MarkSelection::default() };
        match library.export_run(run, request, file) {
            Ok(exported) => output.add(|out| {
                write!(out, "  exported    ")?;
                words::exported(out, file, &exported)
            })?,
            Err(error) => {
                are_all_written = false;
                words::warn(&mut notes(), &words::not_exported(*format, file, &error))?;
            }
        }
    }
    Ok(are_all_written)
}
