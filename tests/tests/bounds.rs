//! The upper bound of a quote: whatever the server does, what a run has paid plus what may have been billed never exceeds it,
//! and the usage of a run improves the next quote. Over HTTP, against the simulator.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::time::Duration;

use domain::model::ModelId;
use domain::plan::{AnswerBasis, ImageSelection, ModelQuote, PlanRequest, ResumeRequest, RunRequest};
use domain::run::RunSummary;
use domain::run_options::RunOptions;
use domain::run_state::{RunMode, RunState};
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::pictures::LABELS;
use simulator::{Batching, Fault, Limits, Options, Running, Simulator};

const MODEL: &str = "claude-sonnet-5-5";
const KEY: &str = "sk-any";

/// Every fault that may cost money, and some that do not.
fn faults() -> [Fault; 12] {
    [
        Fault::Broken { after_events: 5 },
        Fault::Broken { after_events: 2 },
        Fault::Truncated { after_events: 4 },
        Fault::ErrorInStream { after_events: 3 },
        Fault::Withheld,
        Fault::Stall { after_events: 3 },
        Fault::MaxTokens,
        Fault::MaxTokens,
        Fault::WrongJson,
        Fault::Reset,
        Fault::Overloaded,
        Fault::TooLarge,
    ]
}

fn bench(server: &Running, images: u32, retries: u32) -> Bench {
    let bench = Bench::with_pictures(&server.url(), KEY, images);
    let mut settings = bench.library.settings.stated().unwrap();
    settings.run.retry_attempts = retries;
    settings.run.retry_delay_ms = 1;
    settings.run.task_timeout_ms = 1_000;
    bench.library.settings.replace(&settings).unwrap();
    bench
}

async fn request(bench: &Bench, options: RunOptions) -> RunRequest {
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap();
    RunRequest { options, ..RunRequest::of(ImageSelection::All, recipe.id, ModelId(MODEL.into())) }
}

fn quoted(bench: &Bench, request: &RunRequest) -> ModelQuote {
    let plan = PlanRequest {
        options: request.options,
        budget: request.budget,
        ignores_saved_answers: request.ignores_saved_answers,
        ..PlanRequest::of(request.images.clone(), request.recipe)
    };
    let quote = bench.library.planning.quote(&plan).unwrap();
    quote.models.into_iter().find(|row| row.model.id.0 == MODEL).unwrap()
}

async fn summary_of(bench: &Bench, request: &RunRequest) -> RunSummary {
    let run = bench.library.runs.start(request).await.unwrap();
    bench.end_of(run).await;
    bench.library.history.run(run).unwrap()
}

