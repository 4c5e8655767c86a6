//! Hooks on the command line: agreeing to commands before a run, and filling them in for Claude Flow. Agreeing to what a
//! run costs (`--yes`) is no agreement to run somebody's commands.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use domain::hooks::{HookEnding, HookEvent, HookRun, Hooks};
use engine::Library;

use crate::annotate::open;
use crate::arguments::{HooksCommand, Preset};
use crate::error::CommandError;
use crate::words;

/// Asks about every command that nobody has agreed to. Where nobody can be asked, or the answer is no, the command does
/// not run, and the run goes on without it.
pub async fn agree(library: &Library, allows_hooks: bool) -> Result<(), CommandError> {
    for hook in library.hooks()? {
        let Some(command) = hook.command.filter(|_| !hook.is_agreed) else { continue };
        let shown = format!("A hook runs {}:\n  {command}", moment(hook.event));
        if allows_hooks || words::confirm(&format!("{shown}\nRun this command, now and from now on?"))? {
            library.agree_to_hook(hook.event, &command).await?;
        } else if !io::stdin().is_terminal() {
            writeln!(
                io::stderr(),
                "{shown}\nNobody has agreed to this command, so it does not run: --allow-hooks agrees to it"
            )?;
        }
    }
    Ok(())
}

/// Sets the hooks to a preset, and asks for agreement to them.
pub async fn change(command: HooksCommand) -> Result<ExitCode, CommandError> {
    let HooksCommand::Preset { preset: Preset::ClaudeFlow, common } = command;
    let library = open(common.db.as_deref())?;
    let mut settings = library.settings()?;
    let preset = Hooks { timeout_seconds: settings.hooks.timeout_seconds, ..Library::claude_flow_hooks() };
    let mut out = io::stdout();
    for event in HookEvent::ALL {
        if let Some(command) = preset.command(event) {
            writeln!(out, "{}:\n  {command}", event.name())?;
        }
    }
    let replaced: Vec<&str> = HookEvent::ALL
        .into_iter()
        .filter(|&event| preset.command(event) != settings.hooks.command(event))
        .filter_map(|event| settings.hooks.command(event))
        .collect();
    let asked = format!("This takes the place of:\n  {}\nReplace it?", replaced.join("\n  "));
    if !replaced.is_empty() && !common.allow_hooks && !words::confirm(&asked)? {
        return Err(CommandError::NotConfirmed);
    }
    settings.hooks = preset;
    library.save_settings(settings).await?;
    agree(&library, common.allow_hooks).await?;
    Ok(ExitCode::SUCCESS)
}

/// What hooks did, a line each.
pub fn report(out: &mut impl Write, hooks: &[HookRun]) -> io::Result<()> {
    for hook in hooks {
        writeln!(out, "  hook        {}: {}", moment(hook.event), ending(hook))?;
        if !hook.ending.is_success() {
            for line in hook.output.lines() {
                writeln!(out, "              {line}")?;
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
    let took = words::duration(f64::from(hook.millis));
    match &hook.ending {
        HookEnding::Exited { code: 0 } => format!("done in {took}"),
        HookEnding::Exited { code } => format!("failed with exit code {code}"),
        HookEnding::Killed => "ended by a signal".into(),
        HookEnding::TimedOut => format!("ended after {took}, since its time was up"),
        HookEnding::NotStarted { detail } => format!("not started: {detail}"),
        HookEnding::NotAgreed => "not run: nobody has agreed to its command".into(),
    }
}
