//! The options that can change when a run resumes.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::pictures::LABELS;
use serde_json::{Value, json};
use simulator::{Fault, Options, Running, Simulator};

const KEY: &str = "sk-any";

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_from_the_sitting_on_for_which_they_are_said() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::with_pictures(&server.url(), KEY, 24);
    let fieldmark = |arguments: &[&str]| {
        let told = bench.fieldmark(&server.url(), KEY).args(arguments).args(["--yes", "--json"]).output().unwrap();
        let report: Value = serde_json::from_slice(&told.stdout).unwrap_or_else(|_| panic!("{told:?}"));
        (told.status.code(), report)
    };
    let stopped = || server.script([Fault::SpendLimit]);
    stopped();
    let annotate = ["annotate", "photos", "--labels", LABELS, "--model", "claude-sonnet-5-5", "--concurrency", "1"];
    let (code, report) = fieldmark(&annotate);
    assert_eq!((code, &report["summary"]["waiting"]), (Some(4), &json!(24)));
    stopped();
    let (code, _) = fieldmark(&["resume", "--rpm", "600", "--itpm", "10000000"]);
    assert_eq!(code, Some(4));

    // The limit of the earlier session still applies; the others are far from being reached.
    let (code, report) = fieldmark(&["resume", "--otpm", "10000000"]);
    assert_eq!(code, Some(0));
    assert_eq!(bench.library.history.runs().unwrap()[0].state, COMPLETED);
    let limit = json!({ "unit": "requests_per_minute", "count": 600 });
    let finding = &report["diagnoses"][0]["finding"];
    assert_eq!((&finding["kind"], &finding["limit"]), (&json!("slowed_by_own_limit"), &limit), "{report}");
    server.stop().await;
}

/// Twelve images, three of whose answers are cut off at 2,000 tokens.
fn with_three_answers_cut_off(server: &Running) -> Bench {
    let bench = Bench::with_pictures(&server.url(), KEY, 12);
    server.script([Fault::MaxTokens, Fault::MaxTokens, Fault::MaxTokens]);
    let told = annotate(&bench, server, &["--max-tokens", "2000"]);
    assert!(told.contains("cut off     3 answers"), "{told}");
    assert_eq!(server.ledger().billed.len(), 12);
    bench
}

fn annotate(bench: &Bench, server: &Running, more: &[&str]) -> String {
    let all = ["annotate", "photos", "--labels", LABELS, "--model", "claude-sonnet-5-5", "--yes"];
    let (status, out, complaint) = fieldmark(bench, server, &[&all[..], more].concat());
    assert_eq!(status, Some(0), "{complaint}");
    out
}

fn fieldmark(bench: &Bench, server: &Running, arguments: &[&str]) -> (Option<i32>, String, String) {
    let told = bench.fieldmark(&server.url(), KEY).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (told.status.code(), text(told.stdout), text(told.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_answers_that_were_cut_off_are_asked_for_again_with_more_room() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = with_three_answers_cut_off(&server);
    let billed = || server.ledger().billed.len();

    // The advice is correct: a retry with the same limit would be cut off again.
    let (_, report, _) = fieldmark(&bench, &server, &["report", "latest"]);
    assert!(report.contains("fieldmark resume 1 --retry-failed --max-tokens 8000: 3 answers were cut off"), "{report}");
    assert!(!report.contains("retry  "), "{report}");
    let (status, _, complaint) = fieldmark(&bench, &server, &["resume", "1", "--retry-failed"]);
    assert_eq!((status, billed()), (Some(1), 12), "{complaint}");
    assert!(complaint.contains("--max-tokens 8000"), "{complaint}");

    let (status, report, complaint) = fieldmark(&bench, &server, &["resume", "--retry-failed", "--max-tokens", "4000"]);
    assert_eq!((status, billed()), (Some(0), 15), "{complaint}");
    assert!(!report.contains("cut off") && !report.contains("longer  "), "{report}");
    let summary = bench.library.history.run(domain::ids::RunId(1)).unwrap();
    assert_eq!((summary.done, summary.cut_short, summary.annotation_count), (12, 0, 60));
    assert_eq!(
        bench.cards().iter().map(|card| card.annotations.len()).sum::<usize>(),
        60,
        "no annotation stands twice"
    );
    assert_eq!(summary.paid.0, server.ledger().total_pico_dollars());
    assert!(summary.paid <= summary.quoted.unwrap().at_most);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_answers_are_used_again_under_any_output_maximum() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = with_three_answers_cut_off(&server);
    let billed = || server.ledger().billed.len();

    // The same limit as before would not make the answers longer.
    annotate(&bench, &server, &["--max-tokens", "2000"]);
    assert_eq!(billed(), 12);
    annotate(&bench, &server, &["--max-tokens", "4000"]);
    assert_eq!(billed(), 15);
    for room in [&["--max-tokens", "8000"][..], &["--max-tokens", "500"], &[]] {
        annotate(&bench, &server, room);
        assert_eq!(billed(), 15, "{room:?}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_answer_stays_when_no_longer_one_comes() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = with_three_answers_cut_off(&server);
    let before = bench.library.history.run(domain::ids::RunId(1)).unwrap();
    server.script([Fault::Refusal, Fault::Refusal, Fault::Refusal]);
    fieldmark(&bench, &server, &["resume", "1", "--retry-failed", "--max-tokens", "4000"]);
    let after = bench.library.history.run(domain::ids::RunId(1)).unwrap();
    assert_eq!(server.ledger().billed.len(), 15);
    assert_eq!((after.done, after.failed, after.annotation_count), (12, 0, before.annotation_count));
    server.stop().await;
}
