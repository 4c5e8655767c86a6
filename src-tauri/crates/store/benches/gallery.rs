//! Grid queries on a library of 100,000 images with a million annotations: the delay when a filter is chosen. Prints
//! the median of several runs with warm pages.

#![expect(clippy::disallowed_methods, reason = "it measures how long questions take")]
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use domain::annotation::{AttributeValue, NewAnnotation, Shape};
use domain::answer::Reading;
use domain::geometry::{Orientation, PixelSize, Rect};
use domain::ids::{ImageId, RunId};
use domain::import::ImageFormat;
use domain::layers::LayerScope;
use domain::model::{Destination, ModelId};
use domain::money::PicoDollars;
use domain::query::{ImageOrder, ImageQuery, parse};
use domain::recipe::{Label, Recipe, ShapeKind};
use domain::review::{Decision, DecisionScope, Verdict};
use domain::run_options::RunOptions;
use domain::run_state::{RunMode, StopReason};
use domain::similar::PerceptualHash;
use domain::taken::Taken;
use store::{JobOutcome, JobTiming, KnownFile, NewImage, NewRun, QueuedImage, Store};

type Done<T> = Result<T, Box<dyn Error>>;

const IMAGES: u32 = 100_000;
const ANNOTATIONS_AN_IMAGE: u32 = 10;
const LABELS: u32 = 40;
/// Every n-th annotation has an attribute with text.
const ATTRIBUTES_EVERY: u32 = 10;
const WRITTEN_AT_ONCE: usize = 1_000;
const TRIES: usize = 9;
const NANOS_A_DAY: i64 = 86_400_000_000_000;

fn main() -> Done<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("library.sqlite"))?;
    let begun = Instant::now();
    add_images(&store)?;
    let added = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    answer_all(&store)?;
    println!("gallery: {IMAGES} images, {} annotations", IMAGES * ANNOTATIONS_AN_IMAGE);
    println!("  added in {added:.0} s, answered in {:.0} s", begun.elapsed().as_secs_f64());

    let begun = Instant::now();
    while store.write_derived_blocking(|edit| edit.look_through(500))? {}
    println!("  looked through for mistakes in {:.1} s", begun.elapsed().as_secs_f64());

    for text in [
        "",
        "status:unreviewed",
        "label:thing-3",
        "-label:thing-3 status:unreviewed",
        "conf:<0.5",
        "conf:0.45..0.5 label:thing-7",
        "annotation:proposed",
        "annotations:>9",
        "run:1",
        "date:1970-02",
        "taken:1985",
        "img_12",
        "sunset",
        "check:odd_aspect",
    ] {
        let query =
            ImageQuery { conditions: parse(text).map_err(|problem| format!("{problem:?}"))?, ..ImageQuery::default() };
        let found = store.read_blocking(|view| view.image_ids(&query, &[]))?.len();
        let ids = median(|| store.read_blocking(|view| view.image_ids(&query, &[])).map(drop))?;
        let counts = median(|| store.read_blocking(|view| view.filter_counts(&query, &[])).map(drop))?;
        println!("  {text:34} {found:6} images   ids {ids:6.1} ms   counts {counts:6.1} ms");
    }
    for order in [
        ImageOrder::Name,
        ImageOrder::Newest,
        ImageOrder::Taken,
        ImageOrder::LeastCertain,
        ImageOrder::Uncertainty,
        ImageOrder::MostAnnotations,
    ] {
        let query = ImageQuery { order, ..ImageQuery::default() };
        let ids = median(|| store.read_blocking(|view| view.image_ids(&query, &[])).map(drop))?;
        println!("  in the order {:21} {IMAGES:6} images   ids {ids:6.1} ms", format!("{order:?}"));
    }
    let query = ImageQuery::default();
    let mut images = (1..).map(ImageId);
    let mut decided = || -> store::Result<()> {
        let image = images.next().unwrap_or(ImageId(1));
        let decision = Decision { image, scope: DecisionScope::Image, verdict: Verdict::Accept };
        store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::All, 20).map(drop))
    };
    let deciding = median(&mut decided)?;
    let counts = median(|| {
        decided()?;
        store.read_blocking(|view| view.filter_counts(&query, &[])).map(drop)
    })? - deciding;
    println!("  after a decision                   {IMAGES:6} images                    counts {counts:6.1} ms");
    Ok(())
}

/// In milliseconds.
fn median(mut ask: impl FnMut() -> store::Result<()>) -> Done<f64> {
    let mut times = Vec::with_capacity(TRIES);
    for _ in 0..TRIES {
        let begun = Instant::now();
        ask()?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[TRIES / 2])
}

