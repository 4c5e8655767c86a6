//! Usage follows the image and the cache; the ledger adds it up; counting and the catalogue agree.

use std::time::Duration;

use image::ImageFormat;
use serde_json::{Value, json};
use simulator::{Delivery, Fault, Limits, Options, Simulator};

use crate::client::{answer_of, ask, events, get, image_block, plain, post, question, request, start, with};

async fn counted(running: &simulator::Running, model: &str, content: Value) -> u64 {
    let body = json!({"model": model, "messages": [{"role": "user", "content": content}]});
    let (status, answer) = answer_of(post(running, "/v1/messages/count_tokens", &body)).await;
    assert_eq!(status, 200, "{answer}");
    answer["input_tokens"].as_u64().expect("a count")
}

#[tokio::test]
async fn image_tokens_follow_the_published_vectors() {
    let running = start().await;
    let vectors = [
        (640, 480, 414, 414),
        (1280, 720, 1196, 1196),
        (1920, 1080, 1560, 2691),
        (3024, 4032, 1564, 4740),
        (6000, 4000, 1536, 4704),
        (8000, 400, 168, 460),
    ];
    for (width, height, standard, high) in vectors {
        let block = with(image_block(&plain(width, height), ImageFormat::Png), "transformations", Value::Null);
        assert_eq!(counted(&running, "claude-sonnet-4-6", json!([block])).await, standard, "{width}x{height}");
        assert_eq!(counted(&running, "claude-sonnet-5-5", json!([block])).await, high, "{width}x{height}");
    }
    assert_eq!(counted(&running, "claude-sonnet-4-6", json!("12345")).await, 2);
    assert_eq!(counted(&running, "claude-sonnet-5-5", json!("12345678")).await, 3);
    assert!(running.ledger().billed.is_empty(), "counting is free");
    let refused = with(question("claude-sonnet-5-5"), "stream", json!(false));
    assert_eq!(answer_of(post(&running, "/v1/messages/count_tokens", &refused)).await.0, 400);
}

