//! Overnight runs from the outside, over HTTP, against the simulator's batches: half the price, never twice, whatever is
//! lost on the way or interrupted.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

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

/// Waits for a snapshot of which `is_it` holds, while the run is worked on.
async fn snapshot(library: &Library, run: RunId, is_it: impl Fn(&RunProgress) -> bool) -> RunProgress {
    let mut progress = library.runs.progress(run).unwrap();
    progress.wait_for(|snapshot| is_it(snapshot)).await.unwrap().clone()
}

fn has_working_batch(snapshot: &RunProgress) -> bool {
    snapshot.batches.iter().any(|batch| batch.stage == BatchStage::Working)
}

/// Every answer that was billed is paid for here, at half the price, and no picture was answered twice.
fn assert_paid_once(server: &Running, summary: &RunSummary) {
    let ledger = server.ledger();
    assert_eq!(summary.paid.0, ledger.total_pico_dollars());
    assert!(ledger.billed.iter().all(|entry| entry.is_batched));
    let pictures: HashSet<_> =
        ledger.billed.iter().map(|entry| entry.picture.map(|size| (size.width, size.height))).collect();
    assert_eq!(pictures.len(), ledger.billed.len(), "no picture was answered twice");
    assert_eq!((summary.possibly_billed.count, summary.unsettled.count), (0, 0));
}

