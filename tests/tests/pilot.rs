//! Pilots on the command line: one run whose first images are sent before the others.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::process::Output;

use domain::ids::ImageId;
use domain::model::ModelId;
use domain::money::CostRange;
use domain::pilot::PilotVerdict;
use domain::plan::{ImageSelection, PlanRequest, RunRequest};
use domain::query::ImageQuery;
use domain::run::RunSummary;
use domain::run_state::{RunMode, RunState, StopReason};
use fieldmark_tests::bench::{Bench, COMPLETED, resume};
use fieldmark_tests::pictures::LABELS;
use fieldmark_tests::pictures::{drawing, write_png};
use serde_json::Value;
use simulator::{Batching, Fault, Options, Running, Simulator};

const KEY: &str = "sk-any";
const IMAGES: u32 = 8;
const PILOT: usize = 3;
const PILOT_DONE: RunState = RunState::Stopped { reason: StopReason::PilotDone };

struct Piloted {
    bench: Bench,
    server: Running,
    told: Output,
}

impl Piloted {
    /// `annotate --pilot --yes`, with `faults` on the first requests.
    async fn with(faults: Vec<Fault>, more: &[&str]) -> Self {
        let batching = Batching { takes: std::time::Duration::from_millis(300), ..Batching::default() };
        let server = Simulator::start(Options { batching, ..Options::default() }).await.unwrap();
        server.script(faults);
        let bench = Bench::with_pictures(&server.url(), KEY, IMAGES);
        let told = bench
            .fieldmark(&server.url(), KEY)
            .args(["annotate", "photos", "--labels", LABELS, "--model", "claude-sonnet-5-5", "--yes", "--json"])
            .args(["--pilot", &PILOT.to_string()])
            .args(more)
            .env("FIELDMARK_RUN__RETRY_DELAY_MS", "10")
            .output()
            .unwrap();
        Self { bench, server, told }
    }

    /// The text output for users.
    fn said(&self) -> String {
        String::from_utf8_lossy(&self.told.stderr).into_owned()
    }

