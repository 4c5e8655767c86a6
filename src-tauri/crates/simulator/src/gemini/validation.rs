//! What the vendor refuses of `generateContent`. A valid request becomes a [`ValidRequest`], like one of the other
//! protocols. Fields that change nothing here are known and ignored; fields for what is not simulated are refused.

use serde_json::{Map, Value, json};

use super::content::{Contents, object, present};
use super::error::{invalid, wrong_type};
use super::models::{self, GeminiModel, Generation, Resolution};
use super::{MethodCall, schema};
use crate::error::ErrorResponse;
use crate::frame::Units;
use crate::validation::{CheckTerms, Form, ValidRequest};

const FIELDS: [&str; 7] =
    ["contents", "systemInstruction", "generationConfig", "safetySettings", "model", "store", "serviceTier"];
const CONFIG_FIELDS: [&str; 14] = [
    "candidateCount",
    "frequencyPenalty",
    "maxOutputTokens",
    "mediaResolution",
    "presencePenalty",
    "responseJsonSchema",
    "responseMimeType",
    "responseModalities",
    "seed",
    "stopSequences",
    "temperature",
    "thinkingConfig",
    "topK",
    "topP",
];
const CONFIG: &str = "generation_config";

/// Checks the body of a request.
pub(crate) fn content(body: &Value, call: &MethodCall, terms: &CheckTerms) -> Result<ValidRequest, ErrorResponse> {
    let model = models::find(&call.model, &terms.model_prefix).ok_or_else(|| models::unknown(&call.model))?;
    let body = object(body, "", &FIELDS)?;
    let nothing = Map::new();
    let config = match present(body, "generationConfig") {
        Some(config) => object(config, CONFIG, &CONFIG_FIELDS)?,
        None => &nothing,
    };
    let max_tokens = output_limit(config, model)?;
    check_sampling(config)?;
    let effort = effort(config, model)?;
    let content = Contents::read(body, model, resolution(config)?, terms.eyes)?;
    let form = form(config)?;
    let asked = ValidRequest {
        model: &model.served,
        max_tokens,
        is_streaming: call.is_streaming,
        is_confined_to_us: false,
        segments: content.segments,
        picture: content.picture,
        text: content.text,
        form,
        is_thinking: !effort.is_empty(),
        effort,
        units: Units::Thousandths { is_y_first: true },
        includes_usage: true,
    };
    let (prompt, most) = (asked.prompt_tokens(), model.served.context_tokens);
    if prompt > most {
        let message =
            format!("The input token count ({prompt}) exceeds the maximum number of tokens allowed ({most}).");
        return Err(ErrorResponse::invalid(message));
    }
    Ok(asked)
}

fn whole_number(config: &Map<String, Value>, key: &str, path: &str) -> Result<Option<i64>, ErrorResponse> {
    let wrong = |value: &Value| wrong_type(&format!("{CONFIG}.{path}"), "TYPE_INT32", value);
    present(config, key).map(|value| value.as_i64().ok_or_else(|| wrong(value))).transpose()
}

fn output_limit(config: &Map<String, Value>, model: &GeminiModel) -> Result<u64, ErrorResponse> {
    let most = model.served.max_output_tokens;
    match whole_number(config, "maxOutputTokens", "max_output_tokens")? {
        None => Ok(most),
        Some(limit) => match u64::try_from(limit) {
            Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
            _ => {
                let message = format!(
                    "Unable to submit request because it has a maxOutputTokens value of {limit} but the supported range \
                     is from 1 (inclusive) to {} (exclusive).",
                    most + 1
                );
                Err(invalid("generation_config.max_output_tokens", message))
            }
        },
    }
}

