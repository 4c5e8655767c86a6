//! The report of a run.

use std::io::{self, Write};

use domain::answer::{DropReason, NumberRange, RepairKind};
use domain::endpoint::{EndpointProblem, RunEndpoint};
use domain::ids::RunId;
use domain::metrics::{Baseline, Speedup};
use domain::money::{CostRange, PicoDollars};
use domain::report::{CutOffAnswers, DropGroup, FailedImage, RunReport};
use domain::run::{BatchStage, PossiblyBilled, RunSummary};
use domain::run_state::{RunState, StopReason};
use domain::usage::Usage;
use engine::WrittenReport;

use super::diagnoses::diagnoses;
use super::format::{
    at_most, cost_and_estimate, counted, duration, exact_money, grouped, likely_and_bound, money, per_minute, trimmed,
};
use super::hooks::hooks;
use super::reasons::{endpoint, failure, retry};
use super::runs::state;
use crate::style::{ERROR, HEADING, WARNING};

pub fn report(out: &mut dyn Write, report: &RunReport) -> io::Result<()> {
    let summary = &report.summary;
    let failed = match summary.failed {
        0 => String::new(),
        failed => format!(", {ERROR}{failed} failed{ERROR:#}"),
    };
    writeln!(
        out,
        "{HEADING}Run {}{HEADING:#} {}: {} of {} done{failed}, {}",
        summary.id,
        state(summary.state),
        grouped(summary.done.into()),
        counted(summary.total, "image"),
        counted(summary.annotation_count, "annotation")
    )?;
    if summary.reused + summary.propagated > 0 {
        writeln!(out, "  images      {}", shares(summary))?;
    }
    if summary.propagated_count > 0 {
        writeln!(out, "  propagated  {} of these to similar images", counted(summary.propagated_count, "annotation"))?;
    }
    if let Some(metrics) = &report.metrics {
        writeln!(
            out,
            "  time        {} ({} images per minute, at most {} {})",
            duration(metrics.wall_millis),
            per_minute(metrics.images_per_second),
            metrics.concurrency,
            if report.batches.is_empty() { "in flight" } else { "in batches" }
        )?;
        writeln!(
            out,
            "  per image   mean {}, P50 {}, P95 {}, P99 {}",
            duration(metrics.mean_millis),
            duration(metrics.p50_millis),
            duration(metrics.p95_millis),
            duration(metrics.p99_millis)
        )?;
        if let Some(parallelism) = metrics.parallelism {
            writeln!(out, "  parallelism {parallelism:.2} (requests in flight on average)")?;
        }
        if let Some(speedup) = metrics.speedup {
            writeln!(out, "  speed-up    {}", measured(speedup))?;
        }
        writeln!(
            out,
            "  success     {:.1} %{}, {}",
            metrics.success_rate * 100.0,
            if metrics.unread > 0 { format!(" of {} sent", counted(metrics.asked, "image")) } else { String::new() },
            if metrics.retries == 1 { "1 retry".to_owned() } else { format!("{} retries", metrics.retries) }
        )?;
    }
    if let Some(detail) = &summary.stop_detail {
        writeln!(out, "  {WARNING}stopped{WARNING:#}     {detail}")?;
    }
    endpoints(out, report)?;
    if summary.waiting > 0 {
        writeln!(out, "  continue    {}", way_on(report))?;
        if report.unknown_batches.count > 0 {
            let PossiblyBilled { count, at_most: bound } = report.unknown_batches;
            writeln!(
                out,
                "  or          fieldmark resume {} --give-up-batches: sends {} again, which may have been billed, at most {}",
                summary.id,
                counted(count, "image"),
                at_most(bound)
            )?;
        }
    } else {
        try_again(out, report)?;
    }
    paid(out, report)?;
    if !report.labels.is_empty() {
        let labels: Vec<String> = report.labels.iter().map(|label| format!("{} {}", label.count, label.name)).collect();
        writeln!(out, "  found       {}", labels.join(", "))?;
    }
    failed_images(out, report)?;
    hooks(out, &report.hooks)?;
    diagnoses(out, &report.diagnoses)
}

/// The command that continues a run, and what it needs or does.
fn way_on(report: &RunReport) -> String {
    let RunSummary { id, state, budget, .. } = &report.summary;
    match (state, budget) {
        (RunState::Stopped { reason: StopReason::BudgetReached }, Some(budget)) => {
            format!("fieldmark resume {id} --budget DOLLARS, with more than {}", exact_money(*budget))
        }
        (RunState::Stopped { reason: StopReason::MonthlyCapReached }, _) => {
            format!("fieldmark resume {id}, once the monthly cap leaves more (fieldmark budget)")
        }
        _ if report.batches.iter().any(|batch| batch.stage != BatchStage::Ended) => {
            format!("fieldmark resume {id}, which fetches the results of its batches")
        }
        _ => format!("fieldmark resume {id}"),
    }
}

