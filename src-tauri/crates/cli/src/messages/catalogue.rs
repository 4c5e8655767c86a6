//! Models, prices and recipes.

use std::io::{self, Write};

use domain::catalogue::{OfferedModel, PriceList};
use domain::model::{Destination, Unavailable};
use domain::money::PicoDollars;
use domain::prices::{PriceChange, PriceComparison, PriceField, SkippedPrice};
use domain::recipe::SavedRecipe;

use super::errors::unavailable;
use super::format::{counted, counted_len, exact_money};
use super::remarks::{old_prices, price_source, retirement};
use super::table::Table;
use crate::style::HEADING;
use crate::target::Target;

pub fn models(out: &mut dyn Write, models: &[OfferedModel]) -> io::Result<()> {
    let mut table = Table::new(["Model", "Name", "Host", "Status"]);
    let mut reasons: Vec<&Unavailable> = Vec::new();
    for OfferedModel { model, unavailable, is_suggested } in models {
        let place = match &model.destination {
            Destination::ThisMachine => "this machine",
            Destination::Host { name, .. } => name,
        };
        let now = match unavailable {
            None if model.is_retired => None,
            None => Some("ready"),
            Some(Unavailable::NoKey { .. }) => Some("no key"),
            Some(Unavailable::LocalOnly) => Some("local only"),
            Some(Unavailable::Unusable { .. }) => Some("not available"),
        };
        let now = now.map(str::to_owned);
        let until = retirement(model);
        let default = is_suggested.then(|| "default".to_owned());
        let now: Vec<String> = [now, until, default].into_iter().flatten().collect();
        reasons.extend(unavailable);
        table.add([model.id.to_string(), model.name.clone(), place.to_owned(), now.join(", ")]);
    }
    table.write(out)?;
    // Usually all models share one reason.
    reasons.dedup();
    for reason in reasons {
        writeln!(out)?;
        writeln!(out, "{}", capitalised(&unavailable_reason(reason)))?;
    }
    Ok(())
}

/// What an import would change.
pub fn price_comparison(out: &mut dyn Write, comparison: &PriceComparison) -> io::Result<()> {
    let PriceComparison { table: name, changes, unchanged, skipped, unknown } = comparison;
    if !changes.is_empty() {
        let mut table = Table::new(["Model", "Value", "Now", name]);
        table.align_right([2, 3]);
        for PriceChange { model, field, before, after } in changes {
            let (what, shown) = field_names(*field);
            table.add([model.to_string(), what.to_owned(), shown(*before), shown(*after)]);
        }
        table.write(out)?;
        writeln!(out)?;
    }
    for SkippedPrice { name, reason } in skipped {
        writeln!(out, "{name} cannot be imported: {reason}")?;
    }
    writeln!(
        out,
        "{} unchanged. {} of other models left alone. Nothing was changed; --model imports the models that it names.",
        counted_len(unchanged.len(), "model"),
        counted(*unknown, "entry").replace("entrys", "entries")
    )
}

fn field_names(field: PriceField) -> (&'static str, fn(f64) -> String) {
    let dollars = |amount: f64| PicoDollars::from_dollars(amount).map_or_else(|| "$0".to_owned(), exact_money);
    let tokens = |count: f64| format!("{count:.0} tokens");
    match field {
        PriceField::Input => ("input", dollars),
        PriceField::Output => ("output", dollars),
        PriceField::CacheWrite5m => ("cache write", dollars),
        PriceField::CacheWrite1h => ("cache write, 1 h", dollars),
        PriceField::CacheRead => ("cache read", dollars),
        PriceField::BatchPercent => ("batch", |percent| format!("{percent:.0} %")),
        PriceField::ContextTokens => ("context", tokens),
        PriceField::MaxOutputTokens => ("longest answer", tokens),
    }
}

fn unavailable_reason(reason: &Unavailable) -> String {
    unavailable(reason) + "."
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

pub fn prices(out: &mut dyn Write, prices: &PriceList) -> io::Result<()> {
    let mut table = Table::new(["Model", "Input", "Output", "Cached", "Batch input", "Batch output"]);
    table.align_right(1..=5);
    for priced in &prices.models {
        let [input, output, cached] = [priced.input, priced.output, priced.cached_input].map(exact_money);
        let in_batches = [priced.batch_input, priced.batch_output];
        let [batch_input, batch_output] = in_batches.map(|amount| amount.map_or_else(|| "-".to_owned(), exact_money));
        table.add([priced.id.to_string(), input, output, cached, batch_input, batch_output]);
    }
    table.write(out)?;
    writeln!(out)?;
    writeln!(out, "Per million tokens, as of {}. The built-in model is free.", prices.as_of)?;
    for priced in &prices.models {
        if let Some(source) = price_source(&priced.source, priced.as_of) {
            writeln!(out, "{}: {source}.", priced.id)?;
        }
    }
    if prices.is_old { writeln!(out, "{}.", capitalised(&old_prices(prices.as_of))) } else { Ok(()) }
}

pub fn recipes(out: &mut dyn Write, recipes: &[SavedRecipe]) -> io::Result<()> {
    for (index, SavedRecipe { recipe, .. }) in recipes.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{HEADING}{}{HEADING:#}", recipe.name)?;
        let labels: Vec<&str> = recipe.labels.iter().map(|label| label.name.as_str()).collect();
        if !labels.is_empty() {
            writeln!(out, "  labels      {}", labels.join(", "))?;
        }
        if !recipe.attributes.is_empty() {
            let names: Vec<&str> = recipe.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
            writeln!(out, "  attributes  {}", names.join(", "))?;
        }
    }
    Ok(())
}

pub fn recipe_saved(out: &mut dyn Write, saved: &SavedRecipe, is_new: bool) -> io::Result<()> {
    let SavedRecipe { recipe, version, .. } = saved;
    if !is_new {
        return writeln!(out, "\"{}\", version {version}, is saved already and is now the current one", recipe.name);
    }
    let parts = [(recipe.labels.len(), "label"), (recipe.attributes.len(), "attribute")];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, name)| counted_len(count, name)).collect();
    writeln!(out, "Saved \"{}\", version {version}: {}", recipe.name, parts.join(", "))
}

pub fn recipe_unchanged(out: &mut dyn Write, saved: &SavedRecipe) -> io::Result<()> {
    writeln!(out, "\"{}\" is unchanged", saved.recipe.name)
}

pub fn recipe_deleted(out: &mut dyn Write, saved: &SavedRecipe) -> io::Result<()> {
    writeln!(out, "Deleted \"{}\"", saved.recipe.name)
}

pub fn recipe_exported(out: &mut dyn Write, saved: &SavedRecipe, target: &Target) -> io::Result<()> {
    writeln!(out, "\"{}\" written to {target}", saved.recipe.name)
}
