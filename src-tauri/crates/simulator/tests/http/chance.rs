//! Chance, prices and closed eyes: what a benchmark sets up, and can work out beforehand.

use std::time::Duration;

use image::ImageFormat;
use serde_json::json;
use simulator::{
    Chaos, Crowded, Delivery, Distribution, Eyes, Fault, Latency, Limits, Options, Running, Simulator, Size,
};

use crate::client::{ask, events, image_block, plain, post, question, request, text_of};

const MODEL: &str = "claude-haiku-5-5";

async fn start(options: Options) -> Running {
    Simulator::start(options).await.expect("a free port")
}

#[tokio::test]
async fn admitted_requests_meet_their_fates_in_order() {
    let latency = Latency { first_byte: Distribution::Fixed(Duration::ZERO), ..Latency::default() };
    let chaos = Chaos { overloaded: 0.3, internal_error: 0.3, ..Chaos::default() };
    let limits = Limits { requests_per_minute: 12, ..Limits::default() };
    let running = start(Options { seed: 5, latency, chaos, limits, ..Options::default() }).await;
    running.script([Fault::TimedOut]);
    assert_eq!(ask(&running, &question(MODEL)).await.0, 504, "a script comes first, and takes no fate");
    for fate in simulator::fates(5, latency, chaos).take(12) {
        let expected = match fate.fault {
            Some(Fault::Overloaded) => 529,
            Some(Fault::InternalError) => 500,
            _ => 200,
        };
        assert_eq!(ask(&running, &question(MODEL)).await.0, expected);
    }
    assert_eq!(ask(&running, &question(MODEL)).await.0, 429, "the thirteenth is not let in");
}

#[tokio::test]
async fn connections_are_reset_before_and_in_the_middle_of_an_answer() {
    let running = start(Options::default()).await;
    running.script([Fault::Reset, Fault::Broken { after_events: 3 }, Fault::Drip { bytes: 40, every_millis: 1 }]);
    let reset = post(&running, "/v1/messages", &question(MODEL)).send().await;
    assert!(reset.is_err_and(|error| !error.is_timeout()));
    let (broken, is_whole) = events(&running, &question(MODEL)).await;
    assert_eq!((broken.len(), is_whole), (3, false));
    let (dripped, is_whole) = events(&running, &question(MODEL)).await;
    assert_eq!((&dripped.last().expect("an event")["type"], is_whole), (&json!("message_stop"), true));
    let billed = running.ledger().billed;
    assert_eq!(billed.len(), 2, "a reset before the answer is free");
    assert_eq!((billed[0].delivery, billed[0].handed_over_millis), (Delivery::Partial, None));
    assert!(billed[1].handed_over_millis >= Some(billed[1].arrived_millis));
}

#[tokio::test]
async fn hidden_limits_say_nothing() {
    let limits = Limits {
        // One a minute, so that a slow machine makes no difference.
        requests_per_minute: 1,
        burst: Some(1),
        are_announced: false,
        sends_retry_after: false,
        most_in_flight: Some(1),
        crowded: Crowded::RateLimited,
        ..Limits::default()
    };
    let running = start(Options { limits, ..Options::default() }).await;
    assert_eq!(ask(&running, &question(MODEL)).await.0, 200);
    let refused = post(&running, "/v1/messages", &question(MODEL)).send().await.expect("an answer");
    assert_eq!(refused.status(), 429);
    let told: Vec<_> = refused.headers().keys().map(|name| name.as_str()).collect();
    assert!(!told.iter().any(|name| name.contains("ratelimit") || *name == "retry-after"), "{told:?}");

    let limits = Limits { most_in_flight: Some(0), crowded: Crowded::RateLimited, ..Limits::default() };
    let running = start(Options { limits, ..Options::default() }).await;
    let crowded = post(&running, "/v1/messages", &question(MODEL)).send().await.expect("an answer");
    assert_eq!((crowded.status().as_u16(), &crowded.headers()["retry-after"]), (429, &"1".parse().expect("a header")));
    assert!(crowded.headers().contains_key("anthropic-ratelimit-requests-remaining"), "429s say it too");
}

#[tokio::test]
async fn closed_eyes_measure_and_bill_but_do_not_look() {
    let block = image_block(&plain(640, 480), ImageFormat::Jpeg);
    let asked = request(MODEL, &block);
    let open = start(Options::default()).await;
    let closed = start(Options { eyes: Eyes::Closed { annotations: 8 }, ..Options::default() }).await;
    let usage = ask(&open, &asked).await.1["usage"]["input_tokens"].clone();
    let (_, message) = ask(&closed, &asked).await;
    assert_eq!(message["usage"]["input_tokens"], usage);
    let answer: serde_json::Value = serde_json::from_str(text_of(&message)).expect("JSON");
    let labels: Vec<_> =
        answer["marks"].as_array().expect("marks").iter().map(|annotation| &annotation["label"]).collect();
    assert_eq!(labels, ["red", "green", "blue", "yellow", "magenta", "cyan", "red", "green"]);
    assert_eq!(closed.ledger().billed[0].picture, Some(Size { width: 640, height: 480 }));
    let mut spoilt = block.clone();
    spoilt["source"]["data"] = json!(format!("{}!", block["source"]["data"].as_str().expect("text")));
    assert_eq!(ask(&closed, &request(MODEL, &spoilt)).await.0, 400);
}

#[tokio::test]
async fn a_region_has_its_price_and_its_names() {
    let prefix = Some("anthropic.".to_owned());
    let region = start(Options { price_percent: 110, model_prefix: prefix, ..Options::default() }).await;
    assert_eq!(ask(&region, &question(MODEL)).await.0, 404);
    assert_eq!(ask(&region, &question("anthropic.claude-haiku-5-5")).await.0, 200);
    let elsewhere = start(Options::default()).await;
    assert_eq!(ask(&elsewhere, &question(MODEL)).await.0, 200);
    let price = |running: &Running| running.ledger().total_pico_dollars();
    assert_eq!(price(&region) * 100, price(&elsewhere) * 110);
}
