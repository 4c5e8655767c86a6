//! A way to a model behind HTTP: what is sent to it, what its failures call for, and what its answers say.

use std::sync::Arc;

use domain::answer::Answer;
use domain::geometry::PixelSize;
use domain::money::PicoDollars;
use domain::recipe::Recipe;
use domain::run::{FailureKind, RetryKind};
use prepare::Pixels;
use provider::answer::RawAnswer;
use provider::client::{Client, SendError};
use provider::disposition::{Disposition, RetryCause};
use provider::image_size::sent_size;
use provider::parse::{self, AnswerError};
use provider::prices::Terms;
use provider::request::{Brief, IMAGE_BASE64_LIMIT, MediaType, Picture, Request};
use store::Bill;

use super::gate::Gate;
use super::{Received, Trouble};

/// JPEG qualities, the best first; a picture that is too many bytes at one is encoded at the next. Below the last, edges
/// would suffer more than from fewer pixels.
const QUALITIES: [u8; 3] = [90, 75, 60];
/// Of the long edge, when a server finds a request too large.
const SHRINKING: f64 = 0.7;

/// A client for one server, a brief for one recipe.
pub struct Remote {
    pub client: Client,
    pub brief: Brief,
    pub gate: Arc<Gate>,
    pub concurrency: u32,
}

impl Remote {
    /// The size in which a picture of `original` size is sent.
    pub fn sent_size(&self, original: PixelSize) -> PixelSize {
        sent_size(original, self.brief.model().image_tier)
    }

    /// The most that a request with a picture of `sent` size can cost.
    pub fn at_most(&self, sent: PixelSize) -> PicoDollars {
        self.brief.worst_case(sent, Terms::LIST)
    }

    /// Encodes a picture, without metadata, and puts it into a request. Blocks.
    pub fn request(&self, pixels: &Pixels) -> Result<Request, String> {
        let mut bytes = Vec::new();
        for quality in QUALITIES {
            bytes = prepare::encode_jpeg(pixels, quality).map_err(|error| error.to_string())?;
            if bytes.len().div_ceil(3) * 4 <= IMAGE_BASE64_LIMIT {
                break;
            }
        }
        let picture = Picture { size: pixels.size, media_type: MediaType::Jpeg, bytes: &bytes };
        self.brief.request(&picture).map_err(|error| error.to_string())
    }

    /// The long edge for another try, after a server has found a picture of `sent` size too large.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a u32")]
    pub fn smaller_edge(sent: PixelSize) -> u32 {
        (f64::from(sent.long_edge()) * SHRINKING) as u32
    }

    pub async fn send(&self, request: &Request) -> Result<Received, Trouble> {
        match self.client.send(request, &mut |_| {}).await {
            Ok(answer) => {
                let bill =
                    answer.usage.map(|usage| Bill { usage, paid: self.brief.model().price.cost(usage, Terms::LIST) });
                match answer.to_kept() {
                    Ok(kept) => Ok(Received { kept, bill }),
                    Err(error) => Err(Trouble::failed(error.to_string())),
                }
            }
            Err(error) => Err(Trouble {
                disposition: error.disposition(),
                retry_kind: retry_kind(&error),
                may_be_billed: error.may_be_billed(),
                detail: match error {
                    // That it cannot be reached is what the kind says.
                    SendError::Unreachable { detail } => detail,
                    error => error.to_string(),
                },
            }),
        }
    }

    /// Reads an answer that was kept.
    pub fn read(kept: &str, recipe: &Recipe) -> Result<Answer, (FailureKind, String)> {
        let raw = RawAnswer::from_kept(kept).map_err(|error| (FailureKind::AnswerUnreadable, error.to_string()))?;
        parse::read(&raw, recipe).map_err(|error| {
            let kind = match error {
                AnswerError::Declined => FailureKind::Declined,
                AnswerError::CutOffEarly => FailureKind::CutOff,
                AnswerError::NoMarks => FailureKind::AnswerUnreadable,
            };
            (kind, error.to_string())
        })
    }
}

fn retry_kind(error: &SendError) -> RetryKind {
    match error {
        SendError::Unreachable { .. } => RetryKind::Unreachable,
        SendError::Lost { .. } => RetryKind::ConnectionLost,
        SendError::IdleTimeout { .. } | SendError::TotalTimeout { .. } => RetryKind::TimedOut,
        SendError::Refused(_) | SendError::BrokenOff { .. } | SendError::WebPage | SendError::Malformed { .. } => {
            match error.disposition() {
                Disposition::HoldRoute { .. } => RetryKind::RateLimited,
                Disposition::ShrinkOnce => RetryKind::TooLarge,
                Disposition::Retry { cause: RetryCause::Overloaded, .. } => RetryKind::Overloaded,
                _ => RetryKind::ServerFailed,
            }
        }
    }
}
