//! Several endpoints of one model: how they share the load, what happens when one fails, and that it is used again once it
//! works. Each test uses different ports, and different paths of one port.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::time::Duration;

use domain::endpoint::{EndpointProblem, RunEndpoint};
use domain::ids::RunId;
use domain::model::ModelId;
use domain::plan::{ImageSelection, ResumeRequest, RunRequest};
use domain::report::RunReport;
use domain::run::RunProgress;
use domain::run_options::RunOptions;
use domain::run_state::{RunState, StopReason};
use domain::settings::{EndpointSettings, LimitSettings};
use fieldmark_tests::bench::{Bench, COMPLETED, with_concurrency};
use fieldmark_tests::pictures::{LABELS, drawing, write_png};
use simulator::{Distribution, Fault, Latency, Options, Running, Simulator};
use tokio::time::timeout;

const KEY: &str = "sk-of-endpoint-a";
const OTHER_KEY: &str = "sk-of-endpoint-b-0123456789";
/// Far longer than any of these runs takes, and far shorter than a blocked run.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Places {
    TwoPorts,
    TwoPathsOfOnePort,
}

const BOTH: [Places; 2] = [Places::TwoPorts, Places::TwoPathsOfOnePort];

/// Two servers with this latency.
async fn servers(places: Places, millis: u64) -> [Running; 2] {
    let first_byte = Distribution::Fixed(Duration::from_millis(millis));
    let latency = Latency { first_byte, ..Latency::default() };
    let options = || Options { latency, ..Options::default() };
    match places {
        Places::TwoPorts => [Simulator::start(options()).await.unwrap(), Simulator::start(options()).await.unwrap()],
        Places::TwoPathsOfOnePort => {
            Simulator::start_at_paths(0, [("/a", options()), ("/b", options())]).await.unwrap()
        }
    }
}

