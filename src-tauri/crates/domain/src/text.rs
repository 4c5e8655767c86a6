//! Displays external text (file names, servers, models, hooks, recipes) safely: no character can move the cursor, start
//! a line, change a color or reverse the writing direction.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether `c` is invisible or has an effect: control characters, line separators, and bidirectional overrides.
#[must_use]
pub const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{e0000}'..='\u{e007f}')
}

/// `text` on one line, with hidden characters escaped: `
/// `, `\u{1b}`, `\u{202e}`.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push_visible(&mut shown, c);
    }
    Cow::Owned(shown)
}

/// Appends `c`, escaped if hidden.
pub fn push_visible(shown: &mut String, c: char) {
    if is_hidden(c) {
        // Writing to a string cannot fail.
        let _ = write!(shown, "{}", c.escape_default());
    } else {
        shown.push(c);
    }
}

/// Beginnings of text that spreadsheets evaluate.
pub const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The same text, with an apostrophe before what a spreadsheet would evaluate as a formula.
#[must_use]
pub fn without_formula(text: &str) -> Cow<'_, str> {
    if text.starts_with(FORMULA_STARTS) { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_written_out_and_all_others_stay() {
        let plain = "Größe 5 µm, 山.jpg, مرحبا, 👩‍🚀, C:\\new\\table.jpg";
        assert!(matches!(visible(plain), Cow::Borrowed(_)));
        assert_eq!(visible("a\r\nerror: b\t\u{1b}[31m"), "a\\r\\nerror: b\\t\\u{1b}[31m");
        assert_eq!(visible("\u{9b}31m\u{7f}"), "\\u{9b}31m\\u{7f}");
        assert_eq!(visible("gpj.\u{202e}exe\u{2066}\u{200f}\u{2028}"), "gpj.\\u{202e}exe\\u{2066}\\u{200f}\\u{2028}");
    }
}
