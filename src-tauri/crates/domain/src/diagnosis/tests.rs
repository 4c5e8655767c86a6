use proptest::prelude::*;

use super::*;
use crate::run_state::RetryKind;

const CENT: u64 = 10_000_000_000;

fn elsewhere() -> Destination {
    Destination::Host { name: "api.anthropic.com".into(), is_on_this_machine: false }
}

/// 200 images in 100 seconds, concurrency 8, four seconds each: no finding.
fn healthy() -> Observed {
    Observed {
        mode: RunMode::Live,
        destination: elsewhere(),
        asked: 200,
        unread: 0,
        finished: 200,
        retried: vec![RetryGroup { kind: RetryKind::Overloaded, count: 4 }],
        failures: vec![failures(FailureKind::Declined, 2)],
        has_unknown_labels: false,
        coordinates: None,
        cut_short: 1,
        wall_millis: 100_000.0,
        p50_millis: 4_000.0,
        concurrency: 8,
        max_tokens: None,
        silence_millis: Some(30_000),
        waits: vec![
            wait(WaitReason::AutomaticConcurrency, 60_000.0, Some(1_000.0)),
            wait(WaitReason::Refusal, 2_000.0, None),
        ],
        usage: Usage { input_tokens: 200 * 5_000, output_tokens: 200 * 300, thinking_tokens: None, ..Usage::default() },
        paid: PicoDollars(9 * CENT),
        parts: Some(CostParts {
            answers: 200,
            images: PicoDollars(7 * CENT),
            words: PicoDollars(CENT),
            output: PicoDollars(CENT),
            image_tokens: 200 * 4_700,
            longest_edge: 2_352,
        }),
        cheaper: None,
        batch: Some(PicoDollars(9 * CENT / 2)),
    }
}

fn wait(wait_reason: WaitReason, millis: f64, limit: Option<f64>) -> Wait {
    Wait { wait_reason, millis, limit }
}

fn failures(kind: FailureKind, count: u32) -> FailureGroup {
    FailureGroup::new(kind, count, String::new(), String::new())
}

fn retried(kind: RetryKind, count: u32) -> RetryGroup {
    RetryGroup { kind, count }
}

fn only(observed: &Observed) -> Diagnosis {
    let diagnoses = diagnose(observed);
    assert_eq!(diagnoses.len(), 1, "{diagnoses:?}");
    diagnoses.into_iter().next().unwrap()
}

#[test]
fn nothing_is_said_when_all_is_well() {
    assert_eq!(diagnose(&healthy()), []);
}

#[test]
fn nothing_is_said_of_a_few_images_or_of_answers_used_again() {
    let bad = Observed { failures: vec![failures(FailureKind::FileMissing, 100)], ..healthy() };
    assert_eq!(diagnose(&bad).len(), 1);
    assert_eq!(diagnose(&Observed { asked: 9, ..bad.clone() }), []);
    assert_eq!(diagnose(&Observed { asked: 0, ..bad.clone() }), []);
    // Unreadable files are never sent, but still a finding.
    assert_eq!(diagnose(&Observed { asked: 0, unread: 100, ..bad }).len(), 1);
}

#[test]
fn another_coordinate_system_is_named_in_a_run_of_any_size() {
    let kind = FailureKind::CoordinatesAsFractions;
    let tried = Observed { asked: 2, finished: 2, failures: vec![failures(kind, 2)], ..healthy() };
    let finding = Finding::MostlyOneFailure { failure: kind, count: 2, failed: 2, finished: 2 };
    assert_eq!(only(&tried), Diagnosis { finding, changes: vec![Change::Calibrate, Change::OtherModel] });
    let outside = "none of the 2 annotations can be used: 2 x at least half of it is outside the image; the first: {}";
    let unusable = FailureGroup::new(FailureKind::AnswerUnusable, 2, outside.to_owned(), String::new());
    assert_eq!(
        only(&Observed { failures: vec![unusable], ..tried.clone() }).changes,
        [Change::Calibrate, Change::OtherModel]
    );
    // One such answer among many says nothing about the model.
    assert_eq!(diagnose(&Observed { failures: vec![failures(kind, 1)], ..healthy() }), []);
}

