//! Figures of a run, computed from records only.

use serde::{Deserialize, Serialize};

use crate::run_state::{FailureKind, RunMode};

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

/// Minimum number of images that ran alone, so that their mean duration stands for a sequential run.
pub const FEWEST_ALONE: usize = 5;

/// Recorded data of a run. Durations in milliseconds.
///
/// All figures cover the images that were sent to the model, answered or failed. Reused answers, propagated annotations
/// and unreadable files were never sent; they are counted separately.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recorded {
    /// Duration of each sent image: preparation, requests, and delays between its retries. Without waits for a permit,
    /// which it would not have had alone.
    pub task_millis: Vec<f64>,
    /// Duration of each image without concurrent requests of the run.
    pub alone_millis: Vec<f64>,
    /// Images sent and answered.
    pub answered: u32,
    /// Images with an earlier run's saved answer.
    pub reused: u32,
    /// Images with propagated annotations.
    pub propagated: u32,
    /// Images that failed before they could be sent: the file is missing or unreadable.
    pub unread: u32,
    /// Repeated requests, for whatever reason.
    pub retries: u32,
    /// Active time: the sum of all sessions.
    pub wall_millis: f64,
    /// Time for which limits, pauses or server failures delayed the next image.
    pub held_millis: f64,
    /// Summed durations of all requests; `None` if not recorded.
    pub in_flight_millis: Option<f64>,
    /// The peak number of requests in flight.
    pub concurrency: u32,
    pub mode: RunMode,
}

/// A run that was delayed for a larger share of its time has no speed-up, because the sequential run's delays were not
/// measured.
const MOST_HELD: f64 = 0.05;

/// The baseline of a speed-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Baseline {
    /// The run itself never had more than one request in flight.
    ThisRun,
    /// The mean duration of the images of this run that ran alone, for every sent image.
    AloneImages { images: u32 },
    /// The same images, annotated sequentially in another run.
    SequentialRun,
}

/// How much faster a run was than the same images one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Speedup {
    /// `sequential_millis` over the run's wall time.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub factor: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub sequential_millis: f64,
    /// `sequential_millis` minus the run's wall time; negative if the run was slower.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub saved_millis: f64,
    pub baseline: Baseline,
}

impl Speedup {
    fn new(sequential_millis: f64, wall_millis: f64, baseline: Baseline) -> Self {
        Self {
            factor: sequential_millis / wall_millis,
            sequential_millis,
            saved_millis: sequential_millis - wall_millis,
            baseline,
        }
    }
}

/// Figures of a run, durations in milliseconds, with the scope of [`Recorded`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunMetrics {
    /// Images sent, answered or failed.
    pub asked: u32,
    /// Of these: answered.
    pub answered: u32,
    /// Images with an earlier run's saved answer.
    pub reused: u32,
    /// Images with propagated annotations.
    pub propagated: u32,
    /// Images that failed before they could be sent.
    pub unread: u32,
    /// The peak number of requests in flight; of a batch run, of images in the vendor's batches.
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
    /// Summed durations of all sent images.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub summed_millis: f64,
    /// Summed durations of all requests over `wall_millis`: the average number in flight, so never more than
    /// `concurrency`. Not a speed-up, because requests take longer in parallel. `None` for a batch run, whose images
    /// wait at the vendor, and if not recorded.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub parallelism: Option<f64>,
    /// `None` without a sequential measurement.
    pub speedup: Option<Speedup>,
    /// Sent images per second of wall time.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub images_per_second: f64,
    /// Answered over sent, 0 to 1.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub success_rate: f64,
    /// Retries per sent image.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub retry_rate: f64,
    pub retries: u32,
}

impl Recorded {
    /// `None` if no image was sent yet.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a run has far fewer than 2^52 images")]
    pub fn metrics(&self) -> Option<RunMetrics> {
        let mut sorted = self.task_millis.clone();
        sorted.sort_by(f64::total_cmp);
        let asked = u32::try_from(sorted.len()).unwrap_or(u32::MAX);
        if asked == 0 || self.wall_millis <= 0.0 {
            return None;
        }
        let summed_millis: f64 = sorted.iter().sum();
        Some(RunMetrics {
            asked,
            answered: self.answered,
            reused: self.reused,
            propagated: self.propagated,
            unread: self.unread,
            concurrency: self.concurrency,
            wall_millis: self.wall_millis,
            mean_millis: summed_millis / sorted.len() as f64,
            p50_millis: quantile(&sorted, 0.50)?,
            p95_millis: quantile(&sorted, 0.95)?,
            p99_millis: quantile(&sorted, 0.99)?,
            summed_millis,
            parallelism: self
                .in_flight_millis
                .filter(|_| self.mode == RunMode::Live)
                .map(|millis| millis / self.wall_millis),
            speedup: self.speedup(asked),
            images_per_second: f64::from(asked) / (self.wall_millis / 1000.0),
            success_rate: f64::from(self.answered) / f64::from(asked),
            retry_rate: f64::from(self.retries) / f64::from(asked),
            retries: self.retries,
        })
    }

    /// Against a sequential measurement within this run.
    #[expect(clippy::cast_precision_loss, reason = "a run has far fewer than 2^52 images")]
    fn speedup(&self, asked: u32) -> Option<Speedup> {
        let alone = &self.alone_millis;
        let (sequential_millis, baseline) = match (self.mode, self.concurrency) {
            (RunMode::Live, 1) => (self.wall_millis, Baseline::ThisRun),
            (RunMode::Live, _) if alone.len() >= FEWEST_ALONE && self.held_millis <= self.wall_millis * MOST_HELD => {
                let mean = alone.iter().sum::<f64>() / alone.len() as f64;
                let images = u32::try_from(alone.len()).unwrap_or(u32::MAX);
                (mean * f64::from(asked), Baseline::AloneImages { images })
            }
            _ => return None,
        };
        Some(Speedup::new(sequential_millis, self.wall_millis, baseline))
    }
}

