//! `export`: writes the annotations of a run as a dataset that other programs read.

use domain::export::{AnnotationSelection, ExportRequest, Exported};
use domain::ids::RunId;
use engine::{EngineError, Library};

use crate::arguments::{Export, ExportedFile, Global, Target};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::messages;
use crate::output::Console;

pub fn export(arguments: &Export, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let output = output.beside([&arguments.out])?;
    let library = library::open(global)?;
    let run = library::find_run(&library, arguments.run)?;
    let request = ExportRequest { format: arguments.format.clone(), annotations: arguments.annotations() };
    let exported = write(&library, run, &request, &arguments.out)?;
    output.show(&exported, |out| messages::exported(out, "", &arguments.out, &exported))?;
    Ok(Exit::Done)
}

/// Writes one output file of `annotate` and `resume`.
pub fn write_after_run(library: &Library, run: RunId, export: &ExportedFile) -> Result<Exported, CommandError> {
    let request = ExportRequest { format: export.format.clone(), annotations: AnnotationSelection::default() };
    write(library, run, &request, &export.file)
}

fn write(library: &Library, run: RunId, request: &ExportRequest, target: &Target) -> Result<Exported, CommandError> {
    let written = match target {
        Target::File(path) => library.datasets.export(run, request, path),
        Target::StandardOutput => {
            library.datasets.write(run, request, files::WholeFile::standard_output(), target.path())
        }
    };
    written.map_err(|error| match (target, error) {
        (Target::StandardOutput, EngineError::File { source, .. }) => CommandError::Output(source),
        (_, error) => error.into(),
    })
}