/// Commands that retry failed images and cut-off answers; nothing if a retry would give the same result.
fn try_again(out: &mut dyn Write, report: &RunReport) -> io::Result<()> {
    let run = report.summary.id;
    let mut retryable = report.failures.iter().filter(|group| group.is_worth_retrying).peekable();
    if retryable.peek().is_some() {
        let needs_files = retryable.all(|group| group.kind.needs_file());
        let condition = if needs_files { ", once the files are back and can be read" } else { "" };
        writeln!(out, "  retry       fieldmark resume {run} --retry-failed{condition}")?;
    }
    if let Some(cut_off) = report.cut_off {
        writeln!(out, "  longer      {}", raise_max_tokens(run, cut_off))?;
    }
    Ok(())
}

/// Results of each endpoint of a run with several.
fn endpoints(out: &mut dyn Write, report: &RunReport) -> io::Result<()> {
    if report.endpoints.len() < 2 {
        return Ok(());
    }
    for RunEndpoint { name, answered, failed, problem, detail, is_working } in &report.endpoints {
        if let Some(EndpointProblem::NoKey | EndpointProblem::Unusable) = problem {
            let detail = detail.as_deref().unwrap_or_default();
            writeln!(out, "  endpoint    {name}: {WARNING}not used{WARNING:#}: {detail}")?;
            continue;
        }
        let answered = format!("{} answered", counted(*answered, "request"));
        let failed = if *failed > 0 { format!(", {failed} failed") } else { String::new() };
        let failure = match problem {
            None => String::new(),
            Some(problem) if *is_working => format!("; working again, last problem: {}", endpoint(*problem)),
            Some(problem) => {
                let detail = detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
                format!("; {WARNING}not working{WARNING:#}: {}{detail}", endpoint(*problem))
            }
        };
        writeln!(out, "  endpoint    {name}: {answered}{failed}{failure}")?;
    }
    Ok(())
}

/// The command that requests cut-off answers again.
pub fn raise_max_tokens(run: RunId, cut_off: CutOffAnswers) -> String {
    let CutOffAnswers { images, max_tokens, suggested_max_tokens } = cut_off;
    format!(
        "fieldmark resume {run} --retry-failed --max-tokens {suggested_max_tokens}: {} {} cut off at {} tokens, and only these \
         are requested again",
        counted(images, "answer"),
        if images == 1 { "was" } else { "were" },
        grouped(max_tokens.into())
    )
}

/// The upper bound of a run that sends images again.
pub fn at_most_in_all(run: RunId, quoted: CostRange) -> String {
    format!("Run {run} costs at most {}, including what is already paid", at_most(quoted.at_most))
}

/// `2.41: one image at a time would have taken 12.30 s, measured on 5 images that ran alone`
fn measured(speedup: Speedup) -> String {
    let basis = match speedup.baseline {
        Baseline::ThisRun => return format!("{:.2}: one image at a time", speedup.factor),
        Baseline::AloneImages { images } => format!("on {} that ran alone", counted(images, "image")),
        Baseline::SequentialRun => "in a run of the same images".to_owned(),
    };
    let sequential = duration(speedup.sequential_millis);
    format!("{:.2}: one image at a time would have taken {sequential}, measured {basis}", speedup.factor)
}

/// All failed images, by kind of failure.
fn failed_images(out: &mut dyn Write, report: &RunReport) -> io::Result<()> {
    for group in &report.failures {
        writeln!(out, "  {ERROR}failed{ERROR:#}      {} x {}", group.count, failure(group.kind))?;
        for image in report.failed_images.iter().filter(|image| image.kind == group.kind) {
            writeln!(out, "    {}", failed_image(image))?;
        }
    }
    Ok(())
}

/// `/photos/a.jpg: the reason (2 requests, $0.00120 paid)`
fn failed_image(image: &FailedImage) -> String {
    let mut costs = Vec::new();
    if image.requests > 0 {
        costs.push(counted(image.requests, "request"));
    }
    if image.paid > PicoDollars::ZERO {
        costs.push(format!("{} paid", money(image.paid)));
    }
    if image.possibly_billed > PicoDollars::ZERO {
        costs.push(format!("at most {} more may be billed", at_most(image.possibly_billed)));
    }
    let costs = if costs.is_empty() { String::new() } else { format!(" ({})", costs.join(", ")) };
    format!("{}: {}{costs}", image.place(), image.reason())
}

/// `report --failures`: failed images only.
pub fn failures(out: &mut dyn Write, report: &RunReport) -> io::Result<()> {
    if report.failed_images.is_empty() {
        return writeln!(out, "No image of run {} has failed.", report.summary.id);
    }
    failed_images(out, report)
}

