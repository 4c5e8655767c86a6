//! The body of a request: the same for every server.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::RequestError;
use crate::prompt::Prompt;
use crate::request::Request;

/// The body of a request.
pub struct ContentBody {
    pub prompt: Arc<Prompt>,
    pub json: Bytes,
}

impl ContentBody {
    /// The body of `request`.
    pub fn of(request: &Request) -> Result<&Self, RequestError> {
        let foreign = || RequestError::Unsendable { detail: "it was prepared for another provider".to_owned() };
        request.body().ok_or_else(foreign)
    }
}
