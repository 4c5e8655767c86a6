//! Aligned tables without lines. On a narrow terminal each cell gets its own line, because a wrapped number is unreadable.

use std::io::{self, IsTerminal, Write};

use comfy_table::CellAlignment;
use comfy_table::presets::NOTHING;
use domain::text::visible;

use crate::style::HEADING;

/// Between columns.
const GAP: u16 = 2;

pub struct Table {
    aligned: comfy_table::Table,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new<const COLUMNS: usize>(header: [&str; COLUMNS]) -> Self {
        Self::of_columns(header)
    }

    /// As [`Table::new`], with any number of columns.
    pub fn of_columns<'a>(header: impl IntoIterator<Item = &'a str>) -> Self {
        let header: Vec<String> = header.into_iter().map(ToOwned::to_owned).collect();
        let mut aligned = comfy_table::Table::new();
        aligned.load_style(NOTHING).set_header(&header);
        for column in aligned.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        Self { aligned, header, rows: Vec::new() }
    }

    /// For columns of numbers.
    pub fn align_right(&mut self, columns: impl IntoIterator<Item = usize>) {
        for index in columns {
            if let Some(column) = self.aligned.column_mut(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }

    pub fn add<const COLUMNS: usize>(&mut self, row: [String; COLUMNS]) {
        self.add_row(row);
    }

    /// As many cells as there are columns.
    pub fn add_row(&mut self, row: impl IntoIterator<Item = String>) {
        // A line feed in a cell would break the table.
        let row: Vec<String> = row.into_iter().map(|cell| visible(&cell).into_owned()).collect();
        self.aligned.add_row(row.clone());
        self.rows.push(row);
    }

    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let widest: u16 = self.aligned.column_max_content_widths().iter().map(|width| width + GAP).sum();
        if width().is_some_and(|width| widest.saturating_sub(GAP) > width) {
            return self.write_stacked(out);
        }
        let mut lines = self.aligned.lines();
        if let Some(header) = lines.next() {
            writeln!(out, "{HEADING}{}{HEADING:#}", header.trim_end())?;
        }
        for line in lines {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn write_stacked(&self, out: &mut dyn Write) -> io::Result<()> {
        let name_width = self.header.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        for row in &self.rows {
            for (index, (name, cell)) in self.header.iter().zip(row).enumerate() {
                match index {
                    0 => writeln!(out, "{HEADING}{name} {cell}{HEADING:#}")?,
                    _ if cell.is_empty() => {}
                    _ => writeln!(out, "  {name:<name_width$}  {cell}")?,
                }
            }
        }
        Ok(())
    }
}

/// Width of the terminal, or `COLUMNS`; `None` in a pipe or a file.
fn width() -> Option<u16> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    said.or_else(|| terminal_size::terminal_size().map(|(width, _)| width.0))
}
