//! The table of formats in docs/exports.md matches the registry. `UPDATE_DOCS=1` rewrites it.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use datasets::FORMATS;
use domain::dataset::{Feature, FormatDescriptor, LossKind, Package};

const BEGIN: &str = "<!-- formats -->\n";
const END: &str = "<!-- /formats -->";

#[test]
fn the_page_lists_every_format() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/exports.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    let table = table();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, [before, BEGIN, &table, END, after].concat()).unwrap();
    } else {
        assert_eq!(found, table, "run with UPDATE_DOCS=1");
    }
}

fn table() -> String {
    let mut table = "\
        | name | format | output | options | readable | omits | loses |\n\
        |---|---|---|---|---|---|---|\n"
        .to_owned();
    for format in FORMATS {
        let descriptor = format.descriptor();
        let package = match descriptor.package {
            Package::File { extension } => format!("a `.{extension}` file"),
            Package::Folder => "a folder".to_owned(),
            Package::Archive { extension } => format!("a `.{extension}` archive"),
        };
        writeln!(
            table,
            "| `{}` | [{}]({}): {} | {package} | {} | {} | {} | {} |",
            descriptor.id,
            descriptor.title.en,
            descriptor.documentation,
            lower_first(descriptor.summary.en),
            options(descriptor),
            if descriptor.is_readable { "yes" } else { "no" },
            lost(descriptor, |kind| kind != LossKind::Simplified),
            lost(descriptor, |kind| kind == LossKind::Simplified),
        )
        .unwrap();
    }
    table
}

/// `task`: **detect**, segment; the default is bold.
fn options(descriptor: &FormatDescriptor) -> String {
    let options = descriptor.options.iter().map(|option| {
        let (default, others) = option.values.split_first().unwrap();
        format!("`{}`: **{default}**, {}", option.name, others.join(", "))
    });
    options.collect::<Vec<_>>().join("; ")
}

fn lower_first(text: &str) -> String {
    text[..1].to_lowercase() + &text[1..]
}

/// Features that a format does not hold, by their effect on annotations and images.
fn lost(descriptor: &FormatDescriptor, is_wanted: fn(LossKind) -> bool) -> String {
    let are_boxes = descriptor.holds(Feature::PolygonBounds);
    let features = Feature::ALL.into_iter().filter(|feature| !descriptor.holds(*feature));
    let names = features.filter_map(|feature| {
        let kind = if feature == Feature::Polygons && are_boxes { LossKind::Simplified } else { feature.loss() };
        let name = serde_json::to_value(feature).unwrap().as_str()?.replace('_', " ");
        let is_of_its_own = match feature {
            Feature::BoxOutlines | Feature::PolygonBounds | Feature::PolygonRectangles | Feature::KeyPoints => false,
            Feature::AttributeTypes => descriptor.holds(Feature::Attributes),
            Feature::FailureCosts => descriptor.holds(Feature::FailedImages),
            _ => true,
        };
        (is_wanted(kind) && is_of_its_own).then_some(name)
    });
    let names: Vec<String> = names.collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
