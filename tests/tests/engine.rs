//! The run engine from the outside, over HTTP, against the simulator: what is never paid for twice, what is retried, what is
//! shown while answers are streaming. `make bench` measures limits and pacing.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::time::Duration;

use domain::diagnosis::{Change, Diagnosis, Finding, OutputLimit};
use domain::ids::RunId;
use domain::layers::LayerScope;
use domain::model::ModelId;
use domain::plan::{ImageSelection, ResumeRequest, RunRequest};
use domain::run::{RunProgress, SpentAt};
use domain::run_options::RunOptions;
use domain::run_state::{FailureKind, RetryKind};
use domain::settings::{EndpointSettings, LimitSettings};
use fieldmark_tests::bench::{Bench, COMPLETED, with_concurrency};
use fieldmark_tests::pictures::LABELS;
use simulator::{Fault, Latency, Limits, Options, Running, Simulator};

const MODEL: &str = "claude-sonnet-5-5";
const KEY: &str = "sk-any";

async fn simulate(options: Options) -> Running {
    Simulator::start(options).await.unwrap()
}

async fn request(bench: &Bench) -> RunRequest {
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap();
    RunRequest::of(ImageSelection::All, recipe.id, ModelId(MODEL.into()))
}

async fn carried_out(bench: &Bench, request: &RunRequest) -> RunId {
    let run = bench.library.runs.start(request).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_before_is_not_paid_for_again() {
    let server = simulate(Options::default()).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 6);
    let request = request(&bench).await;
    let first = carried_out(&bench, &request).await;
    let billed = server.ledger().billed.len();
    let annotations = bench.library.history.run(first).unwrap().annotation_count;

    let second = bench.library.history.run(carried_out(&bench, &request).await).unwrap();
    assert_eq!(server.ledger().billed.len(), billed);
    assert_eq!((second.done, second.reused, second.paid.0, second.annotation_count), (6, 6, 0, annotations));
    assert_eq!(second.p50_millis, None, "an answer used again says nothing about pace");

    let anew = RunRequest { ignores_saved_answers: true, ..request.clone() };
    let third = bench.library.history.run(carried_out(&bench, &anew).await).unwrap();
    assert_eq!((third.reused, server.ledger().billed.len()), (0, 2 * billed));
    // Another recipe needs another answer.
    let other = bench.library.recipes.save_typed("red, green").await.unwrap();
    let fourth = RunRequest { recipe: other.id, ..request };
    assert_eq!(bench.library.history.run(carried_out(&bench, &fourth).await).unwrap().reused, 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_images_are_tried_again_when_asked_for_and_only_where_it_makes_sense() {
    let server = simulate(Options::default()).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 4);
    server.script([Fault::Refusal, Fault::WrongJson]);
    let run = carried_out(&bench, &request(&bench).await).await;
    let summary = bench.library.history.run(run).unwrap();
    // The model declined one, and the other answer cannot be parsed: a retry would pay for the same result again.
    assert_eq!((summary.done, summary.failed, summary.retryable), (2, 2, 0));

    let plain = bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap_err();
    // One was paid for, and parsing its answer again is free.
    assert!(matches!(plain, engine::EngineError::NothingLeft { failed: 2, may_retry: true, .. }), "{plain}");
    bench.library.runs.resume(ResumeRequest { retries_failed: true, ..ResumeRequest::of(run) }).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let report = bench.library.insight.report(run).unwrap();
    let kinds: Vec<_> = report.failures.iter().map(|group| (group.kind, group.count)).collect();
    let both = [(FailureKind::Declined, 1), (FailureKind::AnswerUnreadable, 1)];
    assert_eq!((report.summary.done, kinds.len()), (2, 2), "{kinds:?}");
    assert!(both.iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    assert_eq!(server.ledger().billed.len(), 4, "the kept answer was read again");

    bench.library.runs.ignore_saved_answers(run).await.unwrap();
    bench.library.runs.resume(ResumeRequest { retries_failed: true, ..ResumeRequest::of(run) }).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let summary = bench.library.history.run(run).unwrap();
    assert_eq!((summary.done, summary.failed, server.ledger().billed.len()), (4, 0, 6));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_answered_is_waited_for_when_it_goes_away() {
    let latency = Latency { first_byte: Duration::from_millis(150).into(), ..Latency::default() };
    let server = simulate(Options { latency, ..Options::default() }).await;
    let address = server.address();
    let bench = Bench::with_pictures(&server.url(), KEY, 40);
    let run =
        bench.library.runs.start(&RunRequest { options: with_concurrency(2), ..request(&bench).await }).await.unwrap();
    let mut progress = bench.library.runs.progress(run).unwrap();
    progress.wait_for(|snapshot| snapshot.done >= 4).await.unwrap();
    server.stop().await;
    let held = progress.wait_for(|snapshot| snapshot.hold.is_some()).await.unwrap().hold.clone().unwrap();
    assert_eq!(held.kind, RetryKind::Unreachable);

    let server = simulate(Options { port: address.port(), ..Options::default() }).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let summary = bench.library.history.run(run).unwrap();
    assert_eq!((summary.done, summary.failed), (40, 0));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_keeps_its_chart_pictures_and_figures_through_a_pause_and_afterwards() {
    let latency = Latency { first_byte: Duration::from_millis(150).into(), ..Latency::default() };
    let server = simulate(Options { latency, ..Options::default() }).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 40);
    let run =
        bench.library.runs.start(&RunRequest { options: with_concurrency(2), ..request(&bench).await }).await.unwrap();
    let mut progress = bench.library.runs.progress(run).unwrap();
    progress.wait_for(|snapshot| snapshot.done >= 14).await.unwrap();
    bench.library.runs.pause(run);
    bench.end_of(run).await;
    let paused = bench.library.history.progress(run).unwrap();
    assert_eq!(paused.just_answered.len(), 12);

    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    let mut progress = bench.library.runs.progress(run).unwrap();
    while progress.changed().await.is_ok() {
        let snapshot = progress.borrow_and_update();
        assert!(snapshot.just_answered.len() == 12 && snapshot.p50_millis.is_some(), "{snapshot:?}");
    }
    let last = progress.borrow().clone();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let idle = bench.library.history.progress(run).unwrap();
    assert_eq!(last, idle, "the same at the end as after a restart");
    let spent = bench.library.history.spent_history(run).unwrap();
    assert_eq!(spent.last(), Some(&SpentAt { finished: idle.done, spent: idle.spent }));
    assert!(spent.len() > 2 && spent.is_sorted_by_key(|point| (point.finished, point.spent)), "{spent:?}");
    let peak = idle.rate_history.iter().copied().fold(0.0, f64::max);
    assert!(idle.rate_history.len() >= 2 && peak >= idle.rate_per_minute, "{idle:?}");
    let annotations: u32 = idle.just_answered.iter().map(|answered| answered.annotation_count).sum();
    assert!(annotations > 0, "{:?}", idle.just_answered);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn annotations_show_while_their_answer_is_on_its_way() {
    let latency = Latency { first_byte: Duration::ZERO.into(), between_events: Duration::from_millis(120) };
    let server = simulate(Options { latency, ..Options::default() }).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 1);
    let run = bench.library.runs.start(&request(&bench).await).await.unwrap();
    let mut progress = bench.library.runs.progress(run).unwrap();
    let mut most = 0;
    // Ends when the run has ended and is no longer tracked.
    while progress.changed().await.is_ok() {
        let snapshot = progress.borrow_and_update();
        if let Some(asked) = snapshot.in_flight.first() {
            assert!(asked.preview.len() >= most, "what was shown stays");
            most = asked.preview.len();
        }
    }
    assert!(most > 1, "{most} annotations before the end");
    assert_eq!(bench.end_of(run).await, COMPLETED);
    assert_eq!(bench.library.history.run(run).unwrap().annotation_count, 5);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn similar_images_are_given_the_annotations_of_one_that_is_paid_for() {
    let server = simulate(Options::default()).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 4);
    let request = RunRequest { propagates_to_similar: true, ..request(&bench).await };
    let similar = bench.quote_of(request.recipe).similar;
    assert_eq!((similar.groups, similar.followers), (1, 3));

    // The first answer is unusable: another image of the group is sent, and the rest are sent one by one too.
    server.script([Fault::Refusal]);
    let refused = bench.library.history.run(carried_out(&bench, &request).await).unwrap();
    assert_eq!((refused.done, refused.failed, refused.propagated, server.ledger().billed.len()), (3, 1, 0, 4));

    let anew = RunRequest { ignores_saved_answers: true, ..request };
    let run = carried_out(&bench, &anew).await;
    let summary = bench.library.history.run(run).unwrap();
    assert_eq!((summary.done, summary.propagated, server.ledger().billed.len()), (4, 3, 5));
    // All layers show what the others' own answers found in the earlier run, and this run's layer shows what it propagated.
    assert_eq!((summary.annotation_count, summary.propagated_count), (20, 15));
    let cards = bench.cards();
    assert!(cards.iter().all(|card| card.annotations.len() == 5));
    let ids: Vec<_> = cards.iter().map(|card| card.id).collect();
    let layer = bench.library.images.cards(&ids, &LayerScope::of_run(run)).unwrap();
    assert!(layer.iter().all(|card| card.annotations.len() == 5));

    let other = Bench::with_pictures(&server.url(), KEY, 4);
    let request = RunRequest { propagates_to_similar: true, ..self::request(&other).await };
    let run = carried_out(&other, &request).await;
    let summary = other.library.history.run(run).unwrap();
    assert_eq!((summary.done, summary.propagated, server.ledger().billed.len()), (4, 3, 6));
    assert_eq!((summary.annotation_count, summary.propagated_count), (20, 15), "as many as the library has");
    assert!(other.cards().iter().all(|card| card.annotations.len() == 5));
    server.stop().await;
}

/// Adds a second endpoint for the models, with its key and consent.
fn add_route(bench: &Bench, server: &Running, price_percent: u16) {
    let url = server.url();
    bench.library.settings.agree_to(url.trim_start_matches("http://")).unwrap();
    let mut settings = bench.library.settings.stated().unwrap();
    settings.provider_mut("anthropic").endpoints.push(EndpointSettings {
        name: "second".into(),
        base_url: url.clone(),
        model_prefix: "anthropic.".into(),
        price_percent,
        concurrency: Some(4),
        limits: LimitSettings::default(),
        key_env: None,
    });
    bench.library.settings.replace(&settings).unwrap();
    bench.library.connections.keep_key("anthropic", Some(&url), &KEY.to_owned().into()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_spread_over_routes_and_go_on_when_one_is_down() {
    let latency = Latency { first_byte: Duration::from_millis(100).into(), ..Latency::default() };
    let slow = Options { latency, ..Options::default() };
    let first = simulate(slow.clone()).await;
    let regional = Options { price_percent: 110, model_prefix: Some("anthropic.".into()), ..slow.clone() };
    let second = simulate(regional).await;
    let bench = Bench::with_pictures(&first.url(), KEY, 60);
    add_route(&bench, &second, 110);
    let request = RunRequest { options: with_concurrency(4), ..request(&bench).await };
    // The high end of a quote uses the dearest endpoint.
    let quote = bench.quote_of(request.recipe);
    let cost = quote.models.iter().find(|row| row.model.id.0 == MODEL).unwrap().cost.unwrap();
    let run = bench.library.runs.start(&request).await.unwrap();
    assert_eq!(bench.library.history.run(run).unwrap().quoted, Some(cost));
    let mut progress = bench.library.runs.progress(run).unwrap();
    progress.wait_for(|snapshot| snapshot.done >= 12).await.unwrap();
    assert_eq!((progress.borrow().endpoints.len(), progress.borrow().concurrency), (2, 4), "four over all endpoints");
    let address = first.address();
    let before = first.stop().await;
    let is_suspended = |snapshot: &RunProgress| snapshot.endpoints[0].failure.is_some() && snapshot.hold.is_none();
    progress.wait_for(is_suspended).await.unwrap();
    let first = simulate(Options { port: address.port(), ..slow }).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);

    let summary = bench.library.history.run(run).unwrap();
    let (after, second) = (first.stop().await, second.stop().await);
    assert_eq!((summary.done, summary.failed), (60, 0));
    assert!(!before.billed.is_empty() && !second.billed.is_empty());
    let billed = before.total_pico_dollars() + after.total_pico_dollars() + second.total_pico_dollars();
    // Requests in flight when the first endpoint failed were billed by its server, and are reported as possibly billed.
    assert!(summary.paid.0 <= billed && billed <= summary.paid.0 + summary.possibly_billed.at_most.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_warms_the_cache_and_the_others_read_it() {
    let latency = Latency { first_byte: Duration::from_millis(50).into(), ..Latency::default() };
    let server = simulate(Options { latency, ..Options::default() }).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 10);
    let many: Vec<String> = (0..150).map(|index| format!("very particular thing {index}")).collect();
    let recipe = bench.library.recipes.save_typed(&many.join(", ")).await.unwrap().id;
    let quote = bench.quote_of(recipe);
    let row = quote.models.iter().find(|row| row.model.id.0 == MODEL).unwrap();
    assert!(row.cost_basis.as_ref().unwrap().caching.is_used);
    let run = carried_out(&bench, &RunRequest::of(ImageSelection::All, recipe, ModelId(MODEL.into()))).await;

    let billed = server.ledger().billed;
    let written = billed.iter().filter(|entry| entry.usage.cache_write_5m_tokens > 0).count();
    let read = billed.iter().filter(|entry| entry.usage.cache_read_tokens > 0).count();
    assert_eq!((written, read), (1, 9));
    assert_eq!(bench.library.history.run(run).unwrap().paid.0, server.ledger().total_pico_dollars());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_limits_held_back_says_so_with_its_own_numbers() {
    let limits = Limits { requests_per_minute: 600, burst: Some(5), are_announced: false, ..Limits::default() };
    let server = simulate(Options { limits, ..Options::default() }).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 40);
    let run = carried_out(&bench, &request(&bench).await).await;
    let report = bench.library.insight.report(run).unwrap();

    let [Diagnosis { finding: Finding::RateLimited { refusals, held_millis, share, limit, .. }, changes }] =
        &report.diagnoses[..]
    else {
        panic!("{:?}", report.diagnoses)
    };
    let refused = server.ledger().refused.len();
    assert_eq!(*refusals as usize, refused);
    assert_eq!(report.retried.iter().find(|group| group.kind == RetryKind::RateLimited).unwrap().count, *refusals);
    let wall_millis = report.metrics.as_ref().unwrap().wall_millis;
    assert!((share - held_millis / wall_millis).abs() < 1e-9 && *held_millis <= wall_millis, "{share} {held_millis}");
    // 35 of the 40 had to wait for a slot each, and a slot becomes free every 100 ms.
    assert!(*held_millis > 1_000.0, "{held_millis}");
    assert!(limit.is_some(), "its refusals have taught it");
    assert!(changes.contains(&Change::AddEndpoint), "{changes:?}");

    // Waiting for a permit is not part of an image's duration, so that a rate limit does not look like a speed-up.
    let metrics = report.metrics.unwrap();
    assert!(metrics.p95_millis * 4.0 < wall_millis, "{metrics:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_that_calls_itself_overloaded_costs_no_image_and_is_asked_again_when_it_says() {
    let latency = Latency { first_byte: Duration::from_millis(200).into(), ..Latency::default() };
    let limits = Limits { most_in_flight: Some(4), are_announced: false, ..Limits::default() };
    let server = simulate(Options { latency, limits, ..Options::default() }).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 60);
    let run = carried_out(&bench, &RunRequest { options: with_concurrency(16), ..request(&bench).await }).await;
    assert_eq!(bench.library.history.run(run).unwrap().done, 60);
    assert!(server.verdict().is_clean(), "{:?}", server.verdict());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_pauses_are_reported() {
    let latency = Latency { first_byte: Duration::from_millis(50).into(), ..Latency::default() };
    let server = simulate(Options { latency, ..Options::default() }).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 30);
    let options = RunOptions { pause_millis: Some(300), ..with_concurrency(4) };
    let run = carried_out(&bench, &RunRequest { options, ..request(&bench).await }).await;
    let report = bench.library.insight.report(run).unwrap();
    let [Diagnosis { finding: Finding::SlowedByPause { pause_millis: 300, share }, changes }] = &report.diagnoses[..]
    else {
        panic!("{:?}", report.diagnoses)
    };
    let image_millis = report.metrics.unwrap().p50_millis;
    assert!((share - 300.0 / (300.0 + image_millis)).abs() < 1e-9, "{share} of {image_millis}");
    assert_eq!(*changes, [Change::NoPause]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_cut_off_at_a_maximum_of_one_s_own_are_told_with_it() {
    let server = simulate(Options::default()).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 12);
    let options = RunOptions { max_tokens: Some(100), ..RunOptions::default() };
    let run = carried_out(&bench, &RunRequest { options, ..request(&bench).await }).await;
    let report = bench.library.insight.report(run).unwrap();
    let [Diagnosis { finding: Finding::AnswersCutShort { count: 12, room, .. }, changes }] = &report.diagnoses[..]
    else {
        panic!("{:?}", report.diagnoses)
    };
    assert_eq!(*room, OutputLimit::OwnMaximum { tokens: 100 });
    assert_eq!(*changes, [Change::RaiseMaxTokens { than: Some(100) }, Change::SmallerRecipe]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_run_is_left_in_peace() {
    let latency = Latency { first_byte: Duration::from_millis(50).into(), ..Latency::default() };
    let server = simulate(Options { latency, ..Options::default() }).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 30);
    let run = carried_out(&bench, &request(&bench).await).await;
    assert_eq!(bench.library.insight.report(run).unwrap().diagnoses, []);
    // Only saved answers: no rate, no advice.
    let again = carried_out(&bench, &request(&bench).await).await;
    assert_eq!(bench.library.insight.report(again).unwrap().diagnoses, []);
    server.stop().await;
}
