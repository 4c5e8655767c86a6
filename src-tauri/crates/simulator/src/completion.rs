//! A request carried out: what was asked, what there is to say and what it costs, before any of it is sent or billed.

use crate::answer::{Answer, Spoiling};
use crate::digest::Digest;
use crate::eyes::Eyes;
use crate::ledger::{Delivery, Entry};
use crate::sse::Message;
use crate::usage::{Price, Tier, Usage};
use crate::validation::Asked;

/// What was asked and what there is to say.
#[derive(Debug)]
pub(crate) struct Completion {
    pub(crate) asked: Asked,
    pub(crate) answer: Answer,
    pub(crate) usage: Usage,
    pub(crate) price: Price,
}

impl Completion {
    /// Looks at the picture and writes the answer, which takes a while with open eyes. `prompt` is what the prompt used.
    pub(crate) fn of(asked: Asked, eyes: Eyes, prompt: Usage, price: Price, spoiling: Option<Spoiling>) -> Self {
        let sightings = asked.picture.as_ref().map(|picture| eyes.look(picture)).unwrap_or_default();
        let answer = Answer::to(&asked, &sightings, spoiling);
        let usage = Usage { output_tokens: answer.output_tokens, thinking_tokens: answer.thinking_tokens, ..prompt };
        Self { asked, answer, usage, price }
    }

    /// The message as a client reads it.
    pub(crate) fn message<'a>(&'a self, id: &'a str) -> Message<'a> {
        Message { id, model: self.asked.model.id, answer: &self.answer, usage: self.usage, price: self.price }
    }

    /// What the ledger says of it, before it is delivered.
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
