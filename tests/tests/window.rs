//! The real window on a virtual screen: a real drag of a folder from another program, the run, the boxes over the photo,
//! decisions by key; and the window killed during a run.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::time::{Duration, Instant};

use domain::annotation::{ReviewState, Shape, Status};
use domain::library::ImageCard;
use fantoccini::key::Key;
use fieldmark_tests::desk::{Desk, PATIENCE, Window};
use fieldmark_tests::{lay_out_photos, sample};
use serde_json::{Value, json};

/// Margin of the editor around a fitted image, in CSS pixels.
const FIT_MARGIN: f64 = 24.0;

/// The share of points along the edges of `card`'s best annotation at which the editor shows the label's color.
async fn share_of_edges_in_color(window: &Window, card: &ImageCard) -> f64 {
    let annotation = &card.annotations[0];
    let Shape::Box { rect } = annotation.shape else { panic!("a box: {annotation:?}") };
    let script = r"
        const [box, image, label, margin] = arguments;
        const canvas = document.querySelector('canvas[role=img]');
        const [width, height] = [canvas.clientWidth, canvas.clientHeight];
        const scale = Math.min((width - 2 * margin) / image.width, (height - 2 * margin) / image.height);
        const left = (width - image.width * scale) / 2, top = (height - image.height * scale) / 2;
        const ratio = canvas.width / width;
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const row = [...document.querySelectorAll('.annotations li')]
            .find((row) => row.querySelector('.name').textContent === label);
        const hex = getComputedStyle(row.querySelector('.swatch')).getPropertyValue('--label').trim();
        const wanted = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
        const shows = (x, y) => {
            for (let dx = -3; dx <= 3; dx += 1) for (let dy = -3; dy <= 3; dy += 1) {
                const at = 4 * (Math.round(y * ratio + dy) * canvas.width + Math.round(x * ratio + dx));
                if (wanted.every((value, index) => Math.abs(pixels.data[at + index] - value) < 24)) return true;
            }
            return false;
        };
        let seen = 0, asked = 0;
        for (let step = 1; step < 40; step += 1) {
            const x = left + (box.x1 + (box.x2 - box.x1) * step / 40) * scale;
            const y = top + (box.y1 + (box.y2 - box.y1) * step / 40) * scale;
            for (const [px, py] of [[x, top + box.y1 * scale], [x, top + box.y2 * scale],
                                    [left + box.x1 * scale, y], [left + box.x2 * scale, y]]) {
                asked += 1;
                if (shows(px, py)) seen += 1;
            }
        }
        return seen / asked;";
    let arguments = vec![json!(rect), json!(card.size), json!(annotation.label), json!(FIT_MARGIN)];
    window.0.execute(script, arguments).await.unwrap().as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_folder_is_annotated_and_reviewed() {
    let desk = Desk::new();
    let nested = desk.photos().join("Tag 1/Café");
    fs::create_dir_all(&nested).unwrap();
    fs::copy(sample("chelsea.jpg"), nested.join("katze.jpg")).unwrap();
    fs::copy(sample("coffee.jpg"), nested.join("tasse.jpg")).unwrap();
    fs::copy(sample("astronaut.jpg"), desk.photos().join("Tag 1/porträt.jpg")).unwrap();
    fs::copy(sample("china.jpg"), desk.photos().join("tempel.jpg")).unwrap();
    fs::write(desk.photos().join("leer.jpg"), []).unwrap();
    let driver = desk.screen.driver();
    let window = Window::open(&driver.url(), &[]).await;

    window.see("//*[contains(text(), 'Drop folders of photos here')]").await;
    window.photograph("1-empty").await;
    window.suggest_exports_in(&desk.folder.path().join("exports")).await;
    window.see("//*[contains(text(), 'Drop folders of photos here')]").await;
    desk.screen.drag(&[&desk.photos()], (640, 380));
    window.wait_until("four photos", "return document.querySelectorAll('[role=option] img').length === 4").await;
    window
        .wait_until(
            "every thumbnail",
            "return [...document.querySelectorAll('[role=option] img')].every((img) => img.complete && img.naturalWidth > 0)",
        )
        .await;
    window.photograph("2-library").await;

    window.go_to("Plan").await;
    let annotate = "//button[starts-with(normalize-space(), 'Annotate 4 images')][not(@disabled)]";
    window.see(annotate).await;
    window.photograph("3-plan").await;
    window.press(annotate).await;
    window.see("//*[contains(text(), 'Completed')]").await;
    window.photograph("4-run").await;
    let cards = desk.cards();
    assert_eq!(cards.len(), 4);
    let cat = cards.iter().find(|card| card.name == "katze.jpg").unwrap();
    assert_eq!(cat.annotations[0].label, "cat");

    window.go_to("Library").await;
    window.press("//*[@role='option'][contains(., 'katze.jpg')]").await;
    window.key(&Key::Enter.to_string()).await;
    window.see("//h1[normalize-space() = 'katze.jpg']").await;
    let drawn = "const canvas = document.querySelector('canvas');
        const middle = canvas && canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
        return Boolean(middle) && middle[3] === 255";
    window.wait_until("the photo on the canvas", drawn).await;
    window.wait_until("the toast is gone", "return !document.querySelector('.toast')").await;
    window.photograph("5-review").await;
    let share = share_of_edges_in_color(&window, cat).await;
    assert!(share > 0.8, "only {share:.2} of the box's edges are drawn where the annotation is");

    window.key("a").await;
    window.wait_until("the next image", "return document.querySelector('h1').innerText !== 'katze.jpg'").await;
    window.key("x").await;
    let began = Instant::now();
    loop {
        let cards = desk.cards();
        let of = |status| {
            cards.iter().flat_map(|card| &card.annotations).filter(|annotation| annotation.status == status).count()
        };
        let cat = cards.iter().find(|card| card.name == "katze.jpg").unwrap();
        if cat.review == ReviewState::Reviewed
            && of(Status::Accepted) == cat.annotations.len()
            && of(Status::Rejected) > 0
        {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "the decisions are on disk: {cards:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    window.go_to("History").await;
    window.see("//h1[normalize-space() = 'Run 1']").await;
    window.photograph("6-history").await;
    let metrics = desk.folder.path().join("home/library/metrics/batch-annotation-metrics.json");
    let metrics: Value = serde_json::from_str(&fs::read_to_string(metrics).unwrap()).unwrap();
    assert_eq!(metrics["metrics"]["batchSize"], 4);

    window.press("//section//button[normalize-space() = 'Export']").await;
    window.press("//*[@role='dialog']//button[starts-with(normalize-space(), 'Export ')][not(@disabled)]").await;
    let file = window.see("//*[@role='dialog']//*[@draggable]").await;
    window.see("//*[@role='dialog']//*[starts-with(normalize-space(), '4 images, ')]").await;
    window.photograph("7-export").await;
    let (left, top, width, height) = file.rectangle().await.unwrap();
    let at = |start: f64, length: f64| whole(start + length / 2.0);
    let arrived = desk.screen.drag_out((at(left, width), at(top, height)));
    assert_eq!(arrived.file_name().unwrap(), "run-1-coco.json");
    let data_set: Value = serde_json::from_str(&fs::read_to_string(&arrived).unwrap()).unwrap();
    assert_eq!(data_set["images"].as_array().unwrap().len(), 4);
    window.0.close().await.unwrap();
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place on the screen")]
fn whole(place: f64) -> u32 {
    place.round() as u32
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_window_finds_its_run_again() {
    const PHOTOS: usize = 60;
    let desk = Desk::new();
    lay_out_photos(&desk.photos(), PHOTOS);
    let driver = desk.screen.driver();
    let photos = desk.photos();
    // A folder that is named on the command line is imported as if it had been dropped.
    let window = Window::open(&driver.url(), &[&photos]).await;
    window.wait_until("the photos", "return document.body.innerText.includes('60')").await;
    window.go_to("Plan").await;
    window.press("//button[starts-with(normalize-space(), 'Annotate 60 images')][not(@disabled)]").await;
    let library = desk.library();
    let began = Instant::now();
    loop {
        if library.history.runs().unwrap().first().is_some_and(|run| run.done >= 5) {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "the run begins");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    window.photograph("8-running").await;
    desk.screen.kill_app();
    drop(window);
    drop(driver);
    let done = library.history.runs().unwrap()[0].done;
    assert!(done < 60, "killed in the middle");

    let driver = desk.screen.driver();
    let window = Window::open(&driver.url(), &[]).await;
    window.go_to("Run").await;
    window.see("//*[contains(text(), 'Interrupted')]").await;
    window.photograph("9-interrupted").await;
    window.press("//button[starts-with(normalize-space(), 'Resume')]").await;
    window.see("//*[contains(text(), 'Completed')]").await;
    let run = &library.history.runs().unwrap()[0];
    assert_eq!((run.done, run.waiting, run.failed), (60, 0, 0));
    assert!(run.retries <= 2, "only what was in flight was asked again: {}", run.retries);
    window.0.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_shows_the_first_window_and_imports_there() {
    let desk = Desk::new();
    fs::copy(sample("coffee.jpg"), desk.photos().join("tasse.jpg")).unwrap();
    let driver = desk.screen.driver();
    let window = Window::open(&driver.url(), &[]).await;
    window.see("//*[contains(text(), 'Drop folders of photos here')]").await;
    assert_eq!(desk.screen.window_count(), 1);

    let second = desk.screen.start_again(&[&desk.photos()]);
    assert!(second.status.success(), "{second:?}");
    window.wait_until("its photo", "return document.querySelectorAll('[role=option] img').length === 1").await;
    assert_eq!((desk.screen.window_count(), desk.cards().len()), (1, 1));
    assert!(desk.screen.start_again(&[]).status.success());
    assert_eq!(desk.screen.window_count(), 1);
}
