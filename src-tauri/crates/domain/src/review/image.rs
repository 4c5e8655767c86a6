//! An image as seen by the review rules, and the changes of a command on it: enough to save, undo and redo the command.

use serde::{Deserialize, Serialize};

use crate::annotation::{Annotation, Origin, ReviewState, Status};
use crate::geometry::PixelSize;
use crate::ids::AnnotationId;
use crate::layers::LayerScope;
use crate::review::runs::RunsOnImage;

/// An image with all of its annotations, in all layers.
#[derive(Debug, Clone, PartialEq)]
pub struct AnnotatedImage {
    /// Upright.
    pub size: PixelSize,
    /// What a person stated about the whole image.
    pub review: ReviewState,
    /// Ordered by id.
    pub annotations: Vec<Annotation>,
}

/// Context of a command.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The layers that the person sees.
    pub layers: &'a LayerScope,
    /// May be empty if at most one run has proposals on the image.
    pub runs: &'a RunsOnImage,
}

/// The change of one annotation. `None` if it did not exist before, or does not after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnnotationDiff {
    pub before: Option<Annotation>,
    pub after: Option<Annotation>,
}

/// The changes of a command on an image.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageDiff {
    pub review_before: ReviewState,
    pub review_after: ReviewState,
    /// In command order; repetitions in the layers of other runs last.
    pub annotations: Vec<AnnotationDiff>,
}

/// The image does not have an annotation with this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the image has no annotation {0}")]
pub struct UnknownAnnotation(pub AnnotationId);

impl AnnotatedImage {
    /// The annotation with this id.
    ///
    /// # Errors
    ///
    /// If the image does not have it.
    pub fn annotation(&self, id: AnnotationId) -> Result<&Annotation, UnknownAnnotation> {
        let place = self.place_of(id).map_err(|_| UnknownAnnotation(id))?;
        Ok(&self.annotations[place])
    }

    /// The image after the command, or after redoing it.
    #[must_use]
    pub fn redone(mut self, diff: &ImageDiff, runs: &RunsOnImage) -> Self {
        for change in &diff.annotations {
            self.put(change.before.as_ref(), change.after.as_ref());
        }
        self.review = diff.review_after;
        self.supersede(runs);
        self
    }

    /// The image after undoing the command. Proposals of a run that was undone since do not come back.
    #[must_use]
    pub fn undone(mut self, diff: &ImageDiff, runs: &RunsOnImage) -> Self {
        for change in diff.annotations.iter().rev() {
            let before = change.before.as_ref().filter(|before| !is_withdrawn(before, runs));
            self.put(change.after.as_ref(), before);
        }
        self.review = diff.review_before;
        self.supersede(runs);
        self
    }

    /// Whether a proposal of one run may repeat another run's annotation here.
    #[must_use]
    pub fn may_hold_repetitions(&self) -> bool {
        let mut runs = self.annotations.iter().filter_map(|annotation| annotation.origin.run());
        let are_several = runs.next().is_some_and(|first| runs.any(|run| run != first));
        are_several && self.annotations.iter().any(|annotation| annotation.status == Status::Proposed)
    }

    /// The difference of the annotations from those of `before`, by id.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<AnnotationDiff> {
        let mut changes = Vec::new();
        for annotation in &before.annotations {
            if self.place_of(annotation.id).is_err() {
                changes.push(AnnotationDiff { before: Some(annotation.clone()), after: None });
            }
        }
        for annotation in &self.annotations {
            let earlier = before.annotation(annotation.id).ok();
            if earlier != Some(annotation) {
                changes.push(AnnotationDiff { before: earlier.cloned(), after: Some(annotation.clone()) });
            }
        }
        changes
    }

    /// Replaces `was` by `wanted`.
    pub(super) fn put(&mut self, was: Option<&Annotation>, wanted: Option<&Annotation>) {
        let Some(id) = wanted.or(was).map(|annotation| annotation.id) else { return };
        match (self.place_of(id), wanted) {
            (Ok(place), Some(wanted)) => self.annotations[place] = wanted.clone(),
            (Err(place), Some(wanted)) => self.annotations.insert(place, wanted.clone()),
            (Ok(place), None) => drop(self.annotations.remove(place)),
            (Err(_), None) => {}
        }
    }

    fn place_of(&self, id: AnnotationId) -> Result<usize, usize> {
        self.annotations.binary_search_by_key(&id, |annotation| annotation.id)
    }

    /// Updates which annotations are superseded, as far as the runs on the image are known.
    fn supersede(&mut self, runs: &RunsOnImage) {
        if runs.is_empty() {
            return;
        }
        for annotation in &mut self.annotations {
            if let Origin::Run { run } = annotation.origin {
                annotation.is_superseded = runs.supersede(run, annotation.propagated_from.is_some());
            }
        }
    }
}

