//! Where results and notes go. Results go to standard output: words for people, or with `--json` exactly one document.
//! Everything else (what was imported, the quote and its question, progress, warnings, errors) goes to standard error, so
//! that a pipe or a file gets the result alone and the person still sees what is asked.

use std::io::{self, StderrLock, StdoutLock, Write};

use anstream::AutoStream;
use serde::Serialize;

use crate::arguments::Global;
use crate::error::CommandError;

#[derive(Debug, Clone, Copy)]
pub struct Output {
    is_json: bool,
}

impl Output {
    pub fn new(global: &Global) -> Self {
        Self { is_json: global.json }
    }

    /// Shows a result: as the document, or in words.
    pub fn show<T: Serialize>(
        self,
        result: &T,
        words: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CommandError> {
        if self.is_json {
            return Self::document(result);
        }
        let mut out = anstream::stdout().lock();
        words(&mut out)?;
        Ok(out.flush()?)
    }

    /// Prints a result that is JSON whatever was asked for.
    pub fn document(result: &impl Serialize) -> Result<(), CommandError> {
        let mut out: AutoStream<StdoutLock<'static>> = anstream::stdout().lock();
        serde_json::to_writer_pretty(&mut out, result)?;
        writeln!(out)?;
        Ok(out.flush()?)
    }

    /// Adds to a result in words what has no place in the document.
    pub fn add(self, words: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), CommandError> {
        if !self.is_json {
            words(&mut anstream::stdout().lock())?;
        }
        Ok(())
    }
}

/// For whatever is no result.
pub fn notes() -> AutoStream<StderrLock<'static>> {
    anstream::stderr().lock()
}
