//! The runs that have looked at an image: which of them repeat one another, and which proposals a later one supersedes.

use std::collections::BTreeMap;

use crate::ids::RunId;

/// Where a run has its annotations of an image from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerSource {
    /// It has asked about the image.
    Image,
    /// It has asked about a similar one, whose annotations were propagated.
    SimilarImage,
}

/// What is known of a run with regard to one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunOnImage {
    /// The earliest run on the image of the same model and recipe, which may be the run itself.
    pub first_alike: RunId,
    /// `None`: the run has not answered the image.
    pub answer: Option<AnswerSource>,
    /// Whether the run was undone since it answered the image.
    pub is_undone: bool,
}

/// All runs that concern an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunsOnImage(BTreeMap<RunId, RunOnImage>);

impl FromIterator<(RunId, RunOnImage)> for RunsOnImage {
    fn from_iter<Runs: IntoIterator<Item = (RunId, RunOnImage)>>(runs: Runs) -> Self {
        Self(runs.into_iter().collect())
    }
}

impl RunsOnImage {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both runs are of one model and recipe.
    #[must_use]
    pub fn are_alike(&self, one: RunId, other: RunId) -> bool {
        let first_alike = |run| self.0.get(&run).map(|known| known.first_alike);
        first_alike(one).is_some_and(|first| first_alike(other) == Some(first))
    }

    #[must_use]
    pub fn is_undone(&self, run: RunId) -> bool {
        self.0.get(&run).is_some_and(|known| known.is_undone)
    }

    /// Whether the annotations of `run` on the image are superseded: a later run of the same model and recipe has answered
    /// it. What was propagated gives way to the answer of any such run, and supersedes only what was propagated.
    #[must_use]
    pub fn supersede(&self, run: RunId, is_propagated: bool) -> bool {
        self.0.iter().any(|(&other, known)| {
            let is_later = other > run;
            let counts = match known.answer {
                None => false,
                Some(AnswerSource::Image) => is_later || is_propagated,
                Some(AnswerSource::SimilarImage) => is_later && is_propagated,
            };
            other != run && !known.is_undone && counts && self.are_alike(run, other)
        })
    }
}
