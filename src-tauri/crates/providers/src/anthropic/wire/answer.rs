//! Anthropic's Messages API as of 2026-11-23: responses, and how a stream becomes an answer.
//!
//! An answer is paid for when it arrives, so only its text is required: unknown events, blocks and fields are ignored,
//! content is selected by type and not by position, and unreadable counts are treated as not reported.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as ValueError;

use crate::answer::FinishReason;
use crate::anthropic::refusal;
use crate::exchange::{self, BadEvent, ReceivedText, Receiving as _, StreamEvent};
use crate::json::{Count, Joining, Object, Wtf8};
use crate::refusal::Refusal;
use crate::sse;
use domain::usage::Usage;

/// Other events in streams without event names.
const FILLERS: [&str; 5] = ["", "[DONE]", "ping", "keep-alive", "heartbeat"];

/// Cumulative counts; absent ones have not changed.
#[derive(Debug, Default, Clone, Copy)]
struct UsageCounts {
    input: Count,
    output: Count,
    cache_write: Count,
    cache_write_5m: Count,
    cache_write_1h: Count,
    cache_read: Count,
    thinking: Count,
}

impl From<&Object<'_>> for UsageCounts {
    fn from(usage: &Object<'_>) -> Self {
        let split = usage.object("cache_creation");
        let of_split = |key| split.as_ref().map_or(Count::Absent, |split| split.count(key));
        Self {
            input: usage.count("input_tokens"),
            output: usage.count("output_tokens"),
            cache_write: usage.count("cache_creation_input_tokens"),
            cache_write_5m: of_split("ephemeral_5m_input_tokens"),
            cache_write_1h: of_split("ephemeral_1h_input_tokens"),
            cache_read: usage.count("cache_read_input_tokens"),
            thinking: usage.object("output_tokens_details").map_or(Count::Absent, |own| own.count("thinking_tokens")),
        }
    }
}

impl UsageCounts {
    fn updated_by(self, later: Self) -> Self {
        Self {
            input: self.input.updated_by(later.input),
            output: self.output.updated_by(later.output),
            cache_write: self.cache_write.updated_by(later.cache_write),
            cache_write_5m: self.cache_write_5m.updated_by(later.cache_write_5m),
            cache_write_1h: self.cache_write_1h.updated_by(later.cache_write_1h),
            cache_read: self.cache_read.updated_by(later.cache_read),
            thinking: self.thinking.updated_by(later.thinking),
        }
    }

    /// `None` if a count that determines the price is unreadable, or if the prompt has no tokens although a picture was
    /// sent.
    fn usage(self) -> Option<Usage> {
        // Cache counts are absent if no cache is used.
        let or_none = |count: Count| if count == Count::Unreadable { None } else { Some(count.known().unwrap_or(0)) };
        let split = (self.cache_write_5m.known().unwrap_or(0), self.cache_write_1h.known().unwrap_or(0));
        let told = split.0.saturating_add(split.1);
        let cache_write = match self.cache_write {
            Count::Known(total) => total.max(told),
            Count::Absent | Count::Unreadable => {
                or_none(self.cache_write_5m)?.saturating_add(or_none(self.cache_write_1h)?)
            }
        };
        if self.cache_write == Count::Unreadable && told == 0 {
            return None;
        }
        let usage = Usage {
            input_tokens: self.input.known()?,
            output_tokens: self.output.known()?,
            // Without a split, all of it has the default lifetime of five minutes.
            cache_write_5m_tokens: cache_write.saturating_sub(split.1),
            cache_write_1h_tokens: split.1,
            cache_read_tokens: or_none(self.cache_read)?,
            thinking_tokens: self.thinking.known(),
        };
        (usage.prompt_tokens() > 0).then_some(usage)
    }
}

/// An answer that is being received.
#[derive(Debug, Default)]
pub struct ReceivingMessage {
    /// Empty if the server does not report it.
    pub model: String,
    pub text: String,
    pub stop_reason: Option<FinishReason>,
    joining: Joining,
    counts: Option<UsageCounts>,
    /// Whether any part of an answer has arrived.
    has_begun: bool,
    /// Whether output tokens were counted at the end; the count at the beginning is only a start.
    is_output_counted: bool,
}

impl exchange::Receiving for ReceivingMessage {
    fn whole(message: &Object<'_>) -> Result<Self, BadEvent> {
        let mut receiving = Self::default();
        receiving.begin(message);
        receiving.stop_reason = stop_reason(message);
        receiving.is_output_counted = true;
        let is_message = message.name("type").as_deref() == Some("message");
        if is_message || !receiving.text.is_empty() { Ok(receiving) } else { Err(BadEvent::NoMessage) }
    }

