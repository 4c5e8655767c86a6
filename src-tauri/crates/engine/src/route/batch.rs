//! What a batch run needs of its server: a client for batches, answers from them, and what failures call for. A failure
//! of a call is about the batch, one among its results is about a single picture. Deliberately absent: waiting.

use std::time::Duration;

use domain::geometry::PixelSize;
use domain::run::{RetryKind, StopReason};
use providers::anthropic::client::Client;
use providers::batch::BatchAnswer;
use providers::error::SendError;
use providers::refusal::Refusal;
use providers::retry::{Disposition, ItemFailure};

use super::lane::{Lane, retry_kind, said, stop_reason};
use super::remote::Remote;
use super::{Received, Remedy, Trouble};

/// A call about a batch that failed.
pub struct CallTrouble {
    pub next: CallNext,
    pub kind: RetryKind,
    pub detail: String,
}

/// What to do about a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallNext {
    /// The same once more, later.
    Again { after: Option<Duration> },
    /// The server does not know what it was asked about.
    Unknown,
    /// Nothing more succeeds until a person has done something.
    Stop(StopReason),
}

impl From<&SendError> for CallTrouble {
    fn from(error: &SendError) -> Self {
        let next = match error.disposition() {
            _ if error.is_not_found() => CallNext::Unknown,
            Disposition::Retry { after, .. } | Disposition::HoldRoute { after } => CallNext::Again { after },
            Disposition::Unreadable => CallNext::Again { after: None },
            Disposition::StopRun(cause) => CallNext::Stop(stop_reason(cause)),
            Disposition::FailItem(_) | Disposition::RefuseForm | Disposition::ShrinkOnce => {
                CallNext::Stop(StopReason::RequestRefused)
            }
        };
        Self { next, kind: retry_kind(error), detail: said(error) }
    }
}

/// What follows from a refusal among a batch's results, which is not billed. A picture that is too large is not sent smaller
/// in a next batch: that is left to a live run.
pub fn refused(refusal: Box<Refusal>) -> Trouble {
    let error = SendError::Refused(refusal);
    let remedy = match error.disposition() {
        Disposition::Retry { after, .. } | Disposition::HoldRoute { after } => Remedy::Retry { after },
        Disposition::StopRun(cause) => Remedy::Stop(stop_reason(cause)),
        Disposition::RefuseForm => Remedy::Undecided { endpoint: 0 },
        Disposition::FailItem(ItemFailure::Refused) | Disposition::ShrinkOnce => Remedy::Refuse,
        Disposition::FailItem(ItemFailure::ServerFailed) | Disposition::Unreadable => Remedy::Fail,
    };
    Trouble { remedy, avoids: None, retry_kind: retry_kind(&error), may_be_billed: false, detail: said(&error) }
}

impl Remote {
    /// The client of the server whose batches are used.
    pub fn batch_client(&self) -> Option<&Client> {
        self.first_lane().map(|lane| &lane.client)
    }

    /// An answer from a batch, about a picture of `sent` size.
    pub fn batch_answer(&self, answer: BatchAnswer, sent: PixelSize) -> Result<Received, Trouble> {
        let lane = self.first_lane().ok_or_else(Trouble::elsewhere)?;
        lane.note_form_taken();
        self.received(&answer.about(sent), lane)
    }

    /// Whether the server whose batches are used has taken a request of this form.
    pub fn is_form_taken(&self) -> bool {
        self.first_lane().is_some_and(Lane::is_form_taken)
    }
}
