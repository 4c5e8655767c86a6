//! What the vendor refuses. A valid request becomes an [`ValidRequest`], the only form used by the rest of the simulator;
//! nothing here answers, bills or waits.

mod content;
mod fields;
pub(crate) mod schema;

use std::sync::Arc;

use hyper::HeaderMap;
use serde_json::Value;

use crate::cache::Segment;
use crate::chat;
use crate::error::ErrorResponse;
use crate::eyes::Eyes;
use crate::frame::Units;
use crate::gemini::{self, MethodCall};
use crate::models::{self, ServedModel, ThinkingHabit};
use crate::picture::SentPicture;
use crate::protocol::Protocol;
use content::Content;
use fields::Fields;

/// The API's versions, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    January2023,
    June2023,
    October2026,
}

impl Version {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, ErrorResponse> {
        match headers.get("anthropic-version").map(|value| value.to_str().unwrap_or("?")) {
            None | Some("") => Err(ErrorResponse::invalid("anthropic-version: header is required")),
            Some("2023-01-01") => Ok(Self::January2023),
            Some("2023-06-01") => Ok(Self::June2023),
            Some("2026-10-21") => Ok(Self::October2026),
            Some(other) => Err(ErrorResponse::invalid(format!(
                "anthropic-version: \"{other}\" is not a valid version for this endpoint"
            ))),
        }
    }
}

/// The required form of the answer.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    Prose,
    /// One text block that matches a schema.
    Json(Value),
    /// The same between sentences, in a code fence.
    Fenced(Value),
    /// One call of a tool whose input matches a schema.
    Tool {
        name: String,
        schema: Value,
    },
}

/// A valid request.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "parameters that have nothing to do with each other")]
pub(crate) struct ValidRequest {
    pub(crate) model: &'static ServedModel,
    pub(crate) max_tokens: u64,
    pub(crate) is_streaming: bool,
    pub(crate) is_confined_to_us: bool,
    pub(crate) segments: Vec<Segment>,
    pub(crate) picture: Option<SentPicture>,
    pub(crate) text: String,
    pub(crate) form: Form,
    pub(crate) is_thinking: bool,
    pub(crate) effort: String,
    /// The units of coordinates in the answer.
    pub(crate) units: Units,
    /// Whether a stream ends with its usage.
    pub(crate) includes_usage: bool,
}

impl ValidRequest {
    /// Tokens of the whole prompt, cached or not.
    pub(crate) fn prompt_tokens(&self) -> u64 {
        self.segments.iter().map(|segment| segment.tokens).sum()
    }
}

/// What the checks depend on besides the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckTerms {
    pub(crate) protocol: Protocol,
    pub(crate) version: Version,
    pub(crate) eyes: Eyes,
    /// The prefix of every model's id; may be empty.
    pub(crate) model_prefix: Arc<str>,
}

/// The JSON of a body.
pub(crate) fn parsed(body: &[u8]) -> Result<Value, ErrorResponse> {
    serde_json::from_slice(body)
        .map_err(|error| ErrorResponse::invalid(format!("The request body is not valid JSON: {error}")))
}

/// Checks the body of a request for an answer. A protocol may name the model and the method in the path.
pub(crate) fn message(
    body: &Value,
    call: Option<&MethodCall>,
    terms: &CheckTerms,
) -> Result<ValidRequest, ErrorResponse> {
    match (call, terms.protocol) {
        (Some(call), _) => gemini::validation::content(body, call, terms),
        (None, Protocol::Chat | Protocol::LenientChat(_)) => chat::validation::completion(body, terms),
        (None, Protocol::Messages | Protocol::Gemini) => of_messages(body, terms),
    }
}

