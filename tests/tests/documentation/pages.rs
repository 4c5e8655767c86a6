//! Pages of Markdown: the project's, and their fences.

use std::fs;
use std::path::{Path, PathBuf};

use fieldmark_tests::repository;

/// Every page of the project, in the folders that have some.
pub fn all() -> Vec<PathBuf> {
    let folders = ["", "docs", "docs/guide", "docs/reference", "models", "samples", "packaging", "ui"];
    let mut pages: Vec<PathBuf> = folders.iter().flat_map(|folder| in_folder(&repository(folder))).collect();
    pages.sort();
    pages
}

/// The pages directly in a folder.
pub fn in_folder(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// A fence: what stands after its backticks, and its lines.
pub struct Fence {
    pub info: String,
    pub text: String,
}

/// The fences of a page, and the text between them.
pub fn read(page: &Path) -> (Vec<Fence>, String) {
    let (mut fences, mut prose) = (Vec::new(), String::new());
    let mut open: Option<Fence> = None;
    for line in fs::read_to_string(page).unwrap().lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => open = Some(Fence { info: info.to_owned(), text: String::new() }),
            (Some(_), Some(_)) => fences.extend(open.take()),
            (None, Some(fence)) => fence.text.extend([line, "\n"]),
            (None, None) => prose.extend([line, "\n"]),
        }
    }
    assert!(open.is_none(), "{}: a fence is not closed", page.display());
    (fences, prose)
}
