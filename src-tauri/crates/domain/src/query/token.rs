//! The words of a typed question: `-label:"traffic light"` is one, with its places in the text. Places count characters.

use std::ops::Range;

/// What stands before a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Key {
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

impl Key {
    /// In the order in which they are suggested.
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

/// A word as it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub is_excluded: bool,
    /// What stands before an unquoted colon, and where.
    pub key: Option<(String, Range<u32>)>,
    /// Without quotes and escapes.
    pub value: String,
    /// Of the value with its quotes.
    pub value_place: Range<u32>,
    /// Of the whole word.
    pub place: Range<u32>,
    /// Where a quote begins that nothing closes.
    pub open_quote: Option<u32>,
}

/// The words of `text`, between spaces that no quotes enclose.
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
        // A dash alone is something to look for.
        let is_excluded =
            self.peek() == Some('-') && self.characters.get(self.at + 1).is_some_and(|next| !next.is_whitespace());
        if is_excluded {
            self.at += 1;
        }
        let key = self.key();
        let value_start = self.place();
        let mut value = String::new();
        let mut open_quote = None;
        while let Some(character) = self.peek().filter(|character| !character.is_whitespace()) {
            if character == '"' {
                let quote = self.place();
                if !self.quoted(&mut value) {
                    open_quote = Some(quote);
                }
            } else {
                value.push(character);
                self.at += 1;
            }
        }
        let end = self.place();
        Token { is_excluded, key, value, value_place: value_start..end, place: start..end, open_quote }
    }

    /// Letters and a colon after them.
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

    /// What stands between this quote and the next; false when there is no next.
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

/// `value` so that it is read back as one word, quoted where it has to be.
pub(super) fn quoted(value: &str, is_after_key: bool) -> String {
    let is_plain = !value.is_empty()
        && !value.contains(|character: char| character.is_whitespace() || character == '"')
        && (is_after_key || (!value.starts_with('-') && !value.contains(':')));
    if is_plain {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
