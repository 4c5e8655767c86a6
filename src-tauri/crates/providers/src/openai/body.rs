//! The body of a request: built once, adapted to each server and to how it can be asked for JSON.

use std::sync::Arc;

use bytes::Bytes;
use domain::settings::AnswerForm;

use super::wire::request::{
    ChatOptions, LimitField, NamedSchema, ResponseFormat, StreamOptions, Streaming, SystemMessage,
};
use crate::error::RequestError;
use crate::prompt::Prompt;
use crate::request::{Reply, Request};

/// Name of the schema in requests.
const SCHEMA_NAME: &str = "annotations";
/// Precedes the schema where it is part of the prompt.
const SCHEMA_INTRODUCTION: &str =
    "\n# Form of the answer\nAnswer with JSON alone, without a code fence, that matches this JSON schema:\n";
const END: &[u8] = b"]}";

/// The body of a request.
pub struct ChatBody {
    pub prompt: Arc<Prompt>,
    pub output_limit: LimitField,
    /// The user's message as JSON, with the picture.
    pub user: Bytes,
}

impl ChatBody {
    /// The body of `request`.
    pub fn of(request: &Request) -> Result<&Self, RequestError> {
        let foreign = || RequestError::Unsendable { detail: "it was prepared for another provider".to_owned() };
        request.body().ok_or_else(foreign)
    }

    /// Size in bytes, without headers and the server's model prefix.
    pub fn byte_count(&self) -> usize {
        self.pieces("", AnswerForm::JsonObject, Reply::Streamed).iter().map(Bytes::len).sum()
    }

    /// The request as JSON in pieces. Those with pictures are shared, not copied.
    pub fn pieces(&self, model_prefix: &str, format: AnswerForm, reply: Reply) -> [Bytes; 4] {
        let Prompt { model, system, schema, examples } = &*self.prompt;
        let response_format = match format {
            AnswerForm::JsonSchema => Some(ResponseFormat::JsonSchema {
                json_schema: NamedSchema { name: SCHEMA_NAME, strict: true, schema },
            }),
            AnswerForm::JsonObject => Some(ResponseFormat::JsonObject),
            AnswerForm::Prompt => None,
        };
        let options = ChatOptions {
            model: &format!("{model_prefix}{}", model.id),
            stream: (reply == Reply::Streamed)
                .then_some(Streaming { stream: true, stream_options: StreamOptions { include_usage: true } }),
            output_limit: self.output_limit,
            reasoning_effort: model.takes_effort.then_some("low"),
            response_format,
        };
        let schema_text = match format {
            AnswerForm::JsonSchema => String::new(),
            _ => SCHEMA_INTRODUCTION.to_owned() + &self.prompt.schema_json() + "\n",
        };
        let system = SystemMessage { content: &(system.clone() + &schema_text) };
        let options = serde_json::to_string(&options).unwrap_or_default();
        let system = serde_json::to_string(&system).unwrap_or_default();
        // The options without their closing brace.
        let options = options.strip_suffix('}').unwrap_or_default();
        let head = format!("{options},\"messages\":[{system},");
        let examples = examples.messages.clone().unwrap_or_default();
        [Bytes::from(head), examples, self.user.clone(), Bytes::from_static(END)]
    }
}
