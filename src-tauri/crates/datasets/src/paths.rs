//! Paths in a dataset, with slashes on every system: their parts, and what these say.

use crate::model::DatasetSplit;

/// The name of the index in a dataset folder.
pub const INDEX: &str = "fieldmark.jsonl";

/// The name of the annotation file beside the images of a single-file dataset, without its extension.
pub const EXPORTED_STEM: &str = "annotations";

/// Whether a file or folder is one that macOS or Windows adds.
pub fn is_of_system(part: &str) -> bool {
    part == "__MACOSX" || part.starts_with("._") || matches!(part, ".DS_Store" | "Thumbs.db")
}

/// Whether a path is one below a folder.
pub fn is_inside(path: &str) -> bool {
    !path.split('/').any(|part| matches!(part, "" | "." | ".."))
}

/// The path of a file that is named in another one, relative to its folder.
pub fn beside(other: &str, name: &str) -> String {
    other.rsplit_once('/').map_or_else(|| name.to_owned(), |(folder, _)| format!("{folder}/{name}"))
}

/// The last part of a path.
pub fn file_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A path without the extension of its last part.
pub fn stem(path: &str) -> &str {
    let folder = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[folder..].rfind('.') {
        Some(dot) if dot > 0 => &path[..folder + dot],
        _ => path,
    }
}

/// Whether a path has this extension, which is without its dot and in lower case.
pub fn has_extension(path: &str, extension: &str) -> bool {
    path[stem(path).len()..].strip_prefix('.').is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

/// The split that a folder or file is named after.
pub fn split_named(name: &str) -> Option<DatasetSplit> {
    match name.to_ascii_lowercase().as_str() {
        "train" | "training" => Some(DatasetSplit::Train),
        "val" | "valid" | "validation" | "dev" => Some(DatasetSplit::Validation),
        "test" | "testing" => Some(DatasetSplit::Test),
        _ => None,
    }
}

/// The split that one of the folders of `path` is named after.
pub fn split_of_path(path: &str) -> Option<DatasetSplit> {
    path.rsplit('/').skip(1).find_map(split_named)
}
