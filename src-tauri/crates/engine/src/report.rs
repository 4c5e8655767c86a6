//! Reports of runs and the metrics file, all from what was recorded.

use std::io::Write;
use std::path::{Path, PathBuf};

use domain::ids::RunId;
use domain::metrics::{BenchmarkResults, ClassicBenchmark, ClassicMetrics, ClassicRun, MetricsExtra, Recorded};
use domain::money::PicoDollars;
use domain::report::{RunReport, duration_bins};
use serde::Serialize;

use crate::clock::{now_millis, rfc3339};
use crate::library::Library;
use crate::whole_file::WholeFile;
use crate::{EngineError, Result};

impl Library {
    pub fn run_report(&self, run: RunId) -> Result<RunReport> {
        let summary = self.run(run)?;
        let (durations, (wall_millis, concurrency), failures, labels) = self.store.read(|view| {
            Ok((view.durations(run)?, view.pace_of_run(run)?, view.failure_groups(run)?, view.found_by_run(run)?))
        })?;
        let (retried, (repairs, dropped), hooks) =
            self.store.read(|view| Ok((view.retry_groups(run)?, view.readings_of_run(run)?, view.hook_runs(run)?)))?;
        let bins = duration_bins(&durations);
        let recorded = Recorded {
            task_millis: durations,
            done: summary.done,
            failed: summary.failed,
            retries: summary.retries,
            wall_millis,
            concurrency,
            mode: summary.mode,
        };
        let metrics = recorded.metrics();
        let diagnoses = match &metrics {
            Some(metrics) => self.diagnoses(&summary, metrics, recorded.task_millis.len(), &failures, &retried)?,
            None => Vec::new(),
        };
        Ok(RunReport {
            metrics,
            summary,
            failures,
            retried,
            repairs,
            dropped,
            labels,
            durations: bins,
            diagnoses,
            hooks,
        })
    }

    /// The metrics of a run in the form that users of the earlier pipeline parse.
    pub fn classic_metrics(&self, run: RunId) -> Result<ClassicMetrics> {
        let report = self.run_report(run)?;
        let metrics = report.metrics.ok_or(EngineError::NoFigures(run))?;
        let summary = report.summary;
        let cost_dollars = summary.reported_cost().map(PicoDollars::dollars);
        Ok(ClassicMetrics {
            exported_at: rfc3339(now_millis()),
            metrics: ClassicRun::new(rfc3339(summary.started_at), &metrics),
            benchmarks: ClassicBenchmark::sequential_against_parallel(&metrics).into_iter().collect(),
            fieldmark: MetricsExtra {
                version: env!("CARGO_PKG_VERSION").into(),
                run: run.0,
                model: summary.model.0,
                recipe: summary.recipe_name,
                state: summary.state.name().into(),
                images: summary.total,
                answered: summary.done,
                failed: summary.failed,
                waiting: summary.waiting,
                retries: summary.retries,
                marks: summary.mark_count,
                marks_by_label: report.labels.into_iter().map(|label| (label.name, label.count)).collect(),
                cost_dollars,
                quoted_dollars: summary.quoted.map(|quoted| quoted.expected.dollars()),
                possibly_billed_dollars: summary.possibly_billed.at_most.dollars(),
                prompt_tokens: summary.usage.prompt_tokens(),
                output_tokens: summary.usage.output_tokens,
            },
        })
    }

    /// Two runs of the same images, one of them one image at a time, compared as the earlier pipeline's benchmark did.
    pub fn benchmark_results(&self, sequential: RunId, parallel: RunId) -> Result<BenchmarkResults> {
        let metrics = |run| self.run_report(run)?.metrics.ok_or(EngineError::NoFigures(run));
        let (one_by_one, at_once) = (metrics(sequential)?, metrics(parallel)?);
        Ok(BenchmarkResults {
            exported_at: rfc3339(now_millis()),
            metrics: ClassicRun::new(rfc3339(self.run(parallel)?.started_at), &at_once),
            benchmarks: vec![ClassicBenchmark::measured(&one_by_one, &at_once)],
        })
    }

    /// Writes the metrics of a run to `path`.
    pub fn write_metrics(&self, run: RunId, path: &Path) -> Result<()> {
        write_json(path, &self.classic_metrics(run)?)
    }

    /// Where every run leaves its metrics, unless the settings say otherwise.
    #[must_use]
    pub fn metrics_path(&self) -> PathBuf {
        self.folder().join("metrics").join("batch-annotation-metrics.json")
    }

    pub(crate) async fn write_metrics_if_wanted(self: std::sync::Arc<Self>, run: RunId) -> Result<()> {
        tokio::task::spawn_blocking(move || {
            if !self.settings_in_force()?.writes_metrics {
                return Ok(());
            }
            match self.write_metrics(run, &self.metrics_path()) {
                // A run stopped before its first image has nothing to say.
                Err(EngineError::NoFigures(_)) => Ok(()),
                outcome => outcome,
            }
        })
        .await
        .map_err(|_| EngineError::TaskLost)?
    }
}

/// Writes a document for other programs.
pub fn write_json(path: &Path, document: &impl Serialize) -> Result<()> {
    let json = serde_json::to_string_pretty(document)
        .map_err(|error| EngineError::File { path: path.to_owned(), source: error.into() })?;
    let mut file = WholeFile::begin(path)?;
    file.put(|out| writeln!(out, "{json}"))?;
    file.finish()
}
