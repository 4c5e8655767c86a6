//! What came in place of an answer, as people are shown it: status, content type, the first characters.

use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};

/// Bytes of a body that are kept, many times what is shown: a key at the end of what is shown must be whole to be found.
const KEPT_BYTES: usize = 16 << 10;
/// Characters of a body that are shown.
const SHOWN_CHARS: usize = 120;
/// Characters of a header that are shown.
const HEADER_CHARS: usize = 60;

/// The head of a response and the beginning of its body.
#[derive(Debug)]
pub(crate) struct Glimpse {
    status: u16,
    content_type: Option<String>,
    /// Of a body that was not decoded.
    encoding: Option<String>,
    beginning: Vec<u8>,
}

impl Glimpse {
    pub fn of(response: &Response) -> Self {
        let header = |name: HeaderName| {
            let value = String::from_utf8_lossy(response.headers().get(name)?.as_bytes()).into_owned();
            (!value.trim().is_empty()).then_some(value)
        };
        Self {
            status: response.status().as_u16(),
            content_type: header(CONTENT_TYPE),
            encoding: header(CONTENT_ENCODING),
            beginning: Vec::new(),
        }
    }

    /// Takes the next bytes of the body.
    pub fn add(&mut self, bytes: &[u8]) {
        let room = KEPT_BYTES - self.beginning.len();
        self.beginning.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// `why` the answer cannot be read, with what came. `redact` takes the key out.
    pub fn explain(&self, why: &str, redact: impl Fn(&str) -> String) -> String {
        let escaped = |text: &str, most: usize| {
            let shown: String = redact(text).trim().chars().take(most).collect();
            shown.escape_debug().to_string()
        };
        let header = |header: &Option<String>| header.as_deref().map(|value| escaped(value, HEADER_CHARS));
        let kind = header(&self.content_type).unwrap_or_else(|| "no content type".to_owned());
        let encoding = header(&self.encoding).map(|encoding| format!(", encoded as {encoding}")).unwrap_or_default();
        let beginning = escaped(&String::from_utf8_lossy(&self.beginning), SHOWN_CHARS);
        let body = match (beginning.is_empty(), why.is_empty()) {
            (false, _) => format!(", beginning with \"{beginning}\""),
            (true, true) => ", an empty body".to_owned(),
            // What came may be what could not be decoded.
            (true, false) => String::new(),
        };
        let told = format!("status {}, {kind}{encoding}{body}", self.status);
        if why.is_empty() { told } else { format!("{why}; {told}") }
    }
}
