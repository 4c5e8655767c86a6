//! Hooks: commands and their results.

use std::io::{self, Write};

use domain::hooks::{HookEnding, HookEvent, HookRun};

use super::format::duration;

/// A hook and when it runs.
pub fn hook_command(out: &mut dyn Write, event: HookEvent, command: &str) -> io::Result<()> {
    writeln!(out, "A hook runs {}:", moment(event))?;
    writeln!(out, "  {command}")
}

/// Results of hooks, one line each.
pub fn hooks(out: &mut dyn Write, hooks: &[HookRun]) -> io::Result<()> {
    for hook in hooks {
        writeln!(out, "  hook        {}: {}", moment(hook.event), ending(hook))?;
        if !hook.ending.is_success() {
            for line in hook.output.lines() {
                writeln!(out, "              | {line}")?;
            }
        }
    }
    Ok(())
}

fn moment(event: HookEvent) -> &'static str {
    match event {
        HookEvent::BeforeRun => "before a run",
        HookEvent::AfterRun => "after a run",
        HookEvent::OnFailure => "when a run fails",
    }
}

fn ending(hook: &HookRun) -> String {
    let took = duration(f64::from(hook.millis));
    match &hook.ending {
        HookEnding::Exited { code: 0 } => format!("done in {took}"),
        HookEnding::Exited { code } => format!("failed with exit code {code}"),
        HookEnding::Killed => "killed by a signal".into(),
        HookEnding::TimedOut => format!("timed out after {took} and was killed"),
        HookEnding::NotStarted { detail } => format!("not started: {detail}"),
        HookEnding::NotAgreed => "not run: you have not allowed it".into(),
    }
}
