//! A screen with the real window on it, and the library of the window.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs};

use domain::layers::LayerScope;
use domain::library::ImageCard;
use domain::query::ImageQuery;
use engine::Library;
use fantoccini::elements::Element;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::bench::surroundings;
use crate::screen::Screen;
use crate::{binary, repository};

/// The time limit for anything in the window.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A screen, and a folder for everything on it.
pub struct Desk {
    pub folder: tempfile::TempDir,
    pub screen: Screen,
}

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a step that cannot be taken fails the test")]
impl Desk {
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let screen = Screen::start(&folder.path().join("home"));
        Self { folder, screen }
    }

    #[must_use]
    pub fn photos(&self) -> PathBuf {
        // Spaces and non-Latin scripts, as in real folder names.
        let photos = self.folder.path().join("Ferien 2026 – 夏");
        fs::create_dir_all(&photos).unwrap();
        photos
    }

    /// The state on disk, read without the window.
    #[must_use]
    pub fn library(&self) -> Arc<Library> {
        Library::open(&self.folder.path().join("home/library/library.sqlite"), surroundings(&[])).unwrap()
    }

    #[must_use]
    pub fn cards(&self) -> Vec<ImageCard> {
        let library = self.library();
        let ids = library.images.ids(&ImageQuery::default()).unwrap();
        library.images.cards(&ids, &LayerScope::All).unwrap()
    }
}

/// The window, driven by `WebDriver`.
pub struct Window(pub Client);

#[expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a step that cannot be taken fails the test")]
impl Window {
    pub async fn open(driver_url: &str, arguments: &[&Path]) -> Self {
        Self::open_program(driver_url, &binary("fieldmark-desktop"), arguments).await
    }

    /// Opens the window of a program on the same web view.
    pub async fn open_program(driver_url: &str, program: &Path, arguments: &[&Path]) -> Self {
        let options = json!({ "binary": program, "args": arguments });
        Self::connect(driver_url, "webkitgtk:browserOptions", options).await
    }

    /// Opens the window in a browser; what it downloads goes into the folder `downloads`.
    pub async fn open_in_browser(driver_url: &str, link: &str, downloads: &Path) -> Self {
        let options = json!({
            "binary": env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned()),
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,800"],
            "prefs": { "download.default_directory": downloads, "download.prompt_for_download": false },
        });
        let window = Self::connect(driver_url, "goog:chromeOptions", options).await;
        window.0.goto(link).await.unwrap();
        window
    }

    async fn connect(driver_url: &str, browser: &str, options: Value) -> Self {
        let mut capabilities = Capabilities::new();
        capabilities.insert(browser.into(), options);
        let began = Instant::now();
        loop {
            let opened =
                ClientBuilder::new(HttpConnector::new()).capabilities(capabilities.clone()).connect(driver_url).await;
            match opened {
                Ok(client) => return Self(client),
                // The driver needs a moment before it listens.
                Err(error) => assert!(began.elapsed() < PATIENCE, "no window: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub async fn see(&self, xpath: &str) -> Element {
        match self.0.wait().at_most(PATIENCE).for_element(Locator::XPath(xpath)).await {
            Ok(element) => element,
            Err(error) => {
                let body = self.run("return document.body.innerText").await;
                panic!("{xpath} did not come up: {error}\n{body}");
            }
        }
    }

    pub async fn press(&self, xpath: &str) {
        self.see(xpath).await.click().await.unwrap();
    }

    /// Enters text in the field with this id.
    pub async fn enter(&self, field: &str, text: &str) {
        // A field may be rendered again just after it was found.
        for _ in 0..20 {
            let field = self.see(&format!("//input[@id='{field}']")).await;
            if field.clear().await.is_ok() && field.send_keys(text).await.is_ok() {
                return;
            }
        }
        panic!("{field} holds still for no text");
    }

    pub async fn go_to(&self, screen: &str) {
        self.press(&format!("//nav//button[starts-with(normalize-space(), '{screen}')]")).await;
    }

    pub async fn key(&self, keys: &str) {
        self.0.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    pub async fn run(&self, script: &str) -> Value {
        self.0.execute(script, vec![]).await.unwrap()
    }

    pub async fn wait_until(&self, what: &str, script: &str) {
        let began = Instant::now();
        while self.run(script).await != Value::Bool(true) {
            assert!(began.elapsed() < PATIENCE, "{what}\n{}", self.run("return document.body.innerText").await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Suggests a folder for exports, as after an earlier export, because a native dialog cannot be driven. Loads the
    /// window again.
    pub async fn suggest_exports_in(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        let folder = Value::from(folder.to_str().unwrap());
        let keep = format!("localStorage.setItem('fieldmark.export_folder', JSON.stringify({folder}))");
        self.run(&format!("{keep}; window.isOld = true; setTimeout(() => location.reload()); return true")).await;
        self.wait_until("the window is loaded again", "return window.isOld !== true").await;
    }

    pub async fn photograph(&self, name: &str) {
        let painted = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(null)))";
        self.0.execute_async(painted, vec![]).await.unwrap();
        let folder = repository("build/screenshots");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("window-{name}.png")), self.0.screenshot().await.unwrap()).unwrap();
    }
}
