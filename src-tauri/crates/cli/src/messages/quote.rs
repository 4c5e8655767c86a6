//! The quote of one model, shown before a run.

use std::io::{self, Write};

use domain::budget::{BudgetForecast, BudgetReach};
use domain::ids::RunId;
use domain::model::{Destination, UnsupportedCapability};
use domain::money::{CostRange, PicoDollars};
use domain::month::MonthSpending;
use domain::pace::{EndpointLimit, LimitedUnit};
use domain::pilot::{PilotOutcome, PilotVerdict};
use domain::plan::{AnswerBasis, CostBasis, ModelQuote, PlannedRequests, Quote, TimeBasis, TimeEstimate};
use domain::run_state::RunMode;

use super::errors::unsupported;
use super::format::{counted, duration, exact_money, grouped, likely_and_bound, money, trimmed};
use super::month::of_plan;
use super::remarks::{old_prices, price_source, retirement};
use crate::arguments::Annotate;
use crate::style::{GOOD, HEADING, WARNING};

pub fn quote(
    out: &mut dyn Write,
    quote: &Quote,
    model: &ModelQuote,
    recipe: &str,
    month: &MonthSpending,
    arguments: &Annotate,
) -> io::Result<()> {
    let heading = format!("{}, recipe {recipe}, model {}", counted(quote.image_count, "image"), model.model.name);
    writeln!(out, "{HEADING}{heading}{HEADING:#}")?;
    let asked = images_to_send(quote, model, arguments.similar, arguments.fresh);
    if quote.similar.followers > 0 {
        let alike = counted(quote.similar.followers, "near-duplicate");
        if arguments.similar {
            writeln!(out, "  similar {alike} not sent: annotations are copied from a similar image")?;
        } else {
            writeln!(out, "  similar {alike}: --similar sends only one image of each group")?;
        }
    }
    if model.answered_before > 0 && !arguments.fresh {
        writeln!(out, "  reused  {}, at no cost", counted(model.answered_before, "saved answer"))?;
    }
    let cost = match arguments.mode() {
        RunMode::Live => model.cost,
        RunMode::Batch => model.batch.or(model.cost),
    };
    match cost {
        Some(cost) if cost == CostRange::default() => writeln!(out, "  cost    $0")?,
        Some(cost) => writeln!(out, "  cost    {}; prices as of {}", cost_range(cost), quote.prices_as_of)?,
        None if model.unsupported_capabilities.iter().any(UnsupportedCapability::is_blocking) => {
            writeln!(out, "  cost    not estimated: this model cannot run the recipe")?;
        }
        None => writeln!(out, "  cost    unknown: there is no price for this model")?,
    }
    let in_batches = arguments.mode() == RunMode::Batch && model.batch.is_some();
    if let Some(live) = model.cost.filter(|_| in_batches) {
        writeln!(out, "  live    about {} without --batch:", money(live.expected))?;
    }
    if let Some(basis) = model.cost_basis.as_ref().filter(|_| asked > 0) {
        cost_basis(out, basis)?;
        if !in_batches {
            writeln!(out, "          never above: {}", worst_case(basis))?;
        }
    }
    let pilot = arguments.pilot.filter(|&images| images < asked);
    if in_batches {
        let first = if pilot.is_some() { "the pilot live, the other images " } else { "" };
        writeln!(out, "  time    {first}within 24 hours, in batches")?;
    } else if let Some(time) = model.time.filter(|_| asked > 0) {
        writeln!(
            out,
            "  time    about {}: {} per image, {}",
            duration(f64::from(time.total_millis)),
            duration(f64::from(time.image_millis)),
            time_basis(time)
        )?;
    }
    if let Some(requests) = requests(model.requests, asked) {
        writeln!(out, "  asks    {requests}")?;
    }
    match (arguments.pilot, &model.pilot) {
        (Some(_), Some(pilot)) if pilot.cost != CostRange::default() => {
            writeln!(out, "  pilot   {} that differ most: {}", counted(pilot.images, "image"), cost_range(pilot.cost))?;
        }
        (Some(_), None) if pilot.is_none() && asked > 0 => {
            writeln!(out, "  pilot   none: only {} to send", counted(asked, "image"))?;
        }
        _ => {}
    }
    let forecast = match arguments.mode() {
        RunMode::Live => model.budget,
        RunMode::Batch => model.batch_budget,
    };
    let budget = forecast
        .zip(arguments.session.budget)
        .and_then(|(forecast, cap)| budget(forecast, cap, asked, arguments.mode()));
    if let Some(budget) = budget {
        writeln!(out, "  {WARNING}budget{WARNING:#}  {budget}")?;
    }
    if let Some(month) = cost.filter(|cost| cost.at_most > PicoDollars::ZERO).and_then(|cost| of_plan(month, cost)) {
        writeln!(out, "  month   {month}")?;
    }
    sent(out, model, asked)?;
    if let Some(retirement) = retirement(&model.model) {
        let refused = if model.model.is_retired { ": its server will probably refuse requests" } else { "" };
        writeln!(out, "  {WARNING}note{WARNING:#}    this model {retirement}{refused}")?;
    }
    if quote.are_prices_old && model.cost.is_some_and(|cost| cost.at_most > PicoDollars::ZERO) {
        writeln!(out, "  {WARNING}note{WARNING:#}    {}", old_prices(quote.prices_as_of))?;
    }
    if let Some(source) = price_source(&model.price_source, None) {
        writeln!(out, "  {WARNING}note{WARNING:#}    computed with {source}")?;
    }
    for gap in &model.unsupported_capabilities {
        writeln!(out, "  {WARNING}note{WARNING:#}    {}", unsupported(gap))?;
    }
    Ok(())
}

