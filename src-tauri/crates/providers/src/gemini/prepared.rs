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
    GenerateContent, GenerationConfig, InlineData, ModelContent, PartResolution, SystemInstruction, TextPart,
    ThinkingConfig, UserContent, UserPart, name,
};
use crate::catalog::ModelSpec;
use crate::example::SentExample;
use crate::image_rule::{ImageRule, MediaResolution};
use crate::prompt::{PreparedPrompt, Prompt, RequestForm};
use crate::request::{Picture, Request};

/// Start of the contents in a request.
const CONTENTS: &[u8] = b"\"contents\":[";
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

    fn write_example(&self, json: &mut Vec<u8>, model: &ModelSpec, example: &SentExample<'_>) {
        let SentExample { picture, answer } = example;
        let (data, text) = (STANDARD.encode(&picture.bytes), self.user_text(picture.size));
        // Only text: writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut *json, &question(picture, &data, &text, resolution(model)));
        json.push(b',');
        let answer = ModelContent { role: "model", parts: [TextPart { text: answer }] };
        let _ = serde_json::to_writer(&mut *json, &answer);
        json.push(b',');
    }

    fn further_part(&self, model: &ModelSpec) -> String {
        resolution(model).map(|level| format!("\n{}", name(level))).unwrap_or_default()
    }

    fn request(&self, prompt: &Arc<Prompt>, picture: &Picture, text: &str, max_output_tokens: u64) -> Request {
        let Prompt { model, system, schema, .. } = &**prompt;
        let data = STANDARD.encode(&picture.bytes);
        let resolution = resolution(model);
        let request = GenerateContent {
            system_instruction: SystemInstruction { parts: [TextPart { text: system }] },
            contents: [question(picture, &data, text, resolution)],
            generation_config: GenerationConfig {
                response_mime_type: "application/json",
                response_json_schema: schema,
                max_output_tokens,
                media_resolution: resolution.filter(|level| !is_of_part(*level)).map(name),
                thinking_config: model.takes_effort.then_some(ThinkingConfig { thinking_level: "LOW" }),
            },
        };
        // Preallocated, so that the picture is not moved.
        let mut json = Vec::with_capacity(data.len() + 2 * system.len() + prompt.schema_json().len() + FRAME_BYTES);
        // Only text and numbers: writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut json, &request);
        // The first occurrence outside of strings, where quotes are escaped.
        let contents = json.windows(CONTENTS.len()).position(|part| part == CONTENTS).unwrap_or_default();
        let json = Bytes::from(json);
        let (before, after) = (json.slice(..contents + CONTENTS.len()), json.slice(contents + CONTENTS.len()..));
        let body = ContentBody { prompt: Arc::clone(prompt), before, after };
        let byte_count = body.pieces().iter().map(Bytes::len).sum();
        Request::new(picture.size, max_output_tokens, byte_count, body)
    }
}

/// The user's content with a picture.
fn question<'a>(
    picture: &Picture,
    data: &'a str,
    text: &'a str,
    resolution: Option<MediaResolution>,
) -> UserContent<'a> {
    UserContent {
        role: "user",
        parts: [
            UserPart::Image {
                inline_data: InlineData { mime_type: picture.media_type.name(), data },
                media_resolution: resolution
                    .filter(|level| is_of_part(*level))
                    .map(|level| PartResolution { level: name(level) }),
            },
            UserPart::Text(TextPart { text }),
        ],
    }
}

/// Whether only a single picture can have this resolution.
const fn is_of_part(level: MediaResolution) -> bool {
    matches!(level, MediaResolution::UltraHigh)
}

/// The resolution to ask for; `None` if a picture's tokens do not depend on it.
fn resolution(model: &ModelSpec) -> Option<MediaResolution> {
    match model.image_rule {
        ImageRule::Fixed { resolution, .. } => Some(resolution),
        _ => None,
    }
}
