//! What an export would write: the export is made without a disk, and its files are measured.

use std::collections::BTreeMap;

use datasets::MeasuredOutput;
use domain::export::{ExportEntry, ExportSample};

/// Shown files of the dataset's own folder.
const MOST_FILES: usize = 12;
/// Shown files of every other folder.
const MOST_IN_FOLDERS: usize = 1;

/// Folder names without the slash at their end.
#[derive(Default)]
struct Folder {
    files: Vec<(String, u64)>,
    folders: BTreeMap<String, Folder>,
    count: u32,
    byte_len: u64,
}

impl Folder {
    fn add(&mut self, path: &str, byte_len: u64) {
        self.count += 1;
        self.byte_len += byte_len;
        match path.split_once('/') {
            Some((folder, rest)) => self.folders.entry(folder.to_owned()).or_default().add(rest, byte_len),
            None => self.files.push((path.to_owned(), byte_len)),
        }
    }

    fn list(&self, at: &str, most: usize, entries: &mut Vec<ExportEntry>) {
        for (name, byte_len) in self.files.iter().take(most) {
            entries.push(ExportEntry { name: format!("{at}{name}"), files: 1, byte_len: *byte_len });
        }
        for (name, folder) in &self.folders {
            let name = format!("{at}{name}/");
            entries.push(ExportEntry { name: name.clone(), files: folder.count, byte_len: folder.byte_len });
            folder.list(&name, MOST_IN_FOLDERS, entries);
        }
    }
}

/// The files of an export, folders before what is in them; their number, and their length in bytes.
pub fn entries(measured: &MeasuredOutput) -> (Vec<ExportEntry>, u32, u64) {
    let mut root = Folder::default();
    measured.files.iter().for_each(|(name, byte_len)| root.add(name, *byte_len));
    let mut entries = Vec::new();
    root.list("", MOST_FILES, &mut entries);
    (entries, root.count, root.byte_len)
}

/// Whole lines, or the beginning of the first one.
pub fn sample(measured: &MeasuredOutput) -> Option<ExportSample> {
    const MOST_LINES: usize = 4;
    let (name, bytes) = measured.sample.as_ref()?;
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().take(MOST_LINES).collect();
    Some(ExportSample { name: name.clone(), text: lines.join("\n") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_counted_and_their_first_file_is_named() {
        let files = ["data.yaml", "labels/train/1.txt", "labels/train/2.txt", "labels/val/3.txt", "images/train/1.jpg"];
        let files = files.iter().map(|name| ((*name).to_owned(), 10)).collect();
        let (entries, count, byte_len) = entries(&MeasuredOutput { files, ..MeasuredOutput::default() });
        let told: Vec<(&str, u32, u64)> =
            entries.iter().map(|entry| (entry.name.as_str(), entry.files, entry.byte_len)).collect();
        assert_eq!((count, byte_len), (5, 50));
        assert_eq!(
            told,
            [
                ("data.yaml", 1, 10),
                ("images/", 1, 10),
                ("images/train/", 1, 10),
                ("images/train/1.jpg", 1, 10),
                ("labels/", 3, 30),
                ("labels/train/", 2, 20),
                ("labels/train/1.txt", 1, 10),
                ("labels/val/", 1, 10),
                ("labels/val/3.txt", 1, 10),
            ]
        );
    }
}
