//! Results of a benchmark.

use std::io::{self, Write};

use domain::metrics::BenchmarkResults;
use domain::plan::ModelQuote;
use domain::run_options::RunOptions;

use super::format::{at_most, counted, duration, money, per_minute};
use crate::arguments::Bench;
use crate::style::{GOOD, HEADING};

pub fn benchmarking(concurrency: u32) -> String {
    match concurrency {
        1 => "One image at a time".to_owned(),
        count => format!("{count} images at a time"),
    }
}

/// The question before a real server is measured.
pub fn benchmark_cost(row: &ModelQuote, images: u32) -> String {
    let twice = row.cost.map_or_else(
        || "at an unknown price".to_owned(),
        |cost| format!("for about {}, at most {}", money(cost.expected.times(2)), at_most(cost.at_most.times(2))),
    );
    format!("Annotate {} twice with {}, {twice}?", counted(images, "image"), row.model.name)
}

pub fn benchmark(out: &mut dyn Write, results: &BenchmarkResults, arguments: &Bench) -> io::Result<()> {
    let metrics = &results.metrics;
    for benchmark in &results.benchmarks {
        let (one, many, gain) = (&benchmark.baseline, &benchmark.optimized, &benchmark.improvement);
        writeln!(out, "{HEADING}{}{HEADING:#}", counted(arguments.images, "image"))?;
        writeln!(
            out,
            "  one at a time  {}, {} images per minute",
            duration(one.total_duration),
            per_minute(one.throughput)
        )?;
        writeln!(
            out,
            "  {:<13}  {}, {} images per minute",
            format!("{} at a time", arguments.concurrency),
            duration(many.total_duration),
            per_minute(many.throughput)
        )?;
        let saved = duration(one.total_duration - many.total_duration);
        writeln!(out, "  speed-up       {GOOD}{:.2}{GOOD:#}, {saved} saved", gain.speedup)?;
    }
    if let (None, None, Some(ideal)) = (&arguments.base_url, arguments.limit_rpm, ideal_millis(arguments)) {
        writeln!(
            out,
            "  ideal          {}: latency alone; the run took {:.3} times as long",
            duration(ideal),
            metrics.total_duration / ideal
        )?;
    }
    writeln!(
        out,
        "  per image      mean {}, P50 {}, P95 {}, P99 {}",
        duration(metrics.average_task_duration),
        duration(metrics.p50_duration),
        duration(metrics.p95_duration),
        duration(metrics.p99_duration)
    )?;
    writeln!(out, "  written        {}", arguments.out)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a benchmark")]
fn ideal_millis(arguments: &Bench) -> Option<f64> {
    let options = RunOptions { concurrency: Some(arguments.concurrency), ..RunOptions::default() };
    let latency = u32::try_from(arguments.latency).ok().filter(|&latency| latency > 0)?;
    options.total_millis(arguments.images, latency).map(|millis| millis as f64)
}
