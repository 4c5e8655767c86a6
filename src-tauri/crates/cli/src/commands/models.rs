//! `models`.

use domain::settings::ModelSettings;
use engine::Invocation;

use crate::arguments::{Global, ModelsArguments, ModelsCommand};
use crate::environment::EnvFileUse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, Opened, WhenMissing};
use crate::messages;
use crate::output::Console;

pub async fn models(arguments: &ModelsArguments, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let opened = library::open_during(global, Invocation::default(), EnvFileUse::Mention, WhenMissing::Refuse).await?;
    match arguments.command.as_ref().unwrap_or(&ModelsCommand::List) {
        ModelsCommand::List => {}
        ModelsCommand::Set(set) => {
            let change = |model: Option<ModelSettings>| {
                Some(set.change(model.unwrap_or_else(|| ModelSettings::new(&set.model))))
            };
            kept(&opened)?.connections.describe_model(&set.model, change)?;
        }
        ModelsCommand::Remove { model } => kept(&opened)?.connections.describe_model(model, |_| None)?,
    }
    let models = opened.planning.models()?;
    output.show(&models, |out| messages::models(out, &models))?;
    Ok(Exit::Done)
}

/// A library that keeps what is changed.
fn kept(opened: &Opened) -> Result<&Opened, CommandError> {
    if opened.is_temporary() { Err(CommandError::NothingToKeepPricesIn) } else { Ok(opened) }
}