/// Checks the body of `POST /v1/messages`.
fn of_messages(body: &Value, terms: &CheckTerms) -> Result<ValidRequest, ErrorResponse> {
    let body = Fields::of(body, "")?;
    body.only(&[
        "model",
        "max_tokens",
        "messages",
        "cache_control",
        "inference_geo",
        "metadata",
        "output_config",
        "service_tier",
        "speed",
        "stop_sequences",
        "stream",
        "system",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
    ])?;
    let model = model(&body, terms)?;
    let max_tokens = body.count("max_tokens")?.ok_or_else(|| ErrorResponse::missing("max_tokens"))?;
    if max_tokens == 0 {
        return Err(ErrorResponse::invalid("max_tokens: Input should be greater than or equal to 1"));
    }
    if max_tokens > model.max_output_tokens {
        return Err(ErrorResponse::invalid(format!(
            "max_tokens: {max_tokens} > {}, which is the maximum allowed number of output tokens for {}",
            model.max_output_tokens, model.id
        )));
    }
    check_sampling(&body, model, terms.version)?;
    if let Some(metadata) = body.object("metadata")? {
        metadata.only(&["user_id"])?;
        metadata.text("user_id")?;
    }
    for (index, sequence) in body.list("stop_sequences")?.into_iter().flatten().enumerate() {
        if sequence.as_str().is_none_or(|text| text.trim().is_empty()) {
            return Err(ErrorResponse::invalid(format!(
                "stop_sequences.{index}: each stop sequence must contain non-whitespace"
            )));
        }
    }
    body.choice("service_tier", &["auto", "standard_only"])?;
    let is_streaming = body.flag("stream")?;
    let is_confined_to_us = geography(&body, model)?;
    let asked = ValidRequest {
        max_tokens,
        is_streaming,
        is_confined_to_us,
        ..prompt(&body, model, Some(max_tokens), terms.eyes)?
    };
    let prompt_tokens = asked.prompt_tokens();
    if prompt_tokens > model.context_tokens {
        return Err(ErrorResponse::invalid(format!(
            "prompt is too long: {prompt_tokens} tokens > {} maximum",
            model.context_tokens
        )));
    }
    Ok(asked)
}

/// Checks the body of `POST /v1/messages/count_tokens`, which knows fewer parameters.
pub(crate) fn count(body: &Value, terms: &CheckTerms) -> Result<ValidRequest, ErrorResponse> {
    let body = Fields::of(body, "")?;
    body.only(&[
        "model",
        "messages",
        "cache_control",
        "output_config",
        "speed",
        "system",
        "thinking",
        "tool_choice",
        "tools",
    ])?;
    let model = model(&body, terms)?;
    prompt(&body, model, None, terms.eyes)
}

