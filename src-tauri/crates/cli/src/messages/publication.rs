//! Publishing to a database.

use std::io::{self, Write};

use domain::connection::KeyPlace;
use domain::publication::{PublicationTarget, Published};
use engine::{EngineError, Keeping};

use super::engine_error;
use super::format::{counted, grouped};

pub fn publication_target(out: &mut dyn Write, target: &PublicationTarget) -> io::Result<()> {
    let place = match target.place {
        KeyPlace::Keychain => "from the keychain",
        KeyPlace::Session => "entered in this session",
        KeyPlace::Variable => "from the environment",
        KeyPlace::DotEnv => "from the .env file",
        KeyPlace::CommandLine => "from the command line",
    };
    writeln!(out, "Publishes to {} ({place})", target.server)?;
    writeln!(
        out,
        "  sends   file names and paths, image sizes and dates, annotations, decisions, runs, costs and recipes"
    )?;
    writeln!(out, "  keeps   photos on this machine")
}

pub fn connected(out: &mut dyn Write, target: &PublicationTarget, keeping: &Keeping) -> io::Result<()> {
    match keeping {
        Keeping::Keychain => writeln!(out, "The connection to {} is in the keychain.", target.server),
        Keeping::Session { reason } => writeln!(
            out,
            "The connection string was not kept, because there is no keychain ({reason}). Set FIELDMARK_DATABASE_URL instead."
        ),
    }
}

/// `the library was not published: ...`
pub fn not_published(error: &EngineError) -> String {
    format!("the library was not published: {}", engine_error(error))
}

pub fn published(out: &mut dyn Write, published: &Published) -> io::Result<()> {
    if published.images == 0 && published.removed_images == 0 {
        writeln!(out, "Nothing has changed since the last time in {}.", published.server)?;
    } else {
        writeln!(
            out,
            "Published {} with {} to {}",
            counted(published.images, "image"),
            counted(published.annotations, "annotation"),
            published.server
        )?;
        if published.removed_images > 0 {
            writeln!(out, "Deleted there: {}", counted(published.removed_images, "image"))?;
        }
    }
    writeln!(
        out,
        "  layers  {} (runs and imports), recipe versions {}",
        grouped(published.layers.into()),
        grouped(published.recipes.into())
    )
}
