//! Executes plans as runs. Each active run has one dispatcher task, which owns its state and publishes snapshots, while
//! executors process one image each. In batch runs, batches replace the executors. The library records which process owns a
//! run.

mod activity;
mod ask;
mod batches;
mod budget;
mod context;
mod dispatcher;
mod executor;
mod in_flight;
mod job_state;
mod outcome;
mod parts;
mod progress;
mod retry;
mod session;
mod settling;
mod tally;
mod undecided;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::ids::{ImageId, RunId};
use domain::model::{Model, ModelId, UnsupportedCapability};
use domain::money::PicoDollars;
use domain::plan::{ImageSelection, ResumeRequest, RunRequest, SizeCount};
use domain::recipe::Recipe;
use domain::run::{RunProgress, WorkingRun};
use domain::run_options::RunOptions;
use domain::run_state::{RunMode, RunState, StopReason};
use domain::settings::LimitSettings;
use keys::Concurrency;
use prepare::DecodingMemory;
use store::{Edit, NewPilot, NewRun, Store};
use tokio::sync::watch;

use crate::active_runs::ActiveRuns;
use crate::backend::{Backend, Backends};
use crate::blocking::off_workers;
use crate::changes::Changes;
use crate::clock::now_millis;
use crate::connections::Connections;
use crate::examples::Examples;
use crate::hooks::HookRunner;
use crate::insight::Insight;
use crate::layout::Layout;
use crate::machine::{limit_decoding, processors};
use crate::originals::Originals;
use crate::planning::{Conditions, PlannedRun, Planning, RunPlan};
use crate::provided::{self, ProvidedModel};
use crate::publishing::Publishing;
use crate::run_history::RunHistory;
use crate::similar::Similar;
use crate::spending::{MonthRoom, MonthlySpending};
use crate::sync::lock;
use crate::workers::Workers;
use crate::{EngineError, Result};

pub use batches::BatchLimits;
pub use retry::Retrying;

/// A model opened for a run.
struct Opened {
    model: Model,
    known: ProvidedModel,
    backend: Arc<Backend>,
    /// The options given for the run, completed from the settings.
    options: RunOptions,
    retrying: Retrying,
}

/// The service that executes plans as runs.
pub struct Runs {
    pub(crate) store: Arc<Store>,
    pub(crate) layout: Arc<Layout>,
    pub(crate) changes: Changes,
    pub(crate) workers: Arc<Workers>,
    pub(crate) active: Arc<ActiveRuns>,
    pub(crate) history: Arc<RunHistory>,
    pub(crate) planning: Arc<Planning>,
    pub(crate) similar: Arc<Similar>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) spending: Arc<MonthlySpending>,
    pub(crate) originals: Arc<Originals>,
    pub(crate) examples: Arc<Examples>,
    /// Memory limit shared by all decoding.
    pub(crate) memory: DecodingMemory,
    pub(crate) insight: Arc<Insight>,
    pub(crate) hooks: Arc<HookRunner>,
    pub(crate) publishing: Arc<Publishing>,
    pub(crate) backends: Arc<Backends>,
    pub(crate) batch_limits: Mutex<BatchLimits>,
    /// Why runs failed, until it is shown.
    pub(crate) failures: Mutex<HashMap<RunId, EngineError>>,
}

