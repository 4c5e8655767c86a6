//! Health of an endpoint, on a paused clock.

use providers::error::Partial;
use providers::refusal::Refusal;
use providers::retry::ErrorClass;
use providers::scripted::ScriptedEndpoint;
use tokio::sync::Notify;

use super::*;
use crate::backend::limiter::Bounds;

fn endpoint() -> PacedEndpoint {
    let limiter = Arc::new(RateLimiter::new(Bounds::default(), Arc::new(Notify::new())));
    PacedEndpoint::new(EndpointId::default(), "first".into(), Arc::new(ScriptedEndpoint::new([])), limiter, 100)
}

fn failed(endpoint: &PacedEndpoint, others: Others) -> AfterFailure {
    let permit = endpoint.enter(0, Need::default(), false, None);
    endpoint.record_failed(permit, &RequestError::Unreachable { detail: "refused".into() }, others)
}

#[tokio::test(start_paused = true)]
async fn a_request_that_ends_without_a_word_leaves_the_endpoint_open() {
    let endpoint = endpoint();
    let is_open = |endpoint: &PacedEndpoint| matches!(endpoint.opening(Need::default(), true), Opening::Open { .. });
    let warming = endpoint.enter(0, Need::default(), true, None);
    assert!(!is_open(&endpoint), "the others wait until the cache is warm");
    drop(warming);
    assert!(is_open(&endpoint));

    for _ in 0..FAILURES_IN_A_ROW {
        failed(&endpoint, Others::Open);
    }
    tokio::time::advance(LONGEST_SUSPENSION).await;
    assert!(is_open(&endpoint), "it is tried again");
    let probing = endpoint.enter(0, Need::default(), false, None);
    assert!(!is_open(&endpoint));
    drop(probing);
    assert!(is_open(&endpoint));
}

#[tokio::test(start_paused = true)]
async fn answers_that_break_off_everywhere_close_one_endpoint_after_the_other() {
    let endpoint = endpoint();
    let lost = || RequestError::Lost { detail: "reset".into(), partial: Partial::default() };
    let nexts: Vec<AfterFailure> = (0..20)
        .map(|_| endpoint.record_failed(endpoint.enter(0, Need::default(), false, None), &lost(), Others::Failing))
        .collect();
    assert!(endpoint.closed().is_some_and(|closed| closed.reason == StopReason::AnswersUnreadable), "{nexts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_breaks_off_every_answer_with_an_error_is_not_paid_for_every_image() {
    for class in [ErrorClass::Overloaded, ErrorClass::Transient] {
        let endpoint = endpoint();
        let broken_off = || {
            let refusal = Refusal { status: 200, class, ..Refusal::default() };
            RequestError::BrokenOff { refusal: Box::new(refusal), partial: Partial::default() }
        };
        let record = |_| {
            let permit = endpoint.enter(0, Need::default(), false, None);
            endpoint.record_failed(permit, &broken_off(), Others::Closed)
        };
        let nexts: Vec<AfterFailure> = (0..20).map(record).collect();
        assert!(nexts.contains(&AfterFailure::Stop(StopReason::AnswersUnreadable)), "{class:?}: {nexts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_answered_is_waited_for_and_no_image_pays_for_it() {
    let endpoint = endpoint();
    endpoint.record_answered(endpoint.enter(0, Need::default(), false, None));
    for _ in 0..100 {
        assert_eq!(failed(&endpoint, Others::Closed), AfterFailure::Again);
        tokio::time::advance(Duration::from_mins(1)).await;
    }
    tokio::time::advance(PATIENCE_KNOWN).await;
    assert_eq!(failed(&endpoint, Others::Closed), AfterFailure::Stop(StopReason::Unreachable));
    // A resumed run restarts the wait.
    endpoint.limiter.set_bounds(Bounds::default());
    assert_eq!(failed(&endpoint, Others::Closed), AfterFailure::Again);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_for_hours_is_not_waited_for_without_end() {
    let endpoint = endpoint();
    endpoint.record_answered(endpoint.enter(0, Need::default(), false, None));
    let refused = || {
        let refusal = Refusal {
            status: 429,
            class: ErrorClass::RateLimited,
            retry_after: Some(LONGEST_WAIT / 2),
            ..Refusal::default()
        };
        let permit = endpoint.enter(0, Need::default(), false, None);
        endpoint.record_failed(permit, &RequestError::Refused(Box::new(refusal)), Others::Closed)
    };
    for _ in 0..3 {
        assert_eq!(refused(), AfterFailure::Again);
        tokio::time::advance(LONGEST_WAIT / 2).await;
    }
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(refused(), AfterFailure::Stop(StopReason::WaitTooLong));
}

#[tokio::test(start_paused = true)]
async fn others_stand_in_as_long_as_one_of_them_is_sent_on() {
    let endpoint = endpoint();
    for _ in 0..10 {
        assert_eq!(failed(&endpoint, Others::Open), AfterFailure::Again);
        tokio::time::advance(Duration::from_mins(1)).await;
    }
    assert_eq!(failed(&endpoint, Others::Failing), AfterFailure::Stop(StopReason::Unreachable), "all are out of reach");
}
