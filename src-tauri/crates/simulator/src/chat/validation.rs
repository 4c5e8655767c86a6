//! What the vendor refuses of a chat completion, and what servers with its interface do. A valid request becomes a
//! [`ValidRequest`], like one of the other protocol.

use serde_json::{Map, Value};

use super::content::{ChatContent, present};
use super::error::{invalid, missing, no_model, unknown, wrong_type};
use super::models::{self, ChatModel};
use super::schema;
use crate::error::ErrorResponse;
use crate::models::ThinkingHabit;
use crate::validation::{CheckTerms, Form, ValidRequest};

/// Known parameters that change nothing here.
const IGNORED: [&str; 11] = [
    "store",
    "user",
    "metadata",
    "service_tier",
    "seed",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "verbosity",
    "logit_bias",
    "stop",
];
const KNOWN: [&str; 14] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "reasoning_effort",
    "response_format",
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "n",
    "modalities",
];
const LONGEST_NAME: usize = 64;

/// Checks the body of `POST /v1/chat/completions`.
pub(crate) fn completion(body: &Value, terms: &CheckTerms) -> Result<ValidRequest, ErrorResponse> {
    let body = body.as_object().ok_or_else(|| wrong_type("body", "an object"))?;
    let lenience = terms.protocol.lenience();
    if lenience.is_none()
        && let Some(other) = body.keys().find(|key| !KNOWN.contains(&key.as_str()) && !IGNORED.contains(&key.as_str()))
    {
        return Err(unknown(other));
    }
    let name = present(body, "model").ok_or_else(|| missing("model"))?;
    let name = name.as_str().ok_or_else(|| wrong_type("model", "a string"))?;
    let model = models::find(terms.protocol, name, &terms.model_prefix).ok_or_else(|| no_model(name))?;
    let max_tokens = output_limit(body, model, lenience.is_some())?;
    let effort = effort(body, model, lenience.is_some())?;
    check_sampling(body, model)?;
    if flag(body, "n")?.is_none() && present(body, "n").and_then(Value::as_u64).is_some_and(|count| count != 1) {
        return Err(invalid("n", None, "Only one choice is simulated."));
    }
    let is_streaming = flag(body, "stream")?.unwrap_or(false);
    let includes_usage = match present(body, "stream_options") {
        None => !is_streaming,
        Some(_) if !is_streaming => {
            let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
            return Err(invalid("stream_options", None, message));
        }
        Some(options) => {
            let options = options.as_object().ok_or_else(|| wrong_type("stream_options", "an object"))?;
            options.get("include_usage").and_then(Value::as_bool).unwrap_or(false)
        }
    };
    let content = ChatContent::read(body, model, terms)?;
    let format = response_format(body, &content, terms)?;
    let prompt_tokens: u64 = content.segments.iter().map(|segment| segment.tokens).sum();
    if prompt_tokens > model.served.context_tokens {
        let message = format!(
            "This model's maximum context length is {} tokens. However, your messages resulted in {prompt_tokens} \
             tokens. Please reduce the length of the messages.",
            model.served.context_tokens
        );
        return Err(invalid("messages", Some("context_length_exceeded"), message));
    }
    Ok(ValidRequest {
        model: &model.served,
        max_tokens,
        is_streaming,
        is_confined_to_us: false,
        segments: content.segments,
        picture: content.picture,
        text: content.text,
        form: format,
        is_thinking: !effort.is_empty() && effort != "none",
        effort,
        units: model.units,
        includes_usage: includes_usage && !lenience.is_some_and(|lenience| lenience.hides_usage),
    })
}

fn flag(body: &Map<String, Value>, key: &str) -> Result<Option<bool>, ErrorResponse> {
    match present(body, key) {
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) if key == "stream" => Err(wrong_type(key, "a boolean")),
        _ => Ok(None),
    }
}

/// The output maximum: the older name is refused by models that reason.
fn output_limit(body: &Map<String, Value>, model: &ChatModel, is_lenient: bool) -> Result<u64, ErrorResponse> {
    let is_reasoning = model.served.thinking != ThinkingHabit::WhenAsked;
    let count = |key: &str| {
        let wrong = || wrong_type(key, "an integer");
        present(body, key).map(|value| value.as_u64().ok_or_else(wrong)).transpose()
    };
    let (newer, older) = (count("max_completion_tokens")?, count("max_tokens")?);
    if older.is_some() && is_reasoning && !is_lenient {
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                       'max_completion_tokens' instead.";
        return Err(invalid("max_tokens", Some("unsupported_parameter"), message));
    }
    let most = model.served.max_output_tokens;
    // Other servers ignore the newer name, or know both.
    let asked = newer.or(older);
    match asked {
        Some(0) => Err(invalid("max_completion_tokens", Some("integer_below_min_value"), "Expected a value >= 1.")),
        Some(limit) if limit > most => {
            let message = format!(
                "max_tokens is too large: {limit}. This model supports at most {most} completion tokens, whereas you \
                 provided {limit}."
            );
            let param = if newer.is_some() { "max_completion_tokens" } else { "max_tokens" };
            if is_lenient { Ok(most) } else { Err(invalid(param, Some("invalid_value"), message)) }
        }
        limit => Ok(limit.unwrap_or(most)),
    }
}

