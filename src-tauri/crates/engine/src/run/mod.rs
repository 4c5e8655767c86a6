//! Runs: a plan carried out. Every run that is worked on has one dispatcher task, which owns its state and publishes
//! snapshots; executors do one image each; the library records which process works on it. In batch runs, batches take the place of
//! executors.

mod batches;
mod board;
mod budget;
mod dispatcher;
mod executor;
mod in_flight;
mod progress;
mod retry;
mod session;
mod settling;
mod tally;
mod undecided;
mod worker;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::{ImageId, RunId};
use domain::model::{Model, ModelId, UnsupportedCapability};
use domain::money::PicoDollars;
use domain::plan::{ImageSelection, ResumeRequest, RunRequest, SizeCount};
use domain::recipe::Recipe;
use domain::run::{PossiblyBilled, RunMode, RunProgress, RunState, RunSummary, StopReason, WorkingRun};
use domain::run_options::RunOptions;
use domain::settings::LimitSettings;
use keys::Concurrency;
use store::{Edit, NewPilot, NewRun, Worker};
use tokio::sync::watch;

use self::worker::TakenRun;
use crate::backend::{Backend, Backends, Question};
use crate::clock::now_millis;
use crate::library::{Library, processors};
use crate::pilot::{PilotVerdict, pilot_of};
use crate::provided;
use crate::quote::{Asked, Conditions};
use crate::sync::lock;
use crate::{EngineError, Result};

pub use batches::BatchLimits;
use progress::{JUST_ANSWERED, Kept};
pub use retry::Retrying;
pub(crate) use worker::OwnWorker;

/// A run that this process works on.
pub struct ActiveRun {
    progress: watch::Receiver<RunProgress>,
    /// `Some` asks the dispatcher to admit nothing more.
    stop: watch::Sender<Option<StopReason>>,
}

/// A model, opened for a run.
struct Opened {
    model: Model,
    backend: Arc<Backend>,
    /// What was said for the run, completed by the settings.
    options: RunOptions,
    retrying: Retrying,
}

impl Library {
    /// Writes a plan as a run and begins to work on it. Needs a tokio runtime.
    pub async fn start_run(self: &Arc<Self>, request: &RunRequest) -> Result<RunId> {
        let (selection, carries) = (request.images.clone(), request.propagates_to_similar);
        let chosen = selection.clone();
        let images = self.store.read(move |view| view.selected_images(&chosen)).await?;
        let queue = self.ask(move |library| library.queue(&selection, &images, carries)).await?;
        if queue.is_empty() {
            return Err(EngineError::NoImages);
        }
        let asked: Vec<_> = queue.iter().filter(|queued| queued.leader.is_none()).map(|queued| queued.image).collect();
        let followers: Vec<_> =
            queue.iter().filter(|queued| queued.leader.is_some()).map(|queued| queued.image).collect();
        let recipe = request.recipe;
        let recipe = self.store.read(move |view| view.recipe(recipe)).await?;
        let open = |mode| self.open_backend(request.model.clone(), recipe.clone(), mode, request.options);
        let mut opened = open(request.mode).await?;
        let (model, options) = (opened.model.clone(), opened.options);
        // What has no batches is asked live.
        let mode = if opened.backend.has_batches() { request.mode } else { RunMode::Live };
        let unsupported_capabilities = model.unsupported_capabilities(&recipe);
        if unsupported_capabilities.iter().any(UnsupportedCapability::is_blocking) {
            return Err(EngineError::RecipeBeyondModel(unsupported_capabilities));
        }
        let question = opened.backend.question();
        let reused = question.as_ref().filter(|_| !request.ignores_saved_answers);
        let to_ask = self.asked(reused, &asked, &followers, request.pilot)?;
        let conditions = Conditions {
            mode,
            percents: opened.backend.price_percents(),
            max_tokens: options.max_tokens,
            retries: opened.retrying.attempts,
        };
        let cost = self.cost(&model, &recipe, &to_ask, conditions)?;
        if let (Some(budget), Some(basis)) = (request.budget, cost.as_ref().and_then(|cost| cost.basis.as_ref()))
            && budget < basis.dearest_request
        {
            return Err(EngineError::BudgetTooSmall { dearest: basis.dearest_request });
        }
        let first = pilot_of(&self.unanswered(reused, &asked)?, request.pilot);
        let pilot = if first.is_empty() {
            None
        } else {
            let alone = Asked { others: to_ask.pilot, ..Asked::default() };
            let live = Conditions { mode: RunMode::Live, ..conditions };
            let expected =
                self.cost(&model, &recipe, &alone, live)?.map_or(PicoDollars::ZERO, |cost| cost.range.expected);
            Some(NewPilot { images: u32::try_from(first.len()).unwrap_or(u32::MAX), expected })
        };
        if pilot.is_some() && mode == RunMode::Batch {
            opened = open(RunMode::Live).await?;
        }
        let first: HashSet<ImageId> = first.into_iter().collect();
        let (mut queue, others): (Vec<_>, Vec<_>) = queue.into_iter().partition(|queued| first.contains(&queued.image));
        queue.extend(others);
        let run = NewRun {
            quoted: cost.map(|cost| cost.range),
            budget: request.budget,
            roots: self.run_roots(request)?,
            pilot,
            concurrency: match opened.backend.concurrency() {
                Some(_) => 1,
                None => request.options.concurrency.map_or_else(processors, |count| count.max(1)),
            },
            options: request.options,
            answer_key: question.map(|question| question.key),
            ignores_saved_answers: request.ignores_saved_answers,
            mode,
            model: model.id,
            model_name: model.name,
            destination: model.destination,
            recipe,
            images: queue,
        };
        let now = now_millis();
        let id = self.store.write(move |edit| edit.add_run(&run, now)).await?;
        let taken = TakenRun::take(self, id).await?;
        self.work_on(taken, async { Ok((opened, false)) }).await?;
        Ok(id)
    }

