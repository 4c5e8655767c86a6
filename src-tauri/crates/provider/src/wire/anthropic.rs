//! Anthropic's Messages API as of 2026-11-23: what comes back, and how a stream becomes an answer.
//!
//! Reading is tolerant: unknown events, blocks and fields are passed over, content is chosen by its type and never by its
//! place, and counts that are missing stay missing.

use serde::Deserialize;

use crate::answer::StopReason;
use crate::refusal::Refusal;
use domain::usage::Usage;

/// A whole message, as a server that does not stream answers it; in a stream, its beginning.
#[derive(Deserialize, Debug, Default)]
#[serde(default)]
pub struct Message {
    model: String,
    content: Vec<Block>,
    stop_reason: Option<StopReason>,
    usage: Option<UsageCounts>,
}

/// A message that says it is one.
#[derive(Deserialize, Debug)]
pub struct WholeMessage {
    #[serde(rename = "type")]
    _type: MessageType,
    #[serde(flatten)]
    message: Message,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
enum MessageType {
    Message,
}

#[derive(Deserialize, Debug)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        #[serde(default)]
        text: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize, Debug)]
#[serde(tag = "type", rename_all = "snake_case")]
enum StreamEvent {
    MessageStart {
        message: Message,
    },
    ContentBlockStart {
        content_block: Block,
    },
    ContentBlockDelta {
        delta: Delta,
    },
    MessageDelta {
        delta: MessageChange,
        #[serde(default)]
        usage: Option<UsageCounts>,
    },
    MessageStop,
    Error,
    #[serde(other)]
    Other,
}

#[derive(Deserialize, Debug)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Delta {
    TextDelta {
        text: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize, Debug, Default)]
#[serde(default)]
struct MessageChange {
    stop_reason: Option<StopReason>,
}

/// Cumulative counts; what is absent has not changed.
#[derive(Deserialize, Debug, Default, Clone, Copy)]
#[serde(default)]
struct UsageCounts {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation: Option<CacheCreation>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Deserialize, Debug, Default, Clone, Copy)]
#[serde(default)]
struct CacheCreation {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

#[derive(Deserialize, Debug, Default, Clone, Copy)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: Option<u64>,
}

impl UsageCounts {
    /// Later counts replace earlier ones: they are cumulative.
    fn replaced_by(self, later: Self) -> Self {
        Self {
            input_tokens: later.input_tokens.or(self.input_tokens),
            output_tokens: later.output_tokens.or(self.output_tokens),
            cache_creation_input_tokens: later.cache_creation_input_tokens.or(self.cache_creation_input_tokens),
            cache_read_input_tokens: later.cache_read_input_tokens.or(self.cache_read_input_tokens),
            cache_creation: later.cache_creation.or(self.cache_creation),
            output_tokens_details: later.output_tokens_details.or(self.output_tokens_details),
        }
    }

    fn usage(self) -> Usage {
        let split = self.cache_creation.unwrap_or_default();
        // Without a split all of it went where requests ask by default: five minutes.
        let told = split.ephemeral_5m_input_tokens.saturating_add(split.ephemeral_1h_input_tokens);
        let rest = self.cache_creation_input_tokens.unwrap_or_default().saturating_sub(told);
        Usage {
            input_tokens: self.input_tokens.unwrap_or_default(),
            output_tokens: self.output_tokens.unwrap_or_default(),
            cache_write_5m_tokens: split.ephemeral_5m_input_tokens.saturating_add(rest),
            cache_write_1h_tokens: split.ephemeral_1h_input_tokens,
            cache_read_tokens: self.cache_read_input_tokens.unwrap_or_default(),
            thinking_tokens: self.output_tokens_details.and_then(|details| details.thinking_tokens),
        }
    }
}

/// What an event did to an answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// The model has begun to answer: its prompt is read, and cached where asked.
    Begun,
    /// This text was added at the end.
    Text(String),
    /// The answer is complete.
    Ended,
    /// The server gave up.
    Failed(Box<Refusal>),
    /// Nothing to tell.
    Other,
}

