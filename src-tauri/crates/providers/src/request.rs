//! A request for a picture: the picture as sent, options of a run's requests, and the finished request.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use domain::geometry::PixelSize;
use domain::recipe::{Recipe, RecipeExample, ShapeKind};

use crate::catalog::{ModelSpec, Reasoning};

/// Factor on the output maximum after a cut-off answer: few are cut off twice.
pub const LONGER_ANSWER_FACTOR: u64 = 4;

/// Maximum size of an image file after base64, in bytes: what Anthropic's regional hosts take, and less than other
/// vendors do.
pub(crate) const IMAGE_BASE64_LIMIT: usize = 5_000_000;
/// Qualities of a JPEG file, best first. Below the last one, lower resolution is better than lower quality.
pub(crate) const QUALITIES: &[u8] = &[90, 75, 60];

/// Tokens that a vendor adds to a prompt (roles, explanation of the schema). Not published; this is a generous bound,
/// corrected by the reported usage.
pub(crate) const OVERHEAD_TOKENS: u64 = 1_000;

/// Output maximum of a model that does not reason: about sixty annotations with attributes.
const OUTPUT_TOKENS: u64 = 4_096;
/// Output maximum of a model that reasons; reasoning counts as output.
const OUTPUT_TOKENS_WITH_REASONING: u64 = 8_192;

/// The output maximum if the user has set none.
pub(crate) fn usual_output_tokens(model: &ModelSpec) -> u64 {
    match model.reasoning {
        Reasoning::OffByDefault => OUTPUT_TOKENS,
        Reasoning::OnByDefault | Reasoning::Always => OUTPUT_TOKENS_WITH_REASONING,
    }
}

/// How a picture is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaType {
    Jpeg,
    Png,
    Webp,
    Gif,
    /// Not a file: three bytes per pixel (red, green, blue), rows from top to bottom, without padding.
    Rgb,
}

impl MediaType {
    /// The MIME type.
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

/// How an answer is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// As a stream of events.
    Streamed,
    /// In batch results. Batch requests must not ask for a stream.
    InBatch,
}

/// Which encoding a provider needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Pixels as [`MediaType::Rgb`].
    Rgb,
    Jpeg {
        /// Best first. If the file exceeds `byte_limit`, the next one is used.
        qualities: &'static [u8],
        /// Of the file, in bytes.
        byte_limit: usize,
    },
}

/// A picture to send: upright, without metadata, in the size that the model looks at.
#[derive(Clone)]
pub struct Picture {
    pub size: PixelSize,
    pub media_type: MediaType,
    /// The encoded file, or pixels.
    pub bytes: Bytes,
}

impl Picture {
    /// Whether it can be sent to `model` as a file in base64.
    pub(crate) fn check(&self, model: &ModelSpec) -> Result<(), PictureError> {
        let (size, media_type) = (self.size, self.media_type);
        if self.bytes.is_empty() || size.area() == 0 {
            return Err(PictureError::Empty);
        }
        if media_type == MediaType::Rgb {
            return Err(PictureError::MediaType { media_type });
        }
        if !model.image_rule.fits(size) {
            return Err(PictureError::TooLarge { size });
        }
        let encoded = self.encoded_length();
        if encoded > IMAGE_BASE64_LIMIT {
            return Err(PictureError::TooManyBytes { bytes: encoded, limit: IMAGE_BASE64_LIMIT });
        }
        Ok(())
    }

