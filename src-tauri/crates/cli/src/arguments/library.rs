//! `library`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark library info\n  \
    fieldmark library check\n  \
    fieldmark library backup --out photos.fieldmark.zip\n  \
    fieldmark library restore photos.fieldmark.zip\n  \
    fieldmark library relink /media/photos --dry-run\n  \
    fieldmark library prune --dry-run\n  \
    fieldmark library repair\n\n\
    docs/library.md says where a library is on each system, and how to move it to another computer.")]
pub struct LibraryArguments {
    #[command(subcommand)]
    pub command: LibraryCommand,
}

#[derive(Subcommand)]
pub enum LibraryCommand {
    /// Show where the library is, what it takes on disk and what is in it
    Info,
    /// Check the database, its counts and the originals; changes nothing
    Check,
    /// Write the library into one file; it may be in use meanwhile
    ///
    /// The file has the database, the settings (which hold no keys), metrics, and the photos that are in the library's folder:
    /// uploaded ones and the samples. Other photos stay where they are.
    Backup {
        /// The file to write, such as photos.fieldmark.zip
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Also thumbnails, which are otherwise generated again from the photos
        #[arg(long)]
        with_thumbnails: bool,
    },
    /// Restore the library from a backup
    Restore {
        /// The backup
        file: PathBuf,
        /// Keep a library that is there in a folder beside it, and replace it
        #[arg(long)]
        replace: bool,
    },
    /// Find photos again that were moved, by their content
    Relink {
        /// The folder to look in
        folder: PathBuf,
        /// Only show what would be found
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove thumbnails, uploads, exports and copies that nothing needs, and compact the database
    Prune {
        /// Only show what would be removed
        #[arg(long)]
        dry_run: bool,
    },
    /// Rebuild indexes and counts, or save what can be read of a damaged database; the damaged file is kept
    Repair,
}
