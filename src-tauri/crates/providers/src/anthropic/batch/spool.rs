//! Writes a batch item by item, so that it is never held in memory as a whole.

use std::io::{Error, ErrorKind, Result, Write};

use crate::anthropic::body::{Dialect, MessageBody, Reply};
use crate::batch::{BatchWriter, Pushed, is_custom_id};
use crate::request::Request;

/// The vendor's maximum number of requests per batch.
const ITEM_LIMIT: usize = 100_000;
/// The vendor's maximum batch size in bytes: 256 MB.
const BYTE_LIMIT: u64 = 256_000_000;

const BEGIN: &[u8] = b"{\"requests\":[";
const END: &[u8] = b"]}";

/// Writes the body of a batch.
pub struct SpoolWriter<W> {
    spool: W,
    model_prefix: String,
    sends_transformations: bool,
    byte_limit: u64,
    byte_count: u64,
    item_count: usize,
}

impl<W: Write> SpoolWriter<W> {
    /// Begins a batch of at most `byte_limit` bytes, or [`BYTE_LIMIT`] if that is less. `dialect` must be
    /// [`Client::dialect`](super::super::client::Client::dialect) of the client that will submit the batch, because the
    /// file is sent unchanged.
    pub fn new(mut spool: W, dialect: Dialect<'_>, byte_limit: u64) -> Result<Self> {
        spool.write_all(BEGIN)?;
        Ok(Self {
            spool,
            model_prefix: dialect.model_prefix.to_owned(),
            sends_transformations: dialect.sends_transformations,
            byte_limit: byte_limit.min(BYTE_LIMIT),
            byte_count: (BEGIN.len() + END.len()) as u64,
            item_count: 0,
        })
    }

    /// As [`BatchWriter::push`].
    pub fn push_body(&mut self, custom_id: &str, body: &MessageBody) -> Result<Pushed> {
        if !is_custom_id(custom_id) {
            return Err(Error::new(ErrorKind::InvalidInput, format!("{custom_id:?} cannot name a request in a batch")));
        }
        let comma = if self.item_count == 0 { "" } else { "," };
        let begin = format!("{comma}{{\"custom_id\":\"{custom_id}\",\"params\":");
        let dialect = Dialect { model_prefix: &self.model_prefix, sends_transformations: self.sends_transformations };
        let request = body.pieces(dialect, Reply::InBatch);
        let pieces =
            || std::iter::once(begin.as_bytes()).chain(request.iter().map(|piece| &**piece)).chain([&b"}"[..]]);
        let byte_count = self.byte_count + pieces().map(|piece| piece.len() as u64).sum::<u64>();
        if self.item_count >= ITEM_LIMIT || byte_count > self.byte_limit {
            return Ok(Pushed::Full);
        }
        for piece in pieces() {
            self.spool.write_all(piece)?;
        }
        self.byte_count = byte_count;
        self.item_count += 1;
        Ok(Pushed::Taken)
    }

    /// Ends the batch and returns the flushed writer.
    pub fn ended(mut self) -> Result<W> {
        self.spool.write_all(END)?;
        self.spool.flush()?;
        Ok(self.spool)
    }
}

impl<W: Write + Send> BatchWriter for SpoolWriter<W> {
    fn push(&mut self, custom_id: &str, request: &Request) -> Result<Pushed> {
        let body = MessageBody::of(request).map_err(|error| Error::new(ErrorKind::InvalidInput, error))?;
        self.push_body(custom_id, body)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.ended().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::anthropic::client::test_client::request;

    #[test]
    fn what_is_written_is_a_batch_within_its_limit() {
        let full = {
            let mut writer =
                SpoolWriter::new(Vec::new(), Dialect { model_prefix: "anthropic.", ..Dialect::default() }, u64::MAX)
                    .unwrap();
            for id in ["image-1", "image-2", "image-3"] {
                assert_eq!(writer.push(id, &request()).unwrap(), Pushed::Taken);
            }
            writer.ended().unwrap()
        };
        let body: Value = serde_json::from_slice(&full).unwrap();
        let requests = body["requests"].as_array().unwrap();
        let ids: Vec<&Value> = requests.iter().map(|item| &item["custom_id"]).collect();
        assert_eq!(ids, ["image-1", "image-2", "image-3"]);
        let params = requests[1]["params"].as_object().unwrap();
        assert_eq!((params.get("stream"), &params["model"]), (None, &json!("anthropic.claude-sonnet-5-5")));
        assert_eq!(params["messages"][0]["content"][0]["type"], "image");

        for (spare, expected) in [(0, Pushed::Taken), (-1, Pushed::Full)] {
            let limit = (full.len() as u64).checked_add_signed(spare).unwrap();
            let mut writer =
                SpoolWriter::new(Vec::new(), Dialect { model_prefix: "anthropic.", ..Dialect::default() }, limit)
                    .unwrap();
            for id in ["image-1", "image-2"] {
                assert_eq!(writer.push(id, &request()).unwrap(), Pushed::Taken);
            }
            assert_eq!(writer.push("image-3", &request()).unwrap(), expected);
            let taken = writer.item_count;
            let written: Value = serde_json::from_slice(&writer.ended().unwrap()).unwrap();
            assert_eq!(written["requests"].as_array().unwrap().len(), taken);
        }
        assert_eq!(SpoolWriter::new(Vec::new(), Dialect::default(), u64::MAX).unwrap().byte_limit, BYTE_LIMIT);
    }

    #[test]
    fn a_batch_ends_at_the_vendor_s_count() {
        let mut writer = SpoolWriter::new(Vec::new(), Dialect::default(), u64::MAX).unwrap();
        writer.item_count = ITEM_LIMIT - 1;
        assert_eq!(writer.push("last", &request()).unwrap(), Pushed::Taken);
        assert_eq!(writer.push("beyond", &request()).unwrap(), Pushed::Full);
    }

    #[test]
    fn names_that_the_vendor_does_not_take_are_refused() {
        let mut writer = SpoolWriter::new(Vec::new(), Dialect::default(), BYTE_LIMIT).unwrap();
        for id in ["", "two words", "a.b", "é", "\"", &"x".repeat(65)] {
            assert_eq!(writer.push(id, &request()).unwrap_err().kind(), ErrorKind::InvalidInput, "{id}");
        }
        assert_eq!(writer.push(&"x".repeat(64), &request()).unwrap(), Pushed::Taken);
        assert_eq!(writer.push("Attempt_7-b", &request()).unwrap(), Pushed::Taken);
        assert_eq!(writer.item_count, 2);
    }
}
