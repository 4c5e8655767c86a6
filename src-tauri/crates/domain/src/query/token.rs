//! Tokenizes a typed query: `-label:"traffic light"` is one token. Positions count characters.

use std::ops::Range;

/// A key before a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum QueryKey {
    Label,
    Status,
    Annotation,
    Conf,
    Annotations,
    Has,
    Check,
    Run,
    Failed,
    In,
    Taken,
    Date,
}

impl QueryKey {
    /// In suggestion order.
    pub const ALL: [Self; 12] = [
        Self::Label,
        Self::Status,
        Self::Conf,
        Self::Annotation,
        Self::Annotations,
        Self::Has,
        Self::Check,
        Self::Run,
        Self::Failed,
        Self::In,
        Self::Taken,
        Self::Date,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Status => "status",
            Self::Annotation => "annotation",
            Self::Conf => "conf",
            Self::Annotations => "annotations",
            Self::Has => "has",
            Self::Check => "check",
            Self::Run => "run",
            Self::Failed => "failed",
            Self::In => "in",
            Self::Taken => "taken",
            Self::Date => "date",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name().eq_ignore_ascii_case(name))
    }
}

/// Separates the labels of which an image must have one: `label:cat|dog`.
pub(super) const OR: char = '|';

/// A token of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub is_excluded: bool,
    /// The text before an unquoted colon, and its position.
    pub key: Option<(String, Range<u32>)>,
    /// Without quotes and escapes.
    pub value: String,
    /// The value, split at unquoted [`OR`]s.
    pub alternatives: Vec<String>,
    /// Of the value with its quotes.
    pub value_place: Range<u32>,
    /// Of the whole token.
    pub place: Range<u32>,
    /// Start of an unclosed quote.
    pub open_quote: Option<u32>,
}

/// The tokens of `text`, separated by unquoted spaces.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        if characters[at].is_whitespace() {
            at += 1;
        } else {
            let token = Reader { characters: &characters, at }.token();
            at = token.place.end as usize;
            tokens.push(token);
        }
    }
    tokens
}

struct Reader<'a> {
    characters: &'a [char],
    at: usize,
}

impl Reader<'_> {
    fn token(mut self) -> Token {
        let start = self.place();
        // A single dash is a search text.
        let is_excluded =
            self.peek() == Some('-') && self.characters.get(self.at + 1).is_some_and(|next| !next.is_whitespace());
        if is_excluded {
            self.at += 1;
        }
        let key = self.key();
        let value_start = self.place();
        let (mut value, mut alternatives) = (String::new(), Vec::new());
        // Of the current alternative, in `value`.
        let mut from = 0;
        let mut open_quote = None;
        while let Some(character) = self.peek().filter(|character| !character.is_whitespace()) {
            if character == '"' {
                let quote = self.place();
                if !self.quoted(&mut value) {
                    open_quote = Some(quote);
                }
            } else {
                if character == OR {
                    alternatives.push(value[from..].to_owned());
                    from = value.len() + OR.len_utf8();
                }
                value.push(character);
                self.at += 1;
            }
        }
        alternatives.push(value[from..].to_owned());
        let end = self.place();
        Token { is_excluded, key, value, alternatives, value_place: value_start..end, place: start..end, open_quote }
    }

    /// Letters followed by a colon.
    fn key(&mut self) -> Option<(String, Range<u32>)> {
        let start = self.place();
        let length = self.characters[self.at..].iter().take_while(|character| character.is_alphanumeric()).count();
        if length == 0 || self.characters.get(self.at + length) != Some(&':') {
            return None;
        }
        let name = self.characters[self.at..self.at + length].iter().collect();
        self.at += length;
        let end = self.place();
        self.at += 1;
        Some((name, start..end))
    }

    /// Reads up to the closing quote; false if there is none.
    fn quoted(&mut self, value: &mut String) -> bool {
        self.at += 1;
        while let Some(character) = self.peek() {
            self.at += 1;
            match character {
                '"' => return true,
                '\\' => match self.peek() {
                    Some(escaped @ ('"' | '\\')) => {
                        value.push(escaped);
                        self.at += 1;
                    }
                    _ => value.push('\\'),
                },
                plain => value.push(plain),
            }
        }
        false
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn place(&self) -> u32 {
        u32::try_from(self.at).unwrap_or(u32::MAX)
    }
}

/// `value` as a single token, quoted if necessary.
pub(super) fn quoted(value: &str, is_after_key: bool) -> String {
    let is_special =
        |character: char| character.is_whitespace() || character == '"' || (is_after_key && character == OR);
    let is_plain = !value.is_empty()
        && !value.contains(is_special)
        && (is_after_key || (!value.starts_with('-') && !value.contains(':')));
    if is_plain {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
