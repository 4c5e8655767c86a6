//! Batch runs from the outside, over HTTP, against the simulator's batches: half the price, and never billed twice, whatever
//! is lost or interrupted.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

mod cut_off;
mod lost;
mod other_runs;
mod vendors;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::RunId;
use domain::model::ModelId;
use domain::money::PicoDollars;
use domain::plan::{ImageSelection, ResumeRequest, RunRequest};
use domain::run::{BatchStage, PendingElsewhere, RunProgress, RunSummary};
use domain::run_options::RunOptions;
use domain::run_state::{FailureKind, RetryKind, RunMode, RunState, StopReason};
use engine::{BatchLimits, EngineError, Library};
use fieldmark_tests::bench::{Bench, COMPLETED, person};
use fieldmark_tests::pictures::LABELS;
use simulator::{Batching, Fault, Options, Running, Simulator};

const MODEL: &str = "claude-sonnet-5-5";
const KEY: &str = "sk-any";
const LIMITS: BatchLimits = BatchLimits { items: 15, bytes: 100_000_000, grace: Duration::from_secs(2) };

async fn simulate(batching: Batching) -> Running {
    Simulator::start(Options { batching, ..Options::default() }).await.unwrap()
}

fn taking(seconds: f64) -> Batching {
    Batching { takes: Duration::from_secs_f64(seconds), ..Batching::default() }
}

fn bench(server: &Running, pictures: u32) -> Bench {
    let bench = Bench::with_pictures(&server.url(), KEY, pictures);
    bench.library.runs.limit_batches(LIMITS);
    bench
}

async fn request(bench: &Bench) -> RunRequest {
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap();
    let request = RunRequest::of(ImageSelection::All, recipe.id, ModelId(MODEL.into()));
    RunRequest { mode: RunMode::Batch, ..request }
}

async fn start(bench: &Bench) -> RunId {
    bench.library.runs.start(&request(bench).await).await.unwrap()
}

async fn stopped(bench: &Bench, run: RunId) -> (StopReason, RunSummary) {
    let RunState::Stopped { reason } = bench.end_of(run).await else { panic!("not stopped") };
    (reason, bench.library.history.run(run).unwrap())
}

/// Waits for a snapshot for which `is_it` is true, during the run.
async fn snapshot(library: &Library, run: RunId, is_it: impl Fn(&RunProgress) -> bool) -> RunProgress {
    let mut progress = library.runs.progress(run).unwrap();
    progress.wait_for(|snapshot| is_it(snapshot)).await.unwrap().clone()
}

fn has_working_batch(snapshot: &RunProgress) -> bool {
    snapshot.batches.iter().any(|batch| batch.stage == BatchStage::Working)
}

/// Every billed answer is recorded as paid, at half the price, and no picture was answered twice.
fn assert_paid_once(server: &Running, summary: &RunSummary) {
    let ledger = server.ledger();
    assert_eq!(summary.paid.0, ledger.total_pico_dollars());
    assert!(ledger.billed.iter().all(|entry| entry.is_batched));
    let pictures: HashSet<_> =
        ledger.billed.iter().map(|entry| entry.picture.map(|size| (size.width, size.height))).collect();
    assert_eq!(pictures.len(), ledger.billed.len(), "no picture was answered twice");
    assert_eq!((summary.possibly_billed.count, summary.unsettled.count), (0, 0));
}

/// The library, opened as the next process does.
async fn reopened(bench: Bench, server: &Running) -> Bench {
    reopened_among(bench, &[("ANTHROPIC_BASE_URL", &server.url()), ("ANTHROPIC_API_KEY", KEY)]).await
}

