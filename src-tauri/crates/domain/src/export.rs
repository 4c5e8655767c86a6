//! Exports: which images and annotations are exported, in which format, and with what beside them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::annotation::{Annotation, ReviewState, Status};
use crate::data_card::DataCard;
use crate::dataset::{Feature, FormatId, Loss, LossKind, Package};
use crate::ids::{CollectionId, ImageId, RunId};
use crate::layers::LayerScope;
use crate::query::ImageQuery;
use crate::split::{SplitOutcome, SplitRequest};

/// Which images and annotations are exported; by default every answered image and every annotation that is not
/// rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct AnnotationSelection {
    /// For training sets: only accepted and edited annotations, on images that are reviewed or confirmed empty.
    pub is_reviewed_only: bool,
    pub includes_rejected: bool,
}

impl AnnotationSelection {
    #[must_use]
    pub fn takes_image(self, review: ReviewState) -> bool {
        !self.is_reviewed_only || review != ReviewState::Unreviewed
    }

    /// Whether `annotation` belongs to an export of `layers`.
    #[must_use]
    pub fn takes(self, annotation: &Annotation, layers: &LayerScope) -> bool {
        layers.shows(annotation)
            && match annotation.status {
                Status::Proposed => !self.is_reviewed_only,
                Status::Accepted | Status::Edited | Status::GroundTruth => true,
                Status::Rejected => self.includes_rejected,
            }
    }
}

/// The images of an export.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ExportScope {
    #[default]
    Library,
    Collection {
        id: CollectionId,
    },
    Query {
        query: ImageQuery,
    },
    Images {
        ids: Vec<ImageId>,
    },
    /// The images that a run has answered or failed to.
    Run {
        run: RunId,
    },
}

/// What happens to the image files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ImageFileMode {
    /// They stay where they are, and the dataset names them.
    #[default]
    Left,
    /// Copied into a folder with the dataset.
    Copied,
    /// Hard links in a folder with the dataset; copies on another disk.
    Linked,
    /// Copied into a ZIP file with the dataset.
    Zipped,
}

/// An export request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExportRequest {
    pub scope: ExportScope,
    /// `None`: those of the run or of the query, otherwise all.
    #[serde(default)]
    pub layers: Option<LayerScope>,
    pub annotations: AnnotationSelection,
    /// Whether images on which nothing was found are left out. Otherwise they are negatives.
    #[serde(default)]
    pub leaves_out_empty: bool,
    pub format: FormatId,
    /// Values of the format's options by name. The others have their defaults.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    #[serde(default)]
    pub images: ImageFileMode,
    /// Whether everything is also written to `fieldmark.jsonl`, including what the format cannot hold.
    #[serde(default)]
    pub keeps_everything: bool,
    #[serde(default)]
    pub split: Option<SplitRequest>,
    /// Whether a data card is written; `None`: if the dataset is a folder or an archive.
    #[serde(default)]
    pub data_card: Option<bool>,
    /// The license of the dataset: an SPDX identifier or any text. Empty if it is not stated.
    #[serde(default)]
    pub license: String,
}

impl ExportRequest {
    /// All images of `scope` in this format, with everything at its default.
    #[must_use]
    pub fn new(scope: ExportScope, format: FormatId) -> Self {
        Self {
            scope,
            layers: None,
            annotations: AnnotationSelection::default(),
            leaves_out_empty: false,
            format,
            options: BTreeMap::new(),
            images: ImageFileMode::Left,
            keeps_everything: false,
            split: None,
            data_card: None,
            license: String::new(),
        }
    }

    /// The layers whose annotations are exported.
    #[must_use]
    pub fn layers(&self) -> LayerScope {
        match (&self.layers, &self.scope) {
            (Some(layers), _) => layers.clone(),
            (None, ExportScope::Run { run }) => LayerScope::of_run(*run),
            (None, ExportScope::Query { query }) => query.layers_shown(),
            (None, _) => LayerScope::All,
        }
    }

    /// How the dataset is stored, in a format that is stored as `package`. One file becomes a folder if it is accompanied
    /// by images or split.
    #[must_use]
    pub fn package(&self, package: Package) -> Package {
        let has_images = self.images != ImageFileMode::Left;
        match package {
            Package::File { .. } | Package::Folder if self.images == ImageFileMode::Zipped => {
                Package::Archive { extension: "zip" }
            }
            Package::File { .. } if has_images || self.split.is_some() => Package::Folder,
            package => package,
        }
    }

    /// Whether a data card is written, with a dataset that is stored as `package`.
    #[must_use]
    pub fn has_data_card(&self, package: Package) -> bool {
        self.data_card.unwrap_or(!matches!(package, Package::File { .. }))
    }

    /// The default file name, unique among requests for a run. `scope` names the images, such as `run-3`.
    #[must_use]
    pub fn file_name(&self, scope: &str, package: Package) -> String {
        let reviewed = if self.annotations.is_reviewed_only { "-reviewed" } else { "" };
        let rejected = if self.annotations.includes_rejected { "-with-rejected" } else { "" };
        let extension = self.package(package).extension().map_or_else(String::new, |extension| format!(".{extension}"));
        format!("{scope}-{}{reviewed}{rejected}{extension}", self.format)
    }
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExportProgress {
    pub phase: ExportPhase,
    /// Images that the phase is done with.
    pub done: u32,
    pub total: u32,
}

/// What an export is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ExportPhase {
    /// Reading the library, and finding similar images.
    #[default]
    Preparing,
    Writing,
    /// Flushing to disk.
    Finishing,
}