fn add_images(store: &Store) -> Done<()> {
    let seeds: Vec<u32> = (1..=IMAGES).collect();
    for seeds in seeds.chunks(WRITTEN_AT_ONCE) {
        let seeds = seeds.to_vec();
        store.write_blocking(move |edit| {
            for seed in seeds {
                let root = format!("/photos/{}", seed % 5);
                let collection = edit.collection_at(Path::new(&root), &root, 1)?;
                let mut hash = [0; 32];
                hash[..4].copy_from_slice(&seed.to_le_bytes());
                let clock_millis = i64::from(scattered(seed, 2)) * 200_000;
                let image = NewImage {
                    hash,
                    name: format!("IMG_{:06}.jpg", scattered(seed, 0) % 1_000_000),
                    byte_len: 10,
                    format: ImageFormat::Jpeg,
                    orientation: Orientation::Upright,
                    size: PixelSize::new(4_000, 3_000),
                    perceptual_hash: PerceptualHash(u64::from(seed)),
                    taken: (seed % 4 > 0).then_some(Taken { clock_millis, minutes_ahead_of_utc: None }),
                };
                let (id, _) = edit.image_of_content(&image, 1)?;
                let modified_at = i64::from(scattered(seed, 1) % 365) * NANOS_A_DAY;
                let file = KnownFile { byte_len: 10, modified_at };
                edit.record_file(collection, id, Path::new(&format!("{root}/{seed}.jpg")), file)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn answer_all(store: &Store) -> Done<()> {
    let images = store.read_blocking(|view| view.image_ids(&ImageQuery::default(), &[]))?;
    let run = NewRun {
        model: ModelId("m".into()),
        model_name: "M".into(),
        recipe: recipe(),
        concurrency: 2,
        options: RunOptions::default(),
        question: None,
        ignores_saved_answers: false,
        mode: RunMode::Live,
        destination: Destination::ThisMachine,
        quoted: None,
        budget: None,
        roots: Vec::new(),
        pilot: None,
        images: images.into_iter().map(|image| QueuedImage { image, leader: None }).collect(),
    };
    let run = store.write_blocking(move |edit| edit.add_run(&run, 1))?;
    while answer_some(store, run)? {}
    store.write_blocking(move |edit| edit.record_stopped(run, StopReason::Completed, None))?;
    Ok(())
}

fn answer_some(store: &Store, run: RunId) -> Done<bool> {
    let most = u32::try_from(WRITTEN_AT_ONCE)?;
    let jobs = store.read_blocking(|view| view.waiting_jobs(run, None, most))?;
    let are_left = !jobs.is_empty();
    store.write_blocking(move |edit| {
        let recipe = recipe();
        for job in jobs {
            let attempt = edit.record_sent(job.id, PicoDollars::ZERO, 2)?;
            edit.record_received(attempt, "{}", None, 3)?;
            let annotations = (0..ANNOTATIONS_AN_IMAGE).map(|place| annotation(job.image.0, place)).collect();
            let outcome = JobOutcome::Done { attempts: vec![attempt], annotations, reading: Reading::default() };
            edit.settle_job(
                run,
                &job,
                &recipe,
                &outcome,
                Some(JobTiming { took_millis: 40.0, alone_millis: None }),
                4,
            )?;
        }
        Ok(())
    })?;
    Ok(are_left)
}

fn recipe() -> Recipe {
    Recipe {
        name: "things".into(),
        labels: (0..LABELS).map(|label| Label::plain(format!("thing-{label}"), label as usize)).collect(),
        shapes: vec![ShapeKind::Box],
        ..Recipe::default()
    }
}

/// Labels are distributed unevenly, as in real photos.
fn annotation(image: u32, place: u32) -> NewAnnotation {
    let chance = scattered(image, place + 2);
    let label = (chance % LABELS) * (chance / LABELS % LABELS) / LABELS;
    let note = chance.is_multiple_of(ATTRIBUTES_EVERY).then(|| {
        let text = if chance.is_multiple_of(1_000) { "a sunset over the river" } else { "a day like any other" };
        ("note".to_owned(), AttributeValue::Text(text.into()))
    });
    let x1 = f64::from(place * 350);
    let thousandths = u16::try_from(300 + chance % 700).unwrap_or_default();
    NewAnnotation {
        label: format!("thing-{label}"),
        shape: Shape::Box { rect: Rect { x1, y1: 10.0, x2: x1 + 300.0, y2: 310.0 } },
        confidence: Some(f32::from(thousandths) / 1_000.0),
        attributes: note.into_iter().collect::<BTreeMap<_, _>>(),
    }
}

/// A deterministic pseudo-random number.
fn scattered(image: u32, salt: u32) -> u32 {
    let mut hash = image.wrapping_mul(0x9e37_79b1).wrapping_add(salt.wrapping_mul(0x85eb_ca77));
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}
