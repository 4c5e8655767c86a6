//! Matches brackets in text that need not be JSON, in one pass.

/// Texts with more brackets than this are not parsed.
const LIMIT: usize = 1 << 20;

#[derive(Debug, Clone, Copy)]
pub struct Bracket {
    /// Position, in bytes.
    pub open: usize,
    /// Position of the closing bracket, if any.
    pub close: Option<usize>,
    /// `{` rather than `[`.
    pub is_brace: bool,
    /// The innermost enclosing open bracket.
    pub parent: Option<usize>,
}

/// The opening brackets of `text` in order, without those in strings; `None` if there are too many. Strings are
/// recognized only within brackets, as in JSON.
pub fn of(text: &str) -> Option<Vec<Bracket>> {
    let mut brackets: Vec<Bracket> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    // Number of open braces.
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
                // Open brackets within it are never closed.
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

/// The position after the string that begins at `start`; `None` if it does not end.
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
