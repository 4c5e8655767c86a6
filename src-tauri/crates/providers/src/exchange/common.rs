//! What the streams of several vendors have in common.

use crate::json::{Count, Joining, Object, Wtf8};

/// The end of a stream at OpenAI, and at gateways in front of other vendors.
pub const DONE: &str = "[DONE]";
/// Other events, which servers send to keep a connection open.
const FILLERS: [&str; 4] = ["", "ping", "keep-alive", "heartbeat"];

/// Whether an event without a name only keeps a connection open.
pub fn is_filler(data: &str) -> bool {
    FILLERS.contains(&data.trim())
}

/// Whether an object has an error, or its message in place of it.
pub fn has_error(object: &Object<'_>) -> bool {
    object.object("error").is_some() || object.name("error").is_some_and(|message| !message.is_empty())
}

/// The first of several answers; only one is requested.
pub fn first(answers: Vec<Object<'_>>) -> Option<Object<'_>> {
    let is_first =
        |answer: &Object<'_>| matches!(answer.count("index"), Count::Known(0) | Count::Absent | Count::Unreadable);
    answers.into_iter().find(is_first)
}

/// Text that arrives in pieces.
#[derive(Debug, Default)]
pub struct ArrivingText {
    text: String,
    joining: Joining,
}

impl ArrivingText {
    /// Adds a piece; returns the text that it adds.
    pub fn add(&mut self, piece: Option<Wtf8>) -> String {
        let text = piece.map(|piece| self.joining.add(&piece)).unwrap_or_default();
        self.text.push_str(&text);
        text
    }

    /// Ends the text: no more pieces follow.
    pub fn end(&mut self) {
        self.text.push_str(self.joining.end());
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn into_string(self) -> String {
        self.text
    }
}
