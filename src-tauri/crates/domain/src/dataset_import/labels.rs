//! What the labels of a file become in the library.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::recipe::{Recipe, comparable};

/// What a label of the file becomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LabelMapping {
    /// As in the file, in any spelling.
    pub from: String,
    /// `None`: annotations with this label are skipped.
    pub to: Option<String>,
}

/// Why a label of the file becomes what it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum LabelReason {
    /// It has the same name.
    SameName,
    /// It differs in case, spaces, hyphens or surrounding punctuation only.
    SameSpelling,
    /// It is a synonym or the plural of it.
    Synonym,
    /// It was chosen.
    Chosen,
    /// There is none of this name: it is added as it is.
    New,
}

/// A label of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportedLabel {
    pub name: String,
    /// With this label, on all images of the file.
    pub annotations: u32,
    /// `None`: its annotations are skipped.
    pub to: Option<String>,
    pub reason: LabelReason,
}

/// The labels that those of a file are compared with, and those that were chosen.
#[derive(Debug, Clone, Default)]
pub struct LabelMap {
    /// With their synonyms.
    known: Recipe,
    chosen: HashMap<String, Option<String>>,
}

impl LabelMap {
    #[must_use]
    pub fn new(known: Recipe, chosen: &[LabelMapping]) -> Self {
        let chosen = chosen.iter().map(|each| {
            let to = each.to.as_deref().map(str::trim).filter(|to| !to.is_empty());
            (comparable(&each.from), to.map(ToOwned::to_owned))
        });
        Self { known, chosen: chosen.collect() }
    }

    /// What `label` becomes, and why.
    #[must_use]
    pub fn find(&self, label: &str) -> (Option<String>, LabelReason) {
        if let Some(chosen) = self.chosen.get(&comparable(label)) {
            return (chosen.clone(), LabelReason::Chosen);
        }
        if self.known.labels.iter().any(|known| known.name == label) {
            return (Some(label.to_owned()), LabelReason::SameName);
        }
        if let Some(known) = self.known.label_named(label) {
            return (Some(known.name.clone()), LabelReason::SameSpelling);
        }
        if let Some(known) = self.known.label_for(label) {
            return (Some(known.name.clone()), LabelReason::Synonym);
        }
        let trimmed = label.trim();
        // Nothing can be shown or found by an empty label.
        ((!trimmed.is_empty()).then(|| trimmed.to_owned()), LabelReason::New)
    }

    /// The chosen labels that the file does not have, given whether it has one, as typed.
    #[must_use]
    pub fn unused<'a>(chosen: &'a [LabelMapping], in_file: &[ImportedLabel]) -> Vec<&'a str> {
        let names: Vec<String> = in_file.iter().map(|label| comparable(&label.name)).collect();
        let unused = chosen.iter().filter(|each| !names.contains(&comparable(&each.from)));
        unused.map(|each| each.from.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_becomes_the_chosen_one_or_the_one_of_its_name() {
        let mut known = Recipe::find_these("Lamp, Box, Motorcycle, wheel").unwrap();
        known.labels[2].synonyms = vec!["motorbike".into()];
        let mapping = |from: &str, to: Option<&str>| LabelMapping { from: from.into(), to: to.map(Into::into) };
        let chosen = [mapping("Carton", Some("Box")), mapping("junk", None), mapping("dust", Some(" "))];
        let map = LabelMap::new(known, &chosen);
        for (label, to, reason) in [
            ("Lamp", Some("Lamp"), LabelReason::SameName),
            ("lamp", Some("Lamp"), LabelReason::SameSpelling),
            ("Wheels", Some("wheel"), LabelReason::Synonym),
            ("motorbike", Some("Motorcycle"), LabelReason::Synonym),
            ("carton", Some("Box"), LabelReason::Chosen),
            ("Junk", None, LabelReason::Chosen),
            ("dust", None, LabelReason::Chosen),
            (" cup ", Some("cup"), LabelReason::New),
            ("", None, LabelReason::New),
        ] {
            assert_eq!(map.find(label), (to.map(ToOwned::to_owned), reason), "{label}");
        }
        let label = ImportedLabel { name: "carton".into(), annotations: 1, to: None, reason: LabelReason::Chosen };
        assert_eq!(LabelMap::unused(&chosen, &[label]), ["junk", "dust"]);
    }
}
