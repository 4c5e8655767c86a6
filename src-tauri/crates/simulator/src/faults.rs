//! Faults to order: each is met by one request to `/v1/messages` that would otherwise have succeeded, first come, first
//! served. What the network does to an answer, and what the vendor answers instead of one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::answer::Spoiling;
use crate::error::Refusal;

/// What befalls one request. As JSON: `{"fault": "rate_limited", "retry_after_seconds": 2}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// 429 with `retry-after`.
    RateLimited {
        /// Whole seconds to wait; without it the header is missing.
        retry_after_seconds: Option<u64>,
    },
    /// 429 because usage grew too fast.
    RampLimited {
        /// Whole seconds to wait.
        retry_after_seconds: u64,
    },
    /// 429 that no waiting mends: the organisation reached its monthly limit.
    SpendLimit,
    /// 400: the limit that the account's owner set was reached.
    UsageLimit,
    /// 529.
    Overloaded,
    /// 500.
    InternalError,
    /// 504.
    TimedOut,
    /// 413 from a proxy, with a body that is not JSON.
    TooLarge,
    /// 200 and a page of HTML: some other server.
    NotThisServer,
    /// So much more time before the first byte; the answer is whole.
    Slow {
        /// Milliseconds on top of the configured latency.
        delay_millis: u64,
    },
    /// The request is read and never answered, nor billed.
    Silence,
    /// The answer stops after so many events, and the connection stays open.
    Stall {
        /// Events sent before; an answer that is not streamed stalls after its headers.
        after_events: usize,
    },
    /// The answer stops after so many events, but pings keep coming.
    PingsForever {
        /// Events sent before.
        after_events: usize,
        /// Milliseconds between pings.
        every_millis: u64,
    },
    /// The stream ends in good order after so many events, without `message_stop`.
    Truncated {
        /// Events sent before. An answer that is not streamed loses its second half.
        after_events: usize,
    },
    /// The connection breaks after so many events.
    Broken {
        /// Events sent before.
        after_events: usize,
    },
    /// An `error` event after HTTP 200 and so many events: the vendor became overloaded on the way.
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
}

/// How the connection treats an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interruption {
    Stall,
    Pings(Duration),
    End,
    Break,
    Error,
}

/// Where a fault strikes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Instead of an answer; nothing is billed.
    Refuse(Refusal),
    RefuseAsProxy,
    AnotherServer,
    Silence,
    /// While answering; the answer is billed.
    Delay(Duration),
    Spoil(Spoiling),
    Interrupt {
        after_events: usize,
        how: Interruption,
    },
}

impl Fault {
    pub(crate) fn effect(&self) -> Effect {
        let interrupt = |after_events: usize, how: Interruption| Effect::Interrupt { after_events, how };
        match *self {
            Self::RateLimited { retry_after_seconds } => Effect::Refuse(Refusal::rate_limited(
                "This request would exceed your organization's rate limit.",
                retry_after_seconds.map(Duration::from_secs),
            )),
            Self::RampLimited { retry_after_seconds } => Effect::Refuse(
                Refusal::rate_limited(
                    "This request would exceed your organization's ramp limit: usage grew too fast.",
                    Some(Duration::from_secs(retry_after_seconds)),
                )
                .with_code("ramp_limit_exceeded"),
            ),
            Self::SpendLimit => Effect::Refuse(
                Refusal::rate_limited("Your organization has reached its monthly API usage limit.", None)
                    .with_code("enforced_spend_limit_reached"),
            ),
            Self::UsageLimit => Effect::Refuse(Refusal::invalid("You have reached your specified API usage limits.")),
            Self::Overloaded => Effect::Refuse(Refusal::overloaded()),
            Self::InternalError => Effect::Refuse(Refusal::internal()),
            Self::TimedOut => Effect::Refuse(Refusal::new(504, "timeout_error", "Request timed out")),
            Self::TooLarge => Effect::RefuseAsProxy,
            Self::NotThisServer => Effect::AnotherServer,
            Self::Slow { delay_millis } => Effect::Delay(Duration::from_millis(delay_millis)),
            Self::Silence => Effect::Silence,
            Self::Stall { after_events } => interrupt(after_events, Interruption::Stall),
            Self::PingsForever { after_events, every_millis } => {
                interrupt(after_events, Interruption::Pings(Duration::from_millis(every_millis.max(1))))
            }
            Self::Truncated { after_events } => interrupt(after_events, Interruption::End),
            Self::Broken { after_events } => interrupt(after_events, Interruption::Break),
            Self::ErrorInStream { after_events } => interrupt(after_events, Interruption::Error),
            Self::Refusal => Effect::Spoil(Spoiling::Refusal),
            Self::MaxTokens => Effect::Spoil(Spoiling::CutInHalf),
            Self::WrongJson => Effect::Spoil(Spoiling::WrongJson),
        }
    }
}
