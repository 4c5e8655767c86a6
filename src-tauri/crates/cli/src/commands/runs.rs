//! `runs`.

use crate::arguments::{Global, RunsArguments, RunsCommand};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::messages;
use crate::output::Console;

pub async fn runs(arguments: RunsArguments, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let library = library::open(global)?;
    if let Some(RunsCommand::Set(set)) = arguments.command {
        let run = library::find_run(&library, set.run)?;
        let before = library.history.run(run)?.description;
        library.history.describe(run, &set.applied_to(&before)).await?;
        let runs = vec![library.history.run(run)?];
        output.show(&runs, |out| messages::runs(out, &runs))?;
        return Ok(Exit::Done);
    }
    let all = library.history.runs()?;
    let is_any = !all.is_empty();
    let is_wanted = |run: &domain::run::RunSummary| {
        arguments.tags.iter().all(|tag| run.description.has_tag(tag))
            && arguments.model.as_ref().is_none_or(|model| *model == run.model.0)
    };
    let runs: Vec<_> = all.into_iter().filter(is_wanted).collect();
    if runs.is_empty() && is_any {
        output.show(&runs, messages::no_such_run)?;
    } else {
        output.show(&runs, |out| messages::runs(out, &runs))?;
    }
    Ok(Exit::Done)
}
