//! The quote of one model, as it is agreed to.

use std::io::{self, Write};

use domain::model::Destination;
use domain::plan::{AnswerBasis, CostBasis, CostRange, ModelQuote, Quote, TimeBasis};
use domain::run::{RunMode, RunSummary};
use engine::pilot::PilotVerdict;

use super::figures::{counted, counted_len, duration, grouped, money};
use super::refusal::shortfall;
use super::style::{GOOD, HEADING, WARNING};
use crate::arguments::Annotate;

pub fn quote(
    out: &mut dyn Write,
    quote: &Quote,
    model: &ModelQuote,
    recipe: &str,
    arguments: &Annotate,
) -> io::Result<()> {
    let heading = format!("{}, {recipe}, by {}", counted(quote.image_count, "image"), model.model.name);
    writeln!(out, "{HEADING}{heading}{HEADING:#}")?;
    let mut asked = quote.image_count;
    if quote.similar.followers > 0 {
        let alike = counted(quote.similar.followers, "image");
        if arguments.similar {
            asked -= quote.similar.followers;
            writeln!(out, "  alike {alike} not asked about: given the marks of the one each looks like")?;
        } else {
            writeln!(out, "  alike {alike} like another: --similar would not ask about them")?;
        }
    }
    if model.answered_before > 0 && !arguments.fresh {
        asked -= model.answered_before;
        writeln!(out, "  again {} answered before, not paid for again", counted(model.answered_before, "image"))?;
    }
    let cost = match arguments.mode() {
        RunMode::Live => model.cost,
        RunMode::Overnight => model.overnight.or(model.cost),
    };
    match cost {
        Some(cost) if cost == CostRange::default() => writeln!(out, "  cost  $0")?,
        Some(cost) => writeln!(
            out,
            "  cost  about {}, from {} to {}, prices as of {}",
            money(cost.expected),
            money(cost.low),
            money(cost.high),
            quote.prices_as_of
        )?,
        None => writeln!(out, "  cost  unknown: nobody has told this model's price")?,
    }
    if let (RunMode::Overnight, Some(_)) = (arguments.mode(), model.overnight) {
        writeln!(out, "  time  within a day, in batches: the vendor says when")?;
        if let Some(live) = model.cost {
            writeln!(out, "  else  at once it would be about {}:", money(live.expected))?;
        }
    } else if let Some(time) = model.time.filter(|_| asked > 0) {
        let basis = time_basis(time.basis);
        writeln!(
            out,
            "  time  about {}: {} at once, {} an image, {basis}",
            duration(f64::from(time.total_millis)),
            time.concurrency,
            duration(f64::from(time.image_millis))
        )?;
    }
    if let Some(basis) = model.cost_basis.as_ref().filter(|_| asked > 0) {
        cost_basis(out, basis)?;
    }
    match &model.model.destination {
        Destination::ThisMachine => writeln!(out, "  sends nothing: the model is in this program")?,
        Destination::Host { .. } if asked == 0 => writeln!(out, "  sends nothing: every answer is here already")?,
        Destination::Host { name, is_on_this_machine } => {
            let edge = model.cost_basis.as_ref().map_or(0, |basis| basis.longest_edge);
            let place = if *is_on_this_machine { ", a server on this machine" } else { "" };
            writeln!(
                out,
                "  sends {} as JPEG of at most {edge} pixels, and the recipe's words, to {name}{place}",
                counted(asked, "image")
            )?;
            writeln!(out, "  keeps originals, file names, EXIF and place on this machine")?;
        }
    }
    if let Some(retires) = model.model.retires {
        writeln!(out, "  {WARNING}note{WARNING:#}  the vendor stops answering for this model on {retires}")?;
    }
    for gap in &model.shortfalls {
        writeln!(out, "  {WARNING}note{WARNING:#}  {}", shortfall(gap))?;
    }
    Ok(())
}

fn cost_basis(out: &mut dyn Write, basis: &CostBasis) -> io::Result<()> {
    let answers = answer_basis(basis.answer_basis);
    let parts = [
        ("images", basis.image_tokens, basis.image_cost, "exact".to_owned()),
        ("words", basis.text_tokens, basis.text_cost, "estimated".to_owned()),
        ("answers", basis.answer_tokens, basis.answer_cost, answers),
    ];
    for (what, tokens, cost, how) in parts {
        writeln!(out, "        {what}: {} tokens, {}, {how}", grouped(tokens), money(cost))?;
    }
    let caching = basis.caching;
    if !caching.is_used {
        writeln!(
            out,
            "        nothing cached: about {} tokens of instructions, and this model keeps them from {} on",
            caching.instruction_tokens, caching.least_tokens
        )?;
    }
    Ok(())
}

pub fn time_basis(basis: TimeBasis) -> String {
    match basis {
        TimeBasis::EarlierRun { images } => format!("by an earlier run of {}", counted(images, "image")),
        TimeBasis::Trial { images } => format!("by trying {} of them just now", grouped(images.into())),
    }
}

pub fn answer_basis(basis: AnswerBasis) -> String {
    match basis {
        AnswerBasis::Assumed { marks } => format!("assuming {marks} marks an image"),
        AnswerBasis::EarlierAnswers { images } => format!("as its earlier answers for {}", counted(images, "image")),
    }
}

/// What a pilot says about the images that are left.
pub fn pilot(
    out: &mut dyn Write,
    verdict: PilotVerdict,
    pilot: &RunSummary,
    rest: &ModelQuote,
    mode: RunMode,
    rest_count: usize,
) -> io::Result<()> {
    let left = counted_len(rest_count, "image");
    match verdict {
        PilotVerdict::Sound => {
            let cost = match mode {
                RunMode::Live => rest.cost,
                RunMode::Overnight => rest.overnight.or(rest.cost),
            };
            let cost = cost.filter(|cost| *cost != CostRange::default()).map(|cost| {
                format!(", at about {}, from {} to {}", money(cost.expected), money(cost.low), money(cost.high))
            });
            let cost = cost.unwrap_or_default();
            writeln!(out, "{GOOD}The pilot went as quoted.{GOOD:#} The other {left} are left{cost}.")
        }
        PilotVerdict::Stopped => {
            writeln!(out, "{WARNING}The pilot was stopped.{WARNING:#} The other {left} were not asked about.")
        }
        PilotVerdict::NothingAnswered => {
            writeln!(out, "{WARNING}The pilot brought not one answer.{WARNING:#} The other {left} are left.")
        }
        PilotVerdict::DearerThanQuoted => writeln!(
            out,
            "{WARNING}The pilot cost {}, more than the {} of its quote.{WARNING:#} The other {left} are left.",
            money(pilot.paid + pilot.possibly_billed.at_most),
            money(pilot.quoted.map(|quoted| quoted.high).unwrap_or_default())
        ),
    }
}