fn is_withdrawn(annotation: &Annotation, runs: &RunsOnImage) -> bool {
    annotation.status == Status::Proposed && annotation.origin.run().is_some_and(|run| runs.is_undone(run))
}

impl ImageDiff {
    /// The complete command for the `changes` that the person requested: proposals of other runs of the same model and
    /// recipe that repeat a decided one are decided too. `decides`: whether the command can mark the image as reviewed.
    pub(super) fn of(
        image: &AnnotatedImage,
        mut changes: Vec<AnnotationDiff>,
        decides: bool,
        context: Context<'_>,
    ) -> Self {
        for repetition in repetitions(image, &changes, context.runs) {
            changes.push(AnnotationDiff { before: Some(repetition), after: None });
        }
        let mut diff = Self { review_before: image.review, review_after: image.review, annotations: changes };
        let left = image.clone().redone(&diff, &RunsOnImage::default()).annotations;
        diff.review_after = review_after(image.review, &left, context.layers, decides);
        diff
    }

    /// The annotations of the command, in order, without repetitions in the layers of other runs.
    #[must_use]
    pub fn ids(&self) -> Vec<AnnotationId> {
        let is_repetition = |change: &&AnnotationDiff| {
            change.after.is_none() && change.before.as_ref().is_some_and(|before| before.status == Status::Proposed)
        };
        let named = self.annotations.iter().filter(|change| !is_repetition(change));
        named.filter_map(|change| change.after.as_ref().or(change.before.as_ref())).map(|one| one.id).collect()
    }
}

/// The stated review state after a command that leaves the annotations `left`: reviewed once the command has decided
/// the last proposal in `layers`, and confirmed empty if nothing is left. An image with an undecided proposal in
/// `layers` does not become empty.
fn review_after(stated: ReviewState, left: &[Annotation], layers: &LayerScope, decides: bool) -> ReviewState {
    match stated {
        ReviewState::Unreviewed if !decides || layers.has_proposal(left) => ReviewState::Unreviewed,
        _ if left.iter().any(|annotation| annotation.status.is_approved()) => ReviewState::Reviewed,
        stated if layers.has_proposal(left) => stated,
        _ => ReviewState::ConfirmedEmpty,
    }
}

/// Undecided proposals of other runs of the same model and recipe that equal those decided by `changes`, except those
/// in `changes`.
fn repetitions(image: &AnnotatedImage, changes: &[AnnotationDiff], runs: &RunsOnImage) -> Vec<Annotation> {
    let is_named = |id: AnnotationId| changes.iter().any(|change| change.before.as_ref().is_some_and(|it| it.id == id));
    let decided: Vec<&Annotation> = changes
        .iter()
        .filter(|change| change.after.as_ref().is_some_and(|after| after.status.is_decided()))
        .filter_map(|change| change.before.as_ref().or(change.after.as_ref()))
        .collect();
    let says_the_same = |one: &Annotation, other: &Annotation| {
        let (Some(run), Some(other_run)) = (one.origin.run(), other.origin.run()) else { return false };
        run != other_run && runs.are_alike(run, other_run) && one.repeats(other)
    };
    let proposals = image.annotations.iter().filter(|annotation| annotation.status == Status::Proposed);
    let repeated = proposals.filter(|other| decided.iter().any(|one| says_the_same(one, other)) && !is_named(other.id));
    repeated.cloned().collect()
}
