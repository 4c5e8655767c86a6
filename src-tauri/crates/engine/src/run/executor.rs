//! One image of a run, from original to annotations. Each step is on disk before the next begins, so that a process may die
//! anywhere between them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::geometry::PixelSize;
use domain::ids::{AttemptId, ImageId, JobId, RunId};
use domain::money::PicoDollars;
use domain::recipe::Recipe;
use domain::run::{FailureKind, RetryKind, StopReason};
use domain::worst_case::Allowance;
use providers::request::Request;
use store::{Claim, JobFailure, JobOutcome, JobTiming, Propagated, Unanswered, WaitingJob};
use tokio::sync::{Mutex, Semaphore, watch};

use super::board::{Asked, Board};
use super::budget::{Budget, Reservation};
use super::in_flight::{Flight, InFlight};
use super::retry::{RETRIES_IN_OUTAGE, Retrying};
use super::tally::Tally;
use super::undecided::{UndecidedRefusal, UndecidedRefusals};
use crate::Result;
use crate::backend::{AfterFailure, AnswerLength, Backend, FailedRequest, Permit, Received, Verdict};
use crate::clock::now_millis;
use crate::error::guarded;
use crate::library::Library;

/// What every job of a run shares.
pub struct Work {
    pub library: Arc<Library>,
    pub run: RunId,
    pub backend: Arc<Backend>,
    pub recipe: Arc<Recipe>,
    pub tally: Tally,
    pub budget: Budget,
    pub retrying: Retrying,
    pub board: Arc<Board>,
    pub in_flight: Arc<InFlight>,
    pub undecided: UndecidedRefusals,
    /// Decoding takes the processors, and no more images than there are processors the memory.
    pub preparing: Semaphore,
    /// Held by the one that is next to be sent, so that images are asked about in the order in which they got ready.
    pub turnstile: Mutex<()>,
    /// True once nothing more is to be sent: jobs that wait to send go back into the queue.
    pub halt: watch::Receiver<bool>,
    pub clock: WorkClock,
}

/// The time worked on a run over all its sessions, pauses left aside.
#[derive(Debug, Clone, Copy)]
pub struct WorkClock {
    before_millis: f64,
    began: Instant,
}

impl WorkClock {
    /// Begins to count; `before_millis` is what earlier sessions took.
    pub fn start(before_millis: f64) -> Self {
        Self { before_millis, began: Instant::now() }
    }

    pub fn worked_millis(&self) -> f64 {
        self.before_millis + self.began.elapsed().as_secs_f64() * 1000.0
    }
}

/// How a job came back.
pub enum Ended {
    Answered(Answered),
    /// It waits as before: nothing of it is in flight, and nothing is to be sent.
    PutBack,
    /// Another run asks the same about its image: it waits for that answer.
    PendingElsewhere,
    /// It waits as before, and so must all others until a person has done something.
    MustStop(Stop),
}

/// Why a run cannot go on, and what was said about it.
#[derive(Debug, Clone)]
pub struct Stop {
    pub reason: StopReason,
    pub detail: Option<String>,
}

/// What came of a job that is not asked about any more, before it is settled.
#[derive(Clone)]
pub struct Answered {
    pub job: WaitingJob,
    pub outcome: JobOutcome,
    /// `None` where it was not asked about: its answer was reused, or its file could not be read.
    pub timing: Option<JobTiming>,
    /// The time worked on the run when it came, in milliseconds.
    pub finished_after_millis: f64,
}

/// A job that has been settled.
pub struct Finished {
    pub job: JobId,
    pub image: ImageId,
    pub name: String,
    /// As [`JobTiming::took_millis`]; `None` where it was not asked about.
    pub took_millis: Option<f64>,
    /// The time worked on the run when it finished, in milliseconds.
    pub after_millis: f64,
    /// What was propagated to similar images.
    pub propagated: Propagated,
    /// Annotations of a shorter answer that this outcome replaces.
    pub replaced: u32,
    /// The number of annotations, or why there are none.
    pub outcome: std::result::Result<u32, (FailureKind, String)>,
}

