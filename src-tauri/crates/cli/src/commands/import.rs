//! `import`: imports the annotations of a dataset as a layer.

use std::path::Path;
use std::sync::Arc;

use domain::dataset_import::labels::LabelMap;
use domain::dataset_import::{DatasetImportRequest, DatasetPreview};
use engine::dataset::label_map;
use engine::{EngineError, ImportTask, Invocation};

use crate::arguments::{Global, Import};
use crate::environment::EnvFileUse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, WhenMissing, named_recipe};
use crate::messages;
use crate::output::{Console, notes};
use crate::progress::Bar;
use crate::signals;

/// A file with more than this is no list of labels.
const LONGEST_MAP: u64 = 1 << 24;

pub async fn import(arguments: &Import, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let path = &arguments.path;
    if !path.exists() {
        return Err(CommandError::NoSuchPath(path.clone()));
    }
    let mapping = match &arguments.map {
        Some(file) => {
            let unreadable = |source| CommandError::UnreadableFile { path: file.clone(), source };
            let text = files::read(file, LONGEST_MAP).map_err(unreadable)?;
            label_map(&file.to_string_lossy(), &String::from_utf8_lossy(&text))?
        }
        None => Vec::new(),
    };
    let when_missing =
        if arguments.photos.is_empty() { WhenMissing::Refuse } else { WhenMissing::Create { is_agreed: false } };
    let library = library::open_during(global, Invocation::default(), EnvFileUse::None, when_missing).await?;
    if !arguments.photos.is_empty() {
        library::import(&library, &arguments.photos).await?;
    }
    let recipe = arguments.recipe.as_deref().map(|name| named_recipe(&library, name)).transpose()?;
    let collection =
        arguments.collection.as_deref().map(|name| library::named_collection(&library, name)).transpose()?;
    let request = DatasetImportRequest {
        path: path.to_string_lossy().into_owned(),
        format: arguments.format.clone(),
        role: arguments.role.into(),
        collection,
        recipe: recipe.map(|saved| saved.id),
        mapping,
    };
    let chosen = request.mapping.clone();
    let warn_of_unused = |report: &DatasetPreview| {
        LabelMap::unused(&chosen, &report.labels)
            .into_iter()
            .try_for_each(|label| messages::warn(&mut notes(), &format!("the file has no label {label:?} (--map)")))
    };
    let task = Arc::new(ImportTask::default());
    if arguments.dry_run {
        let its_task = Arc::clone(&task);
        let preview = library.ask(move |library| library.dataset_imports.preview(&request, &its_task));
        let preview = with_progress(&task, preview).await?.report;
        output.show(&preview, |out| messages::dataset_preview(out, &preview))?;
        warn_of_unused(&preview)?;
    } else {
        let imported = with_progress(&task, library.dataset_imports.import(request, &task)).await?;
        output.show(&imported, |out| messages::dataset_imported(out, &imported))?;
        warn_of_unused(&imported.report)?;
        if imported.layer.is_none() {
            return Err(CommandError::NothingImported(shown(path)));
        }
    }
    Ok(Exit::Done)
}

/// Shows the progress of `work`, which the first signal cancels.
async fn with_progress<T>(
    task: &ImportTask,
    work: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, CommandError> {
    let bar = Bar::new();
    let mut progress = task.progress();
    let mut draining = signals::drain(None);
    tokio::pin!(work);
    let mut is_cancelled = false;
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            _ = draining.first(), if !is_cancelled => {
                is_cancelled = true;
                task.cancel();
            }
            Ok(()) = progress.changed() => {
                let progress = *progress.borrow_and_update();
                bar.show_dataset_import(&progress);
            }
        }
    };
    bar.clear();
    Ok(done?)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