impl RunMetrics {
    /// The same figures, with the speed-up against `sequential`, a sequential run of the same images.
    #[must_use]
    pub fn against(self, sequential: &Self) -> Self {
        let speedup = Speedup::new(sequential.wall_millis, self.wall_millis, Baseline::SequentialRun);
        Self { speedup: Some(speedup), ..self }
    }
}

/// The metrics file of the earlier pipeline, whose keys are kept; `fieldmark` has the new ones. Durations in
/// milliseconds, throughput in tasks per second, rates from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClassicMetrics {
    /// RFC 3339, UTC.
    pub exported_at: String,
    pub metrics: ClassicRun,
    /// Sequential against parallel, if the sequential side was measured (see [`Baseline`]); otherwise empty.
    pub benchmarks: Vec<ClassicBenchmark>,
    pub fieldmark: MetricsExtra,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClassicRun {
    /// RFC 3339, UTC: when the run started.
    pub timestamp: String,
    /// Images sent.
    pub batch_size: u32,
    /// The peak number of requests in flight.
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
    /// Average number of requests in flight; `None` for a batch run. Not a speed-up.
    pub parallelism: Option<f64>,
    /// Factor against a measured sequential baseline, and milliseconds saved; `None` without one.
    pub speedup: Option<f64>,
    pub time_saved: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClassicBenchmark {
    pub name: String,
    pub baseline: ClassicPace,
    pub optimized: ClassicPace,
    pub improvement: ClassicImprovement,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClassicPace {
    pub total_duration: f64,
    pub throughput: f64,
}

impl ClassicPace {
    fn new(images: u32, total_millis: f64) -> Self {
        Self { total_duration: total_millis, throughput: f64::from(images) / (total_millis / 1000.0) }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClassicImprovement {
    /// Baseline duration over optimized duration.
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

/// Data that the earlier pipeline did not have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MetricsExtra {
    pub version: String,
    pub run: u32,
    pub model: String,
    pub recipe: String,
    pub state: String,
    /// Images of the run: the sum of the next six.
    pub images: u32,
    /// Sent in this run, and answered.
    pub answered: u32,
    /// With an earlier run's saved answer.
    pub reused: u32,
    /// With annotations propagated from a similar image.
    pub propagated: u32,
    /// Sent, without a usable answer.
    pub failed: u32,
    /// The file is missing or unreadable, so nothing was sent.
    pub unread: u32,
    pub waiting: u32,
    pub retries: u32,
    pub annotations: u32,
    pub annotations_by_label: std::collections::BTreeMap<String, u32>,
    /// `None` if the server reported no cost.
    pub cost_dollars: Option<f64>,
    /// Expected before the run; `None` without a known price.
    pub quoted_dollars: Option<f64>,
    /// Whether the cost was in the likely range of the quote; `None` unless the run is complete, and had such a range.
    pub is_cost_likely: Option<bool>,
    /// Maximum additional cost of unanswered requests.
    pub possibly_billed_dollars: f64,
    /// All input, cached or not.
    pub prompt_tokens: u64,
    /// All output, including thinking.
    pub output_tokens: u64,
    /// Image tokens, by the vendor's published rule, because no vendor reports them. `None` without a known rule, or
    /// without counts.
    pub image_tokens: Option<u64>,
    /// As reported by the vendor; `None` if not reported.
    pub cache_read_tokens: Option<u64>,
    pub cache_write_tokens: Option<u64>,
    /// Thinking tokens; `None` if not reported.
    pub thinking_tokens: Option<u64>,
    /// All failed images, sent or not.
    pub failures: Vec<MetricsFailure>,
}

/// A failed image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MetricsFailure {
    pub image: u32,
    /// Its last known path, otherwise its name.
    pub path: String,
    pub kind: FailureKind,
    pub message: String,
    /// Requests sent for it.
    pub requests: u32,
    /// Null without a price.
    pub cost_dollars: Option<f64>,
}

impl ClassicRun {
    #[must_use]
    pub fn new(timestamp: String, metrics: &RunMetrics) -> Self {
        Self {
            timestamp,
            batch_size: metrics.asked,
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
            parallelism: metrics.parallelism,
            speedup: metrics.speedup.map(|speedup| speedup.factor),
            time_saved: metrics.speedup.map(|speedup| speedup.saved_millis),
        }
    }
}

impl ClassicBenchmark {
    /// This run against the same images one at a time; `None` if not measured.
    #[must_use]
    pub fn measured(metrics: &RunMetrics) -> Option<Self> {
        let speedup = metrics.speedup?;
        let baseline = ClassicPace::new(metrics.asked, speedup.sequential_millis);
        let optimized = ClassicPace::new(metrics.asked, metrics.wall_millis);
        let name = match speedup.baseline {
            Baseline::ThisRun => "one image at a time (this run)".to_owned(),
            Baseline::AloneImages { images } => {
                format!("one image at a time ({images} images that ran alone) against parallel")
            }
            Baseline::SequentialRun => "one image at a time against parallel, both measured".to_owned(),
        };
        let improvement = ClassicImprovement {
            speedup: speedup.factor,
            throughput_increase: (optimized.throughput / baseline.throughput - 1.0) * 100.0,
            duration_reduction: (1.0 - optimized.total_duration / baseline.total_duration) * 100.0,
        };
        Some(Self { name, baseline, optimized, improvement })
    }
}

#[cfg(test)]
mod tests;
