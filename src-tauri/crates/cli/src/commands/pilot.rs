//! `annotate --pilot`: the run stops after a few images, and continues with the others once the user confirms their results.

use std::sync::Arc;

use domain::plan::ResumeRequest;
use domain::report::RunReport;
use domain::run_state::RunMode;
use engine::Library;
use engine::pilot::PilotVerdict;

use super::{quoting, session};
use crate::arguments::Annotate;
use crate::confirm::confirm;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::Chosen;
use crate::messages;
use crate::output::{Console, notes};

/// Shows the results of the pilot, and continues the run if the user confirms.
pub async fn finish(
    library: &Arc<Library>,
    arguments: &Annotate,
    recipe: &Chosen,
    pilot: &RunReport,
    output: Console,
) -> Result<Exit, CommandError> {
    messages::report(&mut notes(), pilot)?;
    let (run, verdict) = (pilot.summary.id, library.history.pilot_verdict(&pilot.summary)?);
    if is_gone_on_with(library, arguments, recipe, pilot, verdict).await? {
        library.runs.resume(ResumeRequest::of(run)).await?;
        let report = session::follow(library, run).await?;
        return session::finish(library, &report, &arguments.session, output);
    }
    messages::note(&mut notes(), &messages::left_after_pilot(run))?;
    // The text output has shown it already.
    let shown = output.show(pilot, |_| Ok(()));
    let exit = match verdict {
        PilotVerdict::NothingAnswered => Exit::SomeFailed,
        PilotVerdict::Stopped | PilotVerdict::DearerThanQuoted { .. } | PilotVerdict::Sound => {
            Exit::of_run(&pilot.summary)
        }
    };
    session::leave_files(library, pilot, &arguments.session, output, shown, exit)
}

/// Shows what the pilot means for the other images, and asks unless `--yes` has answered.
async fn is_gone_on_with(
    library: &Library,
    arguments: &Annotate,
    recipe: &Chosen,
    pilot: &RunReport,
    verdict: PilotVerdict,
) -> Result<bool, CommandError> {
    let summary = &pilot.summary;
    let left = library.history.waiting_images(summary.id)?;
    let quote = quoting::quote(library, arguments, recipe.id, &left, None)?;
    let row = quoting::chosen_model(library, &quote, Some(summary.model.clone()))?;
    let mode = if row.batch.is_some() { arguments.mode() } else { RunMode::Live };
    messages::pilot(&mut notes(), verdict, summary, row, mode)?;
    match verdict {
        PilotVerdict::Stopped => Ok(false),
        PilotVerdict::Sound if arguments.session.yes => Ok(true),
        _ if arguments.session.yes => Ok(false),
        _ => confirm(&format!("Annotate the other {}?", messages::counted_len(left.len(), "image"))).await,
    }
}
