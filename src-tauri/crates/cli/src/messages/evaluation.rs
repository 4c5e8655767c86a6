//! Evaluations: the figures of results, side by side.

use std::io::{self, Write};

use domain::evaluation::bootstrap::{Interval, LEAST_IMAGES, PairedDifference};
use domain::evaluation::report::{
    EvaluatedSide, EvaluatedSource, EvaluationReport, EvaluationResult, NotEvaluatedReason, ThresholdSource,
    Unmeasured, UnmeasuredReason,
};

use super::format::{counted, duration, grouped, money};
use super::table::Table;
use crate::arguments::Least;
use crate::style::{HEADING, WARNING};

/// Images listed as worst.
const WORST: usize = 5;
/// Labels listed as confused.
const CONFUSED: usize = 5;

pub fn evaluation(out: &mut dyn Write, report: &EvaluationReport) -> io::Result<()> {
    let objects = if report.is_ground_truth { "object" } else { "annotation" };
    writeln!(
        out,
        "{HEADING}{}{HEADING:#} with {} on {}",
        if report.is_ground_truth { "Evaluation against" } else { "Agreement with" }.to_owned()
            + " "
            + &side(&report.against),
        counted(report.objects, objects),
        counted(report.images, "image")
    )?;
    not_evaluated(out, &report.against)?;
    if !report.is_ground_truth {
        writeln!(
            out,
            "  {WARNING}note{WARNING:#}        not a ground truth: the figures show how far the two agree, not how good either is."
        )?;
        writeln!(out, "              Objects that both miss, or both get wrong, do not count.")?;
    }
    if report.crowds + report.points > 0 {
        let crowds = counted(report.crowds, "crowd");
        writeln!(out, "  not counted {crowds} and {}", counted(report.points, "point"))?;
    }
    for (place, result) in report.results.iter().enumerate() {
        writeln!(out)?;
        self::result(out, report, result, place)?;
    }
    if report.results.len() > 1 {
        writeln!(out)?;
        differences(out, report)?;
    }
    writeln!(out)?;
    labels(out, report)?;
    let Some(first) = report.results.first() else { return Ok(()) };
    confused(out, report, first)?;
    worst(out, first)
}

/// `run 3, Claude Haiku 4.5`
fn side(side: &EvaluatedSide) -> String {
    match &side.source {
        EvaluatedSource::Run { run, model_name, recipe_name, .. } => format!("run {run} ({model_name}, {recipe_name})"),
        EvaluatedSource::Layer { layer, name, .. } => format!("layer {layer} ({name})"),
        EvaluatedSource::People => "approved annotations".to_owned(),
        EvaluatedSource::File { path, format } => format!("{path} ({format})"),
    }
}

fn not_evaluated(out: &mut dyn Write, side: &EvaluatedSide) -> io::Result<()> {
    if side.not_evaluated.is_empty() {
        return Ok(());
    }
    let parts: Vec<String> = side
        .not_evaluated
        .iter()
        .map(|not_evaluated| {
            let reason = match not_evaluated.reason {
                NotEvaluatedReason::OnlyHere => "missing on another side",
                NotEvaluatedReason::Waiting => "waiting for an answer",
                NotEvaluatedReason::Failed => "failed without an answer",
                NotEvaluatedReason::Propagated => "with annotations of a similar image",
                NotEvaluatedReason::Ambiguous => "matching several images",
                NotEvaluatedReason::OtherSize => "of another size",
            };
            format!("{} {reason}", counted(not_evaluated.images, "image"))
        })
        .collect();
    writeln!(out, "  skipped     {}", parts.join(", "))
}

