//! A user's whole path in both front ends, the desktop's window and a browser: import, plan, run on the simulator, review
//! by keyboard, export.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use domain::annotation::{ReviewState, Status};
use domain::layers::LayerScope;
use domain::library::ImageCard;
use domain::query::ImageQuery;
use engine::Library;
use fantoccini::key::Key;
use fieldmark_tests::bench::surroundings;
use fieldmark_tests::desk::{Desk, PATIENCE, Window};
use fieldmark_tests::repository;
use fieldmark_tests::served::Served;
use serde_json::Value;
use simulator::{Options, Running, Simulator};

const KEY: &str = "sk-planted-Qm9vdHMtYW5kLWNhdHM";
const TABLES: [&str; 4] = ["table-1.png", "table-2.png", "table-3.png", "table-4.png"];

fn lay_out_tables(folder: &Path) {
    for name in TABLES {
        fs::copy(repository("docs/tour").join(name), folder.join(name)).unwrap();
    }
}

/// The images on disk, read without the window.
fn cards(library: &Path) -> Vec<ImageCard> {
    let library = Library::open(library, surroundings(&[])).unwrap();
    let ids = library.images.ids(&ImageQuery::default()).unwrap();
    library.images.cards(&ids, &LayerScope::All).unwrap()
}

async fn see_photos(window: &Window) {
    window.wait_until("four pictures", "return document.querySelectorAll('[role=option] img').length === 4").await;
}

/// Plans a run of Claude for all images, agrees to send them, and waits for its end.
async fn annotate(window: &Window, server: &Running) {
    window.go_to("Plan").await;
    window.enter("find-these", "red, green, blue, yellow").await;
    window.press("//button[normalize-space()='Save as recipe']").await;
    window.press("//button[starts-with(normalize-space(), 'Annotate 4 images, about $')][not(@disabled)]").await;
    window.see("//*[@role='dialog']//*[contains(., '127.0.0.1')]").await;
    assert_eq!(server.ledger().billed.len(), 0, "nothing is sent before consent");
    window.press("//*[@role='dialog']//button[starts-with(normalize-space(), 'Send 4 images')]").await;
    window.see("//*[contains(text(), 'Completed')]").await;
    assert_eq!(server.ledger().billed.len(), 4, "one request for each image");
}

/// Accepts the first image, rejects the second, takes that back, and accepts it instead.
async fn review(window: &Window, library: &Path) {
    window.go_to("Library").await;
    window.press("//*[@role='option'][contains(., 'table-1.png')]").await;
    window.key(&Key::Enter.to_string()).await;
    window.see("//h1[normalize-space() = 'table-1.png']").await;
    window.key("a").await;
    window.see("//h1[normalize-space() = 'table-2.png']").await;
    window.key("x").await;
    window.see("//h1[normalize-space() = 'table-3.png']").await;
    window.key(&Key::Backspace.to_string()).await;
    window.see("//h1[normalize-space() = 'table-2.png']").await;
    window.key("a").await;
    window.see("//h1[normalize-space() = 'table-3.png']").await;
    let began = Instant::now();
    loop {
        let cards = cards(library);
        let decided = cards.iter().filter(|card| card.review == ReviewState::Reviewed);
        let names: Vec<_> = decided.clone().map(|card| card.name.as_str()).collect();
        let are_accepted =
            decided.clone().flat_map(|card| &card.annotations).all(|each| each.status == Status::Accepted);
        if names == TABLES[..2] && are_accepted {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "the decisions are on disk: {cards:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The button of the dialog.
const EXPORT: &str = "//*[@role='dialog']//button[starts-with(normalize-space(), 'Export 4 images')]";

async fn open_export(window: &Window) {
    window.go_to("History").await;
    window.press("//section//button[normalize-space() = 'Export']").await;
    window.see("//*[@role='dialog']//*[starts-with(normalize-space(), '4 images, ')]").await;
}

/// The exported boxes are those that are drawn in the images.
fn check_export(file: &Path) {
    let coco: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let images = coco["images"].as_array().unwrap();
    assert_eq!(images.len(), 4);
    let id_of = |list: &str, field: &str, name: &str| {
        let all = coco[list].as_array().unwrap();
        all.iter().find(|each| each[field].as_str().unwrap().ends_with(name)).unwrap()["id"].as_u64().unwrap()
    };
    let image = id_of("images", "file_name", "table-1.png");
    let blue = id_of("categories", "name", "blue");
    let annotations = coco["annotations"].as_array().unwrap();
    let found = annotations.iter().find(|each| each["image_id"] == image && each["category_id"] == blue).unwrap();
    let [x, y, _, height] = [0, 1, 2, 3].map(|place| found["bbox"][place].as_f64().unwrap());
    // As drawn by the script of the sample images.
    assert!((x - 640.0).abs() <= 2.0 && (y + height - 821.0).abs() <= 2.0, "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desktop_leads_from_photos_to_a_dataset() {
    let desk = Desk::new();
    lay_out_tables(&desk.photos());
    let server = Simulator::start(Options::default()).await.unwrap();
    let url = server.url();
    let variables = [("ANTHROPIC_BASE_URL", url.as_str()), ("ANTHROPIC_API_KEY", KEY)];
    let driver = desk.screen.driver_in(desk.folder.path(), &variables);
    let window = Window::open(&driver.url(), &[]).await;
    let library = desk.folder.path().join("home/library/library.sqlite");

    window.see("//*[contains(text(), 'Drop folders of photos here')]").await;
    let exports = desk.folder.path().join("exports");
    window.suggest_exports_in(&exports).await;
    window.see("//*[contains(text(), 'Drop folders of photos here')]").await;
    desk.screen.drag(&[&desk.photos()], (640, 380));
    see_photos(&window).await;
    annotate(&window, &server).await;
    review(&window, &library).await;
    open_export(&window).await;
    window.press(EXPORT).await;
    let file = window.see("//*[@role='dialog']//*[@draggable]").await;
    window.wait_until("the toast is gone", "return !document.querySelector('.toast')").await;
    window.photograph("40-export-desktop").await;
    let (left, top, width, height) = file.rectangle().await.unwrap();
    let middle = (whole(left + width / 2.0), whole(top + height / 2.0));
    check_export(&exports.join("run-1-coco.json"));
    check_export(&desk.screen.drag_out(middle));
    window.0.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_leads_from_photos_to_a_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("Ferien 2026 – 夏");
    fs::create_dir(&photos).unwrap();
    lay_out_tables(&photos);
    let server = Simulator::start(Options::default()).await.unwrap();
    let url = server.url();
    let variables = [("ANTHROPIC_BASE_URL", url.as_str()), ("ANTHROPIC_API_KEY", KEY)];
    let browser = Served::start(folder.path(), &photos, &variables).await;
    let window = &browser.window;

    window.press("//button[starts-with(normalize-space(), 'Add folder')]").await;
    window.press("//*[@role='dialog']//button[normalize-space()='Add this folder'][not(@disabled)]").await;
    see_photos(window).await;
    annotate(window, &server).await;
    review(window, &browser.library).await;
    open_export(window).await;
    window.photograph("41-export-browser").await;
    // The browser saves it as soon as it is written.
    window.press(EXPORT).await;
    let file = browser.downloads.join("run-1-coco.json");
    let began = Instant::now();
    while !file.exists() {
        assert!(began.elapsed() < PATIENCE, "the browser saves the export");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    check_export(&file);
    browser.window.0.clone().close().await.unwrap();
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place on the screen")]
fn whole(place: f64) -> u32 {
    place.round() as u32
}
