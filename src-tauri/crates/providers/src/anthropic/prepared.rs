//! The part that all requests of a run share: model, guideline, schema, output maximum.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::geometry::PixelSize;
use domain::recipe::Recipe;
use domain::usage::Usage;

use super::body::MessageBody;
use super::wire::request::{
    AssistantMessage, Base64Source, CacheControl, MessagesRequest, OutputConfig, OutputFormat, TextBlock, UserBlock,
    UserMessage,
};
use crate::catalog::ModelSpec;
use crate::example::{SentExample, SentExamples, user_text};
use crate::guideline::question;
use crate::provider::PreparedModel;
use crate::request::{
    Caching, Encoding, IMAGE_BASE64_LIMIT, LONGER_ANSWER_FACTOR, OVERHEAD_TOKENS, Picture, PictureError, QUALITIES,
    RecipeError, Request, RequestOptions, check_recipe, usual_output_tokens,
};
use crate::schema::Schema;

/// JSON overhead of a request besides picture and text, in bytes.
const FRAME_BYTES: usize = 1_024;

/// Start of the messages in a request.
const MESSAGES: &[u8] = b"\"messages\":[";
/// Start of an image in a request.
const SOURCE: &[u8] = b"\"source\":{\"type\":\"base64\"";

/// A model of the Messages API, prepared for a recipe.
#[derive(Debug, Clone)]
pub struct PreparedMessages {
    model: Arc<ModelSpec>,
    system: String,
    schema: Schema,
    schema_bytes: u64,
    max_output_tokens: u64,
    /// Whether the user has set the output maximum.
    is_limited: bool,
    caching: Caching,
    examples: SentExamples,
}

impl PreparedMessages {
    /// Builds the prompt and the schema of `recipe` for `model`.
    pub fn new(model: &Arc<ModelSpec>, recipe: &Recipe, options: RequestOptions<'_>) -> Result<Self, RecipeError> {
        check_recipe(recipe, model)?;
        let (system, schema) = question(recipe, model, &options);
        let usual = usual_output_tokens(model);
        let mut prepared = Self {
            model: Arc::clone(model),
            system,
            // A schema of names always serializes; if not, sending would fail too.
            schema_bytes: serde_json::to_vec(&schema).map_or(0, |bytes| bytes.len() as u64),
            schema,
            max_output_tokens: options.max_output_tokens.unwrap_or(usual).clamp(1, model.max_output_tokens),
            is_limited: options.max_output_tokens.is_some(),
            caching: options.caching,
            examples: SentExamples::default(),
        };
        let sent_examples = |caching| {
            SentExamples::new(options.examples, recipe, model, user_text, |json, example, is_last| {
                write_example(json, example, if is_last { caching } else { Caching::Off });
            })
        };
        prepared.examples = sent_examples(options.caching);
        if !prepared.may_be_cached() {
            prepared.caching = Caching::Off;
            prepared.examples = sent_examples(Caching::Off);
        }
        Ok(prepared)
    }

    /// Whether the guideline may be long enough for the vendor's cache. Shorter ones are silently not cached, so
    /// caching is not requested.
    fn may_be_cached(&self) -> bool {
        self.prefix_bound() >= self.model.min_cacheable_tokens
    }

    fn prefix_bound(&self) -> u64 {
        self.system.len() as u64
            + self.schema_bytes
            + OVERHEAD_TOKENS
            + self.examples.image_tokens
            + self.examples.text_bytes
    }
}

impl PreparedModel for PreparedMessages {
    fn model(&self) -> &ModelSpec {
        &self.model
    }

    fn encoding(&self) -> Encoding {
        Encoding::Jpeg { qualities: QUALITIES, byte_limit: IMAGE_BASE64_LIMIT / 4 * 3 }
    }

    fn prompt_text(&self) -> &str {
        &self.system
    }

    fn answer_schema(&self) -> Option<String> {
        serde_json::to_string(&self.schema).ok()
    }

    // Without the output maximum, because a complete answer is the same with any.
    fn fixed_part(&self) -> String {
        let schema = serde_json::to_string(&self.schema).unwrap_or_default();
        // The default maximum stays included, so that answers stored by earlier versions are found.
        let usual = usual_output_tokens(&self.model);
        let Self { model, system, examples, .. } = self;
        format!("{}\n{usual}\n{}\n{system}\n{schema}{}", model.id, model.takes_effort, examples.fixed_part)
    }

    fn max_output_tokens(&self) -> u64 {
        self.max_output_tokens
    }

