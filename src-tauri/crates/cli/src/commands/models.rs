//! `models`.

use engine::Invocation;

use crate::arguments::Global;
use crate::environment::EnvFileUse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, WhenMissing};
use crate::messages;
use crate::output::Console;

pub async fn models(global: &Global, output: Console) -> Result<Exit, CommandError> {
    let opened = library::open_during(global, Invocation::default(), EnvFileUse::Mention, WhenMissing::Refuse).await?;
    let models = opened.planning.models()?;
    output.show(&models, |out| messages::models(out, &models))?;
    Ok(Exit::Done)
}