#[test]
fn limits_that_held_a_run_back_are_told_with_their_number() {
    let waits = vec![
        wait(WaitReason::ServerRequests, 60_000.0, Some(58.2)),
        wait(WaitReason::Refusal, 20_000.0, Some(60.0)),
        wait(WaitReason::OwnConcurrency, 5_000.0, Some(60.0)),
    ];
    let many = vec![retried(RetryKind::RateLimited, 30)];
    let diagnosis = only(&Observed { waits: waits.clone(), retried: many, ..healthy() });
    let limit = Some(MetLimit { unit: LimitUnit::RequestsPerMinute, count: 58 });
    assert_eq!(
        diagnosis.finding,
        Finding::RateLimited { refusals: 30, overloads: 0, held_millis: 80_000.0, share: 0.8, limit },
        "refusals are no retries"
    );
    let batch = Change::UseBatch { cost: PicoDollars(9 * CENT / 2) };
    assert_eq!(diagnosis.changes, [Change::AddEndpoint, batch.clone(), Change::LimitRequests { per_minute: 58 }]);
    // A few refusals are part of learning a limit.
    let few = only(&Observed { waits, ..healthy() });
    assert_eq!(few.changes, [Change::AddEndpoint, batch]);
}

#[test]
fn a_server_that_takes_few_at_once_is_asked_so_many() {
    let waits = vec![wait(WaitReason::ServerConcurrency, 70_000.0, Some(3.0))];
    let diagnosis = only(&Observed { waits, ..healthy() });
    assert_eq!(diagnosis.changes[0], Change::LowerConcurrency { to: 3 });
}

#[test]
fn overloads_are_counted_where_they_are_what_taught_the_limit() {
    let waits = vec![wait(WaitReason::ServerConcurrency, 70_000.0, Some(8.0))];
    let overloaded = only(&Observed { waits, retried: vec![retried(RetryKind::Overloaded, 11)], ..healthy() });
    let Finding::RateLimited { refusals: 0, overloads: 11, .. } = overloaded.finding else { panic!("{overloaded:?}") };
}

#[test]
fn many_retries_are_told_by_what_caused_most() {
    let with = |kind, count| only(&Observed { retried: vec![retried(kind, count)], ..healthy() });
    let lost = with(RetryKind::ConnectionLost, 21);
    let by_kind = vec![retried(RetryKind::ConnectionLost, 21)];
    assert_eq!(lost.finding, Finding::RetriesHigh { repeated: 21, asked: 200, by_kind });
    assert_eq!(lost.changes, [Change::CheckNetwork]);
    assert_eq!(with(RetryKind::TimedOut, 21).changes, [Change::LowerConcurrency { to: 4 }, Change::CheckNetwork]);
    assert_eq!(with(RetryKind::Overloaded, 21).changes[0], Change::LowerConcurrency { to: 4 });
    assert_eq!(with(RetryKind::TooLarge, 21).changes, [Change::SmallerPhotos]);
    let one_in_ten = Observed { retried: vec![retried(RetryKind::ConnectionLost, 20)], ..healthy() };
    assert_eq!(diagnose(&one_in_ten), []);
    let here = Destination::Host { name: "127.0.0.1:8000".into(), is_on_this_machine: true };
    let retried = vec![retried(RetryKind::ConnectionLost, 21)];
    let here = Observed { destination: here, batch: None, retried, ..healthy() };
    assert_eq!(only(&here).changes, [Change::CheckServer], "no network is in the way of a server on this machine");
}

#[test]
fn connections_that_are_reset_say_nothing_about_the_photos() {
    // A quarter of the requests, each retried after a pause: far below the possible rate, without a wait.
    let reset = Observed {
        retried: vec![retried(RetryKind::ConnectionLost, 50)],
        wall_millis: 400_000.0,
        waits: Vec::new(),
        ..healthy()
    };
    assert_eq!(only(&reset).changes, [Change::CheckNetwork]);
}

#[test]
fn a_batch_that_expired_is_a_matter_of_neither_the_model_nor_the_network() {
    let expired = Observed {
        mode: RunMode::Batch,
        retried: vec![retried(RetryKind::Expired, 80)],
        failures: vec![failures(FailureKind::Expired, 40)],
        concurrency: 200,
        batch: None,
        ..healthy()
    };
    assert_eq!(only(&expired).changes, [Change::RunLive]);
    // As recorded by earlier versions.
    let past = Observed {
        retried: vec![retried(RetryKind::TimedOut, 80)],
        failures: vec![failures(FailureKind::ModelFailed, 40)],
        ..expired.clone()
    };
    assert_eq!(only(&past).changes, [Change::RunLive]);
    let errored = Observed { retried: vec![retried(RetryKind::ServerFailed, 80)], failures: Vec::new(), ..expired };
    assert_eq!(only(&errored).changes, [Change::RunLive], "fewer at once is not for a batch");
}

