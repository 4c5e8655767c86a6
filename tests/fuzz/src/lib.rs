//! Everything that reads untrusted input, as functions that take any bytes and panic if a promise is broken. libFuzzer
//! calls them (`targets/`, `make fuzz`), and an ordinary test calls them with the inputs in `corpus/`.

#![forbid(unsafe_code)]

mod answers;
mod exif;
mod images;
mod queries;
mod read_datasets;
mod recipe_files;
mod streams;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub use answers::answer;
pub use exif::exif;
pub use images::image;
pub use queries::query;
pub use read_datasets::dataset;
pub use recipe_files::recipe;
pub use streams::{sse, stream};

/// A target: the name of its folder in `corpus/`, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 8] = [
    ("image", image),
    ("exif", exif),
    ("answer", answer),
    ("sse", sse),
    ("stream", stream),
    ("dataset", dataset),
    ("query", query),
    ("recipe", recipe),
];

/// A folder of this process, in memory where the system has such a place.
static SCRATCH: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a temporary folder")
});

/// Writes a file for the readers that take a path. One target runs at a time.
fn scratch_file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = SCRATCH.path().join(name);
    fs::write(&path, bytes).expect("a temporary file");
    path
}

/// The first `count` bytes, as choices, and the rest.
fn choices(input: &[u8], count: usize) -> Option<(&[u8], &[u8])> {
    input.split_at_checked(count)
}

fn pick<T>(among: &[T], choice: u8) -> &T {
    &among[usize::from(choice) % among.len()]
}
