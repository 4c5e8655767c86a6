//! The library as a whole.

use std::io::{self, Write};

use domain::care::{
    BackupState, DerivedCount, LibraryCheck, LibraryCounts, LibraryInfo, LibraryRepair, LostOriginal, Pruned,
    PrunedKind, Relinked, RestoredLibrary, SavedTable, WrittenBackup,
};

use super::format::{bytes, counted, grouped, money};
use super::runs::local_time;
use super::table::Table;
use crate::style::{ERROR, GOOD, WARNING};

/// Files that are listed of each kind.
const LISTED: usize = 20;

pub fn library_info(out: &mut dyn Write, info: &LibraryInfo) -> io::Result<()> {
    let sizes = &info.sizes;
    writeln!(out, "Library       {}", info.database)?;
    writeln!(out, "Format        {}", info.format)?;
    writeln!(out, "Database      {}, log {}", bytes(sizes.database), bytes(sizes.log))?;
    writeln!(out, "Thumbnails    {}", bytes(sizes.thumbnails))?;
    writeln!(out, "Uploads       {}", bytes(sizes.uploads))?;
    writeln!(out, "Exports       {}", bytes(sizes.exports))?;
    writeln!(out, "Metrics       {}", bytes(sizes.metrics))?;
    writeln!(out, "Copies        {}, made before format updates", bytes(sizes.copies))?;
    writeln!(out, "Contents      {}", contents(&info.counts))?;
    match &info.last_backup {
        Some(backup) => {
            let state = match backup.state {
                BackupState::There => "",
                BackupState::Gone => ", which is no longer there",
                BackupState::Downloaded => ", downloaded by a browser",
            };
            writeln!(out, "Last backup   {}, {}{state}", local_time(backup.made_at), backup.path)
        }
        None => writeln!(out, "Last backup   none; fieldmark library backup --out FILE makes one"),
    }
}

fn contents(counts: &LibraryCounts) -> String {
    format!(
        "{}, {} ({} decided), {}, {} paid",
        counted(counts.images, "image"),
        counted(counts.annotations, "annotation"),
        grouped(counts.decisions.into()),
        counted(counts.runs, "run"),
        money(counts.paid)
    )
}

pub fn library_check(out: &mut dyn Write, check: &LibraryCheck) -> io::Result<()> {
    if check.is_outdated {
        let format = check.format;
        writeln!(
            out,
            "The library has the older format {format}: only its file was checked, not its counts and photos. \
             fieldmark library info opens and updates it; then check again."
        )?;
    }
    for damage in &check.damages {
        writeln!(out, "{ERROR}damaged{ERROR:#}  {damage}")?;
    }
    for broken in &check.broken_references {
        let rows = counted(broken.rows, "row");
        writeln!(out, "{ERROR}broken{ERROR:#}   {rows} of {} refer to something that does not exist", broken.table)?;
    }
    for difference in &check.differences {
        let rows = counted(difference.rows, "row");
        writeln!(out, "{ERROR}counts{ERROR:#}   {} of {} differ from a recount", rows, name_of(difference.of))?;
    }
    lost(out, "missing", check.missing_count, &check.missing)?;
    lost(out, "changed", check.changed_count, &check.changed)?;
    if check.stray_thumbnails > 0 {
        let count = counted(check.stray_thumbnails, "thumbnail");
        writeln!(out, "{WARNING}unused{WARNING:#}   {count} without an image; fieldmark library prune removes them")?;
    }
    if !check.is_database_sound {
        writeln!(out, "fieldmark library repair repairs the database. Make a backup of its folder first.")?;
    }
    if check.missing_count + check.changed_count > 0 {
        writeln!(out, "fieldmark library relink FOLDER finds photos that were moved.")?;
    }
    if check.is_sound() {
        let said = if check.is_outdated { "The file is not damaged." } else { "The library is in order." };
        writeln!(out, "{GOOD}{said}{GOOD:#}")?;
    }
    Ok(())
}

fn lost(out: &mut dyn Write, word: &str, count: u32, originals: &[LostOriginal]) -> io::Result<()> {
    for original in originals.iter().take(LISTED) {
        let path = if original.path.is_empty() { "no known place" } else { &original.path };
        writeln!(out, "{WARNING}{word}{WARNING:#}  {} ({path})", original.name)?;
    }
    let rest = (count as usize).saturating_sub(originals.len().min(LISTED));
    if rest > 0 {
        writeln!(out, "{WARNING}{word}{WARNING:#}  and {} more", grouped(rest as u64))?;
    }
    Ok(())
}

