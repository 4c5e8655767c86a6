//! The time that a quote for 10,000 images takes, with all models and a history of as many answers: the delay when a plan is
//! opened, and when its recipe changes.

#![expect(clippy::disallowed_methods, reason = "it measures how long questions take")]

use std::collections::HashMap;
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::answer::Reading;
use domain::geometry::{Orientation, PixelSize};
use domain::ids::ImageId;
use domain::import::ImageFormat;
use domain::model::{Destination, ModelId};
use domain::money::PicoDollars;
use domain::plan::{ImageSelection, PlanRequest};
use domain::recipe::Recipe;
use domain::run_options::RunOptions;
use domain::run_state::{RunMode, StopReason};
use domain::savings::SavingsRequest;
use domain::similar::PerceptualHash;
use domain::usage::Usage;
use engine::{Consents, Library, Surroundings};
use keys::{Environment, KeyRing};
use store::{Bill, JobOutcome, JobTiming, KnownFile, NewImage, NewRun, QueuedImage, Store};

type Done<T> = Result<T, Box<dyn Error>>;

const IMAGES: u32 = 10_000;
const WRITTEN_AT_ONCE: u32 = 1_000;
const MODEL: &str = "claude-haiku-5-5";
/// Distinct sizes of images.
const SIZES: u32 = 500;

fn add_images(store: &Store) -> Done<()> {
    for first in (0..IMAGES).step_by(WRITTEN_AT_ONCE as usize) {
        store.write_blocking(move |edit| {
            let collection = edit.collection_at(Path::new("/photos"), "photos", 1)?;
            for seed in first..first + WRITTEN_AT_ONCE {
                let mut hash = [0; 32];
                hash[..4].copy_from_slice(&seed.to_le_bytes());
                let image = NewImage {
                    hash,
                    name: format!("IMG_{seed:06}.jpg"),
                    byte_len: 10,
                    format: ImageFormat::Jpeg,
                    orientation: Orientation::Upright,
                    size: PixelSize::new(1_000 + seed % SIZES * 7, 3_000),
                    perceptual_hash: PerceptualHash(u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
                    taken: None,
                };
                let (id, _) = edit.image_of_content(&image, 1)?;
                let file = KnownFile { byte_len: 10, modified_at: 1 };
                edit.record_file(collection, id, Path::new(&format!("/photos/{seed}.jpg")), file)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// A complete run of all images.
fn answer_all(store: &Store, recipe: &Recipe) -> Done<()> {
    let run = NewRun {
        model: ModelId(MODEL.into()),
        model_name: MODEL.into(),
        recipe: recipe.clone(),
        concurrency: 1,
        options: RunOptions::default(),
        question: None,
        ignores_saved_answers: false,
        mode: RunMode::Live,
        destination: Destination::Host { name: "api.anthropic.com".into(), is_on_this_machine: false },
        quoted: None,
        budget: None,
        roots: Vec::new(),
        pilot: None,
        images: (1..=IMAGES).map(|image| QueuedImage { image: ImageId(image), leader: None }).collect(),
    };
    let run = store.write_blocking(move |edit| edit.add_run(&run, 1))?;
    loop {
        let jobs = store.read_blocking(|view| view.waiting_jobs(run, None, WRITTEN_AT_ONCE))?;
        if jobs.is_empty() {
            break;
        }
        let recipe = recipe.clone();
        store.write_blocking(move |edit| {
            for job in jobs {
                let attempt = edit.record_sent(job.id, PicoDollars(1_000_000_000), 2)?;
                let output_tokens = 100 + u64::from(job.image.0 % 400);
                let usage = Usage { input_tokens: 5_000, output_tokens, ..Usage::default() };
                edit.record_received(attempt, "{}", Some(Bill { usage, paid: PicoDollars(700_000_000) }), 3)?;
                let outcome =
                    JobOutcome::Done { attempts: vec![attempt], annotations: Vec::new(), reading: Reading::default() };
                let timing = JobTiming { took_millis: 40.0, alone_millis: None };
                edit.settle_job(run, &job, &recipe, &outcome, Some(timing), 4)?;
            }
            Ok(())
        })?;
    }
    store.write_blocking(move |edit| edit.record_stopped(run, StopReason::Completed, None))?;
    Ok(())
}

fn library(folder: &Path) -> Done<Arc<Library>> {
    let database = folder.join("library.sqlite");
    let surroundings = || Surroundings {
        environment: Environment::from_variables(Vec::new(), |_| None, None),
        keys: KeyRing::for_session(),
        variables: HashMap::new(),
        consents: Consents::for_session(),
        unused_env_file: None,
    };
    let library = Library::open(&database, surroundings())?;
    let recipe = library.recipes.all()?.first().map(|saved| saved.recipe.clone()).ok_or("a library without recipes")?;
    drop(library);
    let store = Store::open(&database)?;
    add_images(&store)?;
    answer_all(&store, &recipe)?;
    drop(store);
    Ok(Library::open(&database, surroundings())?)
}

fn quotes(criterion: &mut Criterion) {
    #[expect(clippy::unwrap_used, reason = "without a library there is nothing to measure")]
    let (_folder, library) = {
        let folder = tempfile::tempdir().unwrap();
        let library = library(folder.path()).unwrap();
        (folder, library)
    };
    let recipes = library.recipes.all().unwrap_or_default();
    let mut group = criterion.benchmark_group("quote for 10,000 images, all models");
    group.sample_size(10);
    for (name, recipe) in [("with a history", recipes.first()), ("without a history", recipes.get(1))] {
        let Some(recipe) = recipe else { continue };
        let request = PlanRequest { ignores_saved_answers: true, ..PlanRequest::of(ImageSelection::All, recipe.id) };
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(library.planning.quote(black_box(&request)).is_ok()));
        });
    }
    group.finish();

    // The same plan's ways to spend less, each of which is an estimate of its own.
    let mut group = criterion.benchmark_group("savings for 10,000 images");
    group.sample_size(10);
    for (name, recipe) in [("with a history", recipes.first()), ("without a history", recipes.get(1))] {
        let Some(recipe) = recipe else { continue };
        let plan = PlanRequest { ignores_saved_answers: true, ..PlanRequest::of(ImageSelection::All, recipe.id) };
        let model = ModelId(MODEL.into());
        let request = SavingsRequest { plan, model, mode: RunMode::Live, model_before: None };
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(library.planning.savings(black_box(&request)).is_ok()));
        });
    }
    group.finish();

    // A pilot compares each of its images with all others.
    let mut group = criterion.benchmark_group("quote for 10,000 images with a pilot of 20");
    group.sample_size(10);
    if let Some(recipe) = recipes.first() {
        let plan = PlanRequest::of(ImageSelection::All, recipe.id);
        let request = PlanRequest { ignores_saved_answers: true, pilot: Some(20), ..plan };
        group.bench_function("all models", |bencher| {
            bencher.iter(|| black_box(library.planning.quote(black_box(&request)).is_ok()));
        });
    }
    group.finish();
}

criterion_group!(benches, quotes);
criterion_main!(benches);
