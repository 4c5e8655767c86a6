//! The form of a recipe file. Every key that is not here is an error. The JSON Schema in docs/ is generated from these types,
//! and their documentation is its text.

use std::collections::BTreeMap;

use domain::annotation::{AttributeValue, Shape};
use domain::geometry::{Point, Rect};
use domain::recipe::{
    Attribute, AttributeKind, AttributeSubject, CAPTION_LABEL, ExampleAnnotation, ExampleUnits, Label, Recipe,
    RecipeExample, ShapeKind, Tiling, palette_color,
};
use serde::{Deserialize, Serialize};
use serde_spanned::Spanned;

/// A recipe: what to find in photos, and how to describe it.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FileRecipe {
    /// The name of the recipe.
    #[cfg_attr(test, schemars(with = "String", length(min = 1)))]
    pub name: Spanned<String>,
    /// The language of text in answers, as a BCP 47 tag: "es", "pt-BR". Without it, the model chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub language: Option<Spanned<String>>,
    /// The kinds of annotations to ask for. Empty for a recipe that asks for attributes of the image only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Vec<schema::ShapeName>"))]
    pub shapes: Option<Spanned<Vec<ShapeKind>>>,
    /// Whether a second request with the same picture checks what was found in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub check: bool,
    /// What else the model is told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instructions: String,
    /// How large images are divided, for small objects. Without it, images are sent whole only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<FileTiles>"))]
    pub tiles: Option<Spanned<FileTiles>>,
    /// The classes of objects to find.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(with = "Vec<FileLabel>"))]
    pub labels: Vec<Spanned<FileLabel>>,
    /// What to say about each annotation, or about the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(with = "Vec<FileAttribute>"))]
    pub attributes: Vec<Spanned<FileAttribute>>,
    /// Photos with the annotations that they should get.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(with = "Vec<FileExample>"))]
    pub examples: Vec<Spanned<FileExample>>,
}

/// Tiles of an image that is larger than one of them, each sent as a picture of its own, besides the whole image.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct FileTiles {
    /// Side of a tile, in pixels of the image.
    #[cfg_attr(test, schemars(range(min = 128, max = 16384)))]
    edge: u32,
    /// How much neighbors overlap at least, in percent of a tile's side.
    #[cfg_attr(test, schemars(range(max = 50)))]
    overlap: u8,
    /// The most tiles of an image. Those of a larger image are as large as this takes.
    #[cfg_attr(test, schemars(range(min = 1, max = 256)))]
    at_most: u32,
}

impl Default for FileTiles {
    fn default() -> Self {
        Tiling::default().into()
    }
}

impl From<Tiling> for FileTiles {
    fn from(Tiling { edge, overlap, at_most }: Tiling) -> Self {
        Self { edge, overlap, at_most }
    }
}

impl From<FileTiles> for Tiling {
    fn from(FileTiles { edge, overlap, at_most }: FileTiles) -> Self {
        Self { edge, overlap, at_most }
    }
}

/// A class of objects to find.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FileLabel {
    #[cfg_attr(test, schemars(length(min = 1)))]
    name: String,
    /// What counts and what does not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    definition: String,
    /// Number of the color, 1 to 12. Without it, colors follow the order of the labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(range(min = 1, max = 12)))]
    color: Option<i64>,
    /// The key that chooses it in the editor: a digit from 1 to 9, or a letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<char>,
    /// Other names that an answer may use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    synonyms: Vec<String>,
    /// The name of the label that it is a kind or a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
}

/// Something to say about each annotation, or about the image.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FileAttribute {
    #[cfg_attr(test, schemars(length(min = 1)))]
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    definition: String,
    /// What it describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of: Option<Subject>,
    #[cfg_attr(test, schemars(with = "Kind"))]
    kind: Spanned<Kind>,
    /// Of `one_of` and `several_of`, and needed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>", length(min = 2)))]
    options: Option<Spanned<Vec<String>>>,
    /// The smallest value of `number`, and needed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<i32>"))]
    min: Option<Spanned<i32>>,
    /// The largest value of `number`, and needed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<i32>"))]
    max: Option<Spanned<i32>>,
    /// Whether an annotation without it is dropped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    required: bool,
}

/// What an attribute describes: each annotation (the default), or the whole image once.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum Subject {
    Annotation,
    Image,
}

/// The values of an attribute. A number is whole.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum Kind {
    Text,
    Number,
    OneOf,
    SeveralOf,
    YesNo,
}

