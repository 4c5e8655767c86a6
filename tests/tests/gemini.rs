//! Gemini's models through the real client, over HTTP, against the simulator: where annotations land, what is paid, what
//! failures do, and the command line. A result against the simulator says nothing about the vendor's accuracy, speed or
//! availability.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::process::Command;

use domain::connection::ConnectionCheck;
use domain::geometry::PixelSize;
use domain::money::PicoDollars;
use domain::run_state::{RunState, StopReason};
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::oriented_jpeg;
use fieldmark_tests::pictures::{LABELS, drawing, largest_drift, write_png};
use image::DynamicImage;
use simulator::{Fault, Options, Protocol, Running, Simulator};

const FLASH: &str = "gemini-3.8-flash";
const TILES: &str = "gemini-2.5-flash";
const KEY: &str = "AIza-planted-0123456789-abcdefghij";

async fn simulate() -> Running {
    Simulator::start(Options { protocol: Protocol::Gemini, ..Options::default() }).await.unwrap()
}

fn bench_at(server: &Running) -> Bench {
    Bench::of_provider("gemini", &server.url(), KEY)
}

/// A thousandth of the longer side, or a pixel of a small image.
fn unit(size: PixelSize) -> f64 {
    (f64::from(size.long_edge()) / 1000.0).max(1.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn annotations_land_within_a_thousandth_whatever_the_shape_and_size() {
    let server = simulate().await;
    let bench = bench_at(&server);
    let sizes = [(3000, 2000), (2000, 3000), (200, 150), (6000, 1000), (1000, 6000), (1536, 768)];
    let drawings = sizes.map(|(width, height)| {
        let (picture, drawn) = drawing(width, height);
        write_png(&picture, &bench.photos().join(format!("{width}x{height}.png")));
        (PixelSize::new(width, height), drawn)
    });
    bench.library.imports.run(&[bench.photos()]).unwrap();
    for model in [FLASH, TILES] {
        let run = bench.look_for(LABELS, model).await;
        assert_eq!(bench.end_of(run).await, COMPLETED);
        for card in bench.cards() {
            let (size, drawn) = drawings.iter().find(|(size, _)| *size == card.size).unwrap();
            // An image may be seen smaller than it is.
            let seen: f64 = if model == FLASH { 2048.0 } else { 1536.0 };
            let sent_pixel = (f64::from(size.long_edge()) / seen).max(1.0);
            let drift = largest_drift(&card, drawn);
            assert!(drift <= unit(*size).max(sent_pixel), "{model}, {size:?}: {drift:.2} image pixels");
        }
        bench.library.runs.undo(run).await.unwrap();
    }
    assert_eq!(server.ledger().refused, []);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn annotations_land_in_every_exif_orientation() {
    let server = simulate().await;
    let bench = bench_at(&server);
    let (picture, drawn) = drawing(1200, 700);
    for orientation in 1..=8 {
        let stored = oriented_jpeg(&DynamicImage::from(picture.clone()), orientation);
        fs::write(bench.photos().join(format!("{orientation}.jpg")), stored).unwrap();
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
    for model in [FLASH, TILES] {
        let run = bench.look_for(LABELS, model).await;
        assert_eq!(bench.end_of(run).await, COMPLETED);
        assert_eq!(bench.cards().len(), 8);
        for card in bench.cards() {
            assert_eq!(card.size, PixelSize::new(1200, 700), "{} is upright", card.name);
            let drift = largest_drift(&card, &drawn);
            assert!(drift <= unit(card.size), "{model}, {}: {drift:.2} pixels", card.name);
        }
        bench.library.runs.undo(run).await.unwrap();
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_is_what_was_billed() {
    let server = simulate().await;
    let bench = bench_at(&server);
    let checked = bench.library.connections.check("gemini").await.unwrap();
    assert!(matches!(checked, ConnectionCheck::Works { model_count: 7, .. }), "{checked:?}");
    bench.add_pictures(4);
    for model in [
        FLASH,
        TILES,
        "gemini-2.5-flash-lite",
        "gemini-3.1-flash-lite",
        "gemini-3.5-flash-lite",
        "gemini-3.1-pro-preview",
        "gemini-4-argon",
    ] {
        let quote = bench.quote_for(model).await;
        assert!(quote.can_run && quote.words_sent.contains("[ymin, xmin, ymax, xmax]"), "{model}");
        let billed = server.ledger().total_pico_dollars();
        let run = bench.look_for(LABELS, model).await;
        assert_eq!(bench.end_of(run).await, COMPLETED);
        let summary = bench.library.history.run(run).unwrap();
        let billed = PicoDollars(server.ledger().total_pico_dollars() - billed);
        assert_eq!((summary.done, summary.paid), (4, billed), "{model}");
        assert!(billed > PicoDollars::ZERO && billed <= quote.cost.unwrap().at_most, "{model}");
        assert_eq!(bench.quote_for(model).await.answered_before, 4, "{model}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_holds() {
    let server = simulate().await;
    let bench = bench_at(&server);
    bench.add_pictures(12);
    let budget = bench.quote_for(FLASH).await.cost_basis.unwrap().dearest_request;
    let run = bench.start_within(FLASH, budget).await;
    assert_eq!(bench.end_of(run).await, RunState::Stopped { reason: StopReason::BudgetReached });
    let summary = bench.library.history.run(run).unwrap();
    assert!(summary.done > 0 && summary.done < 12, "{}", summary.done);
    assert!(PicoDollars(server.ledger().total_pico_dollars()) <= budget);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_told_apart() {
    let server = simulate().await;
    let bench = bench_at(&server);
    bench.add_pictures(3);
    server.script([
        Fault::Overloaded,
        Fault::RateLimited { retry_after_seconds: Some(1) },
        Fault::MaxTokens,
        Fault::Truncated { after_events: 3 },
        Fault::ErrorInStream { after_events: 3 },
        Fault::Gzip,
    ]);
    let run = bench.look_for(LABELS, FLASH).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    assert_eq!(bench.library.history.run(run).unwrap().done, 3);
    assert_eq!(server.verdict().retried_too_early.count, 0, "{:?}", server.verdict());
    bench.library.runs.undo(run).await.unwrap();

    server.script([Fault::Refusal]);
    let run = bench.look_for(LABELS, TILES).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let report = bench.library.history.run(run).unwrap();
    assert_eq!((report.done, report.failed), (2, 1));
    bench.library.runs.undo(run).await.unwrap();

    // A quota of a day does not come back while anyone waits.
    server.script([Fault::SpendLimit]);
    let run = bench.look_for(LABELS, "gemini-4-argon").await;
    assert_eq!(bench.end_of(run).await, RunState::Stopped { reason: StopReason::SpendLimit });
    assert_eq!(server.verdict().retried_in_vain.count, 0, "{:?}", server.verdict());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_do_not_work_stop_a_run() {
    for (key, reason) in [
        (simulator::WRONG_KEY, StopReason::KeyRejected),
        (simulator::NO_CREDIT_KEY, StopReason::NoCredit),
        (simulator::FORBIDDEN_KEY, StopReason::NotPermitted),
    ] {
        let server = simulate().await;
        let bench = Bench::of_provider("gemini", &server.url(), key);
        bench.add_pictures(1);
        let run = bench.look_for(LABELS, FLASH).await;
        assert_eq!(bench.end_of(run).await, RunState::Stopped { reason }, "{key}");
        let failures = format!("{:?}", bench.library.history.run(run).unwrap());
        assert!(!failures.contains(key), "{failures}");
    }
}

fn output_of(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(!text.contains(KEY), "{text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_knows_the_provider() {
    let server = simulate().await;
    let bench = Bench::among(&[]);
    let (url, folder) = (server.url(), bench.photos());
    for index in 0..2 {
        write_png(&drawing(320 + index, 240).0, &folder.join(format!("{index}.png")));
    }
    let fieldmark = |arguments: &[&str]| {
        let mut command = bench.fieldmark_among(&[("GEMINI_BASE_URL", &url), ("GEMINI_API_KEY", KEY)]);
        output_of(command.args(arguments))
    };
    let providers = fieldmark(&["providers"]);
    assert!(
        providers.lines().any(|line| line.starts_with("gemini ") && line.contains("GEMINI_API_KEY")),
        "{providers}"
    );
    let models = fieldmark(&["models"]);
    assert!(models.lines().any(|line| line.starts_with(FLASH)), "{models}");
    let doctor = fieldmark(&["doctor"]);
    assert!(doctor.contains(&format!("{url} for Gemini, from GEMINI_BASE_URL")), "{doctor}");
    assert!(doctor.contains("from GEMINI_API_KEY"), "{doctor}");
    let photos = folder.to_str().unwrap();
    let annotated = fieldmark(&["annotate", photos, "--labels", LABELS, "--model", FLASH, "--yes"]);
    assert_eq!(server.ledger().billed.len(), 2, "{annotated}");
    assert_eq!(server.ledger().refused, []);
    server.stop().await;
}
