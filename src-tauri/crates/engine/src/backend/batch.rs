//! What a batch run needs from its backend: batches, their answers, and the action after a failure. A failed call concerns
//! the whole batch; a failed result concerns a single image. Waiting is the caller's job.

use std::time::Duration;

use domain::coordinates::BoxCoordinates;
use domain::geometry::PixelSize;
use domain::run_state::{RetryKind, StopReason};
use providers::base_url::BaseUrl;
use providers::batch::{BatchAnswer, BatchApi};
use providers::error::RequestError;
use providers::retry::RetryAction;

use super::dispatch::{Backend, Received};
use super::endpoint::PacedEndpoint;
use super::failure::FailedRequest;

/// A failed call to the batch API.
pub struct FailedCall {
    pub next: CallNext,
    pub kind: RetryKind,
    pub detail: String,
}

/// What to do about a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallNext {
    /// Retry the same call later.
    Again { after: Option<Duration> },
    /// The server does not know the batch.
    Unknown,
    /// Stop until the user acts.
    Stop(StopReason),
}

impl From<&RequestError> for FailedCall {
    fn from(error: &RequestError) -> Self {
        let next = match error.action() {
            _ if error.is_not_found() => CallNext::Unknown,
            RetryAction::Retry { after, .. } | RetryAction::HoldEndpoint { after } => CallNext::Again { after },
            RetryAction::Unreadable => CallNext::Again { after: None },
            RetryAction::StopRun(cause) => CallNext::Stop(cause.into()),
            RetryAction::FailItem(_) | RetryAction::RefuseForm | RetryAction::ShrinkOnce => {
                CallNext::Stop(StopReason::RequestRefused)
            }
        };
        Self { next, kind: error.retry_kind(), detail: error.detail() }
    }
}

impl Backend {
    /// The batch API of the first endpoint, with the origin of its server; `None` if it has no batch API.
    pub fn batches(&self) -> Option<(&dyn BatchApi, String)> {
        let endpoint = &self.first_endpoint()?.endpoint;
        Some((endpoint.batches()?, endpoint.base_url().map(BaseUrl::origin).unwrap_or_default()))
    }

    /// Reads an answer from a batch for an image of `sent` size, whose boxes are in `coordinates`.
    pub fn batch_answer(
        &self,
        answer: BatchAnswer,
        sent: PixelSize,
        coordinates: BoxCoordinates,
    ) -> Result<Received, FailedRequest> {
        let endpoint = self.first_endpoint().ok_or_else(|| FailedRequest::unsent("there is no endpoint".to_owned()))?;
        endpoint.record_form_taken();
        let answer =
            answer.about(sent, coordinates).received().map_err(|error| FailedRequest::unsent(error.to_string()))?;
        Ok(self.received(answer, endpoint.price_percent))
    }

    /// Whether the batch server has accepted a request of this form.
    pub fn is_form_taken(&self) -> bool {
        self.first_endpoint().is_some_and(PacedEndpoint::is_form_taken)
    }
}
