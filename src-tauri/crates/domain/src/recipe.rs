//! Recipes: what to find. A recipe is stored as JSON, and equal JSON means that paid answers are reused: newer fields are
//! not written at their default values.

use serde::{Deserialize, Serialize};

use crate::ids::RecipeId;

pub mod builtin;
mod example;
mod imported;
mod label_name;
mod preview;
mod problem;
mod tiling;
mod typed;

pub use example::{ExampleAnnotation, ExamplePhoto, ExampleUnits, RecipeExample};
pub use imported::{ImportRemark, ImportRemarkKind, ImportedRecipe, RecipeSource};
use label_name::are_singular_and_plural;
pub use label_name::comparable;
pub(crate) use label_name::composed;
pub use preview::{FurtherRequests, PromptTokens, RecipePreview};
pub use problem::{RecipePlace, RecipeProblem, RecipeProblemKind};
pub use tiling::{ImageParts, Tiling};
pub use typed::NothingToFind;

/// The label of the image tag that holds an image's attributes, as in CVAT.
pub const IMAGE_LABEL: &str = "image";
/// The label of every caption.
pub const CAPTION_LABEL: &str = "caption";

/// A kind of annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ShapeKind {
    Box,
    Point,
    Polygon,
    ImageTag,
    Caption,
}

impl ShapeKind {
    pub const ALL: [Self; 5] = [Self::Box, Self::Point, Self::Polygon, Self::ImageTag, Self::Caption];

    /// Whether it has a place in the image.
    #[must_use]
    pub const fn is_located(self) -> bool {
        matches!(self, Self::Box | Self::Point | Self::Polygon)
    }
}

/// A class of objects to find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Label {
    pub name: String,
    /// What counts and what does not, as told to the model. May be empty.
    #[serde(default)]
    pub definition: String,
    /// Index in the palette of twelve, from 1.
    pub color: u8,
    /// Other names that an answer may use.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// The key that chooses it in the editor: a digit from 1 to 9, or a letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<char>,
    /// The name of the label that it is a kind or a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

impl Label {
    /// A label with a name only; the color cycles through the palette of twelve by `index`.
    #[must_use]
    pub fn plain(name: impl Into<String>, index: usize) -> Self {
        Self {
            name: name.into(),
            definition: String::new(),
            color: palette_color(index),
            synonyms: Vec::new(),
            key: None,
            parent: None,
        }
    }

    /// Whether `name` means this label: its name or a synonym, in any spelling, singular or plural.
    #[must_use]
    pub fn answers_to(&self, name: &str) -> bool {
        let name = comparable(name);
        self.own_names().any(|own| own == name || are_singular_and_plural(&own, &name))
    }

    /// Its name, then its synonyms, normalized for comparison.
    fn own_names(&self) -> impl Iterator<Item = String> {
        std::iter::once(&self.name).chain(&self.synonyms).map(|own| comparable(own))
    }
}

/// The index in the palette of twelve, from 1, of the label at `index`, cyclic.
#[must_use]
pub fn palette_color(index: usize) -> u8 {
    u8::try_from(index % 12).unwrap_or_default() + 1
}

/// The type of an attribute's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum AttributeKind {
    Text,
    /// A whole number, both ends inclusive.
    Number {
        min: i32,
        max: i32,
    },
    /// One of the options.
    Choice {
        options: Vec<String>,
    },
    /// Any number of the options.
    SeveralOf {
        options: Vec<String>,
    },
    YesNo,
}

/// What an attribute describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum AttributeSubject {
    #[default]
    Annotation,
    /// The whole image: one value per image.
    Image,
}

/// Fields with their defaults are not stored.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// An attribute of annotations or of images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Attribute {
    pub name: String,
    #[serde(default)]
    pub definition: String,
    pub kind: AttributeKind,
    /// Whether an annotation without it is dropped.
    pub is_required: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub of: AttributeSubject,
}

/// What to find, and how to describe it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Recipe {
    pub name: String,
    pub labels: Vec<Label>,
    pub shapes: Vec<ShapeKind>,
    #[serde(default)]
    pub attributes: Vec<Attribute>,
    #[serde(default)]
    pub instructions: String,
    /// The language of text in answers, as a BCP 47 tag; `None` leaves it to the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Photos with the annotations that they should get.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<RecipeExample>,
    /// How large images are divided; `None` sends them whole only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiles: Option<Tiling>,
    /// Whether a second request with the same picture checks what was found in it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub check: bool,
}

impl Recipe {
    /// The recipe with the first `count` of its examples; `None` for all.
    #[must_use]
    pub fn with_most_examples(mut self, count: Option<u32>) -> Self {
        self.examples.truncate(count.map_or(usize::MAX, |count| count as usize));
        self
    }

    /// The attributes of `subject`, each with its index among all attributes.
    pub fn attributes_of(&self, subject: AttributeSubject) -> impl Iterator<Item = (usize, &Attribute)> {
        self.attributes.iter().enumerate().filter(move |(_, attribute)| attribute.of == subject)
    }

    /// Whether it has attributes of `subject`.
    #[must_use]
    pub fn has_attributes_of(&self, subject: AttributeSubject) -> bool {
        self.attributes_of(subject).next().is_some()
    }

