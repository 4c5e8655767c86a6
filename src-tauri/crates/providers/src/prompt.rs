//! A model prepared for a recipe, for vendors whose requests are one prompt, one picture and a line of text. What differs
//! between them is how a request is written ([`RequestForm`]).

use std::fmt::Debug;
use std::sync::Arc;

use domain::geometry::PixelSize;
use domain::recipe::Recipe;
use domain::usage::Usage;

use crate::catalog::ModelSpec;
use crate::example::{SentExample, SentExamples};
use crate::guideline::question;
use crate::provider::PreparedModel;
use crate::request::{
    Encoding, IMAGE_BASE64_LIMIT, LONGER_ANSWER_FACTOR, OVERHEAD_TOKENS, Picture, PictureError, QUALITIES, RecipeError,
    Request, RequestOptions, check_recipe, usual_output_tokens,
};
use crate::schema::Schema;

/// What every request of a prepared model has in common.
#[derive(Debug)]
pub struct Prompt {
    pub model: Arc<ModelSpec>,
    pub system: String,
    pub schema: Schema,
    pub examples: SentExamples,
}

impl Prompt {
    /// The schema as JSON.
    pub fn schema_json(&self) -> String {
        // A schema of names always serializes.
        serde_json::to_string(&self.schema).unwrap_or_default()
    }
}

/// How a vendor writes a request.
pub trait RequestForm: Clone + Debug + Send + Sync + 'static {
    /// The schema of answers as the vendor takes it.
    fn schema(&self, schema: Schema) -> Schema {
        schema
    }

    /// The text beside a picture of this size.
    fn user_text(&self, size: PixelSize) -> String;

    /// Appends the messages of an example to a list, each followed by a comma.
    fn write_example(&self, json: &mut Vec<u8>, model: &ModelSpec, example: &SentExample<'_>);

    /// What determines an answer besides model, prompt and schema; empty if nothing does.
    fn further_part(&self, _model: &ModelSpec) -> String {
        String::new()
    }

    /// The request for a picture, which the vendor takes as it is, with this text beside it.
    fn request(&self, prompt: &Arc<Prompt>, picture: &Picture, text: &str, max_output_tokens: u64) -> Request;
}

/// A model, prepared for a recipe.
#[derive(Debug, Clone)]
pub struct PreparedPrompt<F> {
    pub prompt: Arc<Prompt>,
    form: F,
    schema_bytes: u64,
    max_output_tokens: u64,
    /// Whether the user has set the output maximum.
    is_limited: bool,
}

impl<F: RequestForm> PreparedPrompt<F> {
    /// Builds the prompt and the schema of `recipe` for `model`.
    pub fn new(
        model: &Arc<ModelSpec>,
        recipe: &Recipe,
        options: RequestOptions<'_>,
        form: F,
    ) -> Result<Self, RecipeError> {
        check_recipe(recipe, model)?;
        let (system, schema) = question(recipe, model, &options);
        let prompt = Prompt {
            model: Arc::clone(model),
            system,
            schema: form.schema(schema),
            examples: SentExamples::new(
                options.examples,
                recipe,
                model,
                |size| form.user_text(size),
                |json, example, _| form.write_example(json, model, example),
            ),
        };
        let usual = usual_output_tokens(model);
        Ok(Self {
            schema_bytes: prompt.schema_json().len() as u64,
            prompt: Arc::new(prompt),
            form,
            max_output_tokens: options.max_output_tokens.unwrap_or(usual).clamp(1, model.max_output_tokens),
            is_limited: options.max_output_tokens.is_some(),
        })
    }

    fn prefix_bytes(&self) -> u64 {
        self.prompt.system.len() as u64 + self.schema_bytes + self.prompt.examples.text_bytes
    }
}

impl<F: RequestForm> PreparedModel for PreparedPrompt<F> {
    fn model(&self) -> &ModelSpec {
        &self.prompt.model
    }

    fn encoding(&self) -> Encoding {
        Encoding::Jpeg { qualities: QUALITIES, byte_limit: IMAGE_BASE64_LIMIT / 4 * 3 }
    }

    fn answer_schema(&self) -> Option<String> {
        Some(self.prompt.schema_json())
    }

    fn prompt_text(&self) -> &str {
        &self.prompt.system
    }

    // Without the output maximum, because a complete answer is the same with any.
    fn fixed_part(&self) -> String {
        let Prompt { model, system, examples, .. } = &*self.prompt;
        let (schema, further) = (self.prompt.schema_json(), self.form.further_part(model));
        format!("{}\n{}\n{system}\n{schema}{further}{}", model.id, model.takes_effort, examples.fixed_part)
    }

    fn max_output_tokens(&self) -> u64 {
        self.max_output_tokens
    }

    fn with_longer_answers(&self) -> Option<Arc<dyn PreparedModel>> {
        if self.is_limited {
            return None;
        }
        let most = self.prompt.model.max_output_tokens;
        let longer = self.max_output_tokens.saturating_mul(LONGER_ANSWER_FACTOR).min(most);
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
        let own = self.model().image_rule.tokens(sent).saturating_add(self.form.user_text(sent).len() as u64);
        let shared = self.prefix_bytes() + OVERHEAD_TOKENS + self.prompt.examples.image_tokens;
        let input_tokens = own.saturating_add(shared);
        Usage { input_tokens, output_tokens: self.max_output_tokens, ..Usage::default() }
    }

    fn likely_prefix_tokens(&self) -> u64 {
        self.prefix_bytes() / self.model().bytes_per_token + self.prompt.examples.image_tokens
    }

    fn likely_text_tokens(&self, sent: PixelSize) -> u64 {
        self.likely_prefix_tokens() + self.form.user_text(sent).len() as u64 / self.model().bytes_per_token
    }

    fn likely_answer_tokens(&self, annotations: u64) -> u64 {
        // Digits and punctuation need more tokens per byte than words.
        self.prompt.schema.likely_bytes(annotations) * 2 / 5
    }

    fn request_with(&self, picture: &Picture, further_text: &str) -> Result<Request, PictureError> {
        picture.check(self.model())?;
        if self.prompt.examples.messages.is_none() {
            return Err(PictureError::NoExamplePhoto);
        }
        let text = self.form.user_text(picture.size) + further_text;
        Ok(self.form.request(&self.prompt, picture, &text, self.max_output_tokens))
    }
}
