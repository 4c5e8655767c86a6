//! A library of 100,000 images with a million annotations: imported, opened, counted, evaluated and exported, beside other
//! programs that read the same file.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the benchmark")]
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::compare::Side;
use domain::dataset::FormatId;
use domain::dataset_import::{DatasetImportRequest, ImportRole};
use domain::evaluation::report::{EvaluationOptions, EvaluationRequest};
use domain::export::{ExportRequest, ExportScope};
use domain::ids::RunId;
use domain::layers::LayerScope;
use domain::query::ImageQuery;
use domain::review::{Decision, DecisionScope, Verdict};
use engine::dataset::ExportTask;
use engine::{Cancellation, ImportTask};
use fieldmark_tests::bench::{Bench, person};
use fieldmark_tests::repository;

const IMAGES: u32 = 100_000;
const ANNOTATIONS_AN_IMAGE: u32 = 10;
const ANNOTATIONS: u32 = IMAGES * ANNOTATIONS_AN_IMAGE;
const LABELS: u32 = 40;

#[tokio::main]
async fn main() {
    let bench = Bench::new();
    fill(&bench);
    println!("datasets: {IMAGES} images, {ANNOTATIONS} annotations");
    let [truth, predictions] =
        ["coco/annotations/instances_train.json", "predictions.json"].map(|name| bench.folder.path().join(name));
    fs::create_dir_all(truth.parent().unwrap()).unwrap();
    // Datumaro wants one.
    fs::create_dir_all(bench.folder.path().join("coco/images")).unwrap();
    write_coco(&truth, 0, false);
    write_coco(&predictions, 20, true);

    let begun = Instant::now();
    let layer = import(&bench, &truth, ImportRole::GroundTruth).await;
    reached("import of COCO as ground truth", begun, Some(60.0));
    let begun = Instant::now();
    let evaluated = import(&bench, &predictions, ImportRole::Predictions).await;
    reached("import of COCO as predictions", begun, Some(60.0));

    let before = peak_mib();
    let request = EvaluationRequest {
        evaluated: vec![Side::Run { run: evaluated }],
        against: Side::Run { run: layer },
        options: EvaluationOptions::default(),
    };
    let begun = Instant::now();
    let report = bench.library.evaluations.report(&request, &Cancellation::default()).unwrap();
    reached("evaluation", begun, Some(30.0));
    println!(
        "  AP {:.3}, {} objects; peak of the process {} MiB, {before} before",
        report.results[0].coco.ap.unwrap_or_default(),
        report.objects,
        peak_mib()
    );

    let folder = bench.folder;
    let database = folder.path().join("library/library.sqlite");
    drop(bench.library);
    let begun = Instant::now();
    let library = engine::Library::open(&database, person(&folder, &[])).unwrap();
    let ids = library.images.ids(&ImageQuery::default()).unwrap();
    reached("opening, and the images of the grid", begun, Some(1.0));
    assert_eq!(ids.len(), IMAGES as usize);
    let begun = Instant::now();
    library.images.filter_counts(&ImageQuery::default()).unwrap();
    reached("the first counts beside the filters", begun, None);
    let decision = Decision { image: ids[0], scope: DecisionScope::Image, verdict: Verdict::Accept };
    library.review.decide(decision, &LayerScope::All).await.unwrap();
    let begun = Instant::now();
    library.images.filter_counts(&ImageQuery::default()).unwrap();
    reached("counts beside the filters after a decision", begun, Some(0.1));

    let exported = folder.path().join("exported.json");
    let request = ExportRequest::new(ExportScope::Library, FormatId("coco".into()));
    let begun = Instant::now();
    let written = library.datasets.export(&request, &exported, &ExportTask::default()).unwrap();
    reached("export as COCO", begun, Some(20.0));
    println!("  {} annotations, {} MiB", written.annotations, fs::metadata(&exported).unwrap().len() >> 20);

    for (program, code) in [
        ("pycocotools reads it", "from pycocotools.coco import COCO; COCO(path)"),
        (
            "datumaro reads it",
            "import datumaro; len(datumaro.Dataset.import_from(path.split('/annotations/')[0], 'coco'))",
        ),
    ] {
        let code = format!("import sys; path = sys.argv[1]; {code}");
        let begun = Instant::now();
        let read =
            Command::new(repository("build/readers/bin/python")).args(["-c", &code]).arg(&truth).output().unwrap();
        if read.status.success() {
            reached(program, begun, None);
        } else {
            println!("  {program}: {}", String::from_utf8_lossy(&read.stderr).lines().last().unwrap_or_default());
        }
    }
}

