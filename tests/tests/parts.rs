//! Images in several requests, through the real client over HTTP, against the simulator: tiles show what the whole image is
//! too small for, a second request corrects the first, everything is priced, and nothing is paid twice.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use domain::geometry::Rect;
use domain::ids::{ImageId, RecipeId};
use domain::library::ImageCard;
use domain::model::{ModelId, UnsupportedCapability};
use domain::money::PicoDollars;
use domain::plan::{ImageSelection, ModelQuote, PlanRequest, PlannedRequests, ResumeRequest, RunRequest};
use domain::recipe::{Recipe, Tiling};
use domain::run::RunSummary;
use fieldmark_tests::bench::{Bench, COMPLETED, with_concurrency};
use fieldmark_tests::oriented_jpeg;
use fieldmark_tests::pictures::{Drawn, LABELS, largest_drift, write_png};
use image::{DynamicImage, Rgb, RgbImage};
use rusqlite::{Connection, OpenFlags};
use simulator::{Eyes, Fault, Latency, Limits, Options, Running, Simulator};

const KEY: &str = "sk-any";
/// It looks at 1568 pixels at most.
const MODEL: &str = "claude-sonnet-4-6";
/// Six tiles of the pictures below.
const TILING: Tiling = Tiling { edge: 1_000, overlap: 20, at_most: 16 };
const SIZE: (u32, u32) = (2_400, 1_800);

/// Small squares that no downscaled picture shows, in one tile, in two and in four; an object that two tiles cut, and one
/// that a tile cuts and another shows whole.
const SHAPES: [(&str, [u8; 3], [u32; 4]); 5] = [
    ("red", [220, 20, 20], [101, 121, 112, 132]),
    ("yellow", [235, 220, 20], [850, 300, 861, 311]),
    ("magenta", [220, 30, 200], [1_520, 880, 1_532, 892]),
    ("blue", [30, 60, 220], [600, 1_200, 1_100, 1_500]),
    ("green", [20, 170, 40], [1_650, 300, 1_850, 500]),
];

fn drawing(is_portrait: bool) -> (RgbImage, Drawn) {
    let (width, height) = if is_portrait { (SIZE.1, SIZE.0) } else { SIZE };
    let mut picture = RgbImage::from_pixel(width, height, Rgb([150, 150, 150]));
    let drawn = SHAPES.map(|(label, color, [x1, y1, x2, y2])| {
        let [x1, y1, x2, y2] = if is_portrait { [y1, x1, y2, x2] } else { [x1, y1, x2, y2] };
        for (x, y) in (x1..x2).flat_map(|x| (y1..y2).map(move |y| (x, y))) {
            picture.put_pixel(x, y, Rgb(color));
        }
        (label, Rect::new(x1.into(), y1.into(), x2.into(), y2.into()))
    });
    (picture, drawn.to_vec())
}

async fn save(bench: &Bench, tiles: Option<Tiling>, check: bool) -> RecipeId {
    let name = format!("{tiles:?} {check}");
    let recipe = Recipe { name, tiles, check, ..Recipe::find_these(LABELS).unwrap() };
    bench.library.recipes.save_from_file(recipe).await.unwrap().id
}

fn quoted(bench: &Bench, images: ImageSelection, recipe: RecipeId) -> ModelQuote {
    let quote = bench.library.planning.quote(&PlanRequest::of(images, recipe)).unwrap();
    quote.models.into_iter().find(|row| row.model.id.0 == MODEL).unwrap()
}

async fn summary_of(bench: &Bench, request: RunRequest) -> RunSummary {
    let run = bench.library.runs.start(&request).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    bench.library.history.run(run).unwrap()
}

fn request(recipe: RecipeId) -> RunRequest {
    RunRequest { options: with_concurrency(1), ..RunRequest::of(ImageSelection::All, recipe, ModelId(MODEL.into())) }
}

/// Its annotations of this run.
fn found_by(bench: &Bench, name: &str, summary: &RunSummary) -> ImageCard {
    let mut card = bench.cards().into_iter().find(|card| card.name == name).unwrap();
    card.annotations.retain(|annotation| annotation.origin.run() == Some(summary.id));
    card
}

fn assert_within(summary: &RunSummary) {
    let (committed, bound) = (summary.paid + summary.possibly_billed.at_most, summary.quoted.unwrap().at_most);
    assert!(committed <= bound, "{committed:?} of at most {bound:?}");
}

