//! Every model's quote side by side.

use std::collections::BTreeMap;
use std::io::{self, Write};

use domain::money::PicoDollars;
use domain::month::MonthSpending;
use domain::plan::{ModelQuote, Quote, TimeEstimate};
use domain::run_state::RunMode;

use super::errors::{no_batches, unavailable, unsupported};
use super::format::{at_most, counted, duration, likely, money};
use super::month::of_plan;
use super::quote::{ASSUMED_IMAGE_TOKENS, answer_basis, budget, images_to_send, requests, time_basis, worst_case};
use super::remarks::{old_prices, price_source, retirement};
use super::table::Table;
use crate::arguments::Estimate;
use crate::style::HEADING;

pub fn estimate(
    out: &mut dyn Write,
    quote: &Quote,
    recipe: &str,
    month: &MonthSpending,
    arguments: &Estimate,
) -> io::Result<()> {
    writeln!(out, "{HEADING}{}, recipe {recipe}{HEADING:#}", counted(quote.image_count, "image"))?;
    similar(out, quote, arguments)?;
    writeln!(out)?;
    // The price of the other mode is shown beside that of the requested one.
    let other = if arguments.batch { "Live" } else { "Batch" };
    let mut table = Table::new(["Model", "Likely", "Expected", "Never above", other, "Time", "Notes"]);
    table.align_right(1..=4);
    for row in &quote.models {
        let unknown = || "unknown".to_owned();
        let (cost, other) = if arguments.batch { (row.batch, row.cost) } else { (row.cost, row.batch) };
        table.add([
            row.model.id.to_string(),
            cost.map_or_else(unknown, likely),
            cost.map_or_else(unknown, |cost| money(cost.expected)),
            cost.map_or_else(unknown, |cost| at_most(cost.at_most)),
            other.map_or_else(|| "-".to_owned(), |cost| money(cost.expected)),
            time(row, arguments).map_or_else(|| "-".to_owned(), |time| duration(f64::from(time.total_millis))),
            remarks(row, arguments).join("; "),
        ]);
    }
    if quote.models.is_empty() {
        return Ok(());
    }
    table.write(out)?;
    writeln!(out)?;
    let are_assumed = |row: &ModelQuote| row.cost_basis.as_ref().is_some_and(|basis| !basis.are_image_tokens_exact);
    let bound = if quote.models.iter().any(are_assumed) {
        "an upper bound, except where the tokens of images are assumed"
    } else {
        "an upper bound: no run costs more"
    };
    writeln!(
        out,
        "Prices as of {}. \"Likely\" is the range that nine runs in ten end in; \"Never above\" is {bound}.",
        quote.prices_as_of
    )?;
    by_model(out, "Requests", &quote.models, |row| {
        requests(row.requests, images_to_send(quote, row, arguments.similar, arguments.fresh))
    })?;
    by_model(out, "Images", &quote.models, |row| are_assumed(row).then(|| ASSUMED_IMAGE_TOKENS.to_owned()))?;
    if quote.are_prices_old {
        writeln!(out, "Note: {}.", old_prices(quote.prices_as_of))?;
    }
    if arguments.batch {
        writeln!(out, "Batches finish within 24 hours.")?;
    } else {
        by_model(out, "Never above", &quote.models, |row| Some(worst_case(row.cost_basis.as_ref()?)))?;
    }
    by_model(out, "Budget", &quote.models, |row| {
        let mode = if arguments.batch { RunMode::Batch } else { RunMode::Live };
        let forecast = if arguments.batch { row.batch_budget } else { row.budget }?;
        budget(forecast, arguments.budget?, images_to_send(quote, row, arguments.similar, arguments.fresh), mode)
    })?;
    by_model(out, "Month", &quote.models, |row| {
        let cost = if arguments.batch { row.batch } else { row.cost }?;
        of_plan(month, cost).filter(|_| cost.at_most > PicoDollars::ZERO)
    })?;
    by_model(out, "Output", &quote.models, |row| Some(answer_basis(row.cost_basis.as_ref()?.answer_basis)))?;
    if !arguments.batch {
        by_model(out, "Time", &quote.models, |row| {
            Some(row.time.map_or_else(|| "not measured yet: the first run or pilot measures it".into(), time_basis))
        })?;
    }
    by_model(out, "Not available", &quote.models, |row| row.unavailable.as_ref().map(unavailable))
}

/// Models that an estimate of batches leaves out.
pub fn not_in_batches(out: &mut dyn Write, models: &[ModelQuote]) -> io::Result<()> {
    by_model(out, "Not in batches", models, |row| Some(no_batches(row).to_owned()))
}

fn similar(out: &mut dyn Write, quote: &Quote, arguments: &Estimate) -> io::Result<()> {
    if quote.similar.followers == 0 {
        return Ok(());
    }
    let alike = counted(quote.similar.followers, "near-duplicate");
    if arguments.similar {
        writeln!(out, "{alike} not sent: annotations are copied from a similar image")
    } else {
        writeln!(out, "{alike}: --similar sends only one image of each group")
    }
}

/// The duration of a batch is unknown.
fn time(row: &ModelQuote, arguments: &Estimate) -> Option<TimeEstimate> {
    row.time.filter(|_| !arguments.batch)
}

/// Remarks about a model: unsupported capabilities, saved answers, retirement, availability.
fn remarks(row: &ModelQuote, arguments: &Estimate) -> Vec<String> {
    let mut remarks: Vec<String> = row.unsupported_capabilities.iter().map(unsupported).collect();
    if row.answered_before > 0 && !arguments.fresh {
        remarks.push(format!("{} at no cost", counted(row.answered_before, "saved answer")));
    }
    remarks.extend(retirement(&row.model));
    remarks.extend(price_source(&row.price_source, None));
    if row.unavailable.is_some() {
        remarks.push("not available".into());
    }
    remarks
}

/// A remark about each model, printed once for all models that share it.
fn by_model(
    out: &mut dyn Write,
    subject: &str,
    rows: &[ModelQuote],
    text_of: impl Fn(&ModelQuote) -> Option<String>,
) -> io::Result<()> {
    let mut models_by_text: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for row in rows {
        if let Some(text) = text_of(row) {
            models_by_text.entry(text).or_default().push(&row.model.id.0);
        }
    }
    for (text, models) in models_by_text {
        match models.as_slice() {
            [one] => writeln!(out, "{subject}, {one}: {text}.")?,
            several => writeln!(out, "{subject}, {} models: {text}.", several.len())?,
        }
    }
    Ok(())
}
