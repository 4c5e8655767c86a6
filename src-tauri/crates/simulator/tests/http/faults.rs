//! Faults strike the next requests in order, and the ledger says who got what they paid for.

use std::time::Duration;

use serde_json::json;
use simulator::{Delivery, Fault, Options, Running, Simulator};

use crate::client::{answer_of, ask, events, post, question, start, text_of, with};

const MODEL: &str = "claude-haiku-5-5";

#[tokio::test]
async fn refusals_to_order_are_free() {
    let running = start().await;
    running.script([
        Fault::RateLimited { retry_after_seconds: Some(3) },
        Fault::RampLimited { retry_after_seconds: 7 },
        Fault::SpendLimit,
        Fault::UsageLimit,
        Fault::Overloaded,
        Fault::InternalError,
        Fault::TimedOut,
    ]);
    let expected = [
        (429, "rate_limit_error", Some("3"), None),
        (429, "rate_limit_error", Some("7"), Some("ramp_limit_exceeded")),
        (429, "rate_limit_error", None, Some("enforced_spend_limit_reached")),
        (400, "invalid_request_error", None, None),
        (529, "overloaded_error", None, None),
        (500, "api_error", None, None),
        (504, "timeout_error", None, None),
    ];
    for (status, kind, retry_after, code) in expected {
        let response = post(&running, "/v1/messages", &question(MODEL)).send().await.expect("an answer");
        assert_eq!(response.status(), status);
        let header = response.headers().get("retry-after").map(|value| value.to_str().expect("ASCII").to_owned());
        assert_eq!(header.as_deref(), retry_after);
        let body: serde_json::Value = serde_json::from_str(&response.text().await.expect("a body")).expect("JSON");
        assert_eq!(body["error"]["type"], kind);
        assert_eq!(body["error"]["details"]["error_code"].as_str(), code);
    }
    running.script([Fault::TooLarge, Fault::NotThisServer]);
    for status in [413, 200] {
        let response = post(&running, "/v1/messages", &question(MODEL)).send().await.expect("an answer");
        assert_eq!(response.status(), status);
        assert!(response.text().await.expect("a body").starts_with('<'));
    }
    assert!(running.ledger().billed.is_empty());
    assert_eq!(ask(&running, &question(MODEL)).await.0, 200, "the script is over");
}

