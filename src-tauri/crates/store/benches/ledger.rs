//! Cost of storing an answer: the commits before a request is sent, of the raw answer, and of its annotations; alone,
//! and several at once, which the writer groups. The first two are flushed, so they measure the disk.

#![expect(clippy::expect_used, reason = "a library that cannot be written is not what is measured")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use domain::annotation::{NewAnnotation, Shape};
use domain::answer::Reading;
use domain::geometry::{Orientation, PixelSize, Rect};
use domain::ids::{AttemptId, RunId};
use domain::import::ImageFormat;
use domain::model::{Destination, ModelId};
use domain::money::PicoDollars;
use domain::recipe::Recipe;
use domain::run_options::RunOptions;
use domain::run_state::RunMode;
use domain::similar::PerceptualHash;
use domain::usage::Usage;
use store::{Bill, JobOutcome, JobTiming, NewImage, NewRun, QueuedImage, Store, WaitingJob};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const ANNOTATIONS: u32 = 8;
/// Of an answer with this many annotations, in bytes.
const ANSWER_LENGTH: usize = 800;
const AT_MOST: PicoDollars = PicoDollars(40_000_000_000);
const PAID: PicoDollars = PicoDollars(16_200_000_000);

/// The commits of a request, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Sent,
    Received,
    Parsed,
}

/// An image whose request is in progress.
struct LedgerRequest {
    run: RunId,
    job: WaitingJob,
    attempt: AttemptId,
}

impl Step {
    const ALL: [(Self, &str); 3] = [(Self::Sent, "sent"), (Self::Received, "received"), (Self::Parsed, "parsed")];

    /// Commits it as a run does.
    async fn commit(self, store: Arc<Store>, asked: LedgerRequest) -> store::Result<()> {
        let LedgerRequest { run, job, attempt } = asked;
        match self {
            Self::Sent => store.write(move |edit| edit.record_sent(job.id, AT_MOST, 2).map(drop)).await,
            Self::Received => {
                let (answer, bill) = (answer(), bill());
                store.write(move |edit| edit.record_received(attempt, &answer, Some(bill), 3)).await
            }
            Self::Parsed => {
                let recipe = recipe();
                let outcome = JobOutcome::Done {
                    attempts: vec![attempt],
                    annotations: annotations(),
                    reading: Reading::default(),
                };
                store
                    .write_derived(move |edit| {
                        edit.settle_job(
                            run,
                            &job,
                            &recipe,
                            &outcome,
                            Some(JobTiming { took_millis: 2_100.0, alone_millis: None }),
                            4,
                        )
                    })
                    .await?;
                Ok(())
            }
        }
    }
}

struct Ledger {
    _folder: tempfile::TempDir,
    store: Arc<Store>,
    runtime: Runtime,
    images: Cell<u32>,
}

impl Ledger {
    fn new() -> store::Result<Self> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let store = Arc::new(Store::open(&folder.path().join("library.sqlite"))?);
        Ok(Self {
            _folder: folder,
            store,
            runtime: Runtime::new().expect("threads can be started"),
            images: Cell::new(0),
        })
    }

    /// This many new images in a new run, each right before `step`.
    fn asked(&self, images: u32, step: Step) -> store::Result<Vec<LedgerRequest>> {
        let known = self.images.replace(self.images.get() + images);
        self.store.write_blocking(move |edit| {
            let queue: store::Result<Vec<QueuedImage>> = (known..known + images)
                .map(|seed| Ok(QueuedImage { image: edit.image_of_content(&image(seed), 1)?.0, leader: None }))
                .collect();
            let run = edit.add_run(&run_of(queue?), 1)?;
            let jobs = edit.waiting_jobs(run, None, images)?.into_iter();
            jobs.map(|job| {
                let attempt = edit.record_sent(job.id, AT_MOST, 2)?;
                if step == Step::Parsed {
                    edit.record_received(attempt, &answer(), Some(bill()), 3)?;
                }
                Ok(LedgerRequest { run, job, attempt })
            })
            .collect()
        })
    }

    /// Commits `step` for all of `asked` at once.
    fn commit(&self, step: Step, asked: Vec<LedgerRequest>) -> store::Result<()> {
        self.runtime.block_on(async {
            let mut commits: JoinSet<_> =
                asked.into_iter().map(|asked| step.commit(Arc::clone(&self.store), asked)).collect();
            while let Some(committed) = commits.join_next().await {
                committed.expect("no commit panics")?;
            }
            Ok(())
        })
    }
}

fn image(seed: u32) -> NewImage {
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&seed.to_le_bytes());
    NewImage {
        hash,
        name: format!("IMG_{seed}.jpg"),
        byte_len: 4_000_000,
        format: ImageFormat::Jpeg,
        orientation: Orientation::Upright,
        size: PixelSize::new(4_000, 3_000),
        perceptual_hash: PerceptualHash(u64::from(seed)),
        taken: None,
    }
}

fn run_of(images: Vec<QueuedImage>) -> NewRun {
    NewRun {
        model: ModelId("m".into()),
        model_name: "M".into(),
        recipe: recipe(),
        concurrency: 32,
        options: RunOptions::default(),
        question: None,
        ignores_saved_answers: false,
        mode: RunMode::Live,
        destination: Destination::ThisMachine,
        quoted: None,
        budget: None,
        roots: Vec::new(),
        pilot: None,
        images,
    }
}

fn recipe() -> Recipe {
    Recipe::find_these("cat, dog").expect("there is something to find")
}

fn answer() -> String {
    "x".repeat(ANSWER_LENGTH)
}

fn bill() -> Bill {
    Bill { usage: Usage { input_tokens: 2_400, output_tokens: 600, ..Usage::default() }, paid: PAID }
}

fn annotations() -> Vec<NewAnnotation> {
    let annotations = (0..ANNOTATIONS).map(|place| {
        let x = f64::from(place * 400);
        NewAnnotation {
            label: if place % 2 == 0 { "cat" } else { "dog" }.into(),
            shape: Shape::Box { rect: Rect::new(x, 10.0, x + 300.0, 310.0) },
            confidence: Some(0.8),
            attributes: BTreeMap::new(),
        }
    });
    annotations.collect()
}

fn ledger(criterion: &mut Criterion) {
    let ledger = Ledger::new().expect("a library can be made");
    let mut group = criterion.benchmark_group("ledger");
    for (step, name) in Step::ALL {
        for concurrency in [1, 32] {
            group.throughput(Throughput::Elements(concurrency.into()));
            group.bench_function(BenchmarkId::new(name, concurrency), |bencher| {
                bencher.iter_batched(
                    || ledger.asked(concurrency, step).expect("the library can be written"),
                    |asked| ledger.commit(step, asked).expect("the library can be written"),
                    BatchSize::SmallInput,
                );
            });
        }
    }
    group.finish();
}

criterion_group!(benches, ledger);
criterion_main!(benches);
