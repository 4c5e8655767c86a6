//! The interfaces that a simulator can have.

/// A server with OpenAI's interface that is not OpenAI's: it serves open models without a price, ignores parameters
/// that it does not know, and may enforce less than a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "differences between servers, independent of each other")]
pub struct LenientServer {
    /// Whether a request needs a key.
    pub needs_key: bool,
    /// Whether `response_format: json_schema` is refused.
    pub refuses_schemas: bool,
    /// Whether `response_format: json_object` is refused.
    pub refuses_json: bool,
    /// Whether answers lack their usage.
    pub hides_usage: bool,
}

/// The interface that a simulator offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// Anthropic's Messages API.
    #[default]
    Messages,
    /// OpenAI's chat completions, as strict as the vendor.
    Chat,
    /// Chat completions of another server.
    LenientChat(LenientServer),
    /// Google's Gemini API, as strict as the vendor.
    Gemini,
}

impl Protocol {
    /// What differs from the vendor; `None` at the vendor itself.
    pub(crate) fn lenience(self) -> Option<LenientServer> {
        match self {
            Self::LenientChat(lenience) => Some(lenience),
            Self::Messages | Self::Chat | Self::Gemini => None,
        }
    }
}