fn assert_within(summary: &RunSummary, what: &str) {
    let (committed, bound) = (summary.paid + summary.possibly_billed.at_most, summary.quoted.unwrap().at_most);
    assert!(committed <= bound, "{what}: {committed:?} of at most {bound:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_run_ends_above_the_high_end_of_its_quote() {
    let short = RunOptions { max_tokens: Some(900), ..RunOptions::default() };
    for (seed, retries, options) in
        [(1, 0, RunOptions::default()), (2, 1, short), (3, 3, RunOptions::default()), (4, 0, short)]
    {
        let server = Simulator::start(Options::default()).await.unwrap();
        let mut chance = fastrand::Rng::with_seed(seed);
        let all = faults();
        server.script((0..60).map(|_| all[chance.usize(..all.len())].clone()).collect::<Vec<_>>());
        let bench = bench(&server, 6, retries);
        let request = request(&bench, options).await;
        let quote = quoted(&bench, &request);
        let summary = summary_of(&bench, &request).await;
        assert_eq!(summary.quoted, quote.cost, "the run is held to what was quoted");
        assert!(summary.possibly_billed.count > 0, "the server did what this is about");
        assert_within(&summary, &format!("seed {seed}"));
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_loses_every_answer_costs_what_the_retries_allow() {
    let server = Simulator::start(Options::default()).await.unwrap();
    server.script(vec![Fault::Broken { after_events: 5 }; 200]);
    let bench = bench(&server, 3, 2);
    let options = RunOptions { max_tokens: Some(900), ..RunOptions::default() };
    let request = request(&bench, options).await;
    let summary = summary_of(&bench, &request).await;
    assert_eq!((summary.state, summary.done, summary.failed), (COMPLETED, 0, 3));
    // The first request and two retries of each image: exactly the high end.
    assert_eq!(summary.possibly_billed.count, 9);
    assert_within(&summary, "all lost");

    // The user lets them be sent again, and the bound grows accordingly.
    let before = summary.quoted.unwrap();
    let again = ResumeRequest { retries_failed: true, ..ResumeRequest::of(summary.id) };
    bench.library.runs.resume(again).await.unwrap();
    assert_eq!(bench.end_of(summary.id).await, COMPLETED);
    let summary = bench.library.history.run(summary.id).unwrap();
    let after = summary.quoted.unwrap();
    assert_eq!(summary.possibly_billed.count, 18);
    assert_eq!(
        (after.likely_low, after.expected, after.likely_high),
        (before.likely_low, before.expected, before.likely_high)
    );
    assert!(after.at_most > before.at_most, "{after:?}");
    assert_within(&summary, "asked again");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_batch_run_ends_above_the_high_end_of_its_quote() {
    let batching = Batching { takes: Duration::from_millis(300), ..Batching::default() };
    let server = Simulator::start(Options { batching, ..Options::default() }).await.unwrap();
    server.script([Fault::MaxTokens, Fault::WrongJson, Fault::MaxTokens, Fault::InternalError, Fault::MaxTokens]);
    let bench = bench(&server, 6, 3);
    let request = RunRequest { mode: RunMode::Batch, ..request(&bench, RunOptions::default()).await };
    let quote = quoted(&bench, &request);
    let summary = summary_of(&bench, &request).await;
    assert_eq!(summary.quoted, quote.batch);
    assert_eq!(summary.done + summary.failed, 6);
    assert_within(&summary, "batch");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_answers_teach_the_next_quote_what_images_cost_in_all() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = bench(&server, 8, 3);
    let request = RunRequest { ignores_saved_answers: true, ..request(&bench, RunOptions::default()).await };
    server.script(vec![Fault::MaxTokens; 5]);
    let summary = summary_of(&bench, &request).await;
    let requests = u32::try_from(server.ledger().billed.len()).unwrap();
    assert!(summary.done == 8 && requests > 10, "{requests} requests");
    let quote = quoted(&bench, &request);
    let basis = quote.cost_basis.unwrap();
    assert_eq!(basis.answer_basis, AnswerBasis::EarlierAnswers { images: 8, requests, checks: 0 });
    let (expected, paid) = (quote.cost.unwrap().expected.dollars(), summary.paid.dollars());
    assert!((expected / paid - 1.0).abs() < 0.01, "{expected} expected after {paid} paid");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_of_time_knows_the_limits_that_earlier_runs_have_met() {
    let limits = Limits { requests_per_minute: 60, burst: Some(10), ..Limits::default() };
    let server = Simulator::start(Options { limits, ..Options::default() }).await.unwrap();
    let bench = bench(&server, 12, 3);
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap();
    let few = bench.cards()[..2].iter().map(|card| card.id).collect();
    let few = RunRequest::of(ImageSelection::Images { ids: few }, recipe.id, ModelId(MODEL.into()));
    let run = bench.library.runs.start(&few).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    // At the rate of those two, many images would take no time; the server has announced its limit per minute.
    for index in 0..100 {
        let (picture, _) = fieldmark_tests::pictures::drawing(500 + index, 200);
        fieldmark_tests::pictures::write_png(&picture, &bench.photos().join(format!("more {index}.png")));
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let all = RunRequest::of(ImageSelection::All, recipe.id, ModelId(MODEL.into()));
    let time = quoted(&bench, &all).time.unwrap();
    // 110 images are left; a minute's worth may be sent in one burst.
    assert!(time.total_millis >= 50_000, "{time:?}");
    assert_eq!(time.held_by.map(|limit| limit.limit.round()), Some(60.0));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_below_the_low_estimate_stops_about_where_the_quote_says() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = bench(&server, 40, 3);
    let options = RunOptions { concurrency: Some(1), max_tokens: Some(900), ..RunOptions::default() };
    let mut request = RunRequest { ignores_saved_answers: true, ..request(&bench, options).await };
    summary_of(&bench, &request).await;
    let quote = quoted(&bench, &request);
    let (low, dearest) = (quote.cost.unwrap().likely_low, quote.cost_basis.unwrap().dearest_request);
    request.budget = Some(dearest + domain::money::PicoDollars(low.0 / 4));
    let Some(forecast) = quoted(&bench, &request).budget else { panic!("a forecast") };
    let domain::budget::BudgetReach::StopsAfter { images } = forecast.reach else { panic!("{forecast:?}") };
    let summary = summary_of(&bench, &request).await;
    assert!(matches!(summary.state, RunState::Stopped { reason: domain::run_state::StopReason::BudgetReached }));
    assert!(summary.done.abs_diff(images) <= 3, "{} done, {images} forecast", summary.done);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_is_the_same_figure_wherever_it_is_said() {
    let batching = Batching { takes: Duration::from_millis(100), ..Batching::default() };
    let server = Simulator::start(Options { batching, ..Options::default() }).await.unwrap();
    let bench = bench(&server, 6, 3);
    let said = |arguments: &[&str]| {
        let told = bench.fieldmark(&server.url(), KEY).args(arguments).output().unwrap();
        String::from_utf8([told.stderr, told.stdout].concat()).unwrap()
    };
    for mode in [&[][..], &["--batch"]] {
        let table = said(&[&["estimate", "photos", "--labels", LABELS, "--model", MODEL, "--fresh"], mode].concat());
        let row = table.lines().find(|line| line.starts_with(MODEL)).unwrap_or_else(|| panic!("{table}"));
        let high = row.split_whitespace().nth(3).unwrap();
        let annotate = ["annotate", "photos", "--labels", LABELS, "--model", MODEL, "--fresh", "--yes"];
        let run = said(&[&annotate[..], mode].concat());
        let quote = run.lines().find(|line| line.trim_start().starts_with("cost")).unwrap_or_else(|| panic!("{run}"));
        assert!(quote.contains(&format!("never above {high}")), "{mode:?}: {quote}, and in the table {row}");
        // The report gives a cost and its range with the same number of decimals.
        let range = run.split_once("(estimated").and_then(|(_, rest)| rest.split_once(')')).map(|(range, _)| range);
        let highest: Option<f64> = range.and_then(|range| range.split_once("never above $")?.1.parse().ok());
        assert_eq!(highest, high.trim_start_matches('$').parse().ok(), "{mode:?}: in the report: {run}");
    }
    server.stop().await;
}
