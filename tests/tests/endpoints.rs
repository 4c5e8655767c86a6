//! Additional endpoints: where their keys come from, which server gets them, and the messages about an endpoint that cannot be
//! used.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;

use domain::settings::{EndpointSettings, LimitSettings};
use fieldmark_tests::bench::Bench;
use fieldmark_tests::pictures::LABELS;
use serde_json::Value;
use simulator::{Options, Running, Simulator};

const KEY: &str = "sk-any";
/// Not a key of the endpoint, which refuses it.
const WRONG: &str = simulator::WRONG_KEY;
const SECRET: &str = "sk-of-the-gateway";

async fn simulate() -> Running {
    Simulator::start(Options::default()).await.unwrap()
}

/// A library with an additional endpoint at `url` that has no key yet.
fn with_endpoint(first: &Running, url: &str, key_env: Option<&str>) -> Bench {
    let bench = Bench::with_pictures(&first.url(), KEY, 12);
    bench.library.settings.agree_to(url.trim_start_matches("http://")).unwrap();
    let mut settings = bench.library.settings.stated().unwrap();
    settings.provider_mut("anthropic").endpoints.push(EndpointSettings {
        name: "My gateway".into(),
        base_url: url.to_owned(),
        model_prefix: String::new(),
        // The cheaper endpoint is used first.
        price_percent: 50,
        concurrency: None,
        limits: LimitSettings::default(),
        key_env: key_env.map(str::to_owned),
    });
    bench.library.settings.replace(&settings).unwrap();
    bench
}

/// Runs the command line with these variables; returns the output of both streams.
fn said(bench: &Bench, first: &Running, variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let told = bench.fieldmark(&first.url(), KEY).envs(variables.iter().copied()).args(arguments).output().unwrap();
    let said = [told.stderr, told.stdout].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert!(!said.contains(SECRET), "a key is never shown: {said}");
    said
}

fn annotate(bench: &Bench, first: &Running, variables: &[(&str, &str)], more: &[&str]) -> String {
    let all = ["annotate", "photos", "--labels", LABELS, "--model", "claude-sonnet-5-5", "--fresh", "--yes"];
    said(bench, first, variables, &[&all[..], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_comes_from_the_environment_or_the_command_line_and_goes_to_its_endpoint_alone() {
    let (first, second) = (simulate().await, simulate().await);
    let bench = with_endpoint(&first, &second.url(), None);
    let file = bench.folder.path().join("gateway.key");
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    let by_file = format!("My gateway={}", file.display());
    let named = ["--endpoint-key", "My gateway=OTHER_NAME"];
    let mut asked = 0;
    for (variables, arguments) in [
        (&[("FIELDMARK_ENDPOINT_MY_GATEWAY_KEY", SECRET)][..], &[][..]),
        (&[("OTHER_NAME", SECRET)], &named),
        (&[], &["--endpoint-key-file", by_file.as_str()]),
        // Options of one invocation take precedence.
        (&[("OTHER_NAME", SECRET), ("FIELDMARK_ENDPOINT_MY_GATEWAY_KEY", WRONG)], &named),
    ] {
        let out = annotate(&bench, &first, variables, arguments);
        assert!(out.contains("12 of 12 images done") && !out.contains("not used"), "{out}");
        let now = second.ledger().billed.len();
        assert!(now > asked, "the endpoint was asked: {arguments:?} {out}");
        asked = now;
    }
    fs::write(bench.folder.path().join(".env"), format!("FIELDMARK_ENDPOINT_MY_GATEWAY_KEY={SECRET}")).unwrap();
    annotate(&bench, &first, &[], &["--env-file", ".env"]);
    assert!(second.ledger().billed.len() > asked, "from a .env file");

    let unknown = annotate(&bench, &first, &[("OTHER_NAME", SECRET)], &["--endpoint-key", "Other=OTHER_NAME"]);
    assert!(unknown.contains("\"Other\"") && unknown.contains("My gateway"), "{unknown}");
    let unset = annotate(&bench, &first, &[], &["--endpoint-key", "My gateway=OTHER_NAME"]);
    assert!(unset.contains("there is no key in OTHER_NAME"), "{unset}");
    first.stop().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_cannot_be_used_is_named_before_the_run_and_by_doctor() {
    let (first, second) = (simulate().await, simulate().await);
    let bench = with_endpoint(&first, &second.url(), Some("GATEWAY_KEY"));
    let findings = |variables: &[(&str, &str)], more: &[&str]| -> Vec<Value> {
        let found = said(&bench, &first, variables, &[&["doctor", "--json"], more].concat());
        let all: Vec<Value> = serde_json::from_str(&found).unwrap_or_else(|_| panic!("{found}"));
        let is_endpoint = |finding: &Value| finding["subject"].as_str().unwrap().starts_with("endpoint");
        all.into_iter().filter(is_endpoint).collect()
    };

    let why = "My gateway is not used: there is no key for";
    let out = annotate(&bench, &first, &[], &[]);
    assert!(out.contains(why) && out.contains("GATEWAY_KEY"), "{out}");
    assert!(out.contains("endpoint    My gateway: not used: there is no key"), "the report names it too: {out}");

    let unknown = said(&bench, &first, &[("OTHER_NAME", SECRET)], &["doctor", "--endpoint-key", "Other=OTHER_NAME"]);
    assert!(unknown.contains("\"Other\"") && unknown.contains("there are: My gateway"), "{unknown}");
    assert!(said(&bench, &first, &[], &["doctor"]).contains(why));
    assert_eq!(findings(&[], &[])[0]["severity"], "warning");
    assert_eq!(second.ledger().billed.len(), 0);

    assert_eq!(findings(&[("GATEWAY_KEY", SECRET)], &["--online"])[1]["check"]["kind"], "works");
    assert_eq!(findings(&[("GATEWAY_KEY", WRONG)], &["--online"])[1]["check"]["kind"], "key_rejected");

    // The key of Claude's server is sent only there.
    let mut settings = bench.library.settings.stated().unwrap();
    settings.provider_mut("anthropic").endpoints[0].key_env = Some("ANTHROPIC_API_KEY".into());
    bench.library.settings.replace(&settings).unwrap();
    let out = annotate(&bench, &first, &[], &[]);
    assert!(out.contains("ANTHROPIC_API_KEY is used by the connection to Anthropic"), "{out}");
    assert_eq!(second.ledger().billed.len(), 0);

    // Nor is one key sent to two servers whose names lead to the same variable.
    settings.provider_mut("anthropic").endpoints[0].key_env = None;
    let mut other = settings.provider_mut("anthropic").endpoints[0].clone();
    (other.name, other.base_url) = ("My-gateway".into(), "http://127.0.0.1:1".into());
    settings.provider_mut("anthropic").endpoints.push(other);
    bench.library.settings.replace(&settings).unwrap();
    let out = annotate(&bench, &first, &[("FIELDMARK_ENDPOINT_MY_GATEWAY_KEY", SECRET)], &[]);
    assert_eq!(out.matches("is used by several endpoints").count(), 2, "before the run and in its report: {out}");
    assert_eq!(second.ledger().billed.len(), 0);

    // Nor one that is given for a name which two servers have.
    let file = bench.library.settings.path();
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("My-gateway", "My gateway")).unwrap();
    let out = annotate(&bench, &first, &[("OTHER_NAME", SECRET)], &["--endpoint-key", "My gateway=OTHER_NAME"]);
    assert!(out.contains("several endpoints are called My gateway"), "{out}");
    assert_eq!(second.ledger().billed.len(), 0);
    first.stop().await;
    second.stop().await;
}
