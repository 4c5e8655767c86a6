//! Random images, runs and commands.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::annotation::{Annotation, NewAnnotation, Origin, RejectReason, ReviewState, Shape, Status};
use crate::geometry::{PixelSize, Point, Rect};
use crate::ids::{AnnotationId, ImageId, RunId};
use crate::layers::LayerScope;
use crate::review::checks::{Check, CheckFinding, findings, misplaced};
use crate::review::decide::{accept, decide};
use crate::review::edit::{LabelColors, edit};
use crate::review::image::{AnnotatedImage, Context, ImageDiff};
use crate::review::repair::repair;
use crate::review::runs::{AnswerSource, RunOnImage, RunsOnImage};
use crate::review::{AnnotationChange, AnnotationContent, DecisionScope, Verdict};

pub const SIZE: PixelSize = PixelSize::new(100, 80);
pub const RUNS: u32 = 4;

/// Few places, so that annotations repeat one another; some reach over the edge, some lie beside the image.
pub fn shapes() -> impl Strategy<Value = Shape> {
    let rect = (0..4, 0..3, 1..3).prop_map(|(x, y, side)| {
        let (x, y, side) = (f64::from(x * 40 - 10), f64::from(y * 40 - 10), f64::from(side * 25));
        Shape::Box { rect: Rect::new(x, y, x + side, y + side) }
    });
    prop_oneof![
        6 => rect,
        1 => Just(Shape::Box { rect: Rect::new(0.0, 0.0, 100.0, 79.0) }),
        1 => Just(Shape::Box { rect: Rect::new(200.0, 10.0, 220.0, 30.0) }),
        1 => Just(Shape::Point { at: Point::new(110.0, 20.0) }),
        1 => Just(Shape::ImageTag),
    ]
}

pub fn labels() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just("bicycle"), 1 => Just("bicylce"), 2 => Just("cat"), 1 => Just("Cat")].prop_map(Into::into)
}

pub fn found() -> impl Strategy<Value = NewAnnotation> {
    (labels(), shapes(), prop::option::of(0u8..=10)).prop_map(|(label, shape, tenths)| NewAnnotation {
        label,
        shape,
        confidence: tenths.map(|tenths| f32::from(tenths) / 10.0),
        attributes: BTreeMap::new(),
    })
}

pub fn statuses() -> impl Strategy<Value = Status> {
    prop_oneof![4 => Just(Status::Proposed), 1 => Just(Status::Accepted), 1 => Just(Status::Edited), 1 => Just(Status::Rejected)]
}

pub fn layers() -> impl Strategy<Value = LayerScope> {
    prop_oneof![
        2 => Just(LayerScope::All),
        2 => (1..=RUNS).prop_map(|run| LayerScope::of_run(RunId(run))),
        1 => prop::collection::vec((1..=RUNS).prop_map(RunId), 0..3).prop_map(|runs| LayerScope::Runs { runs }),
    ]
}

/// Runs of at most two models, of which some have answered the image.
pub fn runs() -> impl Strategy<Value = RunsOnImage> {
    let answers = prop_oneof![Just(None), Just(Some(AnswerSource::Image)), Just(Some(AnswerSource::SimilarImage))];
    prop::collection::vec((any::<bool>(), answers), RUNS as usize).prop_map(|runs| {
        let models: Vec<bool> = runs.iter().map(|(model, _)| *model).collect();
        let first_alike = |model: bool| models.iter().position(|other| *other == model).unwrap_or_default() + 1;
        (1..)
            .zip(runs)
            .map(|(id, (model, answer))| {
                let first_alike = RunId(u32::try_from(first_alike(model)).unwrap());
                (RunId(id), RunOnImage { first_alike, answer, is_undone: false })
            })
            .collect()
    })
}

prop_compose! {
    pub fn images()(
        runs in runs(),
        review in prop_oneof![Just(ReviewState::Unreviewed), Just(ReviewState::Reviewed), Just(ReviewState::ConfirmedEmpty)],
        annotations in prop::collection::vec((found(), prop::option::of(1..=RUNS), statuses(), any::<bool>()), 0..8),
    ) -> (AnnotatedImage, RunsOnImage) {
        let annotations = (1..).zip(annotations).map(|(id, (found, run, status, is_propagated))| {
            let run = run.map(RunId);
            let is_propagated = is_propagated && run.is_some();
            Annotation {
                id: AnnotationId(id),
                origin: run.map_or(Origin::Person, |run| Origin::Run { run }),
                propagated_from: is_propagated.then_some(ImageId(9)),
                label: found.label,
                color: 1,
                shape: found.shape,
                confidence: found.confidence.filter(|_| run.is_some()),
                attributes: BTreeMap::new(),
                // What a person has drawn is no proposal.
                status: if run.is_none() && status == Status::Proposed { Status::Accepted } else { status },
                reject_reason: (status == Status::Rejected).then_some(RejectReason::Other),
                is_superseded: run.is_some_and(|run| runs.supersede(run, is_propagated)),
            }
        });
        (AnnotatedImage { size: SIZE, review, annotations: annotations.collect() }, runs)
    }
}

