//! The neutral dataset that every format is written from and read into.
//!
//! Coordinates are pixels of the *upright* image: EXIF orientation applied, origin at the top left, fractions kept. What a
//! format does not say is `None` or empty; nothing is made up.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use domain::annotation::{AttributeValue, Origin, RejectReason, ReviewState, Status};
use domain::export::AnnotationSelection;
use domain::geometry::{Orientation, PixelSize};
use domain::ids::RunId;
use domain::recipe::{AttributeKind, comparable};
use domain::run_state::FailureKind;
use domain::shape::Shape;

use crate::error::{DatasetError, Result};

/// What concerns a dataset as a whole. A writer has it before the first image, the tables where its format holds them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DatasetInfo {
    /// What it is, in one line.
    pub description: String,
    /// RFC 3339; empty where it is not known.
    pub created_at: String,
    /// The run that the dataset is an export of. Only its confidences are scores; without one, all are.
    pub run: Option<DatasetRun>,
    /// Which of the annotations that there are were taken.
    pub selection: Option<AnnotationSelection>,
    /// Every label of the dataset, used or not.
    pub labels: LabelTable,
    /// Every attribute of its annotations.
    pub attributes: Vec<DatasetAttribute>,
}

/// A run that annotations come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetRun {
    pub id: RunId,
    pub model: String,
    pub recipe: String,
}

/// An attribute that annotations may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetAttribute {
    pub name: String,
    /// `None` where no recipe defines it.
    pub kind: Option<AttributeKind>,
}

/// The labels of a dataset with their numbers. A label is one entry in whatever spelling.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelTable {
    labels: Vec<DatasetLabel>,
    /// Places in `labels` by spelling: those in the table, and those of [`LabelTable::numbered`].
    places: HashMap<String, usize>,
    /// The same by what is compared of a spelling.
    comparable_places: HashMap<String, usize>,
}

/// An entry of a [`LabelTable`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetLabel {
    pub id: u64,
    pub name: String,
}

impl LabelTable {
    /// Numbers `names` from 1 in their order. The first spelling of a name counts.
    #[must_use]
    pub fn numbered(names: impl IntoIterator<Item = String>) -> Self {
        let mut table = Self::default();
        for name in names {
            match table.comparable_places.get(&comparable(&name)) {
                Some(&place) => {
                    table.places.insert(name, place);
                }
                None => table.add(table.labels.len() as u64 + 1, name),
            }
        }
        table
    }

    /// Adds a label with the number that a file gives it. Of two labels of one name, the first is found by name.
    pub fn add(&mut self, id: u64, name: String) {
        let place = self.labels.len();
        self.comparable_places.entry(comparable(&name)).or_insert(place);
        self.places.entry(name.clone()).or_insert(place);
        self.labels.push(DatasetLabel { id, name });
    }

    #[must_use]
    pub fn labels(&self) -> &[DatasetLabel] {
        &self.labels
    }

    /// The place of a label in the table, from 0, in whatever spelling.
    pub fn index_of(&self, label: &str) -> Result<usize> {
        let place = self.places.get(label).or_else(|| self.comparable_places.get(&comparable(label)));
        place.copied().ok_or_else(|| DatasetError::UnknownLabel(label.to_owned()))
    }

    /// The entry of a label, in whatever spelling.
    pub fn find(&self, label: &str) -> Result<&DatasetLabel> {
        Ok(&self.labels[self.index_of(label)?])
    }
}

/// A part of a dataset by what it is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatasetSplit {
    Train,
    Validation,
    Test,
}

/// An image with its annotations.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DatasetImage {
    /// Its number in the dataset, unique there: the library's where it comes from one.
    pub id: u64,
    /// The path of its file below the folder of the dataset, with slashes on every system. Where the file is not below
    /// that folder, its whole path or bare name.
    pub file_name: String,
    /// Of the upright image.
    pub size: Option<PixelSize>,
    pub stored: Option<StoredImage>,
    /// BLAKE3 of the file's bytes, hexadecimal.
    pub hash: Option<String>,
    pub review: Option<ReviewState>,
    /// Why it has no answer. Without this, an image without annotations is a negative.
    pub failure: Option<DatasetFailure>,
    /// The image whose annotations this one was given instead of being sent to the model.
    pub propagated_from: Option<u64>,
    /// Whether no file has the image any more; `file_name` is then where one was.
    pub is_missing: bool,
    /// Other files that have it, named as `file_name` is.
    pub other_files: Vec<String>,
    pub split: Option<DatasetSplit>,
    /// Where its file is on this computer, for formats that images belong to.
    pub path: Option<PathBuf>,
    pub annotations: Vec<DatasetAnnotation>,
}

impl DatasetImage {
    /// # Errors
    /// Where the size is not known.
    pub fn known_size(&self) -> Result<PixelSize> {
        self.size.ok_or_else(|| DatasetError::UnknownSize { image: self.file_name.clone() })
    }
}

/// How the file of an image stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredImage {
    /// Before the orientation is applied.
    pub size: PixelSize,
    pub orientation: Orientation,
}

/// Why an image has no answer.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetFailure {
    pub kind: FailureKind,
    pub message: String,
    /// Requests that were sent about it.
    pub requests: Option<u32>,
    pub cost_dollars: Option<f64>,
}

/// An annotation, with where it comes from and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetAnnotation {
    /// The library's number where it comes from one.
    pub id: Option<u64>,
    pub label: String,
    pub shape: Shape,
    pub attributes: BTreeMap<String, AttributeValue>,
    /// 0 to 1, as the model stated it.
    pub confidence: Option<f32>,
    /// The layer that it belongs to: a run or a person.
    pub origin: Option<Origin>,
    /// What a person decided.
    pub status: Option<Status>,
    pub reject_reason: Option<RejectReason>,
    /// The image on which the run found it, when that is a similar one.
    pub propagated_from: Option<u64>,
    /// Annotations of one image with the same group are parts of one object.
    pub group: Option<u64>,
    /// Whether it stands for a crowd of objects.
    pub is_crowd: bool,
}

impl DatasetAnnotation {
    /// An annotation of which nothing else is known.
    #[must_use]
    pub fn new(label: impl Into<String>, shape: Shape) -> Self {
        Self {
            id: None,
            label: label.into(),
            shape,
            attributes: BTreeMap::new(),
            confidence: None,
            origin: None,
            status: None,
            reject_reason: None,
            propagated_from: None,
            group: None,
            is_crowd: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_numbered_from_one_and_are_one_in_any_spelling() {
        let names = ["zebra", "caf\u{e9}", "ZEBRA", "bell", "Bell!", "zebras", "cafe\u{301}"].map(String::from);
        let table = LabelTable::numbered(names);
        let listed: Vec<(u64, &str)> = table.labels().iter().map(|label| (label.id, label.name.as_str())).collect();
        assert_eq!(listed, [(1, "zebra"), (2, "caf\u{e9}"), (3, "bell"), (4, "zebras")]);
        for (label, id) in
            [("ZEBRA", 1), ("Caf\u{e9}", 2), ("cafe\u{301}", 2), ("Bell!", 3), ("BELL", 3), ("zebras", 4)]
        {
            assert_eq!(table.find(label).unwrap().id, id, "{label}");
        }
        assert!(matches!(table.find("cat"), Err(DatasetError::UnknownLabel(_))));
    }
}
