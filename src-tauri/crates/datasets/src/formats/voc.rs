//! Pascal VOC: an XML file per image in `Annotations`, images in `JPEGImages`, splits in `ImageSets/Main`.
//!
//! Source: the PASCAL VOC 2012 development kit. It names the first and the last pixel of a box, counted from 1: a box
//! around the whole image is from 1 to its width, so that left and top are one more than in coordinates, and right and
//! bottom are the same. Most programs of today write coordinates. Attributes are as in CVAT and Datumaro.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use domain::annotation::AttributeValue;
use domain::dataset::{Feature, FormatDescriptor, FormatGroup, FormatOption, Package, Translated};
use domain::geometry::{PixelSize, Rect};
use domain::import::is_image_name;
use domain::shape::Shape;
use roxmltree::Node;

use super::xml::{Escaped, child, parse, text_of};
use crate::attributes::{attribute_text, untyped};
use crate::entries::{EntryNames, ImageIndex, write_images};
use crate::error::{FileLocation, Result};
use crate::format::{DatasetSource, Format, FormatOptions, Sink, SkippedPart, UNKNOWN_FIELD};
use crate::image_size::upright_size;
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo, DatasetSplit};
use crate::output::Output;
use crate::paths::{beside, file_part, has_extension, split_named, split_of_path, stem};

/// The format `voc`.
pub struct Voc;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "voc",
    title: Translated { en: "Pascal VOC", es: "Pascal VOC" },
    summary: Translated { en: "An XML file of boxes per image", es: "Un archivo XML de recuadros por imagen" },
    group: FormatGroup::Training,
    package: Package::Folder,
    media_type: "application/xml",
    holds: &[
        Feature::Boxes,
        Feature::PolygonBounds,
        Feature::UnscoredAnnotations,
        Feature::EmptyImages,
        Feature::Attributes,
        Feature::Splits,
    ],
    can_be_empty: true,
    is_readable: true,
    options: &[FormatOption {
        name: "first-pixel",
        title: Translated { en: "Number of the first pixel", es: "Número del primer píxel" },
        values: &["0", "1"],
    }],
    documentation: "https://docs.cvat.ai/docs/dataset_management/formats/format-voc/",
};

const IMAGES: &str = "JPEGImages/";
/// Elements of an object with a meaning of their own, which are also attributes.
const FLAGS: [&str; 3] = ["truncated", "difficult", "occluded"];
const KNOWN: [&str; 7] = ["name", "pose", "truncated", "difficult", "occluded", "bndbox", "attributes"];
const POSE: &str = "pose";
/// Says from where this program counts, in `<source>`.
const COUNTED_FROM: &str = "pixels counted from ";

impl Format for Voc {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn write(&self, source: &dyn DatasetSource, options: &FormatOptions, out: &mut Output) -> Result<()> {
        let first = options.get("first-pixel");
        let mut names = EntryNames::flat();
        let mut lists: BTreeMap<&str, String> = BTreeMap::new();
        let mut labels = BTreeSet::new();
        for image in source.images() {
            let image = image?;
            labels.extend(image.annotations.iter().map(|annotation| annotation.label.clone()));
            let name = names.name(&image);
            let xml = written(&image, &name.name, first)?;
            out.entry(&format!("Annotations/{}.xml", name.stem()))?.write_all(xml.as_bytes())?;
            let list = image.split.map_or("default", DatasetSplit::short_name);
            let _ = writeln!(lists.entry(list).or_default(), "{}", name.stem());
        }
        for (name, list) in lists {
            out.entry(&format!("ImageSets/Main/{name}.txt"))?.write_all(list.as_bytes())?;
        }
        // Datumaro and CVAT need the labels. A line cannot hold every name.
        let mut map = String::from("# label:color_rgb:parts:actions\n");
        for label in labels.iter().filter(|label| !label.contains([':', '\n', '\r', '#'])) {
            let _ = writeln!(map, "{label}:::");
        }
        out.entry("labelmap.txt")?.write_all(map.as_bytes())?;
        write_images(source, out, EntryNames::flat(), |_| IMAGES.to_owned())
    }