    /// There is one document, the report.
    fn run(&self) -> RunSummary {
        let runs = self.bench.library.history.runs().unwrap();
        assert_eq!((runs.len(), runs[0].total), (1, IMAGES), "{}", self.said());
        let document: Value = serde_json::from_slice(&self.told.stdout).unwrap();
        assert_eq!(document["summary"]["id"], runs[0].id.0);
        runs[0].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_and_the_other_images_are_one_run_with_one_export() {
    for mode in ["live", "batch"] {
        let more: &[&str] = if mode == "batch" {
            &["--batch", "--export", "jsonl=all.jsonl"]
        } else {
            &["--export", "jsonl=all.jsonl"]
        };
        let piloted = Piloted::with(Vec::new(), more).await;
        let run = piloted.run();
        assert_eq!((run.state, run.done, piloted.told.status.code()), (COMPLETED, IMAGES, Some(0)), "{mode}");
        let lines = std::fs::read_to_string(piloted.bench.folder.path().join("all.jsonl")).unwrap();
        assert_eq!(lines.lines().count(), IMAGES as usize, "{mode}");
        // The pilot is sent live, whatever the mode of the run.
        let ledger = piloted.server.ledger();
        let live = ledger.billed.iter().filter(|entry| !entry.is_batched).count();
        assert_eq!(live, if run.mode == RunMode::Live { IMAGES as usize } else { PILOT });
        assert_eq!(run.paid.0, ledger.total_pico_dollars());
        assert!(run.paid <= run.quoted.unwrap().at_most);
        assert!(piloted.said().contains("The pilot is done. 5 images left."), "{}", piloted.said());
        piloted.server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_without_an_answer_is_not_gone_on_with_until_it_is_resumed() {
    let piloted = Piloted::with(vec![Fault::Refusal; PILOT], &[]).await;
    let run = piloted.run();
    assert_eq!((run.state, run.done, run.failed as usize), (PILOT_DONE, 0, PILOT));
    assert_eq!(piloted.told.status.code(), Some(3));
    let said = piloted.said();
    assert!(said.contains("The pilot got no usable answer. 5 images left."), "{said}");
    assert_eq!(piloted.server.ledger().billed.len(), PILOT);

    piloted.bench.library.runs.resume(resume(run.id)).await.unwrap();
    assert_eq!(piloted.bench.end_of(run.id).await, COMPLETED);
    let run = piloted.bench.library.history.run(run.id).unwrap();
    assert_eq!((run.done + run.failed, run.waiting), (IMAGES, 0));
    piloted.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_that_was_much_dearer_than_expected_is_not_gone_on_with() {
    // Billed, lost and requested again: unreported usage counts with its maximum cost.
    let piloted = Piloted::with(vec![Fault::Broken { after_events: 5 }; PILOT], &[]).await;
    let run = piloted.run();
    assert_eq!((run.state, run.done as usize, run.possibly_billed.count as usize), (PILOT_DONE, PILOT, PILOT));
    assert!(run.paid + run.possibly_billed.at_most <= run.quoted.unwrap().at_most);
    assert_eq!(piloted.told.status.code(), Some(4));
    let said = piloted.said();
    assert!(said.contains("more than twice the expected $") && said.contains("5 images left."), "{said}");
    assert!(said.contains(&format!("fieldmark resume {}", run.id)), "{said}");
    piloted.server.stop().await;
}

/// Twelve copies of one picture in a folder, three other pictures, and one of them upright.
fn add_copies_and_others(bench: &Bench) {
    let (picture, _) = drawing(320, 240);
    for copy in 0..12 {
        let mut copied = picture.clone();
        copied.put_pixel(copy, 0, image::Rgb([200, 10, 10]));
        write_png(&copied, &bench.photos().join(format!("a{copy:02}.png")));
    }
    for (place, shade) in (0..).zip([[250_u8, 0, 0], [0, 0, 250]]) {
        let stripes =
            |x: u32, y: u32| image::Rgb(if (x / 40 + y / 60 * place).is_multiple_of(2) { shade } else { [255; 3] });
        write_png(&image::RgbImage::from_fn(320, 240, stripes), &bench.photos().join(format!("b{place}.png")));
    }
    write_png(&drawing(240, 320).0, &bench.photos().join("c.png"));
    bench.library.imports.run(&[bench.photos()]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_has_the_images_that_differ_and_makes_the_estimate_of_the_others_tighter() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::at(&server.url(), KEY);
    add_copies_and_others(&bench);
    let library = &bench.library;
    let recipe = library.recipes.save_typed(LABELS).await.unwrap().id;
    let ids = library.images.ids(&ImageQuery::default()).unwrap();
    let model = ModelId("claude-sonnet-5-5".into());
    let quoted = |images: &[ImageId], pilot| {
        let plan = PlanRequest { pilot, ..PlanRequest::of(ImageSelection::Images { ids: images.to_vec() }, recipe) };
        let quote = library.planning.quote(&plan).unwrap();
        quote.models.into_iter().find(|row| row.model.id == model).unwrap()
    };
    let before = quoted(&ids, Some(4));
    let pilot = before.pilot.unwrap();
    assert_eq!((pilot.images, pilot.cost.at_most < before.cost.unwrap().at_most), (4, true));

    let request = RunRequest { pilot: Some(4), ..RunRequest::of(ImageSelection::All, recipe, model.clone()) };
    let run = library.runs.start(&request).await.unwrap();
    assert_eq!(bench.end_of(run).await, PILOT_DONE);
    let summary = library.history.run(run).unwrap();
    let outcome = library.planning.pilot_outcome(&summary).unwrap();
    let asked = outcome.images;
    let names: Vec<String> =
        bench.cards().into_iter().filter(|card| asked.contains(&card.id)).map(|card| card.name).collect();
    assert_eq!(names, ["a00.png", "b0.png", "b1.png", "c.png"], "one of the copies, and all others");

    assert_eq!((asked.len(), outcome.left, outcome.verdict), (4, 11, PilotVerdict::Sound));
    assert_eq!((outcome.expected, outcome.cost), (pilot.cost.expected, summary.paid));
    let rest = outcome.rest.unwrap();
    let left: Vec<ImageId> = ids.into_iter().filter(|id| !asked.contains(id)).collect();
    // A plan for the same images says the same.
    assert_eq!(quoted(&left, None).cost.unwrap(), rest);
    let width = |cost: CostRange| (cost.likely_high.dollars() - cost.likely_low.dollars()) / cost.expected.dollars();
    assert!(width(rest) < width(before.cost.unwrap()) * 0.75, "{rest:?} {before:?}");

    library.runs.resume(resume(run)).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let whole = library.history.run(run).unwrap();
    assert_eq!((whole.done, library.history.runs().unwrap().len()), (15, 1));
    let of_rest = whole.paid.0 - summary.paid.0;
    assert!((rest.likely_low.0..=rest.likely_high.0).contains(&of_rest), "{of_rest} {rest:?}");
    server.stop().await;
}
