//! The body of a request: made once, written for each server and each way of replying.

use bytes::Bytes;

use crate::error::RequestError;
use crate::request::Request;

/// Makes the server refuse an image that it would otherwise resize silently.
const TRANSFORMATIONS: &str = "\"transformations\":{\"oversized_image\":\"error\"},";

/// How an answer comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Piece by piece, while it is written.
    Streamed,
    /// Among a batch's results. In a batch a request to stream is refused.
    InBatch,
}

/// What differs between servers of the same interface in how a request is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dialect<'a> {
    /// Put before the vendor's name of a model.
    pub model_prefix: &'a str,
    /// Whether images carry `transformations`.
    pub sends_transformations: bool,
}

/// The body of a request.
pub struct MessageBody {
    /// As the vendor names it.
    pub model: String,
    /// The request as a JSON object that lacks its opening brace, the model and the way of replying, up to where the image
    /// may carry `transformations`.
    pub before: Bytes,
    /// From there on, with the picture.
    pub after: Bytes,
}

impl MessageBody {
    /// The body of `request`.
    pub fn of(request: &Request) -> Result<&Self, RequestError> {
        let foreign = || RequestError::Unsendable { detail: "it was prepared for another provider".to_owned() };
        request.body().ok_or_else(foreign)
    }

    /// Bytes on the wire, headers and what a server puts before the model's name aside.
    pub fn byte_count(&self) -> usize {
        let longest = Dialect { sends_transformations: true, ..Dialect::default() };
        self.pieces(longest, Reply::Streamed).iter().map(Bytes::len).sum()
    }

    /// The request as a JSON object in pieces. The last holds the picture and is shared, not copied.
    pub fn pieces(&self, dialect: Dialect<'_>, reply: Reply) -> [Bytes; 4] {
        let model = serde_json::Value::String(format!("{}{}", dialect.model_prefix, self.model));
        let stream = match reply {
            Reply::Streamed => "\"stream\":true,",
            Reply::InBatch => "",
        };
        let transformations = if dialect.sends_transformations { TRANSFORMATIONS } else { "" };
        let head = Bytes::from(format!("{{\"model\":{model},{stream}"));
        [head, self.before.clone(), Bytes::from_static(transformations.as_bytes()), self.after.clone()]
    }
}
