//! Requests of a model that is prepared for a recipe.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::geometry::PixelSize;

use super::body::ContentBody;
use super::wire::request::{
    GenerateContent, GenerationConfig, InlineData, PartResolution, SystemInstruction, TextPart, ThinkingConfig,
    UserContent, UserPart, name,
};
use crate::catalog::ModelSpec;
use crate::image_rule::{ImageRule, MediaResolution};
use crate::prompt::{PreparedPrompt, Prompt, RequestForm};
use crate::request::{Picture, Request};

/// JSON overhead of a request besides picture, prompt and schema, in bytes.
const FRAME_BYTES: usize = 1_024;

/// A model of `generateContent`, prepared for a recipe.
pub type PreparedContent = PreparedPrompt<ContentForm>;

/// How a request is written.
#[derive(Debug, Clone, Copy)]
pub struct ContentForm;

impl RequestForm for ContentForm {
    // Without its size: boxes are not in pixels.
    fn user_text(&self, _size: PixelSize) -> String {
        "Annotate the image.".to_owned()
    }

    fn further_part(&self, model: &ModelSpec) -> String {
        resolution(model).map(|level| format!("\n{}", name(level))).unwrap_or_default()
    }

    fn request(&self, prompt: &Arc<Prompt>, picture: &Picture, max_output_tokens: u64) -> Request {
        let Prompt { model, system, schema } = &**prompt;
        let data = STANDARD.encode(&picture.bytes);
        let (of_request, of_part) = match resolution(model) {
            Some(level @ MediaResolution::UltraHigh) => (None, Some(PartResolution { level: name(level) })),
            level => (level.map(name), None),
        };
        let text = self.user_text(picture.size);
        let request = GenerateContent {
            system_instruction: SystemInstruction { parts: [TextPart { text: system }] },
            contents: [UserContent {
                role: "user",
                parts: [
                    UserPart::Image {
                        inline_data: InlineData { mime_type: picture.media_type.name(), data: &data },
                        media_resolution: of_part,
                    },
                    UserPart::Text(TextPart { text: &text }),
                ],
            }],
            generation_config: GenerationConfig {
                response_mime_type: "application/json",
                response_json_schema: schema,
                max_output_tokens,
                media_resolution: of_request,
                thinking_config: model.takes_effort.then_some(ThinkingConfig { thinking_level: "LOW" }),
            },
        };
        // Preallocated, so that the picture is not moved.
        let mut json = Vec::with_capacity(data.len() + 2 * system.len() + prompt.schema_json().len() + FRAME_BYTES);
        // Only text and numbers: writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut json, &request);
        let json = Bytes::from(json);
        let byte_count = json.len();
        let body = ContentBody { prompt: Arc::clone(prompt), json };
        Request::new(picture.size, max_output_tokens, byte_count, body)
    }
}

/// The resolution to ask for; `None` if a picture's tokens do not depend on it.
fn resolution(model: &ModelSpec) -> Option<MediaResolution> {
    match model.image_rule {
        ImageRule::Fixed { resolution, .. } => Some(resolution),
        _ => None,
    }
}
