//! Compares two sides on the same images: two runs, or a run and people's decisions. A run's annotations are read from
//! its stored answers, so later changes to them do not matter.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::sync::Arc;

use domain::annotation::{Annotation, NewAnnotation, Origin, ReviewState, Status};
use domain::compare::choose::{ChosenPair, SideChoice, SideDecided, SideDecision, Sides, changes, chosen, link};
use domain::compare::{Agreements, ComparedAnnotation, ComparedPair, Comparison, Side, compare};
use domain::ids::{ImageId, RunId};
use domain::layers::LayerScope;
use domain::model::ModelId;
use domain::recipe::Recipe;
use domain::review::{Decision, DecisionScope, ImageEdit, Verdict};
use store::View;

use super::{Review, edit_error};
use crate::blocking::off_workers;
use crate::clock::now_millis;
use crate::{Result, backend};

impl Review {
    /// Compares both sides on all images that both have annotated.
    pub fn compare_sides(&self, sides: Sides) -> Result<Comparison> {
        let Sides { first, second } = sides;
        self.store
            .read_blocking(|view| {
                let (one, other) = (Looker::new(view, first)?, Looker::new(view, second)?);
                let mut things = Agreements::default();
                let mut differing: Vec<(u32, ImageId)> = Vec::new();
                let images = view.images_of_both(first, second)?;
                for &image in &images {
                    let mut here = Agreements::default();
                    for pair in compare(&one.annotations(image)?, &other.annotations(image)?) {
                        here.note(pair.agreement);
                        things.note(pair.agreement);
                    }
                    if here.differences() > 0 {
                        differing.push((here.differences(), image));
                    }
                }
                differing.sort_by_key(|&(differences, image)| (std::cmp::Reverse(differences), image));
                Ok(Comparison {
                    images: u32::try_from(images.len()).unwrap_or(u32::MAX),
                    things,
                    differing: differing.into_iter().map(|(_, image)| image).collect(),
                })
            })
            .map_err(Into::into)
    }

    /// The annotations of both sides on `image`, differences first, and what is chosen of them.
    pub fn compare_image(&self, image: ImageId, sides: Sides) -> Result<Vec<ChosenPair>> {
        self.store
            .read_blocking(|view| {
                let (one, other) = (Looker::new(view, sides.first)?, Looker::new(view, sides.second)?);
                let pairs = compare(&one.annotations(image)?, &other.annotations(image)?);
                Ok(chosen(&pairs, sides, &shown_on(view, image)?))
            })
            .map_err(Into::into)
    }

    /// What is chosen of these pairs on `image` today.
    pub fn chosen_sides(&self, image: ImageId, sides: Sides, pairs: &[ComparedPair]) -> Result<Vec<ChosenPair>> {
        Ok(self.store.read_blocking(|view| Ok(chosen(pairs, sides, &shown_on(view, image)?)))?)
    }

    /// Applies a choice as one step. Accepting what both sides agree on also marks an image as reviewed that waits for
    /// nothing else.
    pub async fn choose_side(&self, decision: SideDecision) -> Result<SideDecided> {
        let SideDecision { image, sides, mut pairs, choice } = decision;
        let (asked, now) = (pairs.clone(), now_millis());
        let taken = self.store.write(move |store| {
            let today = shown_on(store, image)?;
            let changed = changes(&asked, sides, &today, choice);
            let edit = ImageEdit { image, changes: changed.iter().map(|each| each.change.clone()).collect() };
            let accept = Decision { image, scope: DecisionScope::Image, verdict: Verdict::Accept };
            let is_decided = !today.iter().any(|annotation| annotation.status == Status::Proposed);
            let taken = if !changed.is_empty() {
                Some(store.edit_annotations(&edit, &LayerScope::All, now)?)
            } else if choice == SideChoice::Agreed && is_decided && store.review_of(image)? == ReviewState::Unreviewed {
                Some(store.decide(&accept, &LayerScope::All, now)?)
            } else {
                None
            };
            Ok((taken, changed))
        });
        let (taken, changed) = taken.await.map_err(edit_error)?;
        let step = match taken {
            Some(taken) => Some(self.stepped(taken, &LayerScope::All).await?),
            None => None,
        };
        if let Some(step) = &step {
            link(&mut pairs, &changed, &step.annotations);
        }
        let store = Arc::clone(&self.store);
        let chosen =
            off_workers(move || Ok(store.read_blocking(|view| Ok(chosen(&pairs, sides, &shown_on(view, image)?)))?));
        Ok(SideDecided { step, pairs: chosen.await? })
    }
}

