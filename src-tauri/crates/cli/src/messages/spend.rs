//! What was spent.

use std::io::{self, Write};

use domain::money::PicoDollars;
use domain::spend::{SpendKey, SpendRow};
use domain::text::without_formula;

use super::format::{at_most, grouped, money};
use super::table::Table;

/// The last columns of the CSV.
const FIGURES: [&str; 5] = ["requests", "input_tokens", "output_tokens", "paid_dollars", "possibly_billed_dollars"];

pub fn spend(out: &mut dyn Write, rows: &[SpendRow], keys: &[SpendKey]) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "No request has been sent to a server yet.");
    }
    let header = keys.iter().map(|key| title(*key)).chain(["Requests", "Tokens in", "Tokens out", "Paid"]);
    let mut table = Table::of_columns(header);
    table.align_right(keys.len()..keys.len() + 4);
    for row in rows {
        let names = keys.iter().map(|key| shown(*key, row));
        let figures =
            [grouped(row.requests.into()), grouped(row.input_tokens), grouped(row.output_tokens), money(row.paid)];
        table.add_row(names.chain(figures));
    }
    table.write(out)?;
    let paid: PicoDollars = rows.iter().map(|row| row.paid).sum();
    let possible: PicoDollars = rows.iter().map(|row| row.possibly_billed).sum();
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

/// CSV by RFC 4180, with amounts in dollars to the last digit.
pub fn spend_csv(out: impl Write, rows: &[SpendRow], keys: &[SpendKey]) -> io::Result<()> {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let names = keys.iter().map(|key| title(*key).to_lowercase());
    table.write_record(names.chain(FIGURES.map(ToOwned::to_owned)))?;
    for row in rows {
        let names = keys.iter().map(|key| without_formula(row.key(*key).unwrap_or_default()).into_owned());
        table.write_record(names.chain([
            row.requests.to_string(),
            row.input_tokens.to_string(),
            row.output_tokens.to_string(),
            row.paid.exact(),
            row.possibly_billed.exact(),
        ]))?;
    }
    table.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_has_exact_amounts_and_quoted_names() {
        let row = SpendRow {
            month: Some("2026-11".into()),
            model: None,
            recipe: Some("birds, \"small\"".into()),
            collection: Some("=1+1".into()),
            requests: 3,
            paid: PicoDollars(1_000_000_000_012),
            possibly_billed: PicoDollars::ZERO,
            input_tokens: 5,
            output_tokens: 6,
        };
        let mut table = Vec::new();
        spend_csv(&mut table, &[row], &[SpendKey::Recipe, SpendKey::Month, SpendKey::Collection]).unwrap();
        assert_eq!(
            String::from_utf8(table).unwrap(),
            "recipe,month,collection,requests,input_tokens,output_tokens,paid_dollars,possibly_billed_dollars\r\n\
             \"birds, \"\"small\"\"\",2026-11,'=1+1,3,5,6,1.000000000012,0.000000000000\r\n"
        );
    }
}
