//! Runs of the past: the rows that a run leaves, with answers that are known. They are written by the store's own writer, in
//! the order in which a run writes them.

use domain::answer::{Answer, AnsweredAnnotation, DropReason, Dropped, Reading, Repair, RepairKind};
use domain::coordinates::BoxCoordinates;
use domain::ids::{ImageId, RunId};
use domain::model::{Destination, ModelId};
use domain::money::{CostRange, PicoDollars};
use domain::recipe::Recipe;
use domain::run_options::RunOptions;
use domain::run_state::{FailureKind, RetryKind, RunMode, StopReason};
use domain::usage::Usage;
use providers::answer::{FinishReason, RawAnswer};
use providers::rate_limits::RateLimits;
use serde_json::json;
use store::{
    BatchStanding, Bill, Edit, JobFailure, JobOutcome, JobTiming, NewRun, Question, QueuedImage, Store, Unanswered,
    WaitingJob,
};

use super::Done;
use super::objects::Found;
use super::photos::{chance, photo_of};

/// 2026-11-21 09:30 UTC.
const LONG_AGO_MILLIS: u64 = 1_795_253_400_000;
const A_DAY_MILLIS: i64 = 86_400_000;
const CONCURRENCY: u32 = 4;
const WRITTEN_AT_ONCE: u32 = 1_000;
/// A model elsewhere takes so much longer than the detector.
const SLOWER: f64 = 90.0;
const TEXT_TOKENS: u64 = 720;
const ANSWER_TOKENS: u64 = 360;
const THINKING_TOKENS: u64 = 90;
/// The side of the square of pixels that is one token.
const PATCH: u32 = 28;
/// Every so many images of a model elsewhere, one request met an overloaded server.
const OVERLOADED_EVERY: u32 = 20;
const RATE_LIMITED: u32 = 2;
/// The image whose first request timed out.
const TIMED_OUT: u32 = 10;
const SWAPPED: u32 = 12;
const RENAMED: u32 = 3;
/// In pico-dollars.
const HUNDREDTH_CENT: u64 = 100_000_000;

/// The model of a run.
#[derive(Debug, Clone)]
pub enum Worker {
    Detector,
    /// A model elsewhere, with what it costs.
    Elsewhere(Price),
}

/// What a model elsewhere charges.
#[derive(Debug, Clone)]
pub struct Price {
    pub model: ModelId,
    pub name: String,
    pub host: String,
    /// Of one request.
    pub largest: PicoDollars,
    pub input_per_token: u64,
    pub output_per_token: u64,
}

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Completed,
    /// Its process died, and so many requests were under way.
    Interrupted {
        under_way: u32,
    },
    Stopped(StopReason, Option<&'static str>),
}

/// A run to write.
pub struct PastRun<'a> {
    pub number: u32,
    /// When it began, in days after 2026-11-21.
    pub day: i32,
    pub quoted: CostRange,
    pub worker: &'a Worker,
    pub recipe: &'a Recipe,
    /// Its images, from the first of the library.
    pub images: u32,
    /// Of these it has finished so many.
    pub finished: u32,
    pub ending: Ending,
    pub mode: RunMode,
    /// What it found on an image; `None` where its file could not be read.
    pub answers: fn(&super::Scene, u32) -> Option<Vec<Found>>,
}

/// Adds `past` with its queue.
pub fn begin(store: &Store, past: &PastRun<'_>) -> Done<RunId> {
    let (new, began) = (new_run(past), past.began());
    Ok(store.write_blocking(move |edit| edit.add_run(&new, began))?)
}

/// Writes what the added `past` answered, and how it ended.
pub fn finish(store: &Store, scene: &super::Scene, past: &PastRun<'_>, run: RunId) -> Done<()> {
    let began = past.began();
    let mut clock = 0.0;
    let mut asked = 0;
    while asked < past.finished {
        let count = WRITTEN_AT_ONCE.min(past.finished - asked);
        let settled: Vec<Settled> =
            (asked..asked + count).map(|place| settled(scene, past, place, &mut clock)).collect::<Done<_>>()?;
        let recipe = past.recipe.clone();
        let worker = past.worker.clone();
        store.write_blocking(move |edit| {
            let jobs = edit.waiting_jobs(run, None, count)?;
            jobs.iter()
                .zip(settled)
                .try_for_each(|(job, settled)| settled.write(edit, run, job, &recipe, &worker, began))
        })?;
        asked += count;
    }
    let ending = past.ending;
    let largest = past.worker.largest();
    store.write_blocking(move |edit| {
        edit.add_wall_millis(run, clock)?;
        edit.add_in_flight_millis(run, clock * f64::from(CONCURRENCY))?;
        edit.record_peak_in_flight(run, CONCURRENCY)?;
        match ending {
            Ending::Completed => edit.record_stopped(run, StopReason::Completed, None),
            Ending::Stopped(reason, detail) => {
                match reason {
                    StopReason::BudgetReached => edit.record_budget(run, spent_budget(edit, run, largest)?)?,
                    StopReason::BatchUnknown => lose_batch(edit, run, largest, began + whole(clock))?,
                    _ => {}
                }
                edit.record_stopped(run, reason, detail)
            }
            Ending::Interrupted { under_way } => {
                for job in edit.waiting_jobs(run, None, under_way)? {
                    edit.record_sent(job.id, largest, began + whole(clock))?;
                }
                Ok(())
            }
        }
    })?;
    Ok(())
}

