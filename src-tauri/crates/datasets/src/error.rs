//! Errors of reading and writing datasets.

use std::fmt::{self, Display, Formatter};
use std::io;

/// An error of reading or writing a dataset.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The source or the sink failed, with its own error.
    #[error("{0}")]
    Owner(Box<dyn std::error::Error + Send + Sync>),
    /// A file does not follow its format.
    #[error("{place}: {problem}")]
    Malformed { place: FileLocation, problem: String },
    /// Other programs fail on a dataset without annotations in this format.
    #[error("{format} supports none of the annotations on {images} images, and needs at least one")]
    Empty { format: &'static str, images: u32 },
    #[error("this task needs key points: points within boxes or polygons, and there are none")]
    NoKeyPoints,
    #[error("{0} can be written, but not read")]
    NotReadable(&'static str),
    #[error("the format needs the size of {image}, which is unknown")]
    UnknownSize { image: String },
    #[error("the label {0} is not in the label table")]
    UnknownLabel(String),
    #[error("unknown option {0}")]
    UnknownOption(String),
    #[error("invalid value {value} of {option}; expected {}", values.join(" or "))]
    UnknownValue { option: &'static str, value: String, values: &'static [&'static str] },
    /// No picture can be made of an image file, which [`crate::Output`] notes.
    #[error("{0}")]
    Unreadable(String),
    #[error("{0:?} is not a path inside the dataset")]
    UnsafeName(String),
}

pub type Result<T> = std::result::Result<T, DatasetError>;

/// A position in a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileLocation {
    /// Name of the file in a folder or archive; empty if the dataset is a single file.
    pub file: String,
    /// Counted from 1.
    pub line: Option<u64>,
    /// Such as `annotations[3].bbox`, or a column name.
    pub field: Option<String>,
}

impl FileLocation {
    #[must_use]
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    #[must_use]
    pub fn at(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }

    #[must_use]
    pub fn line(line: u64) -> Self {
        Self { line: Some(line), ..Self::default() }
    }

    #[must_use]
    pub fn field(field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::default() }
    }

    #[must_use]
    pub fn with_field(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    pub fn malformed(self, problem: impl Into<String>) -> DatasetError {
        DatasetError::Malformed { place: self, problem: problem.into() }
    }
}

impl Display for FileLocation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!("line {line}"));
        let parts = [(!self.file.is_empty()).then(|| self.file.clone()), line, self.field.clone()];
        let known: Vec<String> = parts.into_iter().flatten().collect();
        if known.is_empty() { f.write_str("the file") } else { f.write_str(&known.join(", ")) }
    }
}
