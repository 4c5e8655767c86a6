//! Short names of failures and retries.

use domain::endpoint::EndpointProblem;
use domain::run_state::{FailureKind, RetryKind};

pub fn retry(kind: RetryKind) -> &'static str {
    match kind {
        RetryKind::RateLimited => "rate limit reached",
        RetryKind::Overloaded => "server overloaded (529)",
        RetryKind::ServerFailed => "server failed",
        RetryKind::ConnectionLost => "connection lost",
        RetryKind::AnswerUnreadable => "server's answer could not be read",
        RetryKind::TimedOut => "timed out",
        RetryKind::Expired => "batch expired",
        RetryKind::Unreachable => "server cannot be reached",
        RetryKind::TooLarge => "image too large",
        RetryKind::CutShort => "answer cut off",
    }
}

pub fn endpoint(problem: EndpointProblem) -> &'static str {
    match problem {
        EndpointProblem::NoKey => "no key",
        EndpointProblem::Unusable => "invalid settings, or not agreed to",
        EndpointProblem::KeyRejected => "wrong key",
        EndpointProblem::NotPermitted => "the key lacks a permission",
        EndpointProblem::NoCredit => "no credit",
        EndpointProblem::SpendLimit => "spend limit reached",
        EndpointProblem::UnknownModel => "unknown model",
        EndpointProblem::NotSuchAServer => "not a compatible server",
        EndpointProblem::RequestRefused => "requests refused",
        EndpointProblem::AnswersUnreadable => "unreadable answers",
        EndpointProblem::WaitTooLong => "required wait is over an hour",
        EndpointProblem::Unreachable => "unreachable",
        EndpointProblem::ConnectionLost => "connection lost",
        EndpointProblem::TimedOut => "no answer in time",
        EndpointProblem::ServerFailed => "server errors",
        EndpointProblem::Overloaded => "overloaded",
    }
}

pub fn failure(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::FileMissing => "file not found",
        FailureKind::FileUnreadable => "file cannot be read, or has changed",
        FailureKind::ModelFailed => "model did not answer",
        FailureKind::Expired => "batch expired before the image was processed",
        FailureKind::Refused => "server rejected the image",
        FailureKind::Declined => "model declined to answer (billed)",
        FailureKind::CutOff => "answer cut off before its first annotation",
        FailureKind::AnswerUnreadable => "answer is unreadable (it is saved)",
        FailureKind::AnswerUnusable => "no annotation in the answer is usable (it is saved)",
        FailureKind::CoordinatesAsFractions => {
            "the model answers in 0..1 coordinates, not in pixels (the answer is saved)"
        }
        FailureKind::CoordinatesAsThousandths => {
            "the model answers in 0..1000 coordinates, not in pixels (the answer is saved)"
        }
        FailureKind::InternalError => "internal error in Fieldmark",
    }
}