#[test]
fn images_that_stayed_unanswered_are_told_by_what_their_retries_were_for() {
    let unanswered = |kind| Observed {
        retried: vec![retried(RetryKind::RateLimited, 90), retried(kind, 60)],
        failures: vec![failures(FailureKind::ModelFailed, 30)],
        ..healthy()
    };
    assert_eq!(only(&unanswered(RetryKind::ConnectionLost)).changes, [Change::CheckNetwork]);
    let batch = Change::UseBatch { cost: PicoDollars(9 * CENT / 2) };
    let overloaded = only(&unanswered(RetryKind::Overloaded)).changes;
    assert_eq!(overloaded, [Change::LowerConcurrency { to: 4 }, batch, Change::OtherModel]);
    let concurrency =
        Observed { retried: Vec::new(), failures: vec![failures(FailureKind::ModelFailed, 30)], ..healthy() };
    assert_eq!(only(&concurrency).changes, [Change::OtherModel]);
    let refused = |retried| Observed { retried, failures: vec![failures(FailureKind::Refused, 30)], ..healthy() };
    assert_eq!(only(&refused(vec![retried(RetryKind::TooLarge, 5)])).changes, [Change::SmallerPhotos]);
    assert_eq!(only(&refused(Vec::new())).changes, [Change::OtherModel], "not for its size");
}

#[test]
fn a_server_out_of_reach_is_the_network_s_and_one_with_too_much_to_do_is_not() {
    let away = only(&Observed { waits: vec![wait(WaitReason::Unreachable, 30_000.0, None)], ..healthy() });
    assert_eq!(away.finding, Finding::ServerAway { away_millis: 30_000.0, share: 0.3 });
    assert_eq!(away.changes, [Change::CheckNetwork]);
    let server_failing = only(&Observed { waits: vec![wait(WaitReason::ServerFailing, 30_000.0, None)], ..healthy() });
    assert_eq!(server_failing.changes[0], Change::LowerConcurrency { to: 4 });
}

#[test]
fn places_of_one_s_own_are_told_only_where_the_server_would_take_more() {
    let full = |limit| vec![wait(WaitReason::OwnConcurrency, 90_000.0, limit)];
    let two = Observed { concurrency: 2, asked: 50, finished: 50, retried: Vec::new(), ..healthy() };
    // 50 images in 100 s; 300 a minute are five a second, with 4 s each 20 at once.
    let told = only(&Observed { waits: full(Some(300.0)), ..two.clone() });
    let finding =
        Finding::SlowedByConcurrency { concurrency: 2, share: 0.9, images_per_second: 0.5, possible: Some(5.0) };
    assert_eq!((told.finding, told.changes), (finding, vec![Change::RaiseConcurrency { to: Some(20) }]));
    let open = only(&Observed { waits: full(None), ..two.clone() });
    assert_eq!(open.changes, [Change::RaiseConcurrency { to: None }]);
    // 40 a minute is hardly more than there was.
    assert_eq!(diagnose(&Observed { waits: full(Some(40.0)), ..two.clone() }), []);
    let refused =
        Observed { waits: full(Some(300.0)), retried: vec![retried(RetryKind::Overloaded, 1)], ..two.clone() };
    assert_eq!(diagnose(&refused), [], "more at once is not for a server that has had enough");
    assert_eq!(diagnose(&Observed { waits: full(Some(300.0)), wall_millis: 5_000.0, ..two }), []);
}

#[test]
fn a_limit_of_one_s_own_is_told_with_its_number() {
    let waits = vec![wait(WaitReason::OwnRequests, 50_000.0, Some(120.0))];
    let told = only(&Observed { waits, ..healthy() });
    let limit = Some(MetLimit { unit: LimitUnit::RequestsPerMinute, count: 120 });
    assert_eq!(
        told,
        Diagnosis { finding: Finding::SlowedByOwnLimit { share: 0.5, limit }, changes: vec![Change::RaiseOwnLimit] }
    );
}

#[test]
fn a_server_that_waited_for_pictures_is_told_where_that_was_measured() {
    let starved = |millis| Observed { waits: vec![wait(WaitReason::Preparing, millis, None)], ..healthy() };
    let finding = Finding::SlowedByPreparing { images_per_second: 2.0, share: 0.6 };
    let told = only(&starved(60_000.0));
    assert_eq!((told.finding, told.changes), (finding, vec![Change::SmallerPhotos]));
    assert_eq!(diagnose(&starved(30_000.0)), []);
    assert_eq!(
        diagnose(&Observed { p50_millis: 1_000.0, ..starved(0.0) }),
        [],
        "far below what is possible is not why"
    );
}