/// What is known about an image before it is asked about.
pub enum Kept {
    None,
    /// There is nothing more to ask.
    Final(JobOutcome),
    /// An answer that was cut off, and which length lets it become whole.
    CutOff(JobOutcome, AnswerLength),
}

impl Kept {
    /// What the kept answer comes to, whole or cut off.
    pub fn into_outcome(self) -> Option<JobOutcome> {
        match self {
            Self::None => None,
            Self::Final(outcome) | Self::CutOff(outcome, _) => Some(outcome),
        }
    }
}

/// What came of asking, before it is settled.
enum Asking {
    Outcome(JobOutcome),
    PutBack,
    MustStop(Stop),
}

/// What a job has come to so far.
struct Course {
    /// What its requests may still cost.
    allowance: Allowance,
    edge: u32,
    length: AnswerLength,
    tries: u32,
    tries_in_outage: u32,
    /// Endpoints where its requests have failed.
    avoided: Vec<usize>,
    is_shrunk: bool,
    /// An answer that was cut off, whose annotations count if a longer one does not come.
    cut_off: Option<JobOutcome>,
    /// Preparing, asking, and pauses before another try; not the waits for its permit.
    worked: Duration,
    /// Whether a request has been sent about it.
    is_asked: bool,
    /// What its requests took in flight; `None` once another was in flight beside one of them.
    alone: Option<Duration>,
}

impl Work {
    /// Does one job, up to where it is to be settled.
    pub async fn execute(self: Arc<Self>, mut job: WaitingJob) -> Result<Ended> {
        #[cfg(test)]
        super::tests::panic_if_told(&self.library, &format!("job {}", job.name));
        if let Some(refusal) = self.undecided.take(job.id) {
            match self.backend.verdict(refusal.endpoint) {
                Verdict::NoneTaken => {
                    let stop = Stop { reason: StopReason::RequestRefused, detail: Some(refusal.failure.detail) };
                    return Ok(Ended::MustStop(stop));
                }
                Verdict::Refused => {
                    let (outcome, timing) = (JobOutcome::Failed(refusal.failure), refusal.timing);
                    let finished_after_millis = self.clock.worked_millis();
                    return Ok(Ended::Answered(Answered { job, outcome, timing, finished_after_millis }));
                }
                Verdict::AskAgain => {}
            }
        }
        let Some(kept) = self.claimed(&mut job).await? else { return Ok(Ended::PendingElsewhere) };
        let mut course = Course {
            allowance: self.allowance(&job),
            edge: self.backend.sent_edge(job.size),
            length: AnswerLength::Usual,
            tries: 0,
            tries_in_outage: 0,
            avoided: Vec::new(),
            is_shrunk: false,
            cut_off: None,
            worked: Duration::ZERO,
            is_asked: false,
            alone: Some(Duration::ZERO),
        };
        let asking = match kept {
            Kept::Final(outcome) => Asking::Outcome(outcome),
            kept => {
                if let Kept::CutOff(outcome, length) = kept {
                    (course.cut_off, course.length) = (Some(outcome), length);
                }
                // On this machine, an image takes its place from its decoding on.
                let flight = self.backend.concurrency().is_none().then(|| self.in_flight.begin());
                let asking = self.ask(&job, &mut course).await?;
                if let Some(flight) = flight {
                    course.note_flight(&flight);
                }
                asking
            }
        };
        let outcome = match asking {
            Asking::Outcome(outcome) => outcome,
            Asking::PutBack => return Ok(Ended::PutBack),
            Asking::MustStop(stop) => return Ok(Ended::MustStop(stop)),
        };
        let timing = course.timing(&job);
        Ok(Ended::Answered(Answered { job, outcome, timing, finished_after_millis: self.clock.worked_millis() }))
    }