    /// Whether it asks for attributes of the image only.
    #[must_use]
    pub fn asks_of_image_alone(&self) -> bool {
        self.shapes.is_empty() && self.has_attributes_of(AttributeSubject::Image)
    }

    /// The number of optional attributes in the schema of an answer, where annotations of every shape but captions have
    /// their own.
    #[must_use]
    pub fn optional_attribute_count(&self) -> usize {
        let optional = |subject| self.attributes_of(subject).filter(|(_, attribute)| !attribute.is_required).count();
        let shapes = self.shapes.iter().filter(|shape| **shape != ShapeKind::Caption).count();
        optional(AttributeSubject::Annotation) * shapes + optional(AttributeSubject::Image)
    }

    /// The label with this name, in any spelling.
    #[must_use]
    pub fn label_named(&self, name: &str) -> Option<&Label> {
        self.labels.iter().find(|label| label.name == name).or_else(|| {
            let name = comparable(name);
            self.labels.iter().find(|label| comparable(&label.name) == name)
        })
    }

    /// The label that an answer means: by name, otherwise by synonym, otherwise as singular or plural of one label's
    /// name or synonym. `None` if ambiguous.
    #[must_use]
    pub fn label_for(&self, answered: &str) -> Option<&Label> {
        self.label_named(answered).or_else(|| {
            let answered = comparable(answered);
            if answered.is_empty() {
                return None;
            }
            let by_synonym = self.labels.iter().find(|label| label.own_names().any(|own| own == answered));
            by_synonym.or_else(|| {
                let is_meant = |label: &&Label| label.own_names().any(|own| are_singular_and_plural(&own, &answered));
                let mut meant = self.labels.iter().filter(is_meant);
                meant.next().filter(|_| meant.next().is_none())
            })
        })
    }
}

/// A version of a recipe of the library. Versions never change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SavedRecipe {
    /// Of this version.
    pub id: RecipeId,
    pub recipe: Recipe,
    /// Whether it is built in, so that it cannot be edited or deleted.
    pub is_builtin: bool,
    /// The first version, which is the same for all versions of a recipe.
    pub lineage: RecipeId,
    /// Counted from 1 within the recipe.
    pub version: u32,
    /// Milliseconds since the Unix epoch; `None` for recipes of earlier versions of the program.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub saved_at: Option<u64>,
}

/// A version of a recipe among the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RecipeVersion {
    pub saved: SavedRecipe,
    /// Whether the list of recipes shows it. None of a deleted recipe is current.
    pub is_current: bool,
    /// The number of runs that used it.
    pub run_count: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_means_a_label_by_name_then_synonym_then_plural() {
        let mut recipe = Recipe::find_these("glass, glasses, dog, berry, C, C++, ax, axe").unwrap();
        recipe.labels[2].synonyms = vec!["Hound".into(), "berry".into()];
        let meant = |answered: &str| recipe.label_for(answered).map(|label| label.name.as_str());
        for (answered, label) in [
            ("glass", Some("glass")),
            ("Glasses", Some("glasses")),
            ("DOGS", Some("dog")),
            ("'hounds'", Some("dog")),
            ("berry", Some("berry")),
            ("berries", None),
            ("c++", Some("C++")),
            ("“C”", Some("C")),
            ("axes", None),
            ("cat", None),
            ("", None),
            ("\"\"", None),
        ] {
            assert_eq!(meant(answered), label, "{answered}");
        }
        assert_eq!(recipe.label_named("dogs"), None);
        assert_eq!(recipe.label_named("DOG").map(|label| label.name.as_str()), Some("dog"));
    }

    #[test]
    fn recipes_of_earlier_versions_keep_their_stored_form() {
        let stored = concat!(
            r#"{"name":"Birds","labels":[{"name":"bird","definition":"All of it","color":1,"synonyms":["ave"]}],"#,
            r#""shapes":["box"],"attributes":[{"name":"sex","definition":"","kind":{"kind":"choice","options":["f","m"]},"#,
            r#""is_required":true},{"name":"age","definition":"In years","kind":{"kind":"number","min":0,"max":9},"#,
            r#""is_required":false}],"instructions":"Look."}"#
        );
        let recipe: Recipe = serde_json::from_str(stored).unwrap();
        assert_eq!(recipe.attributes[0].of, AttributeSubject::Annotation);
        assert_eq!(serde_json::to_string(&recipe).unwrap(), stored);
    }

    #[test]
    fn the_built_in_recipes_of_earlier_versions_keep_their_stored_form() {
        let stored = |recipe: &Recipe| serde_json::to_string(recipe).unwrap();
        let everyday = stored(&builtin::everyday_objects());
        let first =
            r#"{"name":"Everyday objects","labels":[{"name":"person","definition":"","color":1,"synonyms":[]},"#;
        let last = concat!(
            r#"{"name":"toothbrush","definition":"","color":8,"synonyms":[]}],"shapes":["box"],"attributes":[],"#,
            r#""instructions":"Mark every visible object of these classes, partly hidden ones too. "#,
            r#"Do not mark reflections or pictures of objects."}"#
        );
        assert!(everyday.starts_with(first) && everyday.ends_with(last), "{everyday}");
        insta::assert_snapshot!(stored(&builtin::bird_vocabulary()));
    }
}