    fn failure(body: &[u8]) -> Refusal {
        refusal::from_body(200, body)
    }

    fn may_have_text(event: &sse::Event) -> bool {
        match event.name.as_str() {
            "content_block_start" | "content_block_delta" => true,
            // Without a name, any event may.
            "" | "message" => !FILLERS.contains(&event.data.trim()),
            name => !name.bytes().all(|byte| byte.is_ascii_graphic()),
        }
    }

    fn take(&mut self, event: &sse::Event) -> Result<StreamEvent, BadEvent> {
        self.take_data(&event.name, &event.data)
    }

    fn end(&mut self) {
        self.text.push_str(self.joining.end());
    }

    fn has_begun(&self) -> bool {
        self.has_begun
    }

    fn has_stopped(&self) -> bool {
        self.stop_reason.is_some()
    }

    fn usage(&self) -> Option<Usage> {
        let usage = self.usage_so_far().filter(|_| self.is_output_counted)?;
        // Text must have tokens.
        (usage.output_tokens > 0 || self.text.is_empty()).then_some(usage)
    }

    fn usage_so_far(&self) -> Option<Usage> {
        self.counts.and_then(UsageCounts::usage)
    }

    fn into_text(self) -> ReceivedText {
        ReceivedText { model: self.model, text: self.text, stop_reason: self.stop_reason }
    }
}

impl ReceivingMessage {
    /// Parses the data of one event, which may name its kind itself.
    fn take_data(&mut self, name: &str, data: &str) -> Result<StreamEvent, BadEvent> {
        let event = Object::parse(data)?;
        let kind = event.name("type").unwrap_or_else(|| name.to_owned());
        self.has_begun |= kind.starts_with("message_") || kind.starts_with("content_block_");
        Ok(match kind.as_str() {
            "message_start" => {
                if let Some(message) = event.object("message") {
                    self.begin(&message);
                }
                StreamEvent::Begun
            }
            "content_block_start" => {
                self.text.push_str(self.joining.end());
                let block = event.object("content_block").filter(|block| is_of_type(block, "text"));
                self.added(block.and_then(|block| block.text("text")))
            }
            "content_block_delta" => {
                let delta = event.object("delta").filter(|delta| is_of_type(delta, "text_delta"));
                self.added(delta.and_then(|delta| delta.text("text")))
            }
            "message_delta" => {
                if let Some(reason) = event.object("delta").and_then(|delta| stop_reason(&delta)) {
                    self.stop_reason = Some(reason);
                }
                if let Some(usage) = event.object("usage") {
                    self.count(&usage);
                    // A count of zero beside text means that nothing was counted.
                    let output = usage.count("output_tokens").known();
                    self.is_output_counted |= output.is_some_and(|output| output > 0 || self.text.is_empty());
                }
                StreamEvent::Other
            }
            "message_stop" => StreamEvent::Ended,
            // Some gateways send the whole message as the one event of a stream.
            "message" if event.name("type").is_some() => {
                *self = Self::whole(&event)?;
                self.has_begun = true;
                StreamEvent::Ended
            }
            "error" => StreamEvent::Failed(Box::new(refusal::from_body(200, data.as_bytes()))),
            _ => StreamEvent::Other,
        })
    }

    fn begin(&mut self, message: &Object<'_>) {
        self.model = message.name("model").unwrap_or_default();
        if let Some(usage) = message.object("usage") {
            self.count(&usage);
        }
        for block in message.objects("content").iter().filter(|block| is_of_type(block, "text")) {
            self.added(block.text("text"));
            self.text.push_str(self.joining.end());
        }
        self.text.push_str(&message.name("content").unwrap_or_default());
    }

    fn added(&mut self, piece: Option<Wtf8>) -> StreamEvent {
        let text = piece.map(|piece| self.joining.add(&piece)).unwrap_or_default();
        self.text.push_str(&text);
        if text.is_empty() { StreamEvent::Other } else { StreamEvent::Text(text) }
    }

    fn count(&mut self, later: &Object<'_>) {
        self.counts = Some(self.counts.unwrap_or_default().updated_by(later.into()));
    }
}

fn is_of_type(object: &Object<'_>, kind: &str) -> bool {
    object.name("type").is_none_or(|own| own == kind)
}