fn name_of(count: DerivedCount) -> &'static str {
    match count {
        DerivedCount::Labels => "label counts",
        DerivedCount::ImageLabels => "labels of images",
        DerivedCount::Images => "figures of images",
        DerivedCount::Layers => "figures of runs",
        DerivedCount::Spending => "spending",
    }
}

pub fn library_backup(out: &mut dyn Write, backup: &WrittenBackup) -> io::Result<()> {
    writeln!(out, "{} ({}, {})", backup.path, counted(backup.files, "file"), bytes(backup.byte_len))?;
    writeln!(out, "{}", contents(&backup.counts))?;
    for missing in &backup.missing {
        writeln!(out, "{ERROR}missing{ERROR:#}  {missing} is not there, and so not in the backup")?;
    }
    for link in &backup.links {
        writeln!(out, "{WARNING}link{WARNING:#}  {link} is not followed")?;
    }
    let thumbnails = if backup.has_thumbnails { "" } else { " Thumbnails are generated again from the photos." };
    writeln!(
        out,
        "Uploaded and sample photos are in it. Photos elsewhere are not: back up their folders as well.{thumbnails}"
    )
}

pub fn library_restored(out: &mut dyn Write, restored: &RestoredLibrary) -> io::Result<()> {
    writeln!(out, "Restored {} from the backup of {}", restored.database, local_time(restored.made_at))?;
    writeln!(out, "{}", contents(&restored.counts))?;
    if let Some(aside) = &restored.kept_aside {
        writeln!(out, "What was there before is in {aside}")?;
    }
    writeln!(out, "fieldmark library check looks for its photos, fieldmark library relink FOLDER finds moved ones.")
}

pub fn library_relinked(out: &mut dyn Write, relinked: &Relinked) -> io::Result<()> {
    let verb = if relinked.is_dry_run { "would be found again" } else { "found again" };
    writeln!(
        out,
        "{} {verb}, {} still missing",
        counted(relinked.found, "photo"),
        grouped(relinked.missing_count.into())
    )?;
    lost(out, "missing", relinked.missing_count, &relinked.missing)
}

pub fn library_pruned(out: &mut dyn Write, pruned: &Pruned) -> io::Result<()> {
    let mut table = Table::new(["What", "Files", "Size"]);
    table.align_right([1, 2]);
    for removed in &pruned.removed {
        let kind = match removed.kind {
            PrunedKind::Thumbnails => "thumbnails without an image",
            PrunedKind::Uploads => "uploads that are no image of the library",
            PrunedKind::Exports => "prepared exports",
            PrunedKind::Copies => "older copies made before format updates",
            PrunedKind::Database => "unused space in the database",
        };
        let files = if removed.kind == PrunedKind::Database { String::new() } else { grouped(removed.files.into()) };
        table.add([kind.to_owned(), files, bytes(removed.bytes)]);
    }
    table.write(out)?;
    if pruned.is_dry_run {
        for uploads in pruned.removed.iter().filter(|removed| removed.kind == PrunedKind::Uploads) {
            uploads.names.iter().try_for_each(|name| writeln!(out, "{name}"))?;
            let rest = (uploads.files as usize).saturating_sub(uploads.names.len());
            if rest > 0 {
                writeln!(out, "and {} more uploads", grouped(rest as u64))?;
            }
        }
    }
    let verb = if pruned.is_dry_run { "would be freed" } else { "freed" };
    writeln!(out, "{} {verb}", bytes(pruned.bytes))
}

pub fn library_repair(out: &mut dyn Write, repair: &LibraryRepair) -> io::Result<()> {
    match repair {
        LibraryRepair::Rebuilt { differences } => {
            writeln!(out, "The file is intact. Its indexes are rebuilt.")?;
            for difference in differences {
                writeln!(out, "Recounted {} of {}", counted(difference.rows, "row"), name_of(difference.of))?;
            }
            Ok(())
        }
        LibraryRepair::Saved { tables, kept_aside } => {
            let mut table = Table::new(["Table", "Copied", "Lost", "Not copied"]);
            table.align_right([1, 2, 3]);
            let of_interest = |table: &&SavedTable| table.copied > 0 || !table.is_whole();
            for saved in tables.iter().filter(of_interest) {
                let lost = saved.lost.map_or_else(|| "unknown".to_owned(), grouped);
                table.add([saved.table.clone(), grouped(saved.copied), lost, grouped(saved.not_copied)]);
            }
            table.write(out)?;
            writeln!(out, "Rows that refer to a row that does not exist are not copied. The old file is {kept_aside}")
        }
    }
}
