//! Recipe files, label lists of other programs, and the built-in recipes. Works on text: callers read and write the files.

pub mod builtin;
mod error;
mod file;
mod import;

pub use error::{FileProblem, LineAndColumn, RecipeFileError, Result};
pub use file::{EXTENSION, read, write};
pub use import::{decode, import};
