//! Hooks: the user's commands, run at events of a run. A command runs only if the user has approved exactly this text
//! for this event. Its outcome is recorded with the run and does not affect it. The window and the command line ask for
//! approval.

mod facts;
mod shell;

use std::env;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::hooks::{CLAUDE_FLOW_VERSION, HookEnding, HookEvent, HookRun, HookStanding, Hooks};
use domain::ids::RunId;
use domain::run_state::{RunState, StopReason};
use store::Store;

use self::facts::Facts;
use self::shell::{Outcome, carry_out};
use crate::blocking::off_workers;
use crate::clock::now_millis;
use crate::connections::Connections;
use crate::consents::Consents;
use crate::insight::Insight;
use crate::layout::Layout;
use crate::run_history::RunHistory;
use crate::settings::LibrarySettings;
use crate::{EngineError, Result};

/// Maximum duration of a hook while the app is closing.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs the user's hooks.
pub struct HookRunner {
    store: Arc<Store>,
    layout: Arc<Layout>,
    settings: Arc<LibrarySettings>,
    consents: Arc<Consents>,
    connections: Arc<Connections>,
    history: Arc<RunHistory>,
    insight: Arc<Insight>,
}

/// A hook to run.
struct PlannedHook {
    command: String,
    time_limit: Duration,
    /// Environment variables that the hook does not get.
    withheld: Vec<String>,
    /// The facts for the hook; `None` if the user has not approved it.
    facts: Option<Facts>,
}

impl HookRunner {
    pub(crate) fn new(
        store: Arc<Store>,
        layout: Arc<Layout>,
        settings: Arc<LibrarySettings>,
        consents: Arc<Consents>,
        connections: Arc<Connections>,
        history: Arc<RunHistory>,
        insight: Arc<Insight>,
    ) -> Self {
        Self { store, layout, settings, consents, connections, history, insight }
    }

