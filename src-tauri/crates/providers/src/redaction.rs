//! Redacts a key from what a server sends: servers and gateways repeat what they received, in messages, headers and
//! answers. The key is found as it is and in its encodings: JSON and HTML escapes, percent encoding, base64 at any
//! offset, and hexadecimal.
//!
//! In messages and headers any key is redacted. An answer is paid data, and local servers use keys such as `password`,
//! `lm-studio` or `12345678`, which may occur by chance: in answers only keys that look like secrets are redacted
//! ([`is_secret`]), only as whole words, and only within strings if the answer is JSON.

use std::ops::Range;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use regex::Regex;
use serde::de::IgnoredAny;
use serde_json::{Deserializer, Value};
use zeroize::Zeroizing;

/// Replaces a key.
const REPLACEMENT: &str = "[key]";
/// Encodings of shorter keys are ordinary text.
const SHORTEST_WITH_FORMS: usize = 4;
/// Generated keys are at least this long.
const SHORTEST_SECRET: usize = 16;

/// Finds one key.
#[derive(Clone)]
pub struct Redaction {
    secret: Zeroizing<String>,
    /// All encodings of the key. `None` if it is too short, or too long for a regular expression: then only the plain
    /// key is found.
    pattern: Option<Regex>,
    is_in_answers: bool,
}

impl Redaction {
    /// Without a key, there is nothing to find.
    pub fn none() -> Self {
        Self { secret: Zeroizing::default(), pattern: None, is_in_answers: false }
    }

    pub fn of(secret: &str) -> Self {
        let pattern = (secret.len() >= SHORTEST_WITH_FORMS).then(|| Regex::new(&pattern(secret.as_bytes())));
        Self {
            secret: Zeroizing::new(secret.to_owned()),
            pattern: pattern.and_then(Result::ok),
            is_in_answers: is_secret(secret),
        }
    }

    /// An error text or header without the key.
    pub fn of_failure(&self, text: &str) -> String {
        replaced(text, self.places(text))
    }

    /// An answer without the key, if the key looks like a secret. JSON stays valid, and numbers stay unchanged.
    pub fn of_answer(&self, text: &str) -> String {
        if !self.is_in_answers || self.places(text).is_empty() {
            return text.to_owned();
        }
        match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => self.of_strings(text),
            Err(_) => self.of_words(text),
        }
    }

    /// Redacts text that arrives in pieces, between which the key may be split.
    pub fn of_pieces(&self) -> Pieces<'_> {
        Pieces { redaction: self, held: String::new() }
    }

    /// `text` without the key, except as part of a longer word. Its encodings are found anywhere.
    fn of_words(&self, text: &str) -> String {
        let is_plain = |place: &Range<usize>| text[place.clone()].eq_ignore_ascii_case(&self.secret);
        let places = self.places(text).into_iter().filter(|place| !is_plain(place) || is_word(text, place));
        replaced(text, places.collect())
    }

    /// `json` with its strings redacted.
    fn of_strings(&self, json: &str) -> String {
        let (mut redacted, mut rest) = (String::with_capacity(json.len()), json);
        while let Some(start) = rest.find('"') {
            let (before, from_string) = rest.split_at(start);
            let mut values = Deserializer::from_str(from_string).into_iter::<IgnoredAny>();
            if !matches!(values.next(), Some(Ok(_))) {
                break;
            }
            let (string, after) = from_string.split_at(values.byte_offset());
            redacted.push_str(before);
            redacted.push_str(&self.of_string(string));
            rest = after;
        }
        redacted.push_str(rest);
        redacted
    }

    /// A string as it is written in JSON, redacted.
    fn of_string(&self, string: &str) -> String {
        match serde_json::from_str::<String>(string) {
            Ok(text) => {
                let redacted = self.of_words(&text);
                if redacted == text { string.to_owned() } else { Value::String(redacted).to_string() }
            }
            // A string with an unpaired surrogate.
            Err(_) => self.of_words(string),
        }
    }

    /// Where the key is in `text`.
    fn places(&self, text: &str) -> Vec<Range<usize>> {
        match &self.pattern {
            Some(pattern) => pattern.find_iter(text).map(|found| found.range()).collect(),
            None if self.secret.is_empty() => Vec::new(),
            None => text.match_indices(self.secret.as_str()).map(|(at, found)| at..at + found.len()).collect(),
        }
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
    /// The end of the text so far, which may be the start of the key.
    held: String,
}

impl Pieces<'_> {
    /// The text that is safe to show after `piece`.
    pub fn push(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let text = self.redaction.of_answer(&self.held);
        let secret = self.redaction.secret.as_str();
        let may_begin_key = |length: &usize| secret.get(..*length).is_some_and(|beginning| text.ends_with(beginning));
        let held =
            if self.redaction.is_in_answers { (1..secret.len()).rev().find(may_begin_key).unwrap_or(0) } else { 0 };
        let (shown, held) = text.split_at(text.len() - held);
        let shown = shown.to_owned();
        held.clone_into(&mut self.held);
        shown
    }
}

/// Whether a key looks like a secret that does not occur by chance: long, with letters and digits, not a number.
fn is_secret(key: &str) -> bool {
    let has = |is_kind: fn(&u8) -> bool| key.as_bytes().iter().any(is_kind);
    key.len() >= SHORTEST_SECRET
        && has(u8::is_ascii_alphabetic)
        && has(u8::is_ascii_digit)
        && key.parse::<f64>().is_err()
}

