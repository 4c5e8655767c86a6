//! Which bracket belongs to which, in a text that need not be JSON. Reads the text once, whatever it nests.

/// More brackets than any answer has; a text with more is not read.
const LIMIT: usize = 1 << 20;

#[derive(Debug, Clone, Copy)]
pub struct Bracket {
    /// Where it is, in bytes.
    pub open: usize,
    /// Where it is closed; `None` where it never is.
    pub close: Option<usize>,
    /// `{` in place of `[`.
    pub is_brace: bool,
    /// The innermost bracket that is open around it.
    pub parent: Option<usize>,
}

/// The opening brackets of `text` in its order, those in strings left out; `None` where there are too many. Strings are
/// where JSON has them: within brackets.
pub fn of(text: &str) -> Option<Vec<Bracket>> {
    let mut brackets: Vec<Bracket> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    // How many of those that are open are braces.
    let mut open_braces = 0;
    let mut at = 0;
    while let Some(&byte) = text.as_bytes().get(at) {
        match byte {
            b'"' if !open.is_empty() => {
                at = end_of_string(text, at).unwrap_or(text.len());
                continue;
            }
            b'{' | b'[' => {
                if brackets.len() == LIMIT {
                    return None;
                }
                let is_brace = byte == b'{';
                open_braces += usize::from(is_brace);
                let parent = open.last().copied();
                open.push(brackets.len());
                brackets.push(Bracket { open: at, close: None, is_brace, parent });
            }
            b'}' | b']' => {
                let is_brace = byte == b'}';
                let is_open = if is_brace { open_braces > 0 } else { open.len() > open_braces };
                // Those within that are still open are never closed.
                while is_open && let Some(last) = open.pop() {
                    open_braces -= usize::from(brackets[last].is_brace);
                    if brackets[last].is_brace == is_brace {
                        brackets[last].close = Some(at);
                        break;
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    Some(brackets)
}

/// Just behind the string that begins at `start`; `None` where it does not end.
pub fn end_of_string(text: &str, start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match text.as_bytes().get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}