    /// Length of the file in base64, in bytes.
    pub(crate) fn encoded_length(&self) -> usize {
        self.bytes.len().div_ceil(3) * 4
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Picture").field("size", &self.size).field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// An example of a recipe with its photo.
#[derive(Debug, Clone)]
pub struct ShownExample {
    pub example: RecipeExample,
    /// Of the upright photo, in pixels.
    pub size: PixelSize,
    /// In the size that the model looks at. `None` in an estimate, which needs no pixels.
    pub picture: Option<Picture>,
}

/// A picture that must not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// The server would resize it, and boxes would be off.
    #[error("an image of {} x {} pixels is larger than the model accepts", size.width, size.height)]
    TooLarge { size: PixelSize },
    #[error("the image takes {bytes} bytes in base64, and the limit is {limit}")]
    TooManyBytes { bytes: usize, limit: usize },
    #[error("the image is empty")]
    Empty,
    #[error("the model does not accept {}", media_type.name())]
    MediaType { media_type: MediaType },
    /// The model was prepared for an estimate.
    #[error("the photo of an example is missing")]
    NoExamplePhoto,
}

/// Whether the shared prefix is cached at the vendor, which makes the first request more expensive and later ones
/// cheaper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Caching {
    Off,
    #[default]
    FiveMinutes,
    /// For batches, whose requests are further apart in time.
    OneHour,
}

/// Options of a run's requests; the defaults suit annotation.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestOptions<'a> {
    /// Output maximum in tokens, including reasoning; `None` for the provider's default.
    pub max_output_tokens: Option<u64>,
    pub caching: Caching,
    /// Of the recipe, shown to the model before each picture.
    pub examples: &'a [ShownExample],
    /// Asks for boxes in the coordinates that the model knows best, whatever those are, to find out which.
    pub is_calibration: bool,
}

impl RequestOptions<'_> {
    /// Options for batches.
    pub const BATCH: Self =
        Self { max_output_tokens: None, caching: Caching::OneHour, examples: &[], is_calibration: false };
}

/// A recipe that a model cannot be prepared for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    #[error("the recipe has no labels")]
    NoLabels,
    #[error("the model returns none of the recipe's shapes")]
    NoShapes,
    #[error("the recipe has {count} optional attributes, counted for each shape, and the limit is {limit}")]
    TooManyOptionalAttributes { count: usize, limit: u32 },
}

/// Whether requests for `recipe` can be made for `model`: it asks for a shape that the model returns, or of the image
/// alone, has the labels that its shapes need, and no more optional attributes than the model takes.
///
/// # Errors
/// Why not.
pub fn check_recipe(recipe: &Recipe, model: &ModelSpec) -> Result<(), RecipeError> {
    if !recipe.asks_of_image_alone() {
        if recipe.labels.is_empty() && recipe.shapes.iter().any(|shape| *shape != ShapeKind::Caption) {
            return Err(RecipeError::NoLabels);
        }
        if !recipe.shapes.iter().any(|shape| model.shapes.contains(shape)) {
            return Err(RecipeError::NoShapes);
        }
    }
    let count = recipe.optional_attribute_count();
    match model.optional_attributes_limit {
        Some(limit) if count > limit as usize => Err(RecipeError::TooManyOptionalAttributes { count, limit }),
        _ => Ok(()),
    }
}

/// A request, ready to be sent. Independent of the server and of how the answer is delivered, so that it can be sent to
/// any endpoint, live or in a batch. Cheap to clone.
#[derive(Clone)]
pub struct Request {
    sent: PixelSize,
    max_output_tokens: u64,
    byte_count: usize,
    /// In the provider's form.
    body: Arc<dyn Any + Send + Sync>,
}

impl Request {
    /// `sent` is the size of its picture, `byte_count` its size in memory. Only endpoints of the provider that made
    /// `body` can send it.
    pub fn new(sent: PixelSize, max_output_tokens: u64, byte_count: usize, body: impl Any + Send + Sync) -> Self {
        Self { sent, max_output_tokens, byte_count, body: Arc::new(body) }
    }

    /// Its output maximum, in tokens; 0 if answers have no tokens.
    #[must_use]
    pub fn max_output_tokens(&self) -> u64 {
        self.max_output_tokens
    }

    /// Size of its picture.
    #[must_use]
    pub fn sent(&self) -> PixelSize {
        self.sent
    }

    /// Size in memory, about that on the wire.
    #[must_use]
    pub fn byte_count(&self) -> usize {
        self.byte_count
    }

    /// Its body, if it has type `T`.
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
