//! Collects a run's data for its diagnoses: token counts, priced by part and for other models, and what images waited
//! for. The rules are in the domain.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use domain::answer::UNKNOWN_LABEL;
use domain::coordinates::BoxCoordinates;
use domain::coordinates::suspicion::{AnsweredBoxes, SuspectedCoordinates, suspected};
use domain::diagnosis::{CheaperModel, CostParts, Diagnosis, Observed, diagnose};
use domain::metrics::{Recorded, RunMetrics};
use domain::model::Destination;
use domain::money::PicoDollars;
use domain::plan::SizeCount;
use domain::recipe::Recipe;
use domain::run::{FailureGroup, RetryGroup, RunSummary};
use domain::run_options::RunOptions;
use domain::run_state::RunMode;
use domain::usage::Usage;
use providers::catalog::ModelSpec;
use providers::price::Terms;
use serde::Deserialize;

use super::Insight;
use crate::Result;
use crate::backend::read_kept;
use crate::clock::today;
use crate::provided::{self, ProvidedModel};

/// Answers from which coordinates are told.
const TELLING_ANSWERS: u32 = 300;

/// The coordinates of a stored answer, as [`providers::answer::RawAnswer`] has them.
#[derive(Deserialize)]
struct AskedIn {
    #[serde(default)]
    coordinates: BoxCoordinates,
}

impl Insight {
    /// What is noteworthy about a run; without `metrics`, only what concerns images that were never sent.
    pub(crate) fn diagnoses(
        &self,
        summary: &RunSummary,
        recorded: &Recorded,
        metrics: Option<&RunMetrics>,
        failures: &[FailureGroup],
        retried: &[RetryGroup],
    ) -> Result<Vec<Diagnosis>> {
        let run = summary.id;
        let (waits, sizes, recipe, options) = self.store.read_blocking(|view| {
            Ok((view.waits_of_run(run)?, view.paid_sizes(run)?, view.recipe_of_run(run)?, view.options_of_run(run)?))
        })?;
        // Unreadable settings must not hide the other diagnoses.
        let settings = self.settings.in_force().ok().map(|settings| settings.run);
        let paid = paid_model(summary, &options);
        let paid = paid.as_ref();
        let parts =
            paid.filter(|_| summary.paid > PicoDollars::ZERO).map(|paid| parts(&paid.spec, summary.usage, &sizes));
        let answers = parts.map_or(0, |parts| parts.answers);
        Ok(diagnose(&Observed {
            mode: summary.mode,
            destination: summary.destination.clone(),
            asked: summary.asked,
            unread: recorded.unread,
            finished: summary.done + summary.failed,
            retried: retried.to_vec(),
            failures: failures.to_vec(),
            has_unknown_labels: failures.iter().any(|group| group.example.contains(UNKNOWN_LABEL)),
            coordinates: self.suspected_coordinates(summary, &recipe)?,
            cut_short: summary.cut_short,
            wall_millis: recorded.wall_millis,
            p50_millis: metrics.map_or(0.0, |metrics| metrics.p50_millis),
            concurrency: recorded.concurrency,
            waits,
            max_tokens: options.max_tokens.or(settings.and_then(|settings| settings.max_tokens)),
            silence_millis: settings.map(|settings| settings.task_timeout_ms),
            usage: summary.usage,
            paid: summary.paid,
            parts,
            cheaper: paid.and_then(|paid| cheaper(paid, summary, answers, &recipe)),
            batch: paid.filter(|_| summary.mode == RunMode::Live).map(|paid| {
                // At the list price of batches: what was paid includes the endpoint's own price factor.
                PicoDollars(summary.paid.0 / 100 * u64::from(paid.spec.price.batch_percent))
            }),
        }))
    }

    /// What the first answers of a run tell about their coordinates. A local model has fixed ones.
    fn suspected_coordinates(&self, summary: &RunSummary, recipe: &Recipe) -> Result<Option<SuspectedCoordinates>> {
        if summary.destination == Destination::ThisMachine {
            return Ok(None);
        }
        let kept = self.store.read_blocking(|view| view.parsed_answers(summary.id, TELLING_ANSWERS))?;
        let boxes = kept.iter().filter_map(|(pass, kept)| {
            let answer = read_kept(&summary.model, kept, &pass.recipe(recipe)).ok()?;
            let AskedIn { coordinates } = serde_json::from_str(kept).ok()?;
            let boxes = answer.annotations.iter().filter_map(|found| found.shape.bounds()).collect();
            Some(AnsweredBoxes { asked_for: coordinates, sent: answer.sent, boxes })
        });
        Ok(suspected(&boxes.collect::<Vec<_>>()))
    }