    /// The files and folders by which the exports of a run name its images.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    fn run_roots(&self, request: &RunRequest) -> Result<Vec<PathBuf>> {
        if !request.paths.is_empty() {
            let absolute = |path: &PathBuf| std::path::absolute(path).map_err(EngineError::file(path));
            return request.paths.iter().map(absolute).collect();
        }
        let collection = match &request.images {
            ImageSelection::Collection { id } => Some(*id),
            ImageSelection::All | ImageSelection::Images { .. } => request.collection,
        };
        let root = collection.map(|id| self.store.read_blocking(|view| view.collection_root(id))).transpose()?;
        Ok(root.into_iter().collect())
    }

    /// Goes on with a run that was paused, cancelled or interrupted. Nothing that is finished is done again; failed images and
    /// answers that were cut off are asked about again when that is asked for and can help; requests that were under way when
    /// a process died are made again only with the person's word.
    pub async fn resume_run(self: &Arc<Self>, request: ResumeRequest) -> Result<()> {
        // First, so that nothing of a run is changed while another process works on it.
        let taken = TakenRun::take(self, request.run).await?;
        self.work_on(taken, async { Ok((self.prepare_to_resume(request).await?, true)) }).await
    }

    async fn prepare_to_resume(self: &Arc<Self>, request: ResumeRequest) -> Result<Opened> {
        let run = request.run;
        let summary = self.ask(move |library| library.run(run)).await?;
        let asked = summary.clone();
        let may_retry = request.retries_failed && self.ask(move |library| library.may_retry(&asked)).await?;
        if summary.waiting == 0 && !may_retry {
            return Err(EngineError::NothingLeft(run));
        }
        let mut unsettled = summary.unsettled;
        if request.gives_up_batches {
            let given_up = self.store.read(move |view| view.in_unknown_batches(run)).await?;
            unsettled.count += given_up.count;
            unsettled.at_most += given_up.at_most;
        }
        if unsettled.count > 0 && !request.accepts_repeats {
            return Err(EngineError::Unsettled(unsettled));
        }
        let ends_pilot = summary.state == (RunState::Stopped { reason: StopReason::PilotDone });
        let kept = self.store.read(move |view| {
            Ok((view.recipe_of_run(run)?, view.options_of_run(run)?, view.is_in_pilot(run)? && !ends_pilot))
        });
        let (recipe, options, is_in_pilot) = kept.await?;
        let mode = if is_in_pilot { RunMode::Live } else { summary.mode };
        let opened = self.open_backend(summary.model, recipe, mode, options).await?;
        let (destination, question) = (opened.model.destination.clone(), opened.backend.question());
        let output_limit = opened.backend.largest_output_limit();
        // It goes on where models are now, which may be elsewhere than when it began.
        let noted = self.store.write(move |edit| {
            edit.note_destination(run, &destination)?;
            edit.note_answer_key(run, question.as_ref().map(|question| question.key.as_str()))?;
            if ends_pilot {
                edit.end_pilot(run)?;
            }
            if request.gives_up_batches {
                edit.give_up_unknown_batches(run)?;
            }
            if let Some(budget) = request.budget {
                edit.note_budget(run, budget)?;
            }
            if request.retries_failed { edit.retry(run, output_limit) } else { Ok(0) }
        });
        let retried = noted.await?;
        if summary.waiting + retried == 0 {
            return Err(EngineError::NothingLeft(run));
        }
        Ok(opened)
    }

    /// Requests in batches of `run` that the server does not know: what giving these up may have cost in vain.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn in_unknown_batches(&self, run: RunId) -> Result<PossiblyBilled> {
        Ok(self.store.read_blocking(|view| view.in_unknown_batches(run))?)
    }

    /// What the pilot of a run that has stopped after it says about the other images.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn pilot_verdict(&self, run: &RunSummary) -> Result<PilotVerdict> {
        Ok(PilotVerdict::of(run, self.store.read_blocking(|view| view.pilot_expected(run.id))?))
    }

    /// The images of a run that have not finished.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn waiting_images(&self, run: RunId) -> Result<Vec<ImageId>> {
        Ok(self.store.read_blocking(|view| view.waiting_images(run))?)
    }

    /// Keeps the high end of a run's quote true where a person has let images be asked about again, or has changed the
    /// settings that it rests on: it is what the run has cost so far, with the worst case of what waits.
    async fn keep_bound(self: &Arc<Self>, run: RunId, backend: &Backend, committed: PicoDollars) -> Result<()> {
        let question = backend.question();
        let (sizes, of_waiting) = self.ask(move |library| library.unpaid_sizes(run, question)).await?;
        let worst = |SizeCount { size, count }: &SizeCount| backend.image_at_most(*size).times(u64::from(*count));
        let worst: PicoDollars = sizes.iter().map(worst).sum();
        let bound = PicoDollars((committed + worst).0.saturating_sub(of_waiting.0)).rounded_up();
        Ok(self.store.write(move |edit| edit.raise_bound(run, bound)).await?)
    }

    /// The sizes of the images of `run` that wait and are to be paid for, and what is committed to those that wait.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    fn unpaid_sizes(&self, run: RunId, question: Option<Question>) -> Result<(Vec<SizeCount>, PicoDollars)> {
        let (waiting, of_waiting, ignores_saved_answers) = self.store.read_blocking(|view| {
            Ok((view.waiting_images(run)?, view.committed_to_waiting(run)?, view.ignores_saved_answers(run)?))
        })?;
        let unpaid = self.unanswered(question.filter(|_| !ignores_saved_answers).as_ref(), &waiting)?;
        Ok((self.store.read_blocking(|view| view.sizes_of(&unpaid))?, of_waiting))
    }

    /// Whether there are images in a run that another try may help, at least with a larger output maximum.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn may_retry(&self, summary: &RunSummary) -> Result<bool> {
        let run = summary.id;
        let (retried, (cut_off, _)) =
            self.store.read_blocking(|view| Ok((view.retried_count(run)?, view.cut_off_images(run)?)))?;
        Ok(retried + cut_off > 0)
    }

    /// Changes the output maximum of a run that no process works on, in tokens.
    pub async fn change_max_tokens(self: &Arc<Self>, run: RunId, max_tokens: u32) -> Result<()> {
        self.change_run(run, move |edit| edit.note_max_tokens(run, max_tokens)).await
    }

    /// Changes the concurrency of a run that no process works on.
    pub async fn change_concurrency(self: &Arc<Self>, run: RunId, concurrency: Concurrency) -> Result<()> {
        let known = provided::find(&self.store.read(move |view| view.model_of_run(run)).await?);
        let is_here = known.is_some_and(|known| known.provider.descriptor().is_on_this_computer());
        let count = is_here.then(|| concurrency.count().unwrap_or_else(processors));
        self.change_run(run, move |edit| edit.record_concurrency(run, concurrency.count(), count)).await
    }

    /// Makes a run that no process works on pay for new answers, whatever was answered before.
    pub async fn ignore_saved_answers(self: &Arc<Self>, run: RunId) -> Result<()> {
        self.change_run(run, move |edit| edit.record_ignores_saved_answers(run)).await
    }

    /// Changes the limits of a run that no process works on; those that are `None` stay as they were.
    pub async fn change_limits(self: &Arc<Self>, run: RunId, limits: LimitSettings) -> Result<()> {
        if limits == LimitSettings::default() {
            return Ok(());
        }
        self.change_run(run, move |edit| edit.note_limits(run, limits)).await
    }

    /// What a run is told counts for other runs as well, such as whether they wait for its answers: nothing of it changes while
    /// it is worked on.
    async fn change_run(
        self: &Arc<Self>,
        run: RunId,
        change: impl FnOnce(&Edit<'_>) -> store::Result<()> + Send + 'static,
    ) -> Result<()> {
        let taken = TakenRun::take(self, run).await?;
        let changed = self.store.write(change).await;
        taken.release().await;
        Ok(changed?)
    }

    /// What is in flight is finished. Batches go on at the server's, and are heard of again when the run is resumed.
    pub fn pause_run(&self, run: RunId) {
        self.stop_run(run, StopReason::Paused);
    }

    /// What is done stays; what is in flight is finished, since it may have been paid for. Batches are canceled at the
    /// server's, and what was done of them by then is kept.
    pub fn cancel_run(&self, run: RunId) {
        self.stop_run(run, StopReason::Cancelled);
    }

    /// Pauses every run that sends to another machine: what is in flight has been sent, nothing more is.
    pub(crate) fn pause_runs_elsewhere(&self) {
        for working in self.working_runs() {
            if working.destination.is_elsewhere() {
                self.pause_run(working.run);
            }
        }
    }

    fn stop_run(&self, run: RunId, reason: StopReason) {
        if let Some(active) = lock(&self.active_runs).get(&run) {
            active.stop.send_replace(Some(reason));
        }
    }

    /// Stops every run, and waits until what was in flight is on disk or `patience` is over.
    pub async fn shut_down(&self, patience: Duration) {
        let mut stopping: Vec<_> = lock(&self.active_runs)
            .values()
            .map(|active| {
                active.stop.send_if_modified(|stop| {
                    let is_first = stop.is_none();
                    stop.get_or_insert(StopReason::Shutdown);
                    is_first
                });
                active.progress.clone()
            })
            .collect();
        let drained = async {
            for progress in &mut stopping {
                // An error means that the dispatcher is gone, which is as good.
                let _ = progress.wait_for(|snapshot| matches!(snapshot.state, RunState::Stopped { .. })).await;
            }
        };
        if tokio::time::timeout(patience, drained).await.is_err() {
            tracing::warn!("closing with images still in flight; they will be done when the run is resumed");
        }
    }

    /// Has batches cut smaller than usual from now on, or looked for otherwise.
    pub fn limit_batches(&self, limits: BatchLimits) {
        *lock(&self.batch_limits) = limits;
    }

    /// Snapshots of a run while it is worked on here; `None` when it is not.
    #[must_use]
    pub fn run_progress(&self, run: RunId) -> Option<watch::Receiver<RunProgress>> {
        lock(&self.active_runs).get(&run).map(|active| active.progress.clone())
    }

    /// Keeps why a run could not go on.
    pub(crate) fn record_run_failure(&self, run: RunId, error: EngineError) {
        tracing::error!(%run, %error, "the run cannot go on");
        lock(&self.run_failures).entry(run).or_insert(error);
    }

    /// Why a run that this process worked on could not go on, although nothing had asked it to stop.
    #[must_use]
    pub fn take_run_failure(&self, run: RunId) -> Option<EngineError> {
        lock(&self.run_failures).remove(&run)
    }

    /// The runs that this process works on, the oldest first.
    #[must_use]
    pub fn working_runs(&self) -> Vec<WorkingRun> {
        let mut working: Vec<WorkingRun> = lock(&self.active_runs)
            .values()
            .map(|active| {
                let snapshot = active.progress.borrow();
                WorkingRun {
                    run: snapshot.run,
                    destination: snapshot.destination.clone(),
                    finished: snapshot.done + snapshot.failed,
                    total: snapshot.total,
                }
            })
            .collect();
        working.sort_by_key(|working| working.run);
        working
    }

    /// The state of a run that nobody works on, in the form of a snapshot.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn idle_progress(&self, run: RunId) -> Result<RunProgress> {
        let summary = self.run(run)?;
        let kept = self.store.read_blocking(|view| {
            let (wall_millis, concurrency) = view.pace_of_run(run)?;
            Ok(Kept {
                failures: view.failure_groups(run)?,
                retried: view.retry_groups(run)?,
                wall_millis,
                concurrency,
                batches: batches::states(&view.batches_of_run(run)?),
                unknown_batches: view.in_unknown_batches(run)?,
                endpoints: view.endpoints_of_run(run)?,
                last_answered: view.last_answered(run, JUST_ANSWERED)?,
                finished_after: view.finished_after(run)?,
                hooks: view.hook_runs(run)?,
                largest_request: view.largest_request(run)?,
            })
        })?;
        Ok(progress::idle(summary, kept))
    }

    /// The newest first.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn runs(&self) -> Result<Vec<RunSummary>> {
        let (mut runs, recorded) = self.store.read_blocking(|view| Ok((view.runs()?, view.runs_with_workers()?)))?;
        for run in &mut runs {
            let worker = recorded.iter().find(|(recorded, _)| *recorded == run.id).map(|(_, worker)| worker);
            run.state = self.actual_state(run, worker);
            if run.state == RunState::Interrupted {
                *run = self.run(run.id)?;
            }
        }
        Ok(runs)
    }

    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn run(&self, run: RunId) -> Result<RunSummary> {
        let look = || {
            let (mut summary, worker) = self.store.read_blocking(|view| Ok((view.run(run)?, view.worker_of(run)?)))?;
            summary.state = self.actual_state(&summary, worker.as_ref());
            Ok(summary)
        };
        // A second look, since its session may have ended after the first had read the library.
        let first: Result<RunSummary> = look();
        if first.as_ref().is_ok_and(|summary| summary.state == RunState::Interrupted) { look() } else { first }
    }

    /// Takes the run's undecided proposals back; returns how many.
    pub async fn undo_run(self: &Arc<Self>, run: RunId) -> Result<u32> {
        if let Some(process) = self.ask(move |library| library.process_at_work(run)).await? {
            return Err(EngineError::RunBusy { run, process });
        }
        let taken_back = self.store.write(move |edit| edit.take_back_proposals(run)).await?;
        self.note_change();
        Ok(taken_back)
    }

    /// The library only knows that a run was not stopped; whether a process works on it, its worker tells.
    fn actual_state(&self, run: &RunSummary, worker: Option<&Worker>) -> RunState {
        if run.state != RunState::Running {
            return run.state;
        }
        match lock(&self.active_runs).get(&run.id) {
            Some(active) => active.progress.borrow().state,
            None if worker.is_some_and(|worker| self.is_at_work(run.id, worker)) => RunState::Running,
            None => RunState::Interrupted,
        }
    }

    /// Opens a backend where it may block: weights take a while to load, and a keychain may ask for its password.
    async fn open_backend(
        self: &Arc<Self>,
        model: ModelId,
        recipe: Recipe,
        mode: RunMode,
        options: RunOptions,
    ) -> Result<Opened> {
        let library = Arc::clone(self);
        let opening = tokio::task::spawn_blocking(move || {
            library.limit_decoding_memory(&library.settings.in_force()?);
            let connections = library.connections.current()?;
            let model = Backends::model(&connections, &model)?;
            if let Some(unavailable) = connections.unavailable(&model) {
                return Err(EngineError::Unavailable(unavailable));
            }
            if let Some(host) = connections.not_agreed(&model) {
                return Err(EngineError::NotAgreed { host });
            }
            let options = connections.complete(&model.id, options);
            let backend = library.backends.open(&connections, &model, &recipe, mode, &options)?;
            Ok(Opened { model, backend, options, retrying: Retrying::of(&connections.settings().run) })
        });
        opening.await?
    }
}
