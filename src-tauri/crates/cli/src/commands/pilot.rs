//! `annotate --pilot`: the run stops after a few images, and continues with the others once the user confirms their results.

use std::sync::Arc;

use domain::pilot::{PilotOutcome, PilotVerdict};
use domain::plan::ResumeRequest;
use domain::report::RunReport;
use engine::Library;

use super::session;
use crate::arguments::Annotate;
use crate::confirm::confirm;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::messages;
use crate::output::{Console, notes};

/// Shows the results of the pilot, and continues the run if the user confirms.
pub async fn finish(
    library: &Arc<Library>,
    arguments: &Annotate,
    pilot: &RunReport,
    output: Console,
) -> Result<Exit, CommandError> {
    messages::report(&mut notes(), pilot)?;
    let (run, outcome) = (pilot.summary.id, library.planning.pilot_outcome(&pilot.summary)?);
    messages::pilot(&mut notes(), &outcome)?;
    if is_gone_on_with(arguments, &outcome).await? {
        library.runs.resume(ResumeRequest::of(run)).await?;
        let report = session::follow(library, run).await?;
        return session::finish(library, &report, &arguments.session, output).await;
    }
    messages::note(&mut notes(), &messages::left_after_pilot(run))?;
    // The text output has shown it already.
    let shown = output.show(pilot, |_| Ok(()));
    let exit = match outcome.verdict {
        PilotVerdict::NothingAnswered => Exit::SomeFailed,
        PilotVerdict::Stopped | PilotVerdict::DearerThanQuoted | PilotVerdict::Sound => Exit::of_run(&pilot.summary),
    };
    session::leave_files(library, pilot, &arguments.session, output, shown, exit).await
}

/// Asks whether to continue, unless `--yes` has answered.
async fn is_gone_on_with(arguments: &Annotate, outcome: &PilotOutcome) -> Result<bool, CommandError> {
    match outcome.verdict {
        PilotVerdict::Stopped => Ok(false),
        PilotVerdict::Sound if arguments.session.yes => Ok(true),
        _ if arguments.session.yes => Ok(false),
        _ if outcome.left == 1 => confirm("Annotate the other image?").await,
        _ => confirm(&format!("Annotate the other {}?", messages::counted(outcome.left, "image"))).await,
    }
}
