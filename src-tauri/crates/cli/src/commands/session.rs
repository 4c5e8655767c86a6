//! A session of a run: shows progress until it ends, then the report. `annotate` and `resume` share it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::RunId;
use domain::report::RunReport;
use domain::run::{EndpointState, RunProgress};
use domain::run_state::RunState;
use engine::{EngineError, Library};
use tokio::sync::watch;

use super::export;
use crate::arguments::SessionOptions;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Console, notes};
use crate::progress::Bar;
use crate::{messages, signals, target};

/// Shows a run until it ends, and returns its report. The first signal lets requests in flight finish and leaves batches at
/// the vendor.
pub async fn follow(library: &Arc<Library>, run: RunId) -> Result<RunReport, CommandError> {
    let mut draining = signals::drain(Some(run));
    let bar = Bar::new();
    let mut failing = HashSet::new();
    let mut is_stopping = false;
    if let Some(mut progress) = library.runs.progress(run) {
        loop {
            let endpoints = {
                let snapshot = progress.borrow_and_update();
                bar.show_run(&snapshot);
                snapshot.endpoints.clone()
            };
            say_endpoints(&bar, &endpoints, &mut failing);
            if is_over(&progress) {
                break;
            }
            tokio::select! {
                changed = progress.changed() => if changed.is_err() { break },
                _ = draining.first(), if !is_stopping => {
                    is_stopping = true;
                    let mode = progress.borrow().mode;
                    bar.say(messages::stopping(mode));
                    library.runs.pause(run);
                }
            }
        }
    }
    bar.clear();
    match library.runs.take_failure(run) {
        Some(error) => Err(error.into()),
        None => Ok(library.insight.report(run)?),
    }
}

/// Prints which endpoints have started to fail, and which work again. Those that no run can use were listed before the run.
fn say_endpoints(bar: &Bar, endpoints: &[EndpointState], failing: &mut HashSet<String>) {
    if endpoints.len() < 2 {
        return;
    }
    for endpoint in endpoints {
        match &endpoint.failure {
            Some(failure) if !failure.is_of_settings() && failing.insert(endpoint.name.clone()) => {
                bar.say(&messages::endpoint_failed(&endpoint.name, failure));
            }
            None if failing.remove(&endpoint.name) => bar.say(&messages::endpoint_works_again(&endpoint.name)),
            _ => {}
        }
    }
}

fn is_over(progress: &watch::Receiver<RunProgress>) -> bool {
    matches!(progress.borrow().state, RunState::Stopped { .. } | RunState::Interrupted)
}

/// Checks that every requested file can be written, before anything is sent. Lists each one that cannot.
pub fn check_outputs(library: &Library, session: &SessionOptions) -> Result<(), CommandError> {
    let mut refused = Vec::new();
    let mut check = |name: String, outcome: Result<(), EngineError>| {
        if let Err(error) = outcome {
            refused.push(messages::unwritable(&name, &error));
        }
    };
    if let Some(target) = &session.metrics_out {
        check(format!("--metrics-out {target}"), target.check(library));
    }
    if let Some(folder) = &session.report {
        check(format!("--report {}", folder.display()), target::check_folder(library, folder));
    }
    for export in &session.exports {
        check(format!("--export {export}"), export.file.check(library));
    }
    for (index, target) in session.targets().enumerate() {
        if session.targets().take(index).any(|earlier| earlier == target) {
            refused.push(messages::named_twice(target));
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    for refused in &refused {
        messages::error(&mut notes(), refused)?;
    }
    Err(CommandError::UnwritableOutputs)
}

/// Shows the report, writes the requested files and lets what is published after the run end. A file that fails does not stop
/// the others.
pub async fn finish(
    library: &Library,
    report: &RunReport,
    session: &SessionOptions,
    output: Console,
) -> Result<Exit, CommandError> {
    let shown = output.show(report, |out| messages::report(out, report));
    leave_files(library, report, session, output, shown, Exit::of_run(&report.summary)).await
}

/// Writes the requested files, waits until what is published after the run has ended, and returns the exit code, which is `exit`
/// if all files are written. `shown` is the result of showing the report.
pub async fn leave_files(
    library: &Library,
    report: &RunReport,
    session: &SessionOptions,
    output: Console,
    shown: Result<(), CommandError>,
    exit: Exit,
) -> Result<Exit, CommandError> {
    let run = report.summary.id;
    let mut failed = Failed::default();
    failed.note("the report", shown)?;
    if let Some(target) = &session.metrics_out {
        match library.insight.classic_metrics(run) {
            // A run without measurements is not a failure.
            Err(error @ EngineError::NoFigures(_)) => messages::warn(&mut notes(), &messages::engine_error(&error))?,
            Err(error) => failed.note(&format!("--metrics-out {target}"), Err(error.into()))?,
            Ok(metrics) => {
                let written = target.begin().and_then(|file| engine::write_json(file, &metrics));
                let written = written.map_err(|source| target.failed(source));
                failed.note(&format!("--metrics-out {target}"), written)?;
            }
        }
    }
    if let Some(folder) = &session.report {
        let language = session.language.unwrap_or_default().of_page();
        let notices = messages::notices(&report.diagnoses, language);
        let written = library.insight.write_page(report, &notices, language, folder);
        let shown = written
            .map_err(CommandError::from)
            .and_then(|written| output.add(|out| messages::written_report(out, &written)));
        failed.note(&format!("--report {}", folder.display()), shown)?;
    }
    for file in &session.exports {
        let shown = export::write_after_run(library, run, file).and_then(|(request, exported)| {
            output.add(|out| messages::exported(out, "  exported    ", &file.file, &request, &exported))
        });
        failed.note(&format!("--export {file}"), shown)?;
    }
    show_publications(library, output).await?;
    Ok(exit.with_outputs(failed.exit, &report.summary))
}

/// Waits until what is published after the run has ended, and shows how. That it failed is no failure of the run.
async fn show_publications(library: &Library, output: Console) -> Result<(), CommandError> {
    let mut settled = std::pin::pin!(library.publishing.settled());
    let ended = if let Ok(ended) = tokio::time::timeout(SOON, &mut settled).await {
        ended
    } else {
        messages::note(&mut notes(), "Publishing the library")?;
        settled.await
    };
    for published in ended {
        match published {
            Ok(published) => output.add(|out| messages::published(out, &published))?,
            Err(error) => messages::warn(&mut notes(), &messages::not_published(&error))?,
        }
    }
    Ok(())
}

/// What takes longer is worth a line.
const SOON: Duration = Duration::from_secs(1);

/// The result of outputs that failed.
#[derive(Default)]
struct Failed {
    exit: Option<Exit>,
}

impl Failed {
    /// Prints that the output `name` failed. A failure of the library ends the command.
    fn note(&mut self, name: &str, outcome: Result<(), CommandError>) -> Result<(), CommandError> {
        let Err(error) = outcome else { return Ok(()) };
        let exit = error.exit();
        if matches!(exit, Exit::LibraryFailed | Exit::LibraryLost) {
            return Err(error);
        }
        if !error.is_closed_output() {
            messages::warn(&mut notes(), &messages::not_written(name, &error))?;
        }
        // A full disk is the most specific reason, and a closed reader the least.
        let worst = match (self.exit, exit) {
            (Some(Exit::DiskFull), _) | (_, Exit::DiskFull) => Exit::DiskFull,
            (Some(Exit::Failed), _) => Exit::Failed,
            (_, Exit::OutputClosed) => Exit::OutputClosed,
            _ => Exit::Failed,
        };
        self.exit = Some(worst);
        Ok(())
    }
}
