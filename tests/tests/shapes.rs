//! Points, outlines, tags and captions through the real clients, over HTTP, against the simulator: where they land, and
//! that they are exported.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;

use domain::annotation::{Annotation, Shape};
use domain::geometry::{Point, Rect};
use domain::ids::RunId;
use domain::library::ImageCard;
use domain::model::ModelId;
use domain::plan::{ImageSelection, RunRequest};
use domain::recipe::{Recipe, ShapeKind};
use domain::settings::ModelSettings;
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::oriented_jpeg;
use fieldmark_tests::pictures::{Drawn, LABELS, drawing, write_png};
use image::DynamicImage;
use simulator::{LenientServer, Options, Protocol, Running, Simulator};

const KEY: &str = "sk-planted-0123456789-abcdefghij";

/// A landscape, a portrait, and the landscape stored in each orientation.
fn with_pictures(bench: &Bench) -> (Drawn, Drawn) {
    let (landscape, portrait) = (drawing(1600, 1000), drawing(700, 1100));
    write_png(&landscape.0, &bench.photos().join("landscape.png"));
    write_png(&portrait.0, &bench.photos().join("portrait.png"));
    for orientation in 1..=8 {
        let stored = oriented_jpeg(&DynamicImage::from(landscape.0.clone()), orientation);
        fs::write(bench.photos().join(format!("{orientation}.jpg")), stored).unwrap();
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
    (landscape.1, portrait.1)
}

async fn run_for(bench: &Bench, shapes: &[ShapeKind], model: &str) -> RunId {
    let name = format!("{shapes:?}");
    let recipe = Recipe { name, shapes: shapes.to_vec(), ..Recipe::find_these(LABELS).unwrap() };
    let recipe = bench.library.recipes.save_from_file(recipe).await.unwrap().id;
    let request = RunRequest::of(ImageSelection::All, recipe, ModelId(model.to_owned()));
    let run = bench.library.runs.start(&request).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED, "{model} {shapes:?}");
    run
}

/// The largest distance of a shape from the drawn rectangle, in pixels of the image: of corners for boxes and outlines,
/// of the center for points.
fn drift(annotation: &Annotation, rect: &Rect) -> f64 {
    let corners = [(rect.x1, rect.y1), (rect.x2, rect.y1), (rect.x2, rect.y2), (rect.x1, rect.y2)];
    match &annotation.shape {
        Shape::Box { rect: found } => {
            let edges = [found.x1 - rect.x1, found.y1 - rect.y1, found.x2 - rect.x2, found.y2 - rect.y2];
            edges.into_iter().map(f64::abs).fold(0.0, f64::max)
        }
        Shape::Point { at } => {
            at.distance(Point::new(f64::midpoint(rect.x1, rect.x2), f64::midpoint(rect.y1, rect.y2)))
        }
        Shape::Polygon { points } => {
            assert_eq!(points.len(), 4);
            let distances = points.iter().zip(corners).map(|(found, (x, y))| found.distance(Point::new(x, y)));
            distances.fold(0.0, f64::max)
        }
        other => panic!("{other:?} has no place"),
    }
}

fn check_places(card: &ImageCard, drawn: &Drawn, model: &str) {
    // A pixel of the picture as sent, at least 880 pixels long, or a thousandth; both axes of a corner together.
    let long_edge = f64::from(card.size.long_edge());
    let unit = 1.5 * ((long_edge / 880.0).max(1.0) + long_edge / 1000.0);
    for (label, rect) in drawn {
        let annotation = card.annotations.iter().find(|annotation| annotation.label == *label).unwrap();
        let drift = drift(annotation, rect);
        assert!(drift <= unit, "{model}, {}, {:?}: {drift:.2} pixels", card.name, annotation.shape);
    }
}

async fn simulate(protocol: Protocol) -> Running {
    Simulator::start(Options { protocol, ..Options::default() }).await.unwrap()
}

/// A library whose settings name the server as that of this provider.
fn bench_at(server: &Running, provider: &str, models: &[&str]) -> Bench {
    let bench = Bench::among(&[]);
    let mut settings = bench.library.settings.stated().unwrap();
    let own = settings.provider_mut(provider);
    own.base_url = Some(server.url());
    own.models = models.iter().map(|id| ModelSettings::new(id)).collect();
    settings.agreed_hosts.push(server.address().to_string());
    bench.library.settings.replace(&settings).unwrap();
    bench.library.connections.keep_key(provider, None, &KEY.to_owned().into()).unwrap();
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn points_and_outlines_land_where_they_were_drawn_for_every_provider() {
    let open = ["qwen3-vl:8b", "qwen2.5vl:7b", "gemma3:12b", "molmo:7b"];
    for (protocol, provider, models) in [
        (Protocol::Messages, "anthropic", &["claude-sonnet-5-5"][..]),
        (Protocol::Chat, "openai", &["gpt-6.1-terra"]),
        (Protocol::Gemini, "gemini", &["gemini-3.8-flash"]),
        (Protocol::LenientChat(LenientServer::default()), "openai-compatible", &open),
    ] {
        let server = simulate(protocol).await;
        let own = if provider == "openai-compatible" { models } else { &[] };
        let bench = bench_at(&server, provider, own);
        let (landscape, portrait) = with_pictures(&bench);
        for model in models {
            for shape in [ShapeKind::Point, ShapeKind::Polygon] {
                let run = run_for(&bench, &[shape], model).await;
                for card in bench.cards() {
                    assert_eq!(card.annotations.len(), 5, "{model}");
                    assert!(card.annotations.iter().all(|annotation| annotation.shape.kind() == shape));
                    check_places(&card, if card.name == "portrait.png" { &portrait } else { &landscape }, model);
                }
                bench.library.runs.undo(run).await.unwrap();
            }
        }
        assert_eq!(server.ledger().refused, []);
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipe_asks_for_several_shapes_at_once() {
    for (protocol, provider, model) in [
        (Protocol::Messages, "anthropic", "claude-sonnet-5-5"),
        (Protocol::Chat, "openai", "gpt-6.1-terra"),
        (Protocol::Gemini, "gemini", "gemini-3.8-flash"),
    ] {
        let server = simulate(protocol).await;
        let bench = bench_at(&server, provider, &[]);
        let (landscape, portrait) = with_pictures(&bench);
        run_for(&bench, &ShapeKind::ALL, model).await;
        for card in bench.cards() {
            check_places(&card, if card.name == "portrait.png" { &portrait } else { &landscape }, model);
            let count = |kind| card.annotations.iter().filter(|own| own.shape.kind() == kind).count();
            // The simulator gives its five shapes the located kinds in turn, then tags and captions the image.
            assert_eq!(ShapeKind::ALL.map(count), [2, 2, 1, 1, 1], "{model}: {:?}", card.annotations);
            let caption = card.annotations.iter().find_map(|own| match &own.shape {
                Shape::Caption { text } => Some((own.label.as_str(), text.as_str())),
                _ => None,
            });
            assert_eq!(caption, Some(("caption", "5 coloured shapes on a plain ground")));
        }
        server.stop().await;
    }
}
