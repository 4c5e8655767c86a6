//! The JSON schema of an answer, within what vendors' structured outputs support.
//!
//! They support no ranges, lengths or recursion, require `additionalProperties: false`, and allow few optional
//! properties. So a box is four named integers, and ranges are checked when an answer is parsed. Properties keep the
//! order in which a model should write them, so this is not a `serde_json::Value`. Source: Anthropic's structured
//! output guide as of 2026-11-23.

use domain::coordinates::BoxCoordinates;
use domain::recipe::{Attribute, AttributeKind, AttributeSubject, Recipe, ShapeKind};
use serde::{Serialize, Serializer};

use crate::coordinates::{CORNERS, LIST, points};

/// A node of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    Object(Vec<Property>),
    Array(Box<Schema>),
    /// A value of this JSON type.
    Plain(&'static str),
    /// A text of a sentence or more.
    Sentence,
    /// One of these strings.
    OneOf(Vec<String>),
    /// A list of some of these strings.
    SeveralOf(Vec<String>),
    /// A list of this many numbers of this JSON type.
    Coordinates(&'static str, u64),
    /// A list of pairs of numbers of this JSON type.
    Outline(&'static str),
    /// This or `null`.
    OrNull(Box<Schema>),
    /// One of these.
    AnyOf(Vec<Schema>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    pub key: String,
    pub schema: Schema,
    pub is_required: bool,
}

impl Property {
    pub fn required(key: &str, schema: Schema) -> Self {
        Self { key: key.into(), schema, is_required: true }
    }
}

impl Schema {
    /// The same schema for vendors that require every property: one that may be absent may be `null` instead.
    #[must_use]
    pub fn with_every_property(self) -> Self {
        match self {
            Self::Object(properties) => Self::Object(
                properties
                    .into_iter()
                    .map(|Property { key, schema, is_required }| {
                        let schema = schema.with_every_property();
                        let schema = if is_required { schema } else { Self::OrNull(Box::new(schema)) };
                        Property { key, schema, is_required: true }
                    })
                    .collect(),
            ),
            Self::Array(items) => Self::Array(Box::new(items.with_every_property())),
            Self::AnyOf(schemas) => Self::AnyOf(schemas.into_iter().map(Self::with_every_property).collect()),
            other => other,
        }
    }

    /// An image has one caption, whatever else it has.
    fn is_caption(&self) -> bool {
        matches!(self, Self::Object(properties) if properties.iter().any(|own| own.schema == Self::Sentence))
    }

    /// Estimated length of an answer whose lists have `items` items, in bytes of JSON.
    #[must_use]
    pub fn likely_bytes(&self, items: u64) -> u64 {
        match self {
            // `"key":value,` for each, in braces.
            Self::Object(properties) => properties
                .iter()
                .map(|property| property.key.len() as u64 + 4 + property.schema.likely_bytes(items))
                .fold(2, u64::saturating_add),
            Self::Array(item) => {
                let items = if item.is_caption() { 1 } else { items };
                item.likely_bytes(items).saturating_mul(items).saturating_add(2)
            }
            Self::Sentence => LIKELY_SENTENCE,
            // A coordinate, a probability, a few words.
            Self::Plain("string") => 24,
            Self::Plain(_) => 4,
            Self::Coordinates(_, count) => count * 5 + 1,
            Self::Outline(_) => LIKELY_CORNERS * 12 + 1,
            Self::OrNull(schema) => schema.likely_bytes(items),
            Self::AnyOf(schemas) => {
                let total = schemas.iter().map(|schema| schema.likely_bytes(items)).fold(0, u64::saturating_add);
                total / (schemas.len().max(1) as u64)
            }
            Self::OneOf(options) => mean_length(options) + 2,
            Self::SeveralOf(options) => LIKELY_CHOICES * (mean_length(options) + 3) + 1,
        }
    }
}

/// The assumed number of chosen options where there may be several.
const LIKELY_CHOICES: u64 = 2;
/// The assumed length of a caption, in bytes.
const LIKELY_SENTENCE: u64 = 120;
/// The assumed number of corners of an outline.
const LIKELY_CORNERS: u64 = 16;

fn mean_length(options: &[String]) -> u64 {
    let total: usize = options.iter().map(String::len).sum();
    (total / options.len().max(1)) as u64
}

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Object<'a> {
            r#type: &'static str,
            properties: Properties<'a>,
            required: Vec<&'a str>,
            #[serde(rename = "additionalProperties")]
            additional_properties: bool,
        }
        #[derive(Serialize)]
        struct Array<'a, T> {
            r#type: &'static str,
            items: &'a T,
        }
        #[derive(Serialize)]
        struct Plain<'a> {
            r#type: &'static str,
            #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
            options: Option<&'a [String]>,
        }
        struct Properties<'a>(&'a [Property]);
        impl Serialize for Properties<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().map(|property| (&property.key, &property.schema)))
            }
        }
        match self {
            Self::Object(properties) => Object {
                r#type: "object",
                properties: Properties(properties),
                required: properties.iter().filter(|own| own.is_required).map(|own| own.key.as_str()).collect(),
                additional_properties: false,
            }
            .serialize(serializer),
            Self::Array(items) => Array { r#type: "array", items: &**items }.serialize(serializer),
            Self::Plain(r#type) => Plain { r#type, options: None }.serialize(serializer),
            Self::Sentence => Self::Plain("string").serialize(serializer),
            Self::OneOf(options) => Plain { r#type: "string", options: Some(options) }.serialize(serializer),
            Self::SeveralOf(options) => {
                Array { r#type: "array", items: &Plain { r#type: "string", options: Some(options) } }
                    .serialize(serializer)
            }
            Self::Coordinates(number, _) => {
                Array { r#type: "array", items: &Self::Plain(number) }.serialize(serializer)
            }
            Self::Outline(number) => {
                Array { r#type: "array", items: &Self::Coordinates(number, 2) }.serialize(serializer)
            }
            Self::OrNull(schema) => serializer.collect_map([("anyOf", [&**schema, &Self::Plain("null")])]),
            Self::AnyOf(schemas) => serializer.collect_map([("anyOf", schemas)]),
        }
    }
}

/// The schema of an answer for `recipe`: the attributes of the image if there are any, then a list of annotations unless
/// nothing else is asked for. Boxes are in these coordinates.
#[must_use]
pub fn of_answer(recipe: &Recipe, coordinates: BoxCoordinates) -> Schema {
    let mut answer = Vec::new();
    if recipe.has_attributes_of(AttributeSubject::Image) {
        // First, since an answer that is cut off ends within the list.
        answer.push(Property::required(IMAGE_KEY, of_attributes(recipe, AttributeSubject::Image)));
    }
    if !recipe.asks_of_image_alone() {
        answer.push(Property::required(list_key(recipe), of_annotations(recipe, coordinates)));
    }
    Schema::Object(answer)
}

/// The property of an answer with the attributes of the image.
pub const IMAGE_KEY: &str = "image";
/// The property of an annotation with its shape, if the recipe asks for several.
pub const SHAPE_KEY: &str = "shape";
/// The property of a caption with its text.
pub const CAPTION_KEY: &str = "caption";

/// The property of an answer with the list of annotations. Recipes for boxes keep the name of earlier versions, so that
/// saved answers are found.
pub fn list_key(recipe: &Recipe) -> &'static str {
    if recipe.shapes == [ShapeKind::Box] { "marks" } else { "annotations" }
}

/// The name of a shape in a schema.
pub const fn shape_name(shape: ShapeKind) -> &'static str {
    match shape {
        ShapeKind::Box => "box",
        ShapeKind::Point => "point",
        ShapeKind::Polygon => "polygon",
        ShapeKind::ImageTag => "tag",
        ShapeKind::Caption => "caption",
    }
}

fn of_annotations(recipe: &Recipe, coordinates: BoxCoordinates) -> Schema {
    let mut annotations: Vec<Schema> =
        recipe.shapes.iter().map(|shape| of_annotation(recipe, *shape, coordinates)).collect();
    let annotation = if annotations.len() == 1 { annotations.remove(0) } else { Schema::AnyOf(annotations) };
    Schema::Array(Box::new(annotation))
}

fn of_annotation(recipe: &Recipe, shape: ShapeKind, coordinates: BoxCoordinates) -> Schema {
    let mut properties = Vec::new();
    if recipe.shapes.len() > 1 {
        properties.push(Property::required(SHAPE_KEY, Schema::OneOf(vec![shape_name(shape).to_owned()])));
    }
    if shape == ShapeKind::Caption {
        properties.push(Property::required(CAPTION_KEY, Schema::Sentence));
        return Schema::Object(properties);
    }
    properties.push(Property::required("label", one_of(recipe.labels.iter().map(|label| &label.name))));
    properties.extend(of_place(shape, coordinates));
    properties.push(Property::required("confidence", Schema::Plain("number")));
    if recipe.has_attributes_of(AttributeSubject::Annotation) {
        properties.push(Property::required("attributes", of_attributes(recipe, AttributeSubject::Annotation)));
    }
    Schema::Object(properties)
}

fn of_attributes(recipe: &Recipe, subject: AttributeSubject) -> Schema {
    let attributes = recipe.attributes_of(subject).map(|(index, attribute)| Property {
        key: attribute_key(attribute, index),
        schema: of_attribute(attribute),
        is_required: attribute.is_required,
    });
    Schema::Object(attributes.collect())
}

/// The properties of a place in a schema. Lists have no fixed length, because few servers can express it.
fn of_place(shape: ShapeKind, coordinates: BoxCoordinates) -> Vec<Property> {
    let number = match coordinates {
        BoxCoordinates::Norm1Xyxy | BoxCoordinates::Norm1Xywh => "number",
        _ => "integer",
    };
    let is_named = coordinates == BoxCoordinates::PixelXyxy;
    let named = |names: &[&str]| names.iter().map(|name| Property::required(name, Schema::Plain(number))).collect();
    let list = |key, count| vec![Property::required(key, Schema::Coordinates(number, count))];
    match shape {
        ShapeKind::Box if is_named => named(&CORNERS),
        ShapeKind::Box => list(LIST, 4),
        ShapeKind::Point if is_named => named(&points::AXES),
        ShapeKind::Point => list(points::POINT, 2),
        ShapeKind::Polygon => vec![Property::required(points::CORNERS, Schema::Outline(number))],
        ShapeKind::ImageTag | ShapeKind::Caption => Vec::new(),
    }
}

/// The property name of an attribute. Keys are limited to 64 letters, digits, `_`, `.` and `-`; other attributes get a
/// key by index.
#[must_use]
pub fn attribute_key(attribute: &Attribute, index: usize) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-');
    if (1..=64).contains(&attribute.name.len()) && attribute.name.chars().all(is_plain) {
        attribute.name.clone()
    } else {
        format!("attribute_{}", index + 1)
    }
}

fn of_attribute(attribute: &Attribute) -> Schema {
    match &attribute.kind {
        AttributeKind::Text => Schema::Plain("string"),
        AttributeKind::Number { .. } => Schema::Plain("integer"),
        AttributeKind::Choice { options } => one_of(options.iter()),
        AttributeKind::SeveralOf { options } => match one_of(options.iter()) {
            Schema::OneOf(options) => Schema::SeveralOf(options),
            other => Schema::Array(Box::new(other)),
        },
        AttributeKind::YesNo => Schema::Plain("boolean"),
    }
}

/// An enumeration must be non-empty and without duplicates.
fn one_of<'a>(names: impl Iterator<Item = &'a String>) -> Schema {
    let mut distinct: Vec<String> = Vec::new();
    for name in names {
        if !distinct.contains(name) {
            distinct.push(name.clone());
        }
    }
    if distinct.is_empty() { Schema::Plain("string") } else { Schema::OneOf(distinct) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_labels() {
        let recipe = Recipe::find_these("cat, traffic light").unwrap();
        insta::assert_snapshot!(serde_json::to_string(&of_answer(&recipe, BoxCoordinates::PixelXyxy)).unwrap(), @r#"{"type":"object","properties":{"marks":{"type":"array","items":{"type":"object","properties":{"label":{"type":"string","enum":["cat","traffic light"]},"x1":{"type":"integer"},"y1":{"type":"integer"},"x2":{"type":"integer"},"y2":{"type":"integer"},"confidence":{"type":"number"}},"required":["label","x1","y1","x2","y2","confidence"],"additionalProperties":false}}},"required":["marks"],"additionalProperties":false}"#);
    }

    #[test]
    fn a_prompt_names_what_the_schema_asks_for() {
        use BoxCoordinates::{Norm1Xywh, Norm1Xyxy, Norm1000Xyxy, Norm1000Yxyx, PixelXyxy, ServerPixelXyxy};
        for coordinates in [PixelXyxy, ServerPixelXyxy, Norm1000Xyxy, Norm1000Yxyx, Norm1Xyxy, Norm1Xywh] {
            for (shape, instruction) in [
                (ShapeKind::Box, crate::coordinates::instruction(coordinates).to_owned()),
                (ShapeKind::Point, points::point_instruction(coordinates)),
                (ShapeKind::Polygon, points::outline_instruction(coordinates)),
            ] {
                for property in of_place(shape, coordinates) {
                    assert!(instruction.contains(&property.key), "{shape:?} {coordinates:?}");
                }
            }
        }
    }

    #[test]
    fn shapes_have_their_own_fields_and_several_are_alternatives() {
        let mut recipe = Recipe::find_these("cat").unwrap();
        let mut schema = |shapes: &[ShapeKind], coordinates| {
            recipe.shapes = shapes.to_vec();
            serde_json::to_string(&of_answer(&recipe, coordinates)).unwrap()
        };
        insta::assert_snapshot!("outline", schema(&[ShapeKind::Polygon], BoxCoordinates::PixelXyxy));
        let mixed = [ShapeKind::Box, ShapeKind::Point, ShapeKind::Caption];
        insta::assert_snapshot!("mixed", schema(&mixed, BoxCoordinates::Norm1000Yxyx));
    }

    #[test]
    fn a_likely_answer_is_about_as_long_as_a_real_one() {
        let recipe = Recipe::find_these("cat, dog").unwrap();
        let annotation = r#"{"label":"cat","x1":1024,"y1":1024,"x2":1211,"y2":1300,"confidence":0.87}"#;
        let real = format!("{{\"marks\":[{}]}}", [annotation; 8].join(",")).len();
        let likely = usize::try_from(of_answer(&recipe, BoxCoordinates::PixelXyxy).likely_bytes(8)).unwrap();
        assert!(likely.abs_diff(real) * 20 < real, "{likely} bytes instead of {real}");
        let caption = Recipe { shapes: vec![ShapeKind::Caption], ..recipe };
        let real = r#"{"annotations":[{"caption":"Two cats and a dog sleep on a red sofa beside a window."}]}"#.len();
        let likely = usize::try_from(of_answer(&caption, BoxCoordinates::PixelXyxy).likely_bytes(8)).unwrap();
        assert!((real..3 * real).contains(&likely), "one caption, whatever is assumed: {likely} for {real}");
    }

    #[test]
    fn attributes_by_kind() {
        let attribute = |name: &str, kind, is_required| Attribute {
            name: name.into(),
            definition: String::new(),
            kind,
            is_required,
            of: AttributeSubject::Annotation,
        };
        let mut recipe = Recipe::find_these("bird").unwrap();
        recipe.attributes = vec![
            attribute("note", AttributeKind::Text, false),
            attribute("how many?", AttributeKind::Number { min: 1, max: 5 }, true),
            attribute("sex", AttributeKind::Choice { options: vec!["f".into(), "m".into(), "f".into()] }, false),
            attribute("flies", AttributeKind::YesNo, true),
        ];
        let strict =
            serde_json::to_string(&of_answer(&recipe, BoxCoordinates::PixelXyxy).with_every_property()).unwrap();
        assert!(strict.contains(r#""sex":{"anyOf":[{"type":"string","enum":["f","m"]},{"type":"null"}]}"#), "{strict}");
        assert!(strict.contains(r#""required":["note","attribute_2","sex","flies"]"#), "{strict}");
        insta::assert_snapshot!(serde_json::to_string(&of_answer(&recipe, BoxCoordinates::PixelXyxy)).unwrap(), @r#"{"type":"object","properties":{"marks":{"type":"array","items":{"type":"object","properties":{"label":{"type":"string","enum":["bird"]},"x1":{"type":"integer"},"y1":{"type":"integer"},"x2":{"type":"integer"},"y2":{"type":"integer"},"confidence":{"type":"number"},"attributes":{"type":"object","properties":{"note":{"type":"string"},"attribute_2":{"type":"integer"},"sex":{"type":"string","enum":["f","m"]},"flies":{"type":"boolean"}},"required":["attribute_2","flies"],"additionalProperties":false}},"required":["label","x1","y1","x2","y2","confidence","attributes"],"additionalProperties":false}}},"required":["marks"],"additionalProperties":false}"#);
    }

    #[test]
    fn attributes_of_the_image_come_once_and_lists_are_arrays_of_options() {
        let attribute = |name: &str, kind, of| Attribute {
            name: name.into(),
            definition: String::new(),
            kind,
            is_required: true,
            of,
        };
        let weather = AttributeKind::SeveralOf { options: vec!["rain".into(), "fog".into()] };
        let mut recipe = Recipe::find_these("car").unwrap();
        recipe.attributes = vec![
            attribute("weather", weather, AttributeSubject::Image),
            attribute("parked", AttributeKind::YesNo, AttributeSubject::Annotation),
        ];
        insta::assert_snapshot!(serde_json::to_string(&of_answer(&recipe, BoxCoordinates::PixelXyxy)).unwrap());
        recipe.attributes.truncate(1);
        recipe.shapes.clear();
        insta::assert_snapshot!(serde_json::to_string(&of_answer(&recipe, BoxCoordinates::PixelXyxy)).unwrap());
    }
}
