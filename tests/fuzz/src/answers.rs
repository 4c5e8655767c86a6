//! Answers of models.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::answer::{Answer, MAX_ANNOTATIONS};
use domain::coordinates::BoxCoordinates;
use domain::geometry::PixelSize;
use domain::recipe::{
    Attribute, AttributeKind, AttributeSubject, CAPTION_LABEL, IMAGE_LABEL, Label, Recipe, ShapeKind, builtin,
};
use domain::shape::Shape;
use providers::answer::{FinishReason, RawAnswer};
use providers::parse;
use providers::rate_limits::RateLimits;

use crate::{choices, pick};

static RECIPES: LazyLock<Vec<Recipe>> = LazyLock::new(|| {
    let attribute = |name: &str, kind, of| Attribute {
        name: name.into(),
        definition: String::new(),
        kind,
        is_required: name.starts_with('r'),
        of,
    };
    let options = || vec!["red".into(), "green".into()];
    let all = Recipe {
        name: "All".into(),
        labels: vec![Label::plain("cat", 0), Label::plain("traffic light", 1)],
        shapes: vec![ShapeKind::Box, ShapeKind::Point, ShapeKind::Polygon, ShapeKind::ImageTag, ShapeKind::Caption],
        attributes: vec![
            attribute("color", AttributeKind::Choice { options: options() }, AttributeSubject::Annotation),
            attribute("count", AttributeKind::Number { min: -3, max: 9 }, AttributeSubject::Annotation),
            attribute("required", AttributeKind::YesNo, AttributeSubject::Annotation),
            attribute("weather", AttributeKind::Text, AttributeSubject::Image),
        ],
        ..Recipe::default()
    };
    let of_image = Recipe {
        name: "Image".into(),
        attributes: vec![
            attribute("sharp", AttributeKind::YesNo, AttributeSubject::Image),
            attribute("color", AttributeKind::SeveralOf { options: options() }, AttributeSubject::Image),
        ],
        ..Recipe::default()
    };
    let boxes = Recipe::find_these("cat, dog, traffic light").expect("labels");
    [boxes, all, of_image].into_iter().chain(builtin::all()).collect()
});

const SIZES: [(u32, u32); 4] = [(640, 480), (1, 1), (1456, 819), (3, 2000)];
const REASONS: [FinishReason; 4] =
    [FinishReason::EndTurn, FinishReason::MaxTokens, FinishReason::Refusal, FinishReason::Other(String::new())];

/// Any text of a model is parsed or refused. Annotations are within the image, labels and attributes those of the recipe, and
/// the stored form is read back as the same.
pub fn answer(input: &[u8]) {
    let Some(([recipe, coordinates, reason, size], text)) =
        choices(input, 4).map(|(chosen, text)| (<[u8; 4]>::try_from(chosen).unwrap_or_default(), text))
    else {
        return;
    };
    let (recipe, &(width, height)) = (pick(&RECIPES, recipe), pick(&SIZES, size));
    let sent = PixelSize::new(width, height);
    let raw = RawAnswer {
        text: String::from_utf8_lossy(text).into_owned(),
        stop_reason: pick(&REASONS, reason).clone(),
        usage: None,
        model: "model".into(),
        request_id: None,
        sent,
        coordinates: *pick(&BoxCoordinates::ALL, coordinates),
        time_to_first_byte_millis: 1,
        took_millis: 2,
        rate_limits: RateLimits::default(),
    };
    let kept = raw.to_kept().expect("it is stored");
    assert_eq!(RawAnswer::from_kept(&kept).expect("it is read back"), raw);
    for previewed in parse::preview(&raw.text, recipe, raw.coordinates, sent) {
        check_shape(&previewed.shape, sent);
    }
    let _ = parse::written_boxes(&kept, recipe);
    if let Ok(answer) = parse::read(&raw, recipe) {
        check(&answer, recipe);
        for image in [PixelSize::new(4 * width, 3 * height), PixelSize::new(width, height), PixelSize::new(1, 1)] {
            for annotation in answer.annotations(recipe, image) {
                check_shape(&annotation.shape, image);
                check_names(&annotation.label, &annotation.attributes, recipe);
                assert!(annotation.confidence.is_none_or(|confidence| (0.0..=1.0).contains(&confidence)));
            }
        }
    }
}

fn check(answer: &Answer, recipe: &Recipe) {
    // One more is about the image.
    assert!(answer.annotations.len() <= MAX_ANNOTATIONS + 1);
    for annotation in &answer.annotations {
        check_shape(&annotation.shape, answer.sent);
    }
    let raw = answer.to_raw().expect("it is stored");
    let read = Answer::from_raw(&raw).expect("it is read back");
    assert_eq!(read.annotations.len(), answer.annotations.len());
    assert_eq!(read.reading.dropped, answer.reading.dropped);
    assert_eq!(read.annotations(recipe, answer.sent).len(), answer.annotations(recipe, answer.sent).len());
}

fn check_names<V>(label: &str, attributes: &BTreeMap<String, V>, recipe: &Recipe) {
    assert!(label == IMAGE_LABEL || label == CAPTION_LABEL || recipe.label_named(label).is_some(), "{label}");
    let is_known = |name: &String| recipe.attributes.iter().any(|attribute| attribute.name == *name);
    assert!(attributes.keys().all(is_known), "{:?}", attributes.keys());
}

fn check_shape(shape: &Shape, size: PixelSize) {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    match shape {
        Shape::Polygon { points } => assert!(points.len() >= 3, "{shape:?}"),
        Shape::Caption { text } => assert!(!text.trim().is_empty()),
        Shape::Box { .. } => assert!(shape.area().is_some_and(|area| area > 0.0), "{shape:?}"),
        Shape::Point { .. } | Shape::ImageTag => {}
    }
    if let Some(bounds) = shape.bounds() {
        let is_within = 0.0 <= bounds.x1 && bounds.x1 <= bounds.x2 && bounds.x2 <= width;
        assert!(
            is_within && 0.0 <= bounds.y1 && bounds.y1 <= bounds.y2 && bounds.y2 <= height,
            "{shape:?} in {size:?}"
        );
    }
}
