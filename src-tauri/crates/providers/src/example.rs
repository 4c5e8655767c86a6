//! Examples of a recipe, as a model is shown them: a photo, and the answer that it should get.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::annotation::AttributeValue;
use domain::coordinates::BoxCoordinates;
use domain::geometry::{ImageFromSent, PixelSize};
use domain::recipe::{AttributeSubject, ExampleUnits, Recipe};
use domain::shape::Shape;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::catalog::ModelSpec;
use crate::coordinates::{self, points};
use crate::request::{Picture, ShownExample};
use crate::schema::{CAPTION_KEY, IMAGE_KEY, SHAPE_KEY, attribute_key, list_key, shape_name};

/// JSON whose properties keep their order, so that an example answers in the order of the schema.
enum Json {
    Value(Value),
    Object(Vec<(String, Json)>),
    List(Vec<Json>),
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Object(properties) => serializer.collect_map(properties.iter().map(|(key, value)| (key, value))),
            Self::List(items) => serializer.collect_seq(items),
        }
    }
}

/// An annotation in an answer that the model is shown.
pub struct ShownAnnotation<'a> {
    pub label: &'a str,
    /// In pixels of the sent picture.
    pub shape: Shape,
    /// As a number; `None` leaves it out.
    pub confidence: Option<Value>,
    pub attributes: &'a BTreeMap<String, AttributeValue>,
}

/// An answer as JSON in the form that `recipe` is asked for in these coordinates, about a picture of `sent` size.
/// `of_image` are the attributes of the image.
pub fn shown_answer<'a>(
    recipe: &Recipe,
    coordinates: BoxCoordinates,
    sent: PixelSize,
    of_image: &BTreeMap<String, AttributeValue>,
    annotations: impl Iterator<Item = ShownAnnotation<'a>>,
) -> String {
    let mut answer = Vec::new();
    if recipe.has_attributes_of(AttributeSubject::Image) {
        let attributes = attributes(recipe, AttributeSubject::Image, |name| of_image.get(name));
        answer.push((IMAGE_KEY.to_owned(), attributes));
    }
    if !recipe.asks_of_image_alone() {
        let annotations = annotations.filter(|annotation| recipe.shapes.contains(&annotation.shape.kind()));
        let annotations = annotations.map(|annotation| shown_annotation(annotation, recipe, coordinates, sent));
        answer.push((list_key(recipe).to_owned(), Json::List(annotations.collect())));
    }
    // Text and finite numbers always serialize.
    serde_json::to_string(&Json::Object(answer)).unwrap_or_default()
}

fn shown_annotation(
    ShownAnnotation { label, shape, confidence, attributes: own }: ShownAnnotation<'_>,
    recipe: &Recipe,
    coordinates: BoxCoordinates,
    sent: PixelSize,
) -> Json {
    let mut properties = Vec::new();
    let mut add = |key: &str, value: Value| properties.push((key.to_owned(), Json::Value(value)));
    if recipe.shapes.len() > 1 {
        add(SHAPE_KEY, shape_name(shape.kind()).into());
    }
    if let Shape::Caption { text } = &shape {
        add(CAPTION_KEY, text.clone().into());
        return Json::Object(properties);
    }
    add("label", recipe.label_named(label).map_or(label, |label| &label.name).into());
    let place = match &shape {
        Shape::Box { rect } => coordinates::from_pixels(*rect, coordinates, sent),
        Shape::Point { at } => points::from_pixels(*at, coordinates, sent),
        Shape::Polygon { points } => vec![points::outline_from_pixels(points, coordinates, sent)],
        Shape::ImageTag | Shape::Caption { .. } => Vec::new(),
    };
    for (key, value) in place {
        add(key, value);
    }
    if let Some(confidence) = confidence {
        add("confidence", confidence);
    }
    if recipe.has_attributes_of(AttributeSubject::Annotation) {
        let own = attributes(recipe, AttributeSubject::Annotation, |name| own.get(name));
        properties.push(("attributes".to_owned(), own));
    }
    Json::Object(properties)
}

