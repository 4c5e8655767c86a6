//! The runs on an image: which repeat one another, and which proposals a later one supersedes.

use std::collections::BTreeMap;

use crate::ids::RunId;

/// The source of a run's annotations on an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerSource {
    /// The run sent the image.
    Image,
    /// Propagated from a similar image.
    SimilarImage,
}

/// A run's relation to one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunOnImage {
    /// The earliest run on the image with the same model and recipe, possibly itself.
    pub first_alike: RunId,
    /// `None` if the run has not answered the image.
    pub answer: Option<AnswerSource>,
    /// Whether the run was undone since.
    pub is_undone: bool,
}

/// All runs on an image.
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

    /// Whether both runs have the same model and recipe.
    #[must_use]
    pub fn are_alike(&self, one: RunId, other: RunId) -> bool {
        let first_alike = |run| self.0.get(&run).map(|known| known.first_alike);
        first_alike(one).is_some_and(|first| first_alike(other) == Some(first))
    }

    #[must_use]
    pub fn is_undone(&self, run: RunId) -> bool {
        self.0.get(&run).is_some_and(|known| known.is_undone)
    }

    /// Whether the annotations of `run` on the image are superseded: a later run of the same model and recipe has
    /// answered it. Propagated annotations are superseded by any such answer, and supersede only propagated ones.
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
