//! What may be set for the requests of a run, and which recipes cannot be asked.

use crate::schema::OPTIONAL_LIMIT;

/// Whether the guideline is cached at the vendor's, which makes the first request dearer and the following ones cheaper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Caching {
    Off,
    #[default]
    FiveMinutes,
    /// For batches, whose requests lie further apart.
    OneHour,
}

impl Caching {
    pub(super) const fn ttl(self) -> Option<&'static str> {
        match self {
            Self::Off => None,
            Self::FiveMinutes => Some("5m"),
            Self::OneHour => Some("1h"),
        }
    }
}

/// What may be set for a run; the defaults suit annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BriefOptions {
    /// Output maximum in tokens, thinking included; `None` leaves it to the model's habits.
    pub max_output_tokens: Option<u64>,
    pub caching: Caching,
}

impl BriefOptions {
    /// What suits requests that are sent in batches.
    pub const BATCH: Self = Self { max_output_tokens: None, caching: Caching::OneHour };
}

/// A recipe that cannot be put to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BriefError {
    #[error("the recipe names nothing to find")]
    NoLabels,
    /// Only boxes can be asked for.
    #[error("the recipe does not ask for boxes")]
    NoBoxes,
    #[error("the recipe has {count} optional attributes; at most {OPTIONAL_LIMIT} can be asked at a time")]
    TooManyOptionalAttributes { count: usize },
}
