//! Hooks: the user's commands before and after a run and when one fails. The user's consent is not stored here but with
//! the library, so that settings from elsewhere bring no consent.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::RunId;
use crate::run_state::{RunState, StopReason};

/// The version of Claude Flow that the preset was tested with.
pub const CLAUDE_FLOW_VERSION: &str = "3.43.0";

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum HookEvent {
    /// Before the first request of a session: when a run starts or resumes.
    BeforeRun,
    /// After a run has stopped for any reason.
    AfterRun,
    /// After that, if it stopped early on its own, or images failed.
    OnFailure,
}

impl HookEvent {
    pub const ALL: [Self; 3] = [Self::BeforeRun, Self::AfterRun, Self::OnFailure];

    /// The name in settings and environment.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeRun => "before_run",
            Self::AfterRun => "after_run",
            Self::OnFailure => "on_failure",
        }
    }

    /// The events at the end of a session in `state`, with this many failed images.
    #[must_use]
    pub fn after(state: RunState, failed: u32) -> &'static [Self] {
        let is_failure = match state {
            RunState::Running
            | RunState::Stopping
            | RunState::Stopped { reason: StopReason::Paused | StopReason::Shutdown | StopReason::PilotDone } => false,
            RunState::Stopped { reason: StopReason::Completed | StopReason::Cancelled } => failed > 0,
            RunState::Stopped { .. } | RunState::Interrupted => true,
        };
        if is_failure { &[Self::AfterRun, Self::OnFailure] } else { &[Self::AfterRun] }
    }
}

/// The commands, each a line for the system's shell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Hooks {
    /// Command before the first request of a session; `None` for none, as of all three.
    pub before_run: Option<String>,
    /// Command after a session has stopped, however it ended.
    pub after_run: Option<String>,
    /// Command after a session that stopped because of an error, or in which images failed.
    pub on_failure: Option<String>,
    /// Timeout of each command, in seconds.
    pub timeout_seconds: u32,
}

impl Default for Hooks {
    fn default() -> Self {
        Self { before_run: None, after_run: None, on_failure: None, timeout_seconds: 30 }
    }
}

impl Hooks {
    /// Ten minutes.
    pub const MOST_SECONDS: u32 = 600;

    /// The command of `event`, if any.
    #[must_use]
    pub fn command(&self, event: HookEvent) -> Option<&str> {
        let command = match event {
            HookEvent::BeforeRun => &self.before_run,
            HookEvent::AfterRun => &self.after_run,
            HookEvent::OnFailure => &self.on_failure,
        };
        command.as_deref().map(str::trim).filter(|command| !command.is_empty())
    }

    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.clamp(1, Self::MOST_SECONDS).into())
    }

    /// Reports every run to Claude Flow; `program` is how it is called. Values are read from the environment at run
    /// time, within quotes, and never inserted into the command. A pause must not be reported as a failure, and no
    /// process may stay behind.
    ///
    /// Without its native database module, Claude Flow claims to have stored an entry and loses it. So the entry is
    /// read back in a new process, and the hook fails if it is missing, with `remedy` as the command that helps.
    #[must_use]
    pub fn for_claude_flow(program: &str, remedy: &str, is_windows: bool) -> Self {
        let (before_run, after_run) = if is_windows {
            (
                format!(
                    "set RUFLO_DAEMON_AUTOSTART=0& {program} hooks pre-task -i \"fieldmark-run-%FIELDMARK_RUN%\" \
                     -d \"%FIELDMARK_TASK%\""
                ),
                format!(
                    "(if \"%FIELDMARK_STATE%\"==\"paused\" exit 0) & (if \"%FIELDMARK_STATE%\"==\"shutdown\" exit 0) & \
                     set RUFLO_DAEMON_AUTOSTART=0& (if not \"%FIELDMARK_METRICS_FILE%\"==\"\" \
                     (md .claude-flow\\metrics 2>nul & \
                     copy /y \"%FIELDMARK_METRICS_FILE%\" .claude-flow\\metrics\\performance.json >nul)) & \
                     {program} hooks post-task -i \"fieldmark-run-%FIELDMARK_RUN%\" -s \"%FIELDMARK_SUCCESS%\" \
                     --duration \"%FIELDMARK_WALL_MILLIS%\" -t \"%FIELDMARK_TASK%\" -a \"%FIELDMARK_MODEL%\" \
                     --store-results && {program} memory store -n fieldmark -k \"run-%FIELDMARK_RUN%\" \
                     --value \"%FIELDMARK_SUMMARY%\" --provenance tool_result && \
                     ({program} memory retrieve -n fieldmark -k \"run-%FIELDMARK_RUN%\" --value-only | \
                     findstr /L /C:\"%FIELDMARK_SUMMARY%\" >nul || \
                     (echo Claude Flow did not keep run %FIELDMARK_RUN%. This helps: {remedy}>&2 & exit 1))"
                ),
            )
        } else {
            (
                format!(
                    "RUFLO_DAEMON_AUTOSTART=0 {program} hooks pre-task -i \"fieldmark-run-$FIELDMARK_RUN\" \
                     -d \"$FIELDMARK_TASK\""
                ),
                format!(
                    "case \"$FIELDMARK_STATE\" in paused|shutdown) exit 0;; esac; export RUFLO_DAEMON_AUTOSTART=0; \
                     if [ -n \"$FIELDMARK_METRICS_FILE\" ]; then mkdir -p .claude-flow/metrics && \
                     cp \"$FIELDMARK_METRICS_FILE\" .claude-flow/metrics/performance.json || exit; fi; \
                     {program} hooks post-task -i \"fieldmark-run-$FIELDMARK_RUN\" -s \"$FIELDMARK_SUCCESS\" \
                     --duration \"$FIELDMARK_WALL_MILLIS\" -t \"$FIELDMARK_TASK\" -a \"$FIELDMARK_MODEL\" \
                     --store-results && {program} memory store -n fieldmark -k \"run-$FIELDMARK_RUN\" \
                     --value \"$FIELDMARK_SUMMARY\" --provenance tool_result && \
                     {{ {program} memory retrieve -n fieldmark -k \"run-$FIELDMARK_RUN\" --value-only | \
                     grep -qF -- \"$FIELDMARK_SUMMARY\" || \
                     {{ echo \"Claude Flow did not keep run $FIELDMARK_RUN. This helps: {remedy}\" >&2; exit 1; }}; }}"
                ),
            )
        };
        Self { before_run: Some(before_run), after_run: Some(after_run), ..Self::default() }
    }
}

