//! Dataset formats as the window and the command line show them: what each is called, what it can hold, and what a dataset
//! loses in it.

use serde::{Deserialize, Serialize};

/// The name of a format as people type it, such as `coco`. The registry of formats knows which there are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "specta", derive(specta::Type), specta(transparent))]
pub struct FormatId(pub String);

impl std::fmt::Display for FormatId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A text in every language of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Translated {
    pub en: &'static str,
    pub es: &'static str,
}

/// What a format says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FormatDescriptor {
    /// See [`FormatId`].
    pub id: &'static str,
    pub title: Translated,
    /// What it is for.
    pub summary: Translated,
    pub package: Package,
    /// Of the file, or of the files with annotations in a folder or archive.
    pub media_type: &'static str,
    /// Everything that it has a place for.
    pub holds: &'static [Feature],
    /// Whether other programs take a dataset without any annotation.
    pub can_be_empty: bool,
    pub is_readable: bool,
    pub options: &'static [FormatOption],
    /// A page that defines the format.
    pub documentation: &'static str,
}

impl FormatDescriptor {
    #[must_use]
    pub fn holds(&self, feature: Feature) -> bool {
        self.holds.contains(&feature)
    }
}

/// What a dataset in a format is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Package {
    /// One file. The extension is without its dot.
    File { extension: &'static str },
    /// A folder of files.
    Folder,
    /// One ZIP file that holds others. The extension is without its dot.
    Archive { extension: &'static str },
}

impl Package {
    /// Without its dot; `None` for a folder.
    #[must_use]
    pub const fn extension(self) -> Option<&'static str> {
        match self {
            Self::File { extension } | Self::Archive { extension } => Some(extension),
            Self::Folder => None,
        }
    }
}

/// A choice that a format leaves open, such as the task of a YOLO dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FormatOption {
    /// As people type it.
    pub name: &'static str,
    pub title: Translated,
    /// The first is the default.
    pub values: &'static [&'static str],
}

/// A part of a dataset that not every format has a place for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Feature {
    Boxes,
    Polygons,
    /// Polygons as the boxes around them.
    PolygonBounds,
    Points,
    ImageTags,
    Captions,
    /// Annotations without a confidence, beside those with one.
    UnscoredAnnotations,
    /// Images without annotations, which are negatives.
    EmptyImages,
    /// Images that no model could answer.
    FailedImages,
    Attributes,
    /// Whether the value of an attribute is text, a number, or yes or no.
    AttributeTypes,
    Confidences,
    /// What a person decided about an annotation, and why.
    Decisions,
    /// The run or person that an annotation comes from.
    Origins,
    AnnotationIds,
    /// Which annotations belong to one object.
    Groups,
    /// Whether an annotation is a crowd of objects.
    Crowds,
    /// The size of the image as its file stores it, and its EXIF orientation.
    StoredSizes,
    Hashes,
    /// What a person said about the image as a whole.
    ReviewStates,
    /// The image that annotations of the whole image were propagated from.
    ImageOrigins,
    /// Whether the file of the image is missing.
    MissingFiles,
    /// Other files that have the image.
    OtherFiles,
    /// How many requests were sent about a failed image, and what they cost.
    FailureCosts,
    Splits,
    /// A table of labels. Annotations name a label by its number in the table, so that all have its first spelling.
    LabelTable,
    /// A table of attributes, such as the columns of CSV.
    AttributeTable,
    /// The run, the model and the recipe of the dataset.
    Description,
}

impl Feature {
    pub const ALL: [Self; 28] = [
        Self::Boxes,
        Self::Polygons,
        Self::PolygonBounds,
        Self::Points,
        Self::ImageTags,
        Self::Captions,
        Self::UnscoredAnnotations,
        Self::EmptyImages,
        Self::FailedImages,
        Self::Attributes,
        Self::AttributeTypes,
        Self::Confidences,
        Self::Decisions,
        Self::Origins,
        Self::AnnotationIds,
        Self::Groups,
        Self::Crowds,
        Self::StoredSizes,
        Self::Hashes,
        Self::ReviewStates,
        Self::ImageOrigins,
        Self::MissingFiles,
        Self::OtherFiles,
        Self::FailureCosts,
        Self::Splits,
        Self::LabelTable,
        Self::AttributeTable,
        Self::Description,
    ];

    /// What becomes of an annotation or image in a format without the feature.
    #[must_use]
    pub const fn loss(self) -> LossKind {
        match self {
            Self::Boxes
            | Self::Polygons
            | Self::Points
            | Self::ImageTags
            | Self::Captions
            | Self::UnscoredAnnotations => LossKind::AnnotationLeftOut,
            Self::EmptyImages | Self::FailedImages => LossKind::ImageLeftOut,
            _ => LossKind::Simplified,
        }
    }
}

/// What a loss means for the annotations or images that are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum LossKind {
    AnnotationLeftOut,
    ImageLeftOut,
    /// It is in the dataset without the feature.
    Simplified,
}

/// What a dataset loses because its format has no place for a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Loss {
    pub feature: Feature,
    pub kind: LossKind,
    /// Annotations or images that are concerned.
    pub count: u32,
}
