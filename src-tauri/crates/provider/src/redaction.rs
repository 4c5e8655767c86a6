//! Takes a key out of what a server sends back: servers and gateways repeat what they were sent, in messages, headers and
//! answers. The key is found as it is, and in the forms in which text carries it: JSON and HTML escapes, percent encoding,
//! base64 at any offset, and hexadecimal digits.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use regex::{NoExpand, Regex};
use zeroize::Zeroizing;

/// What stands in place of a key.
const REPLACEMENT: &str = "[key]";
/// Shorter keys, as servers on one's own machine take, are ordinary words: an answer may contain them by chance.
const SHORTEST_IN_ANSWERS: usize = 8;

/// Finds one key.
#[derive(Clone)]
pub struct Redaction {
    secret: Zeroizing<String>,
    /// `None` for a key that is too short to be told from ordinary text.
    pattern: Option<Regex>,
}

impl Redaction {
    pub fn of(secret: &str) -> Self {
        let pattern = (secret.len() >= SHORTEST_IN_ANSWERS).then(|| Regex::new(&pattern(secret.as_bytes())));
        Self { secret: Zeroizing::new(secret.to_owned()), pattern: pattern.and_then(Result::ok) }
    }

    /// `text` of a failure without the key, however short it is.
    pub fn of_failure(&self, text: &str) -> String {
        match self.pattern {
            Some(_) => self.of_answer(text),
            None => text.replace(self.secret.as_str(), REPLACEMENT),
        }
    }

    /// `text` of an answer without the key. JSON stays JSON.
    pub fn of_answer(&self, text: &str) -> String {
        match &self.pattern {
            Some(pattern) => pattern.replace_all(text, NoExpand(REPLACEMENT)).into_owned(),
            None => text.to_owned(),
        }
    }

    /// Redacts text that arrives in pieces, between which the key may be cut.
    pub fn of_pieces(&self) -> Pieces<'_> {
        Pieces { redaction: self, held: String::new() }
    }
}

impl std::fmt::Debug for Redaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redaction").finish_non_exhaustive()
    }
}

/// Text that arrives in pieces.
pub struct Pieces<'a> {
    redaction: &'a Redaction,
    /// The end of what has arrived, which may be the beginning of the key.
    held: String,
}

impl Pieces<'_> {
    /// What can be shown now that `piece` has arrived.
    pub fn push(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let text = self.redaction.of_answer(&self.held);
        let secret = self.redaction.secret.as_str();
        let may_begin_key = |length: &usize| secret.get(..*length).is_some_and(|beginning| text.ends_with(beginning));
        let held = match self.redaction.pattern {
            Some(_) => (1..secret.len()).rev().find(may_begin_key).unwrap_or(0),
            None => 0,
        };
        let (shown, held) = text.split_at(text.len() - held);
        let shown = shown.to_owned();
        held.clone_into(&mut self.held);
        shown
    }
}

fn pattern(secret: &[u8]) -> String {
    let characters: String = secret.iter().map(|&byte| character(byte)).collect();
    let digits: String = secret.iter().copied().map(hexadecimal).collect();
    let base64 = (0..3).map(|offset| base64_at(secret, offset));
    let forms: Vec<String> =
        [format!("(?i:{characters})"), format!("(?i:{digits})")].into_iter().chain(base64).collect();
    forms.join("|")
}

fn hexadecimal(byte: u8) -> String {
    format!("{byte:02x}")
}

/// One character of a key: plain, or escaped as in JSON, in an address or in HTML, also several times over.
fn character(byte: u8) -> String {
    let plain = regex::escape(&char::from(byte).to_string());
    format!(r"(?:\\*{plain}|\\+u00{byte:02x}|%(?:25)*{byte:02x}|&#0*{byte};|&#x0*{byte:x};)")
}

/// The characters of base64 that say nothing but the key, where it begins `offset` bytes into a group of three.
fn base64_at(secret: &[u8], offset: usize) -> String {
    let bytes = Zeroizing::new([&[0; 2][..offset], secret].concat());
    let encoded = BASE64_STANDARD.encode(bytes.as_slice());
    let certain = encoded.chars().take(bytes.len() * 8 / 6).skip((offset * 8).div_ceil(6));
    let certain: String = certain
        .map(|character| match character {
            '+' => "[+-]".to_owned(),
            '/' => "[/_]".to_owned(),
            plain => plain.to_string(),
        })
        .collect();
    format!("{certain}=*")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk-ant-a1B2+c3/D4_planted";

    #[test]
    fn a_key_is_found_in_every_form_in_which_text_carries_it() {
        let redaction = Redaction::of(KEY);
        let each = |form: fn(u8) -> String| KEY.bytes().map(form).collect::<String>();
        let escaped = each(|byte| format!("\\u{byte:04X}"));
        let percent = each(|byte| format!("%{byte:02X}"));
        let twice = percent.replace('%', "%25");
        let entities = each(|byte| format!("&#{byte};"));
        let hexadecimal = each(hexadecimal).to_uppercase();
        let mixed = format!("{}{}", &escaped[..6 * 8], &KEY[8..]);
        let upper = KEY.to_uppercase();
        let in_json = KEY.replace('/', "\\/");
        for form in [
            KEY,
            &escaped,
            &escaped.replace('\\', "\\\\"),
            &percent,
            &twice,
            &entities,
            &hexadecimal,
            &mixed,
            &upper,
            &in_json,
        ] {
            assert_eq!(redaction.of_answer(&format!("a {form}, {form}")), "a [key], [key]", "{form}");
        }
        for before in ["", "a", "ab", "user:"] {
            for engine in [&BASE64_STANDARD, &base64::prelude::BASE64_URL_SAFE] {
                let encoded = engine.encode(format!("{before}{KEY}"));
                let redacted = redaction.of_failure(&format!("\"{encoded}\""));
                let left = redacted.replace(REPLACEMENT, "");
                assert!(redacted.contains(REPLACEMENT) && left.len() <= before.len() * 2 + 5, "{redacted}");
            }
        }
        let other = r#"{"labels":["cat","sk-ant-a1B2"]}"#;
        assert_eq!(redaction.of_answer(other), other);
        assert!(!format!("{redaction:?}").contains("planted"));
    }

    #[test]
    fn a_short_key_is_taken_out_of_failures_and_leaves_answers_alone() {
        let redaction = Redaction::of("cat");
        assert_eq!(redaction.of_failure("wrong key: cat"), "wrong key: [key]");
        assert_eq!(redaction.of_answer("a cat"), "a cat");
        assert_eq!(redaction.of_pieces().push("a ca"), "a ca");
    }

    #[test]
    fn a_key_that_arrives_in_pieces_is_not_shown() {
        let redaction = Redaction::of(KEY);
        for size in 1..KEY.len() {
            let mut pieces = redaction.of_pieces();
            let text = format!("label sk-ant {KEY} and more");
            let shown: String =
                text.as_bytes().chunks(size).map(|piece| pieces.push(std::str::from_utf8(piece).unwrap())).collect();
            assert_eq!(shown, "label sk-ant [key] and more", "in pieces of {size}");
        }
    }
}
