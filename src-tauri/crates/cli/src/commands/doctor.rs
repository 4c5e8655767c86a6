//! `doctor`: checks the installation and gives advice.

use domain::checkup::{CheckupFinding, Severity};
use engine::Invocation;
use serde::Serialize;

use crate::arguments::{Doctor, Global};
use crate::database::database;
use crate::environment::{self, EnvFileUse};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::messages;
use crate::output::Console;

/// A finding with its severity, for the JSON document.
#[derive(Serialize)]
struct Judged<'a> {
    severity: Severity,
    #[serde(flatten)]
    finding: &'a CheckupFinding,
}

pub async fn doctor(arguments: &Doctor, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let database = database(global)?;
    let invocation = Invocation { endpoint_keys: arguments.endpoint_keys.read()?, ..Invocation::default() };
    let surroundings = environment::surroundings(global, EnvFileUse::Mention).await?.during(invocation);
    let findings = engine::check_up(&database, surroundings, arguments.online).await?;
    let judged: Vec<Judged<'_>> =
        findings.iter().map(|finding| Judged { severity: finding.severity(), finding }).collect();
    output.show(&judged, |out| messages::checkup(out, &findings))?;
    let worst = findings.iter().map(CheckupFinding::severity).max();
    Ok(if worst == Some(Severity::Problem) { Exit::Failed } else { Exit::Done })
}
