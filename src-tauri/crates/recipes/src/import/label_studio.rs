//! The labeling configuration of Label Studio. Controls of a region become attributes of annotations, others attributes of
//! the image. Source: Label Studio's documentation, "Tags".

use domain::recipe::{
    Attribute, AttributeKind, AttributeSubject, ImportRemarkKind, ImportedRecipe, RecipeSource, ShapeKind,
};
use roxmltree::{Document, Node};

use super::draft::Draft;
use crate::error::{FileProblem, LineAndColumn, RecipeFileError, Result};

/// Conditions on other controls.
const CONDITIONS: [&str; 6] =
    ["whenTagName", "whenLabelValue", "whenChoiceValue", "visibleWhen", "requiredMessage", "dependsOn"];
/// Elements about how a task looks, and the photo itself.
const OF_THE_PAGE: [&str; 8] = ["View", "Image", "Style", "HyperText", "Collapse", "Panel", "Filter", "Label"];

pub fn read(name: String, text: &str) -> Result<ImportedRecipe> {
    let document = Document::parse(text).map_err(|error| {
        let place = error.pos();
        let place = LineAndColumn { line: place.row as usize, column: place.col as usize };
        let message = error.to_string();
        let message = message.rsplit_once(" at ").map_or(message.as_str(), |(message, _)| message).to_owned();
        RecipeFileError::Malformed(vec![FileProblem { place: Some(place), message }])
    })?;
    let mut draft = Draft::new(name);
    for node in document.descendants().filter(Node::is_element) {
        control(node, &mut draft);
    }
    draft.finish(RecipeSource::LabelStudio)
}

fn control(node: Node<'_, '_>, draft: &mut Draft) {
    let tag = node.tag_name().name();
    let changed = |shape: &str, became| ImportRemarkKind::ShapeChanged { shape: shape.to_owned(), became };
    match tag {
        "RectangleLabels" | "Rectangle" => shape(node, ShapeKind::Box, draft),
        "PolygonLabels" | "Polygon" => shape(node, ShapeKind::Polygon, draft),
        "KeyPointLabels" | "KeyPoint" => shape(node, ShapeKind::Point, draft),
        "EllipseLabels" | "Ellipse" => {
            draft.remark(own_name(node), changed("ellipse", ShapeKind::Box));
            shape(node, ShapeKind::Box, draft);
        }
        "BrushLabels" | "Brush" | "BitmaskLabels" => {
            draft.remark(own_name(node), changed("mask", ShapeKind::Polygon));
            shape(node, ShapeKind::Polygon, draft);
        }
        "Labels" => labels(node, draft),
        "Choices" => choices(node, draft),
        "Taxonomy" => taxonomy(node, draft),
        "TextArea" => attribute(node, AttributeKind::Text, draft),
        "Rating" => {
            let max = whole(node, "maxRating").unwrap_or(5);
            attribute(node, AttributeKind::Number { min: 1, max: max.max(1) }, draft);
        }
        "Number" => number(node, draft),
        "Header" => {
            if let Some(text) = node.attribute("value").filter(|text| !text.trim().is_empty()) {
                draft.instruct(text.trim());
            }
        }
        // Read with its control.
        "Choice" => {}
        tag if OF_THE_PAGE.contains(&tag) => {}
        tag => draft.setting_not_imported(own_name(node), &format!("<{tag}>")),
    }
    for condition in CONDITIONS.into_iter().filter(|condition| node.has_attribute(*condition)) {
        draft.setting_not_imported(own_name(node), condition);
    }
}

fn own_name<'a>(node: Node<'a, '_>) -> &'a str {
    node.attribute("name").unwrap_or_default()
}

fn shape(node: Node<'_, '_>, shape: ShapeKind, draft: &mut Draft) {
    draft.shape(shape);
    if node.tag_name().name().ends_with("Labels") {
        labels(node, draft);
    }
}

