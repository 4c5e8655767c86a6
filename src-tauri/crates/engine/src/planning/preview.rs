//! What a model is sent for a recipe.

use domain::geometry::PixelSize;
use domain::model::ModelId;
use domain::recipe::{PromptTokens, Recipe, RecipePreview};
use domain::run_state::RunMode;

use super::Planning;
use crate::backend::Backends;
use crate::{EngineError, Result};

/// A picture of one token or few, whose tokens are subtracted.
const SMALL: PixelSize = PixelSize { width: 28, height: 28 };

impl Planning {
    /// The prompt and the schema that `model` is sent for `recipe`, which need not be saved. May block on the keychain.
    pub fn preview_recipe(&self, recipe: &Recipe, model: &ModelId) -> Result<RecipePreview> {
        let connections = self.connections.current()?;
        let unsupported_capabilities = self.unsupported(&Backends::model(&connections, model)?, recipe);
        let known = connections.known(model)?;
        let prepared = match self.examples.estimated(&known, recipe, RunMode::Live, None) {
            Ok(prepared) => prepared,
            Err(error) => {
                let refusal = match error {
                    EngineError::RecipeBeyondWords(reason) => reason.to_string(),
                    EngineError::ExampleUnavailable { .. } => error.to_string(),
                    other => return Err(other),
                };
                return Ok(RecipePreview {
                    prompt: String::new(),
                    schema: None,
                    tokens: None,
                    unsupported_capabilities,
                    refusal: Some(refusal),
                });
            }
        };
        let (prompt, schema) = (prepared.prompt_text().to_owned(), prepared.answer_schema());
        let bytes_per_token = known.spec.bytes_per_token.max(1);
        let tokens = |text: &str| number(text.len() as u64 / bytes_per_token);
        let text_and_image = prepared.upper_bound(SMALL).prompt_tokens();
        let of_prompt = tokens(&prompt);
        let of_schema = tokens(schema.as_deref().unwrap_or_default());
        let examples = number(prepared.likely_prefix_tokens()).saturating_sub(of_prompt + of_schema);
        let at_most = text_and_image.saturating_sub(known.spec.image_rule.tokens(SMALL));
        let tokens = (!prompt.is_empty()).then(|| PromptTokens {
            prompt: of_prompt,
            schema: of_schema,
            // Rounding of the two others may leave a token.
            examples: if recipe.examples.is_empty() { 0 } else { examples },
            bytes_per_token: number(bytes_per_token),
            at_most: number(at_most),
        });
        Ok(RecipePreview { prompt, schema, tokens, unsupported_capabilities, refusal: None })
    }
}

fn number(tokens: u64) -> u32 {
    u32::try_from(tokens).unwrap_or(u32::MAX)
}