#[test]
fn failures_of_one_kind_are_told_with_what_they_call_for() {
    let failed = |groups| Observed { failures: groups, ..healthy() };
    let told = only(&failed(vec![failures(FailureKind::Declined, 8), failures(FailureKind::FileMissing, 40)]));
    let finding = Finding::MostlyOneFailure { failure: FailureKind::FileMissing, count: 40, failed: 48, finished: 200 };
    assert_eq!((told.finding, told.changes), (finding, vec![Change::CheckPhotos]));
    assert_eq!(
        diagnose(&failed(vec![failures(FailureKind::Declined, 20), failures(FailureKind::FileMissing, 20)])),
        []
    );
}

#[test]
fn answers_that_stay_too_long_ask_for_more_room_or_less_to_say() {
    let cut_short = Observed { cut_short: 30, ..healthy() };
    let told = |observed: &Observed| {
        let Diagnosis { finding, changes } = only(observed);
        let Finding::AnswersCutShort { count: 30, room, .. } = finding else { panic!("{finding:?}") };
        (room, changes)
    };
    let again = Observed { retried: vec![retried(RetryKind::CutShort, 20)], ..cut_short.clone() };
    assert_eq!(told(&again), (OutputLimit::More, vec![Change::SmallerRecipe]));
    let limited = Observed { max_tokens: Some(600), ..cut_short.clone() };
    let more = Change::RaiseMaxTokens { than: Some(600) };
    assert_eq!(told(&limited), (OutputLimit::OwnMaximum { tokens: 600 }, vec![more, Change::SmallerRecipe]));
    // In batches nothing is requested again with a higher maximum.
    let batch = Observed { mode: RunMode::Batch, ..cut_short.clone() };
    assert_eq!(told(&batch), (OutputLimit::Usual, vec![Change::RaiseMaxTokens { than: None }, Change::SmallerRecipe]));
    assert_eq!(told(&cut_short), (OutputLimit::Usual, vec![Change::SmallerRecipe]), "the limit that it met is gone");
}

#[test]
fn answers_that_are_mostly_asked_for_twice_get_room_from_the_beginning() {
    let twice = Observed { retried: vec![retried(RetryKind::CutShort, 40)], ..healthy() };
    assert_eq!(only(&twice).changes, [Change::RaiseMaxTokens { than: None }, Change::SmallerRecipe]);
    // Already done since.
    assert_eq!(only(&Observed { max_tokens: Some(9_000), ..twice }).changes, [Change::SmallerRecipe]);
}

#[test]
fn an_idle_timeout_far_from_the_time_of_an_image_is_reported() {
    let timed_out = |p50_millis, silence_millis| {
        let retried = vec![retried(RetryKind::TimedOut, 21)];
        only(&Observed { retried, p50_millis, silence_millis, ..healthy() }).changes
    };
    let (fewer, network) = (Change::LowerConcurrency { to: 4 }, Change::CheckNetwork);
    let longer = Change::LongerIdleTimeout { to_millis: 50_000 };
    assert_eq!(timed_out(11_000.0, Some(20_000)), [longer, fewer.clone(), network.clone()]);
    assert_eq!(timed_out(11_000.0, Some(60_000)), [fewer.clone(), network.clone()]);
    let shorter = |to_millis| Change::ShorterIdleTimeout { to_millis };
    assert_eq!(timed_out(11_000.0, Some(100_000)), [fewer.clone(), network.clone(), shorter(50_000)]);
    // A second is too short for a server to begin, however short answers are.
    assert_eq!(timed_out(3_000.0, Some(60_000)), [fewer.clone(), network.clone(), shorter(20_000)]);
    assert_eq!(timed_out(3_000.0, Some(30_000)), [fewer.clone(), network.clone()]);
    assert_eq!(timed_out(11_000.0, None), [fewer, network]);
}

