//! Gemini's `generateContent` as of 2026-11-23: responses, and how a stream becomes an answer. Source: the vendor's API
//! reference and its SDK.
//!
//! An answer is paid for when it arrives, so only its text is required: unknown fields are ignored, and unreadable
//! counts are treated as not reported. Thoughts are no part of the text.

use domain::usage::Usage;
use serde::Deserialize;

use crate::answer::FinishReason;
use crate::exchange::common::{ArrivingText, DONE, first, has_error, is_filler};
use crate::exchange::{self, BadEvent, ReceivedText, Receiving as _, StreamEvent};
use crate::gemini::refusal;
use crate::json::{Count, Object, lenient};
use crate::refusal::Refusal;
use crate::sse;

/// An answer that is being received.
#[derive(Debug, Default)]
pub struct ReceivingContent {
    /// Empty if the server does not report it.
    model: String,
    text: ArrivingText,
    stop_reason: Option<FinishReason>,
    usage: Option<Usage>,
    /// Whether the usage was reported with the stop reason or later. Earlier reports are counts so far.
    is_usage_whole: bool,
    has_begun: bool,
}

impl exchange::Receiving for ReceivingContent {
    fn whole(message: &Object<'_>) -> Result<Self, BadEvent> {
        let mut receiving = Self::default();
        receiving.add(message);
        receiving.is_usage_whole = true;
        let is_answer = !message.objects("candidates").is_empty() || block_reason(message).is_some();
        if is_answer && !has_error(message) { Ok(receiving) } else { Err(BadEvent::NoMessage) }
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
        Ok(self.add(&chunk))
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
        self.usage.filter(|usage| self.is_usage_whole && (usage.output_tokens > 0 || self.text.is_empty()))
    }

    fn usage_so_far(&self) -> Option<Usage> {
        self.usage
    }

    fn into_text(self) -> ReceivedText {
        ReceivedText { model: self.model, text: self.text.into_string(), stop_reason: self.stop_reason }
    }
}

impl ReceivingContent {
    fn add(&mut self, chunk: &Object<'_>) -> StreamEvent {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        if let Some(model) = chunk.name("modelVersion").filter(|model| !model.is_empty()) {
            self.model = model;
        }
        let mut added = String::new();
        if let Some(candidate) = first(chunk.objects("candidates")) {
            let parts = candidate.object("content").map(|content| content.objects("parts")).unwrap_or_default();
            for part in parts.iter().filter(|part| part.raw("thought") != Some("true")) {
                added += &self.text.add(part.text("text"));
            }
            if let Some(reason) = candidate.name("finishReason").and_then(finish_reason) {
                self.stop_reason = Some(reason);
            }
        }
        if block_reason(chunk).is_some() {
            self.stop_reason = Some(FinishReason::Refusal);
        }
        if let Some(usage) = chunk.object("usageMetadata") {
            // Each report replaces the one before, also if it cannot be read: a partial one is not the whole. One that
            // counts no output says nothing new.
            let reported = usage_of(&usage, self.usage);
            if reported != self.usage || self.usage.is_none() {
                self.is_usage_whole = self.has_stopped();
            }
            self.usage = reported;
        }
        match added {
            added if !added.is_empty() => StreamEvent::Text(added),
            _ if is_first => StreamEvent::Begun,
            _ => StreamEvent::Other,
        }
    }
}

/// Why the prompt was not answered at all.
fn block_reason(chunk: &Object<'_>) -> Option<String> {
    let reason = chunk.object("promptFeedback")?.name("blockReason")?;
    let is_reason = !reason.is_empty() && !is_unspecified(&reason);
    is_reason.then_some(reason)
}

fn is_unspecified(name: &str) -> bool {
    name.to_uppercase().ends_with("_UNSPECIFIED")
}

/// `None` if the model has not stopped.
fn finish_reason(reason: String) -> Option<FinishReason> {
    Some(match reason.to_uppercase().as_str() {
        "" => return None,
        name if is_unspecified(name) => return None,
        "STOP" => FinishReason::EndTurn,
        "MAX_TOKENS" => FinishReason::MaxTokens,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR" => FinishReason::Refusal,
        _ => FinishReason::Other(reason),
    })
}

