//! The body of a batch.

use std::io::{Result, Write};

use crate::anthropic::body::{Dialect, MessageBody};
use crate::batch::spool::{SpoolForm, SpoolWriter};
use crate::request::Reply;

/// One JSON object; at most 100,000 requests or 256 MB.
const FORM: SpoolForm =
    SpoolForm { begin: "{\"requests\":[", separator: ",", end: "]}", item_limit: 100_000, byte_limit: 256_000_000 };

/// Begins a batch. `dialect` must be [`Client::dialect`](super::super::client::Client::dialect) of the client that will
/// submit it, because the file is sent unchanged.
pub fn writer<W: Write>(spool: W, dialect: Dialect<'_>, byte_limit: u64) -> Result<SpoolWriter<W>> {
    let Dialect { model_prefix, sends_transformations } = dialect;
    let model_prefix = model_prefix.to_owned();
    SpoolWriter::new(spool, FORM, byte_limit, move |custom_id, request| {
        let dialect = Dialect { model_prefix: &model_prefix, sends_transformations };
        let params = MessageBody::of(request)?.pieces(dialect, Reply::InBatch);
        Ok((format!("{{\"custom_id\":\"{custom_id}\",\"params\":"), params.into()))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::anthropic::client::test_client::request;
    use crate::batch::spool::tests::check_writer;

    #[test]
    fn what_is_written_is_a_batch_within_its_limits() {
        let dialect = Dialect { model_prefix: "anthropic.", ..Dialect::default() };
        let requests = check_writer(&request(), |limit| writer(Vec::new(), dialect, limit).unwrap());
        let ids: Vec<&Value> = requests.iter().map(|item| &item["custom_id"]).collect();
        assert_eq!(ids, ["image-1", "image-2", "image-3"]);
        let params = requests[1]["params"].as_object().unwrap();
        assert_eq!((params.get("stream"), &params["model"]), (None, &json!("anthropic.claude-sonnet-5-5")));
        assert_eq!(params["messages"][0]["content"][0]["type"], "image");
    }
}
