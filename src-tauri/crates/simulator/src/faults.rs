//! Faults: what the network does to an answer, and what the vendor sends instead of one. A scripted fault is met by one
//! request to `/v1/messages` that would otherwise succeed, in the order of arrival; random faults are of the same kinds
//! ([`crate::fates`]).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::answer::Spoiling;
use crate::error::ErrorResponse;
use crate::rewriting::Rewriting;

/// The fault of one request. As JSON: `{"fault": "rate_limited", "retry_after_seconds": 2}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// 429 with `retry-after`.
    RateLimited {
        /// Whole seconds to wait; without it, the header is missing.
        retry_after_seconds: Option<u64>,
    },
    /// 429 with this text in `retry-after`, valid or not.
    RetryAfter {
        /// The header's value.
        value: String,
    },
    /// This status, as from a gateway that refuses a part of the request.
    Refused {
        /// Such as 400 or 422.
        status: u16,
        /// The message in the error body.
        message: String,
    },
    /// The answer is compressed, even if the client did not request it.
    Gzip,
    /// 200 and an empty body instead of the answer, which is billed.
    Empty,
    /// The events of the answer have no names, and one of them is damaged.
    Damaged {
        /// Intact events before the damaged one.
        after_events: usize,
    },
    /// The answer reports this many prompt tokens.
    Usage {
        /// The reported number; the bill does not change.
        tokens: u64,
    },
    /// 429 because usage grew too fast.
    RampLimited {
        /// Whole seconds to wait.
        retry_after_seconds: u64,
    },
    /// 429 that waiting does not resolve: the organisation reached the monthly threshold of its tier.
    SpendLimit,
    /// 429 that waiting does not resolve: the organisation reached the limit of its contract.
    ContractSpendLimit,
    /// 402: the organisation reached its limit or has no credit. The status is that of the error class of the vendor's
    /// Python SDK 2.12.
    LinkedOrganizationSpendLimit,
    /// 400: the limit set by the account's owner was reached.
    UsageLimit,
    /// 529.
    Overloaded,
    /// 500.
    InternalError,
    /// 504.
    TimedOut,
    /// This status with the vendor's type of error for it, such as 401, 403, 404 or 503.
    Status {
        /// From 400 to 599.
        status: u16,
    },
    /// 413 from a proxy, with a body that is not JSON.
    TooLarge,
    /// 200 and an HTML page, as from an unrelated server.
    NotThisServer,
    /// Additional time before the first byte; the answer is complete.
    Slow {
        /// Milliseconds on top of the configured latency.
        delay_millis: u64,
    },
    /// The request is read and neither answered nor billed.
    Silence,
    /// The answer is billed, but not even its headers are sent.
    Withheld,
    /// The connection is reset before the first byte of an answer, and nothing is billed.
    Reset,
    /// The answer is complete, but arrives slowly in small pieces.
    Drip {
        /// The size of a piece.
        bytes: usize,
        /// Milliseconds between pieces.
        every_millis: u64,
    },
    /// The answer stops after this many events, and the connection stays open.
    Stall {
        /// Events sent before; an answer that is not streamed stalls after its headers.
        after_events: usize,
    },
    /// The answer stops after this many events, but pings continue.
    PingsForever {
        /// Events sent before.
        after_events: usize,
        /// Milliseconds between pings.
        every_millis: u64,
    },
    /// The stream ends properly after this many events, without `message_stop`.
    Truncated {
        /// Events sent before. An answer that is not streamed loses its second half.
        after_events: usize,
    },
    /// The connection is reset after this many events; an answer that is not streamed loses its second half.
    Broken {
        /// Events sent before.
        after_events: usize,
    },
    /// An `error` event after HTTP 200 and this many events: the vendor became overloaded.
    ErrorInStream {
        /// Events sent before. An answer that is not streamed is a 529 instead.
        after_events: usize,
    },
    /// The model declines: `stop_reason` "refusal".
    Refusal,
    /// The answer is cut in half: `stop_reason` "`max_tokens`".
    MaxTokens,
    /// The model's text is not JSON.
    WrongJson,
    /// The model misplaces the first shape that it sees, and sees another one that is not there.
    Mistaken,
    /// A batch is accepted and processed, but the connection is reset before the reply to its creation. Met by a
    /// request to `/v1/messages/batches`, unlike the others.
    BatchReplyLost,
    /// A batch is accepted and then found invalid, if its protocol has that. Met by the next one that is created.
    BatchFails {
        /// Such as `token_limit_exceeded`.
        code: String,
        /// The message in the batch's errors.
        message: String,
    },
    /// A file is stored, but the connection is reset before the reply. Met by the next upload.
    UploadReplyLost,
    /// Only the first line of a file with results is sent. Met by the next download from a server with OpenAI's files.
    ResultsCutShort,
}

/// What the connection does to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interruption {
    Stall,
    Pings(Duration),
    End,
    Break,
    Error,
}

