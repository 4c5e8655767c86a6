//! Sides in the library: the answers of a run, and what people have approved.

use std::collections::HashSet;

use datasets::CROWD;
use domain::annotation::{Annotation, AttributeValue, Status};
use domain::compare::Side;
use domain::dataset_import::{ImportRole, ImportedLayer};
use domain::evaluation::report::{EvaluatedSource, NotEvaluatedReason, UnmeasuredReason};
use domain::ids::{ImageId, RunId};
use domain::run::RunSummary;
use domain::run_state::RunMode;
use store::{RunImage, RunImageState, View};

use super::side::{LoadedSide, SideImage, SideLabels};
use crate::cancellation::Cancellation;
use crate::{Result, backend};

/// Reads a side.
pub fn read(view: &View<'_>, side: Side, labels: &mut SideLabels, cancellation: &Cancellation) -> Result<LoadedSide> {
    match side {
        Side::Run { run } if view.role_of_layer(run)?.is_some() => of_import(view, run, labels),
        Side::Run { run } => of_run(view, &view.run(run)?, labels, cancellation),
        Side::Decided => of_people(view, labels),
    }
}

/// The images of a side, whether it has something to evaluate on them or not.
pub fn images(view: &View<'_>, side: Side) -> store::Result<HashSet<ImageId>> {
    let images = match side {
        Side::Run { run } if view.role_of_layer(run)?.is_some() => view.images_of_import(run)?,
        Side::Run { run } => view.images_of_run(run)?,
        Side::Decided => view.reviewed_images()?,
    };
    Ok(images.into_iter().collect())
}

/// The original answers of a run: later decisions and edits of people do not matter.
fn of_run(
    view: &View<'_>,
    summary: &RunSummary,
    labels: &mut SideLabels,
    cancellation: &Cancellation,
) -> Result<LoadedSide> {
    let run = summary.id;
    let (recipe, model) = (view.recipe_of_run(run)?, view.model_of_run(run)?);
    let mut side = LoadedSide::new(EvaluatedSource::Run {
        run,
        model: model.0.clone(),
        model_name: summary.model_name.clone(),
        recipe_name: summary.recipe_name.clone(),
    });
    side.is_ground_truth = false;
    side.labels = recipe.labels.iter().map(|label| labels.number(&label.name)).collect();
    let mut evaluated = Vec::new();
    for image in view.run_images(run)? {
        let not_evaluated = match image.state {
            RunImageState::Waiting => Some(NotEvaluatedReason::Waiting),
            RunImageState::Propagated => Some(NotEvaluatedReason::Propagated),
            RunImageState::Failed(kind) if !kind.has_kept_answer() => Some(NotEvaluatedReason::Failed),
            RunImageState::Answered | RunImageState::Failed(_) => None,
        };
        match not_evaluated {
            Some(reason) => side.skip(reason, 1),
            None => evaluated.push(image),
        }
    }
    for asked in &evaluated {
        cancellation.check()?;
        let mut image = SideImage { id: Some(asked.image), ..SideImage::default() };
        if asked.state == RunImageState::Answered {
            let kept = view.settled_answers(run, asked.image)?;
            if kept.is_empty() {
                for annotation in view.proposed_by(run, asked.image)? {
                    let label = labels.number(&annotation.label);
                    image.add(label, &annotation.label, &annotation.shape, annotation.confidence, false);
                }
            }
            for found in backend::kept_annotations(&model, &kept, &recipe, asked.size) {
                let label = labels.number(&found.label);
                image.add(label, &found.label, &found.shape, found.confidence, false);
            }
        } else {
            image.is_unusable = true;
        }
        side.images.push(image);
    }
    side.costs = if !summary.has_price() {
        Err(UnmeasuredReason::PriceUnknown)
    } else if evaluated.iter().any(|image| image.may_be_billed) {
        Err(UnmeasuredReason::CostUncertain)
    } else {
        Ok(evaluated.iter().map(|image| image.paid).collect())
    };
    side.seconds = durations(&evaluated, summary.mode);
    Ok(side)
}

fn durations(images: &[RunImage], mode: RunMode) -> std::result::Result<Vec<f64>, UnmeasuredReason> {
    if mode != RunMode::Live {
        return Err(UnmeasuredReason::DurationUnknown);
    }
    let seconds = images.iter().map(|image| Some(image.took_millis? / 1000.0));
    seconds.collect::<Option<Vec<f64>>>().ok_or(UnmeasuredReason::DurationUnknown)
}

/// The annotations of an imported dataset, without those that are rejected; but all predictions, which are judged as they came.
fn of_import(view: &View<'_>, layer: RunId, labels: &mut SideLabels) -> Result<LoadedSide> {
    let ImportedLayer { name, role, .. } = view.imported_layer(layer)?;
    let mut side = LoadedSide::new(EvaluatedSource::Layer { layer, name, role });
    side.is_ground_truth = role != ImportRole::Predictions;
    let ids = view.images_of_import(layer)?;
    side.images = ids.into_iter().map(|id| SideImage { id: Some(id), ..SideImage::default() }).collect();
    let changed = if role == ImportRole::Predictions { view.images_with_steps()? } else { HashSet::new() };
    for image in &mut side.images {
        let Some(id) = image.id.filter(|id| changed.contains(id)) else { continue };
        for annotation in view.proposed_by(layer, id)? {
            add_imported(image, &annotation, role, labels);
        }
    }
    let mut place = 0;
    view.each_of_import(layer, |id, annotation| {
        if role != ImportRole::Predictions && annotation.status == Status::Rejected || changed.contains(&id) {
            return;
        }
        while side.images.get(place).is_some_and(|image| image.id < Some(id)) {
            place += 1;
        }
        let Some(image) = side.images.get_mut(place).filter(|image| image.id == Some(id)) else { return };
        add_imported(image, &annotation, role, labels);
    })?;
    Ok(side)
}

fn add_imported(image: &mut SideImage, annotation: &Annotation, role: ImportRole, labels: &mut SideLabels) {
    let label = labels.number(&annotation.label);
    let confidence = annotation.confidence.filter(|_| role == ImportRole::Predictions);
    let is_crowd = annotation.attributes.get(CROWD) == Some(&AttributeValue::YesNo(true));
    image.add(label, &annotation.label, &annotation.shape, confidence, is_crowd);
}

/// The approved annotations of reviewed images.
fn of_people(view: &View<'_>, labels: &mut SideLabels) -> Result<LoadedSide> {
    let mut side = LoadedSide::new(EvaluatedSource::People);
    let ids = view.reviewed_images()?;
    side.images = ids.into_iter().map(|id| SideImage { id: Some(id), ..SideImage::default() }).collect();
    let mut place = 0;
    view.each_approved(|id, annotation| {
        // Both are in the order of ids.
        while side.images.get(place).is_some_and(|image| image.id < Some(id)) {
            place += 1;
        }
        let Some(image) = side.images.get_mut(place).filter(|image| image.id == Some(id)) else { return };
        let label = labels.number(&annotation.label);
        // A person vouches for it, however confident the model was.
        image.add(label, &annotation.label, &annotation.shape, None, false);
        image.approved.extend(annotation.origin.run());
    })?;
    Ok(side)
}
