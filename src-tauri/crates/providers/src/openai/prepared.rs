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

use super::body::{ChatBody, SharedParts};
use super::wire::request::{AssistantChatMessage, ImageUrl, LimitField, Part, UserChatMessage};
use crate::catalog::{ModelSpec, Reasoning};
use crate::example::{SentExample, SentExamples, user_text};
use crate::guideline::guideline;
use crate::provider::PreparedModel;
use crate::request::{
    Encoding, LONGER_ANSWER_FACTOR, MediaType, Picture, PictureError, RecipeError, Request, RequestOptions,
    check_recipe,
};
use crate::schema;

/// Maximum size of an image file after base64, in bytes: far below the vendor's limit of a request, and within what
/// other servers take.
const IMAGE_BASE64_LIMIT: usize = 5_000_000;
/// Below the last one, lower resolution is better than lower quality.
const QUALITIES: &[u8] = &[90, 75, 60];
/// Every image rule of the catalogue is the rule of this detail.
const DETAIL: &str = "high";

/// JSON of a message besides picture and text, in bytes.
const FRAME_BYTES: usize = 256;

/// Tokens that the vendor adds to a prompt (roles, explanation of the schema). Not published; this is a generous bound,
/// corrected by the reported usage.
const OVERHEAD_TOKENS: u64 = 1_000;

/// Output maximum of a model that does not reason: about sixty annotations with attributes.
const OUTPUT_TOKENS: u64 = 4_096;
/// Output maximum of a model that reasons; reasoning counts as output.
const OUTPUT_TOKENS_WITH_REASONING: u64 = 8_192;

/// A model of chat completions, prepared for a recipe.
#[derive(Debug, Clone)]
pub struct PreparedChat {
    model: Arc<ModelSpec>,
    shared: Arc<SharedParts>,
    schema_bytes: u64,
    limit_name: fn(u64) -> LimitField,
    max_output_tokens: u64,
    /// Whether the user has set the output maximum.
    is_limited: bool,
}

impl PreparedChat {
    /// Builds the prompt and the schema of `recipe` for `model`. The output maximum is sent as `limit_name`.
    pub fn new(
        model: &Arc<ModelSpec>,
        recipe: &Recipe,
        options: RequestOptions<'_>,
        limit_name: fn(u64) -> LimitField,
    ) -> Result<Self, RecipeError> {
        check_recipe(recipe, model)?;
        let schema = schema::of_answer(recipe, model.coordinates).with_every_property();
        let usual = match model.reasoning {
            Reasoning::OffByDefault => OUTPUT_TOKENS,
            Reasoning::OnByDefault | Reasoning::Always => OUTPUT_TOKENS_WITH_REASONING,
        };
        Ok(Self {
            // A schema of names always serializes; if not, sending would fail too.
            schema_bytes: serde_json::to_vec(&schema).map_or(0, |bytes| bytes.len() as u64),
            shared: Arc::new(SharedParts {
                model: model.id.clone(),
                system: guideline(recipe, model.coordinates),
                schema,
                takes_effort: model.takes_effort,
                coordinates: model.coordinates,
                examples: SentExamples::new(options.examples, recipe, model, |json, example, _| {
                    write_example(json, example);
                }),
            }),
            model: Arc::clone(model),
            limit_name,
            max_output_tokens: options.max_output_tokens.unwrap_or(usual).clamp(1, model.max_output_tokens),
            is_limited: options.max_output_tokens.is_some(),
        })
    }

    fn prefix_bytes(&self) -> u64 {
        self.shared.system.len() as u64 + self.schema_bytes + self.shared.examples.text_bytes
    }
}

impl PreparedModel for PreparedChat {
    fn model(&self) -> &ModelSpec {
        &self.model
    }

    fn encoding(&self) -> Encoding {
        Encoding::Jpeg { qualities: QUALITIES, byte_limit: IMAGE_BASE64_LIMIT / 4 * 3 }
    }