#[test]
fn long_pauses_in_a_run_are_reported() {
    let paused = |pause, p50_millis, retried| Observed {
        waits: vec![
            wait(WaitReason::OwnPause, 40_000.0, Some(pause)),
            wait(WaitReason::OwnConcurrency, 40_000.0, None),
        ],
        p50_millis,
        retried,
        ..healthy()
    };
    let told = only(&paused(200.0, 300.0, Vec::new()));
    assert_eq!(told.finding, Finding::SlowedByPause { pause_millis: 200, share: 0.4 });
    assert_eq!(told.changes, [Change::NoPause]);
    assert_eq!(diagnose(&paused(200.0, 4_000.0, Vec::new())), [], "hardly faster without it");
    assert_eq!(diagnose(&paused(200.0, 300.0, vec![retried(RetryKind::RateLimited, 1)])), [], "it may be needed");
}

#[test]
fn the_main_part_of_a_cost_is_told_with_what_would_be_cheaper() {
    let healthy = healthy();
    let parts = healthy.parts.unwrap();
    let cheaper = CheaperModel { name: "Claude Haiku 5.5".into(), cost: PicoDollars(5 * CENT) };
    let dear = Observed { paid: PicoDollars(90 * CENT), cheaper: Some(cheaper), ..healthy };
    let images = only(&dear);
    let Finding::CostByImages { share, image_tokens: 4_700, longest_edge: 2_352, .. } = images.finding else {
        panic!("{images:?}")
    };
    assert!((share - 7.0 / 9.0).abs() < 1e-9);
    assert_eq!(
        images.changes[0],
        Change::CheaperModel { name: "Claude Haiku 5.5".into(), cost: PicoDollars(5 * CENT) }
    );

    let wordy = CostParts { output: PicoDollars(30 * CENT), ..parts };
    let usage = Usage { thinking_tokens: Some(200 * 150), ..dear.usage };
    let output = only(&Observed { parts: Some(wordy), usage, ..dear.clone() });
    let Finding::CostByOutput { answer_tokens: 300, thinking_share, .. } = output.finding else { panic!("{output:?}") };
    assert!((thinking_share - 0.5).abs() < 1e-9);
    assert_eq!(output.changes.last(), Some(&Change::SmallerRecipe));

    let hardly = CheaperModel { name: "Another".into(), cost: PicoDollars(80 * CENT) };
    let told = only(&Observed { cheaper: Some(hardly), ..dear.clone() });
    assert!(!told.changes.iter().any(|change| change.setting() == Setting::Model), "{told:?}");
    assert_eq!(diagnose(&Observed { batch: None, cheaper: None, mode: RunMode::Batch, ..dear }), []);
}

prop_compose! {
    fn waits()(
        wait_reasons in proptest::sample::subsequence(
            vec![
                WaitReason::OwnConcurrency, WaitReason::OwnRequests, WaitReason::OwnTokens, WaitReason::OwnPause, WaitReason::AutomaticConcurrency,
                WaitReason::ServerConcurrency, WaitReason::ServerRequests, WaitReason::ServerTokens, WaitReason::Refusal,
                WaitReason::ServerFailing, WaitReason::Unreachable, WaitReason::Preparing,
            ],
            0..=12,
        ),
        figures in proptest::collection::vec((0.0..1e6, proptest::option::of(0.0..5_000.0)), 12),
    ) -> Vec<Wait> {
        wait_reasons.into_iter().zip(figures).map(|(wait_reason, (millis, limit))| wait(wait_reason, millis, limit)).collect()
    }
}

fn retry_groups() -> impl Strategy<Value = Vec<RetryGroup>> {
    let kinds = vec![
        RetryKind::RateLimited,
        RetryKind::Overloaded,
        RetryKind::ServerFailed,
        RetryKind::ConnectionLost,
        RetryKind::AnswerUnreadable,
        RetryKind::TimedOut,
        RetryKind::Expired,
        RetryKind::Unreachable,
        RetryKind::TooLarge,
        RetryKind::CutShort,
    ];
    (proptest::sample::subsequence(kinds, 0..=10), proptest::collection::vec(0_u32..500, 10))
        .prop_map(|(kinds, counts)| kinds.into_iter().zip(counts).map(|(kind, count)| retried(kind, count)).collect())
}

fn failure_groups() -> impl Strategy<Value = Vec<FailureGroup>> {
    let (kinds, count) = (FailureKind::ALL.to_vec(), FailureKind::ALL.len());
    (proptest::sample::subsequence(kinds, 0..=count), proptest::collection::vec(0_u32..500, count))
        .prop_map(|(kinds, counts)| kinds.into_iter().zip(counts).map(|(kind, count)| failures(kind, count)).collect())
}

