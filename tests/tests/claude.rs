//! Claude through the real client, over HTTP, against the simulator: where annotations land, what is paid, what failures do. A
//! result against the simulator says nothing about the vendor's accuracy, speed or availability.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use domain::connection::{ConnectionCheck, KeyPlace};
use domain::geometry::PixelSize;
use domain::model::{ModelId, Unavailable};
use domain::money::PicoDollars;
use domain::plan::{AnswerBasis, ImageSelection, ResumeRequest, RunRequest};
use domain::report::ReportLanguage;
use domain::run::RetryGroup;
use domain::run_state::{FailureKind, RetryKind, RunState, StopReason};
use fieldmark_tests::bench::{Bench, COMPLETED, person, resume};
use fieldmark_tests::pictures::{LABELS, drawing, largest_drift, write_png};
use fieldmark_tests::{binary, oriented_jpeg, repository};
use image::DynamicImage;
use simulator::{Fault, Latency, Options, Running, Simulator};

const HIGH_TIER: &str = "claude-sonnet-5-5";
const STANDARD_TIER: &str = "claude-sonnet-4-6";
const KEY: &str = "sk-planted-0123456789-abcdefghij";

async fn simulate() -> Running {
    Simulator::start(Options::default()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn annotations_land_within_a_sent_pixel_whatever_the_shape_and_size() {
    let server = simulate().await;
    let sizes = [(3000, 2000), (2000, 3000), (200, 150), (8660, 5774), (8000, 1000), (1000, 8000), (1456, 819)];
    let bench = Bench::at(&server.url(), KEY);
    let drawings = sizes.map(|(width, height)| {
        let (picture, drawn) = drawing(width, height);
        write_png(&picture, &bench.photos().join(format!("{width}x{height}.png")));
        (PixelSize::new(width, height), drawn)
    });
    bench.library.imports.run(&[bench.photos()]).unwrap();
    // The vendor's limits, stated here independently: long edge, and tokens of 28 x 28 pixels.
    for (model, edge, tokens) in [(STANDARD_TIER, 1568.0, 1568.0), (HIGH_TIER, 2576.0, 4784.0)] {
        let run = bench.look_for(LABELS, model).await;
        assert_eq!(bench.end_of(run).await, COMPLETED);
        for card in bench.cards() {
            let (size, drawn) = drawings.iter().find(|(size, _)| *size == card.size).unwrap();
            let (width, height) = (f64::from(size.width), f64::from(size.height));
            let by_tokens = (tokens * 28.0 * 28.0 / (width * height)).sqrt();
            // Rounding to whole patches stays a little below the limits.
            let scale = (edge / width.max(height)).min(by_tokens).min(1.0) * 0.985;
            let drift = largest_drift(&card, drawn);
            assert!(drift <= 1.0 / scale, "{model}, {size:?}: {drift:.2} image pixels at scale {scale:.3}");
        }
        bench.library.runs.undo(run).await.unwrap();
    }
    // The server resized nothing and refused nothing.
    assert_eq!(server.ledger().refused, []);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn annotations_land_in_every_exif_orientation() {
    let server = simulate().await;
    let bench = Bench::at(&server.url(), KEY);
    let (picture, drawn) = drawing(1800, 1200);
    for orientation in 1..=8 {
        let stored = oriented_jpeg(&DynamicImage::from(picture.clone()), orientation);
        fs::write(bench.photos().join(format!("{orientation}.jpg")), stored).unwrap();
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
    for model in [STANDARD_TIER, HIGH_TIER] {
        let run = bench.look_for(LABELS, model).await;
        assert_eq!(bench.end_of(run).await, COMPLETED);
        assert_eq!(bench.cards().len(), 8);
        for card in bench.cards() {
            assert_eq!(card.size, PixelSize::new(1800, 1200), "{} is upright", card.name);
            let scale = if model == HIGH_TIER { 1.0 } else { 1344.0 / 1800.0 };
            let drift = largest_drift(&card, &drawn);
            assert!(drift <= 1.0 / scale, "{model}, {}: {drift:.2} pixels", card.name);
        }
        bench.library.runs.undo(run).await.unwrap();
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_is_what_was_billed_and_the_next_quote_learns_from_it() {
    let server = simulate().await;
    let bench = Bench::with_pictures(&server.url(), KEY, 6);
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap();
    let place = bench.library.recipes.all().unwrap().iter().position(|saved| saved.id == recipe.id).unwrap();
    let quoted = |place| bench.quote(place).models.into_iter().find(|row| row.model.id.0 == HIGH_TIER).unwrap();
    let before = quoted(place);
    let (cost, basis) = (before.cost.unwrap(), before.cost_basis.unwrap());
    assert!(matches!(basis.answer_basis, AnswerBasis::Assumed { .. }));
    // 320 to 325 x 240 pixels: 12 x 9 patches each.
    assert_eq!(basis.image_tokens, 6 * 12 * 9);
    assert_eq!((before.time, before.unavailable), (None, None));

    let run = bench.look_for(LABELS, HIGH_TIER).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let summary = bench.library.history.run(run).unwrap();
    assert_eq!(summary.paid, PicoDollars(server.ledger().total_pico_dollars()));
    assert_eq!(summary.quoted, Some(cost));
    assert!(summary.paid <= cost.at_most && summary.paid > PicoDollars::ZERO);
    let billed = server.ledger().billed;
    assert_eq!(billed.len(), 6);
    assert_eq!(summary.usage.output_tokens, billed.iter().map(|entry| entry.usage.output_tokens).sum::<u64>());

    // One image is new: the others are paid for.
    write_png(&drawing(330, 240).0, &bench.photos().join("one more.png"));
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let after = quoted(place);
    let basis = after.cost_basis.unwrap();
    assert_eq!((after.answered_before, basis.image_tokens), (6, 12 * 9));
    assert_eq!(basis.answer_basis, AnswerBasis::EarlierAnswers { images: 6, requests: 6, checks: 0 });
    // Six images outweigh what was assumed before, which is longer.
    let measured = (summary.usage.output_tokens + 3) / 6;
    assert!((measured..=measured * 105 / 100).contains(&basis.answer_tokens), "{basis:?}, measured {measured}");
    assert!(after.time.is_some());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transient_failures_are_retried_and_cost_nothing_twice() {
    let server = simulate().await;
    let bench = Bench::with_pictures(&server.url(), KEY, 5);
    server.script([
        Fault::Overloaded,
        Fault::RateLimited { retry_after_seconds: Some(1) },
        Fault::InternalError,
        Fault::TooLarge,
        Fault::Broken { after_events: 4 },
    ]);
    let run = bench.look_for(LABELS, HIGH_TIER).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let report = bench.library.insight.report(run).unwrap();
    assert_eq!((report.summary.done, report.summary.failed), (5, 0));
    let mut retried = report.retried;
    retried.sort_by_key(|group| group.kind);
    let once = |kind| RetryGroup { kind, count: 1 };
    assert_eq!(
        retried,
        [
            once(RetryKind::RateLimited),
            once(RetryKind::Overloaded),
            once(RetryKind::ServerFailed),
            once(RetryKind::ConnectionLost),
            once(RetryKind::TooLarge)
        ]
    );
    // The server billed the broken answer; the run reports it as possibly billed, with its maximum cost.
    let ledger = server.ledger();
    assert_eq!((ledger.billed.len(), report.summary.possibly_billed.count), (6, 1));
    let total = PicoDollars(ledger.total_pico_dollars());
    assert!(report.summary.paid < total && total <= report.summary.paid + report.summary.possibly_billed.at_most);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_none_fail_their_image_alone() {
    let server = simulate().await;
    let bench = Bench::with_pictures(&server.url(), KEY, 4);
    server.script([Fault::Refusal, Fault::WrongJson, Fault::MaxTokens]);
    let run = bench.look_for(LABELS, HIGH_TIER).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let report = bench.library.insight.report(run).unwrap();
    let mut kinds: Vec<_> = report.failures.iter().map(|group| (group.kind, group.count)).collect();
    kinds.sort();
    assert_eq!(kinds, [(FailureKind::Declined, 1), (FailureKind::AnswerUnreadable, 1)]);
    // A cut-off answer is requested once more with a higher limit.
    assert_eq!((report.summary.done, report.summary.cut_short), (2, 0));
    assert_eq!(report.retried, [RetryGroup { kind: RetryKind::CutShort, count: 1 }]);
    assert_eq!((report.summary.annotation_count, server.ledger().billed.len()), (10, 5));
    assert_eq!(report.summary.paid, PicoDollars(server.ledger().total_pico_dollars()));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_concerns_every_image_stops_the_run_and_loses_none() {
    let cases = [
        (simulator::WRONG_KEY, None, StopReason::KeyRejected),
        (simulator::NO_CREDIT_KEY, None, StopReason::NoCredit),
        (simulator::FORBIDDEN_KEY, None, StopReason::NotPermitted),
        (KEY, Some(Fault::SpendLimit), StopReason::SpendLimit),
        (KEY, Some(Fault::UsageLimit), StopReason::SpendLimit),
    ];
    for (key, fault, reason) in cases {
        let server = simulate().await;
        let bench = Bench::with_pictures(&server.url(), KEY, 6);
        // The same folder of pictures, annotated with this key.
        let bench = Bench {
            library: engine::Library::open(
                &bench.folder.path().join("library/library.sqlite"),
                person(&bench.folder, &[("ANTHROPIC_BASE_URL", &server.url()), ("ANTHROPIC_API_KEY", key)]),
            )
            .unwrap(),
            folder: bench.folder,
        };
        server.script(fault.clone());
        let run = bench.look_for(LABELS, HIGH_TIER).await;
        assert_eq!(bench.end_of(run).await, RunState::Stopped { reason });
        let summary = bench.library.history.run(run).unwrap();
        assert_eq!((summary.failed, summary.done + summary.waiting), (0, 6), "{reason:?}: none is lost");
        assert!(summary.stop_detail.as_ref().is_some_and(|detail| !detail.contains(key)), "{summary:?}");
        if fault.is_some() {
            bench.library.runs.resume(resume(run)).await.unwrap();
            assert_eq!(bench.end_of(run).await, COMPLETED);
            assert_eq!(bench.library.history.run(run).unwrap().done, 6);
        }
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_drops_stops_the_run_until_it_is_back() {
    let server = simulate().await;
    let (address, url) = (server.address(), server.url());
    let bench = Bench::with_pictures(&server.url(), KEY, 5);
    server.stop().await;
    let run = bench.look_for(LABELS, HIGH_TIER).await;
    let mut progress = bench.library.runs.progress(run).unwrap();
    let held = progress.wait_for(|snapshot| snapshot.hold.is_some()).await.unwrap().hold.clone().unwrap();
    assert_eq!(held.kind, RetryKind::Unreachable);
    assert_eq!(bench.end_of(run).await, RunState::Stopped { reason: StopReason::Unreachable });
    let summary = bench.library.history.run(run).unwrap();
    assert_eq!((summary.waiting, summary.failed, summary.possibly_billed.count), (5, 0, 0));

    let server = Simulator::start(Options { port: address.port(), ..Options::default() }).await.unwrap();
    assert_eq!(server.url(), url);
    bench.library.runs.resume(resume(run)).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    assert_eq!(server.ledger().billed.len(), 5);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_holds_and_can_be_raised() {
    let server = simulate().await;
    let bench = Bench::with_pictures(&server.url(), KEY, 12);
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap();
    let place = bench.library.recipes.all().unwrap().iter().position(|saved| saved.id == recipe.id).unwrap();
    let row = bench.quote(place).models.into_iter().find(|row| row.model.id.0 == HIGH_TIER).unwrap();
    let (expected, dearest) = (row.cost.unwrap().expected, row.cost_basis.unwrap().dearest_request);
    let request = |budget| RunRequest {
        budget: Some(budget),
        ..RunRequest::of(ImageSelection::All, recipe.id, ModelId(HIGH_TIER.into()))
    };
    let refused = bench.library.runs.start(&request(PicoDollars(dearest.0 - 1))).await.unwrap_err();
    assert!(matches!(refused, engine::EngineError::BudgetTooSmall { .. }), "{refused}");

    // The budget allows one worst case and a few real answers, some of which are lost.
    let cap = dearest + dearest + PicoDollars(expected.0 / 4);
    server.script([Fault::Broken { after_events: 5 }, Fault::Overloaded]);
    let run = bench.library.runs.start(&request(cap)).await.unwrap();
    assert_eq!(bench.end_of(run).await, RunState::Stopped { reason: StopReason::BudgetReached });
    let summary = bench.library.history.run(run).unwrap();
    let billed = PicoDollars(server.ledger().total_pico_dollars());
    assert!(billed <= cap && summary.paid + summary.possibly_billed.at_most <= cap, "{billed:?} of {cap:?}");
    assert!(summary.done > 0 && summary.waiting > 0 && summary.failed == 0, "{summary:?}");

    let raised = cap + dearest + expected + expected;
    bench.library.runs.resume(ResumeRequest { budget: Some(raised), ..resume(run) }).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    assert_eq!(bench.library.history.run(run).unwrap().done, 12);
    assert!(PicoDollars(server.ledger().total_pico_dollars()) <= raised);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pausing_does_not_wait_for_a_held_route() {
    let server = simulate().await;
    let bench = Bench::with_pictures(&server.url(), KEY, 3);
    server.script([Fault::RateLimited { retry_after_seconds: Some(600) }]);
    let run = bench.look_for(LABELS, HIGH_TIER).await;
    let mut progress = bench.library.runs.progress(run).unwrap();
    progress.wait_for(|snapshot| snapshot.hold.is_some()).await.unwrap();
    bench.library.runs.pause(run);
    assert_eq!(bench.end_of(run).await, RunState::Stopped { reason: StopReason::Paused });
    let summary = bench.library.history.run(run).unwrap();
    assert_eq!((summary.failed, summary.done + summary.waiting), (0, 3));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_a_key_or_consent_or_through_the_lock() {
    let bench = Bench::among(&[("ANTHROPIC_BASE_URL", "https://gateway.example/anthropic")]);
    let (picture, _) = drawing(320, 240);
    write_png(&picture, &bench.photos().join("1.png"));
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let unavailable = || bench.quote(0).models.into_iter().find(|row| row.model.id.0 == HIGH_TIER).unwrap().unavailable;
    assert_eq!(
        unavailable(),
        Some(Unavailable::NoKey { host: "gateway.example".into(), variable: Some("ANTHROPIC_API_KEY".into()) })
    );
    assert_eq!(bench.library.connections.check("anthropic").await.unwrap(), ConnectionCheck::NoKey);

    let overview = bench.library.connections.keep_key("anthropic", None, &format!(" {KEY}\n").into()).unwrap();
    let connection = &overview.connections[0];
    assert_eq!((connection.host.as_str(), connection.key), ("gateway.example", Some(KeyPlace::Session)));
    assert!(overview.keychain_problem.is_some());
    assert_eq!(unavailable(), None);
    let recipe = bench.library.recipes.all().unwrap()[0].id;
    let model = ModelId(HIGH_TIER.into());
    let request = RunRequest::of(ImageSelection::All, recipe, model);
    let refused = bench.library.runs.start(&request).await.unwrap_err();
    assert!(matches!(refused, engine::EngineError::NotAgreed { host } if host == "gateway.example"));

    let mut settings = bench.library.settings.stated().unwrap();
    settings.is_local_only = true;
    bench.library.settings.replace(&settings).unwrap();
    assert_eq!(unavailable(), Some(Unavailable::LocalOnly));
    assert_eq!(bench.library.connections.check("anthropic").await.unwrap(), ConnectionCheck::LocalOnly);
    assert_eq!(bench.library.connections.forget_key("anthropic", None).unwrap().connections[0].key, None);
    assert_eq!(bench.library.history.runs().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_found_nowhere() {
    let server = simulate().await;
    let bench = Bench::among(&[("ANTHROPIC_BASE_URL", &server.url())]);
    bench.library.settings.agree_to(&server.address().to_string()).unwrap();
    let connection = bench.library.connections.keep_key("anthropic", None, &KEY.to_owned().into()).unwrap();
    fs::copy(repository("samples").join("chelsea.jpg"), bench.photos().join("cat.jpg")).unwrap();
    bench.library.imports.run(&[bench.photos()]).unwrap();
    // An answer, a refusal that may quote the key, a broken connection.
    server.script([Fault::InternalError, Fault::Broken { after_events: 3 }, Fault::WrongJson]);
    let run = bench.look_for("cat", HIGH_TIER).await;
    let state = bench.end_of(run).await;
    let report = bench.library.insight.report(run).unwrap();
    let export = bench.folder.path().join("export");
    bench
        .library
        .insight
        .write_page(&bench.library.insight.report(run).unwrap(), &[], ReportLanguage::En, &export)
        .unwrap();
    let check = bench.library.connections.check("anthropic").await.unwrap();
    let said =
        format!("{connection:?} {state:?} {report:?} {check:?} {:?}", bench.library.insight.classic_metrics(run));
    assert!(!said.contains("planted"), "{said}");
    let files = files_under(bench.folder.path());
    assert!(files.iter().any(|file| file.ends_with("library.sqlite")) && files.len() > 4, "{files:?}");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes()), "{} holds the key", file.display());
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_under_way_when_the_process_died_is_not_asked_again_unasked() {
    let first_byte = Duration::from_millis(400);
    let latency = Latency { first_byte: first_byte.into(), between_events: Duration::ZERO };
    let server = Simulator::start(Options { latency, ..Options::default() }).await.unwrap();
    let bench = Bench::with_pictures(&server.url(), KEY, 12);
    let database = bench.folder.path().join("library/library.sqlite");
    let fieldmark = |arguments: &[&str]| {
        let mut command = tokio::process::Command::new(binary("fieldmark"));
        command.args(arguments).arg("--db").arg(&database).stdin(Stdio::null());
        command.env("ANTHROPIC_BASE_URL", server.url()).env("ANTHROPIC_API_KEY", KEY).env_remove("CONCURRENCY");
        command
    };
    let photos = bench.photos();
    let mut running = fieldmark(&["annotate", photos.to_str().unwrap(), "--labels", LABELS, "--yes"])
        .args(["--model", HIGH_TIER])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while bench.library.history.runs().unwrap().first().is_none_or(|run| run.done < 4) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.kill().await.unwrap();
    let interrupted = bench.library.history.runs().unwrap()[0].clone();
    assert_eq!(interrupted.state, RunState::Interrupted);
    let unsettled = interrupted.unsettled;
    assert!((1..=8).contains(&unsettled.count) && unsettled.at_most > PicoDollars::ZERO, "{unsettled:?}");

    let asked = fieldmark(&["resume"]).output().await.unwrap();
    assert_eq!(asked.status.code(), Some(2), "there is no terminal to ask for consent: {asked:?}");
    assert_eq!(bench.library.history.runs().unwrap()[0].done, interrupted.done);
    let resumed = fieldmark(&["resume", "--yes"]).output().await.unwrap();
    assert!(resumed.status.success(), "{resumed:?}");
    let summary = bench.library.history.runs().unwrap()[0].clone();
    assert_eq!((summary.done, summary.possibly_billed, summary.unsettled.count), (12, unsettled, 0));
    let ledger = server.ledger();
    assert!(ledger.billed.len() <= 12 + unsettled.count as usize, "{} answers billed", ledger.billed.len());
    assert!(PicoDollars(ledger.total_pico_dollars()) <= summary.paid + summary.possibly_billed.at_most);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_in_no_log_however_much_is_logged() {
    let server = simulate().await;
    let folder = tempfile::tempdir().unwrap();
    server.script([Fault::InternalError, Fault::Broken { after_events: 3 }]);
    let mut fieldmark = tokio::process::Command::new(binary("fieldmark"));
    let told = fieldmark
        .args(["annotate", "docs/tour", "--labels", LABELS, "--model", HIGH_TIER, "--yes"])
        .current_dir(repository(""))
        .env("FIELDMARK_LIBRARY", folder.path())
        .env("ANTHROPIC_BASE_URL", server.url())
        .env("ANTHROPIC_API_KEY", KEY)
        .env_remove("ANTHROPIC_MODEL")
        .env_remove("CONCURRENCY")
        .env("RUST_LOG", "trace")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&[told.stdout, told.stderr].concat()).into_owned();
    assert!(told.status.success() && said.contains("TRACE"), "{said}");
    assert!(!said.contains("planted"), "{said}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_come_with_the_annotations() {
    let server = simulate().await;
    let bench = Bench::with_pictures(&server.url(), KEY, 1);
    let birds = bench.library.recipes.all().unwrap()[1].clone();
    assert!(birds.recipe.attributes.iter().any(|attribute| attribute.is_required));
    let model = ModelId(HIGH_TIER.into());
    let request = RunRequest::of(ImageSelection::All, birds.id, model);
    let run = bench.library.runs.start(&request).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let cards = bench.cards();
    assert!(!cards[0].annotations.is_empty());
    for annotation in &cards[0].annotations {
        assert!(birds.recipe.label_for(&annotation.label).is_some());
        for attribute in birds.recipe.attributes.iter().filter(|attribute| attribute.is_required) {
            assert!(annotation.attributes.contains_key(&attribute.name), "{}: {annotation:?}", attribute.name);
        }
    }
    server.stop().await;
}

fn files_under(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_under(&path)) } else { files.push(path) }
    }
    files
}
