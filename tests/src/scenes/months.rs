//! Runs of the months before, by several models, so that there is something to sum up.

use domain::model::ModelId;
use domain::money::{CostRange, PicoDollars};
use domain::run_state::RunMode;
use store::Store;

use super::past::{self, Ending, PastRun, Price, Worker};
use super::{Done, Scene};

/// A run: days after 2026-11-21, the model by its place in `MODELS`, per cent of the images, and what was paid in per cent of the
/// quote.
type Run = (i32, usize, u32, u64, RunMode);

const MODELS: [(&str, &str, u64); 4] = [
    ("claude-haiku-5-5", "Claude Haiku 5.5", 100),
    ("claude-sonnet-5-5", "Claude Sonnet 5.5", 300),
    ("gpt-6-luna", "GPT-6 Luna", 80),
    ("gemini-3.1-flash-lite", "Gemini 3.1 Flash-Lite", 30),
];

const RUNS: [Run; 12] = [
    (-320, 0, 60, 98, RunMode::Live),
    (-290, 0, 100, 104, RunMode::Live),
    (-262, 3, 80, 128, RunMode::Live),
    (-231, 1, 40, 91, RunMode::Live),
    (-200, 0, 70, 100, RunMode::Batch),
    (-168, 2, 100, 97, RunMode::Live),
    (-140, 3, 60, 102, RunMode::Live),
    (-108, 1, 30, 72, RunMode::Live),
    (-75, 2, 90, 99, RunMode::Live),
    (-47, 0, 100, 103, RunMode::Batch),
    (-20, 1, 50, 96, RunMode::Live),
    (-6, 2, 100, 101, RunMode::Live),
];

/// Adds them, like `like`, with the prices of `price` as a measure. Their proposals are taken back.
pub fn add(store: &Store, scene: &Scene, like: &PastRun<'_>, price: &Price) -> Done<()> {
    for (number, (day, model, share, paid_percent, mode)) in (100..).zip(RUNS) {
        let (id, name, percent) = MODELS[model];
        let scaled = |rate: u64| rate * percent / 100;
        let price = Price {
            model: ModelId(id.into()),
            name: name.into(),
            input_per_token: scaled(price.input_per_token),
            output_per_token: scaled(price.output_per_token),
            ..price.clone()
        };
        let images = (scene.annotated() * share / 100).max(1);
        let expected = past::cost(images, &price).0 * 100 / paid_percent;
        let of = |percent: u64| PicoDollars(expected * percent / 100);
        let quoted = CostRange { likely_low: of(80), expected: of(100), likely_high: of(122), at_most: of(340) };
        let worker = Worker::Elsewhere(price);
        let past = PastRun {
            number,
            day,
            quoted,
            worker: &worker,
            images,
            finished: images,
            mode,
            ending: Ending::Completed,
            ..*like
        };
        let run = past::begin(store, &past)?;
        past::finish(store, scene, &past, run)?;
        store.write_blocking(move |edit| edit.take_back_proposals(run).map(drop))?;
    }
    Ok(())
}