prop_compose! {
    fn observed()(
        (is_live, is_elsewhere, asked, unread, finished, concurrency, cut_short) in
            (any::<bool>(), any::<bool>(), 0_u32..1_000, 0_u32..100, 0_u32..1_000, 0_u32..100, 0_u32..1_000),
        (retried, failures, waits) in (retry_groups(), failure_groups(), waits()),
        (max_tokens, silence_millis) in
            (proptest::option::of(64_u32..128_000), proptest::option::of(1_000_u32..3_600_000)),
        (wall_millis, p50_millis) in (prop_oneof![Just(0.0), 0.0..1e6], prop_oneof![Just(0.0), 0.0..1e5]),
        (paid, cheaper, batch) in
            (0..200 * CENT, proptest::option::of(0..200 * CENT), proptest::option::of(0..200 * CENT)),
        parts in proptest::option::of((0_u32..100, 0..50 * CENT, 0..50 * CENT, 0..50 * CENT)),
        (output_tokens, thinking_tokens) in (0_u64..100_000, proptest::option::of(0_u64..200_000)),
    ) -> Observed {
        Observed {
            mode: if is_live { RunMode::Live } else { RunMode::Batch },
            destination: if is_elsewhere { elsewhere() } else { Destination::ThisMachine },
            asked, unread, finished, retried, failures, cut_short, wall_millis, p50_millis, concurrency, max_tokens,
            silence_millis, waits,
            has_unknown_labels: is_live,
            coordinates: None,
            usage: Usage { output_tokens, thinking_tokens, ..Usage::default() },
            paid: PicoDollars(paid),
            parts: parts.map(|(answers, images, words, output)| CostParts {
                answers,
                images: PicoDollars(images),
                words: PicoDollars(words),
                output: PicoDollars(output),
                image_tokens: 1,
                longest_edge: 1,
            }),
            cheaper: cheaper.map(|cost| CheaperModel { name: "m".into(), cost: PicoDollars(cost) }),
            batch: batch.map(PicoDollars),
        }
    }
}

/// All figures of a finding that are not counts.
fn figures(finding: &Finding) -> Vec<f64> {
    match finding {
        Finding::RateLimited { held_millis: millis, share, .. }
        | Finding::ServerAway { away_millis: millis, share } => {
            vec![*millis, *share]
        }
        Finding::AnswersCutShort { share, .. }
        | Finding::SlowedByOwnLimit { share, .. }
        | Finding::SlowedByPause { share, .. }
        | Finding::CostByImages { share, .. } => vec![*share],
        Finding::SlowedByConcurrency { share, images_per_second, possible, .. } => {
            vec![*share, *images_per_second, possible.unwrap_or_default()]
        }
        Finding::SlowedByPreparing { images_per_second, share } => vec![*images_per_second, *share],
        Finding::CostByOutput { share, thinking_share, .. } => vec![*share, *thinking_share],
        Finding::RetriesHigh { .. } | Finding::MostlyOneFailure { .. } | Finding::CoordinatesSuspected { .. } => {
            Vec::new()
        }
    }
}

proptest! {
    #[test]
    fn figures_are_numbers_and_no_setting_is_advised_twice(observed in observed()) {
        let diagnoses = diagnose(&observed);
        let mut settings = Vec::new();
        for Diagnosis { finding, changes } in &diagnoses {
            prop_assert!(figures(finding).into_iter().all(|figure| figure.is_finite() && figure >= 0.0), "{finding:?}");
            prop_assert!(!changes.is_empty(), "{finding:?}");
            for change in changes {
                prop_assert!(!settings.contains(&change.setting()), "{diagnoses:?}");
                settings.push(change.setting());
                if let Change::LowerConcurrency { to } = change {
                    prop_assert!((1..observed.concurrency).contains(to), "{change:?} of {}", observed.concurrency);
                }
                if let Change::LongerIdleTimeout { to_millis } = change {
                    prop_assert!(observed.silence_millis.is_some_and(|allowed| allowed < *to_millis));
                }
                if let Change::ShorterIdleTimeout { to_millis } = change {
                    prop_assert!(observed.silence_millis.is_some_and(|allowed| allowed > *to_millis));
                }
                if let Change::RaiseConcurrency { to: Some(to) } = change {
                    prop_assert!(*to > observed.concurrency);
                }
            }
        }
        if observed.destination == Destination::ThisMachine {
            prop_assert!(!settings.contains(&Setting::Network), "{diagnoses:?}");
        }
    }
}