    fn read(&self, input: &mut Input, options: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        sink.begin(DatasetInfo::default())?;
        let names = input.names()?;
        let mut splits: BTreeMap<String, DatasetSplit> = BTreeMap::new();
        for name in &names {
            let Some((before, list)) = name.split_once("ImageSets/Main/") else { continue };
            if let Some(split) = split_named(file_part(stem(list))) {
                let images = input.text(name)?;
                // A line may end in `1` or `-1`, for a class.
                splits.extend(images.lines().map(|line| (format!("{before}{}", line.trim_end()), split)));
            }
        }
        let mut index = ImageIndex::read(input)?;
        // Some programs write no annotation file for a negative.
        let mut images: BTreeMap<String, (Option<&str>, Option<&str>)> = BTreeMap::new();
        for name in &names {
            // Some datasets have a folder for each split around these.
            let below = |folder: &str| stem(name).split_once(folder).map(|(before, rest)| format!("{before}{rest}"));
            if has_extension(name, "xml") {
                let of_image = below("Annotations/").unwrap_or_else(|| stem(name).to_owned());
                images.entry(of_image).or_default().0 = Some(name);
            } else if let Some(of_image) = below(IMAGES).filter(|_| is_image_name(name)) {
                images.entry(of_image).or_default().1 = Some(name);
            }
        }
        let mut images: Vec<_> = images.into_iter().collect();
        images.sort_by_key(|(of_image, _)| index.position(&format!("{IMAGES}{of_image}")));
        for (of_image, files) in images {
            let split = splits.get(&of_image).copied().or_else(|| split_of_path(&of_image));
            let image = match files {
                (Some(name), _) => {
                    let file = File { name, options_first: options.get("first-pixel") };
                    file.image(&input.text(name)?, &of_image, split, &mut index, sink)?
                }
                (None, Some(image)) => {
                    let (file_name, size) = (image.replacen(IMAGES, "", 1), upright_size(input, image)?);
                    Some(index.image(&format!("{IMAGES}{of_image}"), &file_name, size, split))
                }
                (None, None) => None,
            };
            image.map_or(Ok(()), |image| sink.image(image))?;
        }
        Ok(())
    }
}

fn written(image: &DatasetImage, name: &str, first: &str) -> Result<String> {
    let size = image.known_size()?;
    let mut xml = format!(
        "<annotation>\n  <folder>JPEGImages</folder>\n  <filename>{}</filename>\n  <source>\n    <database>Fieldmark</database>\n    \
         <annotation>{COUNTED_FROM}{first}</annotation>\n  </source>\n  <size>\n    <width>{}</width>\n    \
         <height>{}</height>\n    <depth>3</depth>\n  </size>\n  <segmented>0</segmented>\n",
        Escaped(name),
        size.width,
        size.height
    );
    let offset = if first == "1" { 1.0 } else { 0.0 };
    for annotation in &image.annotations {
        let Shape::Box { rect } = annotation.shape else { continue };
        let _ =
            writeln!(xml, "  <object>\n    <name>{}</name>\n    <pose>Unspecified</pose>", Escaped(&annotation.label));
        for flag in FLAGS {
            let is_set = annotation.attributes.get(flag) == Some(&AttributeValue::YesNo(true));
            let _ = writeln!(xml, "    <{flag}>{}</{flag}>", u8::from(is_set));
        }
        xml += "    <bndbox>\n";
        let sides = [("xmin", rect.x1 + offset), ("ymin", rect.y1 + offset), ("xmax", rect.x2), ("ymax", rect.y2)];
        for (side, value) in sides {
            let _ = writeln!(xml, "      <{side}>{value}</{side}>");
        }
        xml += "    </bndbox>\n";
        if !annotation.attributes.is_empty() {
            xml += "    <attributes>\n";
            for (name, value) in &annotation.attributes {
                let (name, value) = (Escaped(name), attribute_text(value));
                let value = Escaped(&value);
                let _ = writeln!(xml, "      <attribute><name>{name}</name><value>{value}</value></attribute>");
            }
            xml += "    </attributes>\n";
        }
        xml += "  </object>\n";
    }
    Ok(xml + "</annotation>\n")
}

