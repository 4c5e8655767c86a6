//! Reads and writes files and folders that users name.

mod folder;
mod read;
mod write;

pub use folder::WholeFolder;
pub use read::{open, other_kind, read, read_into, read_to_string};
pub use write::{WholeFile, check, check_folder, open_own, write, write_private};