fn stop_reason(object: &Object<'_>) -> Option<FinishReason> {
    let reason = object.name("stop_reason").filter(|reason| !reason.is_empty())?;
    FinishReason::deserialize(IntoDeserializer::<ValueError>::into_deserializer(reason)).ok()
}

/// One page of `GET /v1/models`.
#[derive(Deserialize, Debug)]
pub struct ModelPage {
    pub data: Vec<ListedModel>,
    #[serde(default)]
    pub has_more: bool,
    #[serde(default)]
    pub last_id: Option<String>,
}

#[derive(Deserialize, Debug)]
pub struct ListedModel {
    pub id: String,
    #[serde(default)]
    pub display_name: Option<String>,
    #[serde(default)]
    pub lifecycle: Option<String>,
    #[serde(default)]
    pub retires_at: Option<String>,
}

/// The answer of `POST /v1/messages/count_tokens`.
#[derive(Deserialize, Debug)]
pub struct TokenCount {
    #[serde(rename = "input_tokens")]
    _input_tokens: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_becomes_an_answer() {
        let mut receiving = ReceivingMessage::default();
        let events = [
            r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],
                "model":"claude-sonnet-5-5","stop_reason":null,"usage":{"input_tokens":1600,"output_tokens":1,
                "cache_creation_input_tokens":700,"cache_read_input_tokens":0,
                "cache_creation":{"ephemeral_5m_input_tokens":600,"ephemeral_1h_input_tokens":100}}}}"#,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"a bird"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"x"}}"#,
            r#"{"type":"content_block_stop","index":0}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"{\"marks\""}}"#,
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":":[]}"}}"#,
            r#"{"type":"something_new","x":1}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},
                "usage":{"output_tokens":90,"output_tokens_details":{"thinking_tokens":60}}}"#,
            r#"{"type":"message_stop"}"#,
        ];
        let steps: Vec<StreamEvent> = events.iter().map(|data| receiving.take_data("", data).unwrap()).collect();
        assert_eq!((steps.first(), steps.last()), (Some(&StreamEvent::Begun), Some(&StreamEvent::Ended)));
        assert_eq!(receiving.text, "{\"marks\":[]}");
        assert_eq!(receiving.stop_reason, Some(FinishReason::EndTurn));
        assert_eq!(
            receiving.usage(),
            Some(Usage {
                input_tokens: 1600,
                output_tokens: 90,
                cache_write_5m_tokens: 600,
                cache_write_1h_tokens: 100,
                cache_read_tokens: 0,
                thinking_tokens: Some(60),
            })
        );
    }

    #[test]
    fn a_whole_message_becomes_an_answer() {
        let body = r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[
            {"type":"thinking","thinking":"hm"},{"type":"text","text":"{}"}],"stop_reason":"max_tokens",
            "usage":{"input_tokens":7,"output_tokens":2,"cache_creation_input_tokens":3}}"#;
        let receiving = ReceivingMessage::whole(&Object::parse(body).unwrap()).unwrap();
        assert_eq!((receiving.text.as_str(), receiving.stop_reason.clone()), ("{}", Some(FinishReason::MaxTokens)));
        let usage = receiving.usage().unwrap();
        assert_eq!((usage.prompt_tokens(), usage.cache_write_5m_tokens), (10, 3));
        ReceivingMessage::whole(&Object::parse("{\"ok\":true}").unwrap()).unwrap_err();
    }

    #[test]
    fn a_whole_message_may_be_the_one_event_of_a_stream() {
        let body = r#"{"type":"message","model":null,"content":[{"type":"text","text":"{}"}],"stop_reason":"end_turn",
            "usage":{"input_tokens":7,"output_tokens":2}}"#;
        for name in ["", "message"] {
            let mut receiving = ReceivingMessage::default();
            assert_eq!(receiving.take_data(name, body).unwrap(), StreamEvent::Ended);
            assert_eq!((receiving.text.as_str(), receiving.stop_reason.clone()), ("{}", Some(FinishReason::EndTurn)));
            assert_eq!(receiving.usage().map(|usage| (usage.input_tokens, usage.output_tokens)), Some((7, 2)));
        }
        // The default name of an event says nothing of what it is.
        assert_eq!(ReceivingMessage::default().take_data("message", r#"{"ok":true}"#).unwrap(), StreamEvent::Other);
    }

    #[test]
    fn an_error_within_a_stream() {
        let data =
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#;
        let StreamEvent::Failed(refusal) = ReceivingMessage::default().take_data("", data).unwrap() else {
            panic!("no failure")
        };
        assert_eq!((refusal.status, refusal.error_type.as_deref()), (200, Some("overloaded_error")));
        ReceivingMessage::default().take_data("", "{").unwrap_err();
    }

    /// A stream with this usage at its beginning and end.
    fn usage_of(at_start: &str, at_end: &str) -> Option<Usage> {
        let mut receiving = ReceivingMessage::default();
        for data in [
            format!(r#"{{"type":"message_start","message":{{"usage":{at_start}}}}}"#),
            r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"{}"}}"#.to_owned(),
            format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},"usage":{at_end}}}"#),
        ] {
            receiving.take_data("", &data).unwrap();
        }
        assert_eq!(receiving.text, "{}");
        receiving.usage()
    }

    #[test]
    fn counts_that_cannot_be_read_are_not_reported() {
        let start = r#"{"input_tokens":1600,"output_tokens":1}"#;
        let end = r#"{"output_tokens":90}"#;
        let plain = Usage { input_tokens: 1600, output_tokens: 90, ..Usage::default() };
        for (at_start, at_end, expected) in [
            (start, end, Some(plain)),
            (r#"{"input_tokens":1600.0,"output_tokens":"1"}"#, r#"{"output_tokens":"90"}"#, Some(plain)),
            (start, r#"{"input_tokens":0,"output_tokens":90.0}"#, Some(plain)),
            (start, r#"{"input_tokens":null,"output_tokens":90,"server_tool_use":-1}"#, Some(plain)),
            (start, r#"{"output_tokens":90,"output_tokens_details":{"thinking_tokens":"?"}}"#, Some(plain)),
            (start, r#"{"output_tokens":90,"cache_creation":null,"cache_read_input_tokens":null}"#, Some(plain)),
            // The prompt is counted only at the end.
            ("null", r#"{"input_tokens":1600,"output_tokens":90}"#, Some(plain)),
            ("null", end, None),
            (r#"{"input_tokens":-1600}"#, end, None),
            (r#"{"input_tokens":"many"}"#, end, None),
            (r#"{"input_tokens":0}"#, end, None),
            (start, "null", None),
            (start, "[]", None),
            (start, r#"{"output_tokens":null}"#, None),
            (start, r#"{"output_tokens":-90}"#, None),
            (start, r#"{"output_tokens":0}"#, None),
            (r#"{"input_tokens":1600,"cache_read_input_tokens":-1}"#, end, None),
            (r#"{"input_tokens":1600,"cache_creation_input_tokens":"x"}"#, end, None),
        ] {
            assert_eq!(usage_of(at_start, at_end), expected, "{at_start}, then {at_end}");
        }
        let split = r#"{"input_tokens":7,"cache_creation_input_tokens":300,"cache_creation":
            {"ephemeral_5m_input_tokens":null,"ephemeral_1h_input_tokens":"100"}}"#;
        let usage = usage_of(split, end).unwrap();
        assert_eq!((usage.cache_write_5m_tokens, usage.cache_write_1h_tokens), (200, 100));
    }

    #[test]
    fn unreadable_optional_fields_cost_no_answer() {
        let text = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}"#;
        for start in [
            r#"{"type":"message_start","message":{"content":null,"model":null,"usage":null}}"#,
            r#"{"type":"message_start","message":{"content":7,"model":{},"stop_reason":[],"usage":"none"}}"#,
            r#"{"type":"message_start","message":null}"#,
            r#"{"type":"message_start"}"#,
            r#"{"type":"content_block_start","content_block":null}"#,
            r#"{"type":"content_block_start","content_block":{"type":"text","text":null}}"#,
            r#"{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"\ud83d"}}"#,
            r#"{"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{\"a\":\"\udead"}}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":5},"usage":[]}"#,
            r#"{"type":null,"\u0000":1}"#,
        ] {
            let mut receiving = ReceivingMessage::default();
            receiving.take_data("", start).unwrap();
            receiving.take_data("", text).unwrap();
            assert_eq!((receiving.text.as_str(), receiving.usage()), ("hi", None), "{start}");
        }
        let mut receiving = ReceivingMessage::default();
        receiving.take_data("content_block_delta", r#"{"delta":{"text":"a\ud83d"}}"#).unwrap();
        receiving.take_data("content_block_delta", r#"{"delta":{"text":"\ude00 b\ud800"}}"#).unwrap();
        receiving.end();
        assert_eq!(receiving.text, "a😀 b\u{fffd}");
    }
}
