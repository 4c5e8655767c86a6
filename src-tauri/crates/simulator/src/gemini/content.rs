//! The contents of a request: their texts and images, each turned into a segment of the prompt.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::error::{invalid, unknown, wrong_type};
use super::models::{GeminiModel, Resolution};
use crate::cache::{Segment, TimeToLive};
use crate::error::ErrorResponse;
use crate::eyes::Eyes;
use crate::picture::{Broken, SentPicture};
use crate::usage::text_tokens;

/// Tokens of a turn besides its parts.
const TURN_TOKENS: u64 = 3;
const MIME_TYPES: [&str; 3] = ["image/png", "image/jpeg", "image/webp"];

/// A field that is set, in either notation: null is the default.
pub(super) fn present<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).or_else(|| object.get(&snake_case(key))).filter(|value| !value.is_null())
}

/// The vendor takes names of fields as `mimeType` and as `mime_type`.
fn snake_case(key: &str) -> String {
    key.chars().flat_map(|c| c.is_uppercase().then_some('_').into_iter().chain(c.to_lowercase())).collect()
}

/// An object with no other fields than these.
pub(super) fn object<'a>(
    value: &'a Value,
    path: &str,
    known: &[&str],
) -> Result<&'a Map<String, Value>, ErrorResponse> {
    let object = value.as_object().ok_or_else(|| wrong_type(path, "TYPE_MESSAGE", value))?;
    let is_known = |key: &str| known.iter().any(|known| *known == key || snake_case(known) == key);
    match object.keys().find(|key| !is_known(key)) {
        Some(other) => Err(unknown(path, other)),
        None => Ok(object),
    }
}

/// The content of a request.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) segments: Vec<Segment>,
    /// The image that the question is about: the last one, because examples come first.
    pub(super) picture: Option<SentPicture>,
    /// Every text, a line each.
    pub(super) text: String,
    model: &'static GeminiModel,
    /// Of the request; a part can have its own.
    resolution: Option<Resolution>,
    eyes: Eyes,
}

impl Contents {
    pub(super) fn read(
        body: &Map<String, Value>,
        model: &'static GeminiModel,
        resolution: Option<Resolution>,
        eyes: Eyes,
    ) -> Result<Self, ErrorResponse> {
        let mut own = Self { segments: Vec::new(), picture: None, text: String::new(), model, resolution, eyes };
        if let Some(system) = present(body, "systemInstruction") {
            own.turn(system, "system_instruction", true)?;
        }
        let contents = match present(body, "contents") {
            None => &[][..],
            Some(Value::Array(contents)) => contents,
            Some(other) => return Err(wrong_type("contents", "TYPE_MESSAGE", other)),
        };
        if contents.is_empty() {
            let message = "* GenerateContentRequest.contents: contents is not specified\n";
            return Err(invalid("contents", message));
        }
        for (index, content) in contents.iter().enumerate() {
            own.turn(content, &format!("contents[{index}]"), false)?;
        }
        Ok(own)
    }

    fn turn(&mut self, turn: &Value, path: &str, is_system: bool) -> Result<(), ErrorResponse> {
        let turn = object(turn, path, &["role", "parts"])?;
        let role = present(turn, "role").map_or(Some("user"), Value::as_str);
        let Some(role) = role.filter(|role| is_system || ["user", "model"].contains(role)) else {
            return Err(invalid(&format!("{path}.role"), "Please use a valid role: user, model."));
        };
        let parts = match present(turn, "parts") {
            Some(Value::Array(parts)) if !parts.is_empty() => parts,
            Some(other) if !other.is_array() => {
                return Err(wrong_type(&format!("{path}.parts"), "TYPE_MESSAGE", other));
            }
            _ => {
                let message = format!("* GenerateContentRequest.{path}.parts: contents.parts must not be empty.\n");
                return Err(invalid(&format!("{path}.parts"), message));
            }
        };
        let is_first = self.segments.is_empty();
        for (index, part) in parts.iter().enumerate() {
            self.part(role, part, &format!("{path}.parts[{index}]"), is_system)?;
        }
        // Prompt caching is automatic; only the image varies between requests.
        if is_first && let Some(first) = self.segments.last_mut() {
            first.breakpoint = Some(TimeToLive::FiveMinutes);
        }
        Ok(())
    }

    fn part(&mut self, role: &str, part: &Value, path: &str, is_system: bool) -> Result<(), ErrorResponse> {
        let part = object(part, path, &["text", "inlineData", "mediaResolution"])?;
        match (present(part, "text"), present(part, "inlineData")) {
            (Some(Value::String(text)), None) => {
                let tokens = text_tokens(text, &self.model.served) + TURN_TOKENS;
                self.segments.push(Segment::new(role, text.as_bytes(), tokens, None));
                self.text.push_str(text);
                self.text.push('\n');
                Ok(())
            }
            (Some(other), None) => Err(wrong_type(&format!("{path}.text"), "TYPE_STRING", other)),
            (None, Some(data)) if !is_system => self.image(part, data, path),
            (None, Some(_)) => Err(invalid(path, "System instruction must be text.")),
            (Some(_), Some(_)) => {
                let message = format!("Invalid value at '{path}' (oneof), oneof field 'data' is already set.");
                Err(invalid(path, message))
            }
            (None, None) => Err(invalid(
                path,
                format!(
                    "* {path}.data: required oneof field 'data' must have one \
                                                       initialized field\n"
                ),
            )),
        }
    }

    fn image(&mut self, part: &Map<String, Value>, data: &Value, path: &str) -> Result<(), ErrorResponse> {
        let mut resolution = self.resolution;
        if let Some(own) = present(part, "mediaResolution") {
            let path = format!("{path}.media_resolution");
            if let Some(level) = present(object(own, &path, &["level"])?, "level") {
                let name = level.as_str().and_then(|name| Resolution::named(name).ok());
                let wrong = || wrong_type(&format!("{path}.level"), "PartMediaResolution.Level", level);
                resolution = name.ok_or_else(wrong)?.or(resolution);
            }
        }
        let path = format!("{path}.inline_data");
        let data = object(data, &path, &["mimeType", "data"])?;
        let text = |key: &str| present(data, key).and_then(Value::as_str).unwrap_or_default();
        let (mime_type, data) = (text("mimeType"), text("data"));
        if !MIME_TYPES.contains(&mime_type) {
            return Err(invalid(&format!("{path}.mime_type"), format!("Unsupported MIME type: {mime_type}")));
        }
        // Both alphabets of base64 are taken.
        let data: Cow<'_, str> =
            if data.contains(['-', '_']) { data.replace('-', "+").replace('_', "/").into() } else { data.into() };
        let picture =
            SentPicture::measured(&data, mime_type, self.eyes, |sent| sent).map_err(|broken| match broken {
                Broken::Base64 => {
                    let path = format!("{path}.data");
                    invalid(&path, format!("Invalid value at '{path}' (TYPE_BYTES), Base64 decoding failed"))
                }
                Broken::MediaType | Broken::OtherType(_) | Broken::Unreadable => {
                    ErrorResponse::invalid("Unable to process input image. Please retry or report the problem.")
                }
            })?;
        let tokens = self.model.image_tokens(picture.sent, resolution);
        self.segments.push(Segment::new("image", data.as_bytes(), tokens, None));
        self.picture = Some(picture);
        Ok(())
    }
}
