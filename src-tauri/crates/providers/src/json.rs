//! Field-by-field reading of vendors' JSON: a field that is missing, `null` or of an unexpected type is absent, without
//! affecting others.

use std::collections::HashMap;

use serde::de::{Deserializer, IgnoredAny};
use serde::{Deserialize, de};
use serde_json::Value;
use serde_json::value::RawValue;

/// No request uses this many tokens: larger numbers are invalid.
const COUNT_LIMIT: u64 = 1_000_000_000;

/// The fields of a JSON object.
pub struct Object<'a>(HashMap<String, &'a RawValue>);

impl<'a> Object<'a> {
    pub fn parse(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(text).map(Self)
    }

    /// The JSON of a field that is present and not `null`.
    pub fn raw(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).map(|value| value.get()).filter(|raw| *raw != "null")
    }

    pub fn object(&self, key: &str) -> Option<Self> {
        Self::parse(self.raw(key)?).ok()
    }

    /// The objects of a list; a single object counts as a list of one.
    pub fn objects(&self, key: &str) -> Vec<Self> {
        let Some(raw) = self.raw(key) else { return Vec::new() };
        match serde_json::from_str::<Vec<&RawValue>>(raw) {
            Ok(list) => list.into_iter().filter_map(|item| Self::parse(item.get()).ok()).collect(),
            Err(_) => self.object(key).into_iter().collect(),
        }
    }

    /// The JSON of each item of a list.
    pub fn items(&self, key: &str) -> Vec<&'a str> {
        let list = self.raw(key).and_then(|raw| serde_json::from_str::<Vec<&RawValue>>(raw).ok());
        list.unwrap_or_default().into_iter().map(RawValue::get).collect()
    }

    /// Text that may contain unpaired surrogates.
    pub fn text(&self, key: &str) -> Option<Wtf8> {
        serde_json::from_str(self.raw(key)?).ok()
    }

    /// Text without unpaired surrogates.
    pub fn name(&self, key: &str) -> Option<String> {
        let mut joining = Joining::default();
        let text = joining.add(&self.text(key)?);
        Some(text + joining.end())
    }

    pub fn count(&self, key: &str) -> Count {
        let Some(raw) = self.raw(key) else { return Count::Absent };
        let number = match serde_json::from_str(raw) {
            Ok(Value::Number(number)) => number.as_f64(),
            Ok(Value::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        #[expect(clippy::cast_precision_loss, reason = "the limit is far below where that happens")]
        match number.filter(|number| (0.0..=COUNT_LIMIT as f64).contains(number)) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, not large")]
            Some(number) => Count::Known(number.ceil() as u64),
            None => Count::Unreadable,
        }
    }
}

/// A token count as a server reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Count {
    #[default]
    Absent,
    /// Not a count, such as a negative number.
    Unreadable,
    Known(u64),
}

impl Count {
    pub fn known(self) -> Option<u64> {
        match self {
            Self::Known(count) => Some(count),
            Self::Absent | Self::Unreadable => None,
        }
    }

    /// Combines two reports of a count: counts are cumulative, and servers that repeat a report send zeros for unknown
    /// values.
    pub fn updated_by(self, later: Self) -> Self {
        match (self, later) {
            (_, Self::Known(1..)) | (Self::Absent, _) | (Self::Unreadable, Self::Known(_)) => later,
            (earlier, _) => earlier,
        }
    }
}

/// A JSON string as WTF-8: UTF-8 that may encode unpaired surrogates.
pub struct Wtf8(Vec<u8>);

impl<'de> Deserialize<'de> for Wtf8 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Wtf8;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Wtf8, E> {
                Ok(Wtf8(bytes.to_owned()))
            }
        }
        // When asked for bytes, serde_json accepts unpaired surrogates.
        deserializer.deserialize_bytes(Visitor)
    }
}

/// Joins pieces of text between which a surrogate pair may be split. An unpaired surrogate becomes U+FFFD.
#[derive(Debug, Default)]
pub struct Joining {
    /// A leading surrogate at the end of the text so far.
    first_half: Option<u32>,
}

