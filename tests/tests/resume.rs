//! What can be said anew when a run goes on.

use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::pictures::LABELS;
use serde_json::{Value, json};
use simulator::{Fault, Options, Simulator};

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

    // The limit of the sitting before still holds; the others are far off.
    let (code, report) = fieldmark(&["resume", "--otpm", "10000000"]);
    assert_eq!(code, Some(0));
    assert_eq!(bench.library.runs().unwrap()[0].state, COMPLETED);
    let limit = json!({ "unit": "requests_per_minute", "count": 600 });
    let finding = &report["diagnoses"][0]["finding"];
    assert_eq!((&finding["kind"], &finding["limit"]), (&json!("slowed_by_own_limit"), &limit), "{report}");
    server.stop().await;
}
