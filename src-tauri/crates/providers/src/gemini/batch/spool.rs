//! The requests of a batch: one per line in a file, or as a list in the body that creates the batch.

use std::io::{Result, Write};

use crate::batch::spool::{SpoolForm, SpoolWriter};
use crate::gemini::body::ContentBody;

/// At most 2 GB. A number of requests is not published; this is our own.
const FORM: SpoolForm = SpoolForm::json_lines(100_000, 2_000_000_000);

/// Begins a batch.
pub fn writer<W: Write>(spool: W, byte_limit: u64) -> Result<SpoolWriter<W>> {
    SpoolWriter::new(spool, FORM, byte_limit, |custom_id, request| {
        Ok((format!("{{\"key\":\"{custom_id}\",\"request\":"), ContentBody::of(request)?.pieces().into()))
    })
}

/// The lines of a file as a JSON list, in which an id is metadata of its request.
pub fn listed(lines: &[u8]) -> Vec<u8> {
    let mut list = Vec::with_capacity(lines.len() + lines.len() / 16);
    list.push(b'[');
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        // The first comma follows the id, which has none.
        let id_bytes = line.iter().position(|byte| *byte == b',').unwrap_or(line.len());
        let (id, request) = line.split_at(id_bytes);
        if list.len() > 1 {
            list.push(b',');
        }
        list.extend_from_slice(b"{\"metadata\":");
        list.extend_from_slice(id);
        list.push(b'}');
        list.extend_from_slice(request);
    }
    list.push(b']');
    list
}
