//! From a recipe and a picture to a request, with what it can cost at most.
//!
//! A request names neither the route that it takes nor the way in which its answer comes back, so that the same one can be
//! sent by any of several clients, at once or in a batch. Deliberately absent: resizing and encoding pictures, and sending.

mod brief;
mod options;

use bytes::Bytes;
use domain::geometry::PixelSize;

use crate::anthropic::image_size::ImageTier;

pub use brief::{Brief, ROOMIER_FACTOR};
pub use options::{BriefError, BriefOptions, Caching};

/// The most bytes of a picture's file after base64: 10 MB at the vendor's own host, 5 MB on regional routes.
pub const IMAGE_BASE64_LIMIT: usize = 5_000_000;

/// Makes the server refuse an image that it would otherwise resize silently.
const TRANSFORMATIONS: &str = "\"transformations\":{\"oversized_image\":\"error\"},";

/// How a picture is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaType {
    Jpeg,
    Png,
    Webp,
    Gif,
}

impl MediaType {
    const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
        }
    }
}

/// A picture as it is to be sent: upright, without metadata, already in the size it will be looked at.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    pub size: PixelSize,
    pub media_type: MediaType,
    /// The encoded file.
    pub bytes: &'a [u8],
}

/// A picture that must not be sent as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// The vendor would look at another picture than this one, and boxes would drift.
    #[error("a picture of {} x {} pixels is larger than the model looks at", size.width, size.height)]
    BeyondTier { size: PixelSize, tier: ImageTier },
    #[error("the picture's file takes {bytes} bytes in base64; at most {IMAGE_BASE64_LIMIT} are taken")]
    TooManyBytes { bytes: usize },
    #[error("the picture is empty")]
    Empty,
}

/// How an answer comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
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

/// A request, ready to be sent. Cheap to clone.
#[derive(Clone)]
pub struct Request {
    /// As the vendor names it.
    model: &'static str,
    /// The request as a JSON object that lacks its opening brace, the model and the way of replying, up to where the image
    /// may carry `transformations`.
    before: Bytes,
    /// From there on, with the picture.
    after: Bytes,
    sent: PixelSize,
    max_output_tokens: u64,
}

impl Request {
    /// The most output that it allows, in tokens.
    #[must_use]
    pub fn max_output_tokens(&self) -> u64 {
        self.max_output_tokens
    }

    /// Size of the picture in it.
    #[must_use]
    pub fn sent(&self) -> PixelSize {
        self.sent
    }

    /// Bytes on the wire, headers and what a route puts before the model's name aside.
    #[must_use]
    pub fn byte_count(&self) -> usize {
        let longest = Dialect { sends_transformations: true, ..Dialect::default() };
        self.pieces(longest, Reply::Streamed).iter().map(Bytes::len).sum()
    }

    /// The request as a JSON object in pieces. The last holds the picture and is shared, not copied.
    pub(crate) fn pieces(&self, dialect: Dialect<'_>, reply: Reply) -> [Bytes; 4] {
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

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("model", &self.model)
            .field("sent", &self.sent)
            .field("byte_count", &self.byte_count())
            .finish_non_exhaustive()
    }
}
