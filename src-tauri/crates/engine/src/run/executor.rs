//! Processes one image of a run, from original to annotations. Each step is on disk before the next starts, so the process
//! may die at any point.

use std::sync::Arc;
use std::time::Instant;

use domain::answer::PartPass;
use domain::ids::{AttemptId, JobId};
use domain::money::PicoDollars;
use domain::run_state::{FailureKind, RetryKind, StopReason};
use providers::request::Request;
use store::{Claim, JobFailure, JobOutcome, WaitingJob};
use tracing::{Instrument, Span};

use super::activity::OpenRequest;
use super::ask::Ask;
use super::budget::Reservation;
use super::context::RunContext;
use super::in_flight::InFlightGuard;
use super::job_state::{AskResult, JobState, Next};
use super::outcome::{Answered, Ended, Kept, NO_ALLOWANCE, Stop, failed, is_cut_off};
use super::undecided::UndecidedRefusal;
use crate::Result;
use crate::backend::{AnswerLength, Backend, FailedRequest, FailureVerdict, Permit, Received};
use crate::clock::now_millis;

impl RunContext {
    /// Executes one job, up to the outcome to be settled.
    pub async fn execute(self: Arc<Self>, mut job: WaitingJob) -> Result<Ended> {
        #[cfg(test)]
        super::tests::panic_if_told(self.layout.folder(), &format!("job {}", job.name));
        if let Some(refusal) = self.undecided.take(job.id) {
            match self.backend.verdict(refusal.endpoint) {
                FailureVerdict::NoneTaken => {
                    let stop = Stop { reason: StopReason::RequestRefused, detail: Some(refusal.failure.detail) };
                    return Ok(Ended::MustStop(stop));
                }
                FailureVerdict::Refused => {
                    let (outcome, timing) = (JobOutcome::Failed(refusal.failure), refusal.timing);
                    let finished_after_millis = self.clock.worked_millis();
                    return Ok(Ended::Answered(Box::new(Answered { job, outcome, timing, finished_after_millis })));
                }
                FailureVerdict::AskAgain => {}
            }
        }
        let mut state = JobState::new(self.allowance(&job));
        let outcome = match self.ask_parts(&mut job, &mut state).await? {
            AskResult::Outcome(outcome) => outcome,
            AskResult::PutBack => return Ok(Ended::PutBack),
            AskResult::MustStop(stop) => return Ok(Ended::MustStop(stop)),
            AskResult::PendingElsewhere => return Ok(Ended::PendingElsewhere),
        };
        let timing = state.timing(&job);
        Ok(Ended::Answered(Box::new(Answered {
            job,
            outcome,
            timing,
            finished_after_millis: self.clock.worked_millis(),
        })))
    }

    /// The answer about one part of an image: a stored one, otherwise to new requests.
    pub(super) async fn answer(
        self: &Arc<Self>,
        job: &mut WaitingJob,
        ask: &Ask,
        state: &mut JobState,
    ) -> Result<AskResult> {
        let kept = loop {
            let kept = match self.kept_answer(job, ask).await? {
                Kept::Final(outcome) => return Ok(AskResult::Outcome(outcome)),
                kept => kept,
            };
            if state.is_claimed || self.backend.question().is_none() {
                break kept;
            }
            let (run, asked) = (self.run, job.clone());
            // A claim does not outlive the process, so no flush is needed.
            match self.store.write_derived(move |edit| edit.claim(run, &asked)).await? {
                Claim::Held => state.is_claimed = true,
                Claim::Answered(answers) => job.answers = answers,
                Claim::PendingElsewhere => return Ok(AskResult::PendingElsewhere),
            }
        };
        state.begin_request(self.backend.sent_edge(ask.region.size));
        if let Kept::CutOff(outcome, length) = kept {
            (state.cut_off, state.length) = (Some(outcome), length);
        }
        // A local model uses a place from decoding on.
        let flight = self.backend.concurrency().is_none().then(|| self.in_flight.begin());
        let asking = self.ask(job, ask, state).await?;
        if let Some(flight) = flight {
            state.record_flight(&flight);
        }
        Ok(asking)
    }

    /// Prepares the picture and sends requests until it is answered or has failed.
    async fn ask(self: &Arc<Self>, job: &WaitingJob, ask: &Ask, state: &mut JobState) -> Result<AskResult> {
        loop {
            let request = match self.prepared(job, ask, state).await? {
                Ok(Some(request)) => request,
                Ok(None) => return Ok(state.interrupted()),
                Err(failure) => return Ok(AskResult::Outcome(state.better_of(JobOutcome::Failed(failure)))),
            };
            if let Some(asking) = self.ask_about(job, ask, &request, state).await? {
                return Ok(asking);
            }
        }
    }

