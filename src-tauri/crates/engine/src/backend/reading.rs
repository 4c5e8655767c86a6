//! Reads answers and classifies those that cannot be read.

use domain::answer::{Answer, CoordinateSystem};
use domain::recipe::Recipe;
use domain::run_state::FailureKind;
use providers::parse::AnswerError;
use providers::provider::Provider;

/// Reads an answer from `provider`.
pub fn read(provider: &dyn Provider, kept: &str, recipe: &Recipe) -> Result<Answer, (FailureKind, String)> {
    provider.read(kept, recipe).map_err(|error| {
        let kind = match &error {
            AnswerError::Declined => FailureKind::Declined,
            AnswerError::CutOffEarly => FailureKind::CutOff,
            AnswerError::Unreadable { .. } => FailureKind::AnswerUnreadable,
            AnswerError::Unusable { .. } => FailureKind::AnswerUnusable,
            AnswerError::OtherCoordinates { system, .. } => match system {
                CoordinateSystem::Fractions => FailureKind::CoordinatesAsFractions,
                CoordinateSystem::Thousandths => FailureKind::CoordinatesAsThousandths,
                CoordinateSystem::Unknown => FailureKind::AnswerUnusable,
            },
        };
        (kind, error.to_string())
    })
}