/// A photo with the annotations that it should get. A negative example has none.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FileExample {
    /// The hash of the photo's bytes in the library, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    /// The photo's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// The unit of coordinates: fractions of the photo's sides from 0 to 1 (the default), or pixels. The photo is upright.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    units: Option<Units>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(test, schemars(with = "BTreeMap<String, schema::Value>"))]
    attributes: BTreeMap<String, AttributeValue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(with = "Vec<FileAnnotation>"))]
    annotations: Vec<Spanned<FileAnnotation>>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum Units {
    Fractions,
    Pixels,
}

/// An annotation of an example: at most one shape; without one it is an image tag.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct FileAnnotation {
    /// A caption needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// Left, top, right, bottom.
    #[serde(default, rename = "box", skip_serializing_if = "Option::is_none")]
    rect: Option<[f64; 4]>,
    /// x, y.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    point: Option<[f64; 2]>,
    /// The corners, each x, y.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    polygon: Option<Vec<[f64; 2]>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caption: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(test, schemars(with = "BTreeMap<String, schema::Value>"))]
    attributes: BTreeMap<String, AttributeValue>,
}

impl FileRecipe {
    /// The recipe. `report` gets the offset and the text of every problem.
    pub fn into_recipe(self, mut report: impl FnMut(usize, String)) -> Recipe {
        let labels = self.labels.into_iter().enumerate();
        Recipe {
            name: self.name.into_inner(),
            labels: labels.map(|(index, label)| label.into_inner().into_label(index)).collect(),
            shapes: self.shapes.map(Spanned::into_inner).unwrap_or_default(),
            attributes: self.attributes.into_iter().map(|own| own.into_inner().into_attribute(&mut report)).collect(),
            instructions: self.instructions,
            language: self.language.map(Spanned::into_inner),
            examples: self.examples.into_iter().map(|own| own.into_inner().into_example(&mut report)).collect(),
            tiles: self.tiles.map(|tiles| tiles.into_inner().into()),
            check: self.check,
        }
    }
}

impl FileLabel {
    fn into_label(self, index: usize) -> Label {
        let Self { name, definition, color, key, synonyms, parent } = self;
        // A number outside of the palette is reported with its place, as 0 is.
        let color = color.map_or_else(|| palette_color(index), |color| u8::try_from(color).unwrap_or_default());
        Label { name, definition, color, synonyms, key, parent }
    }
}

impl FileAttribute {
    fn into_attribute(self, report: &mut impl FnMut(usize, String)) -> Attribute {
        let kind = *self.kind.get_ref();
        let has_options = matches!(kind, Kind::OneOf | Kind::SeveralOf);
        if let Some(options) = self.options.as_ref().filter(|_| !has_options) {
            report(options.span().start, "only \"one_of\" and \"several_of\" have options".into());
        }
        for end in [&self.min, &self.max].into_iter().flatten().filter(|_| kind != Kind::Number) {
            report(end.span().start, "only \"number\" has min and max".into());
        }
        if has_options && self.options.is_none() {
            report(self.kind.span().start, "it needs options".into());
        }
        if kind == Kind::Number && (self.min.is_none() || self.max.is_none()) {
            report(self.kind.span().start, "a number needs min and max".into());
        }
        let options = self.options.map(Spanned::into_inner).unwrap_or_default();
        let end = |end: Option<Spanned<i32>>| end.map(Spanned::into_inner).unwrap_or_default();
        Attribute {
            name: self.name,
            definition: self.definition,
            kind: match kind {
                Kind::Text => AttributeKind::Text,
                Kind::Number => AttributeKind::Number { min: end(self.min), max: end(self.max) },
                Kind::OneOf => AttributeKind::Choice { options },
                Kind::SeveralOf => AttributeKind::SeveralOf { options },
                Kind::YesNo => AttributeKind::YesNo,
            },
            is_required: self.required,
            of: match self.of {
                None | Some(Subject::Annotation) => AttributeSubject::Annotation,
                Some(Subject::Image) => AttributeSubject::Image,
            },
        }
    }
}

impl FileExample {
    fn into_example(self, report: &mut impl FnMut(usize, String)) -> RecipeExample {
        RecipeExample {
            hash: self.hash,
            path: self.path,
            units: match self.units {
                None | Some(Units::Fractions) => ExampleUnits::Fractions,
                Some(Units::Pixels) => ExampleUnits::Pixels,
            },
            annotations: self.annotations.into_iter().map(|own| annotation(own, report)).collect(),
            attributes: self.attributes,
        }
    }
}

