//! Content blocks: the system prompt, the messages and the tools, each turned into segments of the prompt in the order
//! of the vendor's cache.

use serde_json::Value;

use super::fields::Fields;
use super::schema;
use crate::cache::{Segment, TimeToLive};
use crate::error::ErrorResponse;
use crate::eyes::Eyes;
use crate::models::ServedModel;
use crate::picture::{self, Oversized, SentPicture, Size};
use crate::usage::text_tokens;

const MAX_BREAKPOINTS: usize = 4;

/// The content of a request's blocks.
pub(super) struct Content<'a> {
    model: &'static ServedModel,
    eyes: Eyes,
    pub(super) segments: Vec<Segment>,
    /// The images' sizes as sent, in order.
    sizes: Vec<Size>,
    /// The image that the question is about: the last one, because examples come first.
    pub(super) picture: Option<SentPicture>,
    /// Every text of the system prompt and the messages, a line each.
    pub(super) text: String,
    pub(super) tools: Vec<Tool<'a>>,
    pub(super) ends_with_assistant: bool,
}

/// A tool that the answer may call.
pub(super) struct Tool<'a> {
    pub(super) name: &'a str,
    pub(super) input_schema: &'a Value,
}

impl<'a> Content<'a> {
    /// Reads `tools`, `system` and `messages` of a body. A schema of the output format is part of the prefix: changing
    /// it invalidates the cache.
    pub(super) fn read(
        body: &Fields<'a>,
        model: &'static ServedModel,
        output_schema: Option<&Value>,
        eyes: Eyes,
    ) -> Result<Self, ErrorResponse> {
        let mut content = Self {
            model,
            eyes,
            segments: Vec::new(),
            sizes: Vec::new(),
            picture: None,
            text: String::new(),
            tools: Vec::new(),
            ends_with_assistant: false,
        };
        content.read_tools(body)?;
        if let Some(schema) = output_schema {
            content.push_text("format", &schema.to_string(), None);
        }
        content.read_system(body)?;
        content.read_messages(body)?;
        if body.object("cache_control")?.is_some() {
            let lifetime = time_to_live(body)?;
            if let Some(last) = content.segments.last_mut() {
                last.breakpoint = lifetime;
            }
        }
        let breakpoints = content.segments.iter().filter(|segment| segment.breakpoint.is_some()).count();
        if breakpoints > MAX_BREAKPOINTS {
            return Err(ErrorResponse::invalid(format!(
                "A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {breakpoints}."
            )));
        }
        picture::check_together(&content.sizes)?;
        Ok(content)
    }

    fn push_text(&mut self, role: &str, text: &str, breakpoint: Option<TimeToLive>) {
        self.segments.push(Segment::new(role, text.as_bytes(), text_tokens(text, self.model), breakpoint));
    }

    fn read_tools(&mut self, body: &Fields<'a>) -> Result<(), ErrorResponse> {
        for (index, tool) in body.list("tools")?.into_iter().flatten().enumerate() {
            let tool = Fields::of(tool, format!("tools.{index}"))?;
            tool.only(&[
                "type",
                "name",
                "description",
                "input_schema",
                "strict",
                "cache_control",
                "defer_loading",
                "allowed_callers",
                "eager_input_streaming",
                "input_examples",
            ])?;
            tool.choice("type", &["custom"])?;
            let name = tool.required_text("name")?;
            let is_named_well = (1..=128).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
            if !is_named_well {
                return Err(ErrorResponse::invalid(format!(
                    "{}: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'",
                    tool.path("name")
                )));
            }
            let input_schema = tool.required("input_schema")?;
            if input_schema.get("type").and_then(Value::as_str) != Some("object") {
                return Err(tool.refused("input_schema.type", "'object'"));
            }
            if tool.flag("strict")? {
                schema::check(input_schema, &tool.path("input_schema"))?;
            }
            let description = tool.text("description")?.unwrap_or_default();
            self.push_text("tool", &format!("{name}\n{description}\n{input_schema}"), time_to_live(&tool)?);
            self.tools.push(Tool { name, input_schema });
        }
        Ok(())
    }

    fn read_system(&mut self, body: &Fields<'a>) -> Result<(), ErrorResponse> {
        match body.get("system") {
            None => Ok(()),
            Some(Value::String(text)) => {
                self.read_text(text);
                self.push_text("system", text, None);
                Ok(())
            }
            Some(Value::Array(blocks)) => {
                for (index, block) in blocks.iter().enumerate() {
                    let block = Fields::of(block, format!("system.{index}"))?;
                    block.choice("type", &["text"])?;
                    self.read_text_block(&block, "system")?;
                }
                Ok(())
            }
            Some(_) => Err(body.refused("system", "a valid string or array")),
        }
    }