    /// Every event with its command, in chronological order.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn all(&self) -> Result<Vec<HookStanding>> {
        let (hooks, owner) = (self.settings.in_force()?.hooks, self.settings.library());
        let standing = |event| {
            let command = hooks.command(event).map(str::to_owned);
            let is_agreed = match &command {
                Some(command) => self.consents.is_hook_agreed(owner, event, command)?,
                None => false,
            };
            let last = self.store.read_blocking(|view| view.last_hook_run(event))?;
            Ok(HookStanding { event, command, is_agreed, last })
        };
        HookEvent::ALL.into_iter().map(standing).collect()
    }

    /// Records that the user has approved exactly `command` for `event`, having seen it.
    pub fn agree(&self, event: HookEvent, command: &str) -> Result<()> {
        self.consents.agree_to_hook(self.settings.library().clone(), event, command.trim())
    }

    /// Runs the hook of `event`, if any, and records its outcome. `state` is the current state of the run.
    async fn run_hook(self: &Arc<Self>, event: HookEvent, run: RunId, state: RunState) {
        match self.try_hook(event, run, state).await {
            Ok(Some(hook)) if !hook.ending.is_success() => {
                tracing::warn!(%run, event = event.name(), ending = ?hook.ending, "a hook did not do its work");
            }
            Ok(Some(hook)) => tracing::info!(%run, event = event.name(), millis = hook.millis, "a hook has ended"),
            Ok(None) => {}
            Err(error) => tracing::warn!(%run, event = event.name(), %error, "a hook was not run or not noted"),
        }
    }

    async fn try_hook(self: &Arc<Self>, event: HookEvent, run: RunId, state: RunState) -> Result<Option<HookRun>> {
        // A hook may call the command line, whose runs would call the hook again.
        if env::var_os(facts::EVENT).is_some() {
            return Ok(None);
        }
        let (runner, started_at, since) = (Arc::clone(self), now_millis(), Instant::now());
        let Some(planned) = off_workers(move || runner.plan(event, run, state)).await? else { return Ok(None) };
        let folder = self.folder()?;
        let outcome = match planned.facts {
            Some(facts) => carry_out(&planned.command, &folder, facts, &planned.withheld, planned.time_limit).await,
            None => Outcome { ending: HookEnding::NotAgreed, output: String::new() },
        };
        let hook = HookRun {
            run,
            event,
            command: planned.command,
            started_at,
            millis: u32::try_from(since.elapsed().as_millis()).unwrap_or(u32::MAX),
            ending: outcome.ending,
            output: outcome.output,
        };
        let noted = hook.clone();
        self.store.write(move |edit| edit.add_hook_run(&noted)).await?;
        Ok(Some(hook))
    }

    /// The hook of `event`, with its facts if the user has approved it; `None` if there is none. Blocks.
    fn plan(&self, event: HookEvent, run: RunId, state: RunState) -> Result<Option<PlannedHook>> {
        let settings = self.settings.in_force()?;
        let withheld = self.connections.variables_withheld(&settings);
        let hooks = &settings.hooks;
        let Some(command) = hooks.command(event) else { return Ok(None) };
        let is_agreed = self.consents.is_hook_agreed(self.settings.library(), event, command)?;
        let facts = if is_agreed { Some(self.facts(event, run, state, settings.writes_metrics)?) } else { None };
        Ok(Some(PlannedHook { command: command.to_owned(), time_limit: timeout(hooks, state), withheld, facts }))
    }

    /// The working folder of hooks.
    fn folder(&self) -> Result<PathBuf> {
        std::path::absolute(self.layout.folder()).map_err(EngineError::file(self.layout.folder()))
    }

    /// Runs before the first request of a session. Returns the run's hooks whose last run failed.
    pub async fn before(self: &Arc<Self>, run: RunId) -> Vec<HookRun> {
        self.run_hook(HookEvent::BeforeRun, run, RunState::Running).await;
        match self.store.read(move |view| view.hook_runs(run)).await {
            Ok(runs) => domain::hooks::failed(runs),
            Err(error) => {
                tracing::warn!(%run, %error, "the hooks of the run cannot be read");
                Vec::new()
            }
        }
    }

    /// Runs after a session has ended in `state`.
    pub async fn after(self: &Arc<Self>, run: RunId, state: RunState) {
        let history = Arc::clone(&self.history);
        let failed = match off_workers(move || history.run(run)).await {
            Ok(summary) => summary.failed,
            Err(error) => {
                tracing::warn!(%run, %error, "the run cannot be read for its hooks");
                return;
            }
        };
        for &event in HookEvent::after(state, failed) {
            self.run_hook(event, run, state).await;
        }
    }
}

/// Commands that report every run to Claude Flow: with the installed program, otherwise with npx, which downloads it.
#[must_use]
pub fn claude_flow_hooks() -> Hooks {
    let (program, remedy) = if is_installed("claude-flow") {
        ("claude-flow".to_owned(), "npm rebuild -g --allow-scripts=better-sqlite3 better-sqlite3".to_owned())
    } else {
        let package = format!("claude-flow@{CLAUDE_FLOW_VERSION}");
        let install = format!("npm install -g --allow-scripts=better-sqlite3 {package}");
        (format!("npx --yes {package}"), format!("{install}, then fieldmark hooks preset claude-flow"))
    };
    Hooks::for_claude_flow(&program, &remedy, cfg!(windows))
}

fn timeout(hooks: &Hooks, state: RunState) -> Duration {
    match state {
        RunState::Stopped { reason: StopReason::Shutdown } => hooks.timeout().min(CLOSING_TIMEOUT),
        _ => hooks.timeout(),
    }
}

/// Whether the shell would find this program.
fn is_installed(program: &str) -> bool {
    let file_name = if cfg!(windows) { format!("{program}.cmd") } else { program.to_owned() };
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(&file_name).is_file()))
}