fn reached(what: &str, begun: Instant, goal: Option<f64>) {
    said(what, begun.elapsed(), goal);
}

fn said(what: &str, took: Duration, goal: Option<f64>) {
    let took = took.as_secs_f64();
    let goal = goal.map_or_else(String::new, |goal| {
        format!(" (goal: {goal} s, {})", if took < goal { "reached" } else { "MISSED" })
    });
    println!("  {what}   {took:.2} s{goal}");
}

/// The most memory that this process has had.
fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or_default() / 1024
}

async fn import(bench: &Bench, path: &Path, role: ImportRole) -> RunId {
    let path = path.to_string_lossy().into_owned();
    let format = Some(FormatId("coco".into()));
    let request = DatasetImportRequest { path, format, role, collection: None, recipe: None, mapping: Vec::new() };
    let imported = bench.library.dataset_imports.import(request, &Arc::new(ImportTask::default())).await.unwrap();
    assert_eq!(imported.report.imported, ANNOTATIONS);
    imported.layer.unwrap().id
}

/// A COCO file on the images of [`fill`]. Boxes are `shift` pixels away from where they are with 0.
fn write_coco(path: &Path, shift: u32, has_scores: bool) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let categories: Vec<String> =
        (0..LABELS).map(|label| format!(r#"{{"id":{},"name":"thing-{label}"}}"#, label + 1)).collect();
    write!(file, r#"{{"categories":[{}],"images":["#, categories.join(",")).unwrap();
    for image in 1..=IMAGES {
        let comma = if image > 1 { "," } else { "" };
        write!(file, r#"{comma}{{"id":{image},"file_name":"2026/IMG_{image}.jpg","width":4000,"height":3000}}"#)
            .unwrap();
    }
    write!(file, r#"],"annotations":["#).unwrap();
    for n in 0..ANNOTATIONS {
        let (comma, image) = (if n > 0 { "," } else { "" }, 1 + n / ANNOTATIONS_AN_IMAGE);
        let (x, y) = (n * 37 % 3000 + shift, n * 91 % 2000 + shift);
        let score = if has_scores { format!(r#","score":0.{:02}"#, 1 + n % 99) } else { String::new() };
        write!(
            file,
            r#"{comma}{{"id":{},"image_id":{image},"category_id":{},"bbox":[{x}.5,{y}.25,300,200],"area":60000,"iscrowd":0{score}}}"#,
            n + 1,
            1 + n % LABELS
        )
        .unwrap();
    }
    write!(file, "]}}").unwrap();
    file.flush().unwrap();
}

/// Images as an import of photos leaves them, without their triggers, which would take minutes.
fn fill(bench: &Bench) {
    let library = rusqlite::Connection::open(bench.folder.path().join("library/library.sqlite")).unwrap();
    library
        .execute_batch(&format!(
            "BEGIN;
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {IMAGES})
            INSERT INTO images (id, hash, name, byte_len, format, orientation, width, height, added_at)
                SELECT n, unhex(printf('%064x', n)), 'IMG_' || n || '.jpg', 5000000, 'jpeg', 1, 4000, 3000, 1 FROM numbers;
            INSERT INTO files SELECT CAST('/photos/2026/' || name AS BLOB), id, byte_len, 1 FROM images;
            COMMIT"
        ))
        .unwrap();
}
