//! Reads and writes files and folders that users name.

mod folder;
mod own;
mod read;
mod write;

pub use folder::WholeFolder;
pub use own::{create_new_folder, create_private_folder, first_free, sync};
pub use read::{open, other_kind, read, read_into, read_to_string};
pub use write::{WholeFile, check, check_folder, open_own, remove_abandoned, write, write_private};