/// The effort; empty for a model that does not reason.
fn effort(body: &Map<String, Value>, model: &ChatModel, is_lenient: bool) -> Result<String, ErrorResponse> {
    let usual = if model.served.efforts.is_empty() { "" } else { "medium" };
    match present(body, "reasoning_effort") {
        None => Ok(usual.to_owned()),
        Some(_) if is_lenient => Ok(usual.to_owned()),
        Some(_) if model.served.efforts.is_empty() => {
            let message = "Unrecognized request argument supplied: reasoning_effort";
            Err(invalid("reasoning_effort", Some("unsupported_parameter"), message))
        }
        Some(Value::String(level)) if model.served.efforts.contains(&level.as_str()) => Ok(level.clone()),
        Some(other) => {
            let message = format!("Unsupported value: 'reasoning_effort' does not support {other} with this model.");
            Err(invalid("reasoning_effort", Some("unsupported_value"), message))
        }
    }
}

fn check_sampling(body: &Map<String, Value>, model: &ChatModel) -> Result<(), ErrorResponse> {
    for (key, default, range) in [
        ("temperature", 1.0, 0.0..=2.0),
        ("top_p", 1.0, 0.0..=1.0),
        ("presence_penalty", 0.0, -2.0..=2.0),
        ("frequency_penalty", 0.0, -2.0..=2.0),
    ] {
        let Some(value) = present(body, key) else { continue };
        let value = value.as_f64().ok_or_else(|| wrong_type(key, "a decimal"))?;
        if !range.contains(&value) {
            return Err(invalid(key, Some("decimal_above_max_value"), format!("Invalid '{key}': out of range.")));
        }
        if !model.served.accepts_sampling && (value - default).abs() > f64::EPSILON {
            let message = format!(
                "Unsupported value: '{key}' does not support {value} with this model. Only the default ({default}) \
                 value is supported."
            );
            return Err(invalid(key, Some("unsupported_value"), message));
        }
    }
    Ok(())
}

fn response_format(
    body: &Map<String, Value>,
    content: &ChatContent,
    terms: &CheckTerms,
) -> Result<Form, ErrorResponse> {
    let lenience = terms.protocol.lenience();
    let in_prompt = || content.text.lines().find_map(schema_in);
    let prompted = |is_fenced: bool| match in_prompt() {
        Some(schema) if is_fenced => Form::Fenced(schema),
        Some(schema) => Form::Json(schema),
        None => Form::Prose,
    };
    let Some(format) = present(body, "response_format") else { return Ok(prompted(true)) };
    let format = format.as_object().ok_or_else(|| wrong_type("response_format", "an object"))?;
    let kind = format.get("type").and_then(Value::as_str).ok_or_else(|| missing("response_format.type"))?;
    let refuses = |is_refused: bool| {
        if is_refused {
            let message = format!("'response_format.type' must be one of the supported types, not '{kind}'");
            return Err(invalid("response_format", None, message));
        }
        Ok(())
    };
    match kind {
        "text" => Ok(prompted(true)),
        "json_object" => {
            refuses(lenience.is_some_and(|lenience| lenience.refuses_json))?;
            if lenience.is_none() && !content.text.to_lowercase().contains("json") {
                let message = "'messages' must contain the word 'json' in some form, to use 'response_format' of type \
                               'json_object'.";
                return Err(invalid("messages", None, message));
            }
            Ok(prompted(false))
        }
        "json_schema" => {
            refuses(lenience.is_some_and(|lenience| lenience.refuses_schemas))?;
            let path = |key: &str| format!("response_format.json_schema{key}");
            let own = format.get("json_schema").and_then(Value::as_object).ok_or_else(|| missing(&path("")))?;
            let schema = own.get("schema").ok_or_else(|| missing(&path(".schema")))?;
            if lenience.is_some() {
                // Several servers read nothing else.
                return Ok(Form::Json(schema.clone()));
            }
            let name = own.get("name").and_then(Value::as_str).ok_or_else(|| missing(&path(".name")))?;
            let is_named_well = (1..=LONGEST_NAME).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
            if !is_named_well {
                let message = format!(
                    "Invalid '{0}': string does not match pattern. Expected a string that matches the pattern \
                     '^[a-zA-Z0-9_-]+$'.",
                    path(".name")
                );
                return Err(invalid(&path(".name"), Some("invalid_value"), message));
            }
            if let Some(other) =
                own.keys().find(|key| !["name", "description", "schema", "strict"].contains(&key.as_str()))
            {
                return Err(unknown(&path(&format!(".{other}"))));
            }
            if own.get("strict").and_then(Value::as_bool) == Some(true) {
                schema::check(schema, name)?;
            }
            Ok(Form::Json(schema.clone()))
        }
        other => {
            let message =
                format!("Invalid value: '{other}'. Supported values are: 'json_object', 'json_schema', and 'text'.");
            Err(invalid("response_format.type", Some("invalid_value"), message))
        }
    }
}

/// The JSON schema that a line of a prompt is.
fn schema_in(line: &str) -> Option<Value> {
    let schema: Value = serde_json::from_str(line.trim()).ok()?;
    (schema.get("type")? == "object" && schema.get("properties").is_some()).then_some(schema)
}
