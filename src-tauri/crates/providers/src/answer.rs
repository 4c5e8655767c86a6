//! An answer as received, before it is parsed. This form is stored and can be parsed again at any time.

use domain::coordinates::BoxCoordinates;
use domain::geometry::PixelSize;
use serde::{Deserialize, Serialize};

use crate::rate_limits::RateLimits;
use domain::usage::Usage;

/// Why a model stopped writing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    EndTurn,
    /// The request's output maximum was reached; the answer is cut off.
    MaxTokens,
    StopSequence,
    ToolUse,
    PauseTurn,
    /// The model declined.
    Refusal,
    /// The model's context was full; the answer is cut off.
    ModelContextWindowExceeded,
    /// Unknown to this version, or absent.
    #[serde(untagged)]
    Other(String),
}

impl FinishReason {
    /// Whether the answer was cut off; `None` if the server gave no reason, so that only the text can tell.
    #[must_use]
    pub fn cuts_off(&self) -> Option<bool> {
        match self {
            Self::MaxTokens | Self::ModelContextWindowExceeded => Some(true),
            Self::EndTurn | Self::StopSequence | Self::ToolUse | Self::PauseTurn | Self::Refusal => Some(false),
            Self::Other(reason) if reason.is_empty() => None,
            // Other servers' names for `max_tokens`.
            Self::Other(reason) => Some(matches!(reason.as_str(), "length" | "max_length" | "max_output_tokens")),
        }
    }
}

/// A model's answer for one image, with its metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawAnswer {
    /// The model's text, without thinking.
    pub text: String,
    pub stop_reason: FinishReason,
    /// `None` if the server reported none: the cost is then unknown.
    pub usage: Option<Usage>,
    /// The model that answered, as the server reports it: an endpoint may have its own name for it.
    pub model: String,
    /// For inquiries at the vendor.
    pub request_id: Option<String>,
    /// Size of the picture that was sent.
    pub sent: PixelSize,
    /// The coordinates of its boxes.
    #[serde(default, skip_serializing_if = "is_in_pixels")]
    pub coordinates: BoxCoordinates,
    /// From sending to the first byte of the answer's body.
    pub time_to_first_byte_millis: u32,
    /// From sending to the end of the answer.
    pub took_millis: u32,
    /// Rate limits from the headers. Only useful at this moment, so not stored.
    #[serde(skip)]
    pub rate_limits: RateLimits,
}

/// An answer before it is parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedAnswer {
    /// The stored form, for [`Provider::read`](crate::provider::Provider::read).
    pub kept: String,
    /// `None` if the server reported none: the cost is then unknown.
    pub usage: Option<Usage>,
}

/// A stored answer that cannot be parsed.
#[derive(Debug, thiserror::Error)]
#[error("the saved answer could not be read: {0}")]
pub struct NotKept(#[from] serde_json::Error);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_in_pixels(coordinates: &BoxCoordinates) -> bool {
    *coordinates == BoxCoordinates::PixelXyxy
}

impl RawAnswer {
    /// The stored form: JSON.
    pub fn to_kept(&self) -> Result<String, NotKept> {
        Ok(serde_json::to_string(self)?)
    }

    /// The answer as an endpoint returns it.
    pub fn received(&self) -> Result<ReceivedAnswer, NotKept> {
        Ok(ReceivedAnswer { kept: self.to_kept()?, usage: self.usage })
    }

    /// Parses what [`RawAnswer::to_kept`] wrote.
    pub fn from_kept(kept: &str) -> Result<Self, NotKept> {
        Ok(serde_json::from_str(kept)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        for reason in ["\"refusal\"", "\"model_context_window_exceeded\"", "\"something_new\""] {
            let stop_reason: FinishReason = serde_json::from_str(reason).unwrap();
            assert_eq!(serde_json::to_string(&stop_reason).unwrap(), reason);
            let answer = RawAnswer {
                text: "{\"marks\":[]}".into(),
                stop_reason,
                usage: Some(Usage { input_tokens: 5, ..Usage::default() }),
                model: "scripted-1".into(),
                request_id: Some("req_1".into()),
                sent: PixelSize::new(1456, 819),
                coordinates: BoxCoordinates::PixelXyxy,
                time_to_first_byte_millis: 400,
                took_millis: 2_000,
                rate_limits: RateLimits::default(),
            };
            assert_eq!(RawAnswer::from_kept(&answer.to_kept().unwrap()).unwrap(), answer);
        }
    }
}
