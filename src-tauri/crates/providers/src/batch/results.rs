//! Results of a batch: one JSON object per line, in any order. An unreadable line becomes a result that says so and does
//! not affect others.

use reqwest::RequestBuilder;
use std::time::Duration;

use super::{BatchAnswer, BatchEnd, BatchOutcome, BatchResult, Unreported};
use crate::answer::FinishReason;
use crate::error::RequestError;
use crate::exchange::Receiving;
use crate::http::{Glimpse, HttpClient, unreadable};
use crate::json::Object;
use crate::redaction::Redaction;

/// Longest line in bytes, far above any answer. Longer lines are truncated and then unreadable.
const LINE_LIMIT: usize = 32 << 20;

/// How a vendor writes a result.
#[derive(Debug, Clone, Copy)]
pub struct ResultForm {
    /// The id of its request.
    pub custom_id: fn(&Object<'_>) -> Option<String>,
    /// The result, or why it cannot be parsed. Texts must be redacted.
    pub outcome: fn(&Object<'_>, &Redaction) -> Result<BatchOutcome, String>,
}

impl ResultForm {
    /// Parses one line; `None` if empty. The key is redacted from its texts, because they may quote the request.
    pub fn read(&self, line: &[u8], redaction: &Redaction) -> Option<BatchResult> {
        if line.trim_ascii().is_empty() {
            return None;
        }
        let line = String::from_utf8_lossy(line);
        let unreadable = |detail: String| BatchOutcome::Unreadable { detail: redaction.of_failure(&detail) };
        Some(match Object::parse(&line) {
            Ok(result) => BatchResult {
                custom_id: (self.custom_id)(&result).map(|id| redaction.of_answer(&id)),
                outcome: (self.outcome)(&result, redaction).unwrap_or_else(unreadable),
            },
            Err(error) => BatchResult { custom_id: None, outcome: unreadable(error.to_string()) },
        })
    }

    /// Fetches results and passes them on one at a time, without a total time limit as long as data arrives. Returns how many
    /// there were, including unreadable ones; an empty file has none.
    ///
    /// # Errors
    ///
    /// If the connection breaks off, or if what arrived is something else.
    pub async fn fetch(
        &self,
        http: &HttpClient,
        request: RequestBuilder,
        on_result: &mut (dyn FnMut(BatchResult) + Send),
    ) -> Result<u64, RequestError> {
        let mut response = http.open(request, Duration::ZERO).await?;
        let mut glimpse = Glimpse::of(&response);
        let (mut lines, mut count, mut is_any_named) = (ResultLines::default(), 0, false);
        let mut pass_on = |line: &[u8]| {
            if let Some(result) = self.read(line, http.redaction()) {
                count += 1;
                is_any_named |= result.custom_id.is_some();
                on_result(result);
            }
        };
        while let Some(piece) = http.next_piece(&mut response).await.map_err(|error| http.shown(error, &glimpse))? {
            glimpse.add(&piece);
            for line in lines.push(&piece) {
                pass_on(&line);
            }
        }
        pass_on(&lines.rest());
        // These are not batch results; the batch's own can still be fetched.
        if is_any_named || count == 0 { Ok(count) } else { Err(http.shown(unreadable(""), &glimpse)) }
    }
}

/// What became of the requests without a result, in a batch that ended with `done` results by the server's count, of which
/// `count` have arrived.
///
/// # Errors
///
/// [`RequestError::Unreadable`] if results of a complete batch have not arrived. They can be read again.
pub fn unreported(end: Option<BatchEnd>, count: u64, done: u64) -> Result<Unreported, RequestError> {
    match end {
        Some(BatchEnd::Canceled) if count >= done => Ok(Unreported::Canceled),
        Some(BatchEnd::Expired) if count >= done => Ok(Unreported::Expired),
        Some(BatchEnd::Canceled | BatchEnd::Expired) => Ok(Unreported::Unknown),
        _ if count >= done.max(1) => Ok(Unreported::Unknown),
        _ => Err(unreadable(format!("the batch has ended with {done} results, but the server returned {count}"))),
    }
}

/// The answer in a result, which is a whole message of `R`.
pub fn answered<R: Receiving>(message: &Object<'_>, redaction: &Redaction) -> Result<BatchOutcome, String> {
    let received = R::whole(message).map_err(|error| error.to_string())?;
    let usage = received.usage();
    let message = received.into_text().redacted(|text| redaction.of_answer(text));
    Ok(BatchOutcome::Answered(BatchAnswer {
        usage,
        text: message.text,
        stop_reason: message.stop_reason.unwrap_or(FinishReason::Other(String::new())),
        model: message.model,
    }))
}

/// Splits bytes into lines, however they are chunked.
#[derive(Debug, Default)]
pub struct ResultLines {
    line: Vec<u8>,
}

impl ResultLines {
    /// Takes the next bytes and returns the lines that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut pieces = bytes.split(|byte| *byte == b'\n');
        // The last piece is the incomplete line; it may be empty.
        let last = pieces.next_back().unwrap_or_default();
        let mut lines = Vec::new();
        for piece in pieces {
            self.add(piece);
            lines.push(std::mem::take(&mut self.line));
        }
        self.add(last);
        lines
    }

    /// A last line without a line end.
    pub fn rest(self) -> Vec<u8> {
        self.line
    }

    fn add(&mut self, piece: &[u8]) {
        let room = LINE_LIMIT - self.line.len();
        self.line.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_line_does_not_fill_the_memory() {
        let mut lines = ResultLines::default();
        let piece = vec![b'x'; LINE_LIMIT / 2 + 1];
        for _ in 0..3 {
            assert_eq!(lines.push(&piece), Vec::<Vec<u8>>::new());
        }
        assert_eq!(lines.push(b"\n{").first().map(Vec::len), Some(LINE_LIMIT));
        assert_eq!(lines.rest(), b"{");
    }
}
