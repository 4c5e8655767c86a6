//! `library`.

use std::path::Path;

use domain::care::LibraryRepair;
use engine::Library;

use crate::arguments::{Global, LibraryArguments, LibraryCommand};
use crate::database::database;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, Opened};
use crate::messages;
use crate::output::Console;

pub fn library(arguments: LibraryArguments, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let database = database(global)?;
    match arguments.command {
        LibraryCommand::Info => {
            let info = existing(global, &database)?.care.info()?;
            output.show(&info, |out| messages::library_info(out, &info))?;
        }
        LibraryCommand::Check => {
            check_existence(&database)?;
            let check = engine::check_library(&database)?;
            output.show(&check, |out| messages::library_check(out, &check))?;
            if !check.is_sound() {
                return Ok(Exit::Failed);
            }
        }
        LibraryCommand::Backup { out, with_thumbnails } => {
            let backup = existing(global, &database)?.care.back_up(&out, with_thumbnails)?;
            output.show(&backup, |out| messages::library_backup(out, &backup))?;
            if !backup.missing.is_empty() {
                return Ok(Exit::Failed);
            }
        }
        LibraryCommand::Restore { file, replace } => {
            if !file.exists() {
                return Err(CommandError::NoSuchPath(file));
            }
            let restored = engine::restore_library(&file, &database, replace)?;
            output.show(&restored, |out| messages::library_restored(out, &restored))?;
        }
        LibraryCommand::Relink { folder, dry_run } => {
            if !folder.exists() {
                return Err(CommandError::NoSuchPath(folder));
            }
            let relinked = existing(global, &database)?.care.relink(&folder, dry_run)?;
            output.show(&relinked, |out| messages::library_relinked(out, &relinked))?;
        }
        LibraryCommand::Prune { dry_run } => {
            let pruned = existing(global, &database)?.care.prune(dry_run)?;
            output.show(&pruned, |out| messages::library_pruned(out, &pruned))?;
        }
        LibraryCommand::Repair => {
            check_existence(&database)?;
            let repair = engine::repair_library(&database)?;
            output.show(&repair, |out| messages::library_repair(out, &repair))?;
            if matches!(&repair, LibraryRepair::Saved { tables, .. } if tables.iter().any(|table| !table.is_whole())) {
                return Ok(Exit::Failed);
            }
        }
    }
    Ok(Exit::Done)
}

fn check_existence(database: &Path) -> Result<(), CommandError> {
    if Library::exists(database) { Ok(()) } else { Err(CommandError::NoLibrary(database.to_owned())) }
}

fn existing(global: &Global, database: &Path) -> Result<Opened, CommandError> {
    check_existence(database)?;
    library::open(global)
}
