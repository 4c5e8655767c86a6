//! A completed request: the question, the answer and its price, before any of it is sent or billed.

use crate::answer::{GeneratedAnswer, Spoiling};
use crate::digest::Digest;
use crate::eyes::Eyes;
use crate::ledger::{Delivery, Entry};
use crate::sse::Message;
use crate::usage::{PriceTerms, Tier, TokenUsage};
use crate::validation::ValidRequest;

/// A request with its answer, usage and price.
#[derive(Debug)]
pub(crate) struct CompletedRequest {
    pub(crate) asked: ValidRequest,
    pub(crate) answer: GeneratedAnswer,
    pub(crate) usage: TokenUsage,
    pub(crate) price: PriceTerms,
}

impl CompletedRequest {
    /// Looks at the picture and writes the answer; decoding the picture takes a while. `prompt` is the usage of the
    /// prompt.
    pub(crate) fn of(
        asked: ValidRequest,
        eyes: Eyes,
        prompt: TokenUsage,
        price: PriceTerms,
        spoiling: Option<Spoiling>,
    ) -> Self {
        let sightings = asked.picture.as_ref().map(|picture| eyes.look(picture)).unwrap_or_default();
        let answer = GeneratedAnswer::to(&asked, &sightings, spoiling);
        let usage =
            TokenUsage { output_tokens: answer.output_tokens, thinking_tokens: answer.thinking_tokens, ..prompt };
        Self { asked, answer, usage, price }
    }

    /// The message as sent to the client.
    pub(crate) fn message<'a>(&'a self, id: &'a str) -> Message<'a> {
        Message { id, model: self.asked.model.id, answer: &self.answer, usage: self.usage, price: self.price }
    }

    /// Its entry in the ledger, before delivery.
    pub(crate) fn entry(&self, request_id: &str, message_id: &str, arrived_millis: u64, digest: Digest) -> Entry {
        Entry {
            request_id: request_id.to_owned(),
            message_id: message_id.to_owned(),
            model: self.asked.model.id.to_owned(),
            usage: self.usage,
            pico_dollars: self.usage.pico_dollars(self.asked.model, self.price),
            stop_reason: self.answer.stop_reason.to_owned(),
            is_streamed: self.asked.is_streaming,
            is_batched: self.price.tier == Tier::Batch,
            picture: self.asked.picture.as_ref().map(|picture| picture.sent),
            arrived_millis,
            handed_over_millis: None,
            delivery: Delivery::Underway,
            digest,
        }
    }
}