    /// Sends one prepared image until it has a final result; `None` if it must be prepared again.
    async fn ask_about(
        self: &Arc<Self>,
        job: &WaitingJob,
        ask: &Ask,
        request: &Request,
        state: &mut JobState,
    ) -> Result<Option<AskResult>> {
        let (pass, region) = (ask.pass, ask.region);
        let at_most = self.backend.at_most(request, pass, state.length);
        loop {
            if !state.allowance.admits(at_most) {
                let failure = failed(None, FailureKind::ModelFailed, NO_ALLOWANCE.to_owned());
                return Ok(Some(AskResult::Outcome(state.better_of(failure))));
            }
            let (mut reservation, permit) = match self.permit(request, at_most, &state.avoided).await.transpose()? {
                None => return Ok(Some(state.interrupted())),
                Some(Err(stop)) => return Ok(Some(state.stopped(stop))),
                Some(Ok(admitted)) => admitted,
            };
            let began = Instant::now();
            let flight = self.backend.concurrency().is_some().then(|| self.in_flight.begin());
            state.is_asked = true;
            reservation.record_sent();
            let noted = self.record_sent(job.id, pass, at_most, self.backend.output_limit(state.length));
            let Some(attempt) = noted.await? else {
                // Another run was faster.
                reservation.settle(PicoDollars::ZERO);
                continue;
            };
            let sent = request.sent();
            let asked = self.activity.record_asked(job.id, OpenRequest::new(job.image, job.size, sent, (pass, region)));
            let on_end = || {
                flight.as_ref().map(InFlightGuard::end);
            };
            let span = tracing::info_span!("request", run = %self.run, %attempt, image = %job.image);
            let mut on_text = |text: &str| asked.add(text);
            let sending = self.backend.send(request, permit, &on_end, &mut on_text);
            let answered = sending.instrument(span.clone()).await;
            record_ended(&span, began, answered.as_ref());
            if let Some(flight) = flight {
                state.record_flight(&flight);
            }
            drop(asked);
            let unanswered = match answered {
                Ok(received) => {
                    state.allowance.commit(received.bill.map_or(at_most, |bill| bill.paid));
                    let outcome = self.keep(attempt, received, at_most, reservation, (job.size, ask)).await?;
                    state.worked += began.elapsed();
                    if !self.may_be_longer(&outcome, state.length) {
                        return Ok(Some(AskResult::Outcome(state.better_of(outcome))));
                    }
                    self.tally.record_retry(RetryKind::CutShort);
                    self.store.write(move |edit| edit.record_retried(attempt, RetryKind::CutShort)).await?;
                    (state.cut_off, state.length) = (Some(outcome), AnswerLength::Longer);
                    return Ok(None);
                }
                Err(unanswered) => unanswered,
            };
            if unanswered.may_be_billed {
                state.allowance.commit(at_most);
            }
            let next = state.next(&unanswered, at_most, self.retrying, pass);
            let is_again = matches!(next, Next::Turn | Next::Wait(_) | Next::Shrink);
            let retried_for = is_again.then_some(unanswered.retry_kind);
            self.record_unanswered(attempt, &unanswered, retried_for, at_most, reservation).await?;
            state.worked += began.elapsed();
            match next {
                Next::Turn => {}
                Next::Wait(delay) => {
                    state.worked += delay;
                    if self.unless_halted(tokio::time::sleep(delay)).await.is_none() {
                        return Ok(Some(state.interrupted()));
                    }
                }
                Next::Shrink => {
                    state.is_shrunk = true;
                    state.edge = Backend::smaller_edge(region.size.fit_within(state.edge));
                    state.pictures.remove(&pass.part);
                    return Ok(None);
                }
                Next::Undecided(endpoint) => {
                    let failure =
                        JobFailure { attempt: Some(attempt), kind: FailureKind::Refused, detail: unanswered.detail };
                    self.undecided.add(job.id, UndecidedRefusal { endpoint, failure, timing: state.timing(job) });
                    return Ok(Some(AskResult::PutBack));
                }
                Next::Fail(kind) => {
                    let failure = failed(Some(attempt), kind, unanswered.detail);
                    return Ok(Some(AskResult::Outcome(state.better_of(failure))));
                }
                Next::Stop(reason) => {
                    return Ok(Some(state.stopped(Stop { reason, detail: Some(unanswered.detail) })));
                }
            }
        }
    }

