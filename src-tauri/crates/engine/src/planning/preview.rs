//! What a model is sent for a recipe.

use std::collections::BTreeMap;

use domain::annotation::NewAnnotation;
use domain::answer::PartPass;
use domain::geometry::{ImageRegion, PixelSize, Point, Rect};
use domain::model::ModelId;
use domain::recipe::{CAPTION_LABEL, FurtherRequests, PromptTokens, Recipe, RecipePreview, ShapeKind};
use domain::run_state::RunMode;
use domain::shape::Shape;
use providers::further::further_text;

use super::Planning;
use crate::backend::{AnswerLength, Backends, RequestCosts};
use crate::{EngineError, Result};

/// A photo as an example: 24 megapixels.
const PHOTO: PixelSize = PixelSize { width: 6_000, height: 4_000 };

/// A picture of one token or few, whose tokens are subtracted.
const SMALL: PixelSize = PixelSize { width: 28, height: 28 };

impl Planning {
    /// The prompt and the schema that `model` is sent for `recipe`, which need not be saved. May block on the keychain.
    pub fn preview_recipe(&self, recipe: &Recipe, model: &ModelId) -> Result<RecipePreview> {
        let connections = self.connections.current()?;
        let unsupported_capabilities = self.unsupported(&Backends::model(&connections, model)?, recipe);
        let known = connections.known(model)?;
        let costs = match self.examples.estimated_costs(&known, recipe, RunMode::Live, None, 0) {
            Ok(costs) => costs,
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
                    further: None,
                    unsupported_capabilities,
                    refusal: Some(refusal),
                });
            }
        };
        let (prepared, further) = (costs.usual(), further_requests(recipe, &costs));
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
        Ok(RecipePreview { prompt, schema, tokens, further, unsupported_capabilities, refusal: None })
    }
}

/// What is sent about [`PHOTO`] if it takes several requests.
fn further_requests(recipe: &Recipe, costs: &RequestCosts) -> Option<FurtherRequests> {
    if !costs.takes_several_answers() {
        return None;
    }
    let (regions, checks) = (costs.parts(PHOTO).regions, costs.checks());
    let text = |pass: PartPass| {
        let region = *regions.get(pass.part as usize)?;
        let recipe = &*pass.recipe(recipe);
        let coordinates = costs.prepared(pass, AnswerLength::Usual).model().coordinates;
        let (sent, found) = (costs.sent_size(region.size), found_in(recipe, region));
        Some(further_text(pass, recipe, coordinates, region, sent, &found).ok()?.trim().to_owned())
    };
    let requests = regions.len() as u64 * if checks { 2 } else { 1 };
    // Models without a prompt are told nothing.
    let has_prompt = !costs.usual().prompt_text().is_empty();
    Some(FurtherRequests {
        photo: PHOTO,
        requests: number(requests),
        tile_text: text(PartPass { part: 1, is_check: false }).filter(|_| has_prompt),
        check_text: text(PartPass { part: 0, is_check: true }).filter(|_| has_prompt && checks),
    })
}

/// An annotation in the middle of `region`, as an example of what is checked.
fn found_in(recipe: &Recipe, region: ImageRegion) -> Vec<NewAnnotation> {
    let rect = region.rect();
    let at = |x: f64, y: f64| Point::new(rect.x1 + x * rect.width(), rect.y1 + y * rect.height());
    let (first, second) = (at(0.4, 0.4), at(0.6, 0.6));
    let shape = match recipe.shapes.first() {
        Some(ShapeKind::Box) => Shape::Box { rect: Rect::new(first.x, first.y, second.x, second.y) },
        Some(ShapeKind::Point) => Shape::Point { at: at(0.5, 0.5) },
        Some(ShapeKind::Polygon) => Shape::Polygon { points: vec![first, at(0.6, 0.4), second] },
        Some(ShapeKind::ImageTag) => Shape::ImageTag,
        Some(ShapeKind::Caption) => Shape::Caption { text: "...".to_owned() },
        None => return Vec::new(),
    };
    let label = recipe.labels.first().map_or_else(|| CAPTION_LABEL.to_owned(), |label| label.name.clone());
    vec![NewAnnotation { label, shape, confidence: Some(0.9), attributes: BTreeMap::new() }]
}

fn number(tokens: u64) -> u32 {
    u32::try_from(tokens).unwrap_or(u32::MAX)
}
