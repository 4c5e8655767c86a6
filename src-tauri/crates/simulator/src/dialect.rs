//! How each interface writes answers, errors and limits.

use std::time::Instant;

use bytes::Bytes;
use hyper::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

use crate::chat;
use crate::error::ErrorResponse;
use crate::gemini;
use crate::limits::Meter;
use crate::protocol::Protocol;
use crate::reply::{self, HttpReply, set};
use crate::sse::{self, Message};

impl Protocol {
    /// The reply of a refused request.
    pub(crate) fn refused(self, refusal: &ErrorResponse, request_id: &str) -> HttpReply {
        match self {
            Self::Messages => reply::refused_as(refusal, refusal.status, &refusal.body(request_id)),
            Self::Chat | Self::LenientChat(_) => {
                reply::refused_as(refusal, chat::error::status(refusal), &chat::error::body(refusal))
            }
            Self::Gemini => gemini::error::reply(refusal),
        }
    }

    /// Sets the headers that every reply has.
    pub(crate) fn identify(self, headers: &mut HeaderMap, request_id: &str) {
        match self {
            Self::Messages => {
                set(headers, "request-id", request_id);
                set(headers, "anthropic-organization-id", "00000000-0000-0000-0000-000000000000");
            }
            Self::Chat | Self::LenientChat(_) => set(headers, "x-request-id", request_id),
            Self::Gemini => {}
        }
    }

    /// The id of the answer to a request.
    pub(crate) fn message_id(self, request_id: &str) -> String {
        let kind = match self {
            Self::Messages => "msg_",
            Self::Chat | Self::LenientChat(_) => "chatcmpl-",
            Self::Gemini => "",
        };
        request_id.replacen("req_", kind, 1)
    }

    /// The headers with the limits.
    pub(crate) fn limits(self, meter: &mut Meter, now: Instant) -> Vec<(String, String)> {
        match self {
            Self::Messages => meter.headers(now, Timestamp::now()),
            Self::Chat | Self::LenientChat(_) => meter.chat_headers(now),
            Self::Gemini => Vec::new(),
        }
    }

    /// The events of a streamed answer, in order, each as sent.
    pub(crate) fn events(self, message: &Message<'_>, has_usage: bool) -> Vec<Bytes> {
        match self {
            Self::Messages => message.events(),
            Self::Chat | Self::LenientChat(_) => chat::message::events(message, has_usage),
            Self::Gemini => gemini::message::events(message),
        }
    }

    /// The body of an answer that is not streamed.
    pub(crate) fn whole(self, message: &Message<'_>, has_usage: bool) -> Value {
        match self {
            Self::Messages => message.whole(),
            Self::Chat | Self::LenientChat(_) => chat::message::whole(message, has_usage),
            Self::Gemini => gemini::message::whole(message),
        }
    }

    /// What keeps the connection of a stream open.
    pub(crate) fn ping(self) -> Bytes {
        match self {
            Self::Messages => sse::ping(),
            Self::Chat | Self::LenientChat(_) | Self::Gemini => Bytes::from_static(b": keep-alive\n\n"),
        }
    }

    /// An error within a stream.
    pub(crate) fn error_event(self, refusal: &ErrorResponse, request_id: &str) -> Bytes {
        match self {
            Self::Messages => sse::event(&refusal.body(request_id)),
            Self::Chat | Self::LenientChat(_) => chat::message::event(&chat::error::body(refusal)),
            Self::Gemini => gemini::message::event(&gemini::error::body(refusal)),
        }
    }
}