    /// What is known about the image of `job`, which this run alone asks about from now on, unless there is nothing more to
    /// ask; `None` where another run asks the same.
    async fn claimed(&self, job: &mut WaitingJob) -> Result<Option<Kept>> {
        loop {
            let kept = self.kept_outcome(job);
            if matches!(kept, Kept::Final(_)) || self.backend.question().is_none() {
                return Ok(Some(kept));
            }
            let (run, asked) = (self.run, job.clone());
            // No claim outlives the process, so that there is nothing to flush.
            match self.library.store.write_derived(move |edit| edit.claim(run, &asked)).await? {
                Claim::Held => return Ok(Some(kept)),
                Claim::Answered(answer) => job.answer = Some(answer),
                Claim::PendingElsewhere => return Ok(None),
            }
        }
    }

    /// What an answer that is there already comes to.
    pub fn kept_outcome(&self, job: &WaitingJob) -> Kept {
        let Some(kept) = &job.answer else { return Kept::None };
        let outcome = self.read(kept.attempt, &kept.raw_answer, job.size);
        let reached = kept.output_limit.unwrap_or_default();
        if !is_cut_off(&outcome) || reached >= self.backend.largest_output_limit() {
            return Kept::Final(outcome);
        }
        let can_be_longer = |length| self.backend.output_limit(length) > reached;
        Kept::CutOff(
            outcome,
            if can_be_longer(AnswerLength::Usual) { AnswerLength::Usual } else { AnswerLength::Longer },
        )
    }

    /// What requests about the image of `job` may still cost.
    pub fn allowance(&self, job: &WaitingJob) -> Allowance {
        Allowance::new(self.backend.image_at_most(job.size), job.committed)
    }

    /// Settles jobs together: what came of them is on disk when this returns. One that cannot be settled fails alone.
    pub async fn settle(&self, group: Vec<Answered>) -> Result<Vec<Finished>> {
        let group = Arc::new(group);
        match self.write_outcomes(Arc::clone(&group)).await {
            Ok(finished) => return Ok(finished),
            Err(error) if error.is_of_library() => return Err(error),
            Err(error) if group.len() == 1 => tracing::error!(run = %self.run, %error, "an image could not be settled"),
            Err(_) => {}
        }
        let mut finished = Vec::new();
        for answered in group.iter() {
            match self.write_outcomes(Arc::new(vec![answered.clone()])).await {
                Ok(settled) => finished.extend(settled),
                Err(error) if error.is_of_library() => return Err(error),
                Err(error) => {
                    let outcome = failed(None, FailureKind::InternalError, error.to_string());
                    let answered = Answered { outcome, ..answered.clone() };
                    finished.extend(self.write_outcomes(Arc::new(vec![answered])).await?);
                }
            }
        }
        Ok(finished)
    }

    async fn write_outcomes(&self, group: Arc<Vec<Answered>>) -> Result<Vec<Finished>> {
        let (run, recipe, now, written) = (self.run, Arc::clone(&self.recipe), now_millis(), Arc::clone(&group));
        // The answers are on disk; should a power cut take their annotations, they are read again.
        let propagated = self.library.store.write_derived(move |edit| {
            let settled = written.iter().map(|answered| {
                edit.note_finished_after(answered.job.id, answered.finished_after_millis)?;
                edit.settle_job(run, &answered.job, &recipe, &answered.outcome, answered.timing, now)
            });
            settled.collect::<store::Result<Vec<Propagated>>>()
        });
        let propagated = propagated.await?;
        let both = group.iter().zip(propagated);
        Ok(both.map(|(answered, propagated)| Finished { propagated, ..self.finished(answered) }).collect())
    }

    fn finished(&self, Answered { job, outcome, timing, finished_after_millis }: &Answered) -> Finished {
        let is_reused = job.is_reused_by(outcome);
        if is_reused {
            self.tally.note_reused();
        }
        if matches!(outcome, JobOutcome::Done { reading, .. } if reading.is_cut_short) {
            self.tally.note_cut_short();
        }
        Finished {
            job: job.id,
            image: job.image,
            name: job.name.clone(),
            took_millis: timing.map(|timing| timing.took_millis),
            after_millis: *finished_after_millis,
            propagated: Propagated::default(),
            replaced: job.standing,
            outcome: match outcome {
                JobOutcome::Done { annotations, .. } => Ok(u32::try_from(annotations.len()).unwrap_or(u32::MAX)),
                JobOutcome::Failed(failure) => Err((failure.kind, failure.detail.clone())),
            },
        }
    }