/// Annotations of a layer on the images of an export, without rejected ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LayerCount {
    /// `None` for people.
    pub run: Option<RunId>,
    pub annotations: u32,
}

/// A file or folder of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExportEntry {
    /// Path in the dataset; a folder ends with a slash.
    pub name: String,
    /// Files in it; 1 for a file.
    pub files: u32,
    /// In total; links take no space.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub byte_len: u64,
}

/// What an export would write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExportPreview {
    pub exported: Exported,
    /// The suggested name of the file or folder.
    pub file_name: String,
    pub is_folder: bool,
    /// Annotations on all images of the scope by layer: the runs, newest first, then people.
    pub layers: Vec<LayerCount>,
    /// Rejected annotations on the images of the scope, in the layers.
    pub rejected: u32,
    /// Images that people confirmed as empty, exported or not.
    pub confirmed_empty: u32,
    /// Files, with folders in front of what is in them. Of many files in a folder, only the first.
    pub entries: Vec<ExportEntry>,
    pub files: u32,
    /// Of all files, in bytes.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub byte_len: u64,
    /// Whether that is an estimate: pictures are not made for a preview.
    pub is_byte_len_estimated: bool,
    /// The beginning of an annotation file, and its name.
    pub sample: Option<ExportSample>,
    /// Free space at the target in bytes; `None` without a target.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub free_bytes: Option<u64>,
    /// Whether there is a file at the target, which would be replaced, or a folder with files, which is refused.
    pub is_target_taken: bool,
    /// How good the annotations are, as the data card states it.
    pub card: DataCard,
}

/// The beginning of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExportSample {
    pub name: String,
    pub text: String,
}

/// An image file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct UnreadableFile {
    pub path: String,
    pub reason: String,
}

/// The result of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Exported {
    /// Images that were answered.
    pub images: u32,
    /// Failed images, each with its reason in formats that can hold it.
    pub failed_images: u32,
    /// Answered images without annotations.
    pub empty_images: u32,
    pub annotations: u32,
    /// What the format cannot hold, in the order of [`Feature::ALL`].
    pub losses: Vec<Loss>,
    /// Images whose files are all missing.
    pub missing: u32,
    /// Image files that could not be read: they are neither copied nor made into pictures. Their annotations are exported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableFile>,
    /// The folder that file names in the export are relative to; `None` if they are bare names, or if the images are in
    /// the dataset.
    pub folder: Option<String>,
    /// Images of the scope that no model has answered and no person has annotated: they are not exported.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unannotated: u32,
    /// What happened to the image files.
    #[serde(default, skip_serializing_if = "are_left")]
    pub image_files: ImageFileMode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitOutcome>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "for serde")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "for serde")]
fn are_left(files: &ImageFileMode) -> bool {
    *files == ImageFileMode::Left
}

impl Exported {
    /// Number of annotations or images that lost `feature`.
    #[must_use]
    pub fn lost(&self, feature: Feature) -> u32 {
        self.losses.iter().find(|loss| loss.feature == feature).map_or(0, |loss| loss.count)
    }

    /// Losses of this kind, in the order of [`Feature::ALL`].
    pub fn losses_of(&self, kind: LossKind) -> impl Iterator<Item = &Loss> {
        self.losses.iter().filter(move |loss| loss.kind == kind)
    }
}

/// An export in a file of the library, ready to be saved or dragged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ReadyExport {
    pub file_name: String,
    /// In bytes.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub byte_len: u64,
    pub exported: Exported,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::{Origin, Shape};
    use crate::geometry::Rect;
    use crate::ids::AnnotationId;

    fn annotation(origin: Origin, status: Status) -> Annotation {
        Annotation {
            id: AnnotationId(1),
            origin,
            propagated_from: None,
            label: "cat".into(),
            color: 1,
            shape: Shape::Box { rect: Rect::new(0.0, 0.0, 1.0, 1.0) },
            confidence: None,
            attributes: BTreeMap::new(),
            status,
            reject_reason: None,
            is_superseded: false,
        }
    }

    #[test]
    fn annotations_are_taken_by_whose_they_are_and_what_was_decided() {
        const RUN: RunId = RunId(2);
        const STATUSES: [Status; 4] = [Status::Proposed, Status::Accepted, Status::Edited, Status::Rejected];
        let taken = |is_reviewed_only, includes_rejected, origin| {
            let selection = AnnotationSelection { is_reviewed_only, includes_rejected };
            STATUSES.map(|status| selection.takes(&annotation(origin, status), &LayerScope::of_run(RUN)))
        };
        let own = Origin::Run { run: RUN };
        assert_eq!(taken(false, false, own), [true, true, true, false]);
        assert_eq!(taken(false, true, own), [true; 4]);
        assert_eq!(taken(true, false, own), [false, true, true, false]);
        assert_eq!(taken(true, true, own), [false, true, true, true]);
        assert_eq!(taken(false, false, Origin::Person), [true, true, true, false]);
        let other = Origin::Run { run: RunId(1) };
        assert_eq!(taken(false, true, other), [false, true, true, false], "what a person approved is theirs");
    }
}
