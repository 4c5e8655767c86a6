//! The behavior of a client step by step, and its verdict.

use super::*;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn manners(start: Instant) -> Manners {
    Manners::new(start, Duration::from_secs(90), &Limits::default())
}

fn rate_limited(seconds: Option<u64>) -> ErrorResponse {
    ErrorResponse::rate_limited("", seconds.map(Duration::from_secs))
}

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

#[test]
fn requests_during_a_hold_are_violations_unless_they_were_in_flight() {
    let start = Instant::now();
    let mut manners = manners(start);
    manners.refused(digest("a"), &rate_limited(Some(2)), start);
    for at in [50, 99, 100, 1999, 2000] {
        manners.arrived("req", start + millis(at));
    }
    let verdict = manners.verdict(&Ledger::default(), start);
    assert_eq!((verdict.retried_too_early.count, verdict.stampedes.count), (2, 0));
    assert_eq!(verdict.retried_too_early.examples[1].at_millis, 1999);
    assert_eq!(verdict.retried_too_early.examples[1].detail, "1 ms before the end of a retry-after");
}

#[test]
fn an_overloaded_server_holds_back_only_whom_it_refused() {
    let start = Instant::now();
    let mut manners = manners(start);
    manners.refused(
        digest("a"),
        &ErrorResponse { retry_after: Some(millis(1000)), ..ErrorResponse::overloaded() },
        start,
    );
    for (name, at) in [("b", 300), ("a", 400), ("a", 1000)] {
        manners.arrived(name, start + millis(at));
        manners.asked(digest(name), name, start + millis(at));
    }
    assert_eq!(manners.verdict(&Ledger::default(), start).retried_too_early.count, 1);
}

#[test]
fn a_hold_ends_without_a_stampede() {
    let start = Instant::now();
    let stampedes = |wait: Option<u64>, arrivals: &[u64]| {
        let mut manners = manners(start);
        // Several were refused together, as is usual with many in flight.
        for refused in 0..5 {
            manners.refused(digest("a"), &rate_limited(wait), start + millis(refused));
        }
        for at in arrivals {
            manners.arrived("req", start + millis(*at));
        }
        manners.verdict(&Ledger::default(), start).stampedes.count
    };
    assert_eq!(stampedes(Some(1), &[1004, 1010, 1020, 1030]), 1, "the third is one too many, and it is one stampede");
    assert_eq!(stampedes(Some(1), &[1300, 1301, 1302]), 1, "also by a client that rounds up");
    assert_eq!(stampedes(Some(1), &[1004, 1030, 1060, 1090]), 0, "paced");
    assert_eq!(stampedes(None, &[10, 20, 30, 40, 300, 310]), 0, "they were on the way");
    assert_eq!(stampedes(None, &[300, 310, 320]), 1);
    assert_eq!(stampedes(Some(1), &[20_000, 20_001, 20_002]), 0, "something else began");
}

#[test]
fn what_no_asking_mends_is_asked_once() {
    let start = Instant::now();
    let mut manners = manners(start);
    let spent = rate_limited(None).with_code("contract_spend_limit_reached");
    for (name, refusal) in
        [("bad", ErrorResponse::invalid("bad")), ("spent", spent), ("again", ErrorResponse::overloaded())]
    {
        manners.refused(digest(name), &refusal, start);
    }
    manners.declined(digest("declined"));
    for name in ["bad", "spent", "again", "declined", "new"] {
        manners.asked(digest(name), name, start);
    }
    let complaint = manners.verdict(&Ledger::default(), start).retried_in_vain;
    let blamed: Vec<&str> = complaint.examples.iter().map(|example| example.request_id.as_str()).collect();
    assert_eq!((complaint.count, blamed), (3, vec!["bad", "spent", "declined"]));
}

#[test]
fn a_stall_is_left_in_time() {
    let start = Instant::now();
    let mut manners = manners(start);
    for request_id in ["patient", "left", "still open"] {
        manners.stalled(request_id, start);
    }
    manners.hung_up("left", start + Duration::from_mins(1));
    manners.hung_up("patient", start + Duration::from_secs(91));
    let count = |at: u64| manners.verdict(&Ledger::default(), start + Duration::from_secs(at)).hung_on.count;
    assert_eq!((count(90), count(91)), (1, 2));
}
