//! Writes lists in JSON files item by item.

use std::io::{self, Write};

use serde::Serialize;

/// The content of a JSON array, one item per line.
#[derive(Default)]
pub struct Items {
    pub count: u64,
}

impl Items {
    pub fn write(&mut self, out: &mut dyn Write, item: &impl Serialize) -> io::Result<()> {
        self.next(out)?;
        Ok(serde_json::to_writer(out, item)?)
    }

    /// An entry of a JSON object.
    pub fn write_entry(&mut self, out: &mut dyn Write, key: &str, item: &impl Serialize) -> io::Result<()> {
        self.next(out)?;
        serde_json::to_writer(&mut *out, key)?;
        out.write_all(b": ")?;
        Ok(serde_json::to_writer(out, item)?)
    }

    fn next(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.count == 0 { b"\n" } else { b",\n" })?;
        self.count += 1;
        Ok(())
    }
}
