//! `annotate` and `resume`: import, quote, run, report.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use domain::ids::{RecipeId, RunId};
use domain::model::{Destination, Model, ModelId};
use domain::plan::{ImageSelection, PlanRequest, ResumeRequest, RunRequest};
use domain::run::{RunMode, RunProgress, RunState, StopReason};
use engine::{Imported, Library, Surroundings};
use tokio::sync::watch;

use crate::arguments::{Annotate, Common, Resume};
use crate::error::CommandError;
use crate::hooks;
use crate::progress::Bar;
use crate::words;

/// As shells say it for a process that was interrupted.
const INTERRUPTED: u8 = 130;
const SOME_FAILED: u8 = 3;
const STOPPED: u8 = 4;

pub async fn annotate(arguments: Annotate) -> Result<ExitCode, CommandError> {
    let library = open(arguments.common.db.as_deref())?;
    // With --json, standard output is for the one document.
    let mut notes: Box<dyn Write + Send> =
        if arguments.common.json { Box::new(io::stderr()) } else { Box::new(io::stdout()) };

    let recipe = choose_recipe(&library, &arguments).await?;
    let imported = import(&library, arguments.paths.clone()).await?;
    words::import(&mut notes, &imported)?;
    if imported.images.is_empty() {
        return Err(CommandError::NoImages);
    }

    let images = ImageSelection::Images { ids: imported.images };
    let asked = arguments.model.clone().map(ModelId);
    let plan = PlanRequest {
        carries_to_similar: arguments.similar,
        asks_anew: arguments.fresh,
        ..PlanRequest::of(images.clone(), recipe.id)
    };
    let model = confirm_quote(&library, &mut notes, &plan, &recipe.name, asked, &arguments)?;
    if let Destination::Host { name, .. } = model.destination {
        // What is sent there was in the quote.
        library.agree_to(name).await?;
    }
    let request = RunRequest {
        concurrency: arguments.concurrency,
        budget: arguments.common.budget,
        asks_anew: arguments.fresh,
        carries_to_similar: arguments.similar,
        mode: arguments.mode(),
        ..RunRequest::of(images, recipe.id, model.id)
    };
    hooks::agree(&library, arguments.common.allow_hooks).await?;
    let run = library.start_run(&request).await?;
    follow(&library, run, &arguments.common).await
}

pub async fn resume(arguments: Resume) -> Result<ExitCode, CommandError> {
    let library = open(arguments.common.db.as_deref())?;
    let run = match arguments.run.map(RunId) {
        Some(run) => run,
        None => newest_unfinished(&library, arguments.retry_failed)?,
    };
    let unsettled = library.run(run)?.unsettled;
    let accepts_repeats = unsettled.count == 0 || arguments.common.yes || words::confirm(&words::unsettled(unsettled))?;
    if !accepts_repeats {
        return Err(CommandError::NotConfirmed);
    }
    let request =
        ResumeRequest { run, budget: arguments.common.budget, accepts_repeats, retries_failed: arguments.retry_failed };
    hooks::agree(&library, arguments.common.allow_hooks).await?;
    library.resume_run(request).await?;
    follow(&library, run, &arguments.common).await
}

fn newest_unfinished(library: &Library, retries_failed: bool) -> Result<RunId, CommandError> {
    let runs = library.runs()?;
    let unfinished = runs
        .iter()
        .find(|run| (run.waiting > 0 || (retries_failed && run.retryable > 0)) && run.state != RunState::Running);
    Ok(unfinished.ok_or(CommandError::NothingToResume)?.id)
}

/// The library at `database`, or the window's.
pub fn open(database: Option<&Path>) -> Result<Arc<Library>, CommandError> {
    let database = match database {
        Some(database) => database.to_owned(),
        None => default_folder()?.join("library.sqlite"),
    };
    Ok(Library::open(&database, Surroundings::of_this_process())?)
}

/// The same folder as the window's.
fn default_folder() -> Result<PathBuf, CommandError> {
    if let Some(folder) = std::env::var_os("FIELDMARK_LIBRARY") {
        return Ok(folder.into());
    }
    let folders = directories::ProjectDirs::from("org", "", "fieldmark").ok_or(CommandError::NoHome)?;
    Ok(folders.data_local_dir().to_owned())
}

/// A recipe as chosen: its id and how it is called.
struct Chosen {
    id: RecipeId,
    name: String,
}

async fn choose_recipe(library: &Library, arguments: &Annotate) -> Result<Chosen, CommandError> {
    if let Some(typed) = &arguments.labels {
        let saved = library.save_typed_recipe(typed).await?;
        return Ok(Chosen { id: saved.id, name: saved.recipe.name });
    }
    let recipes = library.recipes()?;
    let found = match &arguments.recipe {
        Some(asked) => recipes.iter().find(|saved| saved.recipe.name.to_lowercase() == asked.to_lowercase()),
        None => recipes.first(),
    };
    match found {
        Some(saved) => Ok(Chosen { id: saved.id, name: saved.recipe.name.clone() }),
        None => Err(CommandError::UnknownRecipe {
            asked: arguments.recipe.clone().unwrap_or_default(),
            known: recipes.iter().map(|saved| saved.recipe.name.as_str()).collect::<Vec<_>>().join("; "),
        }),
    }
}

