//! Typed ranges: `<0.5`, `>=3`, `2..5`.

use std::fmt::{self, Display};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A share, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "specta", derive(specta::Type), specta(transparent))]
pub struct Share(#[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))] pub f64);

/// Text that is not a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a number from 0 to 1")]
pub struct NoShare;

impl FromStr for Share {
    type Err = NoShare;

    fn from_str(text: &str) -> Result<Self, NoShare> {
        let share: f64 = text.parse().map_err(|_| NoShare)?;
        // "-0" is normalized to 0.
        if (0.0..=1.0).contains(&share) { Ok(Self(share.abs())) } else { Err(NoShare) }
    }
}

impl Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A range of values. `least` is never above `most`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Span<Value> {
    Below {
        value: Value,
    },
    AtMost {
        value: Value,
    },
    AtLeast {
        value: Value,
    },
    Above {
        value: Value,
    },
    /// Inclusive.
    Between {
        least: Value,
        most: Value,
    },
}

impl<Value> Span<Value> {
    /// The lower end and whether it is included; `None` if open.
    #[must_use]
    pub fn least(&self) -> Option<(&Value, bool)> {
        match self {
            Self::AtLeast { value } | Self::Between { least: value, .. } => Some((value, true)),
            Self::Above { value } => Some((value, false)),
            Self::Below { .. } | Self::AtMost { .. } => None,
        }
    }

    /// The upper end, likewise.
    #[must_use]
    pub fn most(&self) -> Option<(&Value, bool)> {
        match self {
            Self::AtMost { value } | Self::Between { most: value, .. } => Some((value, true)),
            Self::Below { value } => Some((value, false)),
            Self::AtLeast { .. } | Self::Above { .. } => None,
        }
    }
}

impl<Value: Display + PartialEq> Display for Span<Value> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below { value } => write!(f, "<{value}"),
            Self::AtMost { value } => write!(f, "<={value}"),
            Self::AtLeast { value } => write!(f, ">={value}"),
            Self::Above { value } => write!(f, ">{value}"),
            Self::Between { least, most } if least == most => write!(f, "{least}"),
            Self::Between { least, most } => write!(f, "{least}..{most}"),
        }
    }
}

impl<Value: Copy + PartialOrd> Span<Value> {
    /// Parses a range of values parsed by `read`: a value may itself be a range, such as a month.
    pub(super) fn parse(text: &str, read: impl Fn(&str) -> Option<(Value, Value)>) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("<=") {
            return read(rest).map(|(_, value)| Self::AtMost { value });
        }
        if let Some(rest) = text.strip_prefix(">=") {
            return read(rest).map(|(value, _)| Self::AtLeast { value });
        }
        if let Some(rest) = text.strip_prefix('<') {
            return read(rest).map(|(value, _)| Self::Below { value });
        }
        if let Some(rest) = text.strip_prefix('>') {
            return read(rest).map(|(_, value)| Self::Above { value });
        }
        let (least, most) = match text.split_once("..") {
            Some((least, most)) => (read(least)?.0, read(most)?.1),
            None => read(text)?,
        };
        (least <= most).then_some(Self::Between { least, most })
    }
}
