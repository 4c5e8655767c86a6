//! Figures of a run, each from what was recorded: never a constant, never an assumption.

use serde::{Deserialize, Serialize};

use crate::run::RunMode;

/// The `q`-quantile of ascending `sorted` by linear interpolation between closest ranks (R type 7, `NumPy`'s default);
/// `None` when there is nothing.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks are small and not negative"
)]
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let rank = q.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
    Some(below + (above - below) * rank.fract())
}

/// What is recorded of a run's work, in milliseconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recorded {
    /// What each image took that was asked about: preparing it, its requests, and the pauses between tries of its own. Not
    /// its waits for a turn, which one image alone would not have had. One that failed counts too; an answer that was used
    /// again took nothing and is not in it.
    pub task_millis: Vec<f64>,
    /// Images that were answered, and images that failed for good.
    pub done: u32,
    pub failed: u32,
    /// Requests beyond the first for an image.
    pub retries: u32,
    /// Time during which the run was being worked on: the sum of its sittings.
    pub wall_millis: f64,
    pub concurrency: u32,
    pub mode: RunMode,
}

/// Figures of a run, durations in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunMetrics {
    pub images: u32,
    pub concurrency: u32,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub wall_millis: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub mean_millis: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub p50_millis: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub p95_millis: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub p99_millis: f64,
    /// The sum of what every image took: how long the same work would have been one at a time.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub summed_millis: f64,
    /// `summed_millis` over `wall_millis`: against the same images one at a time, at the pace that was measured. `None` for
    /// an overnight run, whose images wait side by side at the vendor's: their sum is nobody's time.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub speedup: Option<f64>,
    /// Finished images a second of wall time.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub images_per_second: f64,
    /// Answered over finished, 0 to 1.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub success_rate: f64,
    /// Retries over finished images.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub retry_rate: f64,
    pub retries: u32,
}

impl Recorded {
    /// `None` when nothing has finished yet: no figure is better than a made-up one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a run has far fewer than 2^52 images")]
    pub fn metrics(&self) -> Option<RunMetrics> {
        let mut sorted = self.task_millis.clone();
        sorted.sort_by(f64::total_cmp);
        let finished = self.done + self.failed;
        let summed_millis: f64 = sorted.iter().sum();
        if finished == 0 || self.wall_millis <= 0.0 {
            return None;
        }
        Some(RunMetrics {
            images: finished,
            concurrency: self.concurrency,
            wall_millis: self.wall_millis,
            mean_millis: summed_millis / sorted.len() as f64,
            p50_millis: quantile(&sorted, 0.50)?,
            p95_millis: quantile(&sorted, 0.95)?,
            p99_millis: quantile(&sorted, 0.99)?,
            summed_millis,
            speedup: (self.mode == RunMode::Live).then_some(summed_millis / self.wall_millis),
            images_per_second: f64::from(finished) / (self.wall_millis / 1000.0),
            success_rate: f64::from(self.done) / f64::from(finished),
            retry_rate: f64::from(self.retries) / f64::from(finished),
            retries: self.retries,
        })
    }
}

