//! Colors, sparingly: for what must not be overlooked, and for headings. In text, a style is a Unicode noncharacter, which is
//! reserved for internal use. [`crate::output::Lines`] turns it into the terminal's escape sequence, so that text from outside
//! cannot set styles. [`anstream`] removes colors where they do not belong, so that no text has to check.

use std::fmt::{self, Display, Formatter, Write};

use anstyle::AnsiColor;

/// A style for text: `{ERROR}` begins it, `{ERROR:#}` ends it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Style {
    begins: char,
    pub ansi: anstyle::Style,
}

const END: char = '\u{fdd0}';

pub const ERROR: Style = Style { begins: '\u{fdd1}', ansi: AnsiColor::Red.on_default().bold() };
pub const WARNING: Style = Style { begins: '\u{fdd2}', ansi: AnsiColor::Yellow.on_default().bold() };
pub const GOOD: Style = Style { begins: '\u{fdd3}', ansi: AnsiColor::Green.on_default() };
pub const HEADING: Style = Style { begins: '\u{fdd4}', ansi: anstyle::Style::new().bold() };

impl Display for Style {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_char(if out.alternate() { END } else { self.begins })
    }
}

/// The escape sequence for `c`, if it is a style.
pub fn ansi(c: char) -> Option<String> {
    if c == END {
        return Some(anstyle::Reset.to_string());
    }
    let style = [ERROR, WARNING, GOOD, HEADING].into_iter().find(|style| style.begins == c)?;
    Some(style.ansi.to_string())
}
