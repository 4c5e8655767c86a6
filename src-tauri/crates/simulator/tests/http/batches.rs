//! Batches from their creation to their results, their bill, and a client that never heard that one was accepted.

use std::collections::BTreeMap;
use std::time::Duration;

use image::ImageFormat;
use serde_json::{Value, json};
use simulator::{Batching, Delivery, Fault, Options, Running, Simulator};

use crate::client::{answer_of, ask, get, image_block, plain, post, question, request, start, with};

const MODEL: &str = "claude-haiku-5-5";
const PATH: &str = "/v1/messages/batches";

async fn start_with(batching: Batching) -> Running {
    Simulator::start(Options { batching, ..Options::default() }).await.expect("a free port")
}

fn batch_of(items: impl IntoIterator<Item = (String, Value)>) -> Value {
    let requests: Vec<Value> =
        items.into_iter().map(|(custom_id, params)| json!({"custom_id": custom_id, "params": params})).collect();
    json!({"requests": requests})
}

fn questions(count: usize) -> Value {
    batch_of((0..count).map(|index| (format!("item-{index}"), question(MODEL))))
}

async fn create(running: &Running, body: &Value) -> String {
    let (status, batch) = answer_of(post(running, PATH, body)).await;
    assert_eq!((status, &batch["processing_status"]), (200, &json!("in_progress")), "{batch}");
    batch["id"].as_str().expect("an id").to_owned()
}

