//! Hooks: commands of the person's own, at the moments of a run. A command runs only if the person has agreed to exactly
//! that text at that moment; whatever comes of it is noted with the run and changes nothing of it. Absent on purpose:
//! asking the person, which the window and the command line do.

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

/// How long a hook may take at most while the program is being closed.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs the person's hooks.
pub struct HookRunner {
    store: Arc<Store>,
    layout: Arc<Layout>,
    settings: Arc<LibrarySettings>,
    consents: Arc<Consents>,
    connections: Arc<Connections>,
    history: Arc<RunHistory>,
    insight: Arc<Insight>,
}

/// A hook that is to be run.
struct PlannedHook {
    command: String,
    time_limit: Duration,
    /// Variables that it is not given.
    withheld: Vec<String>,
    /// What it is told; `None` where the person has not agreed to it.
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

    /// Every event with its command, in the order in which they come.
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

    /// Remembers that the person has agreed to have exactly `command` run at `event`, having seen it.
    pub fn agree(&self, event: HookEvent, command: &str) -> Result<()> {
        self.consents.agree_to_hook(self.settings.library().clone(), event, command.trim())
    }

    /// Runs the hook of `event`, if there is one, and notes what came of it. `state` is how the run stands.
    async fn run_hook(self: &Arc<Self>, event: HookEvent, run: RunId, state: RunState) {
        match self.try_hook(event, run, state).await {
            Ok(Some(hook)) if !hook.ending.is_success() => {
                tracing::warn!(%run, event = event.name(), ending = ?hook.ending, "a hook did not do its work");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%run, event = event.name(), %error, "a hook was not run or not noted"),
        }
    }

    async fn try_hook(self: &Arc<Self>, event: HookEvent, run: RunId, state: RunState) -> Result<Option<HookRun>> {
        // A hook may call the command line: its own runs would have hooks that call it again.
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

    /// The hook of `event`, with the facts that it is told if the person has agreed to it; `None` where there is none. Blocks.
    fn plan(&self, event: HookEvent, run: RunId, state: RunState) -> Result<Option<PlannedHook>> {
        let settings = self.settings.in_force()?;
        let withheld = self.connections.variables_withheld(&settings);
        let hooks = &settings.hooks;
        let Some(command) = hooks.command(event) else { return Ok(None) };
        let is_agreed = self.consents.is_hook_agreed(self.settings.library(), event, command)?;
        let facts = if is_agreed { Some(self.facts(event, run, state, settings.writes_metrics)?) } else { None };
        Ok(Some(PlannedHook { command: command.to_owned(), time_limit: timeout(hooks, state), withheld, facts }))
    }

    /// Where hooks run.
    fn folder(&self) -> Result<PathBuf> {
        std::path::absolute(self.layout.folder()).map_err(EngineError::file(self.layout.folder()))
    }

    /// Before the first request of a session. Returns the hooks of the run that did not succeed when they ran last.
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

    /// After a session has ended in `state`.
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

/// Commands that tell Claude Flow of every run: by what is installed, or else by npx, which fetches it.
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

/// Whether the shell would find a program of this name.
fn is_installed(program: &str) -> bool {
    let file_name = if cfg!(windows) { format!("{program}.cmd") } else { program.to_owned() };
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(&file_name).is_file()))
}
