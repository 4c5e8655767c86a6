//! What every request of a run shares: model, guideline, schema, output maximum. A [`Brief`] knows the bound of a request
//! from the picture's size alone, so that a plan can be quoted before a pixel is decoded.

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::geometry::PixelSize;
use domain::money::PicoDollars;
use domain::recipe::{Recipe, ShapeKind};
use domain::usage::Usage;

use super::options::{BriefError, BriefOptions, Caching};
use super::{IMAGE_BASE64_LIMIT, Picture, PictureError, Request};
use crate::anthropic::image_size::{ImageTier, fits, tokens};
use crate::anthropic::models::{ClaudeModel, Thinking};
use crate::anthropic::wire::request::{
    Base64Source, CacheControl, MessagesRequest, OutputConfig, OutputFormat, SystemBlock, UserBlock, UserMessage,
};
use crate::guideline::guideline;
use crate::price::Terms;
use crate::schema::{self, OPTIONAL_LIMIT, Schema};

/// What the vendor adds to a prompt of its own (roles, the explanation of the answer's form), in tokens. It is not
/// published; this is a generous bound, and reported usage settles it.
const OVERHEAD_TOKENS: u64 = 1_000;

/// Output maximum of a model that does not think: some sixty marks with attributes.
const OUTPUT_TOKENS: u64 = 4_096;
/// Output maximum of a model that thinks, which is output as well.
const OUTPUT_TOKENS_WITH_THINKING: u64 = 8_192;
/// How much more an answer may take once it was cut off: few are cut off twice then.
pub const ROOMIER_FACTOR: u64 = 4;

/// What a request's JSON takes beside picture and words, and some room, in bytes.
const FRAME_BYTES: usize = 1_024;

/// Where an image's data begins in a request.
const SOURCE: &[u8] = b"\"source\":{\"type\":\"base64\"";

/// What every request of a run shares.
#[derive(Debug, Clone)]
pub struct Brief {
    model: &'static ClaudeModel,
    system: String,
    schema: Schema,
    schema_bytes: u64,
    max_output_tokens: u64,
    /// Whether a person has said how long an answer may get.
    is_limited: bool,
    caching: Caching,
}

impl Brief {
    /// Puts `recipe` into words and a schema for `model`.
    pub fn new(model: &'static ClaudeModel, recipe: &Recipe, options: BriefOptions) -> Result<Self, BriefError> {
        if recipe.labels.is_empty() {
            return Err(BriefError::NoLabels);
        }
        if !recipe.shapes.contains(&ShapeKind::Box) {
            return Err(BriefError::NoBoxes);
        }
        let count = recipe.attributes.iter().filter(|attribute| !attribute.is_required).count();
        if count > OPTIONAL_LIMIT as usize {
            return Err(BriefError::TooManyOptionalAttributes { count });
        }
        let habitual = usual_output_tokens(model);
        let schema = schema::of_answer(recipe);
        let mut brief = Self {
            model,
            system: guideline(recipe),
            // Names and nothing else: they serialise, and if they did not, nothing could be sent either.
            schema_bytes: serde_json::to_vec(&schema).map_or(0, |bytes| bytes.len() as u64),
            schema,
            max_output_tokens: options.max_output_tokens.unwrap_or(habitual).clamp(1, model.max_output_tokens),
            is_limited: options.max_output_tokens.is_some(),
            caching: options.caching,
        };
        if !brief.may_be_cached() {
            brief.caching = Caching::Off;
        }
        Ok(brief)
    }

