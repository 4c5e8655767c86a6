//! Anthropic's Messages API as of 2026-11-23: requests.

use serde::Serialize;

use crate::schema::Schema;

/// A request without `model` and `stream`, which are added when it is sent.
#[derive(Serialize)]
pub struct MessagesRequest<'a> {
    pub max_tokens: u64,
    pub system: [TextBlock<'a>; 1],
    pub messages: [UserMessage<'a>; 1],
    pub output_config: OutputConfig<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "text")]
pub struct TextBlock<'a> {
    pub text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<CacheControl>,
}

#[derive(Serialize, Clone, Copy)]
#[serde(tag = "type", rename = "ephemeral")]
pub struct CacheControl {
    pub ttl: &'static str,
}

#[derive(Serialize)]
#[serde(tag = "role", rename = "user")]
pub struct UserMessage<'a> {
    pub content: [UserBlock<'a>; 2],
}

/// The answer of an example.
#[derive(Serialize)]
#[serde(tag = "role", rename = "assistant")]
pub struct AssistantMessage<'a> {
    pub content: [TextBlock<'a>; 1],
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UserBlock<'a> {
    Image { source: Base64Source<'a> },
    Text { text: &'a str },
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "base64")]
pub struct Base64Source<'a> {
    pub media_type: &'static str,
    pub data: &'a str,
}

#[derive(Serialize)]
pub struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<&'static str>,
    pub format: OutputFormat<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "json_schema")]
pub struct OutputFormat<'a> {
    pub schema: &'a Schema,
}
