//! An answer in the vendor's format: one JSON message, or the events of a stream in their order. A stream's usage is
//! cumulative: the last event has the total.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::answer::{Block, GeneratedAnswer};
use crate::usage::{PriceTerms, TokenUsage};

/// The approximate size of the text in one delta.
const DELTA_BYTES: usize = 24;
/// Opaque to clients: they only return it.
const SIGNATURE: &str = "c2ltdWxhdGVkLXRoaW5raW5n";

/// The content of an answer.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    pub(crate) id: &'a str,
    pub(crate) model: &'a str,
    pub(crate) answer: &'a GeneratedAnswer,
    pub(crate) usage: TokenUsage,
    pub(crate) price: PriceTerms,
}

impl Message<'_> {
    /// The body of an answer that is not streamed.
    pub(crate) fn whole(&self) -> Value {
        let mut content = Vec::new();
        if self.answer.is_thinking {
            content.push(json!({"type": "thinking", "thinking": "", "signature": SIGNATURE}));
        }
        match &self.answer.block {
            Some(Block::Text(text)) => content.push(json!({"type": "text", "text": text})),
            Some(Block::Tool { name, input }) => {
                // A call that was cut off has no complete input; the vendor then sends the part that it could close,
                // here nothing.
                let input: Value = serde_json::from_str(input).unwrap_or_else(|_| json!({}));
                content.push(json!({"type": "tool_use", "id": self.tool_id(), "name": name, "input": input}));
            }
            None => {}
        }
        let mut message = self.envelope(self.usage);
        message["content"] = Value::Array(content);
        message["stop_reason"] = json!(self.answer.stop_reason);
        message["stop_details"] = self.stop_details();
        message
    }

    /// The events of the stream, in order, each as sent.
    pub(crate) fn events(&self) -> Vec<Bytes> {
        let at_start = TokenUsage { output_tokens: 1, thinking_tokens: 0, ..self.usage };
        let mut events = vec![event(&json!({"type": "message_start", "message": self.envelope(at_start)}))];
        let mut index = 0;
        let mut add_block = |block: Value, deltas: Vec<Value>| {
            events.push(event(&json!({"type": "content_block_start", "index": index, "content_block": block})));
            if index == 0 {
                events.push(ping());
            }
            let deltas =
                deltas.into_iter().map(|delta| json!({"type": "content_block_delta", "index": index, "delta": delta}));
            events.extend(deltas.map(|delta| event(&delta)));
            events.push(event(&json!({"type": "content_block_stop", "index": index})));
            index += 1;
        };
        if self.answer.is_thinking {
            let block = json!({"type": "thinking", "thinking": "", "signature": ""});
            add_block(block, vec![json!({"type": "signature_delta", "signature": SIGNATURE})]);
        }
        match &self.answer.block {
            Some(Block::Text(text)) => {
                let deltas = pieces(text).map(|piece| json!({"type": "text_delta", "text": piece}));
                add_block(json!({"type": "text", "text": ""}), deltas.collect());
            }
            Some(Block::Tool { name, input }) => {
                let deltas = pieces(input).map(|piece| json!({"type": "input_json_delta", "partial_json": piece}));
                let block = json!({"type": "tool_use", "id": self.tool_id(), "name": name, "input": {}});
                add_block(block, deltas.collect());
            }
            None => {}
        }
        events.push(event(&json!({
            "type": "message_delta",
            "delta": {
                "stop_reason": self.answer.stop_reason, "stop_sequence": null, "stop_details": self.stop_details(),
            },
            "usage": self.usage.described(self.price),
        })));
        events.push(event(&json!({"type": "message_stop"})));
        events
    }

    fn envelope(&self, usage: TokenUsage) -> Value {
        json!({
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": null,
            "stop_sequence": null,
            "stop_details": null,
            "usage": usage.described(self.price),
        })
    }

    fn tool_id(&self) -> String {
        self.id.replacen("msg_", "toolu_", 1)
    }

    fn stop_details(&self) -> Value {
        if self.answer.stop_reason == "refusal" {
            json!({"type": "refusal", "category": null, "explanation": "The simulator was told to decline."})
        } else {
            Value::Null
        }
    }
}

pub(crate) fn ping() -> Bytes {
    event(&json!({"type": "ping"}))
}

/// One event as sent, named by the `type` of its data.
pub(crate) fn event(data: &Value) -> Bytes {
    let name = data.get("type").and_then(Value::as_str).unwrap_or_default();
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

pub(crate) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let cut = rest.ceil_char_boundary(DELTA_BYTES.min(rest.len()));
        let (piece, remaining) = rest.split_at(cut);
        rest = remaining;
        (!piece.is_empty()).then_some(piece)
    })
}