fn result(out: &mut dyn Write, report: &EvaluationReport, result: &EvaluationResult, place: usize) -> io::Result<()> {
    let name = if report.results.len() > 1 { format!("{}. ", place + 1) } else { String::new() };
    let side = side(&result.side);
    writeln!(out, "{HEADING}{name}{}{HEADING:#}: {}", capitalized(&side), counted(result.detections, "detection"))?;
    not_evaluated(out, &result.side)?;
    let coco = &result.coco;
    let intervals = result.intervals.unwrap_or_default();
    writeln!(
        out,
        "  COCO        AP {}, AP50 {}, AP75 {}; small {}, medium {}, large {}",
        with_interval(coco.ap, intervals.ap),
        with_interval(coco.ap50, intervals.ap50),
        figure(coco.ap75),
        figure(coco.ap_small),
        figure(coco.ap_medium),
        figure(coco.ap_large)
    )?;
    writeln!(out, "  recall      AR1 {}, AR10 {}, AR100 {}", figure(coco.ar1), figure(coco.ar10), figure(coco.ar100))?;
    if result.threshold.is_some() {
        let source = match result.threshold_source {
            ThresholdSource::Given => "",
            ThresholdSource::BestF1 => ", the best for F1 on these images",
        };
        writeln!(
            out,
            "  threshold   confidence {}{source}; overlap {:.2}",
            result.threshold.map_or_else(|| "-".to_owned(), |threshold| format!("{threshold:.2}")),
            report.overlap
        )?;
    }
    writeln!(
        out,
        "  at it       precision {}, recall {}, F1 {}: {} correct, {} wrong, {} missed",
        with_interval(result.precision, intervals.precision),
        with_interval(result.recall, intervals.recall),
        with_interval(result.f1, intervals.f1),
        grouped(result.counts.right.into()),
        grouped(result.counts.wrong.into()),
        grouped(result.counts.missed.into())
    )?;
    if let Some(precise) = result.calibration.as_ref().and_then(|calibration| calibration.precise) {
        writeln!(
            out,
            "  95 %        correct from confidence {:.2} on (interval {:.3}-{:.3}), with a recall of {}",
            precise.score,
            precise.bounds.low,
            precise.bounds.high,
            figure(precise.counts.recall())
        )?;
    }
    writeln!(out, "  per box     {}", cost(result))?;
    if let Some(tags) = result.tags {
        let quality = tags.quality;
        writeln!(out, "  tags        correct on {} of {}", quality.exact, counted(quality.images, "image"))?;
    }
    if let Some(captions) = result.captions {
        let quality = captions.quality;
        let exact = grouped(quality.exact.into());
        let normalized = grouped(quality.normalized.into());
        let all = counted(quality.captions, "caption");
        writeln!(out, "  captions    {exact} of {all} equal, {normalized} when case and punctuation are ignored")?;
    }
    remarks(out, result)
}

fn remarks(out: &mut dyn Write, result: &EvaluationResult) -> io::Result<()> {
    if result.unusable_answers > 0 {
        let unusable = counted(result.unusable_answers, "image");
        writeln!(
            out,
            "  {WARNING}note{WARNING:#}        {unusable} had an unusable answer: everything on them counts as missed"
        )?;
    }
    if result.unscored > 0 {
        let unscored = counted(result.unscored, "detection");
        writeln!(out, "  {WARNING}note{WARNING:#}        {unscored} without a confidence: they count as certain")?;
    }
    if result.approved_from_it > 0 {
        let approved = counted(result.approved_from_it, "object");
        writeln!(
            out,
            "  {WARNING}note{WARNING:#}        {approved} of the ground truth came from this run: objects that it missed may be missing there too,"
        )?;
        writeln!(out, "              so its recall may be lower than shown.")?;
    }
    if result.threshold_source == ThresholdSource::BestF1
        && result.threshold.is_some()
        && result.unscored < result.detections
    {
        writeln!(out, "  set         --threshold for the same confidence on other images")?;
    }
    Ok(())
}

/// `$0.00026 and 1.3 s each`
fn cost(result: &EvaluationResult) -> String {
    let missing = |figure: &str| {
        let of_figure = |missing: &&Unmeasured| missing.figure == figure;
        result.unmeasured.iter().find(of_figure).map_or("not measured", |missing| reason(missing.reason)).to_owned()
    };
    let dollars = result.cost.per_box.map(money);
    let seconds = result.cost.seconds_per_correct_box.map(|seconds| duration(seconds * 1000.0));
    match (dollars, seconds) {
        (Some(dollars), Some(seconds)) => format!("{dollars} and {seconds} for each correct box"),
        (Some(dollars), None) => format!("{dollars} for each correct box; time {}", missing("seconds_per_correct_box")),
        (None, Some(seconds)) => format!("{seconds} for each correct box; cost {}", missing("dollars_per_correct_box")),
        (None, None) => format!("cost and time {}", missing("dollars_per_correct_box")),
    }
}

fn reason(reason: UnmeasuredReason) -> &'static str {
    match reason {
        UnmeasuredReason::NoObjects => "not measured: there is no box to find",
        UnmeasuredReason::NoObjectsOfThisSize => "not measured: there is no box of this size to find",
        UnmeasuredReason::NoSharedLabels => "not measured: no label is on both sides",
        UnmeasuredReason::NoDetections => "not measured: there are no detections",
        UnmeasuredReason::NoConfidences => "not measured: detections have no confidence",
        UnmeasuredReason::NoCorrectBoxes => "not measured: no box is correct",
        UnmeasuredReason::NotARun => "not measured: it is not a run",
        UnmeasuredReason::PriceUnknown => "not measured: the price of the model is unknown",
        UnmeasuredReason::CostUncertain => "not measured: some requests may have been billed",
        UnmeasuredReason::DurationUnknown => "not measured: some answers were reused or came in a batch",
        UnmeasuredReason::NoTags => "not measured: there are no true tags",
        UnmeasuredReason::NoCaptions => "not measured: there are no true captions",
        UnmeasuredReason::TooFewImages => "not measured: too few images have objects",
        UnmeasuredReason::TooFewDraws => "not measured: too few draws of images have something to measure",
    }
}

