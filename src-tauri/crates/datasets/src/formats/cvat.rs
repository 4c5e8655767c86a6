//! CVAT for images 1.1: one XML file with the annotations of all images.
//!
//! Source: CVAT's documentation of its XML annotation format. `run` and `propagated_from` are attributes of this
//! program, which CVAT ignores.

mod read;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write;

use domain::annotation::Origin;
use domain::dataset::{Feature, FormatDescriptor, FormatGroup, Package, Translated};
use domain::shape::Shape;

use super::xml::Escaped;
use crate::attributes::attribute_text;
use crate::entries::{EntryNames, write_images};
use crate::error::Result;
use crate::format::{DatasetSource, Format, FormatOptions, Sink};
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo, DatasetSplit};
use crate::output::Output;

/// The format `cvat`.
pub struct Cvat;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "cvat",
    title: Translated { en: "CVAT for images 1.1", es: "CVAT para imágenes 1.1" },
    summary: Translated {
        en: "One XML file: to go on annotating in CVAT",
        es: "Un archivo XML: para seguir anotando en CVAT",
    },
    group: FormatGroup::Tools,
    package: Package::Folder,
    media_type: "application/xml",
    holds: &[
        Feature::Boxes,
        Feature::Polygons,
        Feature::Points,
        Feature::ImageTags,
        Feature::UnscoredAnnotations,
        Feature::EmptyImages,
        Feature::Attributes,
        Feature::Origins,
        Feature::Groups,
        Feature::Splits,
        Feature::LabelTable,
        Feature::AttributeTable,
    ],
    can_be_empty: true,
    is_readable: true,
    options: &[],
    documentation: "https://docs.cvat.ai/docs/manual/advanced/xml_format/",
};

const FILE: &str = "annotations.xml";
const IMAGES: &str = "images/";

impl Format for Cvat {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn write(&self, source: &dyn DatasetSource, _: &FormatOptions, out: &mut Output) -> Result<()> {
        let mut subsets = BTreeSet::new();
        for image in source.images() {
            subsets.extend(subset(&image?));
        }
        let mut names = EntryNames::default();
        let file = out.entry(FILE)?;
        // Some readers fail on a declaration of the encoding.
        file.write_all(b"<annotations>\n  <version>1.1</version>\n")?;
        write_labels(file, source.info(), &subsets)?;
        for (number, image) in source.images().enumerate() {
            let image = image?;
            let size = image.known_size()?;
            let name = names.name(&image).name;
            let subset = subset(&image).map_or_else(String::new, |subset| format!(" subset=\"{subset}\""));
            let mut xml = format!("  <image id=\"{number}\" name=\"{}\"{subset}", Escaped(&name));
            let _ = writeln!(xml, " width=\"{}\" height=\"{}\">", size.width, size.height);
            for annotation in &image.annotations {
                write_annotation(&mut xml, annotation, &source.info().labels.find(&annotation.label)?.name);
            }
            file.write_all(xml.as_bytes())?;
            file.write_all(b"  </image>\n")?;
        }
        file.write_all(b"</annotations>\n")?;
        write_images(source, out, EntryNames::default(), |_| IMAGES.to_owned())
    }

    fn read(&self, input: &mut Input, _: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        read::read(input, sink)
    }
}

fn subset(image: &DatasetImage) -> Option<&'static str> {
    image.split.map(|split| match split {
        DatasetSplit::Train => "Train",
        DatasetSplit::Validation => "Validation",
        DatasetSplit::Test => "Test",
    })
}

/// The labels of a task, or of a project with a task for each subset. Every label may have every attribute.
fn write_labels(file: &mut dyn Write, info: &DatasetInfo, subsets: &BTreeSet<&str>) -> Result<()> {
    let kind = if subsets.is_empty() { "task" } else { "project" };
    let mut attributes = String::new();
    for attribute in &info.attributes {
        let _ = writeln!(
            attributes,
            "            <attribute><name>{}</name><mutable>False</mutable><input_type>text</input_type>\
             <default_value></default_value><values></values></attribute>",
            Escaped(&attribute.name)
        );
    }
    write!(file, "  <meta>\n    <{kind}>\n      <name>Fieldmark</name>\n      <labels>\n")?;
    for label in info.labels.labels() {
        let name = Escaped(&label.name);
        write!(
            file,
            "        <label>\n          <name>{name}</name>\n          <type>any</type>\n          <attributes>\n"
        )?;
        write!(file, "{attributes}          </attributes>\n        </label>\n")?;
    }
    file.write_all(b"      </labels>\n")?;
    if !subsets.is_empty() {
        let listed: Vec<&str> = subsets.iter().copied().collect();
        write!(file, "      <subsets>{}</subsets>\n      <tasks>\n", listed.join("\n"))?;
        for subset in subsets {
            writeln!(file, "        <task><name>{subset}</name><subset>{subset}</subset></task>")?;
        }
        file.write_all(b"      </tasks>\n")?;
    }
    writeln!(file, "    </{kind}>\n  </meta>")?;
    Ok(())
}

fn write_annotation(xml: &mut String, annotation: &DatasetAnnotation, label: &str) {
    let list = |points: &[domain::geometry::Point]| {
        points.iter().map(|point| format!("{},{}", point.x, point.y)).collect::<Vec<_>>().join(";")
    };
    let (name, geometry) = match &annotation.shape {
        Shape::Box { rect } => {
            ("box", format!(" xtl=\"{}\" ytl=\"{}\" xbr=\"{}\" ybr=\"{}\"", rect.x1, rect.y1, rect.x2, rect.y2))
        }
        Shape::Polygon { points } => ("polygon", format!(" points=\"{}\"", list(points))),
        Shape::Point { at } => ("points", format!(" points=\"{}\"", list(&[*at]))),
        Shape::ImageTag => ("tag", String::new()),
        Shape::Caption { .. } => return,
    };
    let source = if matches!(annotation.origin, Some(Origin::Run { .. })) { "auto" } else { "manual" };
    let _ = write!(xml, "    <{name} label=\"{}\" source=\"{source}\"", Escaped(label));
    if name != "tag" {
        let _ = write!(xml, " occluded=\"0\"{geometry} z_order=\"0\"");
    }
    match annotation.origin {
        Some(Origin::Run { run }) => {
            let _ = write!(xml, " run=\"{run}\"");
        }
        Some(Origin::Person) => xml.push_str(" run=\"\""),
        None => {}
    }
    for (field, value) in [("propagated_from", annotation.propagated_from), ("group_id", annotation.group)] {
        if let Some(value) = value {
            let _ = write!(xml, " {field}=\"{value}\"");
        }
    }
    xml.push_str(">\n");
    for (name, value) in &annotation.attributes {
        let value = attribute_text(value);
        let _ = writeln!(xml, "      <attribute name=\"{}\">{}</attribute>", Escaped(name), Escaped(&value));
    }
    let _ = writeln!(xml, "    </{name}>");
}