/// The metrics file that users of the earlier pipeline parse. Its keys are kept; `fieldmark` holds what is new.
/// Durations in milliseconds, throughput in tasks a second, rates from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassicMetrics {
    /// RFC 3339, UTC.
    pub exported_at: String,
    pub metrics: ClassicRun,
    /// Sequential against parallel; both from this run, the sequential one as the sum of what every image took. Empty for an
    /// overnight run.
    pub benchmarks: Vec<ClassicBenchmark>,
    pub fieldmark: MetricsExtra,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassicRun {
    /// RFC 3339, UTC: when the run started.
    pub timestamp: String,
    pub batch_size: u32,
    pub concurrency: u32,
    pub total_duration: f64,
    pub average_task_duration: f64,
    pub throughput: f64,
    pub success_rate: f64,
    pub retry_rate: f64,
    pub error_rate: f64,
    pub p50_duration: f64,
    pub p95_duration: f64,
    pub p99_duration: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassicBenchmark {
    pub name: String,
    pub baseline: ClassicPace,
    pub optimized: ClassicPace,
    pub improvement: ClassicImprovement,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassicPace {
    pub total_duration: f64,
    pub throughput: f64,
}

impl ClassicPace {
    fn of(metrics: &RunMetrics) -> Self {
        Self { total_duration: metrics.wall_millis, throughput: metrics.images_per_second }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassicImprovement {
    /// Baseline duration over optimised duration.
    pub speedup: f64,
    /// Percent.
    pub throughput_increase: f64,
    /// Percent.
    pub duration_reduction: f64,
}

/// The file of the earlier pipeline's benchmark suite; its keys are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BenchmarkResults {
    /// RFC 3339, UTC.
    pub exported_at: String,
    /// Of the parallel run.
    pub metrics: ClassicRun,
    pub benchmarks: Vec<ClassicBenchmark>,
}

/// What the earlier pipeline did not record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricsExtra {
    pub version: String,
    pub run: u32,
    pub model: String,
    pub recipe: String,
    pub state: String,
    pub images: u32,
    pub answered: u32,
    pub failed: u32,
    pub waiting: u32,
    pub retries: u32,
    pub marks: u32,
    pub marks_by_label: std::collections::BTreeMap<String, u32>,
    /// `None` where the server has reported no cost.
    pub cost_dollars: Option<f64>,
    /// Expected before the run; `None` when nobody had told the price.
    pub quoted_dollars: Option<f64>,
    /// The most that requests without an answer can have cost on top.
    pub possibly_billed_dollars: f64,
    pub prompt_tokens: u64,
    pub output_tokens: u64,
}

impl ClassicRun {
    #[must_use]
    pub fn new(timestamp: String, metrics: &RunMetrics) -> Self {
        Self {
            timestamp,
            batch_size: metrics.images,
            concurrency: metrics.concurrency,
            total_duration: metrics.wall_millis,
            average_task_duration: metrics.mean_millis,
            throughput: metrics.images_per_second,
            success_rate: metrics.success_rate,
            retry_rate: metrics.retry_rate,
            error_rate: 1.0 - metrics.success_rate,
            p50_duration: metrics.p50_millis,
            p95_duration: metrics.p95_millis,
            p99_duration: metrics.p99_millis,
        }
    }
}

impl ClassicBenchmark {
    /// This run against the same images one at a time, at the pace that was measured; `None` where that has no meaning.
    #[must_use]
    pub fn sequential_against_parallel(metrics: &RunMetrics) -> Option<Self> {
        // Where nobody waited, it has none.
        metrics.speedup?;
        let throughput = f64::from(metrics.images) / (metrics.summed_millis / 1000.0);
        let sequential = ClassicPace { total_duration: metrics.summed_millis, throughput };
        let name = "sequential (summed durations) against parallel (wall time)";
        Some(Self::of(name, sequential, ClassicPace::of(metrics)))
    }

    /// The same images twice: one at a time, and several at once.
    #[must_use]
    pub fn measured(sequential: &RunMetrics, parallel: &RunMetrics) -> Self {
        Self::of("sequential against parallel, both measured", ClassicPace::of(sequential), ClassicPace::of(parallel))
    }

    fn of(name: &str, baseline: ClassicPace, optimized: ClassicPace) -> Self {
        let improvement = ClassicImprovement {
            speedup: baseline.total_duration / optimized.total_duration,
            throughput_increase: (optimized.throughput / baseline.throughput - 1.0) * 100.0,
            duration_reduction: (1.0 - optimized.total_duration / baseline.total_duration) * 100.0,
        };
        Self { name: name.to_owned(), baseline, optimized, improvement }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        let sorted: Vec<f64> = (1..=5).map(f64::from).collect();
        assert_eq!(quantile(&sorted, 0.5), Some(3.0));
        assert_eq!(quantile(&sorted, 0.95), Some(4.8));
        assert_eq!(quantile(&sorted, 1.0), Some(5.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn figures_follow_from_what_was_recorded() {
        let recorded = Recorded {
            task_millis: vec![100.0, 300.0, 200.0, 400.0],
            done: 3,
            failed: 1,
            retries: 1,
            wall_millis: 500.0,
            concurrency: 2,
            mode: RunMode::Live,
        };
        let metrics = recorded.metrics().unwrap();
        insta::assert_json_snapshot!(ClassicRun::new("2026-11-23T10:00:00Z".into(), &metrics), @r#"
        {
          "timestamp": "2026-11-23T10:00:00Z",
          "batchSize": 4,
          "concurrency": 2,
          "totalDuration": 500.0,
          "averageTaskDuration": 250.0,
          "throughput": 8.0,
          "successRate": 0.75,
          "retryRate": 0.25,
          "errorRate": 0.25,
          "p50Duration": 250.0,
          "p95Duration": 385.0,
          "p99Duration": 397.0
        }
        "#);
        insta::assert_json_snapshot!(ClassicBenchmark::sequential_against_parallel(&metrics).unwrap(), @r#"
        {
          "name": "sequential (summed durations) against parallel (wall time)",
          "baseline": {
            "totalDuration": 1000.0,
            "throughput": 4.0
          },
          "optimized": {
            "totalDuration": 500.0,
            "throughput": 8.0
          },
          "improvement": {
            "speedup": 2.0,
            "throughputIncrease": 100.0,
            "durationReduction": 50.0
          }
        }
        "#);
        let overnight = Recorded { mode: RunMode::Overnight, ..recorded }.metrics().unwrap();
        assert_eq!((overnight.speedup, ClassicBenchmark::sequential_against_parallel(&overnight)), (None, None));
    }

    #[test]
    fn nothing_finished_gives_no_figures() {
        assert_eq!(Recorded { wall_millis: 10.0, ..Recorded::default() }.metrics(), None);
    }
}