/// As [`reopened`], with these variables set.
async fn reopened_among(bench: Bench, variables: &[(&str, &str)]) -> Bench {
    bench.library.runs.shut_down(Duration::from_secs(5)).await;
    let Bench { folder, library } = bench;
    let database = folder.path().join("library/library.sqlite");
    // The task that published the end of its run ends a moment later.
    while Arc::strong_count(&library) > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(library);
    let library = Library::open(&database, person(&folder, variables)).unwrap();
    library.runs.limit_batches(LIMITS);
    Bench { folder, library }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_pictures_are_answered_in_batches_at_half_the_price() {
    let server = simulate(taking(1.0)).await;
    let bench = bench(&server, 40);
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap();
    let quote = bench.quote_of(recipe.id);
    let quoted = quote.models.iter().find(|quoted| quoted.model.id.0 == MODEL).unwrap();
    let (live, batch) = (quoted.cost.unwrap(), quoted.batch.unwrap());
    assert!(batch.expected.0.abs_diff(live.expected.0 / 2) <= 1_000, "{batch:?} is half of {live:?}");
    assert!(batch.at_most < live.at_most && quote.models[0].batch.is_none());

    let run = start(&bench).await;
    let shown = snapshot(&bench.library, run, |snapshot| snapshot.batches.len() == 3).await;
    assert_eq!((shown.mode, shown.in_flight.len()), (RunMode::Batch, 0));
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!(reason, StopReason::Completed);
    assert_eq!((summary.done, summary.failed, summary.annotation_count, summary.quoted), (40, 0, 200, Some(batch)));
    assert_paid_once(&server, &summary);
    let metrics = bench.library.insight.report(run).unwrap().metrics.unwrap();
    assert_eq!((metrics.asked, metrics.concurrency), (40, 40), "three batches were at the server at the same time");
    assert_eq!((metrics.parallelism, metrics.speedup), (None, None));
    let idle = bench.library.history.progress(run).unwrap();
    let batches: Vec<_> = idle.batches.iter().map(|batch| (batch.stage, batch.images, batch.finished)).collect();
    assert_eq!(batches, [(BatchStage::Ended, 15, 15), (BatchStage::Ended, 15, 15), (BatchStage::Ended, 10, 10)]);
    assert!(idle.batches.iter().all(|batch| batch.expires_at > Some(batch.submitted_at)));
    assert!(std::fs::read_dir(bench.library.folder().join("batches")).unwrap().next().is_none(), "no body is left");

    // A saved answer counts, whether it came live or in a batch.
    let live = RunRequest { mode: RunMode::Live, ..request(&bench).await };
    let live = bench.library.runs.start(&live).await.unwrap();
    let (_, live) = stopped(&bench, live).await;
    assert_eq!((live.reused, live.paid), (40, PicoDollars::ZERO));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_cut_by_their_bytes() {
    let server = simulate(taking(0.5)).await;
    let bench = bench(&server, 6);
    bench.library.runs.limit_batches(BatchLimits { bytes: 30_000, ..LIMITS });
    let run = start(&bench).await;
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done), (StopReason::Completed, 6));
    assert!(bench.library.history.progress(run).unwrap().batches.len() > 1);
    assert_paid_once(&server, &summary);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_continue_without_polling_and_are_found_again() {
    let server = simulate(taking(6.0)).await;
    let mut bench = bench(&server, 40);
    let run = start(&bench).await;
    snapshot(&bench.library, run, has_working_batch).await;
    // As if the app were closed while it submits.
    bench = reopened(bench, &server).await;
    let idle = bench.library.history.progress(run).unwrap();
    assert_eq!(idle.state, RunState::Stopped { reason: StopReason::Shutdown });
    assert!(has_working_batch(&idle) && idle.unsettled.count == 0 && idle.waiting == 40);

    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    snapshot(&bench.library, run, has_working_batch).await;
    bench.library.runs.pause(run);
    let (reason, _) = stopped(&bench, run).await;
    assert_eq!(reason, StopReason::Paused);
    bench = reopened(bench, &server).await;
    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done, summary.annotation_count), (StopReason::Completed, 40, 200));
    assert_paid_once(&server, &summary);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_reply_was_lost_is_found_and_not_submitted_again() {
    let server = simulate(taking(1.5)).await;
    server.script([Fault::BatchReplyLost, Fault::BatchReplyLost]);
    let bench = bench(&server, 40);
    let run = start(&bench).await;
    snapshot(&bench.library, run, |snapshot| {
        snapshot.batches.iter().any(|batch| batch.stage == BatchStage::Unconfirmed)
    })
    .await;
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done), (StopReason::Completed, 40));
    assert_eq!(bench.library.history.progress(run).unwrap().batches.len(), 3);
    assert_paid_once(&server, &summary);
    server.stop().await;

    // The process ends before it receives the batch's id: the next process searches for the batch.
    let server = simulate(taking(1.5)).await;
    server.script([Fault::BatchReplyLost]);
    let bench = self::bench(&server, 10);
    let run = start(&bench).await;
    snapshot(&bench.library, run, |snapshot| !snapshot.batches.is_empty()).await;
    let bench = reopened(bench, &server).await;
    let idle = bench.library.history.progress(run).unwrap();
    assert_eq!((idle.batches[0].stage, idle.unsettled.count), (BatchStage::Unconfirmed, 0));
    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done), (StopReason::Completed, 10));
    assert_paid_once(&server, &summary);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_library_s_batch_of_the_same_size_is_not_taken_for_ours() {
    let server = simulate(taking(1.0)).await;
    let others = bench(&server, 5);
    let ours = bench(&server, 5);
    let theirs = start(&others).await;
    snapshot(&others.library, theirs, has_working_batch).await;
    server.script([Fault::BatchReplyLost]);
    let run = start(&ours).await;
    let ((_, theirs), (reason, summary)) = (stopped(&others, theirs).await, stopped(&ours, run).await);
    assert_eq!((reason, summary.done, theirs.done), (StopReason::Completed, 5, 5));
    assert_eq!(summary.paid.0 + theirs.paid.0, server.ledger().total_pico_dollars());
    assert_eq!(server.ledger().billed.len(), 10);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_not_found_is_made_again_only_with_a_word() {
    let server = simulate(taking(60.0)).await;
    let port = server.address().port();
    server.script([Fault::BatchReplyLost]);
    let bench = bench(&server, 3);
    let run = start(&bench).await;
    snapshot(&bench.library, run, |snapshot| snapshot.batches.len() == 1).await;
    // The restarted server knows no batches.
    server.stop().await;
    let batching = taking(0.5);
    let server = Simulator::start(Options { port, batching, ..Options::default() }).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done, summary.unsettled.count), (StopReason::BatchUnknown, 0, 3));
    assert!(summary.stop_detail.is_some());

    let refused = bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap_err();
    assert!(matches!(refused, EngineError::Unsettled(unsettled) if unsettled.count == 3), "{refused}");
    assert_eq!(server.ledger().billed.len(), 0);
    bench.library.runs.resume(ResumeRequest { accepts_repeats: true, ..ResumeRequest::of(run) }).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done, summary.possibly_billed.count), (StopReason::Completed, 3, 3));
    assert_eq!(summary.paid.0, server.ledger().total_pico_dollars());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_failed_on_goes_into_a_next_batch() {
    let server = simulate(Batching { errored: 0.25, expired: 0.25, ..taking(0.3) }).await;
    let bench = bench(&server, 40);
    let run = start(&bench).await;
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done + summary.failed), (StopReason::Completed, 40));
    assert!(summary.done >= 30 && summary.retries >= 10, "{summary:?}");
    assert_paid_once(&server, &summary);
    let report = bench.library.insight.report(run).unwrap();
    let kinds: HashSet<RetryKind> = report.retried.iter().map(|group| group.kind).collect();
    assert_eq!(kinds, HashSet::from([RetryKind::ServerFailed, RetryKind::Expired]));
    server.stop().await;

    let server = simulate(Batching { expired: 1.0, ..taking(0.1) }).await;
    let bench = self::bench(&server, 3);
    let run = start(&bench).await;
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.failed, summary.retries), (StopReason::Completed, 3, 6));
    let failures = bench.library.insight.report(run).unwrap().failures;
    assert_eq!((failures[0].kind, failures[0].is_worth_retrying), (FailureKind::Expired, true));
    assert_paid_once(&server, &summary);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_the_server_refuses_stops_the_run_and_no_image_fails() {
    let server = simulate(taking(0.1)).await;
    let bench = bench(&server, 3);
    let message = "transformations: Extra inputs are not permitted";
    let refused = || Fault::Refused { status: 400, message: message.into() };
    server.script([refused(), refused(), refused()]);
    let run = start(&bench).await;
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.waiting, summary.failed), (StopReason::RequestRefused, 3, 0), "{summary:?}");
    assert!(summary.stop_detail.unwrap().contains(message));
    assert_eq!(summary.possibly_billed.count, 0);

    // If other requests are accepted, the refusal concerns the image.
    server.script([refused()]);
    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done, summary.failed), (StopReason::Completed, 2, 1), "{summary:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_cannot_be_read_are_fetched_a_few_times() {
    let server = simulate(taking(0.1)).await;
    let bench = bench(&server, 3);
    server.script([Fault::Empty, Fault::Empty, Fault::Empty]);
    let run = start(&bench).await;
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.waiting, summary.failed), (StopReason::AnswersUnreadable, 3, 0), "{summary:?}");

    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done), (StopReason::Completed, 3));
    assert_paid_once(&server, &summary);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn canceling_keeps_what_was_done() {
    let server = simulate(taking(10.0)).await;
    let bench = bench(&server, 30);
    let run = start(&bench).await;
    snapshot(&bench.library, run, |snapshot| snapshot.batches.len() == 2).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    bench.library.runs.cancel(run);
    let stopping = snapshot(&bench.library, run, |snapshot| {
        snapshot.batches.iter().any(|batch| batch.stage == BatchStage::Canceling)
    })
    .await;
    assert_eq!(stopping.state, RunState::Stopping);
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!(reason, StopReason::Cancelled);
    assert!(summary.done > 0 && summary.waiting > 0, "{summary:?}");
    assert_paid_once(&server, &summary);

    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done), (StopReason::Completed, 30));
    assert_paid_once(&server, &summary);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_holds() {
    let server = simulate(taking(0.5)).await;
    let bench = bench(&server, 12);
    let probe = start(&bench).await;
    let (_, whole) = stopped(&bench, probe).await;
    let before = server.ledger().total_pico_dollars();
    let request = RunRequest { ignores_saved_answers: true, ..request(&bench).await };
    let too_small = RunRequest { budget: Some(PicoDollars(1)), ..request.clone() };
    let refused = bench.library.runs.start(&too_small).await.unwrap_err();
    let EngineError::BudgetTooSmall { dearest } = refused else { panic!("{refused}") };
    // The budget allows two worst cases; the actual costs are far lower.
    let budget = Some(dearest.times(2));
    let run = bench.library.runs.start(&RunRequest { budget, ..request }).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!(summary.paid.0, server.ledger().total_pico_dollars() - before);
    assert!(Some(summary.paid) <= budget);
    if whole.paid < dearest {
        assert_eq!((reason, summary.done), (StopReason::Completed, 12));
    }
    assert!(bench.library.history.progress(run).unwrap().batches.iter().all(|batch| batch.images <= 15));

    // When the budget allows no other request, the run stops by itself with its reason.
    let spent = PicoDollars(whole.paid.0 / 12);
    let budget = Some(dearest + spent);
    let tight = RunRequest { ignores_saved_answers: true, budget, ..self::request(&bench).await };
    let run = bench.library.runs.start(&tight).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!(reason, StopReason::BudgetReached);
    assert!(summary.done > 0 && summary.waiting > 0 && Some(summary.paid) <= budget);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn images_that_fail_in_every_batch_fail_in_the_end() {
    let server = simulate(Batching { errored: 1.0, ..taking(0.1) }).await;
    let bench = bench(&server, 2);
    let run = start(&bench).await;
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.failed, summary.retries), (StopReason::Completed, 2, 6), "three retries each");
    let failures = bench.library.insight.report(run).unwrap().failures;
    assert_eq!((failures[0].kind, failures[0].count), (FailureKind::ModelFailed, 2));
    assert_paid_once(&server, &summary);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_larger_than_a_whole_batch_fails_alone() {
    let server = simulate(taking(0.1)).await;
    let bench = bench(&server, 3);
    let (picture, _) = fieldmark_tests::pictures::drawing(1800, 1200);
    fieldmark_tests::pictures::write_png(&picture, &bench.photos().join("large.png"));
    bench.library.imports.run(&[bench.photos()]).unwrap();
    bench.library.runs.limit_batches(BatchLimits { bytes: 30_000, ..LIMITS });
    let run = start(&bench).await;
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done, summary.failed), (StopReason::Completed, 3, 1));
    let failures = bench.library.insight.report(run).unwrap().failures;
    assert!(failures[0].example.contains("larger than the limit of a batch"), "{failures:?}");
    assert_paid_once(&server, &summary);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_whose_allowance_is_used_up_is_not_submitted_again() {
    let server = simulate(taking(60.0)).await;
    let port = server.address().port();
    let bench = bench(&server, 2);
    let run = start(&bench).await;
    snapshot(&bench.library, run, has_working_batch).await;
    bench.library.runs.pause(run);
    stopped(&bench, run).await;
    server.stop().await;
    let server = Simulator::start(Options { port, batching: taking(0.1), ..Options::default() }).await.unwrap();
    // As if both had been billed within what the quote allows for their images, and not by the user's consent.
    let database = rusqlite::Connection::open(bench.library.folder().join("library.sqlite")).unwrap();
    database
        .execute_batch(
            "UPDATE batches SET standing = 'ended'; UPDATE attempts SET state = 'lost', may_be_billed = 1 WHERE id = 1;
             UPDATE attempts SET state = 'failed' WHERE id = 2",
        )
        .unwrap();
    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done, summary.failed), (StopReason::Completed, 1, 1));
    let failures = bench.library.insight.report(run).unwrap().failures;
    assert!(failures[0].example.contains("as much as the quote allows"), "{failures:?}");
    assert_eq!(server.ledger().billed.len(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_is_waited_for_and_a_wrong_key_is_not() {
    let server = simulate(taking(60.0)).await;
    let bench = bench(&server, 3);
    let run = start(&bench).await;
    snapshot(&bench.library, run, has_working_batch).await;
    let port = server.address().port();
    server.stop().await;
    let held = snapshot(&bench.library, run, |snapshot| snapshot.hold.is_some()).await;
    assert_eq!(held.hold.map(|hold| hold.kind), Some(RetryKind::Unreachable));
    assert_eq!(held.state, RunState::Running);

    // The restarted server does not know the batch: it may belong to another account, so nothing is given up.
    let server = Simulator::start(Options { port, ..Options::default() }).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.waiting, summary.unsettled.count), (StopReason::BatchUnknown, 3, 0));
    assert_eq!(bench.library.history.progress(run).unwrap().batches[0].stage, BatchStage::Unknown);
    server.stop().await;

    let server = simulate(Batching::default()).await;
    let bench = Bench::with_pictures(&server.url(), simulator::WRONG_KEY, 2);
    let run = start(&bench).await;
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.waiting, summary.unsettled.count), (StopReason::KeyRejected, 2, 0));
    assert_ne!(bench.library.history.run(run).unwrap().state, COMPLETED);
    server.stop().await;
}