/// What is sent, in how many requests, and to whom.
fn sent(out: &mut dyn Write, model: &ModelQuote, asked: u32) -> io::Result<()> {
    match &model.model.destination {
        Destination::ThisMachine => writeln!(out, "  sends   nothing: the model runs on this machine"),
        Destination::Host { .. } if asked == 0 => writeln!(out, "  sends   nothing: every image has a saved answer"),
        Destination::Host { name, is_on_this_machine } => {
            let edge = model.cost_basis.as_ref().map(|basis| format!(" (up to {} px)", basis.longest_edge));
            let edge = edge.unwrap_or_default();
            let examples = match model.example_photos {
                0 => String::new(),
                count => format!(", {} with each", counted(count, "example photo")),
            };
            let several = match model.requests.total {
                total if total > asked => format!(" in {}", counted(total, "request")),
                _ => String::new(),
            };
            let place = if *is_on_this_machine { " (a server on this machine)" } else { "" };
            writeln!(
                out,
                "  sends   {}{several} as JPEG{edge}{examples} and the recipe's text to {name}{place}",
                counted(asked, "image")
            )?;
            writeln!(out, "  keeps   original files, file names, EXIF and location on this machine")
        }
    }
}

/// `68 requests: 3.4 per image, at most 17`; `None` if each of the `images` takes one.
pub fn requests(requests: PlannedRequests, images: u32) -> Option<String> {
    let PlannedRequests { total, most_per_image, images_with_larger_tiles } = requests;
    if most_per_image <= 1 || images == 0 {
        return None;
    }
    let mean = trimmed(f64::from(total) / f64::from(images));
    let larger = match images_with_larger_tiles {
        0 => String::new(),
        count => {
            format!("; {} with larger tiles than the recipe says, as there would be too many", counted(count, "image"))
        }
    };
    Some(format!("{}: {mean} per image, at most {most_per_image}{larger}", counted(total, "request")))
}

/// `about $0.41, likely $0.31-0.54, never above $1.10`
fn cost_range(cost: CostRange) -> String {
    format!("about {}, {}", money(cost.expected), likely_and_bound(cost))
}

/// Where the vendor publishes no rule.
pub const ASSUMED_IMAGE_TOKENS: &str =
    "tokens assumed, because the vendor publishes no rule for this model: a run may cost more";

