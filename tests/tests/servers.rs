//! Servers whose answers cannot be parsed, that refuse every request, or whose numbers make no sense: what a run does, what it
//! may have paid, and that it can be resumed. Over HTTP, against the simulator.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use domain::ids::RunId;
use domain::model::ModelId;
use domain::money::PicoDollars;
use domain::plan::{ImageSelection, RunRequest};
use domain::run::{RetryGroup, RunSummary};
use domain::run_options::RunOptions;
use domain::run_state::{FailureKind, RetryKind, RunState, StopReason};
use fieldmark_tests::bench::{Bench, COMPLETED, resume};
use fieldmark_tests::pictures::LABELS;
use simulator::{Fault, Limits, Options, Running, Simulator};

const MODEL: &str = "claude-sonnet-5-5";
const KEY: &str = "sk-planted-0123456789-abcdefghij";

async fn simulate() -> Running {
    Simulator::start(Options::default()).await.unwrap()
}

/// A library that retries images without a delay.
fn library(server: &Running, images: u32) -> Bench {
    let bench = Bench::with_pictures(&server.url(), KEY, images);
    let mut settings = bench.library.settings.stated().unwrap();
    settings.run.retry_delay_ms = 1;
    bench.library.settings.replace(&settings).unwrap();
    bench
}

async fn stopped(bench: &Bench, run: RunId) -> (RunState, RunSummary) {
    (bench.end_of(run).await, bench.library.history.run(run).unwrap())
}

const fn for_reason(reason: StopReason) -> RunState {
    RunState::Stopped { reason }
}

/// The same server without its faults.
async fn recovered(server: Running) -> Running {
    let port = server.address().port();
    server.stop().await;
    Simulator::start(Options { port, ..Options::default() }).await.unwrap()
}

