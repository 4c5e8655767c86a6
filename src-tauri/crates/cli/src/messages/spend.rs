//! What was spent.

use std::io::{self, Write};

use domain::money::PicoDollars;
use domain::spend::{SpendKey, SpendRow};

use super::format::{at_most, grouped, money};

const PICO_PER_DOLLAR: u64 = 1_000_000_000_000;

pub fn spend(out: &mut dyn Write, rows: &[SpendRow], keys: &[SpendKey]) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "No request has been sent to a server yet.");
    }
    let header = keys.iter().map(|key| title(*key)).chain(["Requests", "Tokens in", "Tokens out", "Paid"]);
    let mut table = super::table::Table::of_columns(header);
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
    writeln!(out, "\nPaid in all: {}", money(paid))?;
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

/// RFC 4180, with amounts in dollars to the last digit.
pub fn spend_csv(rows: &[SpendRow], keys: &[SpendKey]) -> String {
    let mut table = String::new();
    let names = keys.iter().map(|key| title(*key).to_lowercase());
    let figures = ["requests", "input_tokens", "output_tokens", "paid_dollars", "possibly_billed_dollars"];
    push_record(&mut table, names.chain(figures.map(ToOwned::to_owned)));
    for row in rows {
        let names = keys.iter().map(|key| no_formula(row.key(*key).unwrap_or_default()));
        let figures = [
            row.requests.to_string(),
            row.input_tokens.to_string(),
            row.output_tokens.to_string(),
            exact(row.paid),
            exact(row.possibly_billed),
        ];
        push_record(&mut table, names.chain(figures));
    }
    table
}

/// Text that a spreadsheet would evaluate gets an apostrophe.
fn no_formula(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

fn exact(amount: PicoDollars) -> String {
    format!("{}.{:012}", amount.0 / PICO_PER_DOLLAR, amount.0 % PICO_PER_DOLLAR)
}

fn push_record(table: &mut String, fields: impl Iterator<Item = String>) {
    let fields: Vec<String> = fields
        .map(|field| {
            let is_plain = !field.contains(['"', ',', '\r', '\n']);
            if is_plain { field } else { format!("\"{}\"", field.replace('"', "\"\"")) }
        })
        .collect();
    table.push_str(&fields.join(","));
    table.push_str("\r\n");
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
        assert_eq!(
            spend_csv(&[row], &[SpendKey::Recipe, SpendKey::Month, SpendKey::Collection]),
            "recipe,month,collection,requests,input_tokens,output_tokens,paid_dollars,possibly_billed_dollars\r\n\
             \"birds, \"\"small\"\"\",2026-11,'=1+1,3,5,6,1.000000000012,0.000000000000\r\n"
        );
    }
}
