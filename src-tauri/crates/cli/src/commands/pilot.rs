//! `annotate --pilot`: a run on a few images, a look at what it brought, and a run on the others. What a budget leaves after
//! the first is what the second may cost.

use std::sync::Arc;

use domain::ids::ImageId;
use domain::money::PicoDollars;
use domain::plan::{ImageSelection, RunRequest};
use domain::report::RunReport;
use domain::run::RunMode;
use engine::Library;
use engine::pilot::PilotVerdict;
use serde::Serialize;

use super::{annotate, sitting};
use crate::arguments::Annotate;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Output, notes};
use crate::words;

/// The document of a run with a pilot.
#[derive(Serialize)]
struct Piloted<'a> {
    pilot: &'a RunReport,
    /// `None` when it was not gone on with.
    rest: Option<&'a RunReport>,
}

pub async fn annotate(
    library: &Arc<Library>,
    arguments: &Annotate,
    output: Output,
    request: &RunRequest,
    images: &[ImageId],
    first: Vec<ImageId>,
) -> Result<Exit, CommandError> {
    let rest = engine::pilot::rest(images, &first);
    let few = RunRequest { images: ImageSelection::Images { ids: first }, mode: RunMode::Live, ..request.clone() };
    let run = library.start_run(&few).await?;
    let Some(pilot) = sitting::follow(library, run).await? else { return Ok(Exit::Interrupted) };
    words::report(&mut notes(), &pilot)?;

    if !is_gone_on_with(library, arguments, request, &pilot, &rest).await? {
        show(output, &pilot, None)?;
        sitting::leave_files(library, &pilot, &arguments.sitting, output)?;
        return Ok(match PilotVerdict::of(&pilot.summary) {
            PilotVerdict::Stopped => Exit::of_run(&pilot.summary),
            PilotVerdict::NothingAnswered => Exit::SomeFailed,
            PilotVerdict::DearerThanQuoted | PilotVerdict::Sound => Exit::Stopped,
        });
    }
    let spent = pilot.summary.paid + pilot.summary.possibly_billed.at_most;
    let others = RunRequest {
        images: ImageSelection::Images { ids: rest },
        budget: request.budget.map(|budget| PicoDollars(budget.0.saturating_sub(spent.0))),
        ..request.clone()
    };
    let run = library.start_run(&others).await?;
    let Some(report) = sitting::follow(library, run).await? else { return Ok(Exit::Interrupted) };
    show(output, &pilot, Some(&report))?;
    sitting::leave_files(library, &report, &arguments.sitting, output)?;
    let failed_before = pilot.summary.failed > 0;
    Ok(match Exit::of_run(&report.summary) {
        Exit::Done if failed_before => Exit::SomeFailed,
        exit => exit,
    })
}

/// The pilot was shown in words already.
fn show(output: Output, pilot: &RunReport, rest: Option<&RunReport>) -> Result<(), CommandError> {
    output.show(&Piloted { pilot, rest }, |out| match rest {
        Some(report) => words::report(out, report),
        None => Ok(()),
    })
}

/// Says what the pilot means for the others, and asks unless that was answered before.
async fn is_gone_on_with(
    library: &Library,
    arguments: &Annotate,
    request: &RunRequest,
    pilot: &RunReport,
    rest: &[ImageId],
) -> Result<bool, CommandError> {
    let verdict = PilotVerdict::of(&pilot.summary);
    let quote = annotate::quote(library, arguments, request.recipe, rest)?;
    let row = annotate::chosen_model(library, &quote, Some(request.model.clone()))?;
    words::pilot(&mut notes(), verdict, &pilot.summary, row, request.mode, rest.len())?;
    match verdict {
        PilotVerdict::Stopped => Ok(false),
        PilotVerdict::Sound if arguments.sitting.yes => Ok(true),
        PilotVerdict::NothingAnswered | PilotVerdict::DearerThanQuoted if arguments.sitting.yes => Ok(false),
        _ => sitting::confirm(&format!("Annotate the other {}?", words::counted_len(rest.len(), "image"))).await,
    }
}
