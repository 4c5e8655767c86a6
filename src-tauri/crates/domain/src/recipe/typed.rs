//! Recipes from a typed list: `bird: a feathered animal, cat`.

use std::collections::HashSet;

use super::{Label, Recipe, ShapeKind, comparable, composed};

/// A typed list without names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing to find: enter names separated by commas, such as: cat, cup, traffic light")]
pub struct NothingToFind;

impl Recipe {
    /// A recipe from typed names, separated by commas, semicolons or line ends. A definition may follow a name after a colon
    /// and a space.
    ///
    /// # Errors
    ///
    /// If there are no names.
    pub fn find_these(typed: &str) -> Result<Self, NothingToFind> {
        let mut labels: Vec<Label> = Vec::new();
        let mut known: HashSet<String> = HashSet::new();
        for part in typed.split([',', ';', '\n']).map(|part| part.split_whitespace().collect::<Vec<_>>().join(" ")) {
            let (name, definition) = part.split_once(": ").unwrap_or((&part, ""));
            let name = name.trim_end();
            if !name.is_empty() && known.insert(comparable(name)) {
                let definition = definition.trim().to_owned();
                labels.push(Label { definition, ..Label::plain(composed(name), labels.len()) });
            }
        }
        if labels.is_empty() {
            return Err(NothingToFind);
        }
        let names: Vec<&str> = labels.iter().map(|label| label.name.as_str()).collect();
        Ok(Self { name: names.join(", "), labels, shapes: vec![ShapeKind::Box], ..Self::default() })
    }
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
    fn a_definition_follows_a_colon() {
        let recipe =
            Recipe::find_these("bird: a feathered  animal, cat ; dog : it barks: loudly\nscale 1:2, :, fox: ").unwrap();
        let labels: Vec<_> =
            recipe.labels.iter().map(|label| (label.name.as_str(), label.definition.as_str())).collect();
        assert_eq!(
            labels,
            [
                ("bird", "a feathered animal"),
                ("cat", ""),
                ("dog", "it barks: loudly"),
                ("scale 1:2", ""),
                (":", ""),
                ("fox:", "")
            ]
        );
        assert_eq!(recipe.name, "bird, cat, dog, scale 1:2, :, fox:");
    }
}