/// The annotations of `image` in the view of all layers.
fn shown_on(view: &View<'_>, image: ImageId) -> store::Result<Vec<Annotation>> {
    let mut annotations = view.annotations_of(image)?;
    annotations.retain(|annotation| LayerScope::All.shows(annotation));
    Ok(annotations)
}

/// One side of a comparison, which lists its annotations on an image.
struct Looker<'a> {
    view: &'a View<'a>,
    kind: Kind,
}

enum Kind {
    Run {
        run: RunId,
        recipe: Box<Recipe>,
        model: ModelId,
    },
    /// An imported layer, which has no answers.
    Imported(RunId),
    Decided,
}

impl<'a> Looker<'a> {
    fn new(view: &'a View<'a>, side: Side) -> store::Result<Self> {
        let kind = match side {
            Side::Run { run } if view.role_of_layer(run)?.is_some() => Kind::Imported(run),
            Side::Run { run } => {
                Kind::Run { run, recipe: Box::new(view.recipe_of_run(run)?), model: view.model_of_run(run)? }
            }
            Side::Decided => Kind::Decided,
        };
        Ok(Self { view, kind })
    }

    fn annotations(&self, image: ImageId) -> store::Result<Vec<ComparedAnnotation>> {
        let today = self.view.annotations_of(image)?;
        Ok(match &self.kind {
            Kind::Decided => {
                today.iter().filter(|annotation| annotation.status.is_approved()).map(as_it_stands).collect()
            }
            Kind::Imported(layer) => {
                let of_layer = today.iter().filter(|annotation| annotation.origin.run() == Some(*layer));
                of_layer.filter(|annotation| annotation.status != Status::Rejected).map(as_it_stands).collect()
            }
            Kind::Run { run, recipe, model } => {
                let size = self.view.image_size(image)?;
                let kept = self.view.settled_answers(*run, image)?;
                backend::kept_annotations(model, &kept, recipe, size)
                    .into_iter()
                    .map(|annotation| found_by(*run, annotation, recipe, &today))
                    .collect()
            }
        })
    }
}

fn as_it_stands(annotation: &Annotation) -> ComparedAnnotation {
    ComparedAnnotation {
        annotation: Some(annotation.id),
        status: Some(annotation.status),
        label: annotation.label.clone(),
        color: annotation.color,
        shape: annotation.shape.clone(),
        confidence: annotation.confidence,
        attributes: annotation.attributes.clone(),
    }
}

/// An annotation that a run found, matched to the current one: its own, or that of an earlier run which a person had
/// already decided on.
fn found_by(run: RunId, found: NewAnnotation, recipe: &Recipe, today: &[Annotation]) -> ComparedAnnotation {
    let is_same =
        |annotation: &&Annotation| annotation.label == found.label && annotation.shape.is_nearly(&found.shape);
    let own = today.iter().filter(|annotation| annotation.origin == Origin::Run { run }).find(is_same);
    let standing = own.or_else(|| today.iter().filter(|annotation| annotation.status.is_decided()).find(is_same));
    ComparedAnnotation {
        annotation: standing.map(|annotation| annotation.id),
        status: standing.map(|annotation| annotation.status),
        color: recipe.label_for(&found.label).map_or(1, |label| label.color),
        label: found.label,
        shape: found.shape,
        confidence: found.confidence,
        attributes: found.attributes,
    }
}
