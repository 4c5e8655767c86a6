//! How a run went.

use std::io::{self, Write};

use domain::money::PicoDollars;
use domain::report::RunReport;
use domain::run::{PossiblyBilled, RunMode, RunSummary};
use domain::usage::Usage;
use engine::export::WrittenReport;

use super::diagnoses::diagnoses;
use super::figures::{at_most, counted, duration, grouped, money};
use super::hooks::hooks;
use super::kinds::{failure, retry};
use super::runs::state;
use super::style::{ERROR, HEADING, WARNING};

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
        counted(summary.mark_count, "mark")
    )?;
    if summary.reused + summary.carried > 0 {
        writeln!(out, "  images      {}", shares(summary))?;
    }
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
        if let Some(speedup) = metrics.speedup {
            writeln!(out, "  speed-up    {speedup:.2} (summed durations over wall time)")?;
        }
        writeln!(
            out,
            "  success     {:.1} %, {}",
            metrics.success_rate * 100.0,
            if metrics.retries == 1 { "1 retry".to_owned() } else { format!("{} retries", metrics.retries) }
        )?;
    }
    if let Some(detail) = &summary.stop_detail {
        writeln!(out, "  {WARNING}stopped{WARNING:#}     {detail}")?;
    }
    if summary.waiting > 0 {
        let fetching = match summary.mode {
            RunMode::Live => "",
            RunMode::Overnight => ", which fetches what its batches have come to",
        };
        writeln!(out, "  go on by    fieldmark resume {}{fetching}", summary.id)?;
    } else if summary.retryable > 0 {
        writeln!(out, "  try again   fieldmark resume {} --retry-failed", summary.id)?;
    }
    paid(out, report)?;
    if !report.labels.is_empty() {
        let labels: Vec<String> = report.labels.iter().map(|label| format!("{} {}", label.count, label.name)).collect();
        writeln!(out, "  found       {}", labels.join(", "))?;
    }
    for group in &report.failures {
        writeln!(
            out,
            "  {ERROR}failed{ERROR:#}      {} x {}, such as {}: {}",
            group.count,
            failure(group.kind),
            group.example_image,
            group.example
        )?;
    }
    hooks(out, &report.hooks)?;
    diagnoses(out, &report.diagnoses)
}

fn paid(out: &mut dyn Write, report: &RunReport) -> io::Result<()> {
    let summary = &report.summary;
    let quoted = match summary.quoted {
        Some(quoted) if quoted.high > PicoDollars::ZERO => {
            format!(" of {} expected, {} at most", money(quoted.expected), at_most(quoted.high))
        }
        _ => String::new(),
    };
    writeln!(out, "  paid        {}{quoted}", money(summary.paid))?;
    if summary.usage != Usage::default() {
        let usage = summary.usage;
        writeln!(out, "  tokens      {} in, {} out", grouped(usage.prompt_tokens()), grouped(usage.output_tokens))?;
    }
    if summary.possibly_billed.count > 0 {
        let PossiblyBilled { count, at_most: bound } = summary.possibly_billed;
        writeln!(out, "  may be billed on top: {}, at most {}", counted(count, "request"), at_most(bound))?;
    }
    for group in &report.retried {
        writeln!(out, "  again       {} x {}", group.count, retry(group.kind))?;
    }
    if summary.cut_short > 0 {
        writeln!(out, "  cut short   {}: their whole marks were kept", counted(summary.cut_short, "answer"))?;
    }
    let repairs: u32 = report.repairs.iter().map(|group| group.count).sum();
    let dropped: u32 = report.dropped.iter().map(|group| group.count).sum();
    if repairs + dropped > 0 {
        writeln!(out, "  put right   {}, {} left out", counted(repairs, "mark"), dropped)?;
    }
    Ok(())
}

/// Where the images got their marks: only part of them were asked about.
fn shares(summary: &RunSummary) -> String {
    let asked = summary.done.saturating_sub(summary.reused + summary.carried);
    let shares = [
        (asked, "answered now"),
        (summary.reused, "answered before, nothing paid"),
        (summary.carried, "given the marks of one that looks alike"),
    ];
    let told = shares.into_iter().filter(|(count, _)| *count > 0);
    told.map(|(count, what)| format!("{} {what}", grouped(count.into()))).collect::<Vec<_>>().join("; ")
}

pub fn written_report(out: &mut dyn Write, written: &WrittenReport) -> io::Result<()> {
    writeln!(out, "  report      {} with {}", written.page.display(), counted(written.marked_count, "marked-up photo"))
}
