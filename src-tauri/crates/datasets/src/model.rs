//! The neutral dataset that all formats are written from and read into.
//!
//! Coordinates are pixels of the *upright* image: EXIF orientation applied, origin at the top left, with fractions.
//! What a format does not state is `None` or empty.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use domain::annotation::{AttributeValue, Origin, RejectReason, ReviewState, Status};
use domain::export::AnnotationSelection;
use domain::geometry::{Orientation, PixelSize};
use domain::ids::RunId;
use domain::recipe::{AttributeKind, comparable};
use domain::run_state::FailureKind;
use domain::shape::Shape;

use serde::{Deserialize, Serialize};

use crate::error::{DatasetError, Result};

/// Info of a dataset. A writer gets it before the first image, with tables only if its format holds them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DatasetInfo {
    /// A one-line description.
    pub description: String,
    /// RFC 3339; empty if unknown.
    pub created_at: String,
    /// The exported run. Only its confidences are scores; without a run, all are.
    pub run: Option<DatasetRun>,
    /// Which annotations were selected.
    pub selection: Option<AnnotationSelection>,
    /// All labels of the dataset, used or not.
    pub labels: LabelTable,
    /// All attributes of its annotations.
    pub attributes: Vec<DatasetAttribute>,
}

/// A run with annotations in the dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetRun {
    pub id: RunId,
    pub model: String,
    pub recipe: String,
}

/// An attribute of annotations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetAttribute {
    pub name: String,
    /// `None` if no recipe defines it.
    pub kind: Option<AttributeKind>,
}

/// The labels of a dataset with their numbers. Spellings of one label share an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelTable {
    labels: Vec<DatasetLabel>,
    /// Index in `labels` by spelling: those in the table, and those of [`LabelTable::numbered`].
    places: HashMap<String, usize>,
    /// The same by normalized spelling.
    comparable_places: HashMap<String, usize>,
}

/// An entry of a [`LabelTable`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetLabel {
    pub id: u64,
    pub name: String,
}

impl LabelTable {
    /// Numbers `names` from 1 in order. The first spelling of a name is kept.
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

    /// Adds a label with its number in a file. Of two labels with one name, the first is found by name.
    pub fn add(&mut self, id: u64, name: String) {
        let place = self.labels.len();
        self.comparable_places.entry(comparable(&name)).or_insert(place);
        self.places.entry(name.clone()).or_insert(place);
        self.labels.push(DatasetLabel { id, name });
    }

    /// Adds the labels of a file that are not yet in the table, with the next numbers.
    pub fn extend(&mut self, names: &[String]) {
        let is_first = self.labels.is_empty();
        for name in names {
            // The list of one file is kept as it is, because annotations refer to its entries.
            if is_first || !self.places.contains_key(name) {
                self.add(self.labels.len() as u64 + 1, name.clone());
            }
        }
    }

    #[must_use]
    pub fn labels(&self) -> &[DatasetLabel] {
        &self.labels
    }

    /// The index of a label, from 0, in any spelling.
    pub fn index_of(&self, label: &str) -> Result<usize> {
        let place = self.places.get(label).or_else(|| self.comparable_places.get(&comparable(label)));
        place.copied().ok_or_else(|| DatasetError::UnknownLabel(label.to_owned()))
    }

    /// The entry of a label, in any spelling.
    pub fn find(&self, label: &str) -> Result<&DatasetLabel> {
        Ok(&self.labels[self.index_of(label)?])
    }
}

/// A split of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetSplit {
    Train,
    Validation,
    Test,
}

impl DatasetSplit {
    /// As in Hugging Face and Open Images.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }

    /// As in YOLO, Pascal VOC and Datumaro.
    #[must_use]
    pub const fn short_name(self) -> &'static str {
        match self {
            Self::Validation => "val",
            Self::Train | Self::Test => self.name(),
        }
    }
}

/// An image with its annotations.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DatasetImage {
    /// Unique in the dataset; the library's id if it comes from one.
    pub id: u64,
    /// Path relative to the dataset's folder, with slashes on every system. A file outside that folder has its absolute
    /// path or its name.
    pub file_name: String,
    /// Of the upright image.
    pub size: Option<PixelSize>,
    pub stored: Option<StoredImage>,
    /// BLAKE3 of the file's bytes, hexadecimal.
    pub hash: Option<String>,
    pub review: Option<ReviewState>,
    /// Why it has no answer. Otherwise an image without annotations is a negative.
    pub failure: Option<DatasetFailure>,
    /// The image whose annotations were propagated to it.
    pub propagated_from: Option<u64>,
    /// Whether no file of the image exists any more; `file_name` is then its last path.
    pub is_missing: bool,
    /// Other files with the same content, named like `file_name`.
    pub other_files: Vec<String>,
    pub split: Option<DatasetSplit>,
    /// Path of its file on this computer, for formats that include images.
    pub path: Option<PathBuf>,
    pub annotations: Vec<DatasetAnnotation>,
}

impl DatasetImage {
    /// # Errors
    ///
    /// If the size is unknown.
    pub fn known_size(&self) -> Result<PixelSize> {
        self.size.ok_or_else(|| DatasetError::UnknownSize { image: self.file_name.clone() })
    }
}

/// How the file stores the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredImage {
    /// Before the orientation is applied.
    pub size: PixelSize,
    pub orientation: Orientation,
}

/// Why an image failed.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetFailure {
    pub kind: FailureKind,
    pub message: String,
    /// Requests sent for it.
    pub requests: Option<u32>,
    pub cost_dollars: Option<f64>,
}

/// An annotation with its provenance and decision.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetAnnotation {
    /// The library's id if it comes from one.
    pub id: Option<u64>,
    pub label: String,
    pub shape: Shape,
    pub attributes: BTreeMap<String, AttributeValue>,
    /// The model's confidence, 0 to 1.
    pub confidence: Option<f32>,
    /// Its layer: a run or a person.
    pub origin: Option<Origin>,
    /// A person's decision.
    pub status: Option<Status>,
    pub reject_reason: Option<RejectReason>,
    /// The similar image that it was propagated from.
    pub propagated_from: Option<u64>,
    /// Annotations of one image with the same group are parts of one object.
    pub group: Option<u64>,
    /// Whether it covers a crowd of objects.
    pub is_crowd: bool,
}

impl DatasetAnnotation {
    /// An annotation without further data.
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
