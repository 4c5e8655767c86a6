//! The evaluation of a million detections against a million objects on 100,000 images, against its goals: 30 s, 1 GB.
//! pycocotools evaluates a tenth of them, if it is installed.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use domain::evaluation::coco::CocoEvaluation;
use domain::evaluation::evaluate::{Detected, Evaluated, NamedImage, Truth, WholeImage, evaluate};
use domain::evaluation::report::{EvaluatedSide, EvaluatedSource, EvaluationOptions, RESAMPLES, UnmeasuredReason};
use domain::evaluation::{CocoBox, EvaluatedImage, ScoredBox, TrueObject};
use fastrand::Rng;
use serde_json::{Value, json};

const IMAGES: usize = 100_000;
const OBJECTS_AN_IMAGE: u32 = 10;
const LABELS: u32 = 40;
/// Images of the part that pycocotools evaluates too.
const COMPARED: usize = IMAGES / 10;

fn main() -> Result<(), Box<dyn Error>> {
    let mut random = Rng::with_seed(1);
    let images: Vec<EvaluatedImage> = (0..IMAGES).map(|_| image(&mut random)).collect();
    let objects: usize = images.iter().map(|image| image.truth.len()).sum();
    let detections: usize = images.iter().map(|image| image.detections.len()).sum();
    println!("evaluation: {IMAGES} images, {objects} objects, {detections} detections");
    let begun = Instant::now();
    let figures = CocoEvaluation::new(&images).figures();
    println!(
        "  COCO figures in {:.1} s (goal: 30 s), AP {:.4}",
        begun.elapsed().as_secs_f64(),
        figures.ap.unwrap_or(-1.0)
    );
    let compared = images[..COMPARED].to_vec();
    let begun = Instant::now();
    let report = evaluate(&sides(images), EvaluationOptions::default(), &|| false).ok_or("it was cancelled")?;
    println!(
        "  the whole report in {:.1} s (goal: 30 s), F1 {:.4}",
        begun.elapsed().as_secs_f64(),
        report.results[0].f1.unwrap_or(-1.0)
    );
    if let Some(peak) = peak_megabytes() {
        println!("  {peak} MB of memory at most, with the boxes themselves (goal: 1,000 MB)");
    }
    let begun = Instant::now();
    let options = EvaluationOptions { resamples: Some(RESAMPLES), ..EvaluationOptions::default() };
    std::hint::black_box(evaluate(&sides(compared.clone()), options, &|| false));
    println!("  a tenth of them with intervals in {:.1} s", begun.elapsed().as_secs_f64());
    compare(&compared)
}

/// A ground truth and one result.
fn sides(images: Vec<EvaluatedImage>) -> Evaluated {
    let side = || EvaluatedSide { source: EvaluatedSource::People, not_evaluated: Vec::new() };
    let named = images.iter().map(|_| NamedImage { id: None, name: String::new() }).collect();
    let has_label = vec![true; LABELS as usize];
    let whole = || images.iter().map(|_| WholeImage::default()).collect();
    let (whole_truth, whole_found, is_unusable) = (whole(), whole(), vec![false; images.len()]);
    let (objects, detections) = images.into_iter().map(|image| (image.truth, image.detections)).unzip();
    let truth = Truth { side: side(), has_label: has_label.clone(), objects, whole: whole_truth, points: 0 };
    let found = Detected {
        side: side(),
        has_label,
        detections,
        whole: whole_found,
        unscored: 0,
        is_unusable,
        approved_from_it: 0,
        paid: Err(UnmeasuredReason::NotARun),
        seconds: Err(UnmeasuredReason::NotARun),
    };
    let labels = (0..LABELS).map(|label| label.to_string()).collect();
    Evaluated { images: named, labels, truth, results: vec![found], is_ground_truth: true }
}

fn image(random: &mut Rng) -> EvaluatedImage {
    let mut image = EvaluatedImage::default();
    for _ in 0..OBJECTS_AN_IMAGE {
        let mut side = |from: f64, to: f64| from + random.f64() * (to - from);
        let bounds =
            CocoBox { x: side(0.0, 1000.0), y: side(0.0, 800.0), width: side(8.0, 200.0), height: side(8.0, 200.0) };
        let moved = CocoBox { x: bounds.x + side(-10.0, 10.0), y: bounds.y + side(-10.0, 10.0), ..bounds };
        let label = random.u32(0..LABELS);
        image.truth.push(TrueObject { label, bounds, area: bounds.area(), is_crowd: random.u32(0..100) == 0 });
        image.detections.push(ScoredBox { label, bounds: moved, score: random.f64() });
    }
    image
}

/// The most memory that the process has used; `None` where the system does not say.
fn peak_megabytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1000)
}

fn compare(images: &[EvaluatedImage]) -> Result<(), Box<dyn Error>> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let python = repository.join("build/readers/bin/python");
    if !python.exists() {
        println!("  pycocotools is not installed: `scripts/setup test` does");
        return Ok(());
    }
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
    let folder = tempfile::tempdir()?;
    let (given, results) = (folder.path().join("datasets.json"), folder.path().join("results.json"));
    fs::write(&given, json!([{"images": images.len(), "truth": truth, "detections": detections}]).to_string())?;
    let run =
        Command::new(python).arg(repository.join("tests/readers/evaluate.py")).args([&given, &results]).status()?;
    if !run.success() {
        return Err("pycocotools failed".into());
    }
    let results: Value = serde_json::from_slice(&fs::read(&results)?)?;
    let begun = Instant::now();
    let figures = CocoEvaluation::new(images).figures();
    println!(
        "  {} images: {:.2} s, AP {:.6}; pycocotools {:.1} s, AP {:.6}",
        images.len(),
        begun.elapsed().as_secs_f64(),
        figures.ap.unwrap_or(-1.0),
        results[0]["seconds"].as_f64().unwrap_or(-1.0),
        results[0]["figures"][0].as_f64().unwrap_or(-1.0)
    );
    Ok(())
}