    /// The tokens of all images in the prompts of `run`, by the vendor's rule, since the vendor reports only whole
    /// prompts; `None` if no rule is known.
    pub(crate) fn image_tokens(&self, summary: &RunSummary) -> Result<Option<u64>> {
        let (sizes, options) =
            self.store.read_blocking(|view| Ok((view.paid_sizes(summary.id)?, view.options_of_run(summary.id)?)))?;
        let Some(paid) = paid_model(summary, &options) else { return Ok(None) };
        Ok(Some(parts(&paid.spec, summary.usage, &sizes).image_tokens))
    }
}

/// `None` for a model that is no longer known or is free.
fn paid_model(summary: &RunSummary, options: &RunOptions) -> Option<ProvidedModel> {
    let paid = provided::find(&summary.model).filter(|known| !known.spec.price.is_free());
    paid.map(|known| known.with_longest_edge(options.longest_edge))
}

/// The cost of a run by part, at list prices: image tokens by the vendor's rule, the rest of the input is text.
fn parts(model: &ModelSpec, usage: Usage, sizes: &[SizeCount]) -> CostParts {
    let mut parts = CostParts {
        answers: 0,
        images: PicoDollars::ZERO,
        words: PicoDollars::ZERO,
        output: PicoDollars::ZERO,
        image_tokens: 0,
        longest_edge: 0,
    };
    for SizeCount { size, count } in sizes {
        let sent = model.sent_size(*size);
        parts.answers += count;
        parts.image_tokens += model.image_rule.tokens(sent) * u64::from(*count);
        parts.longest_edge = parts.longest_edge.max(sent.long_edge());
    }
    // A picture that was sent smaller than usual has fewer tokens.
    parts.image_tokens = parts.image_tokens.min(usage.input_tokens);
    let rates = Terms::LIST;
    let cost = |usage: Usage| per_answer(usage, parts.answers, |usage| model.price.cost(usage, rates));
    let images = Usage { input_tokens: parts.image_tokens, ..Usage::default() };
    let output = Usage { output_tokens: usage.output_tokens, ..Usage::default() };
    let words = Usage { input_tokens: usage.input_tokens - parts.image_tokens, output_tokens: 0, ..usage };
    (parts.images, parts.words, parts.output) = (cost(images), cost(words), cost(output));
    parts
}

/// The model for which the same tokens would have cost least. It must support the recipe, and the vendor must neither
/// call it old nor have announced its retirement.
fn cheaper(paid: &ProvidedModel, summary: &RunSummary, answers: u32, recipe: &Recipe) -> Option<CheaperModel> {
    let terms = if summary.mode == RunMode::Batch { Terms::BATCH } else { Terms::LIST };
    let models = &paid.provider.catalog().models;
    let others = models.iter().filter(|other| other.id != paid.spec.id && !other.is_legacy && other.retires.is_none());
    others
        .filter(|other| other.offered_at(summary.destination.clone(), today()).can_run(recipe))
        .map(|other| CheaperModel {
            name: other.name.clone(),
            cost: per_answer(summary.usage, answers, |usage| other.price.cost(usage, terms)),
        })
        .filter(|other| other.cost < summary.paid)
        .min_by_key(|other| other.cost)
}

/// The price of tokens over this many answers: prices depend on the length of a single prompt.
fn per_answer(usage: Usage, answers: u32, price: impl Fn(Usage) -> PicoDollars) -> PicoDollars {
    let count = u64::from(answers.max(1));
    let mean = |tokens: u64| tokens.div_ceil(count);
    let one = Usage {
        input_tokens: mean(usage.input_tokens),
        output_tokens: mean(usage.output_tokens),
        cache_write_5m_tokens: mean(usage.cache_write_5m_tokens),
        cache_write_1h_tokens: mean(usage.cache_write_1h_tokens),
        cache_read_tokens: mean(usage.cache_read_tokens),
        thinking_tokens: usage.thinking_tokens.map(mean),
    };
    price(one).times(count)
}