/// A library whose endpoints are `a` and `b`. The price of `b` is this percentage of the list price.
fn bench([a, b]: &[Running; 2], pictures: u32, price_percent: u16, limits: LimitSettings) -> Bench {
    let bench = Bench::among(&[
        ("ANTHROPIC_BASE_URL", &a.url()),
        ("ANTHROPIC_API_KEY", KEY),
        ("FIELDMARK_ENDPOINT_B_KEY", OTHER_KEY),
    ]);
    for server in [a, b] {
        bench.library.settings.agree_to(&server.address().to_string()).unwrap();
    }
    for index in 0..pictures {
        let (picture, _) = drawing(320 + index, 240);
        write_png(&picture, &bench.photos().join(format!("{index}.png")));
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let mut settings = bench.library.settings.stated().unwrap();
    settings.provider_mut("anthropic").endpoints.push(EndpointSettings {
        name: "b".into(),
        base_url: b.url(),
        model_prefix: String::new(),
        price_percent,
        concurrency: None,
        limits,
        key_env: None,
    });
    bench.library.settings.replace(&settings).unwrap();
    bench
}

async fn start(bench: &Bench, options: RunOptions) -> RunId {
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap();
    let request = RunRequest::of(ImageSelection::All, recipe.id, ModelId("claude-sonnet-5-5".into()));
    bench.library.runs.start(&RunRequest { options, ..request }).await.unwrap()
}

async fn ended(bench: &Bench, run: RunId) -> RunReport {
    assert!(timeout(PATIENCE, bench.end_of(run)).await.is_ok(), "the run is blocked");
    bench.library.insight.report(run).unwrap()
}

async fn snapshot(bench: &Bench, run: RunId, is_it: impl Fn(&RunProgress) -> bool) {
    let mut progress = bench.library.runs.progress(run).unwrap();
    timeout(PATIENCE, progress.wait_for(|snapshot| is_it(snapshot))).await.unwrap().unwrap();
}

/// What is wrong with `b`.
fn failure(snapshot: &RunProgress) -> Option<EndpointProblem> {
    snapshot.endpoints.get(1)?.failure.as_ref().map(|failure| failure.problem)
}

fn billed(server: &Running) -> usize {
    server.ledger().billed.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_share_the_load_and_a_limit_of_one_is_not_the_other_s() {
    for places in BOTH {
        let servers = servers(places, 50).await;
        let bench = bench(&servers, 60, 100, LimitSettings::default());
        let run = start(&bench, RunOptions::default()).await;
        let report = ended(&bench, run).await;
        assert_eq!((report.summary.state, report.summary.done), (COMPLETED, 60), "{places:?}");
        let [a, b] = [billed(&servers[0]), billed(&servers[1])];
        assert!(a >= 15 && b >= 15 && a + b == 60, "{places:?}: {a} and {b}");
        let answered: Vec<u32> = report.endpoints.iter().map(|endpoint| endpoint.answered).collect();
        assert_eq!(answered, [a, b].map(|count| u32::try_from(count).unwrap()), "{places:?}");
        bench.library.runs.shut_down(Duration::from_secs(5)).await;
        for name in ["library.sqlite", "library.sqlite-wal"] {
            let kept = fs::read(bench.library.folder().join(name)).unwrap_or_default();
            assert!(memchr::memmem::find(&kept, OTHER_KEY.as_bytes()).is_none(), "no key in {name}");
        }

        // One request in ten seconds at b does not delay a.
        let limits = LimitSettings { requests: Some(6), ..LimitSettings::default() };
        let bench = self::bench(&servers, 30, 100, limits);
        let run = start(&bench, RunOptions::default()).await;
        let report = ended(&bench, run).await;
        assert_eq!(report.summary.done, 30);
        assert!(report.endpoints[0].answered >= 24, "{places:?}: {:?}", report.endpoints);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_endpoint_does_not_block_the_others_and_is_named_with_its_problem() {
    let faults = [
        (Fault::Reset, EndpointProblem::ConnectionLost),
        (Fault::Broken { after_events: 2 }, EndpointProblem::ConnectionLost),
        (Fault::Status { status: 401 }, EndpointProblem::KeyRejected),
        (Fault::Status { status: 404 }, EndpointProblem::UnknownModel),
        (Fault::NotThisServer, EndpointProblem::AnswersUnreadable),
        (Fault::Status { status: 500 }, EndpointProblem::ServerFailed),
        (Fault::Overloaded, EndpointProblem::Overloaded),
    ];
    for places in BOTH {
        let servers = servers(places, 20).await;
        for (fault, problem) in faults.clone() {
            servers[1].fail_every_message(Some(fault.clone()));
            // It is cheaper, so it is used first.
            let bench = bench(&servers, 24, 50, LimitSettings::default());
            let before = billed(&servers[0]);
            let run = start(&bench, RunOptions::default()).await;
            let report = ended(&bench, run).await;
            let told = format!("{places:?}, {fault:?}: {:?} {:?}", report.endpoints, report.failures);
            assert_eq!((report.summary.state, report.summary.done), (COMPLETED, 24), "{told}");
            assert_eq!(billed(&servers[0]) - before, 24, "{told}");
            let RunEndpoint { answered, failed, problem: shown, is_working, .. } = &report.endpoints[1];
            assert_eq!((*answered, *shown, *is_working), (0, Some(problem), false), "{told}");
            assert!((1..=12).contains(failed), "it is soon left alone: {told}");
            assert_eq!(failure(&bench.library.history.progress(run).unwrap()), Some(problem), "{told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_cannot_be_reached_is_used_again_once_it_can() {
    let servers = servers(Places::TwoPorts, 150).await;
    let bench = bench(&servers, 40, 50, LimitSettings::default());
    let [_a, b] = servers;
    let port = b.address().port();
    b.stop().await;
    let run = start(&bench, with_concurrency(2)).await;
    snapshot(&bench, run, |snapshot| failure(snapshot) == Some(EndpointProblem::Unreachable)).await;
    let b = Simulator::start(Options { port, ..Options::default() }).await.unwrap();
    snapshot(&bench, run, |snapshot| snapshot.endpoints.len() == 2 && failure(snapshot).is_none()).await;
    let report = ended(&bench, run).await;
    assert_eq!((report.summary.state, report.summary.done), (COMPLETED, 40));
    assert!(billed(&b) > 0 && report.endpoints[1].is_working, "{:?}", report.endpoints);
    assert_eq!(report.endpoints[1].problem, Some(EndpointProblem::Unreachable), "what was wrong stays in the report");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_endpoint_is_used_again_once_it_works() {
    for places in BOTH {
        for fault in [Fault::Reset, Fault::Status { status: 401 }, Fault::Status { status: 503 }] {
            let servers = servers(places, 200).await;
            let bench = bench(&servers, 40, 50, LimitSettings::default());
            servers[1].fail_every_message(Some(fault.clone()));
            let run = start(&bench, with_concurrency(2)).await;
            snapshot(&bench, run, |snapshot| failure(snapshot).is_some()).await;
            servers[1].fail_every_message(None);
            let report = ended(&bench, run).await;
            let told = format!("{places:?}, {fault:?}: {:?}", report.endpoints);
            assert_eq!((report.summary.state, report.summary.done), (COMPLETED, 40), "{told}");
            assert!(report.endpoints[1].is_working && report.endpoints[1].answered > 0, "{told}");
            assert!(report.endpoints[1].problem.is_some(), "what was wrong stays in the report: {told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stops_when_every_endpoint_refuses_and_an_image_that_fails_everywhere_fails() {
    for places in BOTH {
        let servers = servers(places, 20).await;
        let bench = bench(&servers, 6, 100, LimitSettings::default());
        for server in &servers {
            server.fail_every_message(Some(Fault::Status { status: 401 }));
        }
        let run = start(&bench, RunOptions::default()).await;
        let report = ended(&bench, run).await;
        assert_eq!(report.summary.state, RunState::Stopped { reason: StopReason::KeyRejected }, "{places:?}");
        assert_eq!((report.summary.waiting, report.summary.failed), (6, 0));
        for server in &servers {
            server.fail_every_message(None);
        }
        bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
        assert_eq!(ended(&bench, run).await.summary.done, 6);

        // Both fail on the same image repeatedly.
        let bench = self::bench(&servers, 1, 100, LimitSettings::default());
        let mut settings = bench.library.settings.stated().unwrap();
        settings.run.retry_delay_ms = 10;
        bench.library.settings.replace(&settings).unwrap();
        for server in &servers {
            server.script(vec![Fault::InternalError; 30]);
        }
        let run = start(&bench, RunOptions::default()).await;
        let report = ended(&bench, run).await;
        assert_eq!((report.summary.state, report.summary.failed), (COMPLETED, 1), "{:?}", report.endpoints);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_which_endpoint_fails_and_that_it_works_again() {
    let servers = servers(Places::TwoPathsOfOnePort, 200).await;
    let bench = bench(&servers, 30, 50, LimitSettings::default());
    // As a user writes it, with only the required fields.
    let written = format!(
        "agreed_hosts = [\"{}\"]\n[[further_routes]]\nname = \"b\"\nbase_url = \"{}\"\nprice_percent = 50\n",
        servers[1].address(),
        servers[1].url()
    );
    fs::write(bench.library.settings.path(), written).unwrap();
    assert_eq!(bench.library.settings.stated().unwrap().providers[0].endpoints[0].model_prefix, "");

    servers[1].script(vec![Fault::Reset; 3]);
    let arguments =
        ["annotate", "photos", "--labels", LABELS, "--model", "claude-sonnet-5-5", "--yes", "--concurrency", "2"];
    let mut fieldmark = bench.fieldmark(&servers[0].url(), KEY);
    fieldmark.env("FIELDMARK_ENDPOINT_B_KEY", OTHER_KEY).args(arguments);
    let told = tokio::task::spawn_blocking(move || fieldmark.output().unwrap()).await.unwrap();
    let said = [told.stderr, told.stdout].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert!(said.contains("30 of 30 images done"), "{said}");
    assert!(said.contains("the endpoint b fails: connection lost"), "{said}");
    assert!(said.contains("The endpoint b works again."), "{said}");
    assert!(said.contains("working again, last problem: connection lost"), "in the report: {said}");
}
