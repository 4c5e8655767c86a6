//! From a recipe and a picture to a request, with what it can cost at most.
//!
//! A [`Brief`] is what every request of a run shares: model, guideline, schema, output maximum. It knows the bound of a
//! request from the picture's size alone, so that a plan can be quoted before a pixel is decoded. Deliberately absent:
//! resizing and encoding pictures, and sending.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::geometry::PixelSize;
use domain::money::PicoDollars;
use domain::recipe::{Recipe, ShapeKind};

use crate::guideline::guideline;
use crate::image_size::{ImageTier, fits, tokens};
use crate::models::{ClaudeModel, Thinking};
use crate::prices::Terms;
use crate::schema::{self, OPTIONAL_LIMIT, Schema};
use crate::wire::anthropic::{
    Base64Source, CacheControl, MessagesRequest, OutputConfig, OutputFormat, SystemBlock, Transformations, UserBlock,
    UserMessage,
};
use domain::usage::Usage;

/// The most bytes of a picture's file after base64: 10 MB at the vendor's own host, 5 MB on regional routes.
pub const IMAGE_BASE64_LIMIT: usize = 5_000_000;

/// What the vendor adds to a prompt of its own (roles, the explanation of the answer's form), in tokens. It is not
/// published; this is a generous bound, and reported usage settles it.
const OVERHEAD_TOKENS: u64 = 1_000;

/// Output maximum of a model that does not think: some sixty marks with attributes.
const OUTPUT_TOKENS: u64 = 4_096;
/// Output maximum of a model that thinks, which is output as well.
const OUTPUT_TOKENS_WITH_THINKING: u64 = 8_192;
/// How much more an answer may take once it was cut off: few are cut off twice then.
const ROOMIER_FACTOR: u64 = 4;

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

/// Whether the guideline is cached at the vendor's, which makes the first request dearer and the following ones cheaper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Caching {
    Off,
    #[default]
    FiveMinutes,
    /// For batches, whose requests lie further apart.
    OneHour,
}

impl Caching {
    const fn ttl(self) -> Option<&'static str> {
        match self {
            Self::Off => None,
            Self::FiveMinutes => Some("5m"),
            Self::OneHour => Some("1h"),
        }
    }
}

/// What may be set for a run; the defaults suit annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BriefOptions {
    /// Output maximum in tokens, thinking included; `None` leaves it to the model's habits.
    pub max_output_tokens: Option<u64>,
    pub caching: Caching,
}

/// A recipe that cannot be put to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BriefError {
    #[error("the recipe names nothing to find")]
    NoLabels,
    /// Only boxes can be asked for.
    #[error("the recipe does not ask for boxes")]
    NoBoxes,
    #[error("the recipe has {count} optional attributes; at most {OPTIONAL_LIMIT} can be asked at a time")]
    TooManyOptionalAttributes { count: usize },
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

/// What every request of a run shares.
#[derive(Debug, Clone)]
pub struct Brief {
    model: &'static ClaudeModel,
    system: String,
    schema: Schema,
    schema_bytes: u64,
    max_output_tokens: u64,
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
        let habitual = match model.thinking {
            Thinking::OffByDefault => OUTPUT_TOKENS,
            Thinking::OnByDefault | Thinking::Always => OUTPUT_TOKENS_WITH_THINKING,
        };
        let schema = schema::of_answer(recipe);
        let mut brief = Self {
            model,
            system: guideline(recipe),
            // Names and nothing else: they serialise, and if they did not, nothing could be sent either.
            schema_bytes: serde_json::to_vec(&schema).map_or(0, |bytes| bytes.len() as u64),
            schema,
            max_output_tokens: options.max_output_tokens.unwrap_or(habitual).clamp(1, model.max_output_tokens),
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
    /// cut off. `None` when the model has no more to give.
    #[must_use]
    pub fn roomier(&self) -> Option<Self> {
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
        let body = MessagesRequest {
            model: self.model.id,
            max_tokens: self.max_output_tokens,
            stream: true,
            system: [SystemBlock {
                text: &self.system,
                cache_control: self.caching.ttl().map(|ttl| CacheControl { ttl }),
            }],
            messages: [UserMessage {
                content: [
                    UserBlock::Image {
                        source: Base64Source { media_type: media_type.name(), data: &data },
                        transformations: Transformations { oversized_image: "error" },
                    },
                    UserBlock::Text { text: &text },
                ],
            }],
            output_config: OutputConfig {
                effort: self.model.takes_effort.then_some("low"),
                format: OutputFormat { schema: &self.schema },
            },
        };
        // Only text and numbers are in it, so that writing it to memory cannot fail.
        Ok(Request { body: serde_json::to_vec(&body).unwrap_or_default(), sent: size })
    }

    fn prefix_bound(&self) -> u64 {
        self.system.len() as u64 + self.schema_bytes + OVERHEAD_TOKENS
    }
}

fn user_text(size: PixelSize) -> String {
    format!("Annotate. The image is {}x{} px.", size.width, size.height)
}

/// A request, ready to be sent.
#[derive(Clone)]
pub struct Request {
    pub(crate) body: Vec<u8>,
    pub(crate) sent: PixelSize,
}

impl Request {
    /// Size of the picture in it.
    #[must_use]
    pub fn sent(&self) -> PixelSize {
        self.sent
    }