impl ShownExample {
    /// The answer that the example's photo should get, as JSON in the form that `recipe` is asked for in these
    /// coordinates. The photo is sent in `sent` size.
    pub fn answer(&self, recipe: &Recipe, coordinates: BoxCoordinates, sent: PixelSize) -> String {
        let from = match self.example.units {
            ExampleUnits::Fractions => PixelSize::new(1, 1),
            ExampleUnits::Pixels => self.size,
        };
        let annotations = self.example.annotations.iter().map(|annotation| ShownAnnotation {
            label: &annotation.label,
            shape: annotation.shape.mapped(ImageFromSent::new(from, sent)),
            confidence: Some(json!(1)),
            attributes: &annotation.attributes,
        });
        shown_answer(recipe, coordinates, sent, &self.example.attributes, annotations)
    }
}

/// The photo of an example, the text beside it, and its answer, as they are sent.
pub struct SentExample<'a> {
    pub picture: &'a Picture,
    pub answer: String,
}

/// The examples of a request.
#[derive(Debug, Clone, Default)]
pub struct SentExamples {
    /// The messages as JSON, each followed by a comma; `None` without a photo.
    pub messages: Option<Bytes>,
    /// Tokens of the photos.
    pub image_tokens: u64,
    /// Of the texts and answers.
    pub text_bytes: u64,
    /// Determines the answers like the rest of a prompt; empty without examples.
    pub fixed_part: String,
}

impl SentExamples {
    /// The `examples` for `model`, each with the text beside a picture of its size. `write` appends the messages of one example; its last argument is
    /// whether no other follows.
    pub fn new(
        examples: &[ShownExample],
        recipe: &Recipe,
        model: &ModelSpec,
        text_beside: impl Fn(PixelSize) -> String,
        mut write: impl FnMut(&mut Vec<u8>, &SentExample<'_>, bool),
    ) -> Self {
        let mut messages = Some(Vec::new());
        let mut sent_examples = Self::default();
        for (index, example) in examples.iter().enumerate() {
            let sent = model.sent_size(example.size);
            let answer = example.answer(recipe, model.coordinates, sent);
            sent_examples.image_tokens += model.image_rule.tokens(sent);
            sent_examples.text_bytes += (text_beside(sent).len() + answer.len()) as u64;
            let photo = example.example.hash.as_ref().or(example.example.path.as_ref());
            let photo = photo.map_or("", String::as_str);
            let fixed_part = format!("\n{photo} {}x{}\n{answer}", sent.width, sent.height);
            sent_examples.fixed_part.push_str(&fixed_part);
            match (&mut messages, &example.picture) {
                (Some(messages), Some(picture)) => {
                    write(messages, &SentExample { picture, answer }, index + 1 == examples.len());
                }
                _ => messages = None,
            }
        }
        sent_examples.messages = messages.map(Bytes::from);
        sent_examples
    }
}

/// The text beside a picture of this size.
#[must_use]
pub fn user_text(size: PixelSize) -> String {
    format!("Annotate. The image is {}x{} px.", size.width, size.height)
}

fn attributes<'a>(
    recipe: &Recipe,
    subject: AttributeSubject,
    value_of: impl Fn(&str) -> Option<&'a AttributeValue>,
) -> Json {
    let given = recipe.attributes_of(subject).filter_map(|(index, attribute)| {
        let value = serde_json::to_value(value_of(&attribute.name)?).ok()?;
        Some((attribute_key(attribute, index), Json::Value(value)))
    });
    Json::Object(given.collect())
}

#[cfg(test)]
mod tests {
    use domain::geometry::{Point, Rect};
    use domain::recipe::{Attribute, AttributeKind, ExampleAnnotation, RecipeExample, ShapeKind};

    use super::*;
    use crate::answer::{FinishReason, RawAnswer};
    use crate::parse;

    const SIZE: PixelSize = PixelSize::new(2000, 1000);
    const SENT: PixelSize = PixelSize::new(1000, 500);

