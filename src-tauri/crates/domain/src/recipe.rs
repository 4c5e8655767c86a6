//! Recipes: what to find. The three that every library starts with are in [`builtin`].

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

/// A class of things to find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Label {
    pub name: String,
    /// What counts and what does not, in the words a model is given. May be empty.
    #[serde(default)]
    pub definition: String,
    /// Place in the palette of twelve, from 1.
    pub color: u8,
    /// Other names that an answer may use.
    #[serde(default)]
    pub synonyms: Vec<String>,
}

impl Label {
    /// A label without definition or synonyms; colours go round the palette of twelve by `index`.
    #[must_use]
    pub fn plain(name: impl Into<String>, index: usize) -> Self {
        Self { name: name.into(), definition: String::new(), color: palette_color(index), synonyms: Vec::new() }
    }

    /// Whether `name` means this label: its name or a synonym, in any spelling, in the singular or the plural.
    #[must_use]
    pub fn answers_to(&self, name: &str) -> bool {
        let name = comparable(name);
        self.own_names().any(|own| own == name || are_singular_and_plural(&own, &name))
    }

    /// Its name, then its synonyms, in the form in which names are compared.
    fn own_names(&self) -> impl Iterator<Item = String> {
        std::iter::once(&self.name).chain(&self.synonyms).map(|own| comparable(own))
    }
}

/// The place in the palette of twelve, from 1, of the label at `index`; it goes round.
pub(crate) fn palette_color(index: usize) -> u8 {
    u8::try_from(index % 12).unwrap_or_default() + 1
}

/// What may stand in an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum AttributeKind {
    Text,
    /// A whole number, both ends allowed.
    Number {
        min: i32,
        max: i32,
    },
    Choice {
        options: Vec<String>,
    },
    YesNo,
}

/// A question about every annotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Attribute {
    pub name: String,
    #[serde(default)]
    pub definition: String,
    pub kind: AttributeKind,
    /// Whether an annotation is worth nothing without it.
    pub is_required: bool,
}

/// What to find, and how to say it.
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
    /// A recipe from what a person typed: one thing to find between commas, semicolons or line ends.
    ///
    /// # Errors
    /// When there is nothing to find in it.
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

    /// The label of this name, in any spelling.
    #[must_use]
    pub fn label_named(&self, name: &str) -> Option<&Label> {
        self.labels.iter().find(|label| label.name == name).or_else(|| {
            let name = comparable(name);
            self.labels.iter().find(|label| comparable(&label.name) == name)
        })
    }

    /// The label that an answer means: by name, else by synonym, else as the singular or plural of one label's name or
    /// synonym. `None` also where two labels could be meant.
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

/// A typed list that names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the list names nothing to find: type things between commas, such as: cat, cup, traffic light")]
pub struct NothingToFind;

/// A recipe as the library holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SavedRecipe {
    pub id: RecipeId,
    pub recipe: Recipe,
    /// Whether Fieldmark brought it along, so that it cannot be deleted.
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
