//! Text in XML files. XML 1.0 cannot hold control characters: they are written as `\u{1b}`, which no other program
//! interprets.

use std::fmt::{self, Display, Formatter, Write};

use roxmltree::{Document, Node, ParsingOptions};

use crate::error::{FileLocation, Result};

/// Text of an XML element or attribute.
pub struct Escaped<'a>(pub &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                // Readers would turn them into spaces or line feeds.
                '\t' | '\n' | '\r' => write!(f, "&#{};", u32::from(character))?,
                character if is_forbidden(character) => write!(f, "\\u{{{:x}}}", u32::from(character))?,
                character => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

fn is_forbidden(character: char) -> bool {
    matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// The inverse of [`Escaped`] for text that a parser has already decoded.
pub fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\\u{") {
        let code = rest[start + 3..].split_once('}').map(|(code, _)| code);
        let character = code.and_then(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?));
        let forbidden = character.filter(|character| is_forbidden(*character));
        let end = if let (Some(character), Some(code)) = (forbidden, code) {
            plain.push_str(&rest[..start]);
            plain.push(character);
            start + code.len() + 4
        } else {
            plain.push_str(&rest[..start + 3]);
            start + 3
        };
        rest = &rest[end..];
    }
    plain + rest
}

/// A document may have this many elements, texts and attributes. Each takes more memory than its text.
const MOST_NODES: u32 = 1 << 23;

/// Parses a document. `place` is that of a line in it.
pub fn parse(text: &str, place: impl Fn(u64) -> FileLocation) -> Result<Document<'_>> {
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options)
        .map_err(|error| place(error.pos().row.into()).malformed(error.to_string()))
}

/// The child element with this name.
pub fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name(name))
}

/// The text of the child element with this name.
pub fn text_of(node: Node<'_, '_>, name: &str) -> Option<String> {
    child(node, name).map(|child| unescaped(child.text().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_read_back() {
        for text in
            ["", "a & b <c> \"d\" 'e'", "tab\t, line\r\n", "\0\u{1b}[31m \u{fffe}", "\\u{41} \\u{zz} \\u{", "\u{1f63a}"]
        {
            let document = format!("<a b=\"{0}\">{0}</a>", Escaped(text));
            let parsed = Document::parse(&document).unwrap();
            let root = parsed.root_element();
            assert_eq!(unescaped(root.attribute("b").unwrap()), text);
            assert_eq!(unescaped(root.text().unwrap_or_default()), text);
        }
    }
}
