//! What was spent.

use std::io::{self, Write};

use domain::money::PicoDollars;
use domain::spend::{SpendKey, SpendRow};

use super::format::{at_most, grouped, money};
use super::table::Table;

pub fn spend(out: &mut dyn Write, rows: &[SpendRow], keys: &[SpendKey]) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "No request has been sent to a server yet.");
    }
    let header =
        keys.iter().map(|key| title(*key)).chain(["Runs", "Images", "Requests", "Tokens in", "Tokens out", "Paid"]);
    let mut table = Table::of_columns(header);
    table.align_right(keys.len()..keys.len() + 6);
    for row in rows {
        let names = keys.iter().map(|key| shown(*key, row));
        let figures = row.figures;
        let paid = match figures.unpriced_requests {
            0 => money(figures.paid),
            count if count == figures.requests => "unknown".to_owned(),
            _ => format!("{} and unknown", money(figures.paid)),
        };
        let figures = [
            grouped(row.runs.into()),
            grouped(figures.images.into()),
            grouped(figures.requests.into()),
            grouped(figures.input_tokens),
            grouped(figures.output_tokens),
            paid,
        ];
        table.add_row(names.chain(figures));
    }
    table.write(out)?;
    let paid: PicoDollars = rows.iter().map(|row| row.figures.paid).sum();
    let possible: PicoDollars = rows.iter().map(|row| row.figures.possibly_billed).sum();
    writeln!(out, "\nTotal paid: {}", money(paid))?;
    if possible > PicoDollars::ZERO {
        writeln!(out, "Possibly billed without an answer: up to {}", at_most(possible))?;
    }
    Ok(())
}

fn title(key: SpendKey) -> &'static str {
    match key {
        SpendKey::Month => "Month",
        SpendKey::Model => "Model",
        SpendKey::Recipe => "Recipe",
        SpendKey::Collection => "Collection",
    }
}

fn shown(key: SpendKey, row: &SpendRow) -> String {
    match (key, row.key(key).unwrap_or_default()) {
        (SpendKey::Recipe, "") => "(calibration)".into(),
        (SpendKey::Collection, "") => "(none)".into(),
        (_, name) => name.to_owned(),
    }
}
