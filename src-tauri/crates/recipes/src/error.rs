//! Errors of reading recipe files and label lists.

use std::fmt;

/// Something that is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProblem {
    /// Counted from 1; `None` if it is about the whole file.
    pub place: Option<LineAndColumn>,
    pub message: String,
}

/// A place in a text. Both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineAndColumn {
    pub line: usize,
    pub column: usize,
}

impl LineAndColumn {
    /// The place of the byte at `offset`.
    #[must_use]
    pub fn of(text: &str, offset: usize) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(LineAndColumn { line, column }) => write!(f, "line {line}, column {column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// A file that cannot become a recipe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipeFileError {
    /// In the order of the file; never empty.
    #[error("{}", listed(.0))]
    Malformed(Vec<FileProblem>),
    #[error("the file is not text in UTF-8 or UTF-16")]
    NotText,
    #[error("there are no labels in it")]
    NoLabels,
}

impl RecipeFileError {
    pub(crate) fn at(text: &str, offset: Option<usize>, message: impl Into<String>) -> Self {
        let place = offset.map(|offset| LineAndColumn::of(text, offset));
        Self::Malformed(vec![FileProblem { place, message: message.into() }])
    }
}

fn listed(problems: &[FileProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

pub type Result<T> = std::result::Result<T, RecipeFileError>;
