//! What is asked about a picture: the picture as it is sent, what may be set for the requests of a run, and a request that
//! is ready to leave.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use domain::geometry::PixelSize;

/// How much longer an answer may get once one was cut off: few are cut off twice then.
pub const LONGER_ANSWER_FACTOR: u64 = 4;

/// How a picture is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaType {
    Jpeg,
    Png,
    Webp,
    Gif,
    /// Not a file: three bytes a pixel (red, green, blue), rows from top to bottom, without padding.
    Rgb,
}

impl MediaType {
    /// As HTTP names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Rgb => "image/x-rgb",
        }
    }
}

/// How a provider wants its pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Pixels as [`MediaType::Rgb`].
    Rgb,
    Jpeg {
        /// The best first. A picture that takes more than `byte_limit` at one is encoded at the next.
        qualities: &'static [u8],
        /// Of the file, in bytes.
        byte_limit: usize,
    },
}

/// A picture as it is to be sent: upright, without metadata, already in the size it will be looked at.
#[derive(Clone)]
pub struct Picture {
    pub size: PixelSize,
    pub media_type: MediaType,
    /// The encoded file, or pixels.
    pub bytes: Bytes,
}

/// A picture that must not be sent as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// The server would look at another picture than this one, and boxes would drift.
    #[error("a picture of {} x {} pixels is larger than the model looks at", size.width, size.height)]
    TooLarge { size: PixelSize },
    #[error("the picture's file takes {bytes} bytes in base64; at most {limit} are taken")]
    TooManyBytes { bytes: usize, limit: usize },
    #[error("the picture is empty")]
    Empty,
    #[error("the model is not sent {}", media_type.name())]
    MediaType { media_type: MediaType },
}

/// Whether the part that is the same in every request is cached at the vendor's, which makes the first request dearer and
/// the following ones cheaper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Caching {
    Off,
    #[default]
    FiveMinutes,
    /// For batches, whose requests lie further apart.
    OneHour,
}

/// What may be set for the requests of a run; the defaults suit annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestOptions {
    /// Output maximum in tokens, reasoning included; `None` leaves it to the provider.
    pub max_output_tokens: Option<u64>,
    pub caching: Caching,
}

impl RequestOptions {
    /// What suits requests that are sent in batches.
    pub const BATCH: Self = Self { max_output_tokens: None, caching: Caching::OneHour };
}

/// A recipe that cannot be put to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    #[error("the recipe names nothing to find")]
    NoLabels,
    /// Only boxes can be asked for.
    #[error("the recipe does not ask for boxes")]
    NoBoxes,
    #[error("the recipe has {count} optional attributes; at most {limit} can be asked at a time")]
    TooManyOptionalAttributes { count: usize, limit: u32 },
}

/// A request, ready to be sent. Names neither the server that it goes to nor the way in which its answer comes back, so
/// that the same one can be sent to any of several endpoints, live or in a batch. Cheap to clone.
#[derive(Clone)]
pub struct Request {
    sent: PixelSize,
    max_output_tokens: u64,
    byte_count: usize,
    /// In the provider's own form.
    body: Arc<dyn Any + Send + Sync>,
}

impl Request {
    /// `sent` is the size of the picture in it, `byte_count` what it takes of the memory. Only the endpoints of the provider
    /// that made `body` can send it.
    pub fn new(sent: PixelSize, max_output_tokens: u64, byte_count: usize, body: impl Any + Send + Sync) -> Self {
        Self { sent, max_output_tokens, byte_count, body: Arc::new(body) }
    }

    /// The most output that it allows, in tokens; 0 where answers have no tokens.
    #[must_use]
    pub fn max_output_tokens(&self) -> u64 {
        self.max_output_tokens
    }

    /// Size of the picture in it.
    #[must_use]
    pub fn sent(&self) -> PixelSize {
        self.sent
    }

    /// What it takes of the memory, which is about what it takes on the wire.
    #[must_use]
    pub fn byte_count(&self) -> usize {
        self.byte_count
    }

    /// Its body, if the provider whose form is `T` has made it.
    #[must_use]
    pub fn body<T: Any>(&self) -> Option<&T> {
        self.body.downcast_ref()
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("sent", &self.sent)
            .field("byte_count", &self.byte_count)
            .finish_non_exhaustive()
    }
}
