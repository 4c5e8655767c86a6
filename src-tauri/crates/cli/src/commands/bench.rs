//! `bench`: measures the same images one at a time and in parallel, in a temporary library.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::{ImageId, RunId};
use domain::model::{Destination, ModelId};
use domain::plan::{ImageSelection, RunRequest};
use domain::run_options::RunOptions;
use domain::run_state::{RunState, StopReason};
use engine::{Invocation, Library, Surroundings};
use simulator::{Latency, Limits, Options, Simulator};

use super::{quoting, session};
use crate::arguments::{Bench, Global, Target};
use crate::confirm::confirm;
use crate::environment::{self, EnvFileUse};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::messages;
use crate::output::{Console, notes};

/// The labels that the simulation can find.
const LABELS: &str = "red, green, blue";

pub async fn bench(arguments: &Bench, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let output = output.beside([&arguments.out])?;
    if let Target::File(path) = &arguments.out {
        files::check(path).map_err(|source| arguments.out.failed(source))?;
    }
    let folder = tempfile::tempdir()?;
    let simulator = match arguments.base_url {
        Some(_) => None,
        None => Some(Simulator::start(simulation(arguments)).await?),
    };
    let surroundings = match (&simulator, &arguments.base_url) {
        (Some(simulator), _) => Surroundings::only(&simulator.url(), "simulated"),
        (None, base_url) => {
            let invocation = Invocation { base_url: base_url.clone(), ..Invocation::default() };
            environment::surroundings(global, EnvFileUse::Ask).await?.during(invocation)
        }
    };
    let library = Library::open(&folder.path().join("library.sqlite"), surroundings)?;
    let photos = folder.path().join("photos");
    engine::write_copies(&photos, arguments.images as usize)?;
    let request = planned(&library, arguments, &photos).await?;

    let sequential = match carried_out(&library, &request, 1).await? {
        Ok(run) => run,
        Err(exit) => return Ok(exit),
    };
    let parallel = match carried_out(&library, &request, arguments.concurrency).await? {
        Ok(run) => run,
        Err(exit) => return Ok(exit),
    };
    let results = library.insight.benchmark(sequential, parallel)?;
    let written = arguments.out.begin().and_then(|file| engine::write_json(file, &results));
    written.map_err(|source| arguments.out.failed(source))?;
    output.show(&results, |out| messages::benchmark(out, &results, arguments))?;
    if let Some(simulator) = simulator {
        simulator.stop().await;
    }
    Ok(Exit::Done)
}

fn simulation(arguments: &Bench) -> Options {
    let usual = Limits::default();
    // Without `--rpm`, only the latency of the simulation is to limit the run.
    let requests_per_minute = arguments.limit_rpm.unwrap_or(u32::MAX);
    Options {
        latency: Latency { first_byte: Duration::from_millis(arguments.latency).into(), ..Latency::default() },
        limits: Limits { requests_per_minute, ..usual },
        ..Options::default()
    }
}

/// The images and the recipe, confirmed by the user if they cost anything.
async fn planned(library: &Arc<Library>, arguments: &Bench, photos: &Path) -> Result<RunRequest, CommandError> {
    let images: Vec<ImageId> = library::import(library, &[photos.to_owned()]).await?;
    let recipe = library.recipes.save_typed(LABELS).await?.id;
    let request = RunRequest {
        ignores_saved_answers: true,
        ..RunRequest::of(ImageSelection::Images { ids: images }, recipe, ModelId(arguments.model.clone()))
    };
    let quote = library.planning.quote(&domain::plan::PlanRequest::of(request.images.clone(), recipe))?;
    let row = quoting::chosen_model(library, &quote, Some(request.model.clone()))?;
    if arguments.base_url.is_some() && !arguments.yes {
        let question = messages::benchmark_cost(row, arguments.images);
        if !confirm(&question).await? {
            return Err(CommandError::NotConfirmed);
        }
    }
    if let Destination::Host { name, .. } = &row.model.destination {
        library.settings.agree_to(name)?;
    }
    Ok(request)
}

/// Runs these images with this concurrency. Gives the exit code if a signal or a user stopped the run.
async fn carried_out(
    library: &Arc<Library>,
    request: &RunRequest,
    concurrency: u32,
) -> Result<Result<RunId, Exit>, CommandError> {
    messages::note(&mut notes(), &messages::benchmarking(concurrency))?;
    let options = RunOptions { concurrency: Some(concurrency), ..request.options };
    let run = library.runs.start(&RunRequest { options, ..request.clone() }).await?;
    let report = session::follow(library, run).await?;
    match report.summary.state {
        RunState::Stopped { reason: StopReason::Completed } if report.summary.failed == 0 => Ok(Ok(run)),
        RunState::Stopped { reason: StopReason::Paused } => Ok(Err(Exit::of_run(&report.summary))),
        _ => {
            messages::report(&mut notes(), &report)?;
            Err(CommandError::BenchmarkFailed)
        }
    }
}