/// `None` if a count that determines the price is unreadable, or if the prompt has no tokens although a picture was sent.
/// A count of zero is absent: that of an `earlier` report holds.
fn usage_of(usage: &Object<'_>, earlier: Option<Usage>) -> Option<Usage> {
    let count = |key: &str| match usage.count(key) {
        Count::Unreadable => None,
        count => Some(count.known().unwrap_or(0)),
    };
    let earlier = earlier.unwrap_or_default();
    let or_earlier = |count: u64, earlier: u64| if count > 0 { count } else { earlier };
    let prompt = or_earlier(count("promptTokenCount")?, earlier.prompt_tokens());
    if prompt == 0 {
        return None;
    }
    let cached = or_earlier(count("cachedContentTokenCount")?, earlier.cache_read_tokens).min(prompt);
    let (candidates, thoughts) = (count("candidatesTokenCount")?, count("thoughtsTokenCount")?);
    let answer = match (candidates, thoughts) {
        (0, thoughts) => thoughts,
        (candidates, 0) => candidates.saturating_add(earlier.thinking_tokens.unwrap_or(0)),
        (candidates, thoughts) => candidates.saturating_add(thoughts),
    };
    let total = usage.count("totalTokenCount").known().unwrap_or(0);
    Some(Usage {
        input_tokens: prompt - cached,
        output_tokens: or_earlier(answer.max(total.saturating_sub(prompt)), earlier.output_tokens),
        cache_read_tokens: cached,
        thinking_tokens: usage.count("thoughtsTokenCount").known().or(earlier.thinking_tokens),
        ..Usage::default()
    })
}