/// Differences of the other results from the first one.
fn differences(out: &mut dyn Write, report: &EvaluationReport) -> io::Result<()> {
    let interval = match report.resamples {
        0 if report.images_with_objects < LEAST_IMAGES => {
            format!(", without intervals: fewer than {LEAST_IMAGES} images have objects")
        }
        0 => ", without intervals (--resamples)".to_owned(),
        resamples => format!(", with intervals at 95 % from {} of the images", counted(resamples, "resample")),
    };
    writeln!(out, "{HEADING}Difference from the first{HEADING:#}{interval}")?;
    for (place, result) in report.results.iter().enumerate().skip(1) {
        let Some(difference) = result.difference else {
            continue;
        };
        for (name, difference) in [
            ("AP", difference.ap),
            ("AP50", difference.ap50),
            ("precision", difference.precision),
            ("recall", difference.recall),
            ("F1", difference.f1),
        ] {
            writeln!(out, "  {}. {name:<10}{}", place + 1, difference.map_or_else(|| "-".to_owned(), shown))?;
        }
    }
    Ok(())
}

fn shown(difference: PairedDifference) -> String {
    let PairedDifference { difference: value, interval } = difference;
    let Some(Interval { low, high }) = interval else { return format!("{value:+.3}") };
    let verdict = match value {
        _ if !difference.is_shown() => "no difference shown",
        value if value > 0.0 => "better",
        _ => "worse",
    };
    format!("{value:+.3} ({low:+.3} to {high:+.3}): {verdict}")
}

fn labels(out: &mut dyn Write, report: &EvaluationReport) -> io::Result<()> {
    let mut table = Table::new([
        "Label",
        "Result",
        "Objects",
        "AP",
        "AP50",
        "Precision",
        "Recall",
        "F1",
        "Correct",
        "Wrong",
        "Missed",
    ]);
    table.align_right(2..11);
    for (number, label) in report.labels.iter().enumerate() {
        for (place, result) in report.results.iter().enumerate() {
            let found = &result.per_label[number];
            let name = match (label.is_in_truth, found.is_in_result) {
                (false, _) => format!("{} (not in the ground truth)", label.name),
                (true, false) => format!("{} (not in the result)", label.name),
                (true, true) => label.name.clone(),
            };
            table.add([
                name,
                (place + 1).to_string(),
                grouped(found.objects.into()),
                figure(found.ap),
                figure(found.ap50),
                figure(found.precision),
                figure(found.recall),
                figure(found.f1),
                grouped(found.counts.right.into()),
                grouped(found.counts.wrong.into()),
                grouped(found.counts.missed.into()),
            ]);
        }
    }
    table.write(out)
}

/// The pairs of labels that are confused most often.
fn confused(out: &mut dyn Write, report: &EvaluationReport, result: &EvaluationResult) -> io::Result<()> {
    let mut confused: Vec<(u32, u32, u32)> = result
        .confusion
        .iter()
        .filter_map(|cell| Some((cell.truth?, cell.found?, cell.count)).filter(|(truth, found, _)| truth != found))
        .collect();
    confused.sort_by_key(|&(truth, found, count)| (std::cmp::Reverse(count), truth, found));
    if confused.is_empty() {
        return Ok(());
    }
    let name = |label: u32| report.labels.get(label as usize).map_or("", |label| label.name.as_str());
    let parts: Vec<String> = confused
        .iter()
        .take(CONFUSED)
        .map(|&(truth, found, count)| format!("{} found as {} {count} times", name(truth), name(found)))
        .collect();
    writeln!(out)?;
    writeln!(out, "Confused: {}", parts.join("; "))
}

fn worst(out: &mut dyn Write, result: &EvaluationResult) -> io::Result<()> {
    if result.worst.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "Worst images, of {} with errors:", grouped(result.images_with_errors.into()))?;
    for image in result.worst.iter().take(WORST) {
        let unusable = if image.has_unusable_answer { ", unusable answer" } else { "" };
        let counts = image.counts;
        writeln!(
            out,
            "  {}: {} correct, {} wrong, {} missed{unusable}",
            image.name, counts.right, counts.wrong, counts.missed
        )?;
    }
    Ok(())
}

/// `ap50 of run 3 is 0.412, below 0.6`
pub fn under_limit(result: &EvaluationResult, least: Least, found: Option<f64>) -> String {
    let of = format!("{} of {}", least.figure, side(&result.side));
    match found {
        Some(found) => format!("{of} is {found:.4}, below {}", least.value),
        None => format!("{of} was not measured, and should be at least {}", least.value),
    }
}

fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

fn with_interval(value: Option<f64>, interval: Option<Interval>) -> String {
    match (value, interval) {
        (Some(value), Some(Interval { low, high })) => format!("{value:.3} ({low:.3}-{high:.3})"),
        (value, _) => figure(value),
    }
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
