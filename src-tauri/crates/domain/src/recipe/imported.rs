//! Recipes from files of this program and of others.

use serde::{Deserialize, Serialize};

use super::{Recipe, ShapeKind};

/// The form of a file with labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum RecipeSource {
    /// A recipe file of this program.
    RecipeFile,
    /// The labels of a CVAT project or task, as its raw JSON.
    Cvat,
    /// The labeling configuration of Label Studio, XML.
    LabelStudio,
    /// The categories of a COCO file, JSON.
    Coco,
    /// The `data.yaml` of a YOLO dataset.
    Yolo,
    /// One label per line.
    List,
}

impl RecipeSource {
    pub const ALL: [Self; 6] = [Self::RecipeFile, Self::Cvat, Self::LabelStudio, Self::Coco, Self::Yolo, Self::List];
}

/// A recipe that was read from a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportedRecipe {
    pub recipe: Recipe,
    pub source: RecipeSource,
    /// What the recipe does not hold of the file, or holds in another form.
    pub remarks: Vec<ImportRemark>,
}

/// Something in a file that a recipe does not hold, or holds in another form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportRemark {
    /// The label, attribute or element; empty if it is about the whole file.
    pub about: String,
    pub remark: ImportRemarkKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ImportRemarkKind {
    /// A setting without a counterpart, under its name in the file.
    SettingNotImported { setting: String },
    /// A kind of annotation without a counterpart, under its name in the file.
    ShapeNotImported { shape: String },
    /// A kind of annotation that became another one.
    ShapeChanged { shape: String, became: ShapeKind },
    /// An attribute or label of another name or kind than in the file.
    Changed { became: String },
    /// An attribute of some labels, which is now one of all annotations.
    OfAllLabels,
    /// A second entry of this name.
    DuplicateNotImported,
    /// An entry without a readable name.
    EntryNotImported { entry: String },
}

impl std::fmt::Display for ImportRemark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.about.is_empty() {
            write!(f, "{}: ", self.about)?;
        }
        match &self.remark {
            ImportRemarkKind::SettingNotImported { setting } => write!(f, "{setting} is not imported"),
            ImportRemarkKind::ShapeNotImported { shape } => write!(f, "annotations of kind {shape} are not imported"),
            ImportRemarkKind::ShapeChanged { shape, became } => {
                let became = match became {
                    ShapeKind::Box => "boxes",
                    ShapeKind::Point => "points",
                    ShapeKind::Polygon => "polygons",
                    ShapeKind::ImageTag => "image tags",
                    ShapeKind::Caption => "captions",
                };
                write!(f, "annotations of kind {shape} become {became}")
            }
            ImportRemarkKind::Changed { became } => write!(f, "it becomes {became}"),
            ImportRemarkKind::OfAllLabels => f.write_str("applied to some labels; now applies to all"),
            ImportRemarkKind::DuplicateNotImported => f.write_str("duplicate: only the first one is imported"),
            ImportRemarkKind::EntryNotImported { entry } => write!(f, "{entry} has no name and is not imported"),
        }
    }
}