async fn billed(running: &Running, count: usize) -> Vec<Delivery> {
    // The server learns that a client hung up a moment after the client has.
    for _ in 0..100 {
        let billed = running.ledger().billed;
        if billed.len() == count && billed.iter().all(|entry| entry.delivery != Delivery::Underway) {
            return billed.iter().map(|entry| entry.delivery).collect();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{:?}", running.ledger().billed);
}

#[tokio::test]
async fn streams_break_as_told_and_are_billed() {
    let running = start().await;
    running.script([
        Fault::Truncated { after_events: 4 },
        Fault::Broken { after_events: 5 },
        Fault::ErrorInStream { after_events: 3 },
    ]);
    let asked = question(MODEL);
    let (truncated, is_whole) = events(&running, &asked).await;
    assert_eq!((truncated.len(), is_whole), (4, true), "it ends in good order, without message_stop");
    let (broken, is_whole) = events(&running, &asked).await;
    assert_eq!((broken.len(), is_whole), (5, false));
    let (failed, is_whole) = events(&running, &asked).await;
    assert_eq!((failed.len(), is_whole), (4, true));
    assert_eq!((&failed[3]["type"], &failed[3]["error"]["type"]), (&json!("error"), &json!("overloaded_error")));
    assert_eq!(billed(&running, 3).await, [Delivery::Partial; 3]);
}

#[tokio::test]
async fn silence_stalls_and_pings_last_until_the_client_gives_up() {
    let running = start().await;
    running.script([
        Fault::Silence,
        Fault::Stall { after_events: 2 },
        Fault::PingsForever { after_events: 2, every_millis: 10 },
        Fault::Slow { delay_millis: 600_000 },
    ]);
    let asked = with(question(MODEL), "stream", json!(true));
    // Enough for the beginning of an answer.
    let patience = Duration::from_secs(2);
    let silent = post(&running, "/v1/messages", &asked).timeout(patience).send().await;
    assert!(silent.is_err_and(|error| error.is_timeout()));
    for _ in 0..2 {
        let response = post(&running, "/v1/messages", &asked).timeout(patience).send().await.expect("a beginning");
        assert!(response.text().await.is_err_and(|error| error.is_timeout()));
    }
    let slow = post(&running, "/v1/messages", &asked).timeout(patience).send().await;
    assert!(slow.is_err_and(|error| error.is_timeout()));
    assert_eq!(billed(&running, 3).await, [Delivery::Partial; 3], "silence alone is free");
    let ledger =
        tokio::time::timeout(Duration::from_mins(1), running.stop()).await.expect("stopping waits for no answer");
    assert_eq!(ledger.billed.len(), 3);
}

#[tokio::test]
async fn models_decline_stop_short_and_speak_no_json() {
    let running = start().await;
    running.script([Fault::Refusal, Fault::MaxTokens, Fault::WrongJson]);
    let asked = question(MODEL);
    let (_, declined) = ask(&running, &asked).await;
    assert_eq!((&declined["stop_reason"], &declined["stop_details"]["type"]), (&json!("refusal"), &json!("refusal")));
    let (_, short) = ask(&running, &asked).await;
    assert_eq!(short["stop_reason"], "max_tokens");
    let (_, wrong) = ask(&running, &asked).await;
    assert!(serde_json::from_str::<serde_json::Value>(text_of(&wrong)).is_err());
    let (_, little) = ask(&running, &with(asked, "max_tokens", json!(10))).await;
    assert_eq!((&little["stop_reason"], &little["usage"]["output_tokens"]), (&json!("max_tokens"), &json!(10)));
}

#[tokio::test]
async fn faults_can_be_ordered_and_the_ledger_read_over_http() {
    let running = start().await;
    let order = json!([{"fault": "overloaded"}, {"fault": "rate_limited", "retry_after_seconds": 1}]);
    let (status, answer) = answer_of(post(&running, "/simulator/faults", &order)).await;
    assert_eq!((status, answer), (200, json!({"waiting": 2})));
    assert_eq!(ask(&running, &question(MODEL)).await.0, 529);
    assert_eq!(ask(&running, &question(MODEL)).await.0, 429);
    assert_eq!(ask(&running, &question(MODEL)).await.0, 200);
    let (_, ledger) = answer_of(reqwest::Client::new().get(format!("{}/simulator/ledger", running.url()))).await;
    assert_eq!((&ledger["billed"][0]["delivery"], &ledger["refused"][0]["status"]), (&json!("whole"), &json!(529)));
    assert_eq!(answer_of(post(&running, "/simulator/faults", &json!([{"fault": "plague"}]))).await.0, 400);
}

#[tokio::test]
async fn servers_below_two_paths_of_one_port_share_nothing() {
    let paths = [("/a", Options::default()), ("/b", Options::default())];
    let [first, second] = Simulator::start_at_paths(0, paths).await.expect("it listens");
    assert_eq!(first.address(), second.address());
    second.fail_every_message(Some(Fault::Status { status: 401 }));
    for _ in 0..2 {
        assert_eq!(ask(&first, &question(MODEL)).await.0, 200);
        assert_eq!(ask(&second, &question(MODEL)).await.0, 401);
    }
    second.fail_every_message(None);
    assert_eq!(ask(&second, &question(MODEL)).await.0, 200);
    assert_eq!((first.ledger().billed.len(), second.ledger().billed.len()), (2, 1));
    let nowhere = reqwest::get(format!("http://{}/c/v1/models", first.address())).await.expect("an answer");
    assert_eq!(nowhere.status(), 404);
}
