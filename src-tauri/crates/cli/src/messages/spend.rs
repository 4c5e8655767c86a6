//! What was spent.

use std::io::{self, Write};

use domain::money::PicoDollars;
use domain::spend::{SpendKey, SpendRow};

use super::format::{at_most, grouped, money};
use super::table::Table;

/// `is_narrowed`: only a part of what was spent was asked for.
pub fn spend(out: &mut dyn Write, rows: &[SpendRow], keys: &[SpendKey], is_narrowed: bool) -> io::Result<()> {
    if rows.is_empty() {
        let nothing = if is_narrowed { "No request matches." } else { "No request has been sent yet." };
        return writeln!(out, "{nothing}");
    }
    let header =
        keys.iter().map(|key| title(*key)).chain(["Runs", "Images", "Requests", "Tokens in", "Tokens out", "Paid"]);
    let mut table = Table::of_columns(header);
    table.align_right(keys.len()..keys.len() + 6);
    for row in rows {
        let names = keys.iter().map(|key| shown(*key, row));
        let figures = row.figures;
        let paid = shown_paid(figures.paid, figures.unpriced_requests, figures.requests);
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
    writeln!(out)?;
    let unpriced = rows.iter().map(|row| row.figures.unpriced_requests).sum();
    let requests = rows.iter().map(|row| row.figures.requests).sum();
    writeln!(out, "Total paid: {}", shown_paid(paid, unpriced, requests))?;
    if possible > PicoDollars::ZERO {
        writeln!(out, "Possibly billed without an answer: up to {}", at_most(possible))?;
    }
    Ok(())
}

fn shown_paid(paid: PicoDollars, unpriced: u32, requests: u32) -> String {
    match unpriced {
        0 => money(paid),
        count if count == requests => "unknown".to_owned(),
        _ => format!("{} and unknown", money(paid)),
    }
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
