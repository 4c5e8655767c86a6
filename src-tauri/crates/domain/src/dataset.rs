//! Dataset formats as shown to users: names, features, and what a dataset loses.

use serde::{Deserialize, Serialize};

/// The id of a format, such as `coco`. The registry of formats knows the valid ones.
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

/// Description of a dataset format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FormatDescriptor {
    /// See [`FormatId`].
    pub id: &'static str,
    pub title: Translated,
    /// What it is for.
    pub summary: Translated,
    pub group: FormatGroup,
    pub package: Package,
    /// Of the file, or of the annotation files in a folder or archive.
    pub media_type: &'static str,
    /// All features that it can hold, with its options at their defaults.
    pub holds: &'static [Feature],
    /// Whether other programs accept a dataset without annotations.
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

    /// Whether its files are pictures made of the images, such as crops.
    #[must_use]
    pub fn writes_pictures(&self) -> bool {
        self.media_type.starts_with("image/")
    }
}

/// What a format is mostly for; lists of formats are grouped by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum FormatGroup {
    Training,
    /// Annotation tools and viewers.
    Tools,
    /// Tables, lines and pictures.
    Tables,
}

/// How a dataset is stored on disk.
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

/// An option of a format, such as the task of a YOLO dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FormatOption {
    /// As typed.
    pub name: &'static str,
    pub title: Translated,
    /// The first is the default.
    pub values: &'static [&'static str],
}

/// A feature that not every format can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Feature {
    Boxes,
    /// Boxes as polygons of four corners.
    BoxOutlines,
    Polygons,
    /// Polygons as bounding boxes.
    PolygonBounds,
    /// Polygons as the smallest rectangles around them, in any direction.
    PolygonRectangles,
    /// Points as key points of the object that they belong to, with its data.
    KeyPoints,
    Points,
    ImageTags,
    Captions,
    /// Annotations without a confidence.
    UnscoredAnnotations,
    /// Images without annotations, which are negatives.
    EmptyImages,
    /// Images that no model could answer.
    FailedImages,
    Attributes,
    /// Types of attribute values: text, number or boolean.
    AttributeTypes,
    Confidences,
    /// Decisions of people, with reasons.
    Decisions,
    /// The run or person of an annotation.
    Origins,
    AnnotationIds,
    /// Grouping of annotations into objects.
    Groups,
    /// Crowd annotations.
    Crowds,
    /// The stored size of an image and its EXIF orientation.
    StoredSizes,
    Hashes,
    /// The review state of an image.
    ReviewStates,
    /// The source image of propagated annotations.
    ImageOrigins,
    /// Whether the image's file is missing.
    MissingFiles,
    /// Other files with the same content.
    OtherFiles,
    /// Number and cost of requests for a failed image.
    FailureCosts,
    Splits,
    /// A label table. Annotations refer to it by number, so that all have the same spelling.
    LabelTable,
    /// An attribute table, such as the columns of CSV.
    AttributeTable,
    /// Run, model and recipe of the dataset.
    Description,
}

impl Feature {
    pub const ALL: [Self; 31] = [
        Self::Boxes,
        Self::BoxOutlines,
        Self::Polygons,
        Self::PolygonBounds,
        Self::PolygonRectangles,
        Self::KeyPoints,
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

    /// What happens to an annotation or image in a format without the feature.
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

/// Effect of a loss on the affected annotations or images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum LossKind {
    AnnotationLeftOut,
    ImageLeftOut,
    /// Included without the feature.
    Simplified,
}

/// A loss, because the format does not have a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Loss {
    pub feature: Feature,
    pub kind: LossKind,
    /// Affected annotations or images.
    pub count: u32,
}
