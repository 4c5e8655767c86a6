//! `hooks`, and consent to their commands before a run. Confirming the cost of a run (`--yes`) is no consent to run commands.

use std::io::{self, IsTerminal};

use domain::hooks::{HookEvent, Hooks};
use engine::{Invocation, Library};

use crate::arguments::{self, Global, HooksCommand, HooksPreset};
use crate::confirm::confirm;
use crate::environment::EnvFileUse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, WhenMissing};
use crate::messages;
use crate::output::{Console, notes};

/// Asks about every command that is not allowed yet. If there is no terminal, or the answer is no, the command does not run
/// and the run continues without it.
pub async fn agree(library: &Library, allows_hooks: bool) -> Result<(), CommandError> {
    for hook in library.hooks.all()? {
        let Some(command) = hook.command.filter(|_| !hook.is_agreed) else { continue };
        if !allows_hooks {
            messages::hook_command(&mut notes(), hook.event, &command)?;
        }
        if allows_hooks || confirm("Allow this command, now and in future?").await? {
            library.hooks.agree(hook.event, &command)?;
        } else if !io::stdin().is_terminal() {
            messages::note(&mut notes(), "This command is not allowed, so it does not run. --allow-hooks allows it")?;
        }
    }
    Ok(())
}

/// Sets the hooks to a preset, and asks for consent to them.
pub async fn change(
    arguments: arguments::HookArguments,
    global: &Global,
    output: Console,
) -> Result<Exit, CommandError> {
    let HooksCommand::Preset { preset: HooksPreset::ClaudeFlow, allow_hooks } = arguments.command;
    let when_missing = WhenMissing::Create { is_agreed: false };
    let library = library::open_during(global, Invocation::default(), EnvFileUse::None, when_missing).await?;
    let mut settings = library.settings.stated()?;
    let preset = Hooks { timeout_seconds: settings.hooks.timeout_seconds, ..engine::claude_flow_hooks() };
    output.show(&preset, |out| {
        let set = HookEvent::ALL.into_iter().filter_map(|event| Some((event, preset.command(event)?)));
        set.into_iter().try_for_each(|(event, command)| messages::hook_command(out, event, command))
    })?;
    let replaced: Vec<&str> = HookEvent::ALL
        .into_iter()
        .filter(|&event| preset.command(event) != settings.hooks.command(event))
        .filter_map(|event| settings.hooks.command(event))
        .collect();
    if !replaced.is_empty() && !allow_hooks {
        messages::note(&mut notes(), "This replaces:")?;
        for command in replaced {
            messages::note(&mut notes(), &format!("  {command}"))?;
        }
        if !confirm("Replace it?").await? {
            return Err(CommandError::NotConfirmed);
        }
    }
    let before = settings.clone();
    settings.hooks = preset;
    library.settings.change(&before, &settings)?;
    agree(&library, allow_hooks).await?;
    Ok(Exit::Done)
}
