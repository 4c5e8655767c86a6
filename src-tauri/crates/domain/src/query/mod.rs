//! Library queries: which images, in which order. Conditions are combined by "and", and there is no nesting, so that every
//! condition is a removable chip. "Or" exists inside a condition, between labels.
//!
//! Users type queries as text: [`parse`] parses it, [`read`] as far as it is valid, [`to_text`] formats it,
//! [`complete`] suggests completions.

mod complete;
mod parse;
mod print;
mod span;
mod token;

use serde::{Deserialize, Serialize};

pub use complete::{Completion, QueryVocabulary, Suggestion, SuggestionKind, complete};
pub use parse::{ProblemKind, QueryProblem, ReadQuery, parse, read};
pub use print::to_text;
pub use span::{Share, Span};
pub use token::QueryKey;

use crate::annotation::Status;
use crate::calendar::CalendarDate;
use crate::ids::{CollectionId, RunId};
use crate::layers::LayerScope;
use crate::review::checks::Check;
use crate::run_state::FailureKind;

/// A library query; its result is a list of ids, small enough to send whole for 100,000 images.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImageQuery {
    /// `None` for all collections.
    pub collection: Option<CollectionId>,
    /// All must hold.
    pub conditions: Vec<Condition>,
    pub order: ImageOrder,
    /// Whether the order is reversed. Images that the order says nothing about stay last.
    #[serde(default)]
    pub is_reversed: bool,
    /// The layers whose annotations count; `None`: see [`ImageQuery::layers_shown`].
    #[serde(default)]
    pub layers: Option<LayerScope>,
}

impl ImageQuery {
    /// All images that match every test, in the order in which they were added.
    #[must_use]
    pub fn of(tests: impl IntoIterator<Item = Test>) -> Self {
        Self { conditions: tests.into_iter().map(Condition::holds).collect(), ..Self::default() }
    }

    /// The layers that count and are shown: chosen ones, otherwise those of the runs in the conditions, otherwise all.
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

/// A condition on an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Condition {
    /// Whether it matches images for which the test does not hold.
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

/// A test of an image. Only annotations in shown layers count, and rejected ones only for [`Test::Annotation`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Test {
    /// In a collection with this name.
    In {
        name: String,
    },
    /// Has an annotation with this label.
    Label {
        name: String,
    },
    /// Has an annotation with one of these labels.
    AnyLabel {
        names: Vec<String>,
    },
    Image {
        state: ImageState,
    },
    /// Has an annotation with this status.
    Annotation {
        status: Status,
    },
    /// Has an annotation with a confidence in this range.
    Confidence {
        span: Span<Share>,
    },
    /// In the queue of this run. Unless layers were chosen, the query is about this run's layer.
    Run {
        run: RunId,
    },
    /// Its latest job failed for this reason.
    Failure {
        failure: FailureKind,
    },
    Has {
        what: Trait,
    },
    /// Has an annotation that is likely such a mistake.
    Check {
        check: Check,
    },
    /// Has this many annotations.
    Annotations {
        span: Span<u32>,
    },
    /// Its oldest file was last changed then, by days of UTC.
    Date {
        span: Span<CalendarDate>,
    },
    /// Was taken then, by days of the camera's clock. Does not hold without a capture time.
    Taken {
        span: Span<CalendarDate>,
    },
    /// Its name, a label or an attribute contains this text, ignoring case.
    Text {
        text: String,
    },
}

/// State of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ImageState {
    Unreviewed,
    Reviewed,
    ConfirmedEmpty,
    /// Its latest job failed.
    Failed,
    /// In the queue of an active run.
    Running,
}

/// A property that an image may have or lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Trait {
    /// Has annotations.
    Annotations,
    /// Was answered by a model.
    Answer,
    /// Has attributes.
    Attributes,
}

/// Sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ImageOrder {
    /// In the order in which they were added.
    #[default]
    Added,
    Name,
    /// Most recently changed file first.
    Newest,
    /// Earliest capture time first, by the camera's clock; images without one last, in the order in which they were
    /// added.
    Taken,
    /// Least confident undecided annotation first; images without undecided annotations last.
    LeastCertain,
    /// Most uncertain first ([`crate::review::uncertainty`]); reviewed images last.
    Uncertainty,
    /// Most annotations first.
    MostAnnotations,
    /// Largest disagreement between runs first. Only labels in both recipes are compared.
    Disagreement,
}

#[cfg(test)]
mod tests;
