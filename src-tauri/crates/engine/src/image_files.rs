//! Which file represents an image in an export: of all paths where it was seen, one below the run's roots that still
//! has this content.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use domain::ids::ImageId;
use store::View;

use crate::Result;
use crate::originals::still_holds;

/// Page size of reads, in images.
pub const PAGE: u32 = 500;

/// The files of an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageFiles {
    /// The file that represents the image; `None` if it was never seen in a file.
    pub named: Option<PathBuf>,
    /// Whether no file has this content any more; then `named` is a former path.
    pub is_missing: bool,
    /// Other files with this content.
    pub others: Vec<PathBuf>,
}

impl ImageFiles {
    /// The files of `image`, whose content is `hash`, in a run that was started on `roots`.
    pub fn of(view: &View<'_>, roots: &[PathBuf], image: ImageId, hash: &[u8; 32]) -> store::Result<Self> {
        let places = view.files_of(image)?.into_iter().map(|(path, known)| {
            let is_there = still_holds(&path, known, hash);
            (path, is_there)
        });
        Ok(Self::among(places.collect(), roots))
    }

    /// `places` are all known paths in order, each with whether the file still has this content. Files below `roots`
    /// come first, and so do files that still have the content.
    fn among(places: Vec<(PathBuf, bool)>, roots: &[PathBuf]) -> Self {
        let is_of_run = |path: &Path| roots.is_empty() || roots.iter().any(|root| path.starts_with(root));
        let rank = |(path, is_there): &(PathBuf, bool)| (!is_there, !is_of_run(path));
        let Some(first) = places.iter().min_by_key(|place| rank(place)).cloned() else {
            return Self { is_missing: true, ..Self::default() };
        };
        let (named, is_there) = first;
        let others = places.into_iter().filter(|(path, is_there)| *is_there && *path != named);
        Self { others: others.map(|(path, _)| path).collect(), named: Some(named), is_missing: !is_there }
    }
}

/// The files of the images of an export.
pub struct NamedFiles {
    files: HashMap<ImageId, ImageFiles>,
    /// Their deepest common folder; `None` if there is none.
    pub folder: Option<PathBuf>,
}

impl NamedFiles {
    /// The files of `images`, each with the hash of its content. Files below `roots` come first.
    pub fn of(
        view: &View<'_>,
        roots: &[PathBuf],
        images: impl IntoIterator<Item = (ImageId, [u8; 32])>,
    ) -> Result<Self> {
        let mut files = HashMap::new();
        for (image, hash) in images {
            files.insert(image, ImageFiles::of(view, roots, image, &hash)?);
        }
        let named = |is_wanted: fn(&ImageFiles) -> bool| {
            shared_folder(files.values().filter(|files| is_wanted(files)).filter_map(|files| files.named.as_deref()))
        };
        // Missing files say nothing about where the others are.
        let folder = named(|files| !files.is_missing).or_else(|| named(|_| true));
        Ok(Self { files, folder })
    }

    pub fn of_image(&self, image: ImageId) -> ImageFiles {
        self.files.get(&image).cloned().unwrap_or_default()
    }

    /// The path relative to the common folder, with slashes on every system; the whole path if it is outside.
    pub fn name_of(&self, path: &Path) -> String {
        match self.folder.as_deref().and_then(|folder| path.strip_prefix(folder).ok()) {
            Some(below) => below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"),
            None => path.to_string_lossy().into_owned(),
        }
    }
}

/// The deepest common folder of all files.
fn shared_folder<'a>(mut files: impl Iterator<Item = &'a Path>) -> Option<PathBuf> {
    let mut shared = files.next()?.parent()?.to_owned();
    for file in files {
        while !file.starts_with(&shared) {
            if !shared.pop() {
                return None;
            }
        }
    }
    (!shared.as_os_str().is_empty()).then_some(shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_named_by_a_file_of_the_run_that_is_still_there() {
        let roots = [PathBuf::from("/data/train"), PathBuf::from("/data/one.jpg")];
        let files = |places: &[(&str, bool)]| {
            let places = places.iter().map(|(path, is_there)| (PathBuf::from(path), *is_there)).collect();
            let files = ImageFiles::among(places, &roots);
            let others: Vec<_> = files.others.iter().map(|path| path.to_str().unwrap().to_owned()).collect();
            (files.named.unwrap().to_str().unwrap().to_owned(), files.is_missing, others)
        };
        let said = |named: &str, is_missing, others: &[&str]| {
            (named.to_owned(), is_missing, others.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let [backup, train, later] = ["/data/backup/a.jpg", "/data/train/a.jpg", "/data/train/b.jpg"];
        assert_eq!(files(&[(backup, true), (train, true), (later, true)]), said(train, false, &[backup, later]));
        assert_eq!(files(&[(backup, true), (train, false), (later, true)]), said(later, false, &[backup]));
        assert_eq!(files(&[(backup, true), (train, false)]), said(backup, false, &[]));
        assert_eq!(files(&[(backup, false), (train, false)]), said(train, true, &[]));
        assert_eq!(files(&[("/data/on.jpg", true), ("/data/one.jpg", true)]).0, "/data/one.jpg");
        assert_eq!(files(&[("/data/trainer/a.jpg", true), (train, true)]).0, train);
        assert!(ImageFiles::among(Vec::new(), &roots).is_missing);
    }

    #[test]
    fn file_names_start_from_the_folder_that_all_images_share() {
        let shared = |paths: &[&str]| shared_folder(paths.iter().map(Path::new));
        assert_eq!(shared(&["/photos/may/1.jpg", "/photos/may/1.jpg"]), Some("/photos/may".into()));
        assert_eq!(shared(&["/photos/may/1.jpg", "/photos/mayor/1.jpg"]), Some("/photos".into()));
        assert_eq!(shared(&["/photos/1.jpg", "/photos/may/1.jpg"]), Some("/photos".into()));
        assert_eq!(shared(&[]), None);
        let files = NamedFiles { files: HashMap::new(), folder: Some("/photos".into()) };
        assert_eq!(files.name_of(Path::new("/photos/may/1.jpg")), "may/1.jpg");
        assert_eq!(files.name_of(Path::new("/backup/1.jpg")), "/backup/1.jpg");
    }
}
