//! Everything that the command line says to people.

use std::io::{self, BufRead, IsTerminal, Write};
use std::time::Duration;

use domain::import::SkipReason;
use domain::model::Shortfall;
use domain::plan::{CostRange, ModelQuote, Quote, TimeBasis};
use domain::report::RunReport;
use domain::run::{FailureKind, RunProgress};
use engine::Imported;

use crate::error::CommandError;

pub fn complain(error: &CommandError) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(io::stderr(), "fieldmark: {error}");
}

pub fn progress(progress: &RunProgress) -> String {
    let rate = format!("{:.0} images a minute", progress.rate_per_minute);
    match progress.left_millis {
        Some(left) => format!("{rate}, {} left", duration(f64::from(left))),
        None => rate,
    }
}

/// What an import brought, and every file that it left out.
pub fn import(out: &mut impl Write, imported: &Imported) -> io::Result<()> {
    let progress = &imported.progress;
    writeln!(
        out,
        "{}: {} new, {} known already, {} left out",
        counted(progress.found, "file"),
        counted(progress.added, "image"),
        progress.known,
        progress.skipped
    )?;
    for file in &imported.skipped {
        writeln!(out, "  left out: {}: {}", file.path, skip_reason(&file.reason))?;
    }
    Ok(())
}

fn skip_reason(reason: &SkipReason) -> String {
    match reason {
        SkipReason::Empty => "the file is empty".into(),
        SkipReason::NotAnImage => "not an image that Fieldmark reads (JPEG, PNG, WebP, GIF, BMP, TIFF)".into(),
        SkipReason::Damaged { detail } => format!("damaged: {detail}"),
        SkipReason::TooManyPixels { megapixels } => format!("{megapixels} megapixels are more than Fieldmark opens"),
        SkipReason::Unreadable { detail } => format!("cannot be read: {detail}"),
    }
}

pub fn quote(out: &mut impl Write, quote: &Quote, model: &ModelQuote, recipe: &str) -> io::Result<()> {
    writeln!(out, "{}, {recipe}, by {}", counted(quote.image_count, "image"), model.model.name)?;
    match model.cost {
        Some(cost) if cost == CostRange::default() => writeln!(out, "  cost  $0")?,
        Some(cost) => writeln!(
            out,
            "  cost  ${} to ${}, expected ${}",
            cost.low.dollars(),
            cost.high.dollars(),
            cost.expected.dollars()
        )?,
        None => writeln!(out, "  cost  unknown: nobody has told this model's price")?,
    }
    if let Some(time) = model.time {
        let basis = match time.basis {
            TimeBasis::EarlierRun { images } => format!("by an earlier run of {images} images"),
            TimeBasis::Trial { images } => format!("by trying {images} of them just now"),
        };
        writeln!(
            out,
            "  time  about {}: {} at once, {} an image, {basis}",
            duration(f64::from(time.total_millis)),
            time.concurrency,
            duration(f64::from(time.image_millis))
        )?;
    }
    writeln!(out, "  sends nothing: the model is in this program")?;
    for gap in &model.shortfalls {
        writeln!(out, "  note  {}", shortfall(gap))?;
    }
    Ok(())
}

pub fn shortfall(shortfall: &Shortfall) -> String {
    match shortfall {
        Shortfall::UnknownLabels { labels } => {
            format!("it does not know these and will not look for them: {}", labels.join(", "))
        }
        Shortfall::NoKnownLabel => "it knows none of the labels".into(),
        Shortfall::Attributes { names, are_required: true } => {
            format!("it cannot fill attributes, and these are required: {}", names.join(", "))
        }
        Shortfall::Attributes { names, are_required: false } => {
            format!("it leaves these attributes empty: {}", names.join(", "))
        }
        Shortfall::Shapes { .. } => "it draws boxes only".into(),
    }
}

/// Asks on standard error; no when nobody is there to answer.
pub fn confirm(question: &str) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    write!(io::stderr(), "{question} [y/N] ")?;
    io::stderr().flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}

pub fn report(out: &mut impl Write, report: &RunReport) -> io::Result<()> {
    let summary = &report.summary;
    writeln!(
        out,
        "Run {} {}: {} of {} answered, {} failed, {}",
        summary.id,
        summary.state.name(),
        summary.done,
        counted(summary.total, "image"),
        summary.failed,
        counted(summary.mark_count, "mark")
    )?;
    if let Some(metrics) = &report.metrics {
        writeln!(
            out,
            "  time        {} ({:.1} images a second, {} at once)",
            duration(metrics.wall_millis),
            metrics.images_per_second,
            metrics.concurrency
        )?;
        writeln!(
            out,
            "  an image    mean {}, P50 {}, P95 {}, P99 {}",
            duration(metrics.mean_millis),
            duration(metrics.p50_millis),
            duration(metrics.p95_millis),
            duration(metrics.p99_millis)
        )?;
        writeln!(out, "  speed-up    {:.2} (summed durations over wall time)", metrics.speedup)?;
        writeln!(out, "  success     {:.1} %, {} retries", metrics.success_rate * 100.0, metrics.retries)?;
        writeln!(out, "  paid        ${}", summary.paid.dollars())?;
    }
    if !report.labels.is_empty() {
        let labels: Vec<String> = report.labels.iter().map(|label| format!("{} {}", label.count, label.name)).collect();
        writeln!(out, "  found       {}", labels.join(", "))?;
    }
    for group in &report.failures {
        writeln!(
            out,
            "  failed      {} x {}, such as {}: {}",
            group.count,
            failure(group.kind),
            group.example_image,
            group.example
        )?;
    }
    Ok(())
}

fn failure(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::FileMissing => "file no longer at its place",
        FailureKind::FileUnreadable => "file cannot be read, or is another picture now",
        FailureKind::ModelFailed => "model did not answer",
        FailureKind::AnswerUnreadable => "answer cannot be read (it is kept)",
    }
}

/// A number with its noun: `1 image`, `7 images`.
pub fn counted(count: u32, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Milliseconds for people: `84 ms`, `2.10 s`, `3 min 25 s`.
fn duration(millis: f64) -> String {
    let duration = Duration::from_secs_f64(millis.max(0.0) / 1000.0);
    match duration.as_secs() {
        0 => format!("{millis:.0} ms"),
        1..60 => format!("{:.2} s", duration.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}
