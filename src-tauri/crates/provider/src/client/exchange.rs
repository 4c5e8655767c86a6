//! One request and its answer over one connection: a stream of events, or the whole message from servers that do not
//! stream.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::ACCEPT;
use tokio::time::{Instant, timeout};

use super::http::{kind, upload_time, with_json};
use super::{Client, Partial, Progress, SendError};
use crate::refusal::{RateLimits, Refusal};
use crate::request::{Reply, Request};
use crate::sse;
use crate::wire::anthropic::{Receiving, Step};

/// The longest answer that is read, in bytes: far beyond any output maximum, and short of filling the memory.
const BODY_LIMIT: usize = 32 << 20;
/// How long the end of a connection's answer is waited for once the answer itself is complete.
const REMAINDER_TIMEOUT: Duration = Duration::from_secs(1);

/// What is to be known about an answer besides what it says.
pub(super) struct Received {
    pub request_id: Option<String>,
    pub rate_limits: RateLimits,
    pub first_byte_at: Instant,
    pub ended_at: Instant,
}

impl Client {
    pub(super) async fn exchange(
        &self,
        request: &Request,
        began: Instant,
        receiving: &mut Receiving,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<Received, SendError> {
        let pieces = request.pieces(&self.model_prefix, Reply::Streamed);
        let sending = self.request(Method::POST, self.server.endpoint("v1/messages"));
        let sending = with_json(sending.header(ACCEPT, "text/event-stream"), pieces);
        let mut response = self.open(sending, upload_time(request.byte_count() as u64)).await?;
        let is_stream = !kind(&response).starts_with("application/json");
        let request_id = response.headers().get("request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        let rate_limits = RateLimits::read(response.headers());
        on_progress(Progress::Accepted { rate_limits: &rate_limits });

        let mut first_byte_at = began;
        let (mut parser, mut whole, mut byte_count) = (sse::Parser::default(), Vec::new(), 0);
        let mut has_ended = false;
        while !has_ended {
            let Some(chunk) = self.next_piece(&mut response).await? else { break };
            if byte_count == 0 {
                first_byte_at = Instant::now();
            }
            byte_count += chunk.len();
            if byte_count > BODY_LIMIT {
                return Err(self.malformed("the answer is endless"));
            }
            if is_stream {
                has_ended = self.take_events(parser.push(&chunk), receiving, on_progress)?;
            } else {
                whole.extend_from_slice(&chunk);
            }
        }
        let ended_at = Instant::now();
        if !is_stream {
            *receiving = Receiving::whole(&whole).map_err(|error| self.malformed(&error.to_string()))?;
        } else if !has_ended {
            let detail = format!("the answer broke off, {} bytes into an event", parser.pending_bytes());
            return Err(SendError::Lost { detail, partial: Partial::default() });
        } else {
            // A connection whose answer was read to its very end serves the next request, too.
            let _ = timeout(REMAINDER_TIMEOUT, response.chunk()).await;
        }
        Ok(Received { request_id, rate_limits, first_byte_at, ended_at })
    }

    /// Returns whether the answer has ended.
    fn take_events(
        &self,
        events: Vec<sse::Event>,
        receiving: &mut Receiving,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<bool, SendError> {
        for event in events {
            let step = match event.name.as_str() {
                // Servers agree on the name of this one, and less on its form.
                "error" => Ok(Step::Failed(Box::new(Refusal::from_body(200, event.data.as_bytes())))),
                _ => receiving.take(&event.data),
            };
            match step {
                Ok(Step::Begun) => on_progress(Progress::Begun { usage: receiving.usage() }),
                Ok(Step::Text(text)) => on_progress(Progress::Text(&text)),
                Ok(Step::Ended) => return Ok(true),
                Ok(Step::Failed(refusal)) => {
                    return Err(SendError::BrokenOff {
                        refusal: Box::new(refusal.presentable(|text| self.redacted(text))),
                        partial: Partial::default(),
                    });
                }
                Ok(Step::Other) => {}
                // Gateways send events of their own, which need not even be JSON.
                Err(_) if !is_known(&event.name) => {}
                Err(error) => return Err(self.malformed(&error.to_string())),
            }
        }
        Ok(false)
    }
}

fn is_known(event: &str) -> bool {
    matches!(
        event,
        "message_start"
            | "content_block_start"
            | "content_block_delta"
            | "content_block_stop"
            | "message_delta"
            | "message_stop"
    )
}
