//! `export`: writes images with their annotations as a dataset that other programs read.

use std::sync::Arc;

use domain::export::{ExportRequest, ExportScope, Exported};
use domain::ids::RunId;
use domain::query::{self, ImageQuery};
use engine::dataset::ExportTask;
use engine::{EngineError, Library};

use crate::arguments::{Export, ExportedFile, Global, Target};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::messages;
use crate::output::Console;
use crate::signals;

pub async fn export(arguments: &Export, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let output = output.beside([&arguments.out])?;
    let library = library::open(global)?;
    let request = arguments.request(scope(&library, arguments)?);
    let (task, target) = (Arc::new(ExportTask::default()), arguments.out.clone());
    let mut draining = signals::drain(None);
    let (writing, asked) = (Arc::clone(&task), request.clone());
    let written = library.ask(move |library| Ok(write(library, &asked, &target, &writing)));
    tokio::pin!(written);
    let mut is_cancelled = false;
    let written = loop {
        tokio::select! {
            written = &mut written => break written?,
            _ = draining.first(), if !is_cancelled => {
                is_cancelled = true;
                task.cancel();
            }
        }
    };
    let exported = written?;
    output.show(&exported, |out| messages::exported(out, "", &arguments.out, &request, &exported))?;
    Ok(Exit::Done)
}

/// The images that the arguments name.
fn scope(library: &Library, arguments: &Export) -> Result<ExportScope, CommandError> {
    if let Some(run) = arguments.run.or(arguments.of_run) {
        return Ok(ExportScope::Run { run: library::find_run(library, run)? });
    }
    if let Some(typed) = &arguments.query {
        let conditions =
            query::parse(typed).map_err(|problem| CommandError::Query(messages::query_problem(&problem.problem)))?;
        return Ok(ExportScope::Query { query: ImageQuery { conditions, ..ImageQuery::default() } });
    }
    let Some(asked) = &arguments.collection else { return Ok(ExportScope::Library) };
    let overview = library.images.overview(None)?;
    if let Some(collection) = overview.collections.iter().find(|collection| collection.name == *asked) {
        return Ok(ExportScope::Collection { id: collection.id });
    }
    if let Some(saved) = overview.smart_collections.iter().find(|saved| saved.name == *asked) {
        return Ok(ExportScope::Query { query: saved.query.clone() });
    }
    let collections = overview.collections.into_iter().map(|collection| collection.name);
    let known: Vec<String> =
        collections.chain(overview.smart_collections.into_iter().map(|saved| saved.name)).collect();
    Err(CommandError::UnknownCollection { asked: asked.clone(), known: known.join(", ") })
}

/// Writes one output file of `annotate` and `resume`.
pub fn write_after_run(
    library: &Library,
    run: RunId,
    export: &ExportedFile,
) -> Result<(ExportRequest, Exported), CommandError> {
    let request = ExportRequest::new(ExportScope::Run { run }, export.format.clone());
    let exported = write(library, &request, &export.file, &ExportTask::default())?;
    Ok((request, exported))
}

fn write(
    library: &Library,
    request: &ExportRequest,
    target: &Target,
    task: &ExportTask,
) -> Result<Exported, CommandError> {
    let written = match target {
        Target::File(path) => library.datasets.export(request, path, task),
        Target::StandardOutput => {
            library.datasets.write(request, files::WholeFile::standard_output(), target.path(), task)
        }
    };
    written.map_err(|error| match (target, error) {
        (Target::StandardOutput, EngineError::File { source, .. }) => CommandError::Output(source),
        (_, error) => error.into(),
    })
}
