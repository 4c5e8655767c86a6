//! Pilots on the command line that end badly: with `--yes` nobody is asked, and the other images are left alone.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::process::Output;

use domain::run::RunSummary;
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::pictures::LABELS;
use serde_json::Value;
use simulator::{Fault, Options, Running, Simulator};

const KEY: &str = "sk-any";
const IMAGES: u32 = 8;
const PILOT: usize = 3;

struct Piloted {
    bench: Bench,
    server: Running,
    told: Output,
}

impl Piloted {
    /// `annotate --pilot` with nobody to ask, and `fault` befalling as many requests as the pilot has images.
    async fn with(fault: Fault) -> Self {
        let server = Simulator::start(Options::default()).await.unwrap();
        server.script(vec![fault; PILOT]);
        let bench = Bench::with_pictures(&server.url(), KEY, IMAGES);
        let told = bench
            .fieldmark(&server.url(), KEY)
            .args(["annotate", "photos", "--labels", LABELS, "--model", "claude-sonnet-5-5", "--yes", "--json"])
            .args(["--pilot", &PILOT.to_string()])
            .env("FIELDMARK_RUN__RETRY_DELAY_MS", "10")
            .output()
            .unwrap();
        Self { bench, server, told }
    }

    /// What was said to people.
    fn said(&self) -> String {
        String::from_utf8_lossy(&self.told.stderr).into_owned()
    }

    /// The pilot, which is all there was: the others are not asked about, neither in words nor in the document.
    fn only_run(&self) -> RunSummary {
        let runs = self.bench.library.runs().unwrap();
        assert_eq!(runs.len(), 1, "{}", self.said());
        assert_eq!((runs[0].total as usize, runs[0].state), (PILOT, COMPLETED));
        let document: Value = serde_json::from_slice(&self.told.stdout).unwrap();
        assert_eq!((&document["pilot"]["summary"]["id"], &document["rest"]), (&runs[0].id.0.into(), &Value::Null));
        runs[0].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_without_an_answer_is_not_gone_on_with() {
    let piloted = Piloted::with(Fault::Refusal).await;
    let pilot = piloted.only_run();
    assert_eq!((pilot.done, pilot.failed as usize), (0, PILOT));
    assert_eq!(piloted.told.status.code(), Some(3));
    let said = piloted.said();
    assert!(said.contains("The pilot brought not one answer. The other 5 images are left."), "{said}");
    assert_eq!(piloted.server.ledger().billed.len(), PILOT);
    piloted.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_that_was_dearer_than_quoted_is_not_gone_on_with() {
    // Billed, lost on the way and asked for again: what nobody counted is taken at the most that it can have cost.
    let piloted = Piloted::with(Fault::Broken { after_events: 5 }).await;
    let pilot = piloted.only_run();
    assert_eq!((pilot.done as usize, pilot.possibly_billed.count as usize), (PILOT, PILOT));
    assert!(pilot.paid + pilot.possibly_billed.at_most > pilot.quoted.unwrap().high);
    assert_eq!(piloted.told.status.code(), Some(4));
    let said = piloted.said();
    assert!(said.contains("The pilot cost $") && said.contains("of its quote. The other 5 images are left."), "{said}");
    piloted.server.stop().await;
}