    /// Prepares the image and sends it until it is answered, or it is clear that it will not be.
    async fn ask(self: &Arc<Self>, job: &WaitingJob, course: &mut Course) -> Result<Asking> {
        loop {
            let request = match self.prepared(job, course).await? {
                Ok(Some(request)) => request,
                Ok(None) => return Ok(course.interrupted()),
                Err(failure) => return Ok(Asking::Outcome(course.better_of(JobOutcome::Failed(failure)))),
            };
            if let Some(asking) = self.ask_about(job, &request, course).await? {
                return Ok(asking);
            }
        }
    }

    /// Sends one prepared image until something final has come of it; `None` when it has to be prepared anew.
    async fn ask_about(
        self: &Arc<Self>,
        job: &WaitingJob,
        request: &Request,
        course: &mut Course,
    ) -> Result<Option<Asking>> {
        let at_most = self.backend.at_most(request, course.length);
        loop {
            if !course.allowance.admits(at_most) {
                let failure = failed(None, FailureKind::ModelFailed, NO_ALLOWANCE.to_owned());
                return Ok(Some(Asking::Outcome(course.better_of(failure))));
            }
            let (mut reservation, permit) = match self.permit(request, at_most, &course.avoided).await {
                None => return Ok(Some(course.interrupted())),
                Some(Err(stop)) => return Ok(Some(course.stopped(stop))),
                Some(Ok(admitted)) => admitted,
            };
            let began = Instant::now();
            let flight = self.backend.concurrency().is_some().then(|| self.in_flight.begin());
            course.is_asked = true;
            reservation.note_sent();
            let (id, sent_at) = (job.id, now_millis());
            let output_limit = self.backend.output_limit(course.length);
            let noted = self.library.store.write(move |edit| {
                let attempt = edit.note_sent(id, at_most, sent_at)?;
                edit.note_output_limit(attempt, output_limit)?;
                Ok(attempt)
            });
            let attempt = noted.await?;
            let sent = request.sent();
            let asked = self.board.note_asked(job.id, Asked::new(job.image, job.size, sent));
            let on_end = || {
                flight.as_ref().map(Flight::end);
            };
            let answered = self.backend.send(request, permit, &on_end, &mut |text| asked.add(text)).await;
            if let Some(flight) = flight {
                course.note_flight(&flight);
            }
            drop(asked);
            let unanswered = match answered {
                Ok(received) => {
                    course.allowance.commit(received.bill.map_or(at_most, |bill| bill.paid));
                    let outcome = self.keep(attempt, received, at_most, reservation, job).await?;
                    course.worked += began.elapsed();
                    if !self.may_be_longer(&outcome, course.length) {
                        return Ok(Some(Asking::Outcome(course.better_of(outcome))));
                    }
                    self.tally.note_retry(RetryKind::CutShort);
                    self.library.store.write(move |edit| edit.note_retried(attempt, RetryKind::CutShort)).await?;
                    (course.cut_off, course.length) = (Some(outcome), AnswerLength::Longer);
                    return Ok(None);
                }
                Err(unanswered) => unanswered,
            };
            if unanswered.may_be_billed {
                course.allowance.commit(at_most);
            }
            let next = course.next(&unanswered, at_most, self.retrying);
            let is_again = matches!(next, Next::Turn | Next::Wait(_) | Next::Shrink);
            let retried_for = is_again.then_some(unanswered.retry_kind);
            self.note_unanswered(attempt, &unanswered, retried_for, at_most, reservation).await?;
            course.worked += began.elapsed();
            match next {
                Next::Turn => {}
                Next::Wait(delay) => {
                    course.worked += delay;
                    if self.unless_halted(tokio::time::sleep(delay)).await.is_none() {
                        return Ok(Some(course.interrupted()));
                    }
                }
                Next::Shrink => {
                    course.is_shrunk = true;
                    course.edge = Backend::smaller_edge(job.size.fit_within(course.edge));
                    return Ok(None);
                }
                Next::Undecided(endpoint) => {
                    let failure =
                        JobFailure { attempt: Some(attempt), kind: FailureKind::Refused, detail: unanswered.detail };
                    self.undecided.add(job.id, UndecidedRefusal { endpoint, failure, timing: course.timing(job) });
                    return Ok(Some(Asking::PutBack));
                }
                Next::Fail(kind) => {
                    let failure = failed(Some(attempt), kind, unanswered.detail);
                    return Ok(Some(Asking::Outcome(course.better_of(failure))));
                }
                Next::Stop(reason) => {
                    return Ok(Some(course.stopped(Stop { reason, detail: Some(unanswered.detail) })));
                }
            }
        }
    }