fn cost_basis(out: &mut dyn Write, basis: &CostBasis) -> io::Result<()> {
    let answers = answer_basis(basis.answer_basis);
    let images = match (basis.are_image_tokens_exact, basis.answer_basis) {
        (false, _) => ASSUMED_IMAGE_TOKENS,
        (true, AnswerBasis::EarlierAnswers { images, requests, .. }) if requests > images => "exact for each request",
        (true, _) => "exact",
    };
    let parts = [
        ("images", basis.image_tokens, basis.image_cost, images.to_owned()),
        ("text", basis.text_tokens, basis.text_cost, "estimated".to_owned()),
        ("output", basis.answer_tokens, basis.answer_cost, answers),
    ];
    for (what, tokens, cost, how) in parts {
        writeln!(out, "          {what}: {} tokens, {}, {how}", grouped(tokens), money(cost))?;
    }
    let caching = basis.caching;
    if !caching.is_used && caching.instruction_tokens >= caching.least_tokens {
        writeln!(
            out,
            "          no prompt caching is counted on: the instructions, about {} tokens, are counted in full for every image",
            caching.instruction_tokens
        )?;
    } else if !caching.is_used {
        writeln!(
            out,
            "          no prompt caching: the instructions are about {} tokens, and this model caches {} or more",
            caching.instruction_tokens, caching.least_tokens
        )?;
    }
    Ok(())
}

/// Images that a run sends to a model: all but near-duplicates and those with saved answers.
pub fn images_to_send(
    quote: &Quote,
    model: &ModelQuote,
    propagates_to_similar: bool,
    ignores_saved_answers: bool,
) -> u32 {
    let followers = if propagates_to_similar { quote.similar.followers } else { 0 };
    let answered = if ignores_saved_answers { 0 } else { model.answered_before };
    quote.image_count.saturating_sub(followers + answered)
}

pub fn time_basis(time: TimeEstimate) -> String {
    let pace = match time.basis {
        TimeBasis::EarlierRun { images } => format!("measured in an earlier run of {}", counted(images, "image")),
        TimeBasis::Trial { images } => format!("measured on {} of them just now", grouped(images.into())),
    };
    match time.held_by {
        None => format!("{pace}, concurrency {}", time.concurrency),
        Some(limit) => format!("{pace}, under the limit of {}", endpoint_limit(limit)),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a limit is above zero, and `as` saturates"
)]
fn endpoint_limit(EndpointLimit { unit, limit, .. }: EndpointLimit) -> String {
    let count = grouped(limit.round() as u64);
    match unit {
        LimitedUnit::Requests => format!("{count} requests per minute"),
        LimitedUnit::Tokens => format!("{count} tokens per minute"),
        LimitedUnit::InputTokens => format!("{count} input tokens per minute"),
        LimitedUnit::OutputTokens => format!("{count} output tokens per minute"),
        LimitedUnit::InFlight => format!("{count} requests in flight"),
    }
}

pub fn answer_basis(basis: AnswerBasis) -> String {
    match basis {
        AnswerBasis::Assumed { annotations } => format!("assuming {annotations} annotations per image"),
        AnswerBasis::OtherRecipes { images } => {
            format!("from {} with other recipes", counted(images, "image"))
        }
        AnswerBasis::EarlierAnswers { images, requests, checks } if requests > images => {
            let checks = match checks {
                0 => String::new(),
                count => format!(", {count} of them to check what was found"),
            };
            format!("as in earlier runs: {} for {}{checks}", counted(requests, "request"), counted(images, "image"))
        }
        AnswerBasis::EarlierAnswers { images, .. } => {
            format!("as in earlier runs of {}", counted(images, "image"))
        }
    }
}

/// How the bound of a live quote is computed.
pub fn worst_case(basis: &CostBasis) -> String {
    let CostBasis { answer_tokens_limit: usual, longer_answer_tokens_limit: longer, retries, .. } = *basis;
    let retries = match retries {
        0 => "no retry is".to_owned(),
        1 => "1 retry is".to_owned(),
        count => format!("{count} retries are"),
    };
    if longer > usual {
        format!(
            "every answer is cut off at {} tokens and requested again with up to {}, and {retries} billed too",
            grouped(usual.into()),
            grouped(longer.into())
        )
    } else {
        format!("every answer has {} tokens, and {retries} billed too", grouped(usual.into()))
    }
}

