//! OpenAI's models through the real client, over HTTP, against the simulator: where annotations land, what is paid, what
//! failures do. A result against the simulator says nothing about the vendor's accuracy, speed or availability.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;

use domain::connection::ConnectionCheck;
use domain::geometry::PixelSize;
use domain::model::ModelId;
use domain::money::PicoDollars;
use domain::plan::{ImageSelection, RunRequest};
use domain::run_state::{RunState, StopReason};
use domain::settings::ModelSettings;
use engine::EngineError;
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::oriented_jpeg;
use fieldmark_tests::pictures::{LABELS, drawing, largest_drift, write_png};
use image::DynamicImage;
use simulator::{Fault, LenientServer, Options, Protocol, Running, Simulator};

const PATCHES: &str = "gpt-6.1-terra";
const TILES: &str = "gpt-4o";
const KEY: &str = "sk-planted-0123456789-abcdefghij";

async fn simulate() -> Running {
    Simulator::start(Options { protocol: Protocol::Chat, ..Options::default() }).await.unwrap()
}

/// A library with a connection to the server.
fn bench_at(server: &Running) -> Bench {
    Bench::of_provider("openai", &server.url(), KEY)
}

#[tokio::test(flavor = "multi_thread")]
async fn annotations_land_within_a_sent_pixel_whatever_the_shape_and_size() {
    let server = simulate().await;
    let bench = bench_at(&server);
    let sizes = [(3000, 2000), (2000, 3000), (200, 150), (6000, 1000), (1000, 6000), (1536, 768)];
    let drawings = sizes.map(|(width, height)| {
        let (picture, drawn) = drawing(width, height);
        write_png(&picture, &bench.photos().join(format!("{width}x{height}.png")));
        (PixelSize::new(width, height), drawn)
    });
    bench.library.imports.run(&[bench.photos()]).unwrap();
    for model in [PATCHES, TILES] {
        let run = bench.look_for(LABELS, model).await;
        assert_eq!(bench.end_of(run).await, COMPLETED);
        for card in bench.cards() {
            let (size, drawn) = drawings.iter().find(|(size, _)| *size == card.size).unwrap();
            let (width, height) = (f64::from(size.width), f64::from(size.height));
            // The vendor's limits, stated here independently: 2500 patches, or a short side of 768.
            let limit = if model == PATCHES {
                (2500.0 * 32.0 * 32.0 / (width * height)).sqrt()
            } else {
                768.0 / width.min(height)
            };
            // Rounding to whole patches stays a little below the limits.
            let scale = (2048.0 / width.max(height)).min(limit).min(1.0) * 0.98;
            let drift = largest_drift(&card, drawn);
            assert!(drift <= 1.0 / scale, "{model}, {size:?}: {drift:.2} image pixels at scale {scale:.3}");
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
    for model in [PATCHES, TILES] {
        let run = bench.look_for(LABELS, model).await;
        assert_eq!(bench.end_of(run).await, COMPLETED);
        assert_eq!(bench.cards().len(), 8);
        for card in bench.cards() {
            assert_eq!(card.size, PixelSize::new(1200, 700), "{} is upright", card.name);
            let drift = largest_drift(&card, &drawn);
            assert!(drift <= 1.0, "{model}, {}: {drift:.2} pixels", card.name);
        }
        bench.library.runs.undo(run).await.unwrap();
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_is_what_was_billed() {
    let server = simulate().await;
    let bench = bench_at(&server);
    assert!(matches!(bench.library.connections.check("openai").await.unwrap(), ConnectionCheck::Works { .. }));
    bench.add_pictures(4);
    for model in [PATCHES, TILES, "gpt-4o-mini", "gpt-5.4-mini"] {
        let quote = bench.quote_for(model).await;
        assert!(quote.can_run && quote.words_sent.contains("red"), "{model}");
        let halves = quote.batch.unwrap().expected.times(2);
        assert!(halves.0.abs_diff(quote.cost.unwrap().expected.0) <= 1_000, "{model}");
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
    let quote = bench.quote_for(PATCHES).await;
    let budget = quote.cost_basis.unwrap().dearest_request;
    let run = bench.start_within(PATCHES, budget).await;
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
        Fault::RateLimited { retry_after_seconds: Some(0) },
        Fault::MaxTokens,
        Fault::Truncated { after_events: 3 },
    ]);
    let run = bench.look_for(LABELS, PATCHES).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    assert_eq!(bench.library.history.run(run).unwrap().done, 3);
    bench.library.runs.undo(run).await.unwrap();

    server.script([Fault::Refusal]);
    let run = bench.look_for(LABELS, TILES).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let report = bench.library.history.run(run).unwrap();
    assert_eq!((report.done, report.failed), (2, 1));
    bench.library.runs.undo(run).await.unwrap();

    server.script([Fault::SpendLimit]);
    let run = bench.look_for(LABELS, "gpt-6-luna").await;
    assert_eq!(bench.end_of(run).await, RunState::Stopped { reason: StopReason::NoCredit });
    assert!(server.verdict().retried_in_vain.count == 0, "{:?}", server.verdict());
    server.stop().await;
}

/// A server of open models without a key, and a library that knows only its address and these models.
async fn local(lenience: LenientServer, models: &[&str]) -> (Running, Bench) {
    let protocol = Protocol::LenientChat(lenience);
    let server = Simulator::start(Options { protocol, ..Options::default() }).await.unwrap();
    let bench = Bench::among(&[]);
    let mut settings = bench.library.settings.stated().unwrap();
    let own = settings.provider_mut(COMPATIBLE);
    own.base_url = Some(format!("{}/v1", server.url()));
    own.models = models.iter().map(|id| ModelSettings::new(id)).collect();
    settings.agreed_hosts.push(server.address().to_string());
    bench.library.settings.replace(&settings).unwrap();
    (server, bench)
}

const COMPATIBLE: &str = "openai-compatible";

#[tokio::test(flavor = "multi_thread")]
async fn open_models_answer_in_their_own_coordinates() {
    let models = ["qwen3-vl:8b", "qwen2.5vl:7b", "gemma3:12b", "llama3.2-vision:11b", "molmo:7b"];
    let (server, bench) = local(LenientServer::default(), &models).await;
    let (landscape, portrait) = (drawing(1600, 1000), drawing(700, 1100));
    write_png(&landscape.0, &bench.photos().join("landscape.png"));
    write_png(&portrait.0, &bench.photos().join("portrait.png"));
    for orientation in 1..=8 {
        let stored = oriented_jpeg(&DynamicImage::from(landscape.0.clone()), orientation);
        fs::write(bench.photos().join(format!("{orientation}.jpg")), stored).unwrap();
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
    for model in models {
        let run = bench.look_for(LABELS, model).await;
        assert_eq!(bench.end_of(run).await, COMPLETED, "{model}");
        for card in bench.cards() {
            let drawn = if card.name == "portrait.png" { &portrait.1 } else { &landscape.1 };
            // A pixel of the picture as sent, at least 896 pixels long, or a thousandth.
            let long_edge = f64::from(card.size.long_edge());
            let unit = (long_edge / 880.0).max(1.0) + long_edge / 1000.0;
            let drift = largest_drift(&card, drawn);
            assert!(drift <= unit, "{model}, {}: {drift:.2} pixels", card.name);
        }
        bench.library.runs.undo(run).await.unwrap();
    }
    assert_eq!(server.ledger().refused, []);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_enforce_less_are_asked_in_a_simpler_form_from_then_on() {
    for (lenience, refused) in [
        (LenientServer { refuses_schemas: true, ..LenientServer::default() }, 1),
        (LenientServer { refuses_schemas: true, refuses_json: true, hides_usage: true, ..LenientServer::default() }, 2),
    ] {
        let (server, bench) = local(lenience, &["qwen3-vl:8b"]).await;
        bench.add_pictures(3);
        let mut settings = bench.library.settings.stated().unwrap();
        settings.run.concurrency = Some(1);
        bench.library.settings.replace(&settings).unwrap();
        let run = bench.look_for(LABELS, "qwen3-vl:8b").await;
        assert_eq!(bench.end_of(run).await, COMPLETED);
        assert_eq!(bench.library.history.run(run).unwrap().done, 3);
        // Each simpler form is found once.
        let ledger = server.stop().await;
        assert_eq!((ledger.refused.len(), ledger.billed.len()), (refused, 3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_discovered_and_their_prices_are_unknown_until_entered() {
    let (server, bench) = local(LenientServer::default(), &[]).await;
    bench.add_pictures(2);
    let model = "qwen3-vl:8b";
    assert!(bench.quote(0).models.iter().all(|row| row.model.id.0 != model));
    let checked = bench.library.connections.check(COMPATIBLE).await.unwrap();
    assert!(matches!(checked, ConnectionCheck::Works { model_count: 6, .. }), "{checked:?}");
    let quote = bench.quote_for(model).await;
    assert_eq!((quote.can_run, quote.cost, quote.unavailable), (true, None, None));
    assert!(quote.words_sent.contains("from 0 to 1000"));
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap();
    let request = RunRequest::of(ImageSelection::All, recipe.id, ModelId(model.to_owned()));
    let request = RunRequest { budget: PicoDollars::from_dollars(1.0), ..request };
    let refused = bench.library.runs.start(&request).await.unwrap_err();
    assert!(matches!(refused, EngineError::BudgetWithoutPrice { .. }), "{refused}");
    let run = bench.look_for(LABELS, model).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    assert_eq!(bench.library.history.run(run).unwrap().quoted, None);

    // With a price, it is quoted and its budget holds.
    let mut settings = bench.library.settings.stated().unwrap();
    settings.provider_mut(COMPATIBLE).models = vec![ModelSettings {
        input_per_million: PicoDollars::from_dollars(0.2),
        output_per_million: PicoDollars::from_dollars(0.6),
        ..ModelSettings::new(model)
    }];
    bench.library.settings.replace(&settings).unwrap();
    assert!(bench.quote_for(model).await.cost.unwrap().at_most == PicoDollars::ZERO, "both images have answers");
    let request = RunRequest { ignores_saved_answers: true, ..request };
    let run = bench.library.runs.start(&request).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let summary = bench.library.history.run(run).unwrap();
    assert!(summary.paid > PicoDollars::ZERO && summary.paid <= summary.quoted.unwrap().at_most);
    server.stop().await;
}
