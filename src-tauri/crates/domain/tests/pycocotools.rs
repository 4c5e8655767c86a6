//! The figures of the COCO protocol are those of pycocotools, on random datasets and on one made by hand.

use std::fs;
use std::path::Path;
use std::process::Command;

use domain::evaluation::coco::{CocoEvaluation, CocoFigures};
use domain::evaluation::{CocoBox, EvaluatedImage, ScoredBox, TrueObject};
use fastrand::Rng;
use serde_json::{Value, json};

/// Coordinates on a coarse grid, so that overlaps are often exactly at a threshold, and equal.
fn on_grid(random: &mut Rng, most: u32) -> CocoBox {
    let mut side = |from: u32, to: u32| f64::from(random.u32(from..to)) * 5.0;
    CocoBox { x: side(0, most), y: side(0, most), width: side(1, 30), height: side(1, 30) }
}

/// A box near another, or the same.
fn near(random: &mut Rng, bounds: CocoBox) -> CocoBox {
    if random.u32(0..4) == 0 {
        return bounds;
    }
    let mut shift = |side: f64| side + (random.f64() - 0.5) * 8.0;
    CocoBox {
        x: shift(bounds.x),
        y: shift(bounds.y),
        width: shift(bounds.width).max(1.0),
        height: shift(bounds.height).max(1.0),
    }
}

/// With crowds, images without objects or detections, equal scores, labels that are never found or never true, and more
/// than a hundred detections of a label on an image.
fn random_images(seed: u64) -> Vec<EvaluatedImage> {
    let mut random = Rng::with_seed(seed);
    let labels = random.u32(1..6);
    let images = (0..random.u32(5..30)).map(|number| {
        let mut image = EvaluatedImage::default();
        for _ in 0..random.u32(0..12) {
            let bounds = on_grid(&mut random, 100);
            let is_crowd = random.u32(0..8) == 0;
            // The area of an outline is smaller than that of its box.
            let area = bounds.area() * if random.bool() { 1.0 } else { random.f64() };
            let label = random.u32(0..labels);
            image.truth.push(TrueObject { label, bounds, area, is_crowd });
            for _ in 0..random.u32(0..4) {
                let bounds = near(&mut random, bounds);
                let label = if random.u32(0..5) == 0 { random.u32(0..=labels) } else { label };
                image.detections.push(ScoredBox { label, bounds, score: f64::from(random.u32(0..10)) / 10.0 });
            }
        }
        let more = if number == 3 { 250 } else { random.u32(0..6) };
        for _ in 0..more {
            let (bounds, label) = (on_grid(&mut random, 100), if number == 3 { 0 } else { random.u32(0..labels) });
            image.detections.push(ScoredBox { label, bounds, score: f64::from(random.u32(0..100)) / 100.0 });
        }
        image
    });
    images.collect()
}

/// Two detections on one object, an object within a crowd, equal overlaps, and areas at the bounds of small and large.
fn made_by_hand() -> Vec<EvaluatedImage> {
    let at = |x: f64, y: f64, width: f64, height: f64| CocoBox { x, y, width, height };
    let object = |bounds: CocoBox, is_crowd| TrueObject { label: 0, bounds, area: bounds.area(), is_crowd };
    let detection = |bounds, score| ScoredBox { label: 0, bounds, score };
    vec![
        EvaluatedImage {
            truth: vec![
                object(at(0.0, 0.0, 32.0, 32.0), false),
                object(at(100.0, 100.0, 96.0, 96.0), false),
                object(at(300.0, 0.0, 200.0, 200.0), true),
                object(at(320.0, 20.0, 40.0, 40.0), false),
            ],
            detections: vec![
                detection(at(0.0, 0.0, 32.0, 16.0), 0.9),
                detection(at(0.0, 0.0, 32.0, 32.0), 0.9),
                detection(at(100.0, 100.0, 96.0, 90.0), 0.8),
                detection(at(310.0, 10.0, 50.0, 50.0), 0.7),
                detection(at(400.0, 100.0, 50.0, 50.0), 0.7),
                detection(at(380.0, 100.0, 50.0, 50.0), 0.6),
            ],
        },
        EvaluatedImage { truth: vec![], detections: vec![detection(at(5.0, 5.0, 10.0, 10.0), 0.95)] },
        EvaluatedImage { truth: vec![object(at(10.0, 10.0, 20.0, 20.0), false)], detections: vec![] },
        EvaluatedImage {
            truth: vec![object(at(0.0, 0.0, 10.0, 10.0), false), object(at(10.0, 0.0, 10.0, 10.0), false)],
            detections: vec![detection(at(5.0, 0.0, 10.0, 10.0), 0.5), detection(at(0.0, 0.0, 20.0, 10.0), 0.5)],
        },
    ]
}