/// A page of `GET /v1beta/models`.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct GeminiModelPage {
    pub models: Vec<GeminiModelEntry>,
    #[serde(default, deserialize_with = "lenient")]
    pub next_page_token: Option<String>,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct GeminiModelEntry {
    /// With its collection: `models/gemini-3.8-flash`.
    pub name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub supported_generation_methods: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(data: &[&str]) -> (ReceivingContent, Vec<StreamEvent>) {
        let mut receiving = ReceivingContent::default();
        let event = |data: &&str| sse::Event { name: String::new(), data: (*data).to_owned() };
        let steps = data.iter().map(|data| receiving.take(&event(data)).unwrap()).collect();
        receiving.end();
        (receiving, steps)
    }

    #[test]
    fn a_stream_becomes_an_answer() {
        let (receiving, steps) = received(&[
            r#"{"candidates":[{"content":{"parts":[{"thought":true,"text":"hm"}],"role":"model"},"index":0,
                "finishReason":"FINISH_REASON_UNSPECIFIED"}],"usageMetadata":{"promptTokenCount":1600,
                "totalTokenCount":1600},"promptFeedback":{"blockReason":"BLOCKED_REASON_UNSPECIFIED"},
                "modelVersion":"gemini-3.8-flash-001","responseId":"r"}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"{\"marks\""},{"text":":[]"}]}},
                {"content":{"parts":[{"text":"another"}]},"index":1}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"functionCall":{}},{"text":"} \ud83d"}]}}],
                "usageMetadata":{"promptTokenCount":1600,"candidatesTokenCount":5}}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"\ude00","thought":false}]},"finishReason":"stop"}],
                "usageMetadata":{"promptTokenCount":1600,"candidatesTokenCount":"30","thoughtsTokenCount":60,
                "cachedContentTokenCount":1024,"totalTokenCount":1690,"promptTokensDetails":null}}"#,
        ]);
        assert_eq!((steps.first(), steps.len()), (Some(&StreamEvent::Begun), 4));
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
        assert_eq!((message.text.as_str(), message.model.as_str()), ("{\"marks\":[]} 😀", "gemini-3.8-flash-001"));
        assert_eq!(message.stop_reason, Some(FinishReason::EndTurn));
    }

    #[test]
    fn a_whole_answer() {
        let body = r#"{"candidates":[{"finishReason":"MAX_TOKENS","content":{"parts":[{"text":"{}"}]}}],
            "usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":2}}"#;
        let whole = ReceivingContent::whole(&Object::parse(body).unwrap()).unwrap();
        assert_eq!(whole.usage().map(|usage| (usage.input_tokens, usage.output_tokens)), Some((7, 2)));
        assert_eq!(whole.into_text().stop_reason, Some(FinishReason::MaxTokens));
        for other in ["{\"ok\":true}", "{\"candidates\":[]}", "{\"error\":{\"message\":\"no\"},\"candidates\":[{}]}"] {
            ReceivingContent::whole(&Object::parse(other).unwrap()).unwrap_err();
        }
    }

    #[test]
    fn a_refusal_is_not_an_answer() {
        for last in [
            r#"{"candidates":[{"finishReason":"SAFETY"}]}"#,
            r#"{"candidates":[{"finishReason":"RECITATION","content":{"parts":[{"text":"{"}]}}]}"#,
            r#"{"candidates":[{"finishReason":"prohibited_content"}]}"#,
            r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":9}}"#,
        ] {
            let message = received(&[last]).0.into_text();
            assert_eq!(message.stop_reason, Some(FinishReason::Refusal), "{last}");
            assert!(ReceivingContent::whole(&Object::parse(last).unwrap()).is_ok(), "{last}");
        }
        let other = received(&[r#"{"candidates":[{"finishReason":"MALFORMED_RESPONSE"}]}"#]).0.into_text();
        assert_eq!(other.stop_reason, Some(FinishReason::Other("MALFORMED_RESPONSE".into())));
    }

    #[test]
    fn usage_is_that_of_the_whole_answer() {
        let stopped = r#"{"candidates":[{"finishReason":"STOP","content":{"parts":[{"text":"x"}]}}]}"#;
        let usage = |usage: &str| format!(r#"{{"usageMetadata":{usage}}}"#);
        let so_far = usage(r#"{"promptTokenCount":9,"candidatesTokenCount":1}"#);
        let (receiving, _) = received(&[&so_far, stopped]);
        assert_eq!((receiving.usage(), receiving.usage_so_far().is_some()), (None, true));
        // Some gateways send the usage as an event of its own.
        let (receiving, _) = received(&[stopped, &so_far]);
        assert_eq!(receiving.usage().map(|usage| usage.output_tokens), Some(1));
        for unreadable in [
            "{}",
            r#"{"promptTokenCount":0,"candidatesTokenCount":1}"#,
            r#"{"promptTokenCount":9}"#,
            r#"{"promptTokenCount":9,"candidatesTokenCount":"x"}"#,
            r#"{"promptTokenCount":9,"candidatesTokenCount":1,"thoughtsTokenCount":-1}"#,
            r#"{"promptTokenCount":9,"candidatesTokenCount":1,"cachedContentTokenCount":{}}"#,
        ] {
            assert_eq!(received(&[stopped, &usage(unreadable)]).0.usage(), None, "{unreadable}");
        }
        // Counts of an earlier report hold where a later one has none.
        let counted = r#"{"promptTokenCount":1000,"candidatesTokenCount":50,"thoughtsTokenCount":7,
            "cachedContentTokenCount":600}"#;
        let [counted, whole] = [usage(counted), usage(r#"{"candidatesTokenCount":90}"#)];
        let later = |last: &str| received(&[&counted, stopped, last]).0.usage();
        let expected = Usage {
            input_tokens: 400,
            output_tokens: 97,
            cache_read_tokens: 600,
            thinking_tokens: Some(7),
            ..Usage::default()
        };
        assert_eq!(later(&whole), Some(expected));
        let zero = usage(r#"{"promptTokenCount":0,"candidatesTokenCount":0,"totalTokenCount":0}"#);
        assert_eq!(received(&[stopped, &counted, &zero]).0.usage().map(|usage| usage.output_tokens), Some(57));
        let thoughts = usage(r#"{"promptTokenCount":9,"thoughtsTokenCount":8192}"#);
        let only_thoughts = received(&[r#"{"candidates":[{"finishReason":"MAX_TOKENS"}]}"#, &thoughts]).0.usage();
        assert_eq!(only_thoughts.map(|usage| usage.output_tokens), Some(8192));
        assert_eq!(later(&zero), None, "the counts before the end are not those of the whole answer");
        // Thoughts that only the total counts, and more cached than the prompt has.
        let total = usage(
            r#"{"promptTokenCount":1000,"candidatesTokenCount":50,"totalTokenCount":3050,
            "cachedContentTokenCount":2000}"#,
        );
        let counted = received(&[stopped, &total]).0.usage().unwrap();
        assert_eq!((counted.input_tokens, counted.cache_read_tokens, counted.output_tokens), (0, 1000, 2050));
    }

    #[test]
    fn an_error_within_a_stream() {
        let (_, steps) = received(&[r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#]);
        let [StreamEvent::Failed(refusal)] = &steps[..] else { panic!("no failure") };
        assert_eq!((refusal.status, refusal.error_type.as_deref()), (200, Some("UNAVAILABLE")));
    }
}
