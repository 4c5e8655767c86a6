//! What users call a run.

use serde::{Deserialize, Serialize};

use crate::recipe::comparable;

/// The user's name and tags of a run; both empty at first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunDescription {
    pub name: String,
    /// In the order of the alphabet.
    pub tags: Vec<String>,
}

impl RunDescription {
    const MOST_NAME_CHARS: usize = 120;
    const MOST_TAG_CHARS: usize = 40;
    const MOST_TAGS: usize = 20;

    /// With single spaces, without commas in tags, and each tag once, whatever its case. What is too long is cut off.
    #[must_use]
    pub fn cleaned(&self) -> Self {
        let mut tags: Vec<String> = Vec::new();
        for tag in self.tags.iter().flat_map(|tag| tag.split(',')) {
            let tag = one_line(tag, Self::MOST_TAG_CHARS);
            let is_new = !tags.iter().any(|known| comparable(known) == comparable(&tag));
            if !tag.is_empty() && is_new && tags.len() < Self::MOST_TAGS {
                tags.push(tag);
            }
        }
        tags.sort_by_key(|tag| comparable(tag));
        Self { name: one_line(&self.name, Self::MOST_NAME_CHARS), tags }
    }

    /// Whether one of its tags is `wanted`, whatever the case.
    #[must_use]
    pub fn has_tag(&self, wanted: &str) -> bool {
        self.tags.iter().any(|tag| comparable(tag) == comparable(wanted.trim()))
    }
}

/// Without line breaks and other control characters, and with single spaces.
fn one_line(text: &str, most_chars: usize) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(most_chars).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_and_tags_are_unique() {
        let typed = RunDescription {
            name: "  Night\nshift \u{7} two ".into(),
            tags: vec!["winter, Boats".into(), "boats".into(), " ".into(), "x".repeat(90)],
        };
        let cleaned = typed.cleaned();
        assert_eq!(cleaned.name, "Night shift two");
        assert_eq!(cleaned.tags, ["Boats".to_owned(), "winter".to_owned(), "x".repeat(40)]);
        assert!(cleaned.has_tag("BOATS ") && !cleaned.has_tag("boat"));
        assert_eq!(cleaned.cleaned(), cleaned);
    }
}
