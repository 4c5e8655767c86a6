//! Run reports and the metrics file, from recorded data only.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

mod diagnosis;
mod marked;
mod page;
mod page_texts;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datasets::Output;
use domain::dataset::Package;
use domain::ids::RunId;
use domain::layers::LayerScope;
use domain::metrics::{
    BenchmarkResults, ClassicBenchmark, ClassicMetrics, ClassicRun, MetricsExtra, MetricsFailure, Recorded,
};
use domain::money::PicoDollars;
use domain::report::{CutOffAnswers, FailedImage, Notice, ReportLanguage, RunReport, duration_bins};
use domain::run::RunSummary;
use files::WholeFile;
use providers::request::LONGER_ANSWER_FACTOR;
use serde::Serialize;
use store::{Store, View};

use crate::clock::{now_millis, rfc3339};
use crate::gallery::Gallery;
use crate::image_files::ImageFiles;
use crate::layout::Layout;
use crate::originals::Originals;
use crate::outputs::Outputs;
use crate::run_history::RunHistory;
use crate::settings::LibrarySettings;
use crate::{EngineError, Result, private, provided};
use page_texts::PageTexts;

const PAGE: &str = "report.html";
const MARKED: &str = "marked";

/// Results of runs: reports, metrics, diagnoses.
pub struct Insight {
    store: Arc<Store>,
    layout: Arc<Layout>,
    settings: Arc<LibrarySettings>,
    history: Arc<RunHistory>,
    outputs: Arc<Outputs>,
    images: Arc<Gallery>,
    originals: Arc<Originals>,
}

impl Insight {
    pub(crate) fn new(
        store: Arc<Store>,
        layout: Arc<Layout>,
        settings: Arc<LibrarySettings>,
        history: Arc<RunHistory>,
        outputs: Arc<Outputs>,
        images: Arc<Gallery>,
        originals: Arc<Originals>,
    ) -> Self {
        Self { store, layout, settings, history, outputs, images, originals }
    }

    pub fn report(&self, run: RunId) -> Result<RunReport> {
        let summary = self.history.run(run)?;
        let (durations, alone_millis, (wall_millis, concurrency)) = self
            .store
            .read_blocking(|view| Ok((view.durations(run)?, view.alone_durations(run)?, view.pace_of_run(run)?)))?;
        let (in_flight_millis, endpoints) =
            self.store.read_blocking(|view| Ok((view.in_flight_millis(run)?, view.endpoints_of_run(run)?)))?;
        let held = self
            .store
            .read_blocking(|view| view.waits_of_run(run))?
            .into_iter()
            .filter(|wait| wait.wait_reason.is_hold());
        let held_millis = held.map(|wait| wait.millis).sum();
        let (answered, unread) =
            self.store.read_blocking(|view| Ok((view.answered_count(run)?, view.unread_count(run)?)))?;
        let (failures, failed_images, labels) = self.store.read_blocking(|view| {
            Ok((view.failure_groups(run)?, failed_images(view, run)?, view.found_by_run(run)?))
        })?;
        let (retried, (repairs, dropped), hooks) = self
            .store
            .read_blocking(|view| Ok((view.retry_groups(run)?, view.readings_of_run(run)?, view.hook_runs(run)?)))?;
        let bins = duration_bins(&durations);
        let recorded = Recorded {
            task_millis: durations,
            alone_millis,
            answered,
            reused: summary.reused,
            propagated: summary.propagated,
            unread,
            retries: summary.retries,
            wall_millis,
            held_millis,
            in_flight_millis,
            concurrency,
            mode: summary.mode,
        };
        let cut_off = self.cut_off_answers(&summary)?;
        let (unchecked, requests, requests_per_image) = self.store.read_blocking(|view| {
            Ok((view.unchecked_images(run)?, view.request_count(run)?, view.passes_per_image(run)?))
        })?;
        let metrics = recorded.metrics();
        let diagnoses = self.diagnoses(&summary, &recorded, metrics.as_ref(), &failures, &retried)?;
        Ok(RunReport {
            metrics,
            summary,
            cut_off,
            unchecked,
            requests,
            requests_per_image,
            failures,
            failed_images,
            retried,
            repairs,
            dropped,
            labels,
            durations: bins,
            diagnoses,
            endpoints,
            batches: self.history.batches(run)?,
            unknown_batches: self.history.in_unknown_batches(run)?,
            hooks,
        })
    }