fn extra_inputs() -> Fault {
    let message = "messages.0.content.0.image.transformations: Extra inputs are not permitted".into();
    Fault::Refused { status: 400, message }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_no_answer_can_be_read_of_is_asked_a_few_times() {
    for (fault, shown) in [
        (Fault::Empty, "status 200, text/event-stream; charset=utf-8, an empty body"),
        (Fault::NotThisServer, "status 200, text/html, beginning with \"<!doctype html><title>Welcome"),
        (Fault::Damaged { after_events: 3 }, "an event of the answer is damaged"),
    ] {
        let server = simulate().await;
        let bench = library(&server, 30);
        server.script(vec![fault.clone(); 200]);
        let run = bench.look_for(LABELS, MODEL).await;
        let (state, summary) = stopped(&bench, run).await;
        assert_eq!(state, for_reason(StopReason::AnswersUnreadable), "{summary:?}");
        let detail = summary.stop_detail.unwrap();
        assert!(detail.contains(shown), "{detail}");
        assert_eq!((summary.failed, summary.done, summary.waiting), (0, 0, 30));
        // Three answers show it; those in flight at that time are still in the ledger.
        let requests = summary.possibly_billed.count;
        assert!((3..=8).contains(&requests), "{requests} requests, {fault:?}");
        assert!(server.ledger().billed.len() <= requests as usize);

        let server = recovered(server).await;
        bench.library.runs.resume(resume(run)).await.unwrap();
        let (state, summary) = stopped(&bench, run).await;
        assert_eq!((state, summary.done), (COMPLETED, 30), "{summary:?}");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_answers_all_break_off_is_not_paid_for_every_image() {
    for fault in [Fault::Truncated { after_events: 4 }, Fault::Broken { after_events: 5 }] {
        let server = simulate().await;
        let bench = library(&server, 60);
        server.script(vec![fault; 300]);
        let run = bench.look_for(LABELS, MODEL).await;
        let (state, summary) = stopped(&bench, run).await;
        assert_eq!(state, for_reason(StopReason::AnswersUnreadable), "{summary:?}");
        // Four requests per image would be 240.
        assert!(summary.waiting > 20 && summary.possibly_billed.count <= 120, "{summary:?}");
        assert!(summary.stop_detail.unwrap().contains("the connection was lost"));
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_one_image_and_the_command_line_say_what_came() {
    let server = simulate().await;
    let bench = library(&server, 1);
    server.script(vec![Fault::NotThisServer; 50]);
    let all = ["annotate", "photos", "--labels", LABELS, "--model", MODEL, "--yes"];
    let told = bench.fieldmark(&server.url(), KEY).args(all).output().unwrap();
    let report = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.status.code(), Some(4), "{report}");
    assert!(report.contains("stopped, answers unreadable"), "{report}");
    assert!(report.contains("the server's answer could not be read: status 200, text/html"), "{report}");
    assert!(report.contains("2 (server's answer could not be read)"), "{report}");
    assert!(
        report.contains("fieldmark resume 1") && report.contains("3 requests may be billed too, at most"),
        "{report}"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_answers_are_answers() {
    let server = simulate().await;
    let bench = library(&server, 6);
    server.script(vec![Fault::Gzip; 6]);
    let run = bench.look_for(LABELS, MODEL).await;
    let (state, summary) = stopped(&bench, run).await;
    assert_eq!((state, summary.done, summary.retries), (COMPLETED, 6, 0));
    assert_eq!(summary.paid, PicoDollars(server.ledger().total_pico_dollars()));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn now_and_then_an_answer_that_cannot_be_read_is_asked_for_again() {
    let server = simulate().await;
    let bench = library(&server, 8);
    // One image is answered before the faults begin.
    server.script([Fault::Slow { delay_millis: 0 }, Fault::Empty]);
    let run = bench.look_for(LABELS, MODEL).await;
    let (state, summary) = stopped(&bench, run).await;
    assert_eq!((state, summary.done, summary.possibly_billed.count), (COMPLETED, 8, 1));
    let retried = bench.library.insight.report(run).unwrap().retried;
    assert_eq!(retried, [RetryGroup { kind: RetryKind::AnswerUnreadable, count: 1 }]);

    // Later, a long series stops the run as well.
    let server = recovered(server).await;
    server.script([vec![Fault::Slow { delay_millis: 0 }; 3], vec![Fault::Empty; 200]].concat());
    let bench = library(&server, 60);
    let run = bench.look_for(LABELS, MODEL).await;
    let (state, summary) = stopped(&bench, run).await;
    assert_eq!(state, for_reason(StopReason::AnswersUnreadable), "{summary:?}");
    assert!(summary.possibly_billed.count <= 24, "{summary:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_beyond_the_limit_pauses_the_run() {
    for value in ["9300000000000000000", "1e18", "3601", "Fri, 31 Dec 9999 23:59:59 GMT", "1e999"] {
        let server = simulate().await;
        let bench = library(&server, 4);
        server.script(vec![Fault::RetryAfter { value: value.into() }; 20]);
        let run = bench.look_for(LABELS, MODEL).await;
        let (state, summary) = stopped(&bench, run).await;
        assert_eq!(state, for_reason(StopReason::WaitTooLong), "{value}");
        assert_eq!((summary.failed, summary.waiting, summary.possibly_billed.count), (0, 4, 0), "{value}");
        assert!(summary.stop_detail.unwrap().contains("the limit is 3600"), "{value}");
        let server = recovered(server).await;
        bench.library.runs.resume(resume(run)).await.unwrap();
        assert_eq!(stopped(&bench, run).await.0, COMPLETED);
        server.stop().await;
    }
    // An invalid wait is ignored.
    let server = simulate().await;
    let bench = library(&server, 2);
    server.script(["-5", "NaN", "soon", ""].map(|value| Fault::RetryAfter { value: value.into() }));
    let run = bench.look_for(LABELS, MODEL).await;
    assert_eq!(stopped(&bench, run).await.0, COMPLETED);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_usage_that_cannot_be_is_not_reported_and_its_answer_is_kept() {
    for tokens in [10_000_000_000_000, 999_999_999, 1_000_001, u64::MAX] {
        let server = simulate().await;
        let bench = library(&server, 3);
        server.script([Fault::Usage { tokens }]);
        let run = bench.look_for(LABELS, MODEL).await;
        let (state, summary) = stopped(&bench, run).await;
        assert_eq!((state, summary.done, summary.annotation_count, summary.retries), (COMPLETED, 3, 15, 0), "{tokens}");
        assert_eq!(summary.possibly_billed.count, 1, "{tokens}");
        assert!(summary.paid + summary.possibly_billed.at_most <= summary.quoted.unwrap().at_most, "{tokens}");
        assert_eq!(bench.library.history.runs().unwrap().len(), 1);
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_the_form_of_requests_stops_the_run_and_no_image_fails() {
    let body = "[{'type': 'extra_forbidden', 'loc': ['body', 'messages', 0]}]";
    for fault in [extra_inputs(), Fault::Refused { status: 422, message: body.into() }] {
        for images in [10, 2, 1] {
            let server = simulate().await;
            let bench = library(&server, images);
            server.script(vec![fault.clone(); 30]);
            let run = bench.look_for(LABELS, MODEL).await;
            let (state, summary) = stopped(&bench, run).await;
            assert_eq!(state, for_reason(StopReason::RequestRefused), "{summary:?}");
            assert_eq!((summary.failed, summary.waiting, summary.possibly_billed.count), (0, images, 0));
            let (detail, asked) = (summary.stop_detail.unwrap(), server.ledger().refused.len());
            assert!(
                detail.contains("extra_forbidden") || detail.contains("Extra inputs are not permitted"),
                "{detail}"
            );
            assert!(asked <= 8, "{asked} requests for {images} images");
            assert_eq!(server.verdict().retried_in_vain.count, 0, "nothing is asked twice in vain");

            let server = recovered(server).await;
            bench.library.runs.resume(resume(run)).await.unwrap();
            assert_eq!(stopped(&bench, run).await.0, COMPLETED);
            server.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_one_image_fails_that_image_alone() {
    let about = |message: &str| Fault::Refused { status: 400, message: message.into() };
    for (faults, failed) in [
        // The first two are refused without a known reason, and the others accepted.
        (vec![about("messages: something is wrong"), about("messages: something is wrong")], 2),
        (vec![about("messages.0.content.0.image.source.base64.data: image exceeds 5 MB maximum: 5242881 bytes"); 4], 4),
        (vec![about("messages.0.content.0: Could not process image")], 1),
    ] {
        let server = simulate().await;
        let bench = library(&server, 6);
        server.script(faults);
        let run = bench.look_for(LABELS, MODEL).await;
        let (state, summary) = stopped(&bench, run).await;
        assert_eq!((state, summary.failed, summary.done), (COMPLETED, failed, 6 - failed), "{summary:?}");
        let failures = bench.library.insight.report(run).unwrap().failures;
        assert!(failures.iter().all(|group| group.kind == FailureKind::Refused), "{failures:?}");
        let asked = server.ledger().refused.len() + server.ledger().billed.len();
        assert_eq!(asked, 6, "none is asked about twice");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_counts_output_maxima_is_kept_to() {
    for are_announced in [true, false] {
        // Twenty requests in one burst, and then one every three seconds.
        let limits =
            Limits { output_tokens_per_minute: 20_000, counts_max_tokens: true, are_announced, ..Limits::default() };
        let server = Simulator::start(Options { limits, ..Options::default() }).await.unwrap();
        let bench = library(&server, 22);
        let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap();
        let options = RunOptions { max_tokens: Some(1_000), ..RunOptions::default() };
        let request = RunRequest { options, ..RunRequest::of(ImageSelection::All, recipe.id, ModelId(MODEL.into())) };
        let run = bench.library.runs.start(&request).await.unwrap();
        let (state, summary) = stopped(&bench, run).await;
        assert_eq!((state, summary.done), (COMPLETED, 22), "{summary:?}");
        assert!(server.ledger().refused.len() <= 6, "{:?}", server.ledger().refused);
        assert_eq!(server.verdict().retried_too_early.count, 0);
        server.stop().await;
    }
}
