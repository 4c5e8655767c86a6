//! Case-insensitive text search beyond ASCII, which the database's own functions do not support.

/// The text in lower case.
pub struct Needle(String);

impl Needle {
    /// `None` if empty, which every text contains.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_lowercase()))
    }

    pub fn is_in(&self, text: &str) -> bool {
        let needle = self.0.as_bytes();
        if text.is_ascii() {
            return text.as_bytes().windows(needle.len()).any(|part| part.eq_ignore_ascii_case(needle));
        }
        text.to_lowercase().contains(&self.0)
    }

    /// Whether a string of this JSON may contain it; escaped text always may.
    pub fn may_be_in_json(&self, json: &str) -> bool {
        self.0.contains(|character: char| character == '"' || character == '\\' || character.is_control())
            || self.is_in(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_any_alphabet_are_found_whatever_their_case() {
        let is_in = |needle: &str, text: &str| Needle::new(needle).unwrap().is_in(text);
        assert!(is_in("IMG_", "beach_img_1.jpg") && is_in("ÉLAN", "l'élan.jpg") && is_in("élan", "L'ÉLAN.JPG"));
        assert!(!is_in("imgs", "img") && !is_in("a much longer text", "text"));
        assert!(Needle::new("  ").is_none());
        assert!(Needle::new("a \"b\"").unwrap().may_be_in_json(r#"{"note":"a \"b\""}"#));
    }
}
