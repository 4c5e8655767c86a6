//! How a command ends, for the program that called it. This is the one place that says what the exit codes mean: the help
//! and the manual are made from it.

use std::process::ExitCode;

use clap::ValueEnum;
use domain::run::RunSummary;
use domain::run_state::{RunState, StopReason};

use crate::signals::{self, Signal};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[repr(u8)]
pub enum Exit {
    /// Success
    Done = 0,
    /// Failed, or an output could not be written; the reason is on standard error. Or `doctor` or `library check` found a
    /// problem, `library repair` could not save all, or a figure of `evaluate` is below its limit
    Failed = 1,
    /// Invalid command line, something that does not exist, or not confirmed
    Usage = 2,
    /// The run is complete, but some or all images failed
    SomeFailed = 3,
    /// The run stopped early: budget, monthly cap, key, credit, unreachable server, end of the pilot, or paused in another window;
    /// `resume` continues it
    Stopped = 4,
    /// The disk is full, or a file-size limit is reached; once there is room, `resume` continues the run
    DiskFull = 5,
    /// The library cannot be read or written
    LibraryFailed = 6,
    /// The library was moved, deleted or unmounted while the command used it
    LibraryLost = 7,
    /// Ended by SIGHUP; `resume` continues the run
    HungUp = 129,
    /// Ended by Ctrl-C (SIGINT); `resume` continues the run
    Interrupted = 130,
    /// Standard output was closed before the result was written; the work is done
    OutputClosed = 141,
    /// Ended by SIGTERM; `resume` continues the run
    Terminated = 143,
}

impl Exit {
    /// The exit code of a run whose summary is `summary`.
    pub fn of_run(summary: &RunSummary) -> Self {
        match summary.state {
            RunState::Stopped { reason: StopReason::Completed } if summary.failed == 0 => Self::Done,
            RunState::Stopped { reason: StopReason::Completed } => Self::SomeFailed,
            RunState::Stopped { reason: StopReason::Paused | StopReason::Cancelled | StopReason::Shutdown }
            | RunState::Running
            | RunState::Stopping
            | RunState::Interrupted => signals::received().map_or(Self::Stopped, Self::of_signal),
            RunState::Stopped { .. } => Self::Stopped,
        }
    }

    /// The exit code of a command that the received signal ended.
    pub fn of_interruption() -> Self {
        signals::received().map_or(Self::Failed, Self::of_signal)
    }

    fn of_signal(signal: Signal) -> Self {
        match signal {
            Signal::HangUp => Self::HungUp,
            Signal::Interrupt => Self::Interrupted,
            Signal::Terminate => Self::Terminated,
        }
    }

    /// The same, unless outputs failed although the run has answers. Without an answer there is nothing to export, and the end
    /// of the run is the reason.
    pub fn with_outputs(self, failed: Option<Self>, summary: &RunSummary) -> Self {
        match failed {
            Some(failed) if summary.done > 0 || self == Self::Done => failed,
            _ => self,
        }
    }

    /// The codes and their meanings.
    pub fn codes() -> Vec<(String, String)> {
        let codes = Self::value_variants().iter().filter_map(|exit| {
            let meaning = exit.to_possible_value()?.get_help()?.to_string();
            Some((format!("{:>3}", *exit as u8), meaning))
        });
        codes.collect()
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