#[tokio::test]
async fn a_stream_has_its_events_in_order_and_cumulative_usage() {
    let running = start().await;
    let block = image_block(&plain(640, 480), ImageFormat::Jpeg);
    let asked = request("claude-sonnet-5-5", &block);
    let (stream, is_whole) = events(&running, &asked).await;
    assert!(is_whole);
    let kinds: Vec<&str> = stream.iter().map(|event| event["type"].as_str().expect("a type")).collect();
    let expected = [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(stream[1]["content_block"]["type"], "thinking", "an index of 0 is not the text");
    let (begun, ended) = (&stream[0]["message"]["usage"], &stream[8]["usage"]);
    assert_eq!(begun["input_tokens"], ended["input_tokens"]);
    let (_, message) = ask(&running, &asked).await;
    assert_eq!(&message["usage"], ended, "streamed or not");

    let ledger = running.ledger();
    let entry = &ledger.billed[0];
    assert_eq!((entry.delivery, entry.is_streamed, entry.stop_reason.as_str()), (Delivery::Whole, true, "end_turn"));
    assert_eq!(json!(entry.message_id), stream[0]["message"]["id"]);
    let (input, output) = (entry.usage.input_tokens, entry.usage.output_tokens);
    assert!(input > 414 && output > 40, "{entry:?}");
    assert_eq!(entry.pico_dollars, input * 2_000_000 + output * 10_000_000);
    assert_eq!(ledger.total_pico_dollars(), 2 * entry.pico_dollars);
}

#[tokio::test]
async fn a_cached_guideline_is_written_once_and_read_after() {
    let running = start().await;
    let guided = |bytes: usize| {
        let system =
            json!([{"type": "text", "text": "g".repeat(bytes), "cache_control": {"type": "ephemeral", "ttl": "1h"}}]);
        with(question("claude-haiku-5-5"), "system", system)
    };
    // 4,000 bytes are 1,300 tokens of the newer tokenizer; 512 are needed.
    let (_, first) = ask(&running, &guided(4000)).await;
    let (_, second) = ask(&running, &guided(4000)).await;
    assert_eq!(first["usage"]["cache_creation"]["ephemeral_1h_input_tokens"], 1300);
    assert_eq!(first["usage"]["cache_read_input_tokens"], 0);
    assert_eq!(second["usage"]["cache_read_input_tokens"], 1300);
    assert_eq!(second["usage"]["cache_creation_input_tokens"], 0);
    let (_, short) = ask(&running, &guided(1000)).await;
    assert_eq!(short["usage"]["cache_creation_input_tokens"], 0, "below the minimum it is skipped");
    let billed = running.ledger().billed;
    let question_tokens = billed[1].usage.input_tokens;
    let expected = question_tokens * 100_000 + 1300 * 10_000 + billed[1].usage.output_tokens * 500_000;
    assert_eq!(billed[1].pico_dollars, expected);
}

#[tokio::test]
async fn limits_are_announced_and_held() {
    let limits = Limits { requests_per_minute: 2, ..Limits::default() };
    let running = Simulator::start(Options { limits, ..Options::default() }).await.expect("a free port");
    let send = || post(&running, "/v1/messages", &question("claude-haiku-5-5")).send();
    let first = send().await.expect("an answer");
    let header = |name: &str| first.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!(header("anthropic-ratelimit-requests-limit"), "2");
    assert_eq!(header("anthropic-ratelimit-requests-remaining"), "1");
    assert_eq!(header("anthropic-ratelimit-input-tokens-limit"), "2000000");
    assert!(header("anthropic-ratelimit-output-tokens-reset").ends_with('Z'));
    assert!(header("request-id").starts_with("req_"));
    assert_eq!(send().await.expect("an answer").status(), 200);
    let refused = send().await.expect("an answer");
    assert_eq!(refused.status(), 429);
    let wait: u64 = refused.headers()["retry-after"].to_str().expect("ASCII").parse().expect("seconds");
    assert!((28..=30).contains(&wait), "{wait}");
}

#[tokio::test]
async fn answers_beyond_the_hidden_limit_are_overloaded() {
    let limits = Limits { most_in_flight: Some(1), are_announced: false, ..Limits::default() };
    let faults = vec![Fault::Slow { delay_millis: 3_000 }];
    let running = Simulator::start(Options { limits, faults, ..Options::default() }).await.expect("a free port");
    let asked = question("claude-haiku-5-5");
    let slow = ask(&running, &asked);
    let second = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        ask(&running, &asked).await
    };
    let (slow, second) = tokio::join!(slow, second);
    assert_eq!((slow.0, second.0), (200, 529));
    let after = post(&running, "/v1/messages", &asked).send().await.expect("an answer");
    assert_eq!(after.status(), 200);
    assert!(after.headers().get("anthropic-ratelimit-requests-limit").is_none());
}

#[tokio::test]
async fn the_catalogue_comes_in_pages() {
    let running = start().await;
    let get = |path: &str| answer_of(get(&running, path));
    let (status, all) = get("/v1/models").await;
    assert_eq!((status, &all["has_more"]), (200, &json!(false)));
    let (_, page) = get("/v1/models?limit=2").await;
    assert_eq!((&page["has_more"], &page["last_id"]), (&json!(true), &json!("claude-sonnet-5-5")));
    let (_, next) = get("/v1/models?limit=1&after_id=claude-sonnet-5-5").await;
    assert_eq!(next["first_id"], "claude-opus-5-5");
    let (_, retiring) = get("/v1/models/claude-sonnet-4-5-20250929").await;
    assert_eq!((&retiring["lifecycle"], &retiring["max_tokens"]), (&json!("deprecated"), &json!(64_000)));
    assert_eq!(get("/v1/models/claude-imaginary-1").await.0, 404);
}
