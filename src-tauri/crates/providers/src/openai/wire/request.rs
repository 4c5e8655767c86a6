//! OpenAI's chat completions as of 2026-11-23: requests. The user's message, which holds the picture, is serialized
//! apart, so that the picture is not copied.

use serde::Serialize;

use crate::schema::Schema;

/// A request without its messages.
#[derive(Serialize)]
pub struct ChatOptions<'a> {
    pub model: &'a str,
    #[serde(flatten)]
    pub stream: Option<Streaming>,
    #[serde(flatten)]
    pub output_limit: LimitField,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_format: Option<ResponseFormat<'a>>,
}

#[derive(Serialize)]
pub struct Streaming {
    pub stream: bool,
    pub stream_options: StreamOptions,
}

#[derive(Serialize)]
pub struct StreamOptions {
    pub include_usage: bool,
}

/// The output maximum in tokens, including reasoning.
#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum LimitField {
    MaxCompletionTokens(u64),
    /// The older name, which other servers know.
    MaxTokens(u64),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResponseFormat<'a> {
    JsonSchema { json_schema: NamedSchema<'a> },
    JsonObject,
}

#[derive(Serialize)]
pub struct NamedSchema<'a> {
    pub name: &'static str,
    pub strict: bool,
    pub schema: &'a Schema,
}

#[derive(Serialize)]
#[serde(tag = "role", rename = "system")]
pub struct SystemMessage<'a> {
    pub content: &'a str,
}

/// The answer of an example.
#[derive(Serialize)]
#[serde(tag = "role", rename = "assistant")]
pub struct AssistantChatMessage<'a> {
    pub content: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "role", rename = "user")]
pub struct UserChatMessage<'a> {
    pub content: [Part<'a>; 2],
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part<'a> {
    ImageUrl { image_url: ImageUrl<'a> },
    Text { text: &'a str },
}

#[derive(Serialize)]
pub struct ImageUrl<'a> {
    /// A data URL.
    pub url: &'a str,
    pub detail: &'static str,
}