/// An event that should be understood and is not.
#[derive(Debug, thiserror::Error)]
#[error("an event of the stream could not be read: {0}")]
pub struct BadEvent(#[from] serde_json::Error);

/// An answer that is being received.
#[derive(Debug, Default)]
pub struct Receiving {
    pub model: String,
    pub text: String,
    pub stop_reason: Option<StopReason>,
    counts: Option<UsageCounts>,
}

impl From<WholeMessage> for Receiving {
    fn from(whole: WholeMessage) -> Self {
        let mut receiving = Self::default();
        receiving.begin(whole.message);
        receiving
    }
}

impl Receiving {
    /// The answer that a whole message is, from its JSON.
    pub fn whole(body: &[u8]) -> Result<Self, BadEvent> {
        Ok(serde_json::from_slice::<WholeMessage>(body)?.into())
    }

    /// Takes the data of one event.
    pub fn take(&mut self, data: &str) -> Result<Step, BadEvent> {
        Ok(match serde_json::from_str(data)? {
            StreamEvent::MessageStart { message } => {
                self.begin(message);
                Step::Begun
            }
            StreamEvent::ContentBlockStart { content_block: Block::Text { text } }
            | StreamEvent::ContentBlockDelta { delta: Delta::TextDelta { text } }
                if !text.is_empty() =>
            {
                self.text.push_str(&text);
                Step::Text(text)
            }
            StreamEvent::MessageDelta { delta, usage } => {
                self.stop_reason = delta.stop_reason.or(self.stop_reason.take());
                self.count(usage);
                Step::Other
            }
            StreamEvent::MessageStop => Step::Ended,
            StreamEvent::Error => Step::Failed(Box::new(Refusal::from_body(200, data.as_bytes()))),
            StreamEvent::ContentBlockStart { .. } | StreamEvent::ContentBlockDelta { .. } | StreamEvent::Other => {
                Step::Other
            }
        })
    }

    /// What has been consumed so far, where the server has said so.
    pub fn usage(&self) -> Option<Usage> {
        self.counts.map(UsageCounts::usage)
    }

    fn begin(&mut self, message: Message) {
        self.model = message.model;
        self.stop_reason = message.stop_reason;
        self.count(message.usage);
        for block in message.content {
            if let Block::Text { text } = block {
                self.text.push_str(&text);
            }
        }
    }

    fn count(&mut self, later: Option<UsageCounts>) {
        if let Some(later) = later {
            self.counts = Some(self.counts.unwrap_or_default().replaced_by(later));
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_becomes_an_answer() {
        let mut receiving = Receiving::default();
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
        let steps: Vec<Step> = events.iter().map(|data| receiving.take(data).unwrap()).collect();
        assert_eq!((steps.first(), steps.last()), (Some(&Step::Begun), Some(&Step::Ended)));
        assert_eq!(receiving.text, "{\"marks\":[]}");
        assert_eq!(receiving.stop_reason, Some(StopReason::EndTurn));
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
        let body = br#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[
            {"type":"thinking","thinking":"hm"},{"type":"text","text":"{}"}],"stop_reason":"max_tokens",
            "usage":{"input_tokens":7,"output_tokens":2,"cache_creation_input_tokens":3}}"#;
        let receiving = Receiving::whole(body).unwrap();
        assert_eq!((receiving.text.as_str(), receiving.stop_reason.clone()), ("{}", Some(StopReason::MaxTokens)));
        let usage = receiving.usage().unwrap();
        assert_eq!((usage.prompt_tokens(), usage.cache_write_5m_tokens), (10, 3));
        Receiving::whole(b"{\"ok\":true}").unwrap_err();
    }

    #[test]
    fn an_error_within_a_stream() {
        let data =
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#;
        let Step::Failed(refusal) = Receiving::default().take(data).unwrap() else { panic!("no failure") };
        assert_eq!((refusal.status, refusal.error_type.as_deref()), (200, Some("overloaded_error")));
        Receiving::default().take("{").unwrap_err();
    }
}
