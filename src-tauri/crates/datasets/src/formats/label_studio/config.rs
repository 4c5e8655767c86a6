//! The configuration of the labeling interface: its controls, and the labels in their order.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::error::{FileLocation, Result};
use crate::formats::xml::{Escaped, parse, unescaped};
use crate::model::LabelTable;

/// Controls with the name of the entries below them.
const CONTROLS: [(&str, &str, &str); 4] = [
    ("RectangleLabels", "rectangle", "Label"),
    ("PolygonLabels", "polygon", "Label"),
    ("KeyPointLabels", "keypoint", "Label"),
    ("Choices", "tag", "Choice"),
];

pub fn written(labels: &LabelTable) -> String {
    let mut xml = String::from("<View>\n  <Image name=\"image\" value=\"$image\"/>\n");
    for (control, name, entry) in CONTROLS {
        let choice = if control == "Choices" { " choice=\"multiple\"" } else { "" };
        let _ = writeln!(xml, "  <{control} name=\"{name}\" toName=\"image\"{choice}>");
        for label in labels.labels() {
            let _ = writeln!(xml, "    <{entry} value=\"{}\"/>", Escaped(&label.name));
        }
        let _ = writeln!(xml, "  </{control}>");
    }
    xml + "  <TextArea name=\"caption\" toName=\"image\"/>\n</View>\n"
}

/// What a configuration says.
pub struct Config {
    /// Of all controls.
    pub labels: LabelTable,
    /// The field of a task that has the path of the image.
    pub image_field: Option<String>,
}

pub fn read(file: &str, text: &str) -> Result<Config> {
    let document = parse(text, |line| FileLocation::file(file).at(line))?;
    let image = document.descendants().find(|node| node.has_tag_name("Image"));
    let image_field = image.and_then(|image| image.attribute("value")?.strip_prefix('$'));
    let entries = document.descendants().filter(|node| node.has_tag_name("Label") || node.has_tag_name("Choice"));
    let (mut labels, mut known) = (LabelTable::default(), HashSet::new());
    for name in entries.filter_map(|node| node.attribute("value")).map(unescaped) {
        if known.insert(name.clone()) {
            labels.add(labels.labels().len() as u64 + 1, name);
        }
    }
    Ok(Config { labels, image_field: image_field.map(ToOwned::to_owned) })
}
