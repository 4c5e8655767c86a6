//! The body of a request: built once, adapted to each server and reply mode.

use bytes::Bytes;
use domain::coordinates::BoxCoordinates;

use crate::error::RequestError;
use crate::request::{Reply, Request};

/// Makes the server refuse an image that it would otherwise resize silently.
const TRANSFORMATIONS: &str = "\"transformations\":{\"oversized_image\":\"error\"},";

/// Differences between servers with this API in how a request is written.
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
    /// How it writes boxes.
    pub coordinates: BoxCoordinates,
    /// The request as a JSON object without its opening brace, model and reply mode, up to its messages.
    pub before: Bytes,
    /// The messages of the examples, shared by all requests of a run.
    pub examples: Bytes,
    /// The beginning of the message with the picture, up to where it may carry `transformations`.
    pub message: Bytes,
    /// The rest, including the picture.
    pub after: Bytes,
}

impl MessageBody {
    /// The body of `request`.
    pub fn of(request: &Request) -> Result<&Self, RequestError> {
        let foreign = || RequestError::Unsendable { detail: "it was prepared for another provider".to_owned() };
        request.body().ok_or_else(foreign)
    }

    /// Size in bytes, without headers and the server's model prefix.
    pub fn byte_count(&self) -> usize {
        let longest = Dialect { sends_transformations: true, ..Dialect::default() };
        self.pieces(longest, Reply::Streamed).iter().map(Bytes::len).sum()
    }

    /// The request as JSON in pieces. Those with pictures are shared, not copied.
    pub fn pieces(&self, dialect: Dialect<'_>, reply: Reply) -> [Bytes; 6] {
        let model = serde_json::Value::String(format!("{}{}", dialect.model_prefix, self.model));
        let stream = match reply {
            Reply::Streamed => "\"stream\":true,",
            Reply::InBatch => "",
        };
        let transformations = if dialect.sends_transformations { TRANSFORMATIONS } else { "" };
        let head = Bytes::from(format!("{{\"model\":{model},{stream}"));
        let transformations = Bytes::from_static(transformations.as_bytes());
        let [before, examples, message] = [&self.before, &self.examples, &self.message].map(Bytes::clone);
        [head, before, examples, message, transformations, self.after.clone()]
    }
}
