//! Common parts of formats with CSV files.

use std::io::Read;

use ::csv::{Position, ReaderBuilder, StringRecord};

use crate::error::{DatasetError, FileLocation, Result};

/// An error of writing rows.
pub fn failed(error: ::csv::Error) -> DatasetError {
    DatasetError::Io(match error.into_kind() {
        // As it is, so that a full disk is told from other errors.
        ::csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    })
}

/// An error of reading the rows of `file`, with the line.
pub fn malformed(file: &str, error: ::csv::Error) -> DatasetError {
    let place = FileLocation { line: error.position().map(Position::line), ..FileLocation::file(file) };
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => DatasetError::Io(error),
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            place.malformed(format!("the row has {len} columns, and the header {expected_len}"))
        }
        ::csv::ErrorKind::Utf8 { .. } => place.malformed("not valid UTF-8"),
        other => place.malformed(format!("{other:?}")),
    }
}

/// Passes each row of a table with a header on to `each`.
pub fn each_row(table: impl Read, file: &str, mut each: impl FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
    let mut rows = ReaderBuilder::new().from_reader(table);
    let columns = rows.headers().map_err(|error| malformed(file, error))?.clone();
    let mut record = StringRecord::new();
    while rows.read_record(&mut record).map_err(|error| malformed(file, error))? {
        each(&Row { file, columns: &columns, record: &record })?;
    }
    Ok(())
}

/// A row of a table.
pub struct Row<'a> {
    file: &'a str,
    columns: &'a StringRecord,
    record: &'a StringRecord,
}

impl Row<'_> {
    /// Empty if there is none.
    pub fn cell(&self, column: &str) -> &str {
        let place = self.columns.iter().position(|name| name.trim_start_matches('\u{feff}') == column);
        place.and_then(|place| self.record.get(place)).unwrap_or_default()
    }

    pub fn place(&self, column: &str) -> FileLocation {
        let line = self.record.position().map(Position::line);
        FileLocation { line, ..FileLocation::file(self.file).with_field(column) }
    }

    pub fn number(&self, column: &str) -> Result<f64> {
        let cell = self.cell(column);
        let number = cell.parse().ok().filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| self.place(column).malformed(format!("{cell:?} is not a number")))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_errors() {
        let full = failed(::csv::Error::from(Error::from(ErrorKind::StorageFull)));
        assert!(matches!(full, DatasetError::Io(error) if error.kind() == ErrorKind::StorageFull));
    }
}