    /// Waits until the image may be asked about, with its worst case set aside; `None` when nothing more is to be sent.
    async fn permit(
        &self,
        request: &Request,
        at_most: PicoDollars,
        avoided: &[usize],
    ) -> Option<std::result::Result<(Reservation<'_>, Permit), Stop>> {
        let _prepared = self.board.note_prepared(request.byte_count());
        let admitted = async {
            let _next = self.turnstile.lock().await;
            let Ok(reservation) = self.budget.reserve(at_most).await else {
                return Err(Stop { reason: StopReason::BudgetReached, detail: None });
            };
            match self.backend.permit(request, avoided).await {
                Ok(permit) => Ok((reservation, permit)),
                Err(closed) => Err(Stop { reason: closed.reason, detail: Some(closed.detail) }),
            }
        };
        self.unless_halted(admitted).await
    }

    /// Waits; `None` when nothing more is to be sent.
    async fn unless_halted<T>(&self, wait: impl Future<Output = T>) -> Option<T> {
        let mut halt = self.halt.clone();
        tokio::select! {
            biased;
            _ = halt.wait_for(|is_halted| *is_halted) => None,
            done = wait => Some(done),
        }
    }

    /// Decodes the original to the size that is sent, in the form that is sent; `None` when nothing more is to be sent.
    async fn prepared(
        self: &Arc<Self>,
        job: &WaitingJob,
        course: &mut Course,
    ) -> Result<std::result::Result<Option<Request>, JobFailure>> {
        let _preparing = self.board.note_preparing();
        let Some(Ok(_processor)) = self.unless_halted(self.preparing.acquire()).await else { return Ok(Ok(None)) };
        let began = Instant::now();
        let (work, image, size, edge, length) = (Arc::clone(self), job.image, job.size, course.edge, course.length);
        // Decoding blocks, and waits for memory. A panic in it fails this image.
        let prepared = tokio::task::spawn_blocking(move || work.prepare(image, size, edge, length));
        let prepared = prepared.await?;
        let took = began.elapsed();
        course.worked += took;
        self.board.note_pace(took);
        Ok(prepared.map(Some))
    }

    /// As [`Work::prepared`]; blocks.
    pub fn prepare(
        &self,
        image: ImageId,
        size: PixelSize,
        edge: u32,
        length: AnswerLength,
    ) -> std::result::Result<Request, JobFailure> {
        let unsent = |kind, detail| JobFailure { attempt: None, kind, detail };
        let decoded = self
            .library
            .decode_original(image, Some(edge))
            .map_err(|unavailable| unsent(unavailable.kind, unavailable.detail))?;
        if decoded.original != size {
            let detail = format!("decodes to {:?} but was imported as {size:?}", decoded.original);
            return Err(unsent(FailureKind::FileUnreadable, detail));
        }
        let prepared = self.backend.prepare(decoded.pixels, length);
        prepared.map_err(|detail| unsent(FailureKind::Refused, detail))
    }

