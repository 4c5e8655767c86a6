//! Reads the few lines of a `.env` file that are ours, without letting the file look at anything but itself.
//!
//! The library replaces `$NAME` in values by *process variables* first, so that a `.env` which came with a folder of
//! photos could name an address and have any secret of the environment sent there as the key or as part of a path.
//! Nothing is replaced here therefore, and a `$` in a value of ours is an error; elsewhere in the file it means nothing.
//! Copies that are made while parsing are not wiped from memory.
//! Deliberately absent: folders above the given one, files of other names.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{ErrorKind, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::{KeysError, Result};

/// A value of ours and the number of the line it stands in.
pub(crate) struct Line {
    pub(crate) value: Zeroizing<String>,
    pub(crate) number: usize,
}

/// What `file` says about `names`: the last line wins, as in a shell. An empty value is one, too. No file says nothing.
pub(crate) fn read<'a>(file: &Path, names: &[&'a str]) -> Result<HashMap<&'a str, Line>> {
    let unreadable = |source| KeysError::Unreadable { file: file.to_owned(), source };
    match std::fs::metadata(file) {
        // A folder of this name is a Python environment, and reading a pipe would wait for its writer.
        Ok(metadata) if !metadata.is_file() => return Ok(HashMap::new()),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(error) => return Err(unreadable(error)),
    }
    let mut bytes = Zeroizing::new(Vec::new());
    files::open(file).and_then(|(open, _)| open.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(unreadable(ErrorKind::FileTooLarge.into()));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        KeysError::Malformed { file: file.to_owned(), line: before.split(|&byte| byte == b'\n').count() }
    })?;
    parse(text, file, names)
}

/// Far more than a `.env` needs, and little enough to read at once.
const MAX_BYTES: u64 = 1 << 20;

/// Stands for a `$` while the library parses. It is no character, so that no sensible file contains it.
const DOLLAR: &str = "\u{FFFF}";

fn parse<'a>(text: &str, file: &Path, names: &[&'a str]) -> Result<HashMap<&'a str, Line>> {
    // The library's iterator does not know the mark that some editors put first.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    // `\n` is the one escape that stays readable after any number of backslashes, and is no plain text either. The line
    // end is for the library, which does not read a last line that ends in a space without one.
    let text = Zeroizing::new(text.replace("\\$", "\\n").replace('$', DOLLAR) + "\n");
    let lines_taken = Cell::new(0);
    let lines = LineByLine { rest: text.as_bytes(), lines_taken: &lines_taken };
    let mut found = HashMap::new();
    for item in dotenvy::from_read_iter(lines) {
        let (name, value) = match item {
            Ok((name, value)) => (name, Zeroizing::new(value)),
            Err(error) => {
                // An unclosed quote is noticed at the end of the file; what is to be corrected is where it began.
                let malformed_lines = match error {
                    dotenvy::Error::LineParse(content, _) => Zeroizing::new(content).lines().count(),
                    _ => 1,
                };
                let line = (lines_taken.get() + 1).saturating_sub(malformed_lines.max(1));
                return Err(KeysError::Malformed { file: file.to_owned(), line });
            }
        };
        let Some(name) = names.iter().copied().find(|known| *known == name) else { continue };
        let number = lines_taken.get();
        if value.contains(DOLLAR) || value.contains(char::is_control) {
            return Err(KeysError::NotPlain { name: name.to_owned(), file: file.to_owned(), line: number });
        }
        found.insert(name, Line { value: Zeroizing::new(value.trim().to_owned()), number });
    }
    Ok(found)
}

/// Hands out at most one line a read, so that it is known how many the library has taken: it does not say itself.
struct LineByLine<'a> {
    rest: &'a [u8],
    lines_taken: &'a Cell<usize>,
}

impl Read for LineByLine<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let line_length = self.rest.iter().position(|&byte| byte == b'\n').map_or(self.rest.len(), |end| end + 1);
        let (now, later) = self.rest.split_at(line_length.min(buffer.len()));
        buffer[..now.len()].copy_from_slice(now);
        self.rest = later;
        if now.ends_with(b"\n") {
            self.lines_taken.set(self.lines_taken.get() + 1);
        }
        Ok(now.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["KEY", "MODEL"];

    fn value_of_key(text: &str) -> Option<(String, usize)> {
        let found = parse(text, Path::new(".env"), &NAMES).unwrap();
        found.get("KEY").map(|line| (line.value.to_string(), line.number))
    }

    fn refusal(text: &str) -> String {
        match parse(text, Path::new(".env"), &NAMES) {
            Err(error) => format!("{error} {error:?}"),
            Ok(_) => panic!("{text:?} was accepted"),
        }
    }

    #[test]
    fn usual_spellings_are_read() {
        for (text, value, line) in [
            ("KEY=plain", "plain", 1),
            ("\u{FEFF}KEY=after-a-mark\r\n", "after-a-mark", 1),
            ("# a comment, isn't it\n\nexport KEY = 'quoted'  # and $4 more\n", "quoted", 3),
            ("KEY=\"  spaced  \" ", "spaced", 1),
            ("KEY=first\nOTHER=\"two\nlines\"\nKEY=last\nMODEL=x", "last", 4),
            ("OTHER=a\\$b\\\\$c${KEY}'$'\"\\$\"\nKEY=beside-dollars", "beside-dollars", 2),
            ("KEY=", "", 1),
        ] {
            assert_eq!(value_of_key(text), Some((value.to_owned(), line)), "{text:?}");
        }
        assert_eq!(value_of_key("# KEY=commented\nKEYS=other"), None);
        assert_eq!(value_of_key(""), None);
    }

    #[test]
    fn a_file_cannot_look_at_process_variables() {
        // PATH is a variable that every process has; the library alone would put it here.
        for text in ["KEY=$PATH", "KEY=https://x.example/${PATH}", "KEY=\"$PATH\"", "KEY='$PATH'", "KEY=\\$PATH"] {
            let refusal = refusal(&format!("MODEL=x\n{text}\n"));
            assert!(refusal.starts_with("KEY in line 2 of .env must be plain text"), "{refusal}");
        }
    }

    #[test]
    fn a_malformed_line_is_named_but_not_repeated() {
        for (text, line) in [
            ("KEY planted", 1),
            ("MODEL=x\n\n# comment\nKEY=planted planted\nMODEL=y", 4),
            ("MODEL=x\nKEY=\"planted\nMODEL=planted\n\n", 2),
            ("MODEL=x\nKEY=pl\\anted", 2),
            ("MODEL=x\r\nplanted\r\n", 2),
        ] {
            let refusal = refusal(text);
            assert!(refusal.starts_with(&format!("line {line} of .env cannot be read")), "{text:?}: {refusal}");
            assert!(!refusal.contains("anted"), "{refusal}");
        }
    }

    #[test]
    fn only_a_readable_file_says_something() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        assert!(read(&file, &NAMES).unwrap().is_empty());
        std::fs::create_dir(&file).unwrap();
        assert!(read(&file, &NAMES).unwrap().is_empty());
        std::fs::remove_dir(&file).unwrap();
        std::fs::write(&file, b"MODEL=x\nKEY=planted\xff").unwrap();
        assert!(matches!(read(&file, &NAMES), Err(KeysError::Malformed { line: 2, .. })));
        std::fs::write(&file, b"#".repeat(2 << 20)).unwrap();
        assert!(matches!(read(&file, &NAMES), Err(KeysError::Unreadable { .. })));
    }
}
