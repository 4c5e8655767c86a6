//! `annotate`: import, quote, ask, run, report.

use domain::ids::ImageId;
use domain::model::{Destination, Model, ModelId};
use domain::plan::{ImageSelection, RunRequest};
use domain::run_state::{RunMode, RunState, StopReason};
use engine::Library;

use super::quoting::{chosen_model, quote};
use super::{hooks, pilot, session};
use crate::arguments::{Annotate, Global};
use crate::confirm::confirm;
use crate::environment::EnvFileUse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, Chosen, WhenMissing};
use crate::messages;
use crate::output::{Console, notes};

pub async fn annotate(arguments: &Annotate, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let output = output.beside(arguments.session.targets())?;
    let when_missing = WhenMissing::Create { is_agreed: arguments.session.yes };
    let invocation = arguments.session.invocation()?;
    let library = library::open_during(global, invocation, EnvFileUse::Ask, when_missing).await?;
    session::check_outputs(&library, &arguments.session)?;
    let recipe = library::keep_recipe(&library, &arguments.to_find).await?;
    let mut images = library::import(&library, &arguments.paths).await?;
    if let Some(limit) = arguments.limit {
        images.truncate(limit as usize);
    }
    let model = confirm_quote(&library, arguments, &recipe, &images).await?;
    if let Destination::Host { name, .. } = &model.destination {
        // The quote has listed what is sent there.
        library.settings.agree_to(name)?;
    }
    let request = RunRequest {
        options: arguments.options(images.len()),
        budget: arguments.session.budget,
        ignores_saved_answers: arguments.fresh,
        propagates_to_similar: arguments.similar,
        mode: arguments.mode(),
        pilot: arguments.pilot,
        paths: arguments.paths.clone(),
        ..RunRequest::of(ImageSelection::Images { ids: images }, recipe.id, model.id)
    };
    hooks::agree(&library, arguments.session.allow_hooks).await?;
    let run = library.runs.start(&request).await?;
    let report = session::follow(&library, run).await?;
    if report.summary.state == (RunState::Stopped { reason: StopReason::PilotDone }) {
        return pilot::finish(&library, arguments, &report, output).await;
    }
    session::finish(&library, &report, &arguments.session, output).await
}

/// Shows the cost and what is sent, asks for confirmation, and returns the model to run.
async fn confirm_quote(
    library: &Library,
    arguments: &Annotate,
    recipe: &Chosen,
    images: &[ImageId],
) -> Result<Model, CommandError> {
    let quote = quote(library, arguments, recipe.id, images, arguments.pilot)?;
    let model = chosen_model(library, &quote, arguments.model.clone().map(ModelId))?;
    let month = library.spending.this_month()?;
    messages::quote(&mut notes(), &quote, model, &recipe.recipe.name, &month, arguments)?;
    if matches!(model.model.destination, Destination::Host { .. }) {
        library::name_endpoints(library)?;
    }
    if !model.can_run {
        let reason = messages::wait_reasons(model).join("; ");
        return Err(CommandError::ModelCannot { model: model.model.name.clone(), reason });
    }
    if arguments.mode() == RunMode::Batch && model.batch.is_none() {
        let (model, reason) = (model.model.name.clone(), messages::no_batches(model));
        return Err(CommandError::NoBatches { model, reason });
    }
    let asked = messages::images_to_send(&quote, model, arguments.similar, arguments.fresh);
    let question = match arguments.pilot.filter(|&pilot| pilot < asked) {
        Some(pilot) => format!(
            "Annotate {} of {} first?",
            messages::counted(pilot, "image"),
            messages::grouped(quote.image_count.into())
        ),
        None => format!("Annotate {}?", messages::counted(quote.image_count, "image")),
    };
    if !arguments.session.yes && !confirm(&question).await? {
        return Err(CommandError::NotConfirmed);
    }
    Ok(model.model.clone())
}
