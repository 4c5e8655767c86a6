//! Importing datasets: annotations that other programs, models or people have made become a layer of the library.
//!
//! [`matching`] finds the image of the library that an image of the file is, [`sizing`] places its annotations on the
//! upright image, and [`labels`] says what its labels become.

pub mod labels;
pub mod matching;
pub mod sizing;

use serde::{Deserialize, Serialize};

use crate::annotation::{ReviewState, Shape, Status};
use crate::dataset::FormatId;
use crate::geometry::PixelSize;
use crate::ids::{CollectionId, ImageId, RecipeId, RunId};
use labels::{ImportedLabel, LabelMapping};
use matching::MatchMethod;

/// What imported annotations are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ImportRole {
    /// What runs are measured against: a locked layer, shown alone.
    GroundTruth,
    /// Proposals of a model: reviewed like those of a run.
    Predictions,
    /// Earlier work of people: accepted, or as the file states.
    Work,
}

impl ImportRole {
    pub const ALL: [Self; 3] = [Self::GroundTruth, Self::Predictions, Self::Work];

    /// The status of an annotation that has the status `stated` in the file. `None`: it is not imported, because rejected
    /// annotations are no ground truth.
    #[must_use]
    pub fn status(self, stated: Option<Status>) -> Option<Status> {
        match self {
            Self::GroundTruth => (stated != Some(Status::Rejected)).then_some(Status::GroundTruth),
            Self::Predictions => Some(Status::Proposed),
            Self::Work => Some(stated.filter(|status| *status != Status::GroundTruth).unwrap_or(Status::Accepted)),
        }
    }

    /// What the import states about an image: what the file states, or, of people's work without a statement, that it
    /// is reviewed. `before` is what was stated in the library, which only an unreviewed image changes; but an image
    /// with approved annotations is not empty. `None`: it stays as it is.
    #[must_use]
    pub fn review(
        self,
        before: ReviewState,
        stated: Option<ReviewState>,
        found: StatusesOnImage,
    ) -> Option<ReviewState> {
        if self != Self::Work {
            return None;
        }
        let reviewed = if found.has_approved { ReviewState::Reviewed } else { ReviewState::ConfirmedEmpty };
        let after = match (before, stated) {
            (ReviewState::ConfirmedEmpty, _) if found.has_approved => ReviewState::Reviewed,
            (ReviewState::Reviewed | ReviewState::ConfirmedEmpty, _) | (_, Some(ReviewState::Unreviewed)) => {
                return None;
            }
            (ReviewState::Unreviewed, None) if found.has_proposed => return None,
            (ReviewState::Unreviewed, _) => reviewed,
        };
        Some(after)
    }
}

/// Whether an import brings annotations of each kind to an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatusesOnImage {
    pub has_proposed: bool,
    pub has_approved: bool,
}

impl StatusesOnImage {
    pub fn add(&mut self, status: Status) {
        self.has_proposed |= status == Status::Proposed;
        self.has_approved |= status.is_approved();
    }
}

/// What to import, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DatasetImportRequest {
    /// A file, a folder or an archive on this computer.
    pub path: String,
    /// `None`: detected.
    pub format: Option<FormatId>,
    pub role: ImportRole,
    /// Only images of this collection are matched; `None` for all.
    pub collection: Option<CollectionId>,
    /// The recipe whose labels the file's are compared with; `None` for the labels of the library.
    pub recipe: Option<RecipeId>,
    /// What labels of the file become, instead of what is suggested.
    pub mapping: Vec<LabelMapping>,
}

/// Images of the file that were matched, by how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MatchCounts {
    pub by_path: u32,
    pub by_name_and_size: u32,
    pub by_hash: u32,
}

impl MatchCounts {
    pub fn add(&mut self, method: MatchMethod) {
        *match method {
            MatchMethod::Path => &mut self.by_path,
            MatchMethod::NameAndSize => &mut self.by_name_and_size,
            MatchMethod::Hash => &mut self.by_hash,
        } += 1;
    }

    #[must_use]
    pub const fn total(self) -> u32 {
        self.by_path + self.by_name_and_size + self.by_hash
    }
}

/// Images of the file that are not imported, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SkippedImages {
    pub images: u32,
    /// On these images.
    pub annotations: u32,
    /// The first of them.
    pub named: Vec<SkippedImage>,
}

/// An image of the file that is not imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SkippedImage {
    pub file_name: String,
    /// What tells why: the files of the library that match equally well, or the two sizes.
    pub details: Vec<String>,
}

impl SkippedImages {
    /// How many are named.
    pub const MOST_NAMED: usize = 500;

    pub fn add(&mut self, file_name: &str, details: Vec<String>) {
        self.images += 1;
        if self.named.len() < Self::MOST_NAMED {
            self.named.push(SkippedImage { file_name: file_name.to_owned(), details });
        }
    }
}

/// Parts of the file that the format's reader skipped for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SkippedParts {
    pub reason: String,
    pub count: u32,
    /// The first place.
    pub example: String,
}