/// An annotation file.
struct File<'a> {
    name: &'a str,
    /// The number of the first pixel, if the file does not state it.
    options_first: &'a str,
}

impl File<'_> {
    /// `None` for an XML file of another kind.
    fn image(
        &self,
        text: &str,
        of_image: &str,
        split: Option<DatasetSplit>,
        index: &mut ImageIndex,
        sink: &mut dyn Sink,
    ) -> Result<Option<DatasetImage>> {
        let document = parse(text, |line| FileLocation::file(self.name).at(line))?;
        let root = document.root_element();
        if !root.has_tag_name("annotation") {
            return Ok(None);
        }
        let file = text_of(root, "filename").filter(|name| !name.is_empty()).unwrap_or_else(|| of_image.to_owned());
        let file_name = if file.contains('/') { file } else { beside(of_image, &file) };
        let size = match child(root, "size") {
            Some(size) => {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
                let pixels = |name| self.number(size, name).map(|pixels| pixels as u32);
                Some(PixelSize::new(pixels("width")?, pixels("height")?)).filter(|size| size.area() > 0)
            }
            None => None,
        };
        let mut image = index.image(&format!("{IMAGES}{of_image}"), &file_name, size, split);
        let stated = child(root, "source").and_then(|source| text_of(source, "annotation"));
        let first = stated.as_deref().and_then(|stated| stated.strip_prefix(COUNTED_FROM));
        let offset = if first.unwrap_or(self.options_first) == "1" { 1.0 } else { 0.0 };
        for object in root.children().filter(|child| child.has_tag_name("object")) {
            image.annotations.push(self.annotation(object, offset)?);
            let children = object.children().filter(Node::is_element);
            for child in children.filter(|child| !KNOWN.contains(&child.tag_name().name())) {
                let place = self.place(child).with_field(child.tag_name().name()).to_string();
                sink.skipped(SkippedPart { place, reason: UNKNOWN_FIELD });
            }
        }
        Ok(Some(image))
    }

    fn annotation(&self, object: Node<'_, '_>, offset: f64) -> Result<DatasetAnnotation> {
        let bounds = child(object, "bndbox").ok_or_else(|| self.place(object).malformed("an object has no bndbox"))?;
        let side = |name| self.number(bounds, name);
        let rect = Rect::new(side("xmin")? - offset, side("ymin")? - offset, side("xmax")?, side("ymax")?);
        let label = text_of(object, "name").ok_or_else(|| self.place(object).malformed("an object has no name"))?;
        let mut annotation = DatasetAnnotation::new(label, Shape::Box { rect });
        let listed = child(object, "attributes");
        for attribute in listed.iter().flat_map(Node::children).filter(|child| child.has_tag_name("attribute")) {
            if let Some(name) = text_of(attribute, "name") {
                let value = text_of(attribute, "value").unwrap_or_default();
                annotation.attributes.insert(name, untyped(&value));
            }
        }
        let pose = text_of(object, POSE).filter(|pose| !["", "Unspecified"].contains(&pose.trim()));
        if let Some(pose) = pose {
            annotation.attributes.entry(POSE.to_owned()).or_insert(AttributeValue::Text(pose));
        }
        for flag in FLAGS {
            if text_of(object, flag).is_some_and(|value| value.trim() == "1") {
                annotation.attributes.entry(flag.to_owned()).or_insert(AttributeValue::YesNo(true));
            }
        }
        Ok(annotation)
    }

    fn place(&self, node: Node<'_, '_>) -> FileLocation {
        FileLocation::file(self.name).at(node.document().text_pos_at(node.range().start).row.into())
    }

    fn number(&self, node: Node<'_, '_>, name: &str) -> Result<f64> {
        let text = text_of(node, name).unwrap_or_default();
        let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| self.place(node).with_field(name).malformed(format!("{text:?} is not a number")))
    }
}
