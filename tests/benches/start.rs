//! The start of the app beside an empty window of the same web view: the time to a usable grid, and the memory when idle.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the benchmark")]
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fieldmark_tests::binary;
use fieldmark_tests::desk::{PATIENCE, Window};
use fieldmark_tests::scenes::{self, Scene, Templates};
use fieldmark_tests::screen::Screen;

const ROUNDS: usize = 7;
/// After which the app does nothing more.
const SETTLED: Duration = Duration::from_secs(8);

/// Goals, as multiples of the empty window.
const GOAL: f64 = 1.3;

const IS_DRAWN: &str = "
    if (!window.frames_drawn) {
        window.frames_drawn = 1;
        requestAnimationFrame(() => requestAnimationFrame(() => (window.frames_drawn = 2)));
    }
    return window.frames_drawn === 2";

const HAS_GRID: &str = "
    const images = [...document.querySelectorAll('[role=option] img')];
    return images.length > 12 && images.every((image) => image.complete && image.naturalWidth > 0)";

/// What is started.
struct Started {
    name: &'static str,
    screen: Screen,
    program: PathBuf,
    arguments: Vec<&'static Path>,
    page: Option<&'static str>,
    is_ready: &'static str,
    millis: Vec<f64>,
    mib: Vec<f64>,
}

impl Started {
    fn app(name: &'static str, home: &Path, library: &Path) -> Self {
        let screen = Screen::start(home);
        scenes::copy(library, &home.join("library")).unwrap();
        let program = binary("fieldmark-desktop");
        Self { name, screen, program, arguments: vec![], page: None, is_ready: HAS_GRID, millis: vec![], mib: vec![] }
    }

    fn empty(home: &Path) -> Self {
        Self {
            name: "an empty window",
            screen: Screen::start(home),
            program: empty_window(),
            arguments: vec![Path::new("--automation")],
            page: Some("data:text/html,<title>Empty</title>"),
            is_ready: IS_DRAWN,
            millis: vec![],
            mib: vec![],
        }
    }

    async fn start(&mut self) {
        let driver = self.screen.driver();
        driver.wait();
        let begun = Instant::now();
        let window = Window::open_program(&driver.url(), &self.program, &self.arguments).await;
        if let Some(page) = self.page {
            window.0.goto(page).await.unwrap();
        }
        while window.run(self.is_ready).await != true {
            assert!(begun.elapsed() < PATIENCE, "{} is not ready", self.name);
        }
        self.millis.push(begun.elapsed().as_secs_f64() * 1000.0);
        tokio::time::sleep(SETTLED).await;
        self.mib.push(self.screen.memory_mib());
        window.0.close().await.unwrap();
        self.screen.end_app();
    }
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let templates = Templates::in_cache(&folder.path().join("templates")).unwrap();
    let library = |scene: &str| templates.library(&scene.parse::<Scene>().unwrap()).unwrap();
    let home = |name: &str| folder.path().join(name);
    let mut started = [
        Started::empty(&home("empty")),
        Started::app("60 images", &home("small"), &library("images=60")),
        Started::app("100,000 images", &home("large"), &library("images=100000")),
    ];
    for _ in 0..ROUNDS {
        for each in &mut started {
            each.start().await;
        }
    }
    println!(
        "start: medians of {ROUNDS} starts in turn, to the first thumbnails of the grid; memory (PSS) {SETTLED:?} later"
    );
    let [empty_millis, empty_mib] = [median(&started[0].millis), median(&started[0].mib)];
    for Started { name, millis, mib, .. } in &started {
        let (millis, mib) = (median(millis), median(mib));
        println!(
            "  {name}   {millis:.0} ms ({:.2}x)   {mib:.0} MiB ({:.2}x)   goal {GOAL}x",
            millis / empty_millis,
            mib / empty_mib
        );
    }
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The browser of the web view's own project, which its package brings.
fn empty_window() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap().flatten();
    let mut programs = folders.map(|folder| folder.path().join("webkit2gtk-4.1/MiniBrowser"));
    programs.find(|program| program.exists()).unwrap()
}