async fn import(library: &Arc<Library>, paths: Vec<PathBuf>) -> Result<Imported, CommandError> {
    let bar = Bar::new();
    let mut progress = library.import_progress();
    let importing = {
        let library = Arc::clone(library);
        tokio::task::spawn_blocking(move || library.import(&paths))
    };
    tokio::pin!(importing);
    loop {
        tokio::select! {
            imported = &mut importing => {
                bar.clear();
                return Ok(imported.map_err(|_| engine::EngineError::TaskLost)??);
            }
            Ok(()) = progress.changed() => bar.show_import(&progress.borrow_and_update()),
        }
    }
}

/// Prints the quote, with what would leave the machine, and asks; the model to run.
fn confirm_quote(
    library: &Library,
    notes: &mut impl Write,
    plan: &PlanRequest,
    recipe: &str,
    asked: Option<ModelId>,
    arguments: &Annotate,
) -> Result<Model, CommandError> {
    let quote = library.quote(plan)?;
    // Money is spent on nobody's silence: without a word, the model is the one that costs nothing.
    let asked = match asked {
        Some(asked) => Some(asked),
        None => library.model_by_environment()?,
    };
    let found = match &asked {
        Some(asked) => quote.models.iter().find(|quoted| quoted.model.id == *asked),
        None => quote.models.first(),
    };
    let Some(model) = found else {
        let known: Vec<&str> = quote.models.iter().map(|quoted| quoted.model.id.0.as_str()).collect();
        let asked = asked.map(|model| model.0).unwrap_or_default();
        return Err(CommandError::UnknownModel { asked, known: known.join(", ") });
    };
    words::quote(notes, &quote, model, recipe, arguments)?;
    notes.flush()?;
    if !model.can_run {
        let hindrance = model.hindrance.as_ref().map(words::hindrance);
        let reasons: Vec<String> = hindrance.into_iter().chain(model.shortfalls.iter().map(words::shortfall)).collect();
        return Err(CommandError::ModelCannot { model: model.model.name.clone(), reason: reasons.join("; ") });
    }
    if arguments.mode() == RunMode::Overnight && model.overnight.is_none() {
        let reason = "it is not asked overnight".to_owned();
        return Err(CommandError::ModelCannot { model: model.model.name.clone(), reason });
    }
    if !arguments.common.yes && !words::confirm(&format!("Annotate {}?", words::counted(quote.image_count, "image")))? {
        return Err(CommandError::NotConfirmed);
    }
    Ok(model.model.clone())
}

/// Shows a run until it ends. Interrupted once, it finishes what is in flight, and leaves batches working where they are;
/// twice, it stops at once, and what was in flight is done again by `resume`.
async fn follow(library: &Arc<Library>, run: RunId, common: &Common) -> Result<ExitCode, CommandError> {
    let bar = Bar::new();
    let mut interruptions = 0;
    if let Some(mut progress) = library.run_progress(run) {
        loop {
            bar.show_run(&progress.borrow_and_update());
            if is_over(&progress) {
                break;
            }
            tokio::select! {
                changed = progress.changed() => if changed.is_err() { break },
                Ok(()) = tokio::signal::ctrl_c() => {
                    interruptions += 1;
                    if interruptions > 1 {
                        return Ok(ExitCode::from(INTERRUPTED));
                    }
                    library.pause_run(run);
                }
            }
        }
    }
    bar.clear();
    finish(library, run, common)
}

fn is_over(progress: &watch::Receiver<RunProgress>) -> bool {
    matches!(progress.borrow().state, RunState::Stopped { .. } | RunState::Interrupted)
}

fn finish(library: &Library, run: RunId, common: &Common) -> Result<ExitCode, CommandError> {
    let mut out = io::stdout().lock();
    let report = library.run_report(run)?;
    if common.json {
        serde_json::to_writer_pretty(&mut out, &report)?;
        writeln!(out)?;
    } else {
        words::report(&mut out, &report)?;
    }
    if let Some(path) = &common.metrics_out {
        library.write_metrics(run, path)?;
    }
    if let Some(folder) = &common.report {
        let written = engine::export::write_report(library, run, folder)?;
        if !common.json {
            writeln!(out, "  report      {} with {} marked-up photos", written.page.display(), written.marked_count)?;
        }
    }
    Ok(match report.summary.state {
        RunState::Stopped { reason: StopReason::Completed } if report.summary.failed == 0 => ExitCode::SUCCESS,
        RunState::Stopped { reason: StopReason::Completed } => ExitCode::from(SOME_FAILED),
        RunState::Stopped { reason: StopReason::Paused | StopReason::Cancelled | StopReason::Shutdown }
        | RunState::Running
        | RunState::Stopping
        | RunState::Interrupted => ExitCode::from(INTERRUPTED),
        RunState::Stopped { .. } => ExitCode::from(STOPPED),
    })
}