#[derive(Debug, Clone)]
pub enum Command {
    DecideAll {
        accepts: bool,
    },
    /// Of the annotation at a place, counted round.
    Decide {
        place: usize,
        accepts: bool,
    },
    Accept {
        places: Vec<usize>,
    },
    Add {
        found: NewAnnotation,
    },
    Adopt {
        found: NewAnnotation,
        run: u32,
    },
    Change {
        place: usize,
        found: NewAnnotation,
    },
    Remove {
        place: usize,
    },
    Repair {
        check: Check,
        spares_decided: bool,
    },
}

pub fn commands() -> impl Strategy<Value = Command> {
    prop_oneof![
        any::<bool>().prop_map(|accepts| Command::DecideAll { accepts }),
        (0usize..8, any::<bool>()).prop_map(|(place, accepts)| Command::Decide { place, accepts }),
        prop::collection::vec(0usize..8, 0..4).prop_map(|places| Command::Accept { places }),
        found().prop_map(|found| Command::Add { found }),
        (found(), 1..=RUNS).prop_map(|(found, run)| Command::Adopt { found, run }),
        (0usize..8, found()).prop_map(|(place, found)| Command::Change { place, found }),
        (0usize..8).prop_map(|place| Command::Remove { place }),
        (prop::sample::select(&Check::ALL[..]), any::<bool>())
            .prop_map(|(check, spares_decided)| Command::Repair { check, spares_decided }),
    ]
}

pub fn verdict(accepts: bool) -> Verdict {
    if accepts { Verdict::Accept } else { Verdict::Reject { reason: None } }
}

pub fn content(found: &NewAnnotation) -> AnnotationContent {
    AnnotationContent { label: found.label.clone(), shape: found.shape.clone(), attributes: found.attributes.clone() }
}

pub fn findings_of(image: &AnnotatedImage, check: Check, layers: &LayerScope) -> Vec<CheckFinding> {
    let shown: Vec<Annotation> = image.annotations.iter().filter(|one| layers.shows(one)).cloned().collect();
    let meant = BTreeMap::from([("bicylce".to_owned(), "bicycle".to_owned()), ("Cat".to_owned(), "cat".to_owned())]);
    let mut found = findings(image.size, &shown, &misplaced(image.size, &image.annotations, |_| None), &meant);
    found.retain(|finding| finding.check == check);
    found
}

/// `None` where the command cannot be carried out, or changes nothing.
pub fn carry_out(command: &Command, image: &AnnotatedImage, context: Context<'_>) -> Option<ImageDiff> {
    let count = image.annotations.len();
    let id = |place: usize| (count > 0).then(|| image.annotations[place % count].id);
    let colors = LabelColors::default();
    let edited = |change: AnnotationChange| {
        let latest = image.annotations.last().map_or(0, |last| last.id.0);
        edit(image, &[change], &colors, latest + 5, context).ok()
    };
    match command {
        Command::DecideAll { accepts } => decide(image, DecisionScope::Image, verdict(*accepts), context).ok(),
        Command::Decide { place, accepts } => {
            decide(image, DecisionScope::Annotation { id: id(*place)? }, verdict(*accepts), context).ok()
        }
        Command::Accept { places } => {
            let ids: Vec<AnnotationId> = places.iter().filter_map(|place| id(*place)).collect();
            Some(accept(image, &ids, context))
        }
        Command::Add { found } => edited(AnnotationChange::Add { content: content(found) }),
        Command::Adopt { found, run } => {
            edited(AnnotationChange::Adopt { run: RunId(*run), content: content(found), confidence: found.confidence })
        }
        Command::Change { place, found } => {
            edited(AnnotationChange::Change { id: id(*place)?, content: content(found) })
        }
        Command::Remove { place } => edited(AnnotationChange::Remove { id: id(*place)? }),
        Command::Repair { check, spares_decided } => {
            repair(image, &findings_of(image, *check, context.layers), *spares_decided, &colors, context)
        }
    }
}

pub fn is_inside(shape: &Shape) -> bool {
    shape.fitted(SIZE).as_ref() == Ok(shape)
}
