//! Review in the real window: 120 photos are annotated, then 100 of them are accepted with one key each. Prints how long it
//! takes from the key to the next photo with its annotations on the screen, by the window's own clock, and judges nothing.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the benchmark")]
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::time::{Duration, Instant};

use domain::annotation::ReviewState;
use fieldmark_tests::desk::{Desk, PATIENCE, Window};
use fieldmark_tests::lay_out_photos;

const PHOTOS: usize = 120;
const ACCEPTED: usize = 100;

/// Notes, for every A that is pressed, when the next photo is on the canvas: its name in the toolbar and its pixels there.
const WATCH: &str = "
    window.paces = [];
    const name = () => document.querySelector('h1')?.innerText;
    const isDrawn = () => {
        const photo = document.querySelector('canvas');
        const context = photo && photo.width > 1 && photo.getContext('2d');
        return context && context.getImageData(photo.width / 2, photo.height / 2, 1, 1).data[3] === 255;
    };
    addEventListener('keydown', ({ key }) => {
        if (key !== 'a') return;
        const began = performance.now(), before = name();
        const look = () => {
            if (name() !== before && isDrawn()) window.paces.push(performance.now() - began);
            else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    }, true);
    return true";

#[tokio::main]
async fn main() {
    let desk = Desk::new();
    lay_out_photos(&desk.photos(), PHOTOS);
    let driver = desk.screen.driver();
    let photos = desk.photos();
    let window = Window::open(&driver.url(), &[&photos]).await;
    window.wait_until("the photos", &format!("return document.body.innerText.includes('{PHOTOS}')")).await;
    window.go_to("Plan").await;
    window
        .press(&format!("//button[starts-with(normalize-space(), 'Annotate {PHOTOS} images')][not(@disabled)]"))
        .await;
    window.see("//*[contains(text(), 'Completed')]").await;
    window.go_to("Review").await;
    window.wait_until("the first photo", "return Boolean(document.querySelector('h1'))").await;
    window.run(WATCH).await;
    let begun = Instant::now();
    for accepted in 1..=ACCEPTED {
        window.key("a").await;
        window.wait_until("the next photo", &format!("return window.paces.length === {accepted}")).await;
    }
    let took = begun.elapsed().as_secs_f64();
    let paces = window.run("return window.paces").await;
    let mut millis: Vec<f64> = paces.as_array().unwrap().iter().map(|pace| pace.as_f64().unwrap()).collect();
    millis.sort_by(f64::total_cmp);
    let reviewed = || desk.cards().iter().filter(|card| card.review != ReviewState::Unreviewed).count();
    let waiting = Instant::now();
    while reviewed() < ACCEPTED && waiting.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("review in the real window: {ACCEPTED} photos accepted with one key each, in {took:.1} s by the driver");
    println!(
        "  from the key to the next photo with its annotations, ms: median {:.0}, 95 % within {:.0}, longest {:.0} (goal 100)",
        millis[ACCEPTED / 2],
        millis[ACCEPTED * 95 / 100],
        millis[ACCEPTED - 1]
    );
    println!("  decided on disk: {} of {ACCEPTED}", reviewed());
    window.0.close().await.unwrap();
}