async fn ended(running: &Running, id: &str) -> Value {
    for _ in 0..500 {
        let (_, batch) = answer_of(get(running, &format!("{PATH}/{id}"))).await;
        if batch["processing_status"] == "ended" {
            return batch;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the batch does not end");
}

/// The results in the order of their ids, and whether they came in that order.
async fn results(running: &Running, id: &str) -> (BTreeMap<String, Value>, bool) {
    let response = get(running, &format!("{PATH}/{id}/results")).send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/x-jsonl");
    let text = response.text().await.expect("a body");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let name = |line: &Value| line["custom_id"].as_str().expect("an id").to_owned();
    let is_sorted = lines.iter().map(name).is_sorted();
    (lines.iter().map(|line| (name(line), line["result"].clone())).collect(), is_sorted)
}

#[tokio::test]
async fn a_batch_is_answered_at_half_the_price() {
    let running = start_with(Batching { takes: Duration::from_millis(150), ..Batching::default() }).await;
    let picture = request(MODEL, &image_block(&plain(640, 480), ImageFormat::Jpeg));
    let good = (0..9).map(|index| (format!("good-{index}"), with(picture.clone(), "max_tokens", json!(4096 + index))));
    let bad = [
        ("bad-model".to_owned(), question("claude-imaginary-1")),
        ("streamed".to_owned(), with(question(MODEL), "stream", json!(true))),
    ];
    let id = create(&running, &batch_of(good.chain(bad))).await;
    let early = get(&running, &format!("{PATH}/{id}/results"));
    let (status, message) = answer_of(early).await;
    assert_eq!((status, &message["error"]["type"]), (404, &json!("not_found_error")));

    let batch = ended(&running, &id).await;
    let counts = json!({"processing": 0, "succeeded": 9, "errored": 2, "canceled": 0, "expired": 0});
    assert_eq!(batch["request_counts"], counts);
    assert_eq!(batch["results_url"], format!("{}{PATH}/{id}/results", running.url()));
    assert!(running.ledger().billed.iter().all(|entry| entry.delivery == Delivery::Underway), "not fetched yet");
    let (results, is_sorted) = results(&running, &id).await;
    assert!(!is_sorted, "the order says nothing");
    assert_eq!(results["good-3"]["message"]["usage"]["service_tier"], "batch");
    assert_eq!(results["bad-model"]["error"]["error"]["type"], "not_found_error");
    assert_eq!(results["streamed"]["error"]["error"]["type"], "invalid_request_error");

    let (_, alone) = ask(&running, &picture).await;
    let billed = running.ledger().billed;
    assert_eq!(billed.len(), 10, "errors are free");
    assert_eq!(alone["usage"]["input_tokens"], results["good-3"]["message"]["usage"]["input_tokens"]);
    for entry in &billed[..9] {
        assert_eq!((entry.is_batched, entry.delivery), (true, Delivery::Whole));
        assert_eq!(entry.pico_dollars * 2, billed[9].pico_dollars);
    }
}

#[tokio::test]
async fn what_is_done_when_a_batch_is_canceled_stays_done() {
    let running = start_with(Batching { takes: Duration::from_secs(2), ..Batching::default() }).await;
    let id = create(&running, &questions(40)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let cancel = || answer_of(post(&running, &format!("{PATH}/{id}/cancel"), &json!({})));
    let (status, batch) = cancel().await;
    assert_eq!((status, &batch["processing_status"]), (200, &json!("canceling")));
    assert!(batch["cancel_initiated_at"].is_string());
    let batch = ended(&running, &id).await;
    let (succeeded, canceled) = (&batch["request_counts"]["succeeded"], &batch["request_counts"]["canceled"]);
    let (succeeded, canceled) = (succeeded.as_u64().expect("a count"), canceled.as_u64().expect("a count"));
    assert!(succeeded > 0 && canceled > 0 && succeeded + canceled == 40, "{batch}");
    assert_eq!(running.ledger().billed.len() as u64, succeeded);
    let (results, _) = results(&running, &id).await;
    assert_eq!((&results["item-0"]["type"], &results["item-39"]), (&json!("succeeded"), &json!({"type": "canceled"})));
    assert_eq!(cancel().await.0, 400);
}

#[tokio::test]
async fn items_err_and_expire_by_chance_and_for_nothing() {
    let running = start_with(Batching { errored: 0.3, expired: 0.3, ..Batching::default() }).await;
    let id = create(&running, &questions(60)).await;
    let counts = ended(&running, &id).await["request_counts"].clone();
    let count = |name: &str| counts[name].as_u64().expect("a count");
    assert!(count("errored") > 5 && count("expired") > 5 && count("succeeded") > 5, "{counts}");
    assert_eq!(running.ledger().billed.len() as u64, count("succeeded"));
}

#[tokio::test]
async fn a_batch_whose_reply_was_lost_is_found_in_the_list() {
    let running = start().await;
    let id = create(&running, &questions(1)).await;
    running.script([Fault::Overloaded, Fault::BatchReplyLost]);
    let lost = batch_of([("lost".to_owned(), with(question(MODEL), "max_tokens", json!(77)))]);
    assert!(post(&running, PATH, &lost).send().await.is_err());
    assert_eq!(ask(&running, &question(MODEL)).await.0, 529, "each fault has its path");
    let (_, page) = answer_of(get(&running, &format!("{PATH}?limit=1"))).await;
    assert_eq!((&page["has_more"], page["data"].as_array().map(Vec::len)), (&json!(true), Some(1)));
    let found = page["first_id"].as_str().expect("an id");
    ended(&running, found).await;
    assert!(results(&running, found).await.0.contains_key("lost"));
    let (_, page) = answer_of(get(&running, &format!("{PATH}?after_id={found}"))).await;
    assert_eq!(page["data"][0]["id"], id);
    assert!(running.verdict().is_clean());

    // A client that did not look, and made it again.
    let again = create(&running, &lost).await;
    ended(&running, &again).await;
    assert_eq!(running.verdict().asked_twice.count, 1);
}

#[tokio::test]
async fn batches_need_a_key_and_a_name() {
    let running = start().await;
    let (status, _) = answer_of(post(&running, PATH, &json!({"requests": []}))).await;
    assert_eq!(status, 400);
    for path in ["", "/results"] {
        let unknown = get(&running, &format!("{PATH}/msgbatch_unknown{path}"));
        assert_eq!(answer_of(unknown).await.0, 404);
    }
    let keyless = reqwest::Client::new().get(format!("{}{PATH}", running.url()));
    assert_eq!(answer_of(keyless).await.0, 401);
}