/// How a budget limits the run; `None` if it does not.
pub fn budget(forecast: BudgetForecast, budget: PicoDollars, asked: u32, mode: RunMode) -> Option<String> {
    let reach = match forecast.reach {
        BudgetReach::Enough => None,
        BudgetReach::MayStop => {
            Some(format!("{} may be too low: the run stops before it could cost more", exact_money(budget)))
        }
        BudgetReach::StopsAfter { images: 0 } => {
            Some(format!("{} is less than a single request can cost: nothing would be sent", exact_money(budget)))
        }
        BudgetReach::StopsAfter { images } => Some(format!(
            "{} is below the likely range: the run will stop after about {} of {}",
            exact_money(budget),
            grouped(images.into()),
            counted(asked, "image")
        )),
    };
    let batches = (mode == RunMode::Batch && forecast.batches > 1).then(|| {
        let batches = grouped(forecast.batches.into());
        format!("{} splits the run into about {batches} consecutive batches; each may take a day", exact_money(budget))
    });
    match (reach, batches) {
        (Some(reach), Some(batches)) => Some(format!("{reach}; {batches}")),
        (reach, batches) => reach.or(batches),
    }
}

/// A run that is not continued after its pilot.
pub fn left_after_pilot(run: RunId) -> String {
    format!("Run {run} stopped after its pilot. To continue: fieldmark resume {run}")
}

/// The result of a pilot, and the estimate of the remaining images that its answers have made more exact.
pub fn pilot(out: &mut dyn Write, pilot: &PilotOutcome) -> io::Result<()> {
    let (cost, expected) = (money(pilot.cost), money(pilot.expected));
    match pilot.verdict {
        PilotVerdict::Sound => write!(out, "{GOOD}The pilot is done.{GOOD:#}")?,
        PilotVerdict::Stopped => write!(out, "{WARNING}The pilot was stopped.{WARNING:#}")?,
        PilotVerdict::NothingAnswered => write!(out, "{WARNING}The pilot got no usable answer.{WARNING:#}")?,
        PilotVerdict::DearerThanQuoted => {
            write!(out, "{WARNING}The pilot cost {cost}, more than twice the expected {expected}.{WARNING:#}")?;
        }
    }
    write!(out, " {} left.", counted(pilot.left, "image"))?;
    if pilot.expected > PicoDollars::ZERO && pilot.verdict != PilotVerdict::DearerThanQuoted {
        write!(out, " It cost {cost}; {expected} was expected.")?;
    }
    match pilot.rest.filter(|rest| *rest != CostRange::default()) {
        Some(rest) => writeln!(out, " The rest: {}.", cost_range(rest)),
        None => writeln!(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_that_does_not_reach_says_what_becomes_of_the_run() {
        let dollars = PicoDollars::from_dollars(1.5).unwrap();
        let said = |reach, batches, mode| budget(BudgetForecast { reach, batches }, dollars, 2000, mode);
        assert_eq!(said(BudgetReach::Enough, 1, RunMode::Live), None);
        assert_eq!(
            said(BudgetReach::StopsAfter { images: 1200 }, 1, RunMode::Live).unwrap(),
            "$1.50 is below the likely range: the run will stop after about 1,200 of 2,000 images"
        );
        let batches = "$1.50 splits the run into about 13 consecutive batches; each may take a day";
        assert_eq!(said(BudgetReach::Enough, 13, RunMode::Batch).unwrap(), batches);
        let both = said(BudgetReach::MayStop, 13, RunMode::Batch).unwrap();
        assert!(both.starts_with("$1.50 may be too low") && both.ends_with(batches), "{both}");
        assert_eq!(said(BudgetReach::Enough, 1, RunMode::Batch), None);
    }

    #[test]
    fn requests_are_counted_where_an_image_takes_several() {
        let planned = |total, most_per_image, images_with_larger_tiles| PlannedRequests {
            total,
            most_per_image,
            images_with_larger_tiles,
        };
        assert_eq!(requests(planned(20, 1, 0), 20), None);
        assert_eq!(requests(planned(1_700, 17, 0), 500).unwrap(), "1,700 requests: 3.4 per image, at most 17");
        assert_eq!(requests(planned(64, 33, 0), 2).unwrap(), "64 requests: 32 per image, at most 33");
        let larger = requests(planned(34, 17, 1), 2).unwrap();
        assert!(
            larger.ends_with("at most 17; 1 image with larger tiles than the recipe says, as there would be too many")
        );
    }
}
