//! The verdict on clients that behave, and on those that do not.

use std::time::Duration;

use serde_json::json;
use simulator::{ClientVerdict, Fault, Options, Running, Simulator};

use crate::client::{answer_of, ask, post, question, start, with};

const MODEL: &str = "claude-haiku-5-5";

fn counts(verdict: &ClientVerdict) -> [u64; 5] {
    [&verdict.retried_too_early, &verdict.retried_in_vain, &verdict.stampedes, &verdict.hung_on, &verdict.asked_twice]
        .map(|complaint| complaint.count)
}

async fn ask_about(running: &Running, subject: &str) -> u16 {
    let messages = json!([{"role": "user", "content": subject}]);
    ask(running, &with(question(MODEL), "messages", messages)).await.0
}

#[tokio::test]
async fn a_patient_client_is_not_blamed() {
    let running = start().await;
    running.script([Fault::RateLimited { retry_after_seconds: Some(1) }, Fault::Overloaded, Fault::Reset]);
    assert_eq!(ask_about(&running, "a").await, 429);
    tokio::time::sleep(Duration::from_millis(1005)).await;
    assert_eq!(ask_about(&running, "a").await, 529);
    tokio::time::sleep(simulator::REOPENING).await;
    assert!(post(&running, "/v1/messages", &question(MODEL)).send().await.is_err());
    assert_eq!(ask_about(&running, "a").await, 200);
    assert_eq!(ask_about(&running, "b").await, 200);
    assert!(running.verdict().is_clean(), "{:?}", running.verdict());
}

#[tokio::test]
async fn requests_too_early_in_vain_or_twice_are_reported() {
    let running = start().await;
    running.script([
        Fault::UsageLimit,
        Fault::LinkedOrganizationSpendLimit,
        Fault::Refusal,
        Fault::RateLimited { retry_after_seconds: Some(30) },
    ]);
    for (subject, status) in [("limit", 400), ("spent", 402), ("declined", 200), ("early", 429)] {
        assert_eq!(ask_about(&running, subject).await, status);
    }
    tokio::time::sleep(simulator::GRACE + Duration::from_millis(20)).await;
    for subject in ["limit", "spent", "declined", "early", "early"] {
        assert_eq!(ask_about(&running, subject).await, 200);
    }
    assert_eq!(counts(&running.verdict()), [5, 3, 0, 0, 2], "what was declined was billed, too");
    let (_, told) = answer_of(reqwest::Client::new().get(format!("{}/simulator/verdict", running.url()))).await;
    assert_eq!(told["retried_too_early"]["count"], 5);
    assert_eq!(told["retried_too_early"]["examples"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn a_client_that_never_gives_up_on_a_stall_is_reported() {
    let options = Options { patience: Duration::from_millis(50), ..Options::default() };
    let running = Simulator::start(options).await.expect("a free port");
    running.script([Fault::Stall { after_events: 2 }, Fault::Withheld, Fault::Silence]);
    for _ in 0..3 {
        let asked = post(&running, "/v1/messages", &question(MODEL)).timeout(Duration::from_millis(300));
        let answer = async { asked.send().await?.text().await };
        assert!(answer.await.is_err_and(|error| error.is_timeout()));
    }
    assert_eq!(counts(&running.verdict()), [0, 0, 0, 3, 0]);
}
