//! Gemini's `generateContent` as of 2026-11-23: requests. Source: the vendor's API reference and its SDK.

use serde::Serialize;

use crate::image_rule::MediaResolution;
use crate::schema::Schema;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GenerateContent<'a> {
    pub system_instruction: SystemInstruction<'a>,
    pub contents: [UserContent<'a>; 1],
    pub generation_config: GenerationConfig<'a>,
}

#[derive(Serialize)]
pub struct SystemInstruction<'a> {
    pub parts: [TextPart<'a>; 1],
}

#[derive(Serialize)]
pub struct UserContent<'a> {
    pub role: &'static str,
    pub parts: [UserPart<'a>; 2],
}

/// The answer of an example.
#[derive(Serialize)]
pub struct ModelContent<'a> {
    pub role: &'static str,
    pub parts: [TextPart<'a>; 1],
}

#[derive(Serialize)]
pub struct TextPart<'a> {
    pub text: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum UserPart<'a> {
    #[serde(rename_all = "camelCase")]
    Image {
        inline_data: InlineData<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        media_resolution: Option<PartResolution>,
    },
    Text(TextPart<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InlineData<'a> {
    pub mime_type: &'static str,
    /// In base64.
    pub data: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GenerationConfig<'a> {
    pub response_mime_type: &'static str,
    pub response_json_schema: &'a Schema,
    /// In tokens, including thoughts.
    pub max_output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_resolution: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking_config: Option<ThinkingConfig>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThinkingConfig {
    pub thinking_level: &'static str,
}

/// A resolution, where only single pictures can have it.
#[derive(Serialize)]
pub struct PartResolution {
    pub level: &'static str,
}

/// The name of a resolution.
pub const fn name(resolution: MediaResolution) -> &'static str {
    match resolution {
        MediaResolution::Low => "MEDIA_RESOLUTION_LOW",
        MediaResolution::Medium => "MEDIA_RESOLUTION_MEDIUM",
        MediaResolution::High => "MEDIA_RESOLUTION_HIGH",
        MediaResolution::UltraHigh => "MEDIA_RESOLUTION_ULTRA_HIGH",
    }
}