    #[must_use]
    pub fn model(&self) -> &'static ClaudeModel {
        self.model
    }

    /// The words that leave the machine with every picture, to be shown before they do.
    #[must_use]
    pub fn system_text(&self) -> &str {
        &self.system
    }

    /// All that is the same in every request and decides its answer: model, words, form of the answer. The output maximum is
    /// no part of it, since an answer that is whole is the same under any. For telling whether two briefs ask the same, not
    /// for people.
    #[must_use]
    pub fn fixed_part(&self) -> String {
        let schema = serde_json::to_string(&self.schema).unwrap_or_default();
        // The usual maximum stays in it, so that answers kept by earlier versions are found.
        let usual = usual_output_tokens(self.model);
        format!("{}\n{usual}\n{}\n{}\n{schema}", self.model.id, self.model.takes_effort, self.system)
    }

    /// The output maximum of each request, in tokens.
    #[must_use]
    pub fn max_output_tokens(&self) -> u64 {
        self.max_output_tokens
    }

    /// Whether the guideline may be long enough for the vendor's cache. If not, the vendor would skip it silently, and
    /// nothing is asked.
    #[must_use]
    pub fn may_be_cached(&self) -> bool {
        self.prefix_bound() >= self.model.min_cacheable_tokens
    }

    /// Whether the guideline and the answer's form are likely to be long enough for the vendor's cache, and caching is on.
    /// Then it pays to send one request first and the others once it has begun to be answered.
    #[must_use]
    pub fn warms_cache(&self) -> bool {
        self.caching != Caching::Off && self.likely_prefix_tokens() >= self.model.min_cacheable_tokens
    }

    /// The same with four times the output maximum, or the model's own where that is less: for a picture whose answer was
    /// cut off. `None` when the model has no more to give, or a person wants no longer answers.
    #[must_use]
    pub fn roomier(&self) -> Option<Self> {
        if self.is_limited {
            return None;
        }
        let max_output_tokens = self.max_output_tokens.saturating_mul(ROOMIER_FACTOR).min(self.model.max_output_tokens);
        (max_output_tokens > self.max_output_tokens).then(|| Self { max_output_tokens, ..self.clone() })
    }

    /// The most that a request with a picture of `sent` size can consume: pictures exactly, text at a token a byte
    /// (a tokenizer that falls back to bytes never takes more), the whole output maximum.
    #[must_use]
    pub fn upper_bound(&self, sent: PixelSize) -> Usage {
        let prefix = self.prefix_bound();
        let own = tokens(sent).saturating_add(user_text(sent).len() as u64);
        let usage = Usage { input_tokens: own, output_tokens: self.max_output_tokens, ..Usage::default() };
        match self.caching {
            Caching::Off => Usage { input_tokens: own.saturating_add(prefix), ..usage },
            Caching::FiveMinutes => Usage { cache_write_5m_tokens: prefix, ..usage },
            Caching::OneHour => Usage { cache_write_1h_tokens: prefix, ..usage },
        }
    }

    /// The most that a request with a picture of `sent` size can cost: what a budget has to set aside before sending.
    #[must_use]
    pub fn worst_case(&self, sent: PixelSize, terms: Terms) -> PicoDollars {
        self.model.price.cost(self.upper_bound(sent), terms)
    }

    /// Input tokens that the words of a request are likely to take, instructions and the answer's form included: English
    /// text at the usual number of letters a token. For estimates only.
    #[must_use]
    pub fn likely_text_tokens(&self, sent: PixelSize) -> u64 {
        self.likely_prefix_tokens() + user_text(sent).len() as u64 / self.bytes_a_token()
    }

    /// Output tokens that an answer with so many marks is likely to take, thinking aside. For estimates only.
    #[must_use]
    pub fn likely_answer_tokens(&self, marks: u64) -> u64 {
        // Digits and punctuation take more tokens than words.
        self.schema.likely_bytes(marks) * 2 / 5
    }

    /// What a request is likely to consume when its answer takes `output_tokens` and nothing is cached: pictures exactly.
    #[must_use]
    pub fn likely(&self, sent: PixelSize, output_tokens: u64) -> Usage {
        Usage { input_tokens: tokens(sent) + self.likely_text_tokens(sent), output_tokens, ..Usage::default() }
    }

    /// As [`Brief::likely`] for a request that finds the guideline in the vendor's cache, if it can be cached at all.
    #[must_use]
    pub fn likely_when_cached(&self, sent: PixelSize, output_tokens: u64) -> Usage {
        let usage = self.likely(sent, output_tokens);
        if !self.warms_cache() {
            return usage;
        }
        let cache_read_tokens = self.likely_prefix_tokens();
        Usage { input_tokens: usage.input_tokens - cache_read_tokens, cache_read_tokens, ..usage }
    }

    /// Input tokens that the part which is the same in every request is likely to take: the guideline and the answer's
    /// form. The model caches it from [`ClaudeModel::min_cacheable_tokens`] on. For estimates only.
    #[must_use]
    pub fn likely_prefix_tokens(&self) -> u64 {
        (self.system.len() as u64 + self.schema_bytes) / self.bytes_a_token()
    }

    /// Tokenizers from 4.7 on, as those models' image tier tells, give about 30 % more tokens.
    const fn bytes_a_token(&self) -> u64 {
        match self.model.image_tier {
            ImageTier::Standard => 4,
            ImageTier::High => 3,
        }
    }

    /// The request for one picture.
    pub fn request(&self, picture: &Picture<'_>) -> Result<Request, PictureError> {
        let Picture { size, media_type, bytes } = *picture;
        if bytes.is_empty() || size.area() == 0 {
            return Err(PictureError::Empty);
        }
        if !fits(size, self.model.image_tier) {
            return Err(PictureError::BeyondTier { size, tier: self.model.image_tier });
        }
        let encoded_length = bytes.len().div_ceil(3) * 4;
        if encoded_length > IMAGE_BASE64_LIMIT {
            return Err(PictureError::TooManyBytes { bytes: encoded_length });
        }
        let (data, text) = (STANDARD.encode(bytes), user_text(size));
        let request = MessagesRequest {
            max_tokens: self.max_output_tokens,
            system: [SystemBlock {
                text: &self.system,
                cache_control: self.caching.ttl().map(|ttl| CacheControl { ttl }),
            }],
            messages: [UserMessage {
                content: [
                    UserBlock::Image { source: Base64Source { media_type: media_type.name(), data: &data } },
                    UserBlock::Text { text: &text },
                ],
            }],
            output_config: OutputConfig {
                effort: self.model.takes_effort.then_some("low"),
                format: OutputFormat { schema: &self.schema },
            },
        };
        // With room for all of it from the beginning: a picture is not to be moved while its request grows.
        let words = 2 * self.system.len() + usize::try_from(self.schema_bytes).unwrap_or_default();
        let mut json = Vec::with_capacity(data.len() + words + FRAME_BYTES);
        // Only text and numbers are in it, so that writing it to memory cannot fail.
        let _ = serde_json::to_writer(&mut json, &request);
        // The first that is not within a text, where quotes are escaped: only the image has a source.
        let source_at = json.windows(SOURCE.len()).position(|part| part == SOURCE).unwrap_or_default();
        let json = Bytes::from(json);
        let (before, after) = (json.slice(1..source_at.max(1)), json.slice(source_at.max(1)..));
        Ok(Request { model: self.model.id, before, after, sent: size, max_output_tokens: self.max_output_tokens })
    }

    fn prefix_bound(&self) -> u64 {
        self.system.len() as u64 + self.schema_bytes + OVERHEAD_TOKENS
    }
}

/// The output maximum of a request when a person has set none.
const fn usual_output_tokens(model: &ClaudeModel) -> u64 {
    match model.thinking {
        Thinking::OffByDefault => OUTPUT_TOKENS,
        Thinking::OnByDefault | Thinking::Always => OUTPUT_TOKENS_WITH_THINKING,
    }
}

fn user_text(size: PixelSize) -> String {
    format!("Annotate. The image is {}x{} px.", size.width, size.height)
}
