//! Labels of CVAT, as the "Raw" tab of its constructor shows them: a list of labels, or a project or task with one.
//! Source: CVAT's documentation, "Label constructor", and `cvat-core/src/labels.ts`.

use domain::recipe::{
    Attribute, AttributeKind, AttributeSubject, IMAGE_LABEL, ImportRemarkKind, ImportedRecipe, RecipeSource, ShapeKind,
    comparable,
};
use serde::Deserialize;
use serde_json::Value;

use super::draft::Draft;
use super::malformed_json;
use crate::error::Result;

/// CVAT's option for "not answered".
const UNDEFINED: &str = "__undefined__";

#[derive(Deserialize)]
#[serde(untagged)]
enum CvatFile {
    List(Vec<CvatLabel>),
    Task { labels: Vec<CvatLabel> },
}

#[derive(Deserialize)]
struct CvatLabel {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    color: Option<String>,
    #[serde(default, rename = "type")]
    shape: Option<String>,
    #[serde(default)]
    attributes: Vec<CvatAttribute>,
    #[serde(default)]
    sublabels: Vec<CvatLabel>,
}

#[derive(Deserialize)]
struct CvatAttribute {
    #[serde(default)]
    name: String,
    #[serde(default)]
    mutable: bool,
    #[serde(default)]
    input_type: String,
    #[serde(default)]
    default_value: Option<Value>,
    #[serde(default)]
    values: Vec<Value>,
}

pub fn read(name: String, text: &str) -> Result<ImportedRecipe> {
    // The first error of the parser has a place; that of an untagged enum has none.
    let value: Value = serde_json::from_str(text).map_err(|error| malformed_json(&error))?;
    let (CvatFile::List(labels) | CvatFile::Task { labels }) =
        serde_json::from_value(value).map_err(|_| crate::error::RecipeFileError::NoLabels)?;
    let mut draft = Draft::new(name);
    let object_count = labels.iter().filter(|label| !is_of_image(label)).count();
    for (index, label) in labels.iter().enumerate() {
        read_label(label, None, index, &mut draft);
    }
    for label in &labels {
        for attribute in &label.attributes {
            let is_own = |other: &CvatAttribute| comparable(&other.name) == comparable(&attribute.name);
            let own_count = labels.iter().filter(|label| label.attributes.iter().any(is_own)).count();
            let is_of_all = is_of_image(label) || own_count == object_count;
            read_attribute(attribute, label, is_of_all, &mut draft);
        }
    }
    draft.finish(RecipeSource::Cvat)
}

/// A tag called `image` holds the attributes of the image, here as there.
fn is_of_image(label: &CvatLabel) -> bool {
    label.shape.as_deref() == Some("tag")
        && label.name.as_deref().is_some_and(|name| comparable(name) == IMAGE_LABEL)
        && !label.attributes.is_empty()
}

fn read_label(label: &CvatLabel, parent: Option<&str>, index: usize, draft: &mut Draft) {
    let Some(name) = label.name.as_deref().filter(|name| !name.trim().is_empty()) else {
        draft.remark("", ImportRemarkKind::EntryNotImported { entry: format!("label {}", index + 1) });
        return;
    };
    if label.color.is_some() {
        draft.setting_not_imported("", "color");
    }
    if is_of_image(label) {
        return;
    }
    let left_out = |shape: &str| ImportRemarkKind::ShapeNotImported { shape: shape.to_owned() };
    let changed = |shape: &str, became| ImportRemarkKind::ShapeChanged { shape: shape.to_owned(), became };
    match label.shape.as_deref().unwrap_or("any") {
        "any" | "rectangle" => draft.shape(ShapeKind::Box),
        "polygon" => draft.shape(ShapeKind::Polygon),
        "points" => draft.shape(ShapeKind::Point),
        "tag" => draft.shape(ShapeKind::ImageTag),
        shape @ ("ellipse" | "cuboid") => {
            draft.remark(name, changed(shape, ShapeKind::Box));
            draft.shape(ShapeKind::Box);
        }
        shape @ "mask" => {
            draft.remark(name, changed(shape, ShapeKind::Polygon));
            draft.shape(ShapeKind::Polygon);
        }
        "skeleton" => {
            draft.remark(name, changed("skeleton", ShapeKind::Point));
            draft.shape(ShapeKind::Point);
        }
        other => draft.remark(name, left_out(other)),
    }
    if let Some(own) = draft.label(name) {
        own.parent = parent.map(ToOwned::to_owned);
    }
    for (index, sublabel) in label.sublabels.iter().enumerate() {
        read_label(sublabel, Some(name), index, draft);
    }
}

fn read_attribute(attribute: &CvatAttribute, label: &CvatLabel, is_of_all: bool, draft: &mut Draft) {
    let owner = label.name.as_deref().unwrap_or_default();
    let name = attribute.name.trim();
    if name.is_empty() {
        draft.remark(owner, ImportRemarkKind::EntryNotImported { entry: "an attribute".into() });
        return;
    }
    let values: Vec<String> = attribute.values.iter().map(text_of).collect();
    let is_optional = values.iter().any(|value| value == UNDEFINED);
    let default = attribute.default_value.as_ref().map(text_of).filter(|value| !value.is_empty() && value != UNDEFINED);
    let is_telling = match attribute.input_type.as_str() {
        // CVAT always writes a default. False, the first option and the smallest number are its own, not the user's.
        "checkbox" => default.as_deref().is_some_and(|default| default.eq_ignore_ascii_case("true")),
        _ => default.is_some() && default.as_ref() != values.first(),
    };
    if is_telling {
        draft.setting_not_imported(name, "default_value");
    }
    if attribute.mutable {
        draft.setting_not_imported(name, "mutable");
    }
    let kind = match attribute.input_type.as_str() {
        "select" | "radio" => {
            AttributeKind::Choice { options: values.into_iter().filter(|value| value != UNDEFINED).collect() }
        }
        "checkbox" => AttributeKind::YesNo,
        "number" => number(name, &values, draft),
        "text" => AttributeKind::Text,
        other => {
            let became = format!("text instead of {other}");
            draft.remark(name, ImportRemarkKind::Changed { became });
            AttributeKind::Text
        }
    };
    let is_of_image = is_of_image(label);
    if !is_of_all {
        draft.remark(name, ImportRemarkKind::OfAllLabels);
    }
    let is_required = is_of_all && !is_optional && kind != AttributeKind::Text;
    let of = if is_of_image { AttributeSubject::Image } else { AttributeSubject::Annotation };
    draft.attribute(Attribute { name: name.to_owned(), definition: String::new(), kind, is_required, of }, owner);
}

/// The values of a number are its minimum, maximum and step.
fn number(name: &str, values: &[String], draft: &mut Draft) -> AttributeKind {
    let values: Vec<&str> = values.iter().flat_map(|value| value.split(';')).map(str::trim).collect();
    let end = |index: usize| values.get(index).and_then(|value| value.parse::<i32>().ok());
    if values.get(2).is_some_and(|step| *step != "1") {
        draft.setting_not_imported(name, "step");
    }
    match (end(0), end(1)) {
        (Some(min), Some(max)) if min <= max => AttributeKind::Number { min, max },
        _ => {
            draft.remark(name, ImportRemarkKind::Changed { became: "text instead of number".into() });
            AttributeKind::Text
        }
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
