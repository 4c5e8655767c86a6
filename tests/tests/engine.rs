//! The run engine from the outside, over HTTP, against the simulator: what is never paid twice, what is tried again, what
//! is shown while answers are on their way. Limits and pacing are measured by `make bench`.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::time::Duration;

use domain::ids::RunId;
use domain::model::ModelId;
use domain::plan::{ImageSelection, ResumeRequest, RunRequest};
use domain::run::{FailureKind, RetryKind};
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::pictures::LABELS;
use simulator::{Fault, Latency, Options, Running, Simulator};

const MODEL: &str = "claude-sonnet-5-5";
const KEY: &str = "sk-any";

async fn simulate(options: Options) -> Running {
    Simulator::start(options).await.unwrap()
}

async fn request(bench: &Bench) -> RunRequest {
    let recipe = bench.library.save_typed_recipe(LABELS).await.unwrap();
    RunRequest::of(ImageSelection::All, recipe.id, ModelId(MODEL.into()))
}

async fn carried_out(bench: &Bench, request: &RunRequest) -> RunId {
    let run = bench.library.start_run(request).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_before_is_not_paid_for_again() {
    let server = simulate(Options::default()).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 6).await;
    let request = request(&bench).await;
    let first = carried_out(&bench, &request).await;
    let billed = server.ledger().billed.len();
    let marks = bench.library.run(first).unwrap().mark_count;

    let second = bench.library.run(carried_out(&bench, &request).await).unwrap();
    assert_eq!(server.ledger().billed.len(), billed);
    assert_eq!((second.done, second.reused, second.paid.0, second.mark_count), (6, 6, 0, marks));

    let anew = RunRequest { asks_anew: true, ..request.clone() };
    let third = bench.library.run(carried_out(&bench, &anew).await).unwrap();
    assert_eq!((third.reused, server.ledger().billed.len()), (0, 2 * billed));
    // Another question is another answer.
    let other = bench.library.save_typed_recipe("red, green").await.unwrap();
    let fourth = RunRequest { recipe: other.id, ..request };
    assert_eq!(bench.library.run(carried_out(&bench, &fourth).await).unwrap().reused, 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_images_are_tried_again_when_asked_for_and_only_where_it_makes_sense() {
    let server = simulate(Options::default()).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 4).await;
    server.script([Fault::Refusal, Fault::WrongJson]);
    let run = carried_out(&bench, &request(&bench).await).await;
    let summary = bench.library.run(run).unwrap();
    assert_eq!((summary.done, summary.failed, summary.retryable), (2, 2, 1));

    let plain = bench.library.resume_run(ResumeRequest::of(run)).await.unwrap_err();
    assert!(matches!(plain, engine::EngineError::NothingLeft(_)), "{plain}");
    bench.library.resume_run(ResumeRequest { retries_failed: true, ..ResumeRequest::of(run) }).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let report = bench.library.run_report(run).unwrap();
    let kinds: Vec<_> = report.failures.iter().map(|group| (group.kind, group.count)).collect();
    assert_eq!((report.summary.done, kinds), (3, vec![(FailureKind::Declined, 1)]));
    assert_eq!(server.ledger().billed.len(), 5);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_answered_is_waited_for_when_it_goes_away() {
    let latency = Latency { first_byte: Duration::from_millis(150).into(), ..Latency::default() };
    let server = simulate(Options { latency, ..Options::default() }).await;
    let address = server.address();
    let bench = Bench::with_pictures(&server.url(), KEY, 40).await;
    let run = bench.library.start_run(&RunRequest { concurrency: Some(2), ..request(&bench).await }).await.unwrap();
    let mut progress = bench.library.run_progress(run).unwrap();
    progress.wait_for(|snapshot| snapshot.done >= 4).await.unwrap();
    server.stop().await;
    let held = progress.wait_for(|snapshot| snapshot.hold.is_some()).await.unwrap().hold.clone().unwrap();
    assert_eq!(held.kind, RetryKind::Unreachable);

    let server = simulate(Options { port: address.port(), ..Options::default() }).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let summary = bench.library.run(run).unwrap();
    assert_eq!((summary.done, summary.failed), (40, 0));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_show_while_their_answer_is_on_its_way() {
    let latency = Latency { first_byte: Duration::ZERO.into(), between_events: Duration::from_millis(120) };
    let server = simulate(Options { latency, ..Options::default() }).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 1).await;
    let run = bench.library.start_run(&request(&bench).await).await.unwrap();
    let mut progress = bench.library.run_progress(run).unwrap();
    let mut most = 0;
    // Ends when the run is over and forgotten.
    while progress.changed().await.is_ok() {
        let snapshot = progress.borrow_and_update();
        if let Some(asked) = snapshot.in_flight.first() {
            assert!(asked.preview.len() >= most, "what was shown stays");
            most = asked.preview.len();
        }
    }
    assert!(most > 1, "{most} marks before the end");
    assert_eq!(bench.end_of(run).await, COMPLETED);
    assert_eq!(bench.library.run(run).unwrap().mark_count, 5);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn similar_images_are_given_the_marks_of_one_that_is_paid_for() {
    let server = simulate(Options::default()).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 4).await;
    let request = RunRequest { carries_to_similar: true, ..request(&bench).await };
    let similar = bench.quote_of(request.recipe).similar;
    assert_eq!((similar.groups, similar.followers), (1, 3));

    // The first answer is none: another of the group is asked about, and the rest by itself too.
    server.script([Fault::Refusal]);
    let refused = bench.library.run(carried_out(&bench, &request).await).unwrap();
    assert_eq!((refused.done, refused.failed, refused.carried, server.ledger().billed.len()), (3, 1, 0, 4));

    let anew = RunRequest { asks_anew: true, ..request };
    let run = carried_out(&bench, &anew).await;
    let summary = bench.library.run(run).unwrap();
    assert_eq!((summary.done, summary.carried, server.ledger().billed.len()), (4, 3, 5));
    assert!(bench.cards().iter().all(|card| card.marks.len() == 5));
    server.stop().await;
}