fn labels(node: Node<'_, '_>, draft: &mut Draft) {
    if let Some(source) = node.attribute("value").filter(|value| value.starts_with('$')) {
        draft.setting_not_imported(own_name(node), &format!("labels of {source}"));
    }
    for (index, child) in node.children().filter(|child| child.has_tag_name("Label")).enumerate() {
        let (value, alias) = (child.attribute("value"), child.attribute("alias"));
        let Some(name) = value.or(alias).map(str::trim).filter(|name| !name.is_empty()) else {
            draft.remark(own_name(node), ImportRemarkKind::EntryNotImported { entry: format!("label {}", index + 1) });
            continue;
        };
        if child.has_attribute("background") {
            draft.setting_not_imported("", "background");
        }
        let hotkey = child.attribute("hotkey").or_else(|| child.attribute("hotKey"));
        let key = hotkey.and_then(single_key);
        if hotkey.is_some() && key.is_none() {
            draft.setting_not_imported(name, "hotkey");
        }
        // Several controls may have the same labels, each with a shape of its own.
        let known: Vec<char> = draft.labels().iter().filter_map(|label| label.key).collect();
        if draft.labels().iter().any(|label| label.name == name) {
            continue;
        }
        if let Some(label) = draft.label(name) {
            label.key = key.filter(|key| !known.contains(key));
            label.synonyms.extend(alias.map(str::trim).filter(|alias| *alias != name).map(ToOwned::to_owned));
            if let Some(hint) = child.attribute("hint") {
                hint.trim().clone_into(&mut label.definition);
            }
        }
    }
}

fn single_key(hotkey: &str) -> Option<char> {
    let mut letters = hotkey.trim().chars();
    let key = letters.next().filter(|key| matches!(key, '1'..='9') || key.is_alphabetic())?;
    letters.next().is_none().then(|| key.to_lowercase().next().unwrap_or(key))
}

fn choices(node: Node<'_, '_>, draft: &mut Draft) {
    if let Some(source) = node.attribute("value").filter(|value| value.starts_with('$')) {
        draft.setting_not_imported(own_name(node), &format!("choices of {source}"));
    }
    let all = node.descendants().filter(|child| child.has_tag_name("Choice"));
    if all
        .clone()
        .any(|choice| choice.parent() != Some(node) && choice.parent().is_some_and(|own| own.has_tag_name("Choice")))
    {
        draft.setting_not_imported(own_name(node), "nesting");
    }
    let options = all.filter_map(|choice| choice.attribute("value")).map(|value| value.trim().to_owned()).collect();
    let is_multiple = node.attribute("choice").is_some_and(|choice| choice == "multiple");
    let kind = if is_multiple { AttributeKind::SeveralOf { options } } else { AttributeKind::Choice { options } };
    attribute(node, kind, draft);
}

/// The leaves of a tree, each with its path.
fn taxonomy(node: Node<'_, '_>, draft: &mut Draft) {
    let is_choice = |node: &Node<'_, '_>| node.has_tag_name("Choice");
    let leaves =
        node.descendants().filter(is_choice).filter(|choice| !choice.children().any(|child| is_choice(&child)));
    let path = |leaf: Node<'_, '_>| {
        let mut names: Vec<&str> =
            leaf.ancestors().filter(is_choice).filter_map(|choice| choice.attribute("value")).collect();
        names.reverse();
        names.join(" / ")
    };
    let options: Vec<String> = leaves.map(path).collect();
    let is_single = node.attribute("maxUsages").is_some_and(|most| most == "1");
    let kind = if is_single { AttributeKind::Choice { options } } else { AttributeKind::SeveralOf { options } };
    attribute(node, kind, draft);
}

fn number(node: Node<'_, '_>, draft: &mut Draft) {
    let ends = (whole(node, "min"), whole(node, "max"));
    if node.attribute("step").is_some_and(|step| step != "1") {
        draft.setting_not_imported(own_name(node), "step");
    }
    match ends {
        (Some(min), Some(max)) if min <= max => attribute(node, AttributeKind::Number { min, max }, draft),
        _ => {
            draft.remark(own_name(node), ImportRemarkKind::Changed { became: "text instead of number".into() });
            attribute(node, AttributeKind::Text, draft);
        }
    }
}

fn whole(node: Node<'_, '_>, name: &str) -> Option<i32> {
    node.attribute(name)?.trim().parse().ok()
}

fn attribute(node: Node<'_, '_>, kind: AttributeKind, draft: &mut Draft) {
    let is = |name: &str| node.attribute(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let of = if is("perRegion") { AttributeSubject::Annotation } else { AttributeSubject::Image };
    let name = match own_name(node).trim() {
        "" => node.tag_name().name().to_lowercase(),
        name => name.to_owned(),
    };
    let definition = node.attribute("placeholder").or_else(|| node.attribute("hint")).unwrap_or_default();
    let definition = definition.trim().to_owned();
    draft.attribute(Attribute { name, definition, kind, is_required: is("required"), of }, "");
}