/// What an import would do, or did.
///
/// `annotations` is the sum of `imported` and all that is skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DatasetPreview {
    /// Of the file or folder.
    pub name: String,
    pub format: FormatId,
    /// Whether the format was detected.
    pub is_detected: bool,
    /// In the file.
    pub images: u32,
    /// In the file.
    pub annotations: u32,
    /// Annotations that are imported.
    pub imported: u32,
    pub matched: MatchCounts,
    /// Images of the library that get annotations or are known to have none.
    pub library_images: u32,
    /// Not in the library.
    pub unmatched: SkippedImages,
    /// Several images of the library match equally well, or several of the file match the same one.
    pub ambiguous: SkippedImages,
    /// The file states a size that the image does not have, not even scaled.
    pub disagreeing: SkippedImages,
    /// Images that no model could answer, without annotations.
    pub failed_images: u32,
    /// Matched images that were annotated as stored, before their EXIF orientation is applied.
    pub rotated: u32,
    /// Matched images that were annotated at another size.
    pub scaled: u32,
    pub labels: Vec<ImportedLabel>,
    /// Annotations that reached beyond their image, and were clipped.
    pub clipped: u32,
    /// Skipped: they lie outside their image.
    pub outside: u32,
    /// Skipped: they have no area, no finite coordinates, or no text.
    pub unusable: u32,
    /// Skipped: their label is mapped to nothing.
    pub unmapped: u32,
    /// Skipped: rejected annotations are no ground truth.
    pub rejected: u32,
    /// Skipped: an equal annotation of people is on the image already.
    pub already_here: u32,
    pub skipped: Vec<SkippedParts>,
}

impl DatasetPreview {
    /// Of a dataset of which nothing has been read.
    #[must_use]
    pub fn new(name: String, format: FormatId, is_detected: bool) -> Self {
        Self {
            name,
            format,
            is_detected,
            images: 0,
            annotations: 0,
            imported: 0,
            matched: MatchCounts::default(),
            library_images: 0,
            unmatched: SkippedImages::default(),
            ambiguous: SkippedImages::default(),
            disagreeing: SkippedImages::default(),
            failed_images: 0,
            rotated: 0,
            scaled: 0,
            labels: Vec::new(),
            clipped: 0,
            outside: 0,
            unusable: 0,
            unmapped: 0,
            rejected: 0,
            already_here: 0,
            skipped: Vec::new(),
        }
    }

    /// Annotations that are skipped, for any reason.
    #[must_use]
    pub const fn skipped(&self) -> u32 {
        self.unmatched.annotations
            + self.ambiguous.annotations
            + self.disagreeing.annotations
            + self.outside
            + self.unusable
            + self.unmapped
            + self.rejected
            + self.already_here
    }
}

/// A dry run: what an import would do, with images to check it on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DatasetDryRun {
    pub report: DatasetPreview,
    pub samples: Vec<ImportSample>,
}

/// The annotations that an import would add to an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportSample {
    pub image: ImageId,
    /// Of the upright image.
    pub size: PixelSize,
    pub annotations: Vec<SampleAnnotation>,
}

/// An annotation of a sample, as it would be imported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SampleAnnotation {
    pub label: String,
    pub shape: Shape,
}

/// A finished import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportedDataset {
    /// `None` if nothing could be imported.
    pub layer: Option<ImportedLayer>,
    pub report: DatasetPreview,
}

/// An imported layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportedLayer {
    /// Among runs and imports.
    pub id: RunId,
    pub role: ImportRole,
    /// The name of the file or folder.
    pub name: String,
    /// Its path when it was imported.
    pub path: String,
    pub format: FormatId,
    /// Milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub imported_at: u64,
    pub image_count: u32,
    pub annotation_count: u32,
    /// Undecided proposals.
    pub undecided_count: u32,
}

/// Progress of an import of annotations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DatasetImportProgress {
    /// Read from the file so far.
    pub images: u32,
    pub annotations: u32,
    /// Whether all is read and stored, and the layer is being added.
    pub is_adding: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_decides_what_becomes_of_an_annotation() {
        use Status::{Accepted, Edited, GroundTruth, Proposed, Rejected};
        let stated = [None, Some(Proposed), Some(Accepted), Some(Edited), Some(Rejected), Some(GroundTruth)];
        let status = |role: ImportRole| stated.map(|stated| role.status(stated));
        let truth = Some(GroundTruth);
        assert_eq!(status(ImportRole::GroundTruth), [truth, truth, truth, truth, None, truth]);
        assert_eq!(status(ImportRole::Predictions), [Some(Proposed); 6]);
        assert_eq!(
            status(ImportRole::Work),
            [Some(Accepted), Some(Proposed), Some(Accepted), Some(Edited), Some(Rejected), Some(Accepted)]
        );
    }

    #[test]
    fn only_work_reviews_images_and_takes_no_statement_back() {
        use ReviewState::{ConfirmedEmpty, Reviewed, Unreviewed};
        let some = StatusesOnImage { has_approved: true, has_proposed: false };
        let open = StatusesOnImage { has_approved: true, has_proposed: true };
        let none = StatusesOnImage::default();
        let review = |before, stated, found| ImportRole::Work.review(before, stated, found);
        assert_eq!(review(Unreviewed, None, some), Some(Reviewed));
        assert_eq!(review(Unreviewed, None, none), Some(ConfirmedEmpty));
        assert_eq!(review(Unreviewed, None, open), None);
        assert_eq!(review(Unreviewed, Some(Unreviewed), some), None);
        assert_eq!(review(Unreviewed, Some(Reviewed), open), Some(Reviewed));
        assert_eq!(review(Reviewed, Some(ConfirmedEmpty), none), None);
        assert_eq!(review(ConfirmedEmpty, None, some), Some(Reviewed));
        for role in [ImportRole::GroundTruth, ImportRole::Predictions] {
            assert_eq!(role.review(Unreviewed, Some(Reviewed), some), None);
        }
    }
}