    /// Keeps an answer as it came, then reads it.
    pub async fn keep(
        &self,
        attempt: AttemptId,
        received: Received,
        at_most: PicoDollars,
        reservation: Reservation<'_>,
        job: &WaitingJob,
    ) -> Result<JobOutcome> {
        let Received { kept, bill } = received;
        let (raw_answer, received_at) = (kept.clone(), now_millis());
        self.library.store.write(move |edit| edit.note_received(attempt, &raw_answer, bill, received_at)).await?;
        match bill {
            Some(bill) => self.tally.note_spent(bill.paid),
            None if at_most > PicoDollars::ZERO => self.tally.note_possibly_billed(at_most),
            None => {}
        }
        reservation.settle(bill.map_or(at_most, |bill| bill.paid));
        Ok(self.read(attempt, &kept, job.size))
    }

    /// Notes that a request has ended without an answer.
    pub async fn note_unanswered(
        &self,
        attempt: AttemptId,
        unanswered: &FailedRequest,
        retried_for: Option<RetryKind>,
        at_most: PicoDollars,
        reservation: Reservation<'_>,
    ) -> Result<()> {
        if unanswered.may_be_billed {
            self.tally.note_possibly_billed(at_most);
        }
        reservation.settle(if unanswered.may_be_billed { at_most } else { PicoDollars::ZERO });
        if let Some(kind) = retried_for {
            self.tally.note_retry(kind);
        }
        let how = Unanswered { error: unanswered.detail.clone(), retried_for, may_be_billed: unanswered.may_be_billed };
        let now = now_millis();
        Ok(self.library.store.write(move |edit| edit.note_unanswered(attempt, &how, now)).await?)
    }

    /// Whether an answer was cut off that may come whole when it may be longer.
    fn may_be_longer(&self, outcome: &JobOutcome, length: AnswerLength) -> bool {
        is_cut_off(outcome) && self.backend.output_limit(length) < self.backend.largest_output_limit()
    }

    /// What a kept answer comes to. One on which reading panics stays as it came, to be read again by a later version.
    pub fn read(&self, attempt: AttemptId, raw_answer: &str, size: PixelSize) -> JobOutcome {
        let read = guarded(|| match self.backend.read(raw_answer, &self.recipe) {
            Ok(answer) => {
                let annotations = answer.annotations(&self.recipe, size);
                JobOutcome::Done { attempt, annotations, reading: answer.reading }
            }
            Err((kind, detail)) => failed(Some(attempt), kind, detail),
        });
        read.unwrap_or_else(|error| failed(None, FailureKind::InternalError, error.to_string()))
    }
}

/// Said of an image about which every request that its quote allows for has been sent.
pub const NO_ALLOWANCE: &str = "its requests may have cost as much as the quote allows for one image";

/// What follows from a request that was not answered.
enum Next {
    /// It waits for its permit.
    Turn,
    Wait(Duration),
    Shrink,
    /// The endpoint may refuse every request: nothing is said of the image yet.
    Undecided(usize),
    Fail(FailureKind),
    Stop(StopReason),
}

impl Course {
    fn note_flight(&mut self, flight: &Flight) {
        self.alone = self.alone.zip(flight.end()).map(|(before, this)| before + this);
    }

    /// `None` where nothing was asked about `job` in this run. An answer that came before the process died was asked for,
    /// and took what its request took.
    fn timing(&self, job: &WaitingJob) -> Option<JobTiming> {
        let millis = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let earlier = job.answer.as_ref().filter(|kept| !kept.is_reused).map(|kept| f64::from(kept.took_millis));
        if !self.is_asked && earlier.is_none() {
            return None;
        }
        let alone = self.alone.filter(|_| self.is_asked && earlier.is_none());
        Some(JobTiming {
            took_millis: millis(self.worked) + earlier.unwrap_or_default(),
            alone_millis: alone.map(millis),
        })
    }

