//! The messages of a chat completion: their texts and images, each turned into a segment of the prompt.

use serde_json::{Map, Value};

use super::error::{invalid, missing, unknown, wrong_type};
use super::models::ChatModel;
use crate::cache::{Segment, TimeToLive};
use crate::error::ErrorResponse;
use crate::picture::{Broken, SentPicture};
use crate::usage::text_tokens;
use crate::validation::CheckTerms;

/// Images of one request.
const MAX_IMAGES: usize = 500;
/// Tokens of a message besides its content.
const MESSAGE_TOKENS: u64 = 3;

/// A field that is not null.
pub(super) fn present<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).filter(|value| !value.is_null())
}

/// The content of a request's messages.
#[derive(Debug, Default)]
pub(crate) struct ChatContent {
    pub(crate) segments: Vec<Segment>,
    /// The image that the question is about: the last one, because examples come first.
    pub(crate) picture: Option<SentPicture>,
    /// Every text, a line each.
    pub(crate) text: String,
    images: usize,
}

impl ChatContent {
    pub(crate) fn read(
        body: &Map<String, Value>,
        model: &'static ChatModel,
        terms: &CheckTerms,
    ) -> Result<Self, ErrorResponse> {
        let messages = present(body, "messages").ok_or_else(|| missing("messages"))?;
        let messages = messages.as_array().ok_or_else(|| wrong_type("messages", "an array of objects"))?;
        if messages.is_empty() {
            let message = "Invalid 'messages': empty array. Expected an array with minimum length 1.";
            return Err(invalid("messages", Some("empty_array"), message));
        }
        let mut reading = Reading { content: Self::default(), model, terms };
        for (index, message) in messages.iter().enumerate() {
            reading.message(message, &format!("messages[{index}]"))?;
        }
        Ok(reading.content)
    }
}

struct Reading<'a> {
    content: ChatContent,
    model: &'static ChatModel,
    terms: &'a CheckTerms,
}

impl Reading<'_> {
    fn message(&mut self, message: &Value, path: &str) -> Result<(), ErrorResponse> {
        let message = message.as_object().ok_or_else(|| wrong_type(path, "an object"))?;
        let role = message.get("role").and_then(Value::as_str).ok_or_else(|| missing(&format!("{path}.role")))?;
        if !["system", "developer", "user", "assistant"].contains(&role) {
            let message = format!(
                "Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', and 'developer'."
            );
            return Err(invalid(&format!("{path}.role"), Some("invalid_value"), message));
        }
        let known = ["role", "content", "name"];
        if let Some(other) = message.keys().find(|key| !known.contains(&key.as_str()))
            && self.terms.protocol.lenience().is_none()
        {
            return Err(unknown(&format!("{path}.{other}")));
        }
        let path = format!("{path}.content");
        let is_first = self.content.segments.is_empty();
        match message.get("content") {
            Some(Value::String(text)) => self.text(role, text),
            Some(Value::Array(parts)) if !parts.is_empty() => {
                for (index, part) in parts.iter().enumerate() {
                    self.part(role, part, &format!("{path}[{index}]"))?;
                }
            }
            None | Some(Value::Null) => return Err(missing(&path)),
            Some(_) => return Err(wrong_type(&path, "one of a string or array of objects")),
        }
        // Prompt caching is automatic; only the image varies between requests.
        if is_first && let Some(first) = self.content.segments.last_mut() {
            first.breakpoint = Some(TimeToLive::FiveMinutes);
        }
        Ok(())
    }

    fn text(&mut self, role: &str, text: &str) {
        let tokens = text_tokens(text, &self.model.served) + MESSAGE_TOKENS;
        self.content.segments.push(Segment::new(role, text.as_bytes(), tokens, None));
        self.content.text.push_str(text);
        self.content.text.push('\n');
    }

    fn part(&mut self, role: &str, part: &Value, path: &str) -> Result<(), ErrorResponse> {
        let part = part.as_object().ok_or_else(|| wrong_type(path, "an object"))?;
        match part.get("type").and_then(Value::as_str) {
            Some("text") => {
                let text = part.get("text").and_then(Value::as_str).ok_or_else(|| missing(&format!("{path}.text")))?;
                self.text(role, text);
                Ok(())
            }
            Some("image_url") if role == "user" => self.image(part, path),
            Some(other) => {
                let message = format!("Invalid value: '{other}'. Supported values are: 'text' and 'image_url'.");
                Err(invalid(&format!("{path}.type"), Some("invalid_value"), message))
            }
            None => Err(missing(&format!("{path}.type"))),
        }
    }

    fn image(&mut self, part: &Map<String, Value>, path: &str) -> Result<(), ErrorResponse> {
        let path = format!("{path}.image_url");
        let image = part.get("image_url").ok_or_else(|| missing(&path))?;
        let image = image.as_object().ok_or_else(|| wrong_type(&path, "an object"))?;
        let url = image.get("url").and_then(Value::as_str).ok_or_else(|| missing(&format!("{path}.url")))?;
        let detail = image.get("detail").and_then(Value::as_str).unwrap_or("auto");
        if !["auto", "low", "high"].contains(&detail) {
            let message = format!("Invalid value: '{detail}'. Supported values are: 'low', 'high', and 'auto'.");
            return Err(invalid(&format!("{path}.detail"), Some("invalid_value"), message));
        }
        self.content.images += 1;
        if self.content.images > MAX_IMAGES {
            let message = format!("Too many images: at most {MAX_IMAGES} are allowed.");
            return Err(invalid("messages", Some("too_many_images"), message));
        }
        let url_path = format!("{path}.url");
        let refused = |code, message: &str| invalid(&url_path, Some(code), message);
        let data = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
        let Some((media_type, data)) = data else {
            return Err(refused("invalid_image_url", "Only data URLs in base64 are simulated."));
        };
        let unsupported = || {
            let message = "You uploaded an unsupported image. Please make sure your image has of one the following \
                           formats: ['png', 'jpeg', 'gif', 'webp'].";
            refused("invalid_image_format", message)
        };
        let seen = |sent| self.model.image.seen(sent);
        let picture =
            SentPicture::measured(data, media_type, self.terms.eyes, seen).map_err(|broken| match broken {
                Broken::Base64 => refused("invalid_base64", "Invalid base64-encoded image."),
                Broken::MediaType | Broken::OtherType(_) | Broken::Unreadable => unsupported(),
            })?;
        let tokens = self.model.image.tokens(picture.seen, detail == "low");
        self.content.segments.push(Segment::new("image", data.as_bytes(), tokens, None));
        self.content.picture = Some(picture);
        Ok(())
    }
}
