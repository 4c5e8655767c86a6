//! OpenAI's chat completions as of 2026-11-23, and those of servers with the same interface: responses, and how a stream
//! becomes an answer.
//!
//! An answer is paid for when it arrives, so only its text is required: unknown fields are ignored, and unreadable
//! counts are treated as not reported. Reasoning, which other servers send beside the text, is no part of it.

use domain::usage::Usage;
use serde::Deserialize;

use crate::answer::FinishReason;
use crate::exchange::common::{ArrivingText, DONE, first, has_error, is_filler};
use crate::exchange::{self, BadEvent, ReceivedText, StreamEvent};
use crate::json::{Count, Object, lenient};
use crate::openai::refusal;
use crate::refusal::Refusal;
use crate::sse;

/// An answer that is being received.
#[derive(Debug, Default)]
pub struct ReceivingCompletion {
    /// Empty if the server does not report it.
    model: String,
    text: ArrivingText,
    stop_reason: Option<FinishReason>,
    usage: Option<Usage>,
    has_begun: bool,
    /// Whether the model has declined: its text is the explanation.
    has_declined: bool,
}

impl exchange::Receiving for ReceivingCompletion {
    fn whole(message: &Object<'_>) -> Result<Self, BadEvent> {
        let mut receiving = Self::default();
        receiving.add(message, "message");
        let is_completion = !message.objects("choices").is_empty() && !has_error(message);
        if is_completion { Ok(receiving) } else { Err(BadEvent::NoMessage) }
    }

    fn failure(body: &[u8]) -> Refusal {
        refusal::from_body(200, body)
    }

    fn may_have_text(event: &sse::Event) -> bool {
        !is_filler(&event.data)
    }

    fn take(&mut self, event: &sse::Event) -> Result<StreamEvent, BadEvent> {
        if event.data.trim() == DONE {
            return Ok(StreamEvent::Ended);
        }
        let chunk = Object::parse(&event.data)?;
        if has_error(&chunk) {
            return Ok(StreamEvent::Failed(Box::new(Self::failure(event.data.as_bytes()))));
        }
        let has = |place: &str| chunk.objects("choices").iter().any(|choice| choice.object(place).is_some());
        // Some servers repeat the message so far beside each delta. Some gateways send the whole answer as one event, and
        // its usage in it or in the next one.
        if has("delta") || !has("message") {
            return Ok(self.add(&chunk, "delta"));
        }
        *self = Self::whole(&chunk)?;
        Ok(if self.usage.is_some() { StreamEvent::Ended } else { StreamEvent::Text(self.text.as_str().to_owned()) })
    }

    fn end(&mut self) {
        self.text.end();
    }

    fn has_begun(&self) -> bool {
        self.has_begun
    }

    fn has_stopped(&self) -> bool {
        self.stop_reason.is_some()
    }

    fn usage(&self) -> Option<Usage> {
        // Text must have tokens.
        self.usage.filter(|usage| usage.output_tokens > 0 || self.text.is_empty())
    }

    fn usage_so_far(&self) -> Option<Usage> {
        self.usage
    }

    fn into_text(self) -> ReceivedText {
        let stop_reason = if self.has_declined { Some(FinishReason::Refusal) } else { self.stop_reason };
        ReceivedText { model: self.model, text: self.text.into_string(), stop_reason }
    }
}

impl ReceivingCompletion {
    /// Adds an object of an answer whose choices have their text in the field `place`.
    fn add(&mut self, object: &Object<'_>, place: &str) -> StreamEvent {
        let choices = object.objects("choices");
        // Some servers send reports on the prompt first, without a choice.
        let is_first = !choices.is_empty() && !std::mem::replace(&mut self.has_begun, true);
        if let Some(model) = object.name("model").filter(|model| !model.is_empty()) {
            self.model = model;
        }
        if let Some(usage) = object.object("usage") {
            // Each report replaces the one before, also if it cannot be read: a partial one is not the whole.
            self.usage = usage_of(&usage, self.usage);
        }
        let mut added = String::new();
        if let Some(choice) = first(choices) {
            if let Some(content) = choice.object(place) {
                added += &self.text.add(content.text("content"));
                for part in content.objects("content") {
                    added += &self.text.add(part.text("text"));
                }
                self.has_declined |= content.name("refusal").is_some_and(|refusal| !refusal.is_empty());
            }
            if let Some(reason) = choice.name("finish_reason").filter(|reason| !reason.is_empty()) {
                self.stop_reason = Some(finish_reason(reason));
            }
        }
        match added {
            added if !added.is_empty() => StreamEvent::Text(added),
            _ if is_first => StreamEvent::Begun,
            _ => StreamEvent::Other,
        }
    }
}