    fn answer_schema(&self) -> Option<String> {
        serde_json::to_string(&self.shared.schema).ok()
    }

    fn prompt_text(&self) -> &str {
        &self.shared.system
    }

    // Without the output maximum, because a complete answer is the same with any.
    fn fixed_part(&self) -> String {
        let SharedParts { model, system, schema, takes_effort, examples, .. } = &*self.shared;
        let schema = serde_json::to_string(schema).unwrap_or_default();
        format!("{model}\n{takes_effort}\n{system}\n{schema}{}", examples.fixed_part)
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

    // Caching is automatic and not guaranteed, so estimates assume no cache hits.
    fn warms_cache(&self) -> bool {
        false
    }

    // Exact for pictures; one token per byte for text (a byte-fallback tokenizer never needs more); the whole output
    // maximum.
    fn upper_bound(&self, sent: PixelSize) -> Usage {
        let own = self.model.image_rule.tokens(sent).saturating_add(user_text(sent).len() as u64);
        let shared = self.prefix_bytes() + OVERHEAD_TOKENS + self.shared.examples.image_tokens;
        let input_tokens = own.saturating_add(shared);
        Usage { input_tokens, output_tokens: self.max_output_tokens, ..Usage::default() }
    }

    fn likely_prefix_tokens(&self) -> u64 {
        self.prefix_bytes() / self.model.bytes_per_token + self.shared.examples.image_tokens
    }

    fn likely_text_tokens(&self, sent: PixelSize) -> u64 {
        self.likely_prefix_tokens() + user_text(sent).len() as u64 / self.model.bytes_per_token
    }

    fn likely_answer_tokens(&self, annotations: u64) -> u64 {
        // Digits and punctuation need more tokens per byte than words.
        self.shared.schema.likely_bytes(annotations) * 2 / 5
    }

    fn request(&self, picture: &Picture) -> Result<Request, PictureError> {
        let Picture { size, media_type, bytes } = picture;
        let (size, media_type) = (*size, *media_type);
        if bytes.is_empty() || size.area() == 0 {
            return Err(PictureError::Empty);
        }
        if media_type == MediaType::Rgb {
            return Err(PictureError::MediaType { media_type });
        }
        if !self.model.image_rule.fits(size) {
            return Err(PictureError::TooLarge { size });
        }
        let encoded_length = bytes.len().div_ceil(3) * 4;
        if encoded_length > IMAGE_BASE64_LIMIT {
            return Err(PictureError::TooManyBytes { bytes: encoded_length, limit: IMAGE_BASE64_LIMIT });
        }
        if self.shared.examples.messages.is_none() {
            return Err(PictureError::NoExamplePhoto);
        }
        let mut user = Vec::with_capacity(encoded_length + FRAME_BYTES);
        write_picture(&mut user, picture);
        let user = Bytes::from(user);
        let output_limit = (self.limit_name)(self.max_output_tokens);
        let body = ChatBody { shared: Arc::clone(&self.shared), output_limit, user };
        Ok(Request::new(size, self.max_output_tokens, body.byte_count(), body))
    }
}

/// Appends the user's message with a picture.
fn write_picture(json: &mut Vec<u8>, picture: &Picture) {
    let mut url = format!("data:{};base64,", picture.media_type.name());
    STANDARD.encode_string(&picture.bytes, &mut url);
    let text = user_text(picture.size);
    let message = UserChatMessage {
        content: [Part::ImageUrl { image_url: ImageUrl { url: &url, detail: DETAIL } }, Part::Text { text: &text }],
    };
    // Only text: writing to memory cannot fail.
    let _ = serde_json::to_writer(json, &message);
}

/// Appends the messages of an example, each followed by a comma.
fn write_example(json: &mut Vec<u8>, SentExample { picture, answer }: &SentExample<'_>) {
    write_picture(json, picture);
    json.push(b',');
    let _ = serde_json::to_writer(&mut *json, &AssistantChatMessage { content: answer });
    json.push(b',');
}
