//! A question to the library: which images, in which order. Conditions are joined by "and"; there is deliberately no "or"
//! and no nesting, so that every condition is a chip that can be taken away alone.
//!
//! People type questions as text: [`parse`] reads it, or [`read`] as far as it goes while it is typed; [`to_text`]
//! writes it back, [`complete`] suggests how it goes on.

mod complete;
mod parse;
mod print;
mod span;
mod token;

use serde::{Deserialize, Serialize};

pub use complete::{Completion, Suggestion, SuggestionKind, Vocabulary, complete};
pub use parse::{ProblemKind, QueryProblem, ReadQuery, parse, read};
pub use print::to_text;
pub use span::{Share, Span};
pub use token::Key;

use crate::annotation::Status;
use crate::calendar::CalendarDate;
use crate::ids::{CollectionId, RunId};
use crate::layers::LayerScope;
use crate::review::checks::Check;
use crate::run_state::FailureKind;

/// A question to the library; the answer is a list of ids, which stays small enough to send whole at 100,000 images.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImageQuery {
    /// `None`: every collection.
    pub collection: Option<CollectionId>,
    /// All of them hold.
    pub conditions: Vec<Condition>,
    pub order: ImageOrder,
    /// The layers whose annotations count; `None`: see [`ImageQuery::layers_shown`].
    #[serde(default)]
    pub layers: Option<LayerScope>,
}

impl ImageQuery {
    /// The images of which all of `tests` hold, in the order in which they were added.
    #[must_use]
    pub fn of(tests: impl IntoIterator<Item = Test>) -> Self {
        Self { conditions: tests.into_iter().map(Condition::holds).collect(), ..Self::default() }
    }

    /// The layers that count and are shown: those that were chosen, or else those of the runs that the conditions name, or
    /// else all.
    #[must_use]
    pub fn layers_shown(&self) -> LayerScope {
        if let Some(chosen) = &self.layers {
            return chosen.clone();
        }
        let named = self.conditions.iter().filter(|condition| !condition.is_excluded);
        let runs: Vec<RunId> = named
            .filter_map(|condition| if let Test::Run { run } = condition.test { Some(run) } else { None })
            .collect();
        if runs.is_empty() { LayerScope::All } else { LayerScope::Runs { runs } }
    }
}

/// What must hold of an image, or must not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Condition {
    /// Whether images are found of which the test does not hold.
    pub is_excluded: bool,
    pub test: Test,
}

impl Condition {
    #[must_use]
    pub fn holds(test: Test) -> Self {
        Self { is_excluded: false, test }
    }

    #[must_use]
    pub fn holds_not(test: Test) -> Self {
        Self { is_excluded: true, test }
    }
}

/// What can be asked of an image. Annotations in layers that are not shown count for nothing, and those that were rejected for
/// nothing but [`Test::Annotation`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Test {
    /// It is in a collection of this name.
    In {
        name: String,
    },
    /// An annotation with this label stands on it.
    Label {
        name: String,
    },
    Image {
        state: ImageState,
    },
    /// It has an annotation of this status.
    Annotation {
        status: Status,
    },
    /// One of its annotations was made with a confidence within.
    Confidence {
        span: Span<Share>,
    },
    /// It was one of the images of this run. Unless layers were chosen, the question is about the layer of this run.
    Run {
        run: RunId,
    },
    /// The latest job on it failed so.
    Failure {
        failure: FailureKind,
    },
    Has {
        what: Trait,
    },
    /// An annotation on it is likely such a mistake.
    Check {
        check: Check,
    },
    /// So many annotations stand on it.
    Annotations {
        span: Span<u32>,
    },
    /// Its file was last changed then: the oldest of its places, by days of UTC.
    Date {
        span: Span<CalendarDate>,
    },
    /// It was taken then, by days of its camera's clock. Of what says nothing about that, this does not hold.
    Taken {
        span: Span<CalendarDate>,
    },
    /// Its name, one of its labels or what an attribute says has this in it, whatever the case.
    Text {
        text: String,
    },
}

/// Where an image stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ImageState {
    Unreviewed,
    Reviewed,
    ConfirmedEmpty,
    /// The latest job on it failed.
    Failed,
    /// A run that is worked on has it still to do.
    Running,
}

/// What an image may have or lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Trait {
    /// An annotation stands on it.
    Annotations,
    /// A model has looked at it.
    Answer,
    /// An annotation on it says something beyond its label.
    Attributes,
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ImageOrder {
    /// As they came into the library.
    #[default]
    Added,
    Name,
    /// The file that was changed last first.
    Newest,
    /// The photo that was taken first first, by the clocks of cameras; what does not say when it was taken comes last, as it
    /// was added.
    Taken,
    /// The least confident undecided annotation first; images without undecided annotations last.
    LeastCertain,
    /// What most speaks for a mistake first ([`crate::review::uncertainty`]); what is reviewed comes last.
    Uncertainty,
    /// The most annotations first.
    MostAnnotations,
    /// Where the answers of several runs differ most first. Only labels that both were asked for are compared.
    Disagreement,
}

#[cfg(test)]
mod tests;
