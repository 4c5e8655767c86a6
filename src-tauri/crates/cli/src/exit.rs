//! How a command ends, for whoever called it. This is the one place that says what the exit codes mean: the help and the
//! manual are made from it.

use std::process::ExitCode;

use clap::ValueEnum;
use domain::run::{RunState, RunSummary, StopReason};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[repr(u8)]
pub enum Exit {
    /// Everything that was asked for is done
    Done = 0,
    /// Nothing could be done or an export was not written, for the reason on standard error; or `doctor` found a problem
    Failed = 1,
    /// The command line is wrong, names something that is not there, or was not agreed to
    Usage = 2,
    /// The run came to its end, and some images failed
    SomeFailed = 3,
    /// The run stopped by itself: budget, key, credit, an unreachable server, the end of its pilot; `resume` goes on
    Stopped = 4,
    /// Interrupted by Ctrl-C, or paused elsewhere; `resume` goes on
    Interrupted = 130,
}

impl Exit {
    /// How a run ends that stands as `summary` says.
    pub fn of_run(summary: &RunSummary) -> Self {
        match summary.state {
            RunState::Stopped { reason: StopReason::Completed } if summary.failed == 0 => Self::Done,
            RunState::Stopped { reason: StopReason::Completed } => Self::SomeFailed,
            RunState::Stopped { reason: StopReason::Paused | StopReason::Cancelled | StopReason::Shutdown }
            | RunState::Running
            | RunState::Stopping
            | RunState::Interrupted => Self::Interrupted,
            RunState::Stopped { .. } => Self::Stopped,
        }
    }

    /// The same, unless an export was not written although the run has answers. Without an answer there is nothing to export,
    /// and how the run ended is the reason.
    pub fn with_exports(self, are_all_written: bool, summary: &RunSummary) -> Self {
        if are_all_written || (summary.done == 0 && self != Self::Done) { self } else { Self::Failed }
    }

    /// The codes and their meanings, a line each.
    pub fn table() -> String {
        let lines = Self::value_variants().iter().filter_map(|exit| {
            let meaning = exit.to_possible_value()?.get_help()?.to_string();
            Some(format!("  {:>3}  {meaning}\n", *exit as u8))
        });
        lines.collect()
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
