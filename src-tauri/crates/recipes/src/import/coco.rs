//! The categories of a COCO file, or a list of categories. A supercategory that is a category itself becomes the parent.
//! Source: COCO's "Data format" page.

use std::collections::{HashMap, HashSet};

use domain::recipe::{ImportRemarkKind, ImportedRecipe, RecipeSource, comparable};
use serde::Deserialize;
use serde_json::Value;

use super::draft::Draft;
use super::malformed_json;
use crate::error::Result;

#[derive(Deserialize)]
#[serde(untagged)]
enum CocoFile {
    Whole { categories: Vec<Value> },
    List(Vec<Value>),
}

/// A category that has other types is not imported.
#[derive(Deserialize)]
struct Category {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    supercategory: Option<String>,
    #[serde(default)]
    keypoints: Vec<Value>,
    /// Of panoptic files: 0 for stuff without instances.
    #[serde(default)]
    isthing: Option<u8>,
    #[serde(default)]
    color: Option<Value>,
}

impl Category {
    /// The category with its name; `None` without one.
    fn named(mut self) -> Option<(String, Self)> {
        let name = self.name.take().filter(|name| !name.trim().is_empty())?;
        Some((name, self))
    }
}

/// Whether a JSON file has categories.
pub fn is_it(value: &Value) -> bool {
    let is_category = |value: &Value| value.get("supercategory").is_some() || value.get("id").is_some();
    let is_of_cvat = |value: &Value| value.get("attributes").is_some() || value.get("type").is_some();
    match value {
        Value::Object(fields) => fields.contains_key("categories"),
        Value::Array(list) => list.first().is_some_and(|first| is_category(first) && !is_of_cvat(first)),
        _ => false,
    }
}

pub fn read(name: String, text: &str) -> Result<ImportedRecipe> {
    // The first error of the parser has a place; that of an untagged enum has none.
    let value: Value = serde_json::from_str(text).map_err(|error| malformed_json(&error))?;
    let (CocoFile::Whole { categories } | CocoFile::List(categories)) =
        serde_json::from_value(value).map_err(|_| crate::error::RecipeFileError::NoLabels)?;
    let mut draft = Draft::new(name);
    let mut found = Vec::new();
    for value in categories {
        let id = value.get("id").cloned().unwrap_or_default();
        match serde_json::from_value::<Category>(value).ok().and_then(Category::named) {
            Some(category) => found.push(category),
            None => draft.remark("", ImportRemarkKind::EntryNotImported { entry: format!("category {id}") }),
        }
    }
    let names: HashSet<String> = found.iter().map(|(name, _)| comparable(name)).collect();
    let is_category = |name: &str| names.contains(&comparable(name));
    for (name, category) in &found {
        let Some(label) = draft.label(name) else { continue };
        // Many programs repeat the name or write "none".
        let group =
            category.supercategory.as_deref().map(str::trim).filter(|group| {
                !group.is_empty() && comparable(group) != comparable(name) && comparable(group) != "none"
            });
        match group {
            Some(group) if is_category(group) => label.parent = Some(group.to_owned()),
            Some(group) => draft.setting_not_imported(name, &format!("supercategory \"{group}\"")),
            None => {}
        }
        if !category.keypoints.is_empty() {
            draft.remark(name, ImportRemarkKind::ShapeNotImported { shape: "keypoints".into() });
        }
        if category.isthing == Some(0) {
            draft.setting_not_imported(name, "isthing");
        }
        if category.color.is_some() {
            draft.setting_not_imported("", "color");
        }
    }
    spell_parents(&mut draft);
    break_cycles(&mut draft);
    draft.finish(RecipeSource::Coco)
}

/// Parents are spelled as the labels are.
fn spell_parents(draft: &mut Draft) {
    let names: HashMap<String, String> =
        draft.labels().iter().map(|label| (comparable(&label.name), label.name.clone())).collect();
    for label in draft.labels() {
        if let Some(parent) = &mut label.parent
            && let Some(name) = names.get(&comparable(parent))
        {
            parent.clone_from(name);
        }
    }
}

/// Categories that are each other's supercategories have no order.
fn break_cycles(draft: &mut Draft) {
    let parents: HashMap<String, String> =
        draft.labels().iter().filter_map(|label| Some((label.name.clone(), label.parent.clone()?))).collect();
    let mut broken = Vec::new();
    for label in draft.labels() {
        let mut at = label.name.as_str();
        for _ in 0..parents.len() {
            let Some(parent) = parents.get(at) else { break };
            if *parent == label.name {
                broken.extend(label.parent.take().map(|parent| (label.name.clone(), parent)));
                break;
            }
            at = parent;
        }
    }
    for (name, parent) in broken {
        draft.setting_not_imported(&name, &format!("supercategory \"{parent}\""));
    }
}