    fn recipe() -> Recipe {
        let attribute = |name: &str, of| Attribute {
            name: name.into(),
            definition: String::new(),
            kind: AttributeKind::YesNo,
            is_required: false,
            of,
        };
        let attributes =
            vec![attribute("asleep", AttributeSubject::Annotation), attribute("at night?", AttributeSubject::Image)];
        Recipe { shapes: ShapeKind::ALL.to_vec(), attributes, ..Recipe::find_these("cat, dog").unwrap() }
    }

    /// In pixels of the photo.
    fn shapes() -> Vec<Shape> {
        vec![
            Shape::Box { rect: Rect::new(200.0, 100.0, 600.0, 400.0) },
            Shape::Point { at: Point::new(500.0, 250.0) },
            Shape::Polygon {
                points: vec![Point::new(200.0, 100.0), Point::new(600.0, 100.0), Point::new(600.0, 400.0)],
            },
            Shape::ImageTag,
            Shape::Caption { text: "A \"cat\"".into() },
        ]
    }

    fn example() -> ShownExample {
        let annotation = |shape| ExampleAnnotation {
            label: "Dog".into(),
            shape,
            attributes: [("asleep".to_owned(), AttributeValue::YesNo(true))].into(),
        };
        let annotations = shapes().into_iter().map(annotation).collect();
        let attributes = [("at night?".to_owned(), AttributeValue::YesNo(false))].into();
        let example =
            RecipeExample { units: ExampleUnits::Pixels, annotations, attributes, ..RecipeExample::default() };
        ShownExample { example, size: SIZE, picture: None }
    }

    #[test]
    fn an_example_answers_in_the_form_of_the_schema() {
        insta::assert_snapshot!(example().answer(&recipe(), BoxCoordinates::PixelXyxy, SENT));
        let boxes = Recipe { attributes: Vec::new(), ..Recipe::find_these("dog").unwrap() };
        let answer = example().answer(&boxes, BoxCoordinates::Norm1000Yxyx, SENT);
        assert_eq!(answer, r#"{"marks":[{"label":"dog","box_2d":[100,100,400,300],"confidence":1}]}"#);
        let negative = ShownExample { example: RecipeExample::default(), ..example() };
        assert_eq!(negative.answer(&boxes, BoxCoordinates::PixelXyxy, SENT), r#"{"marks":[]}"#);
    }

    #[test]
    fn an_example_is_read_back_as_it_was_given_in_every_coordinate_system() {
        use BoxCoordinates::{Norm1Xywh, Norm1Xyxy, Norm1000Xyxy, Norm1000Yxyx, PixelXyxy, ServerPixelXyxy};
        for coordinates in [PixelXyxy, ServerPixelXyxy, Norm1000Xyxy, Norm1000Yxyx, Norm1Xyxy, Norm1Xywh] {
            let answer = RawAnswer {
                text: example().answer(&recipe(), coordinates, SENT),
                stop_reason: FinishReason::EndTurn,
                usage: None,
                model: String::new(),
                request_id: None,
                sent: SENT,
                coordinates,
                time_to_first_byte_millis: 0,
                took_millis: 0,
                rate_limits: crate::rate_limits::RateLimits::default(),
            };
            let read = parse::read(&answer, &recipe()).unwrap();
            assert!(read.reading.is_plain(), "{coordinates:?}: {:?}", read.reading);
            let annotations = read.annotations(&recipe(), SIZE);
            assert_eq!(annotations.len(), 6, "the shapes and the attributes of the image");
            for (annotation, shape) in annotations.iter().zip(shapes()) {
                let drift = |one: Rect, other: Rect| {
                    let edges = [one.x1 - other.x1, one.y1 - other.y1, one.x2 - other.x2, one.y2 - other.y2];
                    edges.into_iter().map(f64::abs).fold(0.0, f64::max)
                };
                assert_eq!(annotation.shape.kind(), shape.kind());
                let drift = annotation.shape.bounds().zip(shape.bounds()).map_or(0.0, |(one, other)| drift(one, other));
                // A pixel as sent is two of the photo; so is a thousandth.
                assert!(drift <= 2.0, "{coordinates:?} {shape:?}: {drift}");
            }
        }
    }
}
