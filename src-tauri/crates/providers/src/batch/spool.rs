//! Writes a batch item by item, so that it is never held in memory as a whole.

use std::io::{Error, ErrorKind, Result, Write};

use bytes::Bytes;

use super::{BatchWriter, Pushed, is_custom_id};
use crate::error::RequestError;
use crate::request::Request;

/// What surrounds the items of a batch, and how much the vendor accepts.
#[derive(Debug, Clone, Copy)]
pub struct SpoolForm {
    pub begin: &'static str,
    pub separator: &'static str,
    pub end: &'static str,
    /// The vendor's maximum number of requests per batch.
    pub item_limit: usize,
    /// The vendor's maximum batch size in bytes.
    pub byte_limit: u64,
}

impl SpoolForm {
    /// One JSON object per line.
    pub const fn json_lines(item_limit: usize, byte_limit: u64) -> Self {
        Self { begin: "", separator: "\n", end: "\n", item_limit, byte_limit }
    }
}

/// The end of every item.
const ITEM_END: &str = "}";

/// An item: a JSON object up to the request in it, and the request.
pub type SpoolItem = (String, Vec<Bytes>);

/// Writes an item for a custom id.
type WriteItem = Box<dyn Fn(&str, &Request) -> std::result::Result<SpoolItem, RequestError> + Send>;

/// Writes the body of a batch.
pub struct SpoolWriter<W> {
    spool: W,
    form: SpoolForm,
    byte_limit: u64,
    write_item: WriteItem,
    byte_count: u64,
    item_count: usize,
}

impl<W: Write> SpoolWriter<W> {
    /// Begins a batch of at most `byte_limit` bytes, or the vendor's limit if that is less.
    pub fn new(
        mut spool: W,
        form: SpoolForm,
        byte_limit: u64,
        write_item: impl Fn(&str, &Request) -> std::result::Result<SpoolItem, RequestError> + Send + 'static,
    ) -> Result<Self> {
        spool.write_all(form.begin.as_bytes())?;
        Ok(Self {
            spool,
            form,
            byte_limit: byte_limit.min(form.byte_limit),
            write_item: Box::new(write_item),
            byte_count: (form.begin.len() + form.end.len()) as u64,
            item_count: 0,
        })
    }

    /// As [`BatchWriter::push`].
    pub fn push_request(&mut self, custom_id: &str, request: &Request) -> Result<Pushed> {
        if !is_custom_id(custom_id) {
            return Err(Error::new(ErrorKind::InvalidInput, format!("{custom_id:?} cannot name a request in a batch")));
        }
        let item = (self.write_item)(custom_id, request);
        let (head, request) = item.map_err(|error| Error::new(ErrorKind::InvalidInput, error))?;
        let separator = if self.item_count == 0 { "" } else { self.form.separator };
        let before = [separator.as_bytes(), head.as_bytes()].into_iter();
        let pieces = || before.clone().chain(request.iter().map(|piece| &**piece)).chain([ITEM_END.as_bytes()]);
        let byte_count = self.byte_count + pieces().map(|piece| piece.len() as u64).sum::<u64>();
        if self.item_count >= self.form.item_limit || byte_count > self.byte_limit {
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
        self.spool.write_all(self.form.end.as_bytes())?;
        self.spool.flush()?;
        Ok(self.spool)
    }
}

impl<W: Write + Send> BatchWriter for SpoolWriter<W> {
    fn push(&mut self, custom_id: &str, request: &Request) -> Result<Pushed> {
        self.push_request(custom_id, request)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.ended().map(drop)
    }
}

#[cfg(test)]
pub mod tests {
    //! Tests for the writer of any vendor.

    use serde_json::Value;

    use super::*;

    /// The items of three requests in a writer that `new` makes for a limit in bytes; checks the limits and the names.
    pub fn check_writer(request: &Request, new: impl Fn(u64) -> SpoolWriter<Vec<u8>>) -> Vec<Value> {
        let ids = ["image-1", "image-2", "image-3"];
        let items = |written: &[u8]| -> Vec<Value> {
            let text = std::str::from_utf8(written).unwrap();
            match serde_json::from_str::<Value>(text) {
                Ok(Value::Object(whole)) if whole.contains_key("requests") => {
                    whole["requests"].as_array().unwrap().clone()
                }
                _ => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            }
        };
        let mut writer = new(u64::MAX);
        let vendor_limit = writer.form.byte_limit;
        for id in ids {
            assert_eq!(writer.push(id, request).unwrap(), Pushed::Taken);
        }
        let full = writer.ended().unwrap();
        for (spare, expected) in [(0, Pushed::Taken), (-1, Pushed::Full)] {
            let limit = (full.len() as u64).checked_add_signed(spare).unwrap();
            let mut writer = new(limit);
            for id in &ids[..2] {
                assert_eq!(writer.push(id, request).unwrap(), Pushed::Taken);
            }
            assert_eq!(writer.push(ids[2], request).unwrap(), expected);
            let taken = writer.item_count;
            assert_eq!(items(&writer.ended().unwrap()).len(), taken);
        }
        assert_eq!(new(u64::MAX).byte_limit, vendor_limit);

        let mut writer = new(u64::MAX);
        writer.item_count = writer.form.item_limit - 1;
        assert_eq!(writer.push("last", request).unwrap(), Pushed::Taken);
        assert_eq!(writer.push("beyond", request).unwrap(), Pushed::Full);

        let mut writer = new(u64::MAX);
        for id in ["", "two words", "a.b", "é", "\"", &"x".repeat(65)] {
            assert_eq!(writer.push(id, request).unwrap_err().kind(), ErrorKind::InvalidInput, "{id}");
        }
        assert_eq!(writer.push(&"x".repeat(64), request).unwrap(), Pushed::Taken);
        assert_eq!(writer.push("Attempt_7-b", request).unwrap(), Pushed::Taken);
        assert_eq!(writer.item_count, 2);
        items(&full)
    }
}