    fn with_longer_answers(&self) -> Option<Arc<dyn PreparedModel>> {
        if self.is_limited {
            return None;
        }
        let longer = self.max_output_tokens.saturating_mul(LONGER_ANSWER_FACTOR).min(self.model.max_output_tokens);
        (longer > self.max_output_tokens)
            .then(|| Arc::new(Self { max_output_tokens: longer, ..self.clone() }) as Arc<dyn PreparedModel>)
    }

    fn warms_cache(&self) -> bool {
        self.caching != Caching::Off && self.likely_prefix_tokens() >= self.model.min_cacheable_tokens
    }

    // Exact for pictures; one token per byte for text (a byte-fallback tokenizer never needs more); the whole output
    // maximum.
    fn upper_bound(&self, sent: PixelSize) -> Usage {
        let prefix = self.prefix_bound();
        let own = self.model.image_rule.tokens(sent).saturating_add(user_text(sent).len() as u64);
        let usage = Usage { input_tokens: own, output_tokens: self.max_output_tokens, ..Usage::default() };
        match self.caching {
            Caching::Off => Usage { input_tokens: own.saturating_add(prefix), ..usage },
            Caching::FiveMinutes => Usage { cache_write_5m_tokens: prefix, ..usage },
            Caching::OneHour => Usage { cache_write_1h_tokens: prefix, ..usage },
        }
    }

    fn likely_prefix_tokens(&self) -> u64 {
        let bytes = self.system.len() as u64 + self.schema_bytes + self.examples.text_bytes;
        bytes / self.model.bytes_per_token + self.examples.image_tokens
    }

    fn likely_text_tokens(&self, sent: PixelSize) -> u64 {
        self.likely_prefix_tokens() + user_text(sent).len() as u64 / self.model.bytes_per_token
    }

    fn likely_answer_tokens(&self, annotations: u64) -> u64 {
        // Digits and punctuation need more tokens per byte than words.
        self.schema.likely_bytes(annotations) * 2 / 5
    }

    fn request_with(&self, picture: &Picture, further_text: &str) -> Result<Request, PictureError> {
        picture.check(&self.model)?;
        let (size, media_type) = (picture.size, picture.media_type);
        let examples = self.examples.messages.clone().ok_or(PictureError::NoExamplePhoto)?;
        let (data, text) = (STANDARD.encode(&picture.bytes), user_text(size) + further_text);
        // With examples, the shared prefix ends after them.
        let caching = if examples.is_empty() { self.caching } else { Caching::Off };
        let request = MessagesRequest {
            max_tokens: self.max_output_tokens,
            system: [TextBlock { text: &self.system, cache_control: cache_control(caching) }],
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
        // Preallocated, so that the picture is not moved.
        let words = 2 * self.system.len() + usize::try_from(self.schema_bytes).unwrap_or_default();
        let mut json = Vec::with_capacity(data.len() + words + FRAME_BYTES);
        // Only text and numbers: writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut json, &request);
        // The first occurrences outside of strings, where quotes are escaped: only the image has a source.
        let at = |part: &[u8]| json.windows(part.len()).position(|found| found == part).unwrap_or_default().max(1);
        let (messages_at, source_at) = (at(MESSAGES) + MESSAGES.len(), at(SOURCE));
        let json = Bytes::from(json);
        let body = MessageBody {
            model: self.model.id.clone(),
            coordinates: self.model.coordinates,
            before: json.slice(1..messages_at),
            examples,
            message: json.slice(messages_at..source_at),
            after: json.slice(source_at..),
        };
        Ok(Request::new(size, self.max_output_tokens, body.byte_count(), body))
    }
}

/// Cache lifetime in the vendor's notation.
const fn cache_control(caching: Caching) -> Option<CacheControl> {
    match caching {
        Caching::Off => None,
        Caching::FiveMinutes => Some(CacheControl { ttl: "5m" }),
        Caching::OneHour => Some(CacheControl { ttl: "1h" }),
    }
}

/// Appends the messages of an example, each followed by a comma. `caching` ends the shared prefix after it.
fn write_example(json: &mut Vec<u8>, SentExample { picture, answer }: &SentExample<'_>, caching: Caching) {
    let (data, text) = (STANDARD.encode(&picture.bytes), user_text(picture.size));
    let user = UserMessage {
        content: [
            UserBlock::Image { source: Base64Source { media_type: picture.media_type.name(), data: &data } },
            UserBlock::Text { text: &text },
        ],
    };
    let assistant = AssistantMessage { content: [TextBlock { text: answer, cache_control: cache_control(caching) }] };
    // Only text: writing to memory cannot fail.
    let _ = serde_json::to_writer(&mut *json, &user);
    json.push(b',');
    let _ = serde_json::to_writer(&mut *json, &assistant);
    json.push(b',');
}
