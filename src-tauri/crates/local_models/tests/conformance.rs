//! Requirements on every local model: those in the registry, and a minimal toy.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use domain::answer::AnsweredAnnotation;
use domain::geometry::PixelSize;
use domain::model::Vocabulary;
use domain::recipe::{Recipe, ShapeKind};
use domain::shape::Shape;
use local_models::{LocalDescriptor, LocalError, LocalModel};

/// A minimal model that reports the brightness of a picture. In `src/` it would be a folder and a line in the registry.
struct Brightness;

static BRIGHTNESS: LazyLock<LocalDescriptor> = LazyLock::new(|| LocalDescriptor {
    id: "brightness-1",
    name: "Brightness",
    documentation_url: "https://example.com",
    vocabulary: Vocabulary::Open,
    shapes: vec![ShapeKind::ImageTag, ShapeKind::Caption],
    fills_attributes: false,
    longest_edge: 64,
});

impl LocalModel for Brightness {
    fn descriptor(&self) -> &LocalDescriptor {
        &BRIGHTNESS
    }

    fn load(&self) -> Result<(), LocalError> {
        Ok(())
    }

    fn annotate(&self, size: PixelSize, rgb: &[u8], recipe: &Recipe) -> Result<Vec<AnsweredAnnotation>, LocalError> {
        local_models::check_buffer(size, rgb)?;
        let Some(label) = recipe.labels.first().filter(|_| !rgb.is_empty()) else { return Ok(Vec::new()) };
        let total: u64 = rgb.iter().map(|&value| u64::from(value)).sum();
        let text = format!("brightness {}", total / rgb.len() as u64);
        let annotation = |shape| AnsweredAnnotation {
            label: label.name.clone(),
            confidence: None,
            shape,
            attributes: BTreeMap::new(),
        };
        Ok(vec![annotation(Shape::ImageTag), annotation(Shape::Caption { text })])
    }
}

/// The tested models, one line each.
fn models() -> Vec<&'static dyn LocalModel> {
    let mut models = local_models::registry::all().to_vec();
    models.push(&Brightness);
    models
}

/// Deterministic gray noise.
fn picture(width: u32, height: u32) -> (PixelSize, Vec<u8>) {
    let size = PixelSize::new(width, height);
    let rgb = (0..size.area() * 3).map(|index| u8::try_from(index * 7 % 251).unwrap()).collect();
    (size, rgb)
}

#[test]
fn descriptors_say_what_a_plan_needs() {
    let mut ids = HashSet::new();
    for model in models() {
        let descriptor = model.descriptor();
        assert!(ids.insert(descriptor.id), "{} is there twice", descriptor.id);
        assert!(!descriptor.id.is_empty() && !descriptor.name.is_empty() && !descriptor.shapes.is_empty());
        assert!(descriptor.documentation_url.starts_with("https://"), "{}", descriptor.id);
        assert!(descriptor.longest_edge > 0, "{}", descriptor.id);
        if let Vocabulary::Closed { names } = &descriptor.vocabulary {
            let distinct: HashSet<&String> = names.iter().collect();
            assert!(!names.is_empty() && distinct.len() == names.len(), "{}", descriptor.id);
        }
    }
    let known = local_models::registry::all().iter().all(|model| {
        let found = local_models::registry::find(model.descriptor().id);
        found.is_some_and(|found| found.descriptor() == model.descriptor())
    });
    assert!(known && local_models::registry::find("none").is_none());
}

#[test]
fn annotations_are_of_the_shapes_and_names_that_the_model_has_and_lie_in_the_picture() {
    let recipe = Recipe::find_these("cat, dog").unwrap();
    for model in models() {
        let descriptor = model.descriptor();
        model.load().unwrap();
        for (size, rgb) in [picture(1, 1), picture(64, 48), picture(300, 400), picture(500, 3)] {
            let annotations = model.annotate(size, &rgb, &recipe).unwrap();
            assert_eq!(model.annotate(size, &rgb, &recipe).unwrap(), annotations, "{}: the same again", descriptor.id);
            for annotation in annotations {
                assert!(descriptor.shapes.contains(&annotation.shape.kind()), "{}: {annotation:?}", descriptor.id);
                assert_eq!(annotation.shape.fitted(size).as_ref(), Ok(&annotation.shape), "{}", descriptor.id);
                assert!(annotation.confidence.is_none_or(|confidence| (0.0..=1.0).contains(&confidence)));
                assert!(annotation.attributes.is_empty() || descriptor.fills_attributes, "{}", descriptor.id);
                match &descriptor.vocabulary {
                    Vocabulary::Closed { names } => assert!(names.contains(&annotation.label), "{}", annotation.label),
                    Vocabulary::Open => assert!(recipe.label_for(&annotation.label).is_some(), "{}", annotation.label),
                }
            }
        }
    }
}

#[test]
fn pictures_without_pixels_have_no_annotations_and_buffers_that_do_not_fit_are_refused() {
    let recipe = Recipe::find_these("cat").unwrap();
    for model in models() {
        let id = model.descriptor().id;
        assert_eq!(model.annotate(PixelSize::new(0, 7), &[], &recipe).unwrap(), [], "{id}");
        let refused = model.annotate(PixelSize::new(2, 2), &[0; 11], &recipe).unwrap_err();
        assert!(matches!(refused, LocalError::BufferLength { actual: 11, .. }), "{id}: {refused}");
    }
}

#[test]
fn threads_share_a_model() {
    let recipe = Recipe::find_these("cat").unwrap();
    let (size, rgb) = picture(64, 48);
    for model in models() {
        let alone = model.annotate(size, &rgb, &recipe).unwrap();
        std::thread::scope(|scope| {
            let callers = [(); 3].map(|()| scope.spawn(|| model.annotate(size, &rgb, &recipe).unwrap()));
            for caller in callers {
                assert_eq!(caller.join().unwrap(), alone, "{}", model.descriptor().id);
            }
        });
    }
}