impl Joining {
    /// The text that `piece` adds.
    pub fn add(&mut self, piece: &Wtf8) -> String {
        let mut text = String::with_capacity(piece.0.len());
        let mut rest = piece.0.as_slice();
        while !rest.is_empty() {
            let valid = match std::str::from_utf8(rest) {
                Ok(valid) => valid,
                Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or_default(),
            };
            if !valid.is_empty() {
                text.push_str(self.end());
                text.push_str(valid);
                rest = &rest[valid.len()..];
                continue;
            }
            let half = match rest {
                [0xED, second @ 0xA0..=0xBF, third @ 0x80..=0xBF, ..] => {
                    0xD000 | u32::from(second & 0x3F) << 6 | u32::from(third & 0x3F)
                }
                _ => 0,
            };
            rest = &rest[if half == 0 { 1 } else { 3 }..];
            match (self.first_half.take(), half) {
                (first, 0xD800..=0xDBFF) => {
                    text.extend(first.map(|_| char::REPLACEMENT_CHARACTER));
                    self.first_half = Some(half);
                }
                (Some(first), 0xDC00..=0xDFFF) => {
                    let joined = 0x1_0000 + ((first - 0xD800) << 10) + (half - 0xDC00);
                    text.push(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                (first, _) => {
                    text.extend(first.map(|_| char::REPLACEMENT_CHARACTER));
                    text.push(char::REPLACEMENT_CHARACTER);
                }
            }
        }
        text
    }

    /// The rest, when no more pieces follow.
    pub fn end(&mut self) -> &'static str {
        self.first_half.take().map_or("", |_| "\u{fffd}")
    }
}

/// Deserializes a field, or its default if it is invalid: for fields that nothing depends on.
pub fn lenient<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Field<T> {
        Read(T),
        Other(IgnoredAny),
    }
    Ok(match Field::deserialize(deserializer)? {
        Field::Read(value) => value,
        Field::Other(_) => T::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_tolerantly() {
        for (raw, expected) in [
            ("12", Count::Known(12)),
            ("12.0", Count::Known(12)),
            ("12.7", Count::Known(13)),
            ("\"12\"", Count::Known(12)),
            ("\" 12.0 \"", Count::Known(12)),
            ("1e3", Count::Known(1000)),
            ("0", Count::Known(0)),
            ("null", Count::Absent),
            ("-5", Count::Unreadable),
            ("\"-5\"", Count::Unreadable),
            ("\"many\"", Count::Unreadable),
            ("\"\"", Count::Unreadable),
            ("\"NaN\"", Count::Unreadable),
            ("\"inf\"", Count::Unreadable),
            ("true", Count::Unreadable),
            ("[12]", Count::Unreadable),
            ("{}", Count::Unreadable),
            ("1e30", Count::Unreadable),
            ("1e999", Count::Unreadable),
            ("18446744073709551616", Count::Unreadable),
        ] {
            assert_eq!(Object::parse(&format!("{{\"n\": {raw} }}")).unwrap().count("n"), expected, "{raw}");
        }
        assert_eq!(Object::parse("{}").unwrap().count("n"), Count::Absent);
    }

    #[test]
    fn a_later_zero_or_nothing_erases_no_count() {
        use Count::{Absent, Known, Unreadable};
        for (earlier, later, expected) in [
            (Known(7), Known(9), Known(9)),
            (Known(7), Known(0), Known(7)),
            (Known(7), Absent, Known(7)),
            (Known(7), Unreadable, Known(7)),
            (Absent, Known(0), Known(0)),
            (Absent, Unreadable, Unreadable),
            (Unreadable, Known(0), Known(0)),
            (Unreadable, Absent, Unreadable),
        ] {
            assert_eq!(earlier.updated_by(later), expected, "{earlier:?}, then {later:?}");
        }
    }

    #[test]
    fn halves_of_a_pair_are_joined_across_pieces() {
        for (pieces, expected) in [
            (&[r#""a\ud83d""#, r#""\ude00b""#][..], "a😀b"),
            (&[r#""\ud83d""#, r#""""#, r#""\ude00""#], "😀"),
            (&[r#""\ud83d\ude00""#], "😀"),
            (&[r#""a\ud83db""#, r#""é""#], "a\u{fffd}bé"),
            (&[r#""\ud83d""#, r#""\ud83d""#, r#""\ude00""#], "\u{fffd}😀"),
            (&[r#""\ude00x""#], "\u{fffd}x"),
            (&[r#""x\ud83d""#], "x\u{fffd}"),
            (&[r#""\ud83d""#, r#""x""#], "\u{fffd}x"),
        ] {
            let mut joining = Joining::default();
            let mut text = String::new();
            for piece in pieces {
                let json = format!("{{\"text\":{piece},\"else\":\"\\udead\"}}");
                text.push_str(&joining.add(&Object::parse(&json).unwrap().text("text").unwrap()));
            }
            text.push_str(joining.end());
            assert_eq!(text, expected, "{pieces:?}");
        }
    }
}