    fn read_messages(&mut self, body: &Fields<'a>) -> Result<(), ErrorResponse> {
        let messages = body.list("messages")?.ok_or_else(|| ErrorResponse::missing("messages"))?;
        if messages.is_empty() {
            return Err(ErrorResponse::invalid("messages: at least one message is required"));
        }
        for (index, message) in messages.iter().enumerate() {
            let message = Fields::of(message, format!("messages.{index}"))?;
            message.only(&["role", "content"])?;
            message.required("role")?;
            let role = message.choice("role", &["user", "assistant"])?.unwrap_or_default();
            if index == 0 && role != "user" {
                return Err(ErrorResponse::invalid("messages: first message must use the \"user\" role"));
            }
            self.ends_with_assistant = role == "assistant";
            match message.required("content")? {
                Value::String(text) => {
                    refuse_empty(text)?;
                    self.read_text(text);
                    self.push_text(role, text, None);
                }
                Value::Array(blocks) if blocks.is_empty() && role == "user" => {
                    return Err(ErrorResponse::invalid("messages: user messages must have non-empty content"));
                }
                Value::Array(blocks) => {
                    for (block_index, block) in blocks.iter().enumerate() {
                        let block = Fields::of(block, format!("messages.{index}.content.{block_index}"))?;
                        self.read_block(&block, role)?;
                    }
                }
                _ => return Err(message.refused("content", "a valid string or array")),
            }
        }
        Ok(())
    }

    fn read_block(&mut self, block: &Fields<'a>, role: &str) -> Result<(), ErrorResponse> {
        match block.required_text("type")? {
            "text" => self.read_text_block(block, role),
            "image" if role == "user" => self.read_image_block(block),
            "tool_use" if role == "assistant" => {
                block.only(&["type", "id", "name", "input", "cache_control", "caller"])?;
                let call = format!("{} {}", block.required_text("name")?, block.required("input")?);
                self.push_text(role, &call, time_to_live(block)?);
                Ok(())
            }
            "tool_result" if role == "user" => {
                block.only(&["type", "tool_use_id", "content", "is_error", "cache_control"])?;
                block.required_text("tool_use_id")?;
                let result = block.get("content").map(Value::to_string).unwrap_or_default();
                self.push_text(role, &result, time_to_live(block)?);
                Ok(())
            }
            "thinking" if role == "assistant" => {
                block.only(&["type", "thinking", "signature"])?;
                block.required_text("signature")?;
                self.push_text(role, block.text("thinking")?.unwrap_or_default(), None);
                Ok(())
            }
            other => Err(ErrorResponse::invalid(format!(
                "{}: Input tag '{other}' is not supported in a message of role '{role}'",
                block.path("type")
            ))),
        }
    }

    fn read_text_block(&mut self, block: &Fields<'a>, role: &str) -> Result<(), ErrorResponse> {
        block.only(&["type", "text", "cache_control", "citations"])?;
        block.required_text("type")?;
        let text = block.required_text("text")?;
        refuse_empty(text)?;
        self.read_text(text);
        self.push_text(role, text, time_to_live(block)?);
        Ok(())
    }

    fn read_image_block(&mut self, block: &Fields<'a>) -> Result<(), ErrorResponse> {
        block.only(&["type", "source", "cache_control", "transformations"])?;
        let path = block.path("image");
        let source = block.object("source")?.ok_or_else(|| ErrorResponse::missing(&block.path("source")))?;
        if source.required_text("type")? != "base64" {
            return Err(ErrorResponse::invalid(format!("{path}.source: only base64 sources are simulated")));
        }
        source.only(&["type", "media_type", "data"])?;
        let mut oversized = Oversized::Downsize;
        if let Some(transformations) = block.object("transformations")? {
            transformations.only(&["oversized_image"])?;
            if transformations.choice("oversized_image", &["downsize", "error"])? == Some("error") {
                oversized = Oversized::Refuse;
            }
        }
        let (data, media_type) = (source.required_text("data")?, source.required_text("media_type")?);
        let picture = SentPicture::take(data, media_type, self.model.image_tier, oversized, self.eyes, &path)?;
        let tokens = u64::from(picture.seen.tokens());
        self.segments.push(Segment::new("image", data.as_bytes(), tokens, time_to_live(block)?));
        self.sizes.push(picture.sent);
        self.picture = Some(picture);
        Ok(())
    }

    fn read_text(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }
}

fn refuse_empty(text: &str) -> Result<(), ErrorResponse> {
    if text.is_empty() {
        return Err(ErrorResponse::invalid("messages: text content blocks must be non-empty"));
    }
    Ok(())
}

fn time_to_live(block: &Fields<'_>) -> Result<Option<TimeToLive>, ErrorResponse> {
    let Some(control) = block.object("cache_control")? else { return Ok(None) };
    control.only(&["type", "ttl"])?;
    control.required("type")?;
    control.choice("type", &["ephemeral"])?;
    Ok(Some(match control.choice("ttl", &["5m", "1h"])? {
        Some("1h") => TimeToLive::OneHour,
        _ => TimeToLive::FiveMinutes,
    }))
}
