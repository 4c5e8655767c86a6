//! Result of an import.

use std::io::{self, Write};

use domain::import::{SkipReason, SkippedFile};
use engine::Imported;

use super::format::{counted, counted_len, grouped};

/// More skipped files of one kind are summarized.
const MOST_OF_A_KIND: usize = 5;

/// Imported and skipped files.
pub fn import(out: &mut dyn Write, imported: &Imported) -> io::Result<()> {
    let progress = &imported.progress;
    writeln!(
        out,
        "{}: {}, {} already in the library, {} skipped",
        counted(progress.found, "file"),
        counted(progress.added, "new image"),
        grouped(progress.known.into()),
        grouped(progress.skipped.into())
    )?;
    let mut is_shortened = false;
    for (kind, files) in by_kind(&imported.skipped) {
        if files.len() > MOST_OF_A_KIND {
            is_shortened = true;
            writeln!(out, "  {}", kind.of_many(files.len()))?;
        } else {
            skipped(out, &files)?;
        }
    }
    if is_shortened {
        writeln!(out, "  `fieldmark skipped` lists them all")?;
    }
    if progress.leftovers > 0 {
        writeln!(
            out,
            "  {} of NAS systems and apps ignored; `import.includes_leftovers` in settings.toml includes them",
            counted(progress.leftovers, "system file")
        )?;
    }
    Ok(())
}

/// Every skipped file with its reason.
pub fn skipped(out: &mut dyn Write, files: &[&SkippedFile]) -> io::Result<()> {
    for file in files {
        writeln!(out, "  skipped: {}: {}", file.path, file.reason)?;
    }
    Ok(())
}

/// A kind of skipped files.
#[derive(Debug, PartialEq, Eq)]
struct Kind {
    /// "HEIC", for instance.
    format: Option<String>,
    reason: String,
}

impl Kind {
    fn of(reason: &SkipReason) -> Self {
        let (format, reason) = match reason {
            SkipReason::Empty => (None, "empty".into()),
            SkipReason::NotAnImage => (None, "not an image".into()),
            SkipReason::NotSupported { format, detail: None } => (Some(format.clone()), "not supported".into()),
            SkipReason::NotSupported { format, detail: Some(detail) } => {
                (Some(format.clone()), format!("not supported: {detail}"))
            }
            SkipReason::Damaged { .. } => (None, "damaged".into()),
            SkipReason::TooManyPixels { .. } => (None, "too many pixels".into()),
            SkipReason::TooMuchMemory { .. } => (None, "decoding needs more memory than allowed".into()),
            SkipReason::FileTooLarge { .. } => (None, "file too large".into()),
            SkipReason::Unreadable { .. } => (None, "cannot be read".into()),
        };
        Self { format, reason }
    }

    fn of_many(&self, count: usize) -> String {
        let noun = self.format.as_ref().map_or_else(|| "file".into(), |format| format!("{format} file"));
        format!("{} skipped: {}", counted_len(count, &noun), self.reason)
    }
}

/// The files by kind, in order of appearance.
fn by_kind(files: &[SkippedFile]) -> Vec<(Kind, Vec<&SkippedFile>)> {
    let mut kinds: Vec<(Kind, Vec<&SkippedFile>)> = Vec::new();
    for file in files {
        let kind = Kind::of(&file.reason);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, files)) => files.push(file),
            None => kinds.push((kind, vec![file])),
        }
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_of_a_kind_are_one_line() {
        let heic = SkipReason::NotSupported { format: "HEIC".into(), detail: None };
        let file = |name: String, reason: &SkipReason| SkippedFile { path: name, reason: reason.clone() };
        let mut files: Vec<SkippedFile> = (0..1500).map(|number| file(format!("{number}.heic"), &heic)).collect();
        files.insert(700, file("notes.txt".into(), &SkipReason::NotAnImage));
        let mut progress = domain::import::ImportProgress { found: 1501, skipped: 1501, ..Default::default() };
        progress.leftovers = 1;
        let mut out = Vec::new();
        import(&mut out, &Imported { images: Vec::new(), skipped: files, progress }).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "1,501 files: 0 new images, 0 already in the library, 1,501 skipped\n  \
             1,500 HEIC files skipped: not supported\n  \
             skipped: notes.txt: not an image\n  \
             `fieldmark skipped` lists them all\n  \
             1 system file of NAS systems and apps ignored; `import.includes_leftovers` in settings.toml includes them\n"
        );
    }
}