/// Where a fault takes effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Instead of an answer; nothing is billed.
    Refuse(ErrorResponse),
    RefuseAsProxy,
    AnotherServer,
    Silence,
    Reset,
    /// During an answer; the answer is billed.
    Delay(Duration),
    Withhold,
    Drip {
        bytes: usize,
        every: Duration,
    },
    Spoil(Spoiling),
    Rewrite(Rewriting),
    Interrupt {
        after_events: usize,
        how: Interruption,
    },
}

impl Fault {
    /// Whether it applies to batches or their files, and not to a message.
    pub(crate) fn strikes_batches(&self) -> bool {
        matches!(self, Self::BatchReplyLost | Self::BatchFails { .. } | Self::UploadReplyLost | Self::ResultsCutShort)
    }

    /// Its effect on a request whose answer is streamed, or not.
    pub(crate) fn effect(&self, is_streaming: bool) -> Effect {
        let spend_limit = |status: u16, kind: &'static str, message: &str, code: &'static str| {
            Effect::Refuse(ErrorResponse::new(status, kind, message).with_code(code))
        };
        let interrupt = |after_events: usize, how: Interruption| Effect::Interrupt { after_events, how };
        match *self {
            Self::RateLimited { retry_after_seconds } => Effect::Refuse(ErrorResponse::rate_limited(
                "This request would exceed your organization's rate limit.",
                retry_after_seconds.map(Duration::from_secs),
            )),
            Self::RetryAfter { ref value } => Effect::Refuse(ErrorResponse {
                raw_retry_after: Some(value.clone()),
                ..ErrorResponse::rate_limited("This request would exceed your organization's rate limit.", None)
            }),
            Self::Refused { status, ref message } => {
                Effect::Refuse(ErrorResponse::new(status, "invalid_request_error", message.clone()))
            }
            Self::Gzip => Effect::Rewrite(Rewriting::Gzip),
            Self::Empty => Effect::Rewrite(Rewriting::Empty),
            Self::Damaged { after_events } => Effect::Rewrite(Rewriting::Damaged { after_events }),
            Self::Usage { tokens } => Effect::Rewrite(Rewriting::Usage { tokens }),
            Self::RampLimited { retry_after_seconds } => Effect::Refuse(
                ErrorResponse::rate_limited(
                    "This request would exceed your organization's ramp limit: usage grew too fast.",
                    Some(Duration::from_secs(retry_after_seconds)),
                )
                .with_code("ramp_limit_exceeded"),
            ),
            Self::SpendLimit => spend_limit(
                429,
                "rate_limit_error",
                "Your organization has reached its monthly API usage limit.",
                "enforced_spend_limit_reached",
            ),
            Self::ContractSpendLimit => spend_limit(
                429,
                "rate_limit_error",
                "Your organization has reached the spend limit of its contract.",
                "contract_spend_limit_reached",
            ),
            Self::LinkedOrganizationSpendLimit => spend_limit(
                402,
                "billing_error",
                "The linked organization has reached its spend limit or lacks credit.",
                "linked_organization_spend_limit_reached",
            ),
            Self::UsageLimit => {
                Effect::Refuse(ErrorResponse::invalid("You have reached your specified API usage limits."))
            }
            Self::Overloaded => Effect::Refuse(ErrorResponse::overloaded()),
            Self::InternalError => Effect::Refuse(ErrorResponse::internal()),
            Self::TimedOut => Effect::Refuse(ErrorResponse::new(504, "timeout_error", "Request timed out")),
            Self::Status { status } => {
                Effect::Refuse(ErrorResponse::new(status, error_type(status), "Refused as scripted"))
            }
            Self::TooLarge => Effect::RefuseAsProxy,
            Self::NotThisServer => Effect::AnotherServer,
            Self::Slow { delay_millis } => Effect::Delay(Duration::from_millis(delay_millis)),
            Self::Silence => Effect::Silence,
            Self::Withheld => Effect::Withhold,
            Self::Reset
            | Self::BatchReplyLost
            | Self::BatchFails { .. }
            | Self::UploadReplyLost
            | Self::ResultsCutShort => Effect::Reset,
            Self::Drip { bytes, every_millis } => {
                Effect::Drip { bytes: bytes.max(1), every: Duration::from_millis(every_millis) }
            }
            Self::Stall { after_events } => interrupt(after_events, Interruption::Stall),
            Self::PingsForever { after_events, every_millis } => {
                interrupt(after_events, Interruption::Pings(Duration::from_millis(every_millis.max(1))))
            }
            Self::Truncated { after_events } => interrupt(after_events, Interruption::End),
            Self::Broken { after_events } => interrupt(after_events, Interruption::Break),
            Self::ErrorInStream { .. } if !is_streaming => Effect::Refuse(ErrorResponse::overloaded()),
            Self::ErrorInStream { after_events } => interrupt(after_events, Interruption::Error),
            Self::Refusal => Effect::Spoil(Spoiling::Refusal),
            Self::MaxTokens => Effect::Spoil(Spoiling::CutInHalf),
            Self::WrongJson => Effect::Spoil(Spoiling::WrongJson),
            Self::Mistaken => Effect::Spoil(Spoiling::Mistakes),
        }
    }
}

/// The vendor's type of error for a status.
const fn error_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}