impl Runs {
    /// Stores a plan as a run and starts it. Needs a tokio runtime.
    pub async fn start(self: &Arc<Self>, request: &RunRequest) -> Result<RunId> {
        let (selection, carries) = (request.images.clone(), request.propagates_to_similar);
        let (chosen, similar) = (selection.clone(), Arc::clone(&self.similar));
        let images = self.store.read(move |view| view.selected_images(&chosen)).await?;
        let queue = off_workers(move || similar.queue(&selection, &images, carries)).await?;
        if queue.is_empty() {
            return Err(EngineError::NoImages);
        }
        let asked: Vec<_> = queue.iter().filter(|queued| queued.leader.is_none()).map(|queued| queued.image).collect();
        let followers: Vec<_> =
            queue.iter().filter(|queued| queued.leader.is_some()).map(|queued| queued.image).collect();
        let recipe = request.recipe;
        let recipe = self.store.read(move |view| view.recipe(recipe)).await?;
        let recipe = recipe.with_most_examples(request.options.most_examples);
        let open = |mode| self.open_backend(request.model.clone(), recipe.clone(), mode, request.options);
        let mut opened = open(request.mode).await?;
        let (model, options) = (opened.model.clone(), opened.options);
        // A model without batches runs live.
        let mode = if opened.backend.has_batches() { request.mode } else { RunMode::Live };
        if request.budget.is_some() && !opened.known.spec.price.is_known {
            return Err(EngineError::BudgetWithoutPrice { model: model.id });
        }
        let unsupported_capabilities = model.unsupported_capabilities(&recipe);
        if unsupported_capabilities.iter().any(UnsupportedCapability::is_blocking) {
            return Err(EngineError::RecipeBeyondModel(unsupported_capabilities));
        }
        let question = opened.backend.question();
        let plan = RunPlan {
            model: model.clone(),
            known: opened.known.clone(),
            recipe: recipe.clone(),
            question: question.clone().filter(|_| !request.ignores_saved_answers),
            asked,
            followers,
            pilot: request.pilot,
            conditions: Conditions {
                mode,
                percents: opened.backend.price_percents(),
                max_tokens: options.max_tokens,
                retries: opened.retrying.attempts,
            },
        };
        let planning = Arc::clone(&self.planning);
        let PlannedRun { cost, pilot: first, pilot_expected, is_all_asked } =
            off_workers(move || planning.plan(&plan)).await?;
        if let (Some(budget), Some(basis)) = (request.budget, cost.as_ref().and_then(|cost| cost.basis.as_ref()))
            && budget < basis.dearest_request
        {
            return Err(EngineError::BudgetTooSmall { dearest: basis.dearest_request });
        }
        if let Some(cost) = cost.as_ref().filter(|_| is_all_asked) {
            self.check_month(cost.least_request_at_most).await?;
        }
        let images = u32::try_from(first.len()).unwrap_or(u32::MAX);
        let pilot = (images > 0).then_some(NewPilot { images, expected: pilot_expected });
        if pilot.is_some() && mode == RunMode::Batch {
            opened = open(RunMode::Live).await?;
        }
        let first: HashSet<ImageId> = first.into_iter().collect();
        let (mut queue, others): (Vec<_>, Vec<_>) = queue.into_iter().partition(|queued| first.contains(&queued.image));
        queue.extend(others);
        let run = NewRun {
            quoted: cost.map(|cost| cost.range),
            budget: request.budget,
            roots: self.roots(request).await?,
            pilot,
            concurrency: match opened.backend.concurrency() {
                Some(_) => 1,
                None => request.options.concurrency.map_or_else(processors, |count| count.max(1)),
            },
            options: request.options,
            question,
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
        let taken = self.workers.take(id).await?;
        self.work_on(taken, async { Ok((opened, false)) }).await?;
        Ok(id)
    }

    /// Fails if the month has no room for a request that may cost `at_most`, and no request in flight can make room.
    async fn check_month(&self, at_most: PicoDollars) -> Result<()> {
        if self.spending.room(&self.workers, at_most).await? != MonthRoom::None {
            return Ok(());
        }
        let spending = Arc::clone(&self.spending);
        let left = off_workers(move || spending.this_month()).await?.left.unwrap_or_default();
        Err(EngineError::MonthIsFull { left, at_most })
    }

    /// The root files and folders from which a run's exports derive image names.
    async fn roots(&self, request: &RunRequest) -> Result<Vec<PathBuf>> {
        if !request.paths.is_empty() {
            let absolute = |path: &PathBuf| crate::places::absolute(path).map_err(EngineError::file(path));
            return request.paths.iter().map(absolute).collect();
        }
        let collection = match &request.images {
            ImageSelection::Collection { id } => Some(*id),
            ImageSelection::All | ImageSelection::Images { .. } => request.collection,
        };
        let Some(collection) = collection else { return Ok(Vec::new()) };
        Ok(vec![self.store.read(move |view| view.collection_root(collection)).await?])
    }

    /// Resumes a run that was paused, cancelled or interrupted. Finished images are not repeated. Failed images and cut-off
    /// answers are retried if requested and useful. Requests that were in flight when a process died are repeated only with
    /// the user's consent.
    pub async fn resume(self: &Arc<Self>, request: ResumeRequest) -> Result<()> {
        // Take the run first, so that nothing changes while another process works on it.
        let taken = self.workers.take(request.run).await?;
        self.work_on(taken, async { Ok((self.prepare_to_resume(request).await?, true)) }).await
    }

    async fn prepare_to_resume(self: &Arc<Self>, request: ResumeRequest) -> Result<Opened> {
        let (run, history) = (request.run, Arc::clone(&self.history));
        let summary = off_workers(move || history.run(run)).await?;
        let history = Arc::clone(&self.history);
        let may_retry = off_workers(move || history.may_retry(run)).await?;
        let failed = summary.failed;
        if summary.waiting == 0 && !(request.retries_failed && may_retry) {
            return Err(EngineError::NothingLeft { run, failed, may_retry });
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
        // The run continues at the model's current destination, which may have changed since it started.
        let noted = self.store.write(move |edit| {
            edit.record_destination(run, &destination)?;
            edit.record_question(run, question.as_ref())?;
            if ends_pilot {
                edit.end_pilot(run)?;
            }
            if request.gives_up_batches {
                edit.give_up_unknown_batches(run)?;
            }
            if let Some(budget) = request.budget {
                edit.record_budget(run, budget)?;
            }
            if request.retries_failed { edit.retry(run, output_limit) } else { Ok(0) }
        });
        let retried = noted.await?;
        if summary.waiting + retried == 0 {
            return Err(EngineError::NothingLeft { run, failed, may_retry: false });
        }
        Ok(opened)
    }

    /// Updates the bound of a run's quote after the user retries images or changes settings it depends on: the cost so
    /// far plus the worst case of the waiting images.
    async fn keep_bound(self: &Arc<Self>, run: RunId, backend: &Backend, committed: PicoDollars) -> Result<()> {
        let question = backend.question();
        let kept = self.store.read(move |view| {
            Ok((view.waiting_images(run)?, view.committed_to_waiting(run)?, view.ignores_saved_answers(run)?))
        });
        let (waiting, of_waiting, ignores_saved_answers) = kept.await?;
        let planning = Arc::clone(&self.planning);
        let unpaid =
            off_workers(move || planning.unanswered(question.filter(|_| !ignores_saved_answers).as_ref(), &waiting));
        let unpaid = unpaid.await?;
        let sizes = self.store.read(move |view| view.sizes_of(&unpaid)).await?;
        let worst = |SizeCount { size, count }: &SizeCount| backend.image_at_most(*size).times(u64::from(*count));
        let worst: PicoDollars = sizes.iter().map(worst).sum();
        let bound = PicoDollars((committed + worst).0.saturating_sub(of_waiting.0)).rounded_up();
        Ok(self.store.write(move |edit| edit.raise_bound(run, bound)).await?)
    }

    /// Changes the output maximum of an inactive run, in tokens.
    pub async fn change_max_tokens(self: &Arc<Self>, run: RunId, max_tokens: u32) -> Result<()> {
        self.change_run(run, move |edit| edit.record_max_tokens(run, max_tokens)).await
    }

    /// Changes the concurrency of an inactive run.
    pub async fn change_concurrency(self: &Arc<Self>, run: RunId, concurrency: Concurrency) -> Result<()> {
        let known = provided::find(&self.store.read(move |view| view.model_of_run(run)).await?);
        let is_here = known.is_some_and(|known| known.provider.descriptor().is_on_this_computer());
        let count = is_here.then(|| concurrency.count().unwrap_or_else(processors));
        self.change_run(run, move |edit| edit.record_concurrency(run, concurrency.count(), count)).await
    }

    /// Makes an inactive run request new answers even where paid ones could be reused.
    pub async fn ignore_saved_answers(self: &Arc<Self>, run: RunId) -> Result<()> {
        self.change_run(run, move |edit| edit.record_ignores_saved_answers(run)).await
    }

    /// Changes the limits of an inactive run; those that are `None` stay unchanged.
    pub async fn change_limits(self: &Arc<Self>, run: RunId, limits: LimitSettings) -> Result<()> {
        if limits == LimitSettings::default() {
            return Ok(());
        }
        self.change_run(run, move |edit| edit.record_limits(run, limits)).await
    }

    /// Changes the options of an inactive run. Other runs depend on them, for example when they wait for its answers, so
    /// they must not change during a session.
    async fn change_run(
        self: &Arc<Self>,
        run: RunId,
        change: impl FnOnce(&Edit<'_>) -> store::Result<()> + Send + 'static,
    ) -> Result<()> {
        let taken = self.workers.take(run).await?;
        let changed = self.store.write(change).await;
        taken.release().await;
        Ok(changed?)
    }

    /// Pauses a run after its requests in flight have finished. Batches continue at the server; their results are read when
    /// the run is resumed.
    pub fn pause(&self, run: RunId) {
        self.active.stop(run, StopReason::Paused);
    }

    /// Cancels a run. Finished results stay, and requests in flight finish, since they may be billed. Batches are canceled
    /// at the server, and their results up to then are kept.
    pub fn cancel(&self, run: RunId) {
        self.active.stop(run, StopReason::Cancelled);
    }

    /// Stops every run, and waits until requests in flight are stored or `patience` is over.
    pub async fn shut_down(&self, patience: Duration) {
        self.active.shut_down(patience).await;
    }

    /// Overrides the batch limits for later sessions.
    pub fn limit_batches(&self, limits: BatchLimits) {
        *lock(&self.batch_limits) = limits;
    }

    /// Snapshots of a run; `None` unless this process is working on it.
    #[must_use]
    pub fn progress(&self, run: RunId) -> Option<watch::Receiver<RunProgress>> {
        self.active.progress(run)
    }

    /// Records why a run failed.
    pub(crate) fn record_failure(&self, run: RunId, error: EngineError) {
        tracing::error!(%run, %error, "the run cannot go on");
        lock(&self.failures).entry(run).or_insert(error);
    }

    /// Why a run of this process failed without being asked to stop.
    #[must_use]
    pub fn take_failure(&self, run: RunId) -> Option<EngineError> {
        lock(&self.failures).remove(&run)
    }

    /// The runs this process is working on, oldest first.
    #[must_use]
    pub fn working(&self) -> Vec<WorkingRun> {
        self.active.working()
    }

    /// Removes the run's undecided annotations; returns how many.
    pub async fn undo(self: &Arc<Self>, run: RunId) -> Result<u32> {
        if let Some(process) = self.workers.process_at_work(run).await? {
            return Err(EngineError::RunBusy { run, process });
        }
        let taken_back = self.store.write(move |edit| edit.take_back_proposals(run)).await?;
        self.changes.record();
        Ok(taken_back)
    }

    /// Opens a backend on the blocking pool: loading weights takes a while, and a keychain may prompt for its password.
    async fn open_backend(
        self: &Arc<Self>,
        model: ModelId,
        recipe: Recipe,
        mode: RunMode,
        options: RunOptions,
    ) -> Result<Opened> {
        let (connections, backends, memory) =
            (Arc::clone(&self.connections), Arc::clone(&self.backends), self.memory.clone());
        let examples = Arc::clone(&self.examples);
        off_workers(move || {
            let connections = connections.current()?;
            limit_decoding(&memory, connections.settings());
            let model = Backends::model(&connections, &model)?;
            if let Some(unavailable) = connections.unavailable(&model) {
                return Err(EngineError::Unavailable(unavailable));
            }
            if let Some(host) = connections.not_agreed(&model) {
                return Err(EngineError::NotAgreed { host });
            }
            let options = connections.complete(&model.id, options);
            let known = connections.known(&model.id)?.with_longest_edge(options.longest_edge);
            let backend = backends.open(&connections, &model, &recipe, &examples, mode, &options)?;
            Ok(Opened { model, known, backend, options, retrying: Retrying::of(&connections.settings().run) })
        })
        .await
    }
}
