//! Requests of a model that is prepared for a recipe.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::geometry::PixelSize;

use super::body::ChatBody;
use super::wire::request::{AssistantChatMessage, ImageUrl, LimitField, Part, UserChatMessage};
use crate::catalog::ModelSpec;
use crate::example::{SentExample, user_text};
use crate::prompt::{PreparedPrompt, Prompt, RequestForm};
use crate::request::{Picture, Request};
use crate::schema::Schema;

/// Every image rule of the catalogue is the rule of this detail.
const DETAIL: &str = "high";

/// JSON of a message besides picture and text, in bytes.
const FRAME_BYTES: usize = 256;

/// A model of chat completions, prepared for a recipe.
pub type PreparedChat = PreparedPrompt<ChatForm>;

/// How a request is written: the name of the output maximum differs between servers.
#[derive(Debug, Clone, Copy)]
pub struct ChatForm {
    pub limit_name: fn(u64) -> LimitField,
}

impl RequestForm for ChatForm {
    fn schema(&self, schema: Schema) -> Schema {
        schema.with_every_property()
    }

    fn user_text(&self, size: PixelSize) -> String {
        user_text(size)
    }

    fn write_example(&self, json: &mut Vec<u8>, _model: &ModelSpec, example: &SentExample<'_>) {
        write_picture(json, example.picture, &user_text(example.picture.size));
        json.push(b',');
        // Only text: writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut *json, &AssistantChatMessage { content: &example.answer });
        json.push(b',');
    }

    fn request(&self, prompt: &Arc<Prompt>, picture: &Picture, text: &str, max_output_tokens: u64) -> Request {
        let mut user = Vec::with_capacity(picture.encoded_length() + text.len() + FRAME_BYTES);
        write_picture(&mut user, picture, text);
        let output_limit = (self.limit_name)(max_output_tokens);
        let body = ChatBody { prompt: Arc::clone(prompt), output_limit, user: Bytes::from(user) };
        Request::new(picture.size, max_output_tokens, body.byte_count(), body)
    }
}

/// Appends the user's message with a picture and the text beside it.
fn write_picture(json: &mut Vec<u8>, picture: &Picture, text: &str) {
    let mut url = format!("data:{};base64,", picture.media_type.name());
    url.reserve(picture.encoded_length());
    STANDARD.encode_string(&picture.bytes, &mut url);
    let message = UserChatMessage {
        content: [Part::ImageUrl { image_url: ImageUrl { url: &url, detail: DETAIL } }, Part::Text { text }],
    };
    // Only text: writing to memory cannot fail.
    let _ = serde_json::to_writer(json, &message);
}
