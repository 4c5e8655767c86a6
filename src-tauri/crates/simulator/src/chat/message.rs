//! An answer in OpenAI's format: one JSON object, or the chunks of a stream in their order.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::sse::{Message, pieces};
use crate::usage::TokenUsage;

/// What a model says when it declines.
const REFUSAL: &str = "I'm sorry, I can't assist with that.";

/// The body of an answer that is not streamed.
pub(crate) fn whole(message: &Message<'_>, has_usage: bool) -> Value {
    let has_declined = message.answer.stop_reason == "refusal";
    let mut completion = envelope(message, "chat.completion");
    completion["choices"] = json!([{
        "index": 0,
        "message": {
            "role": "assistant",
            "content": if has_declined { Value::Null } else { json!(text(message)) },
            "refusal": has_declined.then_some(REFUSAL),
            "annotations": [],
        },
        "logprobs": null,
        "finish_reason": finish_reason(message.answer.stop_reason),
    }]);
    if has_usage {
        completion["usage"] = usage(message.usage);
    }
    completion
}

/// The events of the stream, in order, each as sent.
pub(crate) fn events(message: &Message<'_>, has_usage: bool) -> Vec<Bytes> {
    let chunk = |delta: Value, finish_reason: Option<&str>| {
        let mut chunk = envelope(message, "chat.completion.chunk");
        chunk["choices"] = json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason}]);
        if has_usage {
            chunk["usage"] = Value::Null;
        }
        event(&chunk)
    };
    let mut events = vec![chunk(json!({"role": "assistant", "content": "", "refusal": null}), None)];
    if message.answer.stop_reason == "refusal" {
        events.extend(pieces(REFUSAL).map(|piece| chunk(json!({"refusal": piece}), None)));
    } else {
        events.extend(pieces(text(message)).map(|piece| chunk(json!({"content": piece}), None)));
    }
    events.push(chunk(json!({}), Some(finish_reason(message.answer.stop_reason))));
    if has_usage {
        let mut last = envelope(message, "chat.completion.chunk");
        last["choices"] = json!([]);
        last["usage"] = usage(message.usage);
        events.push(event(&last));
    }
    events.push(Bytes::from_static(b"data: [DONE]\n\n"));
    events
}

/// One event as sent.
pub(crate) fn event(data: &Value) -> Bytes {
    Bytes::from(format!("data: {data}\n\n"))
}

fn text<'a>(message: &'a Message<'_>) -> &'a str {
    message.answer.block.as_ref().map_or("", |block| block.text())
}

fn envelope(message: &Message<'_>, object: &str) -> Value {
    json!({
        "id": message.id,
        "object": object,
        "created": 1_780_000_000,
        "model": message.model,
        "service_tier": "default",
        "system_fingerprint": null,
    })
}

fn finish_reason(stop_reason: &str) -> &'static str {
    if stop_reason == "max_tokens" { "length" } else { "stop" }
}

fn usage(usage: TokenUsage) -> Value {
    json!({
        "prompt_tokens": usage.prompt_tokens(),
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.prompt_tokens() + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.thinking_tokens, "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        },
    })
}
