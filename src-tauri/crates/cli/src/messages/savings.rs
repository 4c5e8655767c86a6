//! Ways to spend less, each with the option that applies it.

use std::io::{self, Write};

use domain::plan::ModelQuote;
use domain::savings::{ModelQuality, NoSaving, Saving, SavingChange, Savings};

use super::errors::SEVERAL_REQUESTS;
use super::format::{at_most, counted, duration, grouped, money};
use super::table::Table;
use crate::style::HEADING;

pub fn savings(out: &mut dyn Write, model: &ModelQuote, savings: &Savings) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "{HEADING}Spend less with {}{HEADING:#}, each alone", model.model.id)?;
    if !savings.savings.is_empty() {
        let mut table = Table::new(["Option", "Saves", "Time", "Effect"]);
        table.align_right([1]);
        for saving in &savings.savings {
            let effect = effect(&saving.change);
            table.add([
                option(&saving.change),
                saves(saving),
                time(saving),
                if saving.is_applied { format!("in use: {effect}") } else { effect },
            ]);
        }
        table.write(out)?;
    }
    for reason in &savings.without {
        writeln!(out, "{}.", no_saving(*reason))?;
    }
    Ok(())
}

/// The option that applies a change.
fn option(change: &SavingChange) -> String {
    match change {
        SavingChange::Batch => "--batch".to_owned(),
        SavingChange::SkipSimilar { .. } => "--similar".to_owned(),
        SavingChange::SmallerImages { longest_edge, .. } => format!("--longest-edge {longest_edge}"),
        SavingChange::CheaperModel { model, .. } => format!("--model {model}"),
        SavingChange::FewerExamples { count, .. } => format!("--examples {count}"),
        SavingChange::MaxTokens { tokens, .. } => format!("--max-tokens {tokens}"),
    }
}

fn saves(saving: &Saving) -> String {
    match (saving.expected.0, saving.bound.0) {
        (0, 0) => "-".to_owned(),
        (0, _) => format!("{} of the bound", at_most(saving.bound)),
        _ => money(saving.expected),
    }
}

fn time(saving: &Saving) -> String {
    let Some(millis) = saving.longer_millis else { return "-".to_owned() };
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run")]
    let shown = duration(millis.unsigned_abs() as f64);
    if millis > 0 { format!("{shown} longer") } else { format!("{shown} less") }
}

/// What a change does, and what is lost by it.
fn effect(change: &SavingChange) -> String {
    match change {
        SavingChange::Batch => "results within 24 hours".to_owned(),
        SavingChange::SkipSimilar { images } => {
            format!("{} not sent: annotations are copied from a similar image", counted(*images, "near-duplicate"))
        }
        SavingChange::SmallerImages { instead_of, .. } => {
            format!("instead of {} px; small objects may be missed", grouped((*instead_of).into()))
        }
        SavingChange::CheaperModel { quality, quality_now, instead_of, .. } => match (quality, quality_now) {
            (Some(own), Some(now)) => format!("people accepted {}; of {instead_of} {}", accepted(*own), accepted(*now)),
            (Some(own), None) => format!("people accepted {}", accepted(*own)),
            (None, _) => "quality not measured".to_owned(),
        },
        SavingChange::FewerExamples { of, .. } => {
            format!("instead of {}; answers may follow them less closely", counted(*of, "example"))
        }
        SavingChange::MaxTokens { tokens, longest: Some(longest) } => format!(
            "only limits the worst case: longer answers are cut off; the longest so far had {} of {} tokens",
            grouped((*longest).into()),
            grouped((*tokens).into())
        ),
        SavingChange::MaxTokens { .. } => {
            "only limits the worst case: longer answers are cut off, and not requested again".to_owned()
        }
    }
}

/// `92 % of 310 annotations unchanged`
fn accepted(quality: ModelQuality) -> String {
    let percent = f64::from(quality.accepted) / f64::from(quality.decided.max(1)) * 100.0;
    format!("{percent:.0} % of {} unchanged", counted(quality.decided, "annotation"))
}

fn no_saving(reason: NoSaving) -> String {
    match reason {
        NoSaving::Cached { instruction_tokens } => {
            format!(
                "Prompt caching is used: the instructions, about {instruction_tokens} tokens, are read from the cache"
            )
        }
        NoSaving::TooShortToCache { instruction_tokens, least_tokens } => format!(
            "Prompt caching is not possible: the instructions are about {instruction_tokens} tokens, and this model caches \
             {least_tokens} or more"
        ),
        NoSaving::NotCached { instruction_tokens } => format!(
            "Prompt caching is not counted on: the instructions, about {instruction_tokens} tokens, are counted in full"
        ),
        NoSaving::LowEffort => "Effort: the model is asked for the lowest already".to_owned(),
        NoSaving::NoEffort => "Effort: requests to this model cannot set it".to_owned(),
        NoSaving::NoBatches => "Batches: the vendor has none".to_owned(),
        NoSaving::NotInBatches => format!("Batches: not possible, as {SEVERAL_REQUESTS}"),
    }
}
