//! An answer in Google's format: one JSON object, or the chunks of a stream in their order.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::sse::{Message, pieces};
use crate::usage::TokenUsage;

/// The body of an answer that is not streamed.
pub(crate) fn whole(message: &Message<'_>) -> Value {
    chunk(message, (!has_declined(message)).then(|| text(message)), true)
}

/// The events of the stream, in order, each as sent.
pub(crate) fn events(message: &Message<'_>) -> Vec<Bytes> {
    let mut events = vec![event(&chunk(message, Some(""), false))];
    if has_declined(message) {
        events.push(event(&chunk(message, None, true)));
        return events;
    }
    events.extend(pieces(text(message)).map(|piece| event(&chunk(message, Some(piece), false))));
    events.push(event(&chunk(message, Some(""), true)));
    events
}

/// One event as sent.
pub(crate) fn event(data: &Value) -> Bytes {
    Bytes::from(format!("data: {data}\r\n\r\n"))
}

fn text<'a>(message: &'a Message<'_>) -> &'a str {
    message.answer.block.as_ref().map_or("", |block| block.text())
}

fn has_declined(message: &Message<'_>) -> bool {
    message.answer.stop_reason == "refusal"
}

/// A part of the answer. Counts of the prompt come from the beginning, all others at the end.
fn chunk(message: &Message<'_>, text: Option<&str>, is_last: bool) -> Value {
    let mut candidate = json!({"index": 0});
    if let Some(text) = text {
        candidate["content"] = json!({"parts": [{"text": text}], "role": "model"});
    }
    if is_last {
        candidate["finishReason"] = json!(finish_reason(message.answer.stop_reason));
    }
    if is_last && has_declined(message) {
        candidate["safetyRatings"] =
            json!([{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": true}]);
    }
    json!({
        "candidates": [candidate],
        "usageMetadata": usage(message.usage, is_last),
        "modelVersion": message.model,
        "responseId": message.id,
    })
}

fn finish_reason(stop_reason: &str) -> &'static str {
    match stop_reason {
        "max_tokens" => "MAX_TOKENS",
        "refusal" => "SAFETY",
        _ => "STOP",
    }
}

/// Counts of zero are absent.
fn usage(usage: TokenUsage, is_last: bool) -> Value {
    let prompt = usage.prompt_tokens();
    let mut counts = json!({"promptTokenCount": prompt, "totalTokenCount": prompt});
    if usage.cache_read_tokens > 0 {
        counts["cachedContentTokenCount"] = json!(usage.cache_read_tokens);
    }
    if is_last {
        counts["totalTokenCount"] = json!(prompt + usage.output_tokens);
        let answer = usage.output_tokens - usage.thinking_tokens;
        for (name, count) in [("candidatesTokenCount", answer), ("thoughtsTokenCount", usage.thinking_tokens)] {
            if count > 0 {
                counts[name] = json!(count);
            }
        }
    }
    counts
}
