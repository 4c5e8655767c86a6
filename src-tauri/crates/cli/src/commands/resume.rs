//! `resume`: continues a run.

use domain::ids::RunId;
use domain::model::Destination;
use domain::plan::ResumeRequest;
use domain::run_state::RunState;
use engine::{EngineError, Library};

use super::{hooks, session};
use crate::arguments::{Global, Resume};
use crate::confirm::confirm;
use crate::environment::EnvFileUse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, WhenMissing};
use crate::messages;
use crate::output::{Console, notes};

pub async fn resume(arguments: &Resume, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let output = output.beside(arguments.session.targets())?;
    let invocation = arguments.session.invocation()?;
    let library = library::open_during(global, invocation, EnvFileUse::Ask, WhenMissing::Refuse).await?;
    session::check_outputs(&library, &arguments.session)?;
    let run = match arguments.run {
        Some(choice) => library::find_run(&library, choice)?,
        None => newest_unfinished(&library, arguments)?,
    };
    let mut unsettled = library.history.run(run)?.unsettled;
    if arguments.give_up_batches {
        let given_up = library.history.in_unknown_batches(run)?;
        unsettled.count += given_up.count;
        unsettled.at_most += given_up.at_most;
    }
    let accepts_repeats = unsettled.count == 0 || agrees(arguments, &messages::unsettled(unsettled)).await?;
    if !accepts_repeats {
        return Err(CommandError::NotConfirmed);
    }
    let request = ResumeRequest {
        run,
        budget: arguments.session.budget,
        accepts_repeats,
        retries_failed: arguments.retry_failed,
        gives_up_batches: arguments.give_up_batches,
    };
    if let Some(concurrency) = arguments.session.concurrency {
        library.runs.change_concurrency(run, concurrency).await?;
    }
    library.runs.change_limits(run, arguments.limits.settings()).await?;
    if let Some(max_tokens) = arguments.max_tokens {
        library.runs.change_max_tokens(run, max_tokens).await?;
    }
    if matches!(library.history.run(run)?.destination, Destination::Host { .. }) {
        library::name_endpoints(&library)?;
    }
    if arguments.fresh {
        library.runs.ignore_saved_answers(run).await?;
    }
    hooks::agree(&library, arguments.session.allow_hooks).await?;
    match library.runs.resume(request).await {
        // The run would continue at another server than the one that the user has agreed to.
        Err(EngineError::NotAgreed { host }) => {
            if !agrees(arguments, &format!("Send the photos and the recipe's text to {host}?")).await? {
                return Err(CommandError::NotConfirmed);
            }
            library.settings.agree_to(&host)?;
            library.runs.resume(request).await?;
        }
        Err(error @ EngineError::NothingLeft { .. }) => {
            if let Some(cut_off) = library.insight.report(run)?.cut_off {
                messages::note(&mut notes(), &messages::raise_max_tokens(run, cut_off))?;
            }
            return Err(error.into());
        }
        outcome => outcome?,
    }
    if arguments.retry_failed
        && let Some(quoted) = library.history.run(run)?.quoted
    {
        messages::note(&mut notes(), &messages::at_most_in_all(run, quoted))?;
    }
    let report = session::follow(&library, run).await?;
    session::finish(&library, &report, &arguments.session, output).await
}

async fn agrees(arguments: &Resume, question: &str) -> Result<bool, CommandError> {
    if arguments.session.yes { Ok(true) } else { confirm(question).await }
}

fn newest_unfinished(library: &Library, arguments: &Resume) -> Result<RunId, CommandError> {
    for run in library.history.runs()? {
        if run.state != RunState::Running
            && (run.waiting > 0 || (arguments.retry_failed && library.history.may_retry(run.id)?))
        {
            return Ok(run.id);
        }
    }
    Err(CommandError::NothingToResume)
}