fn paid(out: &mut dyn Write, report: &RunReport) -> io::Result<()> {
    let summary = &report.summary;
    let quoted = summary.quoted.filter(|quoted| quoted.at_most > PicoDollars::ZERO);
    let cost = match (summary.reported_cost(), quoted) {
        _ if !summary.has_price() => "unknown: there was no price for this model".to_owned(),
        (Some(cost), Some(quoted)) => cost_and_estimate(cost, quoted),
        (Some(cost), None) => money(cost),
        (None, Some(quoted)) => {
            format!("not reported (estimated {}, {})", money(quoted.expected), likely_and_bound(quoted))
        }
        (None, None) => "not reported".to_owned(),
    };
    writeln!(out, "  cost        {cost}")?;
    if summary.usage != Usage::default() {
        let usage = summary.usage;
        writeln!(out, "  tokens      {} in, {} out", grouped(usage.prompt_tokens()), grouped(usage.output_tokens))?;
    }
    if summary.possibly_billed.count > 0 {
        let PossiblyBilled { count, at_most: bound } = summary.possibly_billed;
        writeln!(out, "  unanswered  {} may be billed too, at most {}", counted(count, "request"), at_most(bound))?;
    }
    for group in &report.retried {
        writeln!(out, "  retried     {} ({})", group.count, retry(group.kind))?;
    }
    if summary.cut_short > 0 {
        writeln!(out, "  cut off     {}: complete annotations were kept", counted(summary.cut_short, "answer"))?;
    }
    if report.requests_per_image > 1.0 {
        let each = trimmed(report.requests_per_image);
        writeln!(out, "  requests    {}: {each} per image, and retries", grouped(report.requests.into()))?;
    }
    if report.unchecked > 0 {
        let images = counted(report.unchecked, "image");
        writeln!(out, "  unchecked   {images}: the second request failed, and what the first one found was kept")?;
    }
    for group in &report.repairs {
        writeln!(out, "  corrected   {} ({})", grouped(group.count.into()), corrected(&group.example))?;
    }
    for group in &report.dropped {
        writeln!(out, "  skipped     {}: {}", counted(group.count, "annotation"), skipped(group))?;
    }
    Ok(())
}

/// What was corrected in answers: `difficulty clamped to 1-5`.
fn corrected(repair: &RepairKind) -> String {
    match repair {
        RepairKind::WordsAround => "text around the JSON removed".into(),
        RepairKind::BrokenJson => "malformed JSON, parsed item by item".into(),
        RepairKind::CutOff => "answers that ended early".into(),
        RepairKind::LabelRenamed { answered } => format!("labels renamed, such as {answered}"),
        RepairKind::ItemFromText => "annotations written as text alone".into(),
        RepairKind::NumberFromText { field } => format!("numbers written as text, such as {field}"),
        RepairKind::CornersSwapped => "corners swapped".into(),
        RepairKind::ClampedToPicture { pixels } => {
            format!("shapes clipped at the image edge, such as by {pixels:.0} px")
        }
        RepairKind::ConfidenceFromPercent => "confidences in percent".into(),
        RepairKind::ConfidenceLeftOut { answered } => format!("invalid confidences dropped, such as {answered}"),
        RepairKind::AttributeConverted { name, answered } => {
            format!("{name} converted to its type, such as {answered}")
        }
        RepairKind::AttributeClamped { name, range: Some(NumberRange { min, max }), .. } => {
            format!("{name} clamped to {min}-{max}")
        }
        RepairKind::AttributeClamped { name, range: None, .. } => format!("{name} clamped to its range"),
        RepairKind::AttributeLeftOut { name, answered } => format!("invalid {name} dropped, such as {answered}"),
    }
}

/// Why annotations of an answer were skipped: `label not in the recipe (cat, dog)`.
fn skipped(group: &DropGroup) -> String {
    let reason = match &group.example {
        DropReason::Unreadable => "not a JSON object",
        DropReason::NoLabel => "no label",
        DropReason::UnknownLabel { .. } => "label not in the recipe",
        DropReason::NoBox => "no usable coordinates",
        DropReason::NoText => "a caption without text",
        DropReason::ShapeNotAskedFor => "a shape that the recipe does not ask for",
        DropReason::NoExtent => "less than a pixel wide or high",
        DropReason::OutsidePicture => "outside the image",
        DropReason::AttributeMissing { .. } => "a required attribute is missing",
        DropReason::TooMany { .. } => "over the limit of annotations per answer",
    };
    if group.names.is_empty() {
        return reason.to_owned();
    }
    let more = if group.more_names > 0 { format!(" and {} more", group.more_names) } else { String::new() };
    format!("{reason} ({}{more})", group.names.join(", "))
}

/// How many images were answered, reused and copied.
fn shares(summary: &RunSummary) -> String {
    let asked = summary.done.saturating_sub(summary.reused + summary.propagated);
    let shares = [
        (asked, "answered"),
        (summary.reused, "reused, at no cost"),
        (summary.propagated, "copied from a similar image"),
    ];
    let nonzero = shares.into_iter().filter(|(count, _)| *count > 0);
    nonzero.map(|(count, what)| format!("{} {what}", grouped(count.into()))).collect::<Vec<_>>().join("; ")
}

pub fn written_report(out: &mut dyn Write, written: &WrittenReport) -> io::Result<()> {
    writeln!(out, "  report      {} with {}", written.page.display(), counted(written.marked_count, "annotated photo"))
}
