//! Limits that are announced, or not: how much longer a run takes than one that knows them, and how
//! often it is refused. All of them at the same time, each with a simulator and a library of its own: they mostly wait.

use std::path::Path;
use std::time::Duration;

use domain::model::ModelId;
use domain::plan::{ImageSelection, RunRequest};
use domain::run_state::{RunState, StopReason};
use fieldmark_tests::bench::with_concurrency;
use simulator::{Chaos, Crowded, Distribution, Fate, Latency, Limits, Options, Simulator, fates};
use tokio::task::JoinSet;

use crate::figure::Figure;
use crate::measured::{LABELS, MODEL, database, import, library, seconds, wall_seconds};
use crate::optimum::{Allowed, optimum_millis};
use crate::photos;
use crate::throughput::options;

const REQUESTS: usize = 1_000;
const AT_ONCE: u32 = 32;
const SEED: u64 = 11;
/// As many variants at the same time.
const TOGETHER: usize = 8;

#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "every combination is measured")]
struct Variant {
    is_by_rate: bool,
    announces: bool,
    retry_after: bool,
    is_chaotic: bool,
}

impl Variant {
    fn all() -> Vec<Self> {
        (0..16_u8)
            .map(|bits| {
                let is = |bit: u8| bits >> bit & 1 == 1;
                Self { is_chaotic: is(3), is_by_rate: !is(2), announces: !is(1), retry_after: !is(0) }
            })
            .collect()
    }

    fn name(self) -> String {
        let limit = if self.is_by_rate { "600 a minute" } else { "8 at a time" };
        let headers = if self.announces { "headers" } else { "no headers" };
        let retry_after = if self.retry_after { "retry-after" } else { "no retry-after" };
        let weather = if self.is_chaotic { "chaos" } else { "steady" };
        format!("{limit}, {headers}, {retry_after}, {weather}")
    }

    fn options(self) -> Options {
        let plain = options(Duration::from_millis(500));
        let first_byte = Distribution::LogNormal { median: Duration::from_millis(500), sigma: 0.5 };
        let limits = Limits { are_announced: self.announces, sends_retry_after: self.retry_after, ..plain.limits };
        Options {
            seed: SEED,
            latency: if self.is_chaotic { Latency { first_byte, ..plain.latency } } else { plain.latency },
            chaos: if self.is_chaotic {
                Chaos { overloaded: 0.03, reset: 0.01, broken: 0.01, ..Chaos::default() }
            } else {
                Chaos::default()
            },
            limits: if self.is_by_rate {
                Limits { requests_per_minute: 600, burst: Some(10), ..limits }
            } else {
                Limits { most_in_flight: Some(8), crowded: Crowded::RateLimited, ..limits }
            },
            ..plain
        }
    }

    fn allowed(self) -> Allowed {
        if self.is_by_rate {
            Allowed { rate: Some((10.0, 10.0)), concurrency: AT_ONCE as usize }
        } else {
            Allowed { rate: None, concurrency: 8 }
        }
    }
}

pub async fn hidden_limits() -> Vec<Figure> {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    photos::noise(&photos, REQUESTS, 64, 48);
    import(&folder.path().join("imported"), &photos).await;
    let mut figures = Vec::new();
    for together in Variant::all().chunks(TOGETHER) {
        let mut running = JoinSet::new();
        for &variant in together {
            let own = folder.path().join(variant.name().replace(", ", "-"));
            copy_library(&folder.path().join("imported"), &own);
            running.spawn(async move { carried_out(variant, &own).await });
        }
        while let Some(done) = running.join_next().await {
            figures.extend(done.unwrap());
        }
    }
    figures
}

fn copy_library(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in [database(from), database(from).with_extension("sqlite-wal")] {
        if file.exists() {
            std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
        }
    }
}

async fn carried_out(variant: Variant, folder: &Path) -> Vec<Figure> {
    let options = variant.options();
    let draws = || fates(SEED, options.latency, options.chaos);
    let server = Simulator::start(options.clone()).await.unwrap();
    let library = library(folder, &server.url()).await;
    let recipe = library.recipes.save_typed(LABELS).await.unwrap().id;
    let request = RunRequest {
        options: with_concurrency(AT_ONCE),
        ..RunRequest::of(ImageSelection::All, recipe, ModelId(MODEL.into()))
    };
    let run = library.runs.start(&request).await.unwrap();
    if let Some(mut progress) = library.runs.progress(run) {
        let is_over = |state| matches!(state, RunState::Stopped { .. } | RunState::Interrupted);
        // An error means that it is over and forgotten.
        let _ended = progress.wait_for(|snapshot| is_over(snapshot.state)).await;
    }
    let summary = library.history.run(run).unwrap();
    let (ledger, verdict) = (server.ledger(), server.verdict());
    let refused = ledger.refused.iter().filter(|refused| refused.status == 429).count();
    let (wall, best) = (wall_seconds(&ledger), optimum(variant, draws()));
    let lost = REQUESTS - summary.done as usize;
    let is_complete = summary.state == RunState::Stopped { reason: StopReason::Completed };
    assert!(is_complete, "{}: {:?} {:?}", variant.name(), summary.state, summary.stop_detail);
    let complaints = verdict.stampedes.count + verdict.retried_in_vain.count + verdict.retried_too_early.count;
    let most_refused = if variant.announces && variant.is_by_rate { 1.0 } else { 3.0 };
    let name = variant.name();
    #[expect(clippy::cast_precision_loss, reason = "a thousand requests")]
    let per_hundred = refused as f64 * 100.0 / REQUESTS as f64;
    vec![
        Figure::new(format!("{name}: wall / optimum"), wall / best, 1.08, format!("{wall:.1} s of {best:.1} s")),
        Figure::new(format!("{name}: refusals per 100"), per_hundred, most_refused, format!("{refused} refused")),
        Figure::new(
            format!("{name}: images lost and complaints"),
            f64::from(u32::try_from(lost).unwrap() + u32::try_from(complaints).unwrap()),
            0.0,
            if complaints > 0 { format!("{verdict:?}") } else { "none".into() },
        ),
    ]
}

fn optimum(variant: Variant, draws: impl Iterator<Item = Fate>) -> f64 {
    seconds(optimum_millis(REQUESTS, variant.allowed(), draws, 0))
}
