//! The body of an answer while it is sent: its pieces at their pace, the fault that interrupts it, and the receipt that
//! records the end in the ledger. A client that disconnects drops the body.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::sync::OwnedSemaphorePermit;

use crate::faults::Interruption;
use crate::ledger::Receipt;
use crate::reply::{ReplyBody, reset};
use crate::witness::{Stalled, Witness};

/// An answer being sent.
pub(crate) struct Playback {
    pub(crate) request_id: String,
    pub(crate) pieces: VecDeque<Bytes>,
    pub(crate) between_pieces: Duration,
    /// After how many pieces the answer is interrupted, and how.
    pub(crate) interruption: Option<(usize, Interruption)>,
    /// What keeps the connection of a stream open.
    pub(crate) ping: Bytes,
    /// The `error` event of a stream that fails.
    pub(crate) error_event: Bytes,
    pub(crate) sent: usize,
    pub(crate) receipt: Receipt,
    pub(crate) witness: Witness,
    /// A place among the answers in progress, released when the body is dropped.
    #[expect(dead_code, reason = "held to be dropped")]
    pub(crate) place: Option<OwnedSemaphorePermit>,
    /// Held from the moment the answer stalls.
    pub(crate) stalled: Option<Stalled>,
}

impl Playback {
    pub(crate) fn into_body(self) -> ReplyBody {
        let frames = stream::unfold(self, |mut playback| async move {
            let piece = playback.next().await?;
            Some((piece.map(Frame::data), playback))
        });
        StreamBody::new(frames).boxed_unsync()
    }

    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let is_first = self.sent == 0;
        self.sent += 1;
        if let Some((after, how)) = self.interruption
            && self.sent > after
        {
            return match how {
                Interruption::Stall => {
                    self.stalled = Some(self.witness.watch(&self.request_id, Instant::now()));
                    std::future::pending().await
                }
                Interruption::Pings(every) => {
                    tokio::time::sleep(every).await;
                    Some(Ok(self.ping.clone()))
                }
                Interruption::End => None,
                Interruption::Break => {
                    // The bytes sent before must leave the buffers first, or the client would receive none of them.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Some(Err(reset()))
                }
                Interruption::Error => {
                    self.interruption = Some((0, Interruption::End));
                    Some(Ok(self.error_event.clone()))
                }
            };
        }
        let Some(piece) = self.pieces.pop_front() else {
            self.receipt.delivered(Instant::now());
            return None;
        };
        if !is_first && !self.between_pieces.is_zero() {
            tokio::time::sleep(self.between_pieces).await;
        }
        Some(Ok(piece))
    }
}

/// The same bytes in pieces of at most `bytes`.
pub(crate) fn dripping(pieces: Vec<Bytes>, bytes: usize) -> Vec<Bytes> {
    let drops = pieces.into_iter().flat_map(|mut piece| {
        std::iter::from_fn(move || (!piece.is_empty()).then(|| piece.split_to(bytes.min(piece.len()))))
    });
    drops.collect()
}
