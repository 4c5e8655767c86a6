//! Recipes: what to find. The three built-in ones are in [`builtin`].

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::ids::RecipeId;

pub mod builtin;
mod label_name;

pub use label_name::comparable;
use label_name::{are_singular_and_plural, composed};

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
}

impl Label {
    /// A label without definition or synonyms; the color cycles through the palette of twelve by `index`.
    #[must_use]
    pub fn plain(name: impl Into<String>, index: usize) -> Self {
        Self { name: name.into(), definition: String::new(), color: palette_color(index), synonyms: Vec::new() }
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
pub(crate) fn palette_color(index: usize) -> u8 {
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
    Choice {
        options: Vec<String>,
    },
    YesNo,
}

/// An attribute of annotations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Attribute {
    pub name: String,
    #[serde(default)]
    pub definition: String,
    pub kind: AttributeKind,
    /// Whether an annotation without it is dropped.
    pub is_required: bool,
}

/// What to find, and how to describe it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Recipe {
    pub name: String,
    pub labels: Vec<Label>,
    pub shapes: Vec<ShapeKind>,
    #[serde(default)]
    pub attributes: Vec<Attribute>,
    #[serde(default)]
    pub instructions: String,
}

impl Recipe {
    /// A recipe from typed names, separated by commas, semicolons or line ends.
    ///
    /// # Errors
    ///
    /// If there are no names.
    pub fn find_these(typed: &str) -> Result<Self, NothingToFind> {
        let mut names: Vec<String> = Vec::new();
        let mut known: HashSet<String> = HashSet::new();
        for name in typed.split([',', ';', '\n']).map(|part| part.split_whitespace().collect::<Vec<_>>().join(" ")) {
            if !name.is_empty() && known.insert(comparable(&name)) {
                names.push(composed(&name));
            }
        }
        if names.is_empty() {
            return Err(NothingToFind);
        }
        Ok(Self {
            name: names.join(", "),
            labels: names.into_iter().enumerate().map(|(index, name)| Label::plain(name, index)).collect(),
            shapes: vec![ShapeKind::Box],
            attributes: Vec::new(),
            instructions: String::new(),
        })
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

/// A typed list without names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing to find: enter names separated by commas, such as: cat, cup, traffic light")]
pub struct NothingToFind;

/// A recipe of the library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SavedRecipe {
    pub id: RecipeId,
    pub recipe: Recipe,
    /// Whether it is built in, so that it cannot be deleted.
    pub is_builtin: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_list_becomes_labels() {
        let recipe = Recipe::find_these(" cat, Cup;\n traffic   light ,,CAT\n").unwrap();
        let names: Vec<_> = recipe.labels.iter().map(|label| (label.name.as_str(), label.color)).collect();
        assert_eq!(names, [("cat", 1), ("Cup", 2), ("traffic light", 3)]);
        assert_eq!(Recipe::find_these(" ,\n;"), Err(NothingToFind));
    }

    #[test]
    fn one_label_in_two_spellings_is_one() {
        let recipe =
            Recipe::find_these("cafe\u{301}, Café, \"café\", Straße, STRASSE, fire-hydrant, fire hydrant").unwrap();
        let names: Vec<_> = recipe.labels.iter().map(|label| label.name.as_str()).collect();
        assert_eq!(names, ["café", "Straße", "fire-hydrant"]);
    }

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
    fn the_first_recipes_are_sound() {
        for recipe in builtin::all() {
            let mut names: Vec<_> = recipe.labels.iter().map(|label| label.name.to_lowercase()).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), recipe.labels.len(), "{}: labels are distinct", recipe.name);
            assert!(recipe.labels.iter().all(|label| (1..=12).contains(&label.color)));
            assert!(!recipe.shapes.is_empty());
        }
    }
}