    fn next(&mut self, failed: &FailedRequest, at_most: PicoDollars, retrying: Retrying) -> Next {
        let after = failed.next;
        let is_same_again =
            matches!(after, AfterFailure::Again | AfterFailure::AgainAfterOutage { .. } | AfterFailure::Retry { .. });
        let may_move = is_same_again || matches!(after, AfterFailure::Fail | AfterFailure::Undecided { .. });
        let moves_from = failed.avoids.filter(|endpoint| may_move && !self.avoided.contains(endpoint));
        self.avoided.extend(moves_from);
        match after {
            _ if (is_same_again || moves_from.is_some()) && !self.allowance.admits(at_most) => {
                Next::Fail(FailureKind::ModelFailed)
            }
            // Another endpoint may answer, and it is no try of the image that this one failed.
            _ if moves_from.is_some() => Next::Turn,
            AfterFailure::Again => Next::Turn,
            AfterFailure::AgainAfterOutage { after } => {
                self.tries_in_outage += 1;
                // Every outage so far has ended with this image: it may be what the server fails on.
                if self.tries_in_outage > RETRIES_IN_OUTAGE {
                    Next::Fail(FailureKind::ModelFailed)
                } else {
                    after.map_or(Next::Turn, Next::Wait)
                }
            }
            AfterFailure::Retry { after } => {
                self.tries += 1;
                if self.tries > retrying.attempts {
                    Next::Fail(FailureKind::ModelFailed)
                } else {
                    Next::Wait(retrying.delay(self.tries, after, fastrand::f64()))
                }
            }
            AfterFailure::Shrink if self.is_shrunk => Next::Fail(FailureKind::Refused),
            AfterFailure::Shrink => Next::Shrink,
            AfterFailure::Undecided { endpoint } if self.cut_off.is_none() => Next::Undecided(endpoint),
            AfterFailure::Refuse | AfterFailure::Undecided { .. } => Next::Fail(FailureKind::Refused),
            AfterFailure::Fail => Next::Fail(FailureKind::ModelFailed),
            AfterFailure::Stop(reason) => Next::Stop(reason),
        }
    }

    /// Nothing more is to be sent. Annotations of a cut-off answer are kept; without any, the image waits for its longer
    /// request.
    fn interrupted(&mut self) -> Asking {
        self.cut_off_annotations().map_or(Asking::PutBack, Asking::Outcome)
    }

    /// A budget without room for a longer answer is no reason to lose the shorter one.
    fn stopped(&mut self, stop: Stop) -> Asking {
        match self.cut_off_annotations() {
            Some(outcome) if stop.reason == StopReason::BudgetReached => Asking::Outcome(outcome),
            _ => Asking::MustStop(stop),
        }
    }

    fn cut_off_annotations(&mut self) -> Option<JobOutcome> {
        self.cut_off.take().filter(|outcome| matches!(outcome, JobOutcome::Done { .. }))
    }

    fn better_of(&mut self, outcome: JobOutcome) -> JobOutcome {
        better_of(self.cut_off.take(), outcome)
    }
}

/// `outcome`, unless it failed or was cut off with fewer annotations than `earlier` holds.
pub fn better_of(earlier: Option<JobOutcome>, outcome: JobOutcome) -> JobOutcome {
    match earlier {
        Some(earlier) if is_cut_off(&outcome) && annotation_count(&earlier) > annotation_count(&outcome) => earlier,
        Some(earlier) if matches!(outcome, JobOutcome::Failed(_)) => earlier,
        _ => outcome,
    }
}

fn is_cut_off(outcome: &JobOutcome) -> bool {
    match outcome {
        JobOutcome::Done { reading, .. } => reading.is_cut_short,
        JobOutcome::Failed(failure) => failure.kind == FailureKind::CutOff,
    }
}

fn annotation_count(outcome: &JobOutcome) -> usize {
    match outcome {
        JobOutcome::Done { annotations, .. } => annotations.len(),
        JobOutcome::Failed(_) => 0,
    }
}

pub fn failed(attempt: Option<AttemptId>, kind: FailureKind, detail: String) -> JobOutcome {
    JobOutcome::Failed(JobFailure { attempt, kind, detail })
}