fn finish_reason(reason: String) -> FinishReason {
    match reason.as_str() {
        "stop" => FinishReason::EndTurn,
        "length" => FinishReason::MaxTokens,
        "content_filter" => FinishReason::Refusal,
        "tool_calls" | "function_call" => FinishReason::ToolUse,
        _ => FinishReason::Other(reason),
    }
}

/// `None` if a count that determines the price is unreadable, or if the prompt has no tokens although a picture was sent. A
/// zero does not erase what an `earlier` report counted.
fn usage_of(usage: &Object<'_>, earlier: Option<Usage>) -> Option<Usage> {
    let earlier = earlier.unwrap_or_default();
    let detail = |object: &str, key: &str| usage.object(object).map_or(Count::Absent, |own| own.count(key));
    let cached = match detail("prompt_tokens_details", "cached_tokens") {
        Count::Unreadable => return None,
        count => count.known().unwrap_or(0),
    };
    let (input_tokens, cache_read_tokens) = match usage.count("prompt_tokens").known()? {
        0 => (earlier.input_tokens, earlier.cache_read_tokens),
        prompt => (prompt.saturating_sub(cached), cached.min(prompt)),
    };
    let prompt = Some(input_tokens.saturating_add(cache_read_tokens)).filter(|prompt| *prompt > 0)?;
    // Some vendors count reasoning in the total only.
    let total = usage.count("total_tokens").known().unwrap_or(0);
    let output_tokens = match usage.count("completion_tokens").known()?.max(total.saturating_sub(prompt)) {
        0 => earlier.output_tokens,
        output => output,
    };
    Some(Usage {
        input_tokens,
        output_tokens,
        cache_read_tokens,
        thinking_tokens: detail("completion_tokens_details", "reasoning_tokens").known().or(earlier.thinking_tokens),
        ..Usage::default()
    })
}

/// `GET /v1/models`.
#[derive(Deserialize, Debug)]
pub struct ModelList {
    pub data: Vec<ChatModelEntry>,
}

#[derive(Deserialize, Debug)]
pub struct ChatModelEntry {
    pub id: String,
    /// Of servers that have one.
    #[serde(default, deserialize_with = "lenient")]
    pub name: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Receiving as _;

    fn received(data: &[&str]) -> (ReceivingCompletion, Vec<StreamEvent>) {
        let mut receiving = ReceivingCompletion::default();
        let event = |data: &&str| sse::Event { name: String::new(), data: (*data).to_owned() };
        let steps = data.iter().map(|data| receiving.take(&event(data)).unwrap()).collect();
        receiving.end();
        (receiving, steps)
    }