fn add(bench: &Bench, pictures: &[(&str, &RgbImage)]) {
    for (name, picture) in pictures {
        write_png(picture, &bench.photos().join(name));
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tiles_show_what_the_whole_image_does_not_and_every_object_is_found_once() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::at(&server.url(), KEY);
    let ((landscape, drawn), (portrait, drawn_portrait)) = (drawing(false), drawing(true));
    for orientation in 1..=8 {
        let stored = oriented_jpeg(&DynamicImage::from(landscape.clone()), orientation);
        fs::write(bench.photos().join(format!("{orientation}.jpg")), stored).unwrap();
    }
    add(&bench, &[("landscape.png", &landscape), ("portrait.png", &portrait)]);

    // The whole images alone: the small squares are missing.
    let whole = summary_of(&bench, request(save(&bench, None, false).await)).await;
    let mut labels: Vec<String> =
        found_by(&bench, "landscape.png", &whole).annotations.into_iter().map(|found| found.label).collect();
    labels.sort_unstable();
    assert_eq!(labels, ["blue", "green"]);

    let recipe = save(&bench, Some(TILING), false).await;
    let quote = quoted(&bench, ImageSelection::All, recipe);
    let expected = PlannedRequests { total: 70, most_per_image: 7, images_with_larger_tiles: 0 };
    assert_eq!((quote.requests, quote.batch), (expected, None));
    assert!(quote.unsupported_capabilities.contains(&UnsupportedCapability::Batches));
    let before = server.ledger().billed.len();
    let anew = RunRequest { options: with_concurrency(4), ignores_saved_answers: true, ..request(recipe) };
    let summary = summary_of(&bench, anew).await;
    assert_eq!((summary.done, summary.quoted), (10, quote.cost));
    assert_within(&summary);
    assert_eq!(server.ledger().billed.len() - before, 70);
    assert_eq!(server.ledger().refused, []);
    for card in bench.cards() {
        let card = found_by(&bench, &card.name, &summary);
        let drawn = if card.name == "portrait.png" { &drawn_portrait } else { &drawn };
        // A pixel of the tile is one of the image; a pixel of the whole picture is up to 2.2.
        assert!(largest_drift(&card, drawn) <= 2.2, "{}: {}", card.name, largest_drift(&card, drawn));
        for small in card.annotations.iter().filter(|found| !["blue", "green"].contains(&found.label.as_str())) {
            let rect = drawn.iter().find(|(label, _)| *label == small.label).unwrap().1;
            let found = small.shape.bounds().unwrap();
            let drift = [found.x1 - rect.x1, found.y1 - rect.y1, found.x2 - rect.x2, found.y2 - rect.y2];
            assert!(drift.iter().all(|edge| edge.abs() <= 1.0), "{}: {drift:?}", card.name);
        }
    }

    // Another run of the same recipe pays nothing.
    let answered = quoted(&bench, ImageSelection::All, recipe);
    assert_eq!((answered.answered_before, answered.requests.total), (10, 0));
    let again = summary_of(&bench, request(recipe)).await;
    assert_eq!((again.done, again.paid), (10, PicoDollars::ZERO));
    assert_eq!(found_by(&bench, "1.jpg", &again).annotations.len(), 5);
    assert_eq!(server.ledger().billed.len() - before, 70);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_request_corrects_the_first() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::at(&server.url(), KEY);
    let (picture, drawn) = drawing(false);
    add(&bench, &[("one.png", &picture)]);
    let fine = || Fault::Slow { delay_millis: 0 };
    let large: Drawn = drawn.into_iter().filter(|(label, _)| ["blue", "green"].contains(label)).collect();

    server.script([Fault::Mistaken]);
    let unchecked = summary_of(&bench, request(save(&bench, None, false).await)).await;
    assert_eq!(found_by(&bench, "one.png", &unchecked).annotations.len(), 3, "one of them is not there");

    let recipe = save(&bench, None, true).await;
    let quote = quoted(&bench, ImageSelection::All, recipe);
    assert_eq!(quote.requests.total, 2);
    server.script([Fault::Mistaken, fine()]);
    let checked = summary_of(&bench, RunRequest { ignores_saved_answers: true, ..request(recipe) }).await;
    assert_within(&checked);
    assert!(largest_drift(&found_by(&bench, "one.png", &checked), &large) <= 2.2);
    let billed = server.ledger().billed;
    let [first, second] = &billed[billed.len() - 2..] else { panic!("two requests") };
    let found = second.usage.prompt_tokens() - first.usage.prompt_tokens();
    assert!((100..400).contains(&found), "what was found is in the second request: {found} tokens more");
    // The expectation counts the second request before anything was learned.
    let (expected, paid) = (quote.cost.unwrap().expected, checked.paid);
    assert!(paid.0 * 2 > expected.0 / 2 && paid < quote.cost.unwrap().at_most, "{paid} of about {expected}");

    // If the second request fails for good, the first answer stays and is marked; the next run checks it.
    let fails = [fine()].into_iter().chain(vec![Fault::Refusal; 9]);
    server.script(fails.collect::<Vec<_>>());
    let fresh = RunRequest { ignores_saved_answers: true, ..request(recipe) };
    let failed = summary_of(&bench, fresh).await;
    assert_eq!((failed.done, failed.failed), (1, 0));
    assert_eq!(bench.library.insight.report(failed.id).unwrap().unchecked, 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchecked_image_is_checked_by_the_next_run_for_the_price_of_the_check() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::at(&server.url(), KEY);
    add(&bench, &[("one.png", &drawing(false).0)]);
    let recipe = save(&bench, None, true).await;
    server.script([Fault::Slow { delay_millis: 0 }, Fault::Refusal]);
    let first = summary_of(&bench, request(recipe)).await;
    assert_eq!(bench.library.insight.report(first.id).unwrap().unchecked, 1);
    let before = server.ledger().billed.len();
    assert_eq!(quoted(&bench, ImageSelection::All, recipe).answered_before, 0);
    let second = summary_of(&bench, request(recipe)).await;
    assert_eq!(bench.library.insight.report(second.id).unwrap().unchecked, 0);
    assert_eq!(server.ledger().billed.len() - before, 1, "the first answer is used again");
    assert_within(&second);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_whose_first_answer_was_cut_off_says_so_although_its_check_is_complete() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::with_pictures(&server.url(), KEY, 1);
    let recipe = save(&bench, None, true).await;
    // The longer answer is cut off as well.
    server.script([Fault::MaxTokens, Fault::MaxTokens, Fault::Slow { delay_millis: 0 }]);
    let first = summary_of(&bench, request(recipe)).await;
    assert_eq!((first.done, first.cut_short, server.ledger().billed.len()), (1, 1, 3));
    assert!(bench.library.insight.report(first.id).unwrap().cut_off.is_some());
    // Nor does a run that uses both answers hide it.
    let second = summary_of(&bench, request(recipe)).await;
    assert_eq!((second.reused, second.cut_short, server.ledger().billed.len()), (1, 1, 3));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_a_recipe_asks_beyond_another_is_paid() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::at(&server.url(), KEY);
    add(&bench, &[("one.png", &drawing(false).0)]);
    let mut paid = 0;
    for (tiles, check, requests) in
        [(None, false, 1), (None, true, 1), (Some(TILING), false, 6), (None, false, 0), (None, true, 0)]
    {
        let recipe = save(&bench, tiles, check).await;
        let answered = quoted(&bench, ImageSelection::All, recipe).answered_before;
        let summary = summary_of(&bench, request(recipe)).await;
        paid += requests;
        assert_eq!(server.ledger().billed.len(), paid, "{tiles:?} {check}");
        assert_eq!((answered, summary.reused), if requests == 0 { (1, 1) } else { (0, 0) }, "{tiles:?} {check}");
        assert_within(&summary);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_that_fails_fails_its_image_and_its_other_parts_are_not_paid_again() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::at(&server.url(), KEY);
    let (picture, drawn) = drawing(false);
    add(&bench, &[("one.png", &picture)]);
    let fine = || Fault::Slow { delay_millis: 0 };
    server.script([fine(), fine(), fine(), Fault::Refusal]);
    let recipe = save(&bench, Some(TILING), false).await;
    let run = bench.library.runs.start(&request(recipe)).await.unwrap();
    bench.end_of(run).await;
    let summary = bench.library.history.run(run).unwrap();
    assert_eq!((summary.done, summary.failed), (0, 1));
    let failure = &bench.library.insight.report(run).unwrap().failures[0];
    assert!(failure.example.starts_with("tile 3 of 6: "), "{}", failure.example);
    assert_eq!(server.ledger().billed.len(), 4);

    bench.library.runs.ignore_saved_answers(run).await.unwrap();
    bench.library.runs.resume(ResumeRequest { retries_failed: true, ..ResumeRequest::of(run) }).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let summary = bench.library.history.run(run).unwrap();
    assert_eq!(summary.done, 1);
    assert_eq!(server.ledger().billed.len(), 4 + 4, "the third tile again, and the three that were left");
    assert!(largest_drift(&found_by(&bench, "one.png", &summary), &drawn) <= 2.2);
    assert_within(&summary);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_run_of_several_requests_an_image_costs_more_than_its_bound() {
    for (seed, retries) in [(1, 0), (2, 2)] {
        let server = Simulator::start(Options::default()).await.unwrap();
        let mut chance = fastrand::Rng::with_seed(seed);
        let all = [
            Fault::Broken { after_events: 5 },
            Fault::Withheld,
            Fault::MaxTokens,
            Fault::WrongJson,
            Fault::Mistaken,
            Fault::Slow { delay_millis: 0 },
            Fault::Slow { delay_millis: 0 },
        ];
        server.script((0..60).map(|_| all[chance.usize(..all.len())].clone()).collect::<Vec<_>>());
        let bench = Bench::at(&server.url(), KEY);
        let mut settings = bench.library.settings.stated().unwrap();
        (settings.run.retry_attempts, settings.run.retry_delay_ms) = (retries, 1);
        settings.run.task_timeout_ms = 1_000;
        bench.library.settings.replace(&settings).unwrap();
        let pictures: Vec<RgbImage> = (0..4)
            .map(|wider| {
                let mut picture = RgbImage::from_pixel(SIZE.0 + wider, SIZE.1, Rgb([150, 150, 150]));
                image::imageops::replace(&mut picture, &drawing(false).0, 0, 0);
                picture
            })
            .collect();
        let names: Vec<String> = (0..4).map(|index| format!("{index}.png")).collect();
        let all_pictures: Vec<(&str, &RgbImage)> = names.iter().map(String::as_str).zip(&pictures).collect();
        add(&bench, &all_pictures);
        let recipe = save(&bench, Some(TILING), true).await;
        let run = bench.library.runs.start(&request(recipe)).await.unwrap();
        bench.end_of(run).await;
        let summary = bench.library.history.run(run).unwrap();
        assert!(summary.possibly_billed.count > 0, "the server did what this is about");
        assert_within(&summary);
        server.stop().await;
    }
}

fn quick(counts: &'static [u32]) -> Options {
    let limits = Limits { requests_per_minute: 1_000_000, ..Limits::default() };
    Options { eyes: Eyes::Scripted { counts }, limits, ..Options::default() }
}

fn flat(bench: &Bench, images: u32) -> Vec<ImageId> {
    for index in 0..images {
        // Of different sizes, so that each has other tiles.
        let picture = RgbImage::from_pixel(1_700 + 30 * index, 1_300, Rgb([120, 130, 140]));
        write_png(&picture, &bench.photos().join(format!("{index:02}.png")));
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let mut images: Vec<ImageId> = bench.cards().iter().map(|card| card.id).collect();
    images.sort_unstable();
    images
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::cast_precision_loss, reason = "tokens of a run")]
async fn tiled_plans_are_estimated_after_a_pilot() {
    for check in [false, true] {
        let server = Simulator::start(quick(&[2, 3, 5, 8])).await.unwrap();
        let bench = Bench::at(&server.url(), KEY);
        let images = flat(&bench, 22);
        let recipe = save(&bench, Some(TILING), check).await;
        let (pilot, rest) = images.split_at(10);
        let run = |ids: &[ImageId]| RunRequest {
            images: ImageSelection::Images { ids: ids.to_vec() },
            options: with_concurrency(4),
            ..request(recipe)
        };
        summary_of(&bench, run(pilot)).await;
        let quote = quoted(&bench, ImageSelection::Images { ids: rest.to_vec() }, recipe);
        let before = server.ledger().billed.len();
        let summary = summary_of(&bench, run(rest)).await;
        let billed = &server.ledger().billed[before..];
        assert_eq!(billed.len(), quote.requests.total as usize);
        let prompt_tokens: u64 = billed.iter().map(|entry| entry.usage.prompt_tokens()).sum();
        let basis = quote.cost_basis.unwrap();
        let error = (basis.image_tokens + basis.text_tokens) as f64 / prompt_tokens as f64 - 1.0;
        assert!(error.abs() <= 0.02, "check {check}: input off by {error}");
        let range = quote.cost.unwrap();
        assert!(
            (range.likely_low..=range.likely_high.rounded_up()).contains(&summary.paid),
            "{range:?} {}",
            summary.paid
        );
        assert_within(&summary);
        server.stop().await;
    }
}

fn started(bench: &Bench, server: &Running, arguments: &[&str]) -> Child {
    let mut command = bench.fieldmark(&server.url(), KEY);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn count(bench: &Bench, what: &str) -> u32 {
    let database = bench.folder.path().join("library/library.sqlite");
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = format!("SELECT count(*) FROM attempts WHERE {what}");
    connection.query_row(&sql, [], |row| row.get(0)).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_two_parts_a_run_is_resumed_and_pays_nothing_twice() {
    let latency = Latency { first_byte: Duration::from_millis(150).into(), ..Latency::default() };
    let server = Simulator::start(Options { latency, ..quick(&[3]) }).await.unwrap();
    let bench = Bench::at(&server.url(), KEY);
    flat(&bench, 3);
    let recipe =
        Recipe { name: "Tiled".into(), tiles: Some(TILING), check: true, ..Recipe::find_these(LABELS).unwrap() };
    let file = bench.folder.path().join("tiled.recipe.toml");
    fs::write(&file, recipes::write(&recipe).unwrap()).unwrap();
    let file = file.to_string_lossy().into_owned();
    let annotate = ["annotate", "photos", "--recipe", &file, "--model", MODEL, "--concurrency", "2", "--yes", "--json"];
    let mut process = started(&bench, &server, &annotate);
    let mut answered = 0;
    for kill_at in [3, 9] {
        let began = Instant::now();
        while count(&bench, "raw_answer IS NOT NULL") < kill_at {
            assert!(began.elapsed() < Duration::from_mins(1), "never came to {kill_at} answers");
            std::thread::sleep(Duration::from_millis(5));
        }
        process.kill().unwrap();
        process.wait().unwrap();
        let kept = count(&bench, "raw_answer IS NOT NULL");
        assert!(kept >= answered, "no answer is lost");
        answered = kept;
        assert_eq!(count(&bench, "state = 'parsed'"), 0, "killed before an image is complete");
        process = started(&bench, &server, &["resume", "--yes", "--json"]);
    }
    assert!(process.wait().unwrap().success());
    // Three images of five parts, each asked about and checked.
    let (answers, lost) = (count(&bench, "state = 'parsed'"), count(&bench, "state = 'lost'"));
    assert_eq!(count(&bench, "raw_answer IS NOT NULL"), 30);
    assert_eq!(answers, 15, "the checks, which replace what they check");
    let billed = u32::try_from(server.ledger().billed.len()).unwrap();
    assert!((30..=30 + lost).contains(&billed), "{billed} billed, {lost} in flight when the process was killed");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_detector_finds_in_tiles_what_is_too_small_and_checks_nothing() {
    let bench = Bench::among(&[]);
    let photo = image::open(fieldmark_tests::repository("samples").join("astronaut.jpg")).unwrap();
    let mut picture = RgbImage::from_pixel(3_000, 2_000, Rgb([120, 125, 130]));
    image::imageops::replace(&mut picture, &photo.thumbnail(220, 220).into_rgb8(), 1_900, 300);
    add(&bench, &[("far.png", &picture)]);
    let find = async |tiles: Option<Tiling>| {
        let recipe = Recipe { name: format!("{tiles:?}"), tiles, check: true, ..Recipe::find_these("person").unwrap() };
        let recipe = bench.library.recipes.save_from_file(recipe).await.unwrap().id;
        let quote = bench.quote_of(recipe).models.into_iter().next().unwrap();
        assert_eq!(quote.unsupported_capabilities, [UnsupportedCapability::Check]);
        let run = RunRequest::of(ImageSelection::All, recipe, quote.model.id);
        let run = bench.library.runs.start(&run).await.unwrap();
        assert_eq!(bench.end_of(run).await, COMPLETED);
        let summary = bench.library.history.run(run).unwrap();
        (quote.requests.total, found_by(&bench, "far.png", &summary).annotations)
    };
    let (requests, found) = find(None).await;
    assert_eq!((requests, found.len()), (1, 0), "{found:?}");
    let (requests, found) = find(Some(Tiling { edge: 600, at_most: 50, ..TILING })).await;
    assert!(requests > 20 && found.len() == 1, "{requests}: {found:?}");
    let place = found[0].shape.bounds().unwrap();
    assert!(place.iou(Rect::new(1_900.0, 300.0, 2_120.0, 520.0)) > 0.3, "{place:?}");
}
