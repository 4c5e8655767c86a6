//! Results and notes. Results go to standard output: text for people, or with `--json` exactly one document. Everything else
//! (imports, the quote and its question, progress, warnings, errors) goes to standard error, so that a pipe or a file gets
//! only the result and the user still sees the questions.
//!
//! Everything passes through [`Lines`], which escapes hidden characters in text from outside.

use std::fmt::Arguments;
use std::io::{self, Write};

use domain::text::{is_hidden, push_visible};
use serde::Serialize;

use crate::arguments::{Global, Target};
use crate::error::CommandError;
use crate::style;

#[derive(Debug, Clone, Copy)]
pub struct Console {
    is_json: bool,
    /// Standard output is used for a file: its usual content goes to standard error.
    is_taken: bool,
}

impl Console {
    pub fn new(global: &Global) -> Self {
        Self { is_json: global.json, is_taken: false }
    }

    /// Reserves standard output for the one of `targets` that is written there.
    pub fn beside<'a>(self, targets: impl IntoIterator<Item = &'a Target>) -> Result<Self, CommandError> {
        match targets.into_iter().filter(|target| **target == Target::StandardOutput).count() {
            0 => Ok(self),
            1 if !self.is_json => Ok(Self { is_taken: true, ..self }),
            _ => Err(CommandError::StandardOutputTwice),
        }
    }

    /// Prints a result, as the document or as text.
    pub fn show<T: Serialize>(
        self,
        result: &T,
        print: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CommandError> {
        if self.is_json {
            return Self::document(result);
        }
        self.write(print)
    }

    /// Prints a result that is always JSON.
    pub fn document(result: &impl Serialize) -> Result<(), CommandError> {
        let json = visible_json(&serde_json::to_string_pretty(result)?);
        let mut out = io::stdout().lock();
        writeln!(out, "{json}").and_then(|()| out.flush()).map_err(CommandError::Output)
    }

    /// Adds to a text result what is not part of the document.
    pub fn add(self, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), CommandError> {
        if self.is_json { Ok(()) } else { self.write(print) }
    }

    fn write(self, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), CommandError> {
        if self.is_taken {
            return print(&mut notes()).map_err(CommandError::Output);
        }
        let mut out = Lines(anstream::stdout().lock());
        print(&mut out).and_then(|()| out.flush()).map_err(CommandError::Output)
    }
}

/// For everything that is not a result. A closed standard error does not stop the work.
pub fn notes() -> Notes {
    Notes(Lines(anstream::stderr().lock()))
}

/// Text for people. Each call writes one line or a part of one: hidden characters in it are escaped, only a line feed at its
/// end ends the line, and only our own styles become those of the terminal.
pub struct Lines<W>(W);

impl<W: Write> Lines<W> {
    fn put(&mut self, text: &str) -> io::Result<()> {
        let (line, end) = text.strip_suffix('\n').map_or((text, ""), |line| (line, "\n"));
        let mut shown = String::with_capacity(text.len());
        for c in line.chars() {
            match style::ansi(c) {
                Some(ansi) => shown.push_str(&ansi),
                None => push_visible(&mut shown, c),
            }
        }
        shown.push_str(end);
        self.0.write_all(shown.as_bytes())
    }
}

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(&String::from_utf8_lossy(bytes))?;
        Ok(bytes.len())
    }

    fn write_fmt(&mut self, text: Arguments<'_>) -> io::Result<()> {
        self.put(&text.to_string())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Standard error.
pub struct Notes(Lines<anstream::AutoStream<io::StderrLock<'static>>>);

impl Write for Notes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.write(bytes);
        Ok(bytes.len())
    }

    fn write_fmt(&mut self, text: Arguments<'_>) -> io::Result<()> {
        let _ = self.0.write_fmt(text);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

/// The same document, with the hidden characters that JSON allows in strings escaped.
fn visible_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_hidden(c) {
            let mut units = [0; 2];
            shown.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::ERROR;

    #[test]
    fn only_our_own_lines_and_styles_reach_the_terminal() {
        let name = "a.jpg\nerror: forged\u{1b}[2J\r\u{202e}";
        let mut out = Lines(Vec::new());
        writeln!(out, "{ERROR}failed{ERROR:#} {name}").unwrap();
        writeln!(out, "  ends in a line feed: {name}\n").unwrap();
        assert_eq!(
            String::from_utf8(out.0).unwrap(),
            "\u{1b}[1m\u{1b}[31mfailed\u{1b}[0m a.jpg\\nerror: forged\\u{1b}[2J\\r\\u{202e}\n  \
             ends in a line feed: a.jpg\\nerror: forged\\u{1b}[2J\\r\\u{202e}\\n\n"
        );
    }

    #[test]
    fn a_document_holds_the_same_text_without_hidden_characters() {
        let text = "a\u{9b}31m\u{202e}\u{e0041}\u{1b}\n";
        let json = visible_json(&serde_json::to_string_pretty(&[text]).unwrap());
        assert!(!json.replace('\n', "").contains(is_hidden), "{json:?}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&json).unwrap(), [text]);
    }
}