    #[test]
    fn a_stream_becomes_an_answer() {
        let (receiving, steps) = received(&[
            r#"{"id":"c","object":"chat.completion.chunk","model":"gpt-6-luna-2026","choices":[{"index":0,
                "delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"{\"marks\""},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{"reasoning":"hm","content":":[]} \ud83d"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"\ude00"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":1600,"completion_tokens":90,"total_tokens":1690,
                "prompt_tokens_details":{"cached_tokens":1024},"completion_tokens_details":{"reasoning_tokens":60}}}"#,
            "[DONE]",
        ]);
        assert_eq!((steps.first(), steps.last()), (Some(&StreamEvent::Begun), Some(&StreamEvent::Ended)));
        assert_eq!(
            receiving.usage(),
            Some(Usage {
                input_tokens: 576,
                output_tokens: 90,
                cache_read_tokens: 1024,
                thinking_tokens: Some(60),
                ..Usage::default()
            })
        );
        let message = receiving.into_text();
        assert_eq!((message.text.as_str(), message.model.as_str()), ("{\"marks\":[]} 😀", "gpt-6-luna-2026"));
        assert_eq!(message.stop_reason, Some(FinishReason::EndTurn));
    }

    #[test]
    fn a_whole_answer() {
        let body = r#"{"object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"length",
            "message":{"role":"assistant","content":"{}","refusal":null}}],
            "usage":{"prompt_tokens":7,"completion_tokens":2}}"#;
        let whole = ReceivingCompletion::whole(&Object::parse(body).unwrap()).unwrap();
        assert_eq!(whole.usage().map(|usage| (usage.input_tokens, usage.output_tokens)), Some((7, 2)));
        assert_eq!(whole.into_text().stop_reason, Some(FinishReason::MaxTokens));
        let (alone, steps) = received(&[body]);
        assert_eq!((steps.last(), alone.into_text().text.as_str()), (Some(&StreamEvent::Ended), "{}"));
        for other in ["{\"ok\":true}", "{\"choices\":[]}", "{\"error\":{\"message\":\"no\"},\"choices\":[{}]}"] {
            ReceivingCompletion::whole(&Object::parse(other).unwrap()).unwrap_err();
        }
    }

    #[test]
    fn odd_streams_lose_nothing() {
        // The message so far beside each delta.
        let (receiving, _) = received(&[
            r#"{"choices":[{"index":0,"delta":{"content":"{"},"message":{"content":"{"}}]}"#,
            r#"{"choices":[{"index":1,"delta":{"content":"other choice"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"}"},"message":{"content":"{}"},"finish_reason":"stop"}]}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#,
        ]);
        assert_eq!(receiving.usage().map(|usage| usage.output_tokens), Some(1));
        assert_eq!(receiving.into_text().text, "{}");
        // The whole message in one event, and its usage in the next.
        let (receiving, steps) = received(&[
            r#"{"choices":[{"message":{"content":"{}"},"finish_reason":"stop"}]}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#,
        ]);
        assert_eq!(steps[0], StreamEvent::Text("{}".into()));
        assert_eq!(receiving.usage().map(|usage| usage.output_tokens), Some(2));
        // A last report that cannot be read does not leave an earlier, partial one.
        let (receiving, _) = received(&[
            r#"{"choices":[{"delta":{"content":"{}"}}],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":"x"}}"#,
        ]);
        assert_eq!(receiving.usage(), None);
        // Zeros after counts.
        let counted = r#"{"choices":[{"delta":{"content":"{}"}}],"usage":{"prompt_tokens":1000,"completion_tokens":50,
            "prompt_tokens_details":{"cached_tokens":128},"completion_tokens_details":{"reasoning_tokens":20}}}"#;
        let (first, _) = received(&[counted]);
        for zero in [
            r#"{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":50,"total_tokens":1050}}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}"#,
        ] {
            assert_eq!(received(&[counted, zero]).0.usage(), first.usage(), "{zero}");
        }
        // Reasoning that only the total counts.
        let (receiving, _) = received(&[
            r#"{"choices":[{"delta":{"content":"{}"}}],"usage":{"prompt_tokens":1000,"completion_tokens":50,
                "total_tokens":3050,"completion_tokens_details":{"reasoning_tokens":2000}}}"#,
        ]);
        assert_eq!(receiving.usage().map(|usage| usage.output_tokens), Some(2050));
    }

    #[test]
    fn a_stream_without_a_choice_is_not_an_answer() {
        for data in [&["[DONE]"][..], &[r#"{"choices":[],"prompt_filter_results":[{"prompt_index":0}]}"#, "[DONE]"]] {
            assert!(!received(data).0.has_begun(), "{data:?}");
        }
    }

    #[test]
    fn a_refusal_is_not_an_answer() {
        for last in [
            r#"{"choices":[{"delta":{"refusal":"I can't help with that."},"finish_reason":"stop"}]}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"content_filter"}]}"#,
        ] {
            let message = received(&[last]).0.into_text();
            assert_eq!(message.stop_reason, Some(FinishReason::Refusal), "{last}");
        }
    }

    #[test]
    fn an_error_within_a_stream() {
        let (_, steps) = received(&[
            r#"{"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}"#,
        ]);
        let (_, told) = received(&[r#"{"error":"CUDA out of memory"}"#]);
        let [StreamEvent::Failed(failure)] = &told[..] else { panic!("no failure") };
        assert_eq!(failure.message, "CUDA out of memory");
        let [StreamEvent::Failed(refusal)] = &steps[..] else { panic!("no failure") };
        assert_eq!((refusal.status, refusal.error_type.as_deref()), (200, Some("server_error")));
    }

    #[test]
    fn usage_that_cannot_be_read_is_not_reported() {
        let usage = |usage: &str| {
            let last =
                format!(r#"{{"choices":[{{"delta":{{"content":"x"}},"finish_reason":"stop"}}],"usage":{usage}}}"#);
            received(&[&last]).0.usage()
        };
        let plain = Usage { input_tokens: 7, output_tokens: 2, ..Usage::default() };
        assert_eq!(usage(r#"{"prompt_tokens":7,"completion_tokens":"2","prompt_tokens_details":null}"#), Some(plain));
        for unknown in [
            "null",
            "[]",
            r#"{"prompt_tokens":0,"completion_tokens":2}"#,
            r#"{"prompt_tokens":7}"#,
            r#"{"prompt_tokens":-7,"completion_tokens":2}"#,
            r#"{"prompt_tokens":7,"completion_tokens":0}"#,
            r#"{"prompt_tokens":7,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":"x"}}"#,
        ] {
            assert_eq!(usage(unknown), None, "{unknown}");
        }
    }
}