    /// Bytes on the wire, headers aside.
    #[must_use]
    pub fn byte_count(&self) -> usize {
        self.body.len()
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("sent", &self.sent).field("byte_count", &self.body.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::find;
    use serde_json::{Value, json};

    fn brief(model: &str, recipe: &Recipe) -> Brief {
        Brief::new(find(model).unwrap(), recipe, BriefOptions::default()).unwrap()
    }

    fn cats() -> Recipe {
        Recipe::find_these("cat").unwrap()
    }

    fn picture(width: u32, height: u32) -> Picture<'static> {
        Picture { size: PixelSize::new(width, height), media_type: MediaType::Jpeg, bytes: b"jpeg" }
    }

    #[test]
    fn the_body_is_as_documented() {
        let brief = brief("claude-haiku-5-5", &cats());
        let request = brief.request(&picture(1456, 819)).unwrap();
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let expected = json!({
            "model": "claude-haiku-5-5",
            "max_tokens": 8192,
            "stream": true,
            "system": [{
                "type": "text",
                "text": brief.system_text(),
                "cache_control": {"type": "ephemeral", "ttl": "5m"},
            }],
            "messages": [{"role": "user", "content": [
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/jpeg", "data": "anBlZw=="},
                    "transformations": {"oversized_image": "error"},
                },
                {"type": "text", "text": "Annotate. The image is 1456x819 px."},
            ]}],
            "output_config": {
                "effort": "low",
                "format": {"type": "json_schema", "schema": serde_json::to_value(&brief.schema).unwrap()},
            },
        });
        assert_eq!(body, expected);
        assert_eq!((request.sent(), request.byte_count()), (PixelSize::new(1456, 819), request.body.len()));
        assert!(!format!("{request:?}").contains("anBl"));
    }

    #[test]
    fn models_that_know_no_effort_are_not_given_one() {
        let request = brief("claude-haiku-4-5-20251001", &cats()).request(&picture(640, 480)).unwrap();
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["output_config"].get("effort"), None);
        assert_eq!(body["max_tokens"], 4096);
        // Too short for this model's cache, so that none is asked.
        assert_eq!(body["system"][0].get("cache_control"), None);
    }

    #[test]
    fn pictures_that_would_be_changed_or_refused_are_not_sent() {
        let high = brief("claude-sonnet-5-5", &cats());
        let standard = brief("claude-sonnet-4-6", &cats());
        high.request(&picture(2576, 1449)).unwrap();
        let size = PixelSize::new(2576, 1449);
        let refused = standard.request(&picture(2576, 1449)).unwrap_err();
        assert_eq!(refused, PictureError::BeyondTier { size, tier: ImageTier::Standard });
        let heavy = vec![0; IMAGE_BASE64_LIMIT / 4 * 3 + 1];
        let refused = high.request(&Picture { bytes: &heavy, ..picture(10, 10) }).unwrap_err();
        assert_eq!(refused, PictureError::TooManyBytes { bytes: IMAGE_BASE64_LIMIT + 4 });
        assert_eq!(high.request(&picture(0, 10)).unwrap_err(), PictureError::Empty);
    }

