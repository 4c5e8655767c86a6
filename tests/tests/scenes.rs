//! The libraries of scenes: names, dates, annotations, decisions and runs are what the tests of the window expect.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::path::Path;
use std::sync::Arc;

use domain::annotation::{Annotation, ReviewState, Shape, Status};
use domain::geometry::Rect;
use domain::import::SkipReason;
use domain::layers::LayerScope;
use domain::library::ImageCard;
use domain::plan::{ImageSelection, PlanRequest, Quote};
use domain::query::{ImageQuery, parse};
use domain::run_state::{RunMode, RunState, StopReason};
use domain::taken::Taken;
use engine::Library;
use fieldmark_tests::bench::COMPLETED;
use fieldmark_tests::scenes::{Prepared, Scene, Templates, UnknownScene};
use fieldmark_tests::{binary, repository};

/// A scene that no program shows, and its library.
struct Shown {
    prepared: Prepared,
    library: Arc<Library>,
    _folder: tempfile::TempDir,
}

async fn shown(query: &str) -> Shown {
    let templates = Templates::in_cache(&repository("target/scenes")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let scene: Scene = query.parse().unwrap();
    let prepared = Prepared::new(&scene, &templates, &folder.path().join("scene")).await.unwrap();
    let library = Library::open(&prepared.database, prepared.surroundings()).unwrap();
    Shown { prepared, library, _folder: folder }
}

impl Shown {
    fn cards(&self) -> Vec<ImageCard> {
        let ids = self.library.images.ids(&ImageQuery::default()).unwrap();
        self.library.images.cards(&ids, &LayerScope::All).unwrap()
    }

    fn count(&self, text: &str) -> usize {
        let query = ImageQuery { conditions: parse(text).unwrap(), ..ImageQuery::default() };
        self.library.images.ids(&query).unwrap().len()
    }

    /// The output of the command line on this library, in the environment of the scene.
    async fn fieldmark(&self, arguments: &[&str]) -> String {
        let mut program = self.prepared.program(&binary("fieldmark"));
        let output = program.arg("--db").arg(&self.prepared.database).args(arguments).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn places(annotations: &[Annotation]) -> Vec<(&str, u32, Status, Rect)> {
    let of = |each: &Annotation| match each.shape {
        Shape::Box { rect } => rect,
        _ => Rect::new(0.0, 0.0, 0.0, 0.0),
    };
    let run = |each: &Annotation| each.origin.run().map_or(0, |run| run.0);
    annotations.iter().map(|each| (each.label.as_str(), run(each), each.status, of(each))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_has_its_photos_annotations_and_decisions() {
    let scene = shown("images=60").await;
    let overview = scene.library.images.overview(None).unwrap();
    let collections: Vec<_> = overview
        .collections
        .iter()
        .map(|each| (each.id.0, each.name.as_str(), each.image_count, each.skipped_count))
        .collect();
    let expected = [(1, "Street survey, October", 36, 3), (2, "Museum shelves", 15, 0), (3, "Harbour weekend", 9, 0)];
    assert_eq!(collections, expected);
    let counts = overview.counts;
    assert_eq!(
        (counts.all, counts.unreviewed, counts.reviewed, counts.confirmed_empty, counts.failed),
        (60, 43, 13, 4, 2)
    );
    let labels: Vec<_> = overview.labels.iter().map(|label| (label.name.as_str(), label.color, label.count)).collect();
    let frequent = [("potted plant", 11, 16), ("traffic light", 10, 13), ("cup", 6, 9)];
    assert_eq!((labels.len(), &labels[..3], labels[9]), (10, &frequent[..], ("boat", 9, 5)));

    let cards = scene.cards();
    let names: Vec<&str> = cards[..7].iter().map(|card| card.name.as_str()).collect();
    let expected = [
        "lake_0001.jpg",
        "cafe_0002.jpg",
        "pad_0003.jpg",
        "portrait_0004.jpg",
        "dahlia_0005.jpg",
        "cat_0006.jpg",
        "lake_0007.jpg",
    ];
    assert_eq!(names, expected);
    assert_eq!(cards.iter().map(|card| card.id.0).collect::<Vec<_>>(), (1..=60).collect::<Vec<_>>());
    let taken = |clock_millis, minutes_ahead_of_utc| Some(Taken { clock_millis, minutes_ahead_of_utc });
    assert_eq!(
        [0, 1, 4, 7].map(|place| cards[place].taken),
        [
            taken(1_773_739_811_998, None),
            taken(1_773_754_487_188, Some(120)),
            None,
            taken(1_775_915_567_885, Some(120))
        ]
    );
    let proposed = Status::Proposed;
    assert_eq!(places(&cards[0].annotations), [("boat", 2, proposed, Rect::new(450.0, 264.0, 524.0, 287.0))]);
    let confidence = cards[0].annotations[0].confidence.unwrap();
    assert!((confidence - 0.324_053_38).abs() < 1e-6, "{confidence}");
    assert_eq!(
        places(&cards[1].annotations),
        [
            ("cup", 2, proposed, Rect::new(176.0, 20.0, 447.0, 309.0)),
            ("spoon", 2, proposed, Rect::new(320.0, 69.0, 422.0, 326.0)),
            ("dining table", 2, proposed, Rect::new(7.0, 6.0, 593.0, 395.0)),
        ]
    );
    assert_eq!(
        places(&cards[50].annotations),
        [
            ("traffic light", 2, Status::Accepted, Rect::new(137.0, 364.0, 169.0, 392.0)),
            ("traffic light", 2, Status::Rejected, Rect::new(347.0, 382.0, 386.0, 413.0)),
            ("airplane", 2, Status::Accepted, Rect::new(311.0, 128.0, 338.0, 409.0)),
        ]
    );
    let numbers = |is_meant: fn(&ImageCard) -> bool| -> Vec<u32> {
        cards.iter().filter(|card| is_meant(card)).map(|card| card.id.0).collect()
    };
    assert_eq!(numbers(|card| card.failure.is_some()), [3, 42]);
    assert_eq!(numbers(|card| card.review == ReviewState::ConfirmedEmpty), [7, 31, 37, 49]);
    assert!(cards[51..].iter().all(|card| !card.is_annotated && card.annotations.is_empty()));
    // What a test does can be undone, not what was there before.
    assert!(scene.library.review.undo_latest(&LayerScope::All).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn skipped_files_have_their_reasons() {
    let scene = shown("images=12&hollow").await;
    let skipped = scene.library.images.skipped_files(None).unwrap();
    let reasons: Vec<_> = skipped
        .iter()
        .map(|file| (Path::new(&file.path).file_name().unwrap().to_str().unwrap(), &file.reason))
        .collect();
    let raw = SkipReason::NotSupported { format: "camera raw".into(), detail: None };
    assert_eq!(reasons[0], ("DSC_0001.NEF", &raw));
    assert!(matches!(reasons[1], ("IMG_0412.jpg", SkipReason::Damaged { .. })), "{reasons:?}");
    assert_eq!(reasons[2..], [("IMG_0555.jpg", &SkipReason::Empty), ("notes.txt", &SkipReason::NotAnImage)]);
    let collections = scene.library.images.overview(None).unwrap().collections;
    assert_eq!(collections.last().map(|last| (last.name.as_str(), last.image_count)), Some(("Damaged card", 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_runs_of_the_past_are_complete() {
    let scene = shown("images=60").await;
    let runs = scene.library.history.runs().unwrap();
    let told: Vec<_> = runs
        .iter()
        .map(|run| (run.id.0, run.model_name.as_str(), run.state, run.total, run.waiting, run.started_at))
        .collect();
    assert_eq!(
        told,
        [
            (2, "Built-in detector", COMPLETED, 51, 0, 1_795_426_200_000),
            (1, "Built-in detector", COMPLETED, 20, 0, 1_795_339_800_000),
        ]
    );
    assert_eq!((runs[0].undecided_count, runs[0].reviewed_count), (68, 17));
    assert_eq!(runs[1].undecided_count, 0);
    assert!(scene.fieldmark(&["runs"]).await.contains("Everyday objects"));

    let priced = shown("images=60&priced").await;
    let run = &priced.library.history.runs().unwrap()[0];
    assert_eq!((run.model_name.as_str(), run.destination.host()), ("Claude Haiku 5.5", Some("api.anthropic.com")));
    assert_eq!((run.retries, run.possibly_billed.count, run.cut_short), (5, 1, 2));
    let quoted = run.quoted.unwrap();
    assert!(run.paid > quoted.likely_low && run.paid < quoted.at_most, "{:?} {quoted:?}", run.paid);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_run_ended_as_the_scene_says() {
    let interrupted = shown("images=60&priced&interrupted").await;
    let run = &interrupted.library.history.runs().unwrap()[0];
    assert_eq!((run.id.0, run.state, run.total, run.waiting), (3, RunState::Interrupted, 60, 30));
    assert_eq!((run.unsettled.count, run.failed), (3, 1));

    for (query, reason) in [
        ("stopped=key_rejected", StopReason::KeyRejected),
        ("stopped=budget_reached", StopReason::BudgetReached),
        ("stopped=batch_unknown", StopReason::BatchUnknown),
    ] {
        let scene = shown(&format!("images=60&priced&{query}")).await;
        let run = &scene.library.history.runs().unwrap()[0];
        assert_eq!((run.id.0, run.state, run.waiting), (3, RunState::Stopped { reason }, 30));
        let is_batch = reason == StopReason::BatchUnknown;
        assert_eq!(run.mode == RunMode::Batch, is_batch);
        assert_eq!(run.budget.is_some(), reason == StopReason::BudgetReached);
        let unknown = scene.library.insight.report(run.id).unwrap().unknown_batches.count;
        assert_eq!(unknown, if is_batch { 30 } else { 0 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_mistakes_and_crowds_are_on_the_images() {
    let layers = shown("images=60&layers").await;
    let first = &layers.cards()[0];
    let told: Vec<_> = places(&first.annotations).iter().map(|&(label, run, ..)| (label, run)).collect();
    assert_eq!(told, [("boat", 2), ("surfboard", 1), ("bottle", 1)]);
    let overview = layers.library.images.overview(None).unwrap();
    assert_eq!((overview.counts.unreviewed, overview.counts.reviewed, overview.labels.len()), (43, 13, 16));

    let mistakes = shown("images=240&mistakes").await;
    let labels = mistakes.library.images.overview(None).unwrap().labels;
    assert!(labels.iter().any(|label| (label.name.as_str(), label.count) == ("persom", 5)), "{labels:?}");
    for check in ["duplicate", "huge", "tiny", "outside", "odd_aspect", "misspelled"] {
        assert!(mistakes.count(&format!("check:{check}")) > 0, "{check}");
    }

    let crowd = shown("images=12&annotations=100").await;
    let cards = crowd.cards();
    assert!(cards.iter().all(|card| card.annotations.len() == 100 && card.review == ReviewState::Unreviewed));
    assert_eq!(cards[0].annotations[1].label, "bicycle");
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_can_be_away_and_alike() {
    let away = shown("images=12&unplugged").await;
    assert!(!away.prepared.photos.exists());
    let gone = shown("images=12&unplugged=all").await;
    let first = gone.cards()[0].id;
    assert!(gone.library.images.pixels(first, engine::PixelEdge::Thumbnail).is_err());
    assert!(away.library.images.pixels(first, engine::PixelEdge::Thumbnail).is_ok());

    for (query, followers) in [("images=240&similar", 70), ("images=240", 0)] {
        let scene = shown(query).await;
        assert_eq!(quote(&scene.library).similar.followers, followers);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_library_has_rows_and_thumbnails() {
    let scene = shown("images=1400").await;
    let overview = scene.library.images.overview(None).unwrap();
    assert_eq!((overview.counts.all, overview.collections[0].skipped_count), (1400, 3));
    let ids = scene.library.images.ids(&ImageQuery::default()).unwrap();
    let last = scene.library.images.cards(&ids[1399..], &LayerScope::All).unwrap();
    assert_eq!(last[0].name, "cafe_1400.jpg");
    for edge in [engine::PixelEdge::Thumbnail, engine::PixelEdge::Full] {
        assert!(scene.library.images.pixels(ids[1399], edge).is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scene_has_its_own_connection() {
    let keyless = shown("images=12&priced").await;
    let providers = keyless.fieldmark(&["providers"]).await;
    let server = keyless.prepared.servers.urls().remove(0);
    assert!(providers.contains(server.trim_start_matches("http://")), "{providers}");

    let scene = shown("images=12&priced&key&endpoints").await;
    assert_eq!(scene.prepared.servers.urls().len(), 4);
    let connection = scene.library.connections.shown().unwrap().connections.remove(0);
    let endpoints: Vec<_> = connection.endpoints.iter().map(|each| (each.name.as_str(), each.key.is_some())).collect();
    assert_eq!(endpoints, [("Frankfurt", true), ("Second account", true), ("Old gateway", false)]);
    assert!(connection.key.is_some() && connection.problem.is_none(), "{connection:?}");

    let answered = shown("images=12&priced&key&answered").await;
    let quote = quote(&answered.library);
    let of_run = quote.models.iter().find(|quoted| quoted.model.id.0 == "claude-haiku-5-5").unwrap();
    assert_eq!(of_run.answered_before, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_wait_at_the_vendor() {
    let scene = shown("images=12&priced&key&batch").await;
    let runs = scene.library.history.runs().unwrap();
    assert_eq!((runs[0].id.0, runs[0].state), (3, RunState::Stopped { reason: StopReason::Paused }));
    assert_eq!((runs[0].mode, runs[0].waiting), (RunMode::Batch, 12));
    assert_eq!(scene.library.history.progress(runs[0].id).unwrap().batches.len(), 3);
}

/// For all images with the first recipe.
fn quote(library: &Library) -> Quote {
    let recipe = library.recipes.all().unwrap()[0].id;
    library.planning.quote(&PlanRequest::of(ImageSelection::All, recipe)).unwrap()
}

#[test]
fn unknown_parameters_are_refused() {
    let unknown: Result<Scene, UnknownScene> = "images=60&unheard".parse();
    assert_eq!(unknown.unwrap_err(), UnknownScene::Name("unheard".into()));
    let wrong: Result<Scene, UnknownScene> = "images=many".parse();
    assert_eq!(wrong.unwrap_err().to_string(), "many is no value of images");
}