fn annotation(read: Spanned<FileAnnotation>, report: &mut impl FnMut(usize, String)) -> ExampleAnnotation {
    let start = read.span().start;
    let FileAnnotation { label, rect, point, polygon, caption, attributes } = read.into_inner();
    let shapes = [
        rect.map(|[x1, y1, x2, y2]| Shape::Box { rect: Rect::new(x1, y1, x2, y2) }),
        point.map(|[x, y]| Shape::Point { at: Point::new(x, y) }),
        polygon.map(|corners| Shape::Polygon { points: corners.into_iter().map(|[x, y]| Point::new(x, y)).collect() }),
        caption.map(|text| Shape::Caption { text }),
    ];
    let mut shapes = shapes.into_iter().flatten();
    let shape = shapes.next().unwrap_or(Shape::ImageTag);
    if shapes.next().is_some() {
        report(start, "an annotation has one shape".into());
    }
    if label.is_none() && shape.kind() != ShapeKind::Caption {
        report(start, "an annotation needs a label".into());
    }
    let label = label.unwrap_or_else(|| CAPTION_LABEL.to_owned());
    ExampleAnnotation { label, shape, attributes }
}

/// Spans matter in files that are read.
fn unspanned<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

impl From<&Recipe> for FileRecipe {
    fn from(recipe: &Recipe) -> Self {
        let labels = recipe.labels.iter().enumerate();
        Self {
            name: unspanned(recipe.name.clone()),
            language: recipe.language.clone().map(unspanned),
            shapes: (!recipe.shapes.is_empty()).then(|| unspanned(recipe.shapes.clone())),
            check: recipe.check,
            instructions: recipe.instructions.clone(),
            tiles: recipe.tiles.map(|tiles| unspanned(tiles.into())),
            labels: labels.map(|(index, label)| unspanned(FileLabel::of(label, index))).collect(),
            attributes: recipe.attributes.iter().map(|attribute| unspanned(attribute.into())).collect(),
            examples: recipe.examples.iter().map(|example| unspanned(example.into())).collect(),
        }
    }
}

impl FileLabel {
    fn of(label: &Label, index: usize) -> Self {
        Self {
            name: label.name.clone(),
            definition: label.definition.clone(),
            color: (label.color != palette_color(index)).then_some(label.color.into()),
            key: label.key,
            synonyms: label.synonyms.clone(),
            parent: label.parent.clone(),
        }
    }
}

impl From<&Attribute> for FileAttribute {
    fn from(attribute: &Attribute) -> Self {
        let (kind, options, ends) = match &attribute.kind {
            AttributeKind::Text => (Kind::Text, None, None),
            AttributeKind::Number { min, max } => (Kind::Number, None, Some((*min, *max))),
            AttributeKind::Choice { options } => (Kind::OneOf, Some(options.clone()), None),
            AttributeKind::SeveralOf { options } => (Kind::SeveralOf, Some(options.clone()), None),
            AttributeKind::YesNo => (Kind::YesNo, None, None),
        };
        Self {
            name: attribute.name.clone(),
            definition: attribute.definition.clone(),
            of: (attribute.of == AttributeSubject::Image).then_some(Subject::Image),
            kind: unspanned(kind),
            options: options.map(unspanned),
            min: ends.map(|(min, _)| unspanned(min)),
            max: ends.map(|(_, max)| unspanned(max)),
            required: attribute.is_required,
        }
    }
}

impl From<&RecipeExample> for FileExample {
    fn from(example: &RecipeExample) -> Self {
        Self {
            hash: example.hash.clone(),
            path: example.path.clone(),
            units: (example.units == ExampleUnits::Pixels).then_some(Units::Pixels),
            attributes: example.attributes.clone(),
            annotations: example.annotations.iter().map(|annotation| unspanned(annotation.into())).collect(),
        }
    }
}

impl From<&ExampleAnnotation> for FileAnnotation {
    fn from(annotation: &ExampleAnnotation) -> Self {
        let (label, attributes) = (Some(annotation.label.clone()), annotation.attributes.clone());
        let mut written = Self { label, rect: None, point: None, polygon: None, caption: None, attributes };
        match &annotation.shape {
            Shape::Box { rect } => written.rect = Some([rect.x1, rect.y1, rect.x2, rect.y2]),
            Shape::Point { at } => written.point = Some([at.x, at.y]),
            Shape::Polygon { points } => written.polygon = Some(points.iter().map(|at| [at.x, at.y]).collect()),
            Shape::ImageTag => {}
            Shape::Caption { text } => written.caption = Some(text.clone()),
        }
        written
    }
}

/// Types of other modules, as the schema shows them.
#[cfg(test)]
mod schema {
    use schemars::JsonSchema;

    /// A kind of annotation.
    #[derive(JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "stands for a type of the domain")]
    pub enum ShapeName {
        Box,
        Point,
        Polygon,
        ImageTag,
        Caption,
    }

    /// The value of an attribute, by its kind.
    #[derive(JsonSchema)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "stands for a type of the domain")]
    pub enum Value {
        YesNo(bool),
        Number(i32),
        Text(String),
        Several(Vec<String>),
    }
}
