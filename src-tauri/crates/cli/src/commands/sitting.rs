//! A sitting of a run: shown until it ends, then reported. `annotate` and `resume` share it.

use std::collections::HashSet;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::Arc;

use domain::ids::RunId;
use domain::report::RunReport;
use domain::run::{RouteState, RunProgress, RunState};
use engine::{EngineError, Library};
use tokio::sync::{oneshot, watch};

use super::export;
use crate::arguments::Sitting;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Output, notes};
use crate::progress::Bar;
use crate::words;

/// Shows a run until it ends, and gives its report. Interrupted once, it finishes what is in flight, and leaves batches working
/// where they are; twice, it stops at once (`None`), and what was in flight is done again by `resume`.
pub async fn follow(library: &Arc<Library>, run: RunId) -> Result<Option<RunReport>, CommandError> {
    let bar = Bar::new();
    let mut is_interrupted = false;
    let mut failing = HashSet::new();
    if let Some(mut progress) = library.run_progress(run) {
        loop {
            let endpoints = {
                let snapshot = progress.borrow_and_update();
                bar.show_run(&snapshot);
                snapshot.routes.clone()
            };
            say_endpoints(&bar, &endpoints, &mut failing);
            if is_over(&progress) {
                break;
            }
            tokio::select! {
                changed = progress.changed() => if changed.is_err() { break },
                Ok(()) = tokio::signal::ctrl_c() => {
                    if is_interrupted {
                        bar.clear();
                        words::note(&mut notes(), &words::stopped_at_once(run))?;
                        return Ok(None);
                    }
                    is_interrupted = true;
                    let mode = progress.borrow().mode;
                    bar.say(words::stopping(mode));
                    library.pause_run(run);
                }
            }
        }
    }
    bar.clear();
    Ok(Some(library.run_report(run)?))
}

/// Says which endpoints have begun to fail, and which work again. Those that no run can use were named before it began.
fn say_endpoints(bar: &Bar, endpoints: &[RouteState], failing: &mut HashSet<String>) {
    if endpoints.len() < 2 {
        return;
    }
    for endpoint in endpoints {
        match &endpoint.trouble {
            Some(trouble) if !trouble.is_of_settings() => {
                if failing.insert(endpoint.name.clone()) {
                    bar.say(&words::endpoint_failed(&endpoint.name, trouble));
                }
            }
            None if failing.remove(&endpoint.name) => bar.say(&words::endpoint_works_again(&endpoint.name)),
            _ => {}
        }
    }
}

fn is_over(progress: &watch::Receiver<RunProgress>) -> bool {
    matches!(progress.borrow().state, RunState::Stopped { .. } | RunState::Interrupted)
}

/// Shows the report and leaves the files that were asked for.
pub fn finish(library: &Library, report: &RunReport, sitting: &Sitting, output: Output) -> Result<Exit, CommandError> {
    output.show(report, |out| words::report(out, report))?;
    let are_all_exported = leave_files(library, report, sitting, output)?;
    Ok(Exit::of_run(&report.summary).with_exports(are_all_exported, &report.summary))
}

/// Writes the files that were asked for; returns whether every export was written.
pub fn leave_files(
    library: &Library,
    report: &RunReport,
    sitting: &Sitting,
    output: Output,
) -> Result<bool, CommandError> {
    let run = report.summary.id;
    if let Some(path) = &sitting.metrics_out {
        match library.write_metrics(run, path) {
            // The run went as it went: that nothing could be measured is no failure of it.
            Err(error @ EngineError::NoFigures(_)) => words::warn(&mut notes(), &words::refusal(&error))?,
            outcome => outcome?,
        }
    }
    if let Some(folder) = &sitting.report {
        let notices = words::notices(&report.diagnoses);
        let written = engine::export::write_report(library, report, &notices, folder)?;
        output.add(|out| words::written_report(out, &written))?;
    }
    export::export_all(library, run, &sitting.exports, output)
}

/// Asks on standard error; no when nobody is there to answer.
pub async fn confirm(question: &str) -> Result<bool, CommandError> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    {
        let mut err = notes();
        write!(err, "{question} [y/N] ")?;
        err.flush()?;
    }
    let (answer, answered) = oneshot::channel();
    // A thread of its own: once Ctrl-C has been listened to it no longer ends the process, and nothing must wait for a
    // line that nobody types. The thread ends with the process.
    std::thread::spawn(move || {
        let mut line = String::new();
        // Whoever was interrupted no longer wants the answer.
        let _ = answer.send(io::stdin().lock().read_line(&mut line).map(|_| line));
    });
    tokio::select! {
        line = answered => {
            let line = line.unwrap_or_else(|_| Ok(String::new()))?;
            Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
        }
        Ok(()) = tokio::signal::ctrl_c() => {
            // Below the question.
            writeln!(notes())?;
            Err(CommandError::Interrupted)
        }
    }
}
