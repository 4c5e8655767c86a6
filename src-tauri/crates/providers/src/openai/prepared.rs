//! Requests of a model that is prepared for a recipe.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::geometry::PixelSize;

use super::body::ChatBody;
use super::wire::request::{ImageUrl, LimitField, Part, UserChatMessage};
use crate::prompt::{PreparedPrompt, Prompt, RequestForm};
use crate::request::{Picture, Request};
use crate::schema::Schema;

/// Every image rule of the catalogue is the rule of this detail.
const DETAIL: &str = "high";

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
        format!("Annotate. The image is {}x{} px.", size.width, size.height)
    }

    fn request(&self, prompt: &Arc<Prompt>, picture: &Picture, max_output_tokens: u64) -> Request {
        let mut url = format!("data:{};base64,", picture.media_type.name());
        url.reserve(picture.encoded_length());
        STANDARD.encode_string(&picture.bytes, &mut url);
        let text = self.user_text(picture.size);
        let message = UserChatMessage {
            content: [Part::ImageUrl { image_url: ImageUrl { url: &url, detail: DETAIL } }, Part::Text { text: &text }],
        };
        // Only text: writing to memory cannot fail.
        let user = Bytes::from(serde_json::to_vec(&message).unwrap_or_default());
        let output_limit = (self.limit_name)(max_output_tokens);
        let body = ChatBody { prompt: Arc::clone(prompt), output_limit, user };
        Request::new(picture.size, max_output_tokens, body.byte_count(), body)
    }
}