fn check_sampling(config: &Map<String, Value>) -> Result<(), ErrorResponse> {
    if whole_number(config, "candidateCount", "candidate_count")?.is_some_and(|count| count != 1) {
        return Err(invalid("generation_config.candidate_count", "Only one candidate can be specified"));
    }
    for (key, path, range) in [
        ("temperature", "temperature", 0.0..=2.0),
        ("topP", "top_p", 0.0..=1.0),
        ("topK", "top_k", 1.0..=1e9),
        ("presencePenalty", "presence_penalty", -2.0..=2.0),
        ("frequencyPenalty", "frequency_penalty", -2.0..=2.0),
    ] {
        let Some(value) = present(config, key) else { continue };
        let path = format!("{CONFIG}.{path}");
        let number = value.as_f64().ok_or_else(|| wrong_type(&path, "TYPE_FLOAT", value))?;
        if !range.contains(&number) {
            return Err(invalid(&path, format!("* GenerateContentRequest.{path}: {key} is out of range.\n")));
        }
    }
    Ok(())
}

/// A request as a whole cannot ask for the highest resolution; only its parts can.
fn resolution(config: &Map<String, Value>) -> Result<Option<Resolution>, ErrorResponse> {
    let Some(value) = present(config, "mediaResolution") else { return Ok(None) };
    let named = value.as_str().and_then(|name| Resolution::named(name).ok());
    named.filter(|resolution| *resolution != Some(Resolution::UltraHigh)).ok_or_else(|| {
        let kind = "type.googleapis.com/google.ai.generativelanguage.v1beta.GenerationConfig.MediaResolution";
        wrong_type("generation_config.media_resolution", kind, value)
    })
}

/// How much the model thinks; empty if it does not.
fn effort(config: &Map<String, Value>, model: &GeminiModel) -> Result<String, ErrorResponse> {
    let usual = "medium".to_owned();
    let Some(thinking) = present(config, "thinkingConfig") else { return Ok(usual) };
    let path = "generation_config.thinking_config";
    let thinking = object(thinking, path, &["includeThoughts", "thinkingBudget", "thinkingLevel"])?;
    let budget = whole_number(thinking, "thinkingBudget", "thinking_config.thinking_budget")?;
    match (present(thinking, "thinkingLevel"), budget) {
        (Some(_), Some(_)) => Err(invalid(path, "You can only set only one of thinking budget and thinking level.")),
        (Some(_), None) if model.generation == Generation::Two => {
            Err(invalid(path, "Thinking level is not supported for this model."))
        }
        (Some(level), None) => match level.as_str() {
            Some(name @ ("MINIMAL" | "LOW" | "MEDIUM" | "HIGH" | "XHIGH")) => Ok(name.to_lowercase()),
            Some("THINKING_LEVEL_UNSPECIFIED") => Ok(usual),
            _ => Err(wrong_type(&format!("{path}.thinking_level"), "ThinkingConfig.ThinkingLevel", level)),
        },
        (None, Some(0)) => Ok(String::new()),
        (None, Some(1..=4096)) => Ok("low".to_owned()),
        (None, _) => Ok(usual),
    }
}

fn form(config: &Map<String, Value>) -> Result<Form, ErrorResponse> {
    let path = "generation_config.response_mime_type";
    let schema = present(config, "responseJsonSchema");
    match (present(config, "responseMimeType").map(Value::as_str), schema) {
        (Some(Some("application/json")), Some(schema)) => {
            schema::check(schema)?;
            Ok(Form::Json(schema.clone()))
        }
        (Some(Some("application/json")), None) => Ok(Form::Json(json!({"type": "object", "properties": {}}))),
        (None | Some(Some("text/plain")), None) => Ok(Form::Prose),
        (None | Some(Some("text/plain")), Some(_)) => {
            let message = "Response schema with a response mime type: '' is unsupported";
            Err(invalid(path, message))
        }
        (Some(_), _) => {
            let message = format!(
                "* GenerateContentRequest.{path}: allowed mimetypes are `text/plain`, `application/json`, \
                 `application/xml`, `application/yaml` and `text/x.enum`.\n"
            );
            Err(invalid(path, message))
        }
    }
}