fn only_small_objects() -> Vec<EvaluatedImage> {
    let bounds = CocoBox { x: 3.0, y: 3.0, width: 20.0, height: 20.0 };
    let object = TrueObject { label: 0, bounds, area: 400.0, is_crowd: false };
    vec![EvaluatedImage { truth: vec![object], detections: vec![ScoredBox { label: 0, bounds, score: 0.5 }] }]
}

fn as_json(images: &[EvaluatedImage]) -> Value {
    let sides = |bounds: CocoBox| [bounds.x, bounds.y, bounds.width, bounds.height];
    let (mut truth, mut detections) = (Vec::new(), Vec::new());
    for (number, image) in images.iter().enumerate() {
        truth.extend(image.truth.iter().map(|object| {
            json!({"image": number, "label": object.label, "bbox": sides(object.bounds), "area": object.area,
                "is_crowd": object.is_crowd})
        }));
        detections.extend(image.detections.iter().map(
            |found| json!({"image": number, "label": found.label, "bbox": sides(found.bounds), "score": found.score}),
        ));
    }
    json!({"images": images.len(), "truth": truth, "detections": detections})
}

fn in_order(figures: CocoFigures) -> [Option<f64>; 12] {
    let CocoFigures { ap, ap50, ap75, ap_small, ap_medium, ap_large, ar1, ar10, ar100, ar_small, ar_medium, ar_large } =
        figures;
    [ap, ap50, ap75, ap_small, ap_medium, ap_large, ar1, ar10, ar100, ar_small, ar_medium, ar_large]
}

#[test]
fn figures_are_those_of_pycocotools() {
    let mut datasets = vec![made_by_hand(), only_small_objects()];
    datasets.extend((1..=20).map(random_images));
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let python = repository.join("build/readers/bin/python");
    assert!(python.exists(), "{} is missing: `scripts/setup test` installs it", python.display());
    let folder = tempfile::tempdir().unwrap();
    let (given, results) = (folder.path().join("datasets.json"), folder.path().join("results.json"));
    fs::write(&given, Value::Array(datasets.iter().map(|images| as_json(images)).collect()).to_string()).unwrap();
    let run = Command::new(python)
        .arg(repository.join("tests/readers/evaluate.py"))
        .args([&given, &results])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let results: Vec<Value> = serde_json::from_slice(&fs::read(&results).unwrap()).unwrap();
    assert_eq!(results.len(), datasets.len());
    let (mut defined, mut undefined) = (0, 0);
    for (place, (images, result)) in datasets.iter().zip(results).enumerate() {
        let figures = in_order(CocoEvaluation::new(images).figures());
        let expected: Vec<f64> = serde_json::from_value(result["figures"].clone()).unwrap();
        for (figure, (found, expected)) in figures.into_iter().zip(expected).enumerate() {
            match found {
                Some(found) => assert!((found - expected).abs() < 1e-6, "{place}, {figure}: {found} {expected}"),
                None => assert!((expected + 1.0).abs() < 1e-9, "{place}, {figure}: undefined, {expected}"),
            }
            *if found.is_some() { &mut defined } else { &mut undefined } += 1;
        }
    }
    assert!(defined > 200 && undefined > 0, "{defined} {undefined}");
}