    /// Cut-off answers of a run that a larger output maximum may complete.
    fn cut_off_answers(&self, summary: &RunSummary) -> Result<Option<CutOffAnswers>> {
        let Some(known) = provided::find(&summary.model) else { return Ok(None) };
        let (images, reached) = self.store.read_blocking(|view| view.cut_off_images(summary.id))?;
        let suggested = reached.saturating_mul(LONGER_ANSWER_FACTOR).min(known.spec.max_output_tokens);
        let tokens = |tokens: u64| u32::try_from(tokens).unwrap_or(u32::MAX);
        Ok((images > 0 && suggested > reached).then(|| CutOffAnswers {
            images,
            max_tokens: tokens(reached),
            suggested_max_tokens: tokens(suggested),
        }))
    }

    /// The metrics of a run in the format of the earlier pipeline.
    pub fn classic_metrics(&self, run: RunId) -> Result<ClassicMetrics> {
        let report = self.report(run)?;
        let metrics = report.metrics.ok_or(EngineError::NoFigures(run))?;
        let summary = report.summary;
        let usage = summary.usage;
        // A server that reports usage reports the prompt of every answer.
        let is_counted = usage.prompt_tokens() > 0;
        let image_tokens = if is_counted { self.image_tokens(&summary)? } else { None };
        let has_price = summary.has_price();
        let cost_dollars = summary.reported_cost().map(PicoDollars::dollars);
        Ok(ClassicMetrics {
            exported_at: rfc3339(now_millis()),
            metrics: ClassicRun::new(rfc3339(summary.started_at), &metrics),
            benchmarks: ClassicBenchmark::measured(&metrics).into_iter().collect(),
            fieldmark: MetricsExtra {
                version: env!("CARGO_PKG_VERSION").into(),
                run: run.0,
                model: summary.model.0,
                recipe: summary.recipe_name,
                state: summary.state.name().into(),
                images: summary.total,
                answered: metrics.answered,
                reused: metrics.reused,
                propagated: metrics.propagated,
                failed: metrics.asked - metrics.answered,
                unread: metrics.unread,
                waiting: summary.waiting,
                retries: summary.retries,
                annotations: summary.annotation_count,
                annotations_by_label: report.labels.into_iter().map(|label| (label.name, label.count)).collect(),
                cost_dollars,
                quoted_dollars: summary.quoted.map(|quoted| quoted.expected.dollars()),
                is_cost_likely: summary.is_cost_likely,
                possibly_billed_dollars: summary.possibly_billed.at_most.dollars(),
                prompt_tokens: usage.prompt_tokens(),
                output_tokens: usage.output_tokens,
                image_tokens,
                cache_read_tokens: is_counted.then_some(usage.cache_read_tokens),
                cache_write_tokens: is_counted
                    .then_some(usage.cache_write_5m_tokens.saturating_add(usage.cache_write_1h_tokens)),
                thinking_tokens: usage.thinking_tokens,
                failures: report.failed_images.iter().map(|failed| metrics_failure(failed, has_price)).collect(),
            },
        })
    }

    /// Compares two runs of the same images, one of them with a concurrency of one, like the earlier pipeline's
    /// benchmark.
    pub fn benchmark(&self, sequential: RunId, parallel: RunId) -> Result<BenchmarkResults> {
        let metrics = |run| self.report(run)?.metrics.ok_or(EngineError::NoFigures(run));
        let metrics = metrics(parallel)?.against(&metrics(sequential)?);
        Ok(BenchmarkResults {
            exported_at: rfc3339(now_millis()),
            benchmarks: ClassicBenchmark::measured(&metrics).into_iter().collect(),
            metrics: ClassicRun::new(rfc3339(self.history.run(parallel)?.started_at), &metrics),
        })
    }

    /// Writes the metrics of a run to `path`.
    pub fn write_metrics(&self, run: RunId, path: &Path) -> Result<()> {
        self.write_document(&self.classic_metrics(run)?, path)
    }

    fn write_document(&self, metrics: &ClassicMetrics, path: &Path) -> Result<()> {
        self.outputs.check(path)?;
        WholeFile::begin(path).and_then(|file| write_json(file, metrics)).map_err(EngineError::file(path))
    }

    /// Writes the metrics of a run into the library folder, as those of the run and of the latest one, unless the settings
    /// disable it.
    pub(crate) fn write_metrics_if_wanted(&self, run: RunId) -> Result<()> {
        if !self.settings.in_force()?.writes_metrics {
            return Ok(());
        }
        let metrics = match self.classic_metrics(run) {
            // A run that stopped before its first image has no figures.
            Err(EngineError::NoFigures(_)) => return Ok(()),
            metrics => metrics?,
        };
        for path in [self.layout.metrics_file_of(run), self.layout.metrics_file()] {
            if let Some(folder) = path.parent() {
                private::create_folder(folder).map_err(EngineError::file(folder))?;
            }
            let written = self.write_document(&metrics, &path);
            private::make_private(&path);
            written?;
        }
        Ok(())
    }