    /// Records a request that is about to be sent; `None` if the month has no room for it.
    async fn record_sent(
        &self,
        job: JobId,
        pass: PartPass,
        at_most: PicoDollars,
        output_limit: u64,
    ) -> Result<Option<AttemptId>> {
        let (limit, sent_at) = (self.spending.limit(), now_millis());
        let noted = self.store.write(move |edit| {
            let attempt = edit.record_sent_within(limit.as_ref(), job, at_most, sent_at)?;
            if let Some(attempt) = attempt {
                edit.record_output_limit(attempt, output_limit)?;
                if pass != PartPass::default() {
                    edit.record_pass(attempt, pass)?;
                }
            }
            Ok(attempt)
        });
        Ok(noted.await?)
    }

    /// Reserves the worst case, waits until the month has room for it, and then for a permit, which uses up the rate limit;
    /// `None` once nothing more may be sent.
    async fn permit(
        &self,
        request: &Request,
        at_most: PicoDollars,
        avoided: &[usize],
    ) -> Option<Result<std::result::Result<(Reservation<'_>, Permit), Stop>>> {
        let _prepared = self.activity.record_prepared(request.byte_count());
        let admitted = async {
            let _next = self.admission.lock().await;
            let Ok(reservation) = self.budget.reserve(at_most).await else {
                return Ok(Err(Stop { reason: StopReason::BudgetReached, detail: None }));
            };
            if !self.waits_for_month(at_most).await? {
                return Ok(Err(Stop { reason: StopReason::MonthlyCapReached, detail: None }));
            }
            Ok(match self.backend.permit(request, avoided).await {
                Ok(permit) => Ok((reservation, permit)),
                Err(closed) => Err(Stop { reason: closed.reason, detail: Some(closed.detail) }),
            })
        };
        self.unless_halted(admitted).await
    }

    /// Waits for a future; `None` once nothing more may be sent.
    async fn unless_halted<T>(&self, wait: impl Future<Output = T>) -> Option<T> {
        let mut halt = self.halt.clone();
        tokio::select! {
            biased;
            _ = halt.wait_for(|is_halted| *is_halted) => None,
            done = wait => Some(done),
        }
    }

    /// Decodes and encodes what is sent; `None` once nothing more may be sent.
    async fn prepared(
        self: &Arc<Self>,
        job: &WaitingJob,
        ask: &Ask,
        state: &mut JobState,
    ) -> Result<std::result::Result<Option<Request>, JobFailure>> {
        let _preparing = self.activity.record_preparing();
        let Some(Ok(_processor)) = self.unless_halted(self.preparing.acquire()).await else { return Ok(Ok(None)) };
        let began = Instant::now();
        let (context, ask, pictures) = (Arc::clone(self), ask.clone(), std::mem::take(&mut state.pictures));
        let (image, size, edge, length) = (job.image, job.size, state.edge, state.length);
        // Decoding blocks and waits for memory. A panic in it fails only this image.
        let prepared = tokio::task::spawn_blocking(move || {
            let mut pictures = pictures;
            let request = context.prepare_part((image, size), &ask, (edge, length), &mut pictures);
            (request, pictures)
        });
        let (prepared, pictures) = prepared.await?;
        state.pictures = pictures;
        let took = began.elapsed();
        state.worked += took;
        self.activity.record_pace(took);
        Ok(prepared.map(Some))
    }

    /// Whether the answer was cut off and a higher output maximum is available.
    fn may_be_longer(&self, outcome: &JobOutcome, length: AnswerLength) -> bool {
        is_cut_off(outcome) && self.backend.output_limit(length) < self.backend.largest_output_limit()
    }
}

/// Logs how a request ended, without its content, its answer or the server's message.
fn record_ended(span: &Span, began: Instant, answered: std::result::Result<&Received, &FailedRequest>) {
    let _within = span.enter();
    let took = began.elapsed();
    match answered {
        Ok(received) => tracing::debug!(?took, cost = ?received.bill.map(|bill| bill.paid.to_string()), "answered"),
        Err(failed) => {
            let FailedRequest { next, retry_kind, may_be_billed, .. } = failed;
            tracing::warn!(?took, class = ?retry_kind, ?next, may_be_billed, "the request failed");
        }
    }
}