    #[test]
    fn the_bound_counts_every_byte_and_every_patch() {
        let size = PixelSize::new(1456, 819);
        let brief = brief("claude-sonnet-5-5", &cats());
        let bound = brief.upper_bound(size);
        let schema_bytes = serde_json::to_vec(&brief.schema).unwrap().len() as u64;
        assert_eq!(bound.cache_write_5m_tokens, brief.system.len() as u64 + schema_bytes + OVERHEAD_TOKENS);
        assert_eq!(bound.input_tokens, 1560 + 35);
        assert_eq!(bound.output_tokens, 8192);
        assert_eq!(
            brief.worst_case(size, Terms::LIST),
            PicoDollars(1595 * 2_000_000 + bound.cache_write_5m_tokens * 2_500_000 + 8192 * 10_000_000)
        );
        let likely = brief.likely(size, 100);
        assert!(likely.prompt_tokens() < bound.prompt_tokens() && likely.input_tokens > 1560);
        let price = brief.model.price;
        let cached = brief.likely_when_cached(size, 100);
        assert_eq!(cached.prompt_tokens(), likely.prompt_tokens());
        assert!(price.cost(cached, Terms::LIST) <= price.cost(likely, Terms::LIST));
    }

    #[test]
    fn the_output_maximum_stays_within_the_model_s() {
        let options = BriefOptions { max_output_tokens: Some(1_000_000), ..BriefOptions::default() };
        let brief = Brief::new(find("claude-haiku-4-5-20251001").unwrap(), &cats(), options).unwrap();
        assert_eq!(brief.max_output_tokens(), 64_000);
    }

    #[test]
    fn an_answer_that_was_cut_off_gets_more_room() {
        let mut rooms = Vec::new();
        let mut next = Some(brief("claude-haiku-4-5-20251001", &cats()));
        while let Some(brief) = next {
            rooms.push(brief.max_output_tokens());
            next = brief.roomier();
        }
        assert_eq!(rooms, [4_096, 16_384, 64_000]);
    }

    #[test]
    fn the_cache_is_warmed_where_it_is_likely_to_be_used() {
        let mut wordy = cats();
        wordy.instructions = "Look at the ears first. ".repeat(100);
        let size = PixelSize::new(640, 480);
        for (model, recipe, warms_cache) in [
            ("claude-sonnet-5-5", cats(), false),
            ("claude-sonnet-5-5", wordy.clone(), true),
            // A token a byte, this could be long enough for the cache; it is unlikely to be.
            ("claude-opus-4-7", wordy.clone(), false),
        ] {
            let brief = brief(model, &recipe);
            let prefix = brief.likely_prefix_tokens();
            assert!(brief.may_be_cached());
            assert_eq!(brief.warms_cache(), warms_cache, "{model}: {prefix}");
            assert_eq!(prefix >= brief.model().min_cacheable_tokens, warms_cache);
            assert_eq!(brief.likely_when_cached(size, 1).cache_read_tokens, if warms_cache { prefix } else { 0 });
        }
        let options = BriefOptions { caching: Caching::Off, ..BriefOptions::default() };
        assert!(!Brief::new(find("claude-sonnet-5-5").unwrap(), &wordy, options).unwrap().warms_cache());
    }

    #[test]
    fn recipes_that_cannot_be_asked() {
        let refused = |recipe: &Recipe| {
            Brief::new(find("claude-sonnet-5-5").unwrap(), recipe, BriefOptions::default()).unwrap_err()
        };
        assert_eq!(refused(&Recipe { labels: Vec::new(), ..cats() }), BriefError::NoLabels);
        assert_eq!(refused(&Recipe { shapes: vec![ShapeKind::Caption], ..cats() }), BriefError::NoBoxes);
        let attribute = domain::recipe::Attribute {
            name: "x".into(),
            definition: String::new(),
            kind: domain::recipe::AttributeKind::Text,
            is_required: false,
        };
        let recipe = Recipe { attributes: vec![attribute; 25], ..cats() };
        assert_eq!(refused(&recipe), BriefError::TooManyOptionalAttributes { count: 25 });
    }
}
