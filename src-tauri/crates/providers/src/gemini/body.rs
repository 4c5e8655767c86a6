//! The body of a request: the same for every server.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::RequestError;
use crate::prompt::Prompt;
use crate::request::Request;

/// The body of a request.
pub struct ContentBody {
    pub prompt: Arc<Prompt>,
    /// The request as JSON up to its contents.
    pub before: Bytes,
    /// The rest, with the picture.
    pub after: Bytes,
}

impl ContentBody {
    /// The body of `request`.
    pub fn of(request: &Request) -> Result<&Self, RequestError> {
        let foreign = || RequestError::Unsendable { detail: "it was prepared for another provider".to_owned() };
        request.body().ok_or_else(foreign)
    }

    /// The request as JSON in pieces. Those with pictures are shared, not copied.
    pub fn pieces(&self) -> [Bytes; 3] {
        let examples = self.prompt.examples.messages.clone().unwrap_or_default();
        [self.before.clone(), examples, self.after.clone()]
    }
}
