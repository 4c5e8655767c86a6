//! `publish`: sends what has changed to a database, or keeps its connection string.

use std::io::{self, Read as _, Write as _};

use engine::{EngineError, Invocation};
use zeroize::Zeroizing;

use crate::arguments::{Global, Publish};
use crate::confirm::confirm;
use crate::environment::EnvFileUse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, WhenMissing};
use crate::messages;
use crate::output::{Console, notes};
use crate::progress::Bar;

/// Longest connection string, in bytes.
const MOST_CONNECTION: u64 = 16 * 1024;

pub async fn publish(arguments: &Publish, global: &Global, output: Console) -> Result<Exit, CommandError> {
    if let Some(version) = arguments.schema {
        io::stdout().write_all(engine::publication_schema(version).as_bytes()).map_err(CommandError::Output)?;
        return Ok(Exit::Done);
    }
    let library = library::open_during(global, Invocation::default(), EnvFileUse::Ask, WhenMissing::Refuse).await?;
    if arguments.connect {
        let mut text = Zeroizing::new(String::new());
        io::stdin().lock().take(MOST_CONNECTION).read_to_string(&mut text)?;
        let keeping = library.publishing.connect(text).await?;
        let entered = library.publishing.entered().await?.ok_or(EngineError::NoDatabase)?;
        messages::connected(&mut notes(), &entered, &keeping)?;
        return Ok(Exit::Done);
    }
    if arguments.disconnect {
        library.publishing.disconnect().await?;
        return Ok(Exit::Done);
    }
    let target = library.publishing.target().await?.ok_or(EngineError::NoDatabase)?;
    messages::publication_target(&mut notes(), &target)?;
    if !arguments.yes && !confirm("Publish?").await? {
        return Err(CommandError::NotConfirmed);
    }
    let bar = Bar::new();
    let published = library.publishing.publish(arguments.all, |progress| bar.show_publication(progress)).await;
    bar.clear();
    let published = published?;
    output.show(&published, |out| messages::published(out, &published))?;
    Ok(Exit::Done)
}