/// Whether no letter or digit is next to `place`. The letter of an escape, such as `
/// `, does not count.
fn is_word(text: &str, place: &Range<usize>) -> bool {
    let (before, after) = (&text[..place.start], &text[place.end..]);
    let is_alphanumeric = |c: char| c.is_ascii_alphanumeric();
    (!before.ends_with(is_alphanumeric) || ends_in_escape(before)) && !after.starts_with(is_alphanumeric)
}

/// Whether `text` ends in a JSON or URL escape, such as `
/// `, `\u0020` or `%20`.
fn ends_in_escape(text: &str) -> bool {
    let hexadecimal = |digits: usize| {
        let start = text.len().checked_sub(digits)?;
        let (before, code) = text.split_at_checked(start)?;
        code.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(before)
    };
    text.strip_suffix(['b', 'f', 'n', 'r', 't']).is_some_and(|before| before.ends_with('\\'))
        || hexadecimal(4).is_some_and(|before| before.ends_with("\\u"))
        || hexadecimal(2).is_some_and(|before| before.ends_with('%') || before.ends_with("%25"))
}

fn replaced(text: &str, places: Vec<Range<usize>>) -> String {
    let (mut redacted, mut end) = (String::with_capacity(text.len()), 0);
    for place in places {
        redacted.push_str(&text[end..place.start]);
        redacted.push_str(REPLACEMENT);
        end = place.end;
    }
    redacted.push_str(&text[end..]);
    redacted
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

/// One character of a key: plain, or escaped for JSON, URLs or HTML, possibly repeatedly.
fn character(byte: u8) -> String {
    let plain = regex::escape(&char::from(byte).to_string());
    format!(r"(?:\\*{plain}|\\+u00{byte:02x}|%(?:25)*{byte:02x}|&#0*{byte};|&#x0*{byte:x};)")
}

/// The base64 characters that depend only on the key, if it begins `offset` bytes into a group of three.
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
                assert_eq!(redaction.of_answer(&format!("\"{encoded}\"")), redacted);
            }
        }
        let other = r#"{"labels":["cat","sk-ant-a1B2"]}"#;
        assert_eq!(redaction.of_answer(other), other);
        assert!(!format!("{redaction:?}").contains("planted"));
    }

    #[test]
    fn a_key_that_is_not_secret_is_redacted_in_failures_and_not_in_answers() {
        for (key, answer) in [
            ("cat", "a cat"),
            ("password", r#"{"marks":[{"label":"Password field","text":"password"}]}"#),
            ("lm-studio", "an LM-Studio logo"),
            ("12345678", r#"{"marks":[{"x1":12345678,"confidence":0.12345678}]}"#),
            (
                "1234567890123456e5",
                r#"```json
{"confidence":0.1234567890123456e5}
```"#,
            ),
            ("a-simulated-key-of-words", "a-simulated-key-of-words"),
        ] {
            let redaction = Redaction::of(key);
            assert_eq!(redaction.of_failure(&format!("wrong key: {key}")), "wrong key: [key]");
            assert_eq!(redaction.of_answer(answer), answer);
            assert_eq!(redaction.of_pieces().push(answer), answer);
        }
    }

    #[test]
    fn an_answer_with_a_secret_in_it_keeps_its_json_and_its_numbers() {
        let redaction = Redaction::of("12345678-90123456e7");
        for (answer, redacted) in [
            (r#"{"a":"no 12345678-90123456E7.","b":[1.50]}"#, r#"{"a":"no [key].","b":[1.50]}"#),
            (r#"{"a":"\n12345678-90123456e7\u00e9\n"}"#, "{\"a\":\"\\n[key]é\\n\"}"),
            (r#"{"a":"x12345678-90123456e7", "b":"12345678-90123456e70"}"#, ""),
            (r"see: \n12345678-90123456e7", r"see: \n[key]"),
            ("?a=%2012345678-90123456e7&b", "?a=%20[key]&b"),
            ("a12345678-90123456e7", ""),
        ] {
            assert_eq!(redaction.of_answer(answer), if redacted.is_empty() { answer } else { redacted });
        }
        let across = Redaction::of(r#"1","label":"a-key-with"#);
        let answer = r#"{"id":"1","label":"a-key-with"}"#;
        assert_eq!(across.of_answer(answer), answer, "it is no string of the answer");
        assert_eq!(across.of_answer(r#"["1\",\"label\":\"a-key-with"]"#), r#"["[key]"]"#);
    }

    #[test]
    fn a_key_that_is_too_long_for_a_regular_expression_is_found() {
        let key = "k3Y-".repeat(4_000);
        let redaction = Redaction::of(&key);
        assert!(redaction.pattern.is_none());
        let text = format!(r#"{{"a":"{key}"}}"#);
        assert_eq!(redaction.of_failure(&text), r#"{"a":"[key]"}"#);
        assert_eq!(redaction.of_answer(&text), r#"{"a":"[key]"}"#);
    }

    #[test]
    fn a_key_that_arrives_in_pieces_is_not_shown() {
        let redaction = Redaction::of(KEY);
        for size in [1, 2, 5, KEY.len() - 1] {
            let mut pieces = redaction.of_pieces();
            let text = format!("label sk-ant {KEY} and more");
            let shown: String =
                text.as_bytes().chunks(size).map(|piece| pieces.push(std::str::from_utf8(piece).unwrap())).collect();
            assert_eq!(shown, "label sk-ant [key] and more", "in pieces of {size}");
        }
    }
}