/// A budget with room for less than one more request.
fn spent_budget(edit: &Edit<'_>, run: RunId, largest: PicoDollars) -> store::Result<PicoDollars> {
    let summary = edit.run(run)?;
    let committed = summary.paid.0 + summary.possibly_billed.at_most.0 + largest.0 / 2;
    Ok(PicoDollars(committed.next_multiple_of(HUNDREDTH_CENT)))
}

/// Puts the waiting images into a batch that the server does not know any more.
fn lose_batch(edit: &Edit<'_>, run: RunId, largest: PicoDollars, now: u64) -> store::Result<()> {
    let batch = edit.add_batch(run, "lost", "https://api.anthropic.com", now)?;
    for job in edit.waiting_jobs(run, None, u32::MAX)? {
        edit.add_batch_item(batch, job.id, job.size, PicoDollars(largest.0 / 2), now)?;
    }
    edit.record_submitting(batch, now)?;
    edit.record_taken(batch, "msgbatch_lost", false)?;
    edit.record_standing(batch, BatchStanding::Unknown)
}

impl PastRun<'_> {
    /// When it began, in milliseconds since the Unix epoch.
    fn began(&self) -> u64 {
        LONG_AGO_MILLIS.saturating_add_signed(i64::from(self.day) * A_DAY_MILLIS)
    }
}

impl Worker {
    fn largest(&self) -> PicoDollars {
        match self {
            Self::Detector => PicoDollars::ZERO,
            Self::Elsewhere(price) => price.largest,
        }
    }

    const fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Elsewhere(_))
    }
}

/// What the first `images` of a library cost.
#[must_use]
pub fn cost(images: u32, price: &Price) -> PicoDollars {
    (1..=images).map(|image| bill(image, price).paid).sum()
}

fn new_run(past: &PastRun<'_>) -> NewRun {
    let (model, model_name, destination) = match past.worker {
        Worker::Detector => {
            let model = ModelId("nanodet-g-416".into());
            (model, "Built-in detector".to_owned(), Destination::ThisMachine)
        }
        Worker::Elsewhere(price) => {
            let destination = Destination::Host { name: price.host.clone(), is_on_this_machine: false };
            (price.model.clone(), price.name.clone(), destination)
        }
    };
    NewRun {
        model,
        model_name,
        recipe: past.recipe.clone(),
        concurrency: CONCURRENCY,
        options: RunOptions::default(),
        // Of an earlier form of the question, so that no later run takes these answers for its own.
        question: past
            .worker
            .is_elsewhere()
            .then(|| Question { key: format!("earlier question {}", past.number), ..Question::default() }),
        ignores_saved_answers: false,
        mode: past.mode,
        destination,
        quoted: Some(past.quoted),
        budget: None,
        roots: Vec::new(),
        pilot: None,
        images: (1..=past.images).map(|image| QueuedImage { image: ImageId(image), leader: None }).collect(),
    }
}

/// How an image ended.
struct Settled {
    image: u32,
    place: u32,
    outcome: Option<(Vec<Found>, String, Reading)>,
    took_millis: f64,
    finished_after_millis: f64,
}

fn settled(scene: &super::Scene, past: &PastRun<'_>, place: u32, clock: &mut f64) -> Done<Settled> {
    let image = place + 1;
    let took_millis = took(image, past.number, past.worker.is_elsewhere());
    *clock += took_millis / f64::from(CONCURRENCY);
    let outcome = match (past.answers)(scene, image) {
        None => None,
        Some(found) => {
            let reading = if past.worker.is_elsewhere() { reading(place, image) } else { Reading::default() };
            let raw = raw(past.worker, image, &found, took_millis)?;
            Some((found, raw, reading))
        }
    };
    Ok(Settled { image, place, outcome, took_millis, finished_after_millis: *clock })
}

impl Settled {
    fn write(
        self,
        edit: &Edit<'_>,
        run: RunId,
        job: &WaitingJob,
        recipe: &Recipe,
        worker: &Worker,
        began: u64,
    ) -> store::Result<()> {
        let answered_at = began + whole(self.finished_after_millis);
        let sent_at = answered_at.saturating_sub(whole(self.took_millis));
        let (outcome, timing) = match self.outcome {
            None => {
                let detail = "unexpected end of file".to_owned();
                let failure = JobFailure { attempt: None, kind: FailureKind::FileUnreadable, detail };
                (JobOutcome::Failed(failure), None)
            }
            Some((found, raw, reading)) => {
                let bill = match worker {
                    Worker::Detector => None,
                    Worker::Elsewhere(price) => {
                        retried(edit, job, self.place, price, sent_at)?;
                        Some(bill(self.image, price))
                    }
                };
                let attempt = edit.record_sent(job.id, worker.largest(), sent_at)?;
                edit.record_received(attempt, &raw, bill, answered_at)?;
                if reading.is_cut_short {
                    edit.record_cut_short(attempt)?;
                }
                let annotations = found.iter().map(Found::annotation).collect();
                let timing = JobTiming { took_millis: self.took_millis, alone_millis: None };
                (JobOutcome::Done { attempts: vec![attempt], annotations, reading }, Some(timing))
            }
        };
        edit.settle_job(run, job, recipe, &outcome, timing, answered_at)?;
        edit.record_finished_after(job.id, self.finished_after_millis)
    }
}