fn model(body: &Fields<'_>, terms: &CheckTerms) -> Result<&'static ServedModel, ErrorResponse> {
    let name = body.required_text("model")?;
    models::find(name, &terms.model_prefix).ok_or_else(|| ErrorResponse::not_found(format!("model: {name}")))
}

/// The parameters that counting and answering share.
fn prompt(
    body: &Fields<'_>,
    model: &'static ServedModel,
    max_tokens: Option<u64>,
    eyes: Eyes,
) -> Result<ValidRequest, ErrorResponse> {
    if body.choice("speed", &["standard", "fast"])? == Some("fast") {
        return Err(ErrorResponse::invalid("speed: fast mode is not enabled for this organization"));
    }
    let mut output_schema = None;
    let mut effort = "high".to_owned();
    if let Some(output) = body.object("output_config")? {
        output.only(&["effort", "format"])?;
        if let Some(level) = output.choice("effort", &["low", "medium", "high", "xhigh", "max"])? {
            if !model.efforts.contains(&level) {
                return Err(ErrorResponse::invalid(if model.efforts.is_empty() {
                    "This model does not support the effort parameter.".to_owned()
                } else {
                    format!("This model does not support effort level '{level}'.")
                }));
            }
            level.clone_into(&mut effort);
        }
        if let Some(format) = output.object("format")? {
            format.only(&["type", "schema"])?;
            format.required("type")?;
            format.choice("type", &["json_schema"])?;
            let schema = format.required("schema")?;
            schema::check(schema, &format.path("schema"))?;
            output_schema = Some(schema);
        }
    }
    let is_thinking = thinking(body, model, max_tokens)?;
    let content = Content::read(body, model, output_schema, eyes)?;
    let form = form(body, model, &content, output_schema)?;
    if content.ends_with_assistant && !model.accepts_prefill {
        return Err(ErrorResponse::invalid(
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        ));
    }
    Ok(ValidRequest {
        model,
        max_tokens: model.max_output_tokens,
        is_streaming: false,
        is_confined_to_us: false,
        segments: content.segments,
        picture: content.picture,
        text: content.text,
        form,
        is_thinking,
        effort,
        units: Units::Pixels,
        includes_usage: true,
    })
}

fn check_sampling(body: &Fields<'_>, model: &ServedModel, version: Version) -> Result<(), ErrorResponse> {
    // A default value changes nothing and is valid in the older versions; top_k has no default value.
    for (name, default, range) in
        [("temperature", 1.0, 0.0..=1.0), ("top_p", 1.0, 0.0..=1.0), ("top_k", -1.0, 0.0..=1e9)]
    {
        let Some(value) = body.number(name)? else { continue };
        if version >= Version::October2026 {
            return Err(ErrorResponse::extra_input(name));
        }
        if !range.contains(&value) {
            return Err(body.refused(name, "in range"));
        }
        if !model.accepts_sampling && (value - default).abs() > f64::EPSILON {
            return Err(ErrorResponse::invalid(format!(
                "`{name}` may only be set to its default value for this model."
            )));
        }
    }
    Ok(())
}

fn geography(body: &Fields<'_>, model: &ServedModel) -> Result<bool, ErrorResponse> {
    match body.choice("inference_geo", &["us", "global"])? {
        Some(_) if !model.accepts_geography => {
            Err(ErrorResponse::invalid("inference_geo: this parameter is not supported for this model"))
        }
        place => Ok(place == Some("us")),
    }
}

fn thinking(body: &Fields<'_>, model: &ServedModel, max_tokens: Option<u64>) -> Result<bool, ErrorResponse> {
    let Some(thinking) = body.object("thinking")? else {
        return Ok(model.thinking != ThinkingHabit::WhenAsked);
    };
    let unsupported =
        |kind: &str| ErrorResponse::invalid(format!("thinking.type: '{kind}' is not supported for this model"));
    thinking.required("type")?;
    match thinking.choice("type", &["adaptive", "disabled", "enabled", "between_tools"])? {
        Some("disabled") => {
            thinking.only(&["type"])?;
            if model.thinking == ThinkingHabit::Always { Err(unsupported("disabled")) } else { Ok(false) }
        }
        Some("enabled") => {
            thinking.only(&["type", "budget_tokens", "display"])?;
            let budget =
                thinking.count("budget_tokens")?.ok_or_else(|| ErrorResponse::missing("thinking.budget_tokens"))?;
            if !model.accepts_thinking_budget {
                return Err(unsupported("enabled"));
            }
            if budget < 1024 {
                return Err(thinking.refused("budget_tokens", "greater than or equal to 1024"));
            }
            if max_tokens.is_some_and(|most| budget >= most) {
                return Err(ErrorResponse::invalid("`max_tokens` must be greater than `thinking.budget_tokens`."));
            }
            Ok(true)
        }
        Some("adaptive") if model.efforts.contains(&"max") => {
            thinking.only(&["type", "display"])?;
            thinking.choice("display", &["summarized", "omitted"])?;
            Ok(true)
        }
        Some(other) => Err(unsupported(other)),
        None => Err(ErrorResponse::missing("thinking.type")),
    }
}

fn form(
    body: &Fields<'_>,
    model: &ServedModel,
    content: &Content<'_>,
    output_schema: Option<&Value>,
) -> Result<Form, ErrorResponse> {
    let called =
        |tool: &content::Tool<'_>| Form::Tool { name: tool.name.to_owned(), schema: tool.input_schema.clone() };
    let otherwise = output_schema.map_or(Form::Prose, |schema| Form::Json(schema.clone()));
    let Some(choice) = body.object("tool_choice")? else {
        return Ok(content.tools.first().map_or(otherwise, called));
    };
    if content.tools.is_empty() {
        return Err(ErrorResponse::invalid("tool_choice: tool_choice may only be specified while providing tools"));
    }
    choice.required("type")?;
    let kind = choice.choice("type", &["auto", "any", "tool", "none"])?.unwrap_or_default();
    choice.only(match kind {
        "none" => &["type"],
        "tool" => &["type", "name", "disable_parallel_tool_use"],
        _ => &["type", "disable_parallel_tool_use"],
    })?;
    choice.flag("disable_parallel_tool_use")?;
    if matches!(kind, "any" | "tool") && !model.accepts_forced_tool {
        return Err(ErrorResponse::invalid(format!(
            "tool_choice: forcing tool use with type '{kind}' is not supported for this model; use 'auto'"
        )));
    }
    match kind {
        "none" => Ok(otherwise),
        "tool" => {
            let name = choice.required_text("name")?;
            content.tools.iter().find(|tool| tool.name == name).map(called).ok_or_else(|| {
                ErrorResponse::invalid(format!("tool_choice: Tool '{name}' not found in provided tools"))
            })
        }
        _ => Ok(content.tools.first().map_or(otherwise, called)),
    }
}
