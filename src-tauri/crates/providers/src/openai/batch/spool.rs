//! The file of requests.

use std::io::{Result, Write};

use domain::settings::AnswerForm;

use crate::batch::spool::{SpoolForm, SpoolWriter};
use crate::openai::body::ChatBody;
use crate::request::Reply;

/// Where every request of a batch goes.
pub const ENDPOINT: &str = "/v1/chat/completions";

/// At most 50,000 requests or 200 MB.
const FORM: SpoolForm = SpoolForm::json_lines(50_000, 200_000_000);

/// Begins a batch for a server that puts `model_prefix` before the names of its models.
pub fn writer<W: Write>(spool: W, model_prefix: &str, byte_limit: u64) -> Result<SpoolWriter<W>> {
    let model_prefix = model_prefix.to_owned();
    SpoolWriter::new(spool, FORM, byte_limit, move |custom_id, request| {
        let body = ChatBody::of(request)?.pieces(&model_prefix, AnswerForm::JsonSchema, Reply::InBatch);
        let head = format!("{{\"custom_id\":\"{custom_id}\",\"method\":\"POST\",\"url\":\"{ENDPOINT}\",\"body\":");
        Ok((head, body.into()))
    })
}