    /// Writes `report.html` and `marked/*.jpg` into `folder`: the figures of a run, its notices, and its images with
    /// the annotations of the run and of people.
    pub fn write_page(
        &self,
        report: &RunReport,
        notices: &[Notice],
        language: ReportLanguage,
        folder: &Path,
    ) -> Result<WrittenReport> {
        let marked_folder = folder.join(MARKED);
        fs::create_dir_all(&marked_folder).map_err(EngineError::file(&marked_folder))?;
        let (marked_count, missing) = self
            .page_files(report, notices, language, |name, content| self.outputs.write(&folder.join(name), content))?;
        Ok(WrittenReport { page: folder.join(PAGE), marked_count, missing })
    }

    /// The same as a ZIP file of this name in the folder where a browser downloads files.
    pub fn ready_page(
        &self,
        report: &RunReport,
        notices: &[Notice],
        language: ReportLanguage,
        file_name: &str,
    ) -> Result<()> {
        let folder = self.layout.ready_exports();
        private::create_folder(&folder).map_err(EngineError::file(&folder))?;
        let path = folder.join(file_name);
        let mut out = Output::begin(Package::Archive { extension: "zip" }, &path).map_err(EngineError::file(&path))?;
        self.page_files(report, notices, language, |name, content| {
            let entry = out.entry(name).map_err(|error| io::Error::other(error.to_string()));
            entry.and_then(|entry| entry.write_all(content)).map_err(EngineError::file(&path))
        })?;
        out.finish().map_err(EngineError::file(&path))?;
        private::make_private(&path);
        Ok(())
    }

    /// Passes each file of a report to `write`; the number of pictures, and the images without one.
    fn page_files(
        &self,
        report: &RunReport,
        notices: &[Notice],
        language: ReportLanguage,
        mut write: impl FnMut(&str, &[u8]) -> Result<()>,
    ) -> Result<(u32, Vec<String>)> {
        let run = report.summary.id;
        let images = self.store.read_blocking(|view| view.images_of_run(run))?;
        let (mut pictures, mut missing) = (Vec::new(), Vec::new());
        for card in self.images.cards(&images, &LayerScope::of_run(run))? {
            match self.marked(&card)? {
                Ok(jpeg) => {
                    let file = format!("{MARKED}/{:04}-{}.jpg", card.id.0, marked::safe_stem(&card.name));
                    write(&file, &jpeg)?;
                    pictures.push(page::ReportPicture { file, card });
                }
                Err(unavailable) => missing.push(format!("{}: {}", card.name, unavailable.detail)),
            }
        }
        let html = page::page(report, notices, &pictures, &missing, PageTexts::of(language));
        write(PAGE, html.as_bytes())?;
        Ok((u32::try_from(pictures.len()).unwrap_or(u32::MAX), missing))
    }
}

/// By kind, then in run order.
fn failed_images(view: &View<'_>, run: RunId) -> store::Result<Vec<FailedImage>> {
    let roots = view.roots_of_run(run)?;
    let failed = view.failed_jobs(run)?.into_iter().map(|job| {
        let named = ImageFiles::of(view, &roots, job.image.id, &job.image.hash)?.named;
        Ok(FailedImage {
            image: job.image.id,
            path: named.map(|path| path.to_string_lossy().into_owned()),
            name: job.image.name,
            kind: job.kind,
            message: job.message,
            is_worth_retrying: job.kind.is_worth_retrying(),
            requests: job.requests,
            paid: job.paid,
            possibly_billed: job.possibly_billed,
        })
    });
    let mut failed = failed.collect::<store::Result<Vec<FailedImage>>>()?;
    failed.sort_by_key(|failed| failed.kind);
    Ok(failed)
}

fn metrics_failure(failed: &FailedImage, has_price: bool) -> MetricsFailure {
    MetricsFailure {
        image: failed.image.0,
        path: failed.place().to_owned(),
        kind: failed.kind,
        message: failed.message.clone(),
        requests: failed.requests,
        cost_dollars: has_price.then(|| failed.paid.dollars()),
    }
}

/// Writes a JSON document for other programs.
pub fn write_json(mut file: WholeFile, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut file, document)?;
    writeln!(file)?;
    file.finish()
}

/// Result of [`Insight::write_page`].
#[derive(Debug, Clone)]
pub struct WrittenReport {
    pub page: PathBuf,
    pub marked_count: u32,
    /// Images whose originals are no longer readable.
    pub missing: Vec<String>,
}
