//! `doctor`: checks the installation and gives advice.

use domain::checkup::{CheckupFinding, Severity};
use engine::Invocation;

use crate::arguments::{Doctor, Global};
use crate::database::database;
use crate::environment::{self, EnvFileUse};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::messages;
use crate::output::Console;

pub async fn doctor(arguments: &Doctor, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let database = database(global)?;
    let invocation = Invocation { endpoint_keys: arguments.endpoint_keys.read()?, ..Invocation::default() };
    let surroundings = environment::surroundings(global, EnvFileUse::Mention).await?.during(invocation);
    let findings = engine::check_up(&database, surroundings, arguments.online).await?;
    let judged = engine::diagnostics(&findings);
    output.show(&judged, |out| messages::checkup(out, &findings))?;
    let worst = findings.iter().map(CheckupFinding::severity).max();
    Ok(if worst == Some(Severity::Problem) { Exit::Failed } else { Exit::Done })
}