/// Requests about an image that were sent again.
fn retried(edit: &Edit<'_>, job: &WaitingJob, place: u32, price: &Price, sent_at: u64) -> store::Result<()> {
    let again = |kind, error: &str, may_be_billed| {
        let attempt = edit.record_sent(job.id, price.largest, sent_at)?;
        let how = Unanswered { error: error.to_owned(), retried_for: Some(kind), may_be_billed };
        edit.record_unanswered(attempt, &how, sent_at)
    };
    if place < RATE_LIMITED {
        again(RetryKind::RateLimited, "This request would exceed your organization's rate limit.", false)?;
    }
    if place % OVERLOADED_EVERY == OVERLOADED_EVERY - 1 {
        again(RetryKind::Overloaded, "Overloaded", false)?;
    }
    if place == TIMED_OUT {
        again(RetryKind::TimedOut, "no answer within 60 s", true)?;
    }
    Ok(())
}

fn bill(image: u32, price: &Price) -> Bill {
    let size = photo_of(image).size;
    let input_tokens = u64::from(size.width.div_ceil(PATCH) * size.height.div_ceil(PATCH)) + TEXT_TOKENS;
    let output_tokens = ANSWER_TOKENS + THINKING_TOKENS;
    let usage = Usage { input_tokens, output_tokens, thinking_tokens: Some(THINKING_TOKENS), ..Usage::default() };
    Bill { usage, paid: PicoDollars(input_tokens * price.input_per_token + output_tokens * price.output_per_token) }
}

/// What had to be corrected or dropped in answers of a model elsewhere.
fn reading(place: u32, image: u32) -> Reading {
    let mut reading = Reading { is_cut_short: chance(image, 62) > 0.97, ..Reading::default() };
    if place < SWAPPED {
        reading.repairs.push(Repair { item: Some(0), kind: RepairKind::CornersSwapped });
    } else if place < SWAPPED + RENAMED {
        reading.repairs.push(Repair { item: Some(0), kind: RepairKind::LabelRenamed { answered: "kitty".into() } });
    } else if place < SWAPPED + RENAMED + 2 {
        let answered = if place == SWAPPED + RENAMED { "saucer" } else { "spoon" };
        let reason = DropReason::UnknownLabel { answered: answered.into() };
        reading.dropped.push(Dropped { item: 0, reason });
    }
    reading
}

/// The stored form of an answer.
fn raw(worker: &Worker, image: u32, found: &[Found], took_millis: f64) -> Done<String> {
    let sent = photo_of(image).size;
    let Worker::Elsewhere(price) = worker else {
        let annotations = found.iter().map(Found::annotation).map(|each| AnsweredAnnotation {
            label: each.label,
            confidence: each.confidence,
            shape: each.shape,
            attributes: each.attributes,
        });
        return Ok(Answer { sent, annotations: annotations.collect(), reading: Reading::default() }.to_raw()?);
    };
    let marks: Vec<_> = found
        .iter()
        .map(|Found { label, rect, confidence }| {
            let (x1, y1, x2, y2) = (rect.x1, rect.y1, rect.x2, rect.y2);
            json!({"label": label, "x1": x1, "y1": y1, "x2": x2, "y2": y2, "confidence": confidence})
        })
        .collect();
    let took_millis = u32::try_from(whole(took_millis))?;
    let answer = RawAnswer {
        text: json!({ "marks": marks }).to_string(),
        stop_reason: FinishReason::EndTurn,
        usage: Some(bill(image, price).usage),
        model: price.model.0.clone(),
        request_id: Some(format!("req_{image:06}")),
        sent,
        coordinates: BoxCoordinates::PixelXyxy,
        time_to_first_byte_millis: took_millis / 4,
        took_millis,
        rate_limits: RateLimits::default(),
    };
    Ok(answer.to_kept()?)
}

/// How long an image took in a run.
fn took(image: u32, run: u32, is_elsewhere: bool) -> f64 {
    let slow = if chance(image, 5) > 0.95 { 140.0 } else { 0.0 };
    let detected = 55.0 + chance(image, run) * 60.0 + slow;
    (detected * if is_elsewhere { SLOWER } else { 1.0 }).round()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times of a run, never negative")]
fn whole(millis: f64) -> u64 {
    millis as u64
}