/// The library as the next process finds it.
async fn reopened(bench: Bench, server: &Running) -> Bench {
    bench.library.runs.shut_down(Duration::from_secs(5)).await;
    let Bench { folder, library } = bench;
    let database = folder.path().join("library/library.sqlite");
    // The task that told the end of its run is a moment later gone itself.
    while Arc::strong_count(&library) > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(library);
    let variables = [("ANTHROPIC_BASE_URL", server.url()), ("ANTHROPIC_API_KEY", KEY.to_owned())];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let library = Library::open(&database, person(&folder, &variables)).unwrap();
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
    assert!(batch.high < live.high && quote.models[0].batch.is_none());

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

    // An answer is an answer, however it was asked for.
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
async fn batches_go_on_while_nobody_asks_and_are_found_again() {
    let server = simulate(taking(6.0)).await;
    let mut bench = bench(&server, 40);
    let run = start(&bench).await;
    snapshot(&bench.library, run, has_working_batch).await;
    // As the app is closed, in the middle of submitting.
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

    // The process ends before it has heard of the batch: the next one looks for it.
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
    // The server that comes back knows nothing.
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

/// Three images whose answers were cut off at 2,000 tokens in a live run, and the request of a batch run with more room.
async fn with_answers_cut_off(server: &Running) -> (Bench, RunRequest, RunSummary) {
    let bench = bench(server, 3);
    let request = request(&bench).await;
    let up_to = |tokens| RunOptions { max_tokens: Some(tokens), ..RunOptions::default() };
    server.script([Fault::MaxTokens, Fault::MaxTokens, Fault::MaxTokens]);
    let live = RunRequest { mode: RunMode::Live, options: up_to(2_000), ..request.clone() };
    let run = bench.library.runs.start(&live).await.unwrap();
    let (_, summary) = stopped(&bench, run).await;
    assert_eq!((summary.done, summary.cut_short), (3, 3));
    assert!(summary.annotation_count > 0);
    (bench, RunRequest { options: up_to(4_000), ..request }, summary)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_off_answer_stays_when_a_batch_brings_no_better_one() {
    let server = simulate(Batching { expired: 1.0, ..taking(0.1) }).await;
    let (bench, request, before) = with_answers_cut_off(&server).await;
    let kept = (StopReason::Completed, 3, 0, before.annotation_count);
    let outcome = async || {
        let run = bench.library.runs.start(&request).await.unwrap();
        let (reason, summary) = stopped(&bench, run).await;
        (reason, summary.done, summary.failed, summary.annotation_count)
    };
    assert_eq!(outcome().await, kept, "every request expired");
    std::fs::remove_dir_all(bench.photos()).unwrap();
    assert_eq!(outcome().await, kept, "the files are gone");
    assert_eq!(server.ledger().billed.len(), 3);
    server.stop().await;

    let server = simulate(taking(0.1)).await;
    let (bench, request, before) = with_answers_cut_off(&server).await;
    server.script([Fault::Refusal, Fault::Refusal, Fault::Refusal]);
    let run = bench.library.runs.start(&request).await.unwrap();
    let (_, after) = stopped(&bench, run).await;
    assert_eq!(server.ledger().billed.len(), 6);
    assert_eq!((after.done, after.failed, after.annotation_count), (3, 0, before.annotation_count));
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

    // Where others are taken, it is about the image.
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
    let server = simulate(taking(5.0)).await;
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
    // Room for two requests at their worst, which come out far cheaper.
    let budget = Some(dearest.times(2));
    let run = bench.library.runs.start(&RunRequest { budget, ..request }).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!(summary.paid.0, server.ledger().total_pico_dollars() - before);
    assert!(Some(summary.paid) <= budget);
    if whole.paid < dearest {
        assert_eq!((reason, summary.done), (StopReason::Completed, 12));
    }
    assert!(bench.library.history.progress(run).unwrap().batches.iter().all(|batch| batch.images <= 15));

    // With no room for another, it stops by itself and says why.
    let spent = PicoDollars(whole.paid.0 / 12);
    let budget = Some(dearest + spent);
    let tight = RunRequest { ignores_saved_answers: true, budget, ..self::request(&bench).await };
    let run = bench.library.runs.start(&tight).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!(reason, StopReason::BudgetReached);
    assert!(summary.done > 0 && summary.waiting > 0 && Some(summary.paid) <= budget);
    server.stop().await;
}

/// A run of three images whose batch is with a server that has lost it since.
async fn with_a_lost_batch() -> (Running, Bench, RunId) {
    let server = simulate(taking(60.0)).await;
    let port = server.address().port();
    let bench = bench(&server, 3);
    let run = start(&bench).await;
    snapshot(&bench.library, run, has_working_batch).await;
    bench.library.runs.pause(run);
    stopped(&bench, run).await;
    server.stop().await;
    let batching = taking(0.3);
    (Simulator::start(Options { port, batching, ..Options::default() }).await.unwrap(), bench, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_the_server_does_not_know_is_given_up_only_by_consent() {
    let (server, bench, run) = with_a_lost_batch().await;
    for _ in 0..2 {
        bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.waiting, summary.unsettled.count), (StopReason::BatchUnknown, 3, 0));
        assert!(summary.stop_detail.unwrap().contains("does not know"));
    }
    let idle = bench.library.history.progress(run).unwrap();
    assert_eq!((idle.batches[0].stage, idle.unknown_batches.count), (BatchStage::Unknown, 3));
    let given_up = ResumeRequest { gives_up_batches: true, ..ResumeRequest::of(run) };
    let refused = bench.library.runs.resume(given_up).await.unwrap_err();
    assert!(matches!(refused, EngineError::Unsettled(unsettled) if unsettled == idle.unknown_batches), "{refused}");
    assert_eq!(server.ledger().billed.len(), 0);

    bench.library.runs.resume(ResumeRequest { accepts_repeats: true, ..given_up }).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done, summary.possibly_billed), (StopReason::Completed, 3, idle.unknown_batches));
    assert_eq!(summary.paid.0, server.ledger().total_pico_dollars());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_offers_to_give_up_an_unknown_batch() {
    let (server, bench, run) = with_a_lost_batch().await;
    let resume = |more: &[&str]| {
        let told = bench.fieldmark(&server.url(), KEY).args(["resume", &run.to_string()]).args(more).output().unwrap();
        let out = [told.stdout, told.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (told.status.code(), out)
    };
    let (code, out) = resume(&["--yes"]);
    assert!(code == Some(4) && out.contains(&format!("resume {run} --give-up-batches")), "{out}");
    let (code, out) = resume(&["--give-up-batches"]);
    assert!(code == Some(2) && server.ledger().billed.is_empty(), "not without consent: {out}");
    let (code, out) = resume(&["--give-up-batches", "--yes"]);
    assert!(code == Some(0) && out.contains("3 requests may be billed in addition"), "{out}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_found_again_when_the_right_server_is_asked() {
    let server = simulate(taking(1.0)).await;
    let mut bench = bench(&server, 3);
    let run = start(&bench).await;
    snapshot(&bench.library, run, has_working_batch).await;
    let other = simulate(taking(0.1)).await;
    bench = reopened(bench, &other).await;
    bench.library.settings.agree_to(other.url().trim_start_matches("http://")).unwrap();
    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.waiting), (StopReason::BatchUnknown, 3));
    assert!(summary.stop_detail.unwrap().contains(&server.url()), "it says where the batch is");
    assert_eq!(other.ledger().billed.len(), 0, "nothing is submitted to another server meanwhile");

    bench = reopened(bench, &server).await;
    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done), (StopReason::Completed, 3));
    assert_paid_once(&server, &summary);
    server.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_canceled_elsewhere_is_submitted_again_only_on_resume() {
    // A server that cancels every item, whatever is submitted.
    let server = simulate(Batching { canceled: 1.0, ..taking(0.1) }).await;
    let bench = bench(&server, 20);
    let run = start(&bench).await;
    for resumed in 1..=2 {
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.done, summary.waiting), (StopReason::BatchCanceled, 0, 20));
        assert_eq!((summary.unsettled.count, summary.possibly_billed.count), (0, 0), "none of it is billed");
        assert!(summary.stop_detail.unwrap().contains("canceled at the server"));
        let batches = bench.library.history.progress(run).unwrap().batches.len();
        assert!(batches <= 2 * resumed, "each is submitted once a session: {batches}");
        if resumed < 2 {
            bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
        }
    }
    server.stop().await;

    // Canceled by another client half-way: what was done is kept, the rest is asked about on resume.
    let server = simulate(taking(3.0)).await;
    let bench = self::bench(&server, 12);
    let run = start(&bench).await;
    snapshot(&bench.library, run, has_working_batch).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    server.cancel_batches();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!(reason, StopReason::BatchCanceled);
    assert!(summary.done > 0 && summary.waiting > 0, "{summary:?}");
    let before = server.ledger().billed.len();
    assert_eq!(before, summary.done as usize, "nothing was submitted again");
    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done), (StopReason::Completed, 12));
    assert_paid_once(&server, &summary);
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
    assert!(failures[0].example.contains("larger than a whole batch"), "{failures:?}");
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
    // As if both had been billed within what the quote allows for their images, and not by a person's consent.
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
async fn answers_that_were_cut_off_stand_where_the_budget_has_no_room_for_longer_ones() {
    let server = simulate(taking(0.1)).await;
    let (bench, request, before) = with_answers_cut_off(&server).await;
    let (picture, _) = fieldmark_tests::pictures::drawing(500, 240);
    fieldmark_tests::pictures::write_png(&picture, &bench.photos().join("new.png"));
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let too_small = RunRequest { budget: Some(PicoDollars(1)), ..request.clone() };
    let EngineError::BudgetTooSmall { dearest } = bench.library.runs.start(&too_small).await.unwrap_err() else {
        panic!()
    };
    // Room for one longer request; the others come to nothing.
    let run = bench.library.runs.start(&RunRequest { budget: Some(dearest), ..request }).await.unwrap();
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!(reason, StopReason::BudgetReached);
    assert!(summary.done >= 3 && summary.waiting <= 1, "{summary:?}");
    assert!(summary.annotation_count >= before.annotation_count, "no annotation is lost");
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

    // The server that comes back does not know the batch: it may be another account's, and nothing is given up.
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

#[tokio::test(flavor = "multi_thread")]
async fn a_live_run_waits_for_the_batch_of_another_run() {
    let server = simulate(taking(4.0)).await;
    let bench = bench(&server, 10);
    let batch = start(&bench).await;
    snapshot(&bench.library, batch, has_working_batch).await;
    let live = RunRequest { mode: RunMode::Live, ..request(&bench).await };
    let live = bench.library.runs.start(&live).await.unwrap();
    let pending = PendingElsewhere { run: batch, is_worked_on: true, is_in_batch: true, images: 10 };
    snapshot(&bench.library, live, |snapshot| snapshot.pending_elsewhere == [pending]).await;

    // Nothing fetches the results any more.
    bench.library.runs.pause(batch);
    let (reason, summary) = stopped(&bench, live).await;
    assert_eq!((reason, summary.waiting), (StopReason::AnswersPending, 10));
    let detail = summary.stop_detail.unwrap();
    assert!(detail.contains("10 images are in a batch of run 1"), "{detail}");

    bench.library.runs.resume(ResumeRequest::of(batch)).await.unwrap();
    bench.library.runs.resume(ResumeRequest::of(live)).await.unwrap();
    let (reason, paid) = stopped(&bench, batch).await;
    assert_eq!(reason, StopReason::Completed);
    let (reason, summary) = stopped(&bench, live).await;
    assert_eq!((reason, summary.reused, summary.paid), (StopReason::Completed, 10, PicoDollars::ZERO));
    assert_paid_once(&server, &paid);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_another_run_is_not_waited_for_when_a_person_asks_anew() {
    let server = simulate(taking(60.0)).await;
    let bench = bench(&server, 4);
    let batch = start(&bench).await;
    snapshot(&bench.library, batch, has_working_batch).await;
    // Nor does a second batch ask about them.
    let second = start(&bench).await;
    snapshot(&bench.library, second, |snapshot| !snapshot.pending_elsewhere.is_empty()).await;
    bench.library.runs.pause(second);
    assert_eq!(stopped(&bench, second).await.0, StopReason::Paused);
    assert!(bench.library.history.progress(second).unwrap().batches.is_empty());

    let live = RunRequest { mode: RunMode::Live, ..request(&bench).await };
    let live = bench.library.runs.start(&live).await.unwrap();
    snapshot(&bench.library, live, |snapshot| !snapshot.pending_elsewhere.is_empty()).await;
    bench.library.runs.pause(live);
    assert_eq!(stopped(&bench, live).await.0, StopReason::Paused);
    bench.library.runs.ignore_saved_answers(live).await.unwrap();
    bench.library.runs.resume(ResumeRequest::of(live)).await.unwrap();
    let (reason, summary) = stopped(&bench, live).await;
    assert_eq!((reason, summary.done, summary.reused), (StopReason::Completed, 4, 0));
    server.stop().await;
}