/// How a hook ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum HookEnding {
    Exited {
        code: i32,
    },
    /// Killed by a signal.
    Killed,
    /// Killed by timeout, with its child processes.
    TimedOut,
    NotStarted {
        detail: String,
    },
    /// Not run, because the command is not allowed.
    NotAgreed,
}

impl HookEnding {
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Exited { code: 0 })
    }
}

/// A run of a hook, or its omission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct HookRun {
    pub run: RunId,
    pub event: HookEvent,
    pub command: String,
    /// Milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub started_at: u64,
    pub millis: u32,
    pub ending: HookEnding,
    /// The end of its output.
    pub output: String,
}

/// Hooks whose latest run did not succeed. `runs` are those of one run, oldest first.
#[must_use]
pub fn failed(runs: Vec<HookRun>) -> Vec<HookRun> {
    let mut last: Vec<HookRun> = Vec::new();
    for hook in runs {
        last.retain(|earlier| earlier.event != hook.event);
        last.push(hook);
    }
    last.retain(|hook| !hook.ending.is_success());
    last
}

/// The state of a hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct HookStanding {
    pub event: HookEvent,
    /// `None` if there is no command.
    pub command: Option<String>,
    /// Whether the user has allowed exactly this command for this event.
    pub is_agreed: bool,
    /// The latest run for this event.
    pub last: Option<HookRun>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_that_works_again_has_not_failed() {
        let ran = |event, ending| HookRun {
            run: RunId(1),
            event,
            command: "true".into(),
            started_at: 0,
            millis: 1,
            ending,
            output: String::new(),
        };
        let exited = |code| HookEnding::Exited { code };
        let runs = vec![
            ran(HookEvent::BeforeRun, exited(1)),
            ran(HookEvent::AfterRun, exited(0)),
            ran(HookEvent::BeforeRun, exited(0)),
            ran(HookEvent::AfterRun, HookEnding::NotAgreed),
        ];
        let failed: Vec<HookEvent> = failed(runs).into_iter().map(|hook| hook.event).collect();
        assert_eq!(failed, [HookEvent::AfterRun]);
    }

    #[test]
    fn a_run_that_the_user_stopped_is_not_a_failure() {
        let after = |reason, failed| HookEvent::after(RunState::Stopped { reason }, failed).len();
        assert_eq!(after(StopReason::Completed, 0), 1);
        assert_eq!(after(StopReason::Completed, 1), 2);
        assert_eq!(after(StopReason::Paused, 1), 1);
        assert_eq!(after(StopReason::Shutdown, 0), 1);
        assert_eq!(after(StopReason::Cancelled, 0), 1);
        assert_eq!(after(StopReason::NoCredit, 0), 2);
        assert_eq!(after(StopReason::BudgetReached, 0), 2);
        assert_eq!(HookEvent::after(RunState::Interrupted, 0).len(), 2);
    }

    #[test]
    fn an_empty_command_is_none() {
        let hooks = Hooks { before_run: Some("  ".into()), after_run: Some(" true ".into()), ..Hooks::default() };
        assert_eq!((hooks.command(HookEvent::BeforeRun), hooks.command(HookEvent::AfterRun)), (None, Some("true")));
    }
}
