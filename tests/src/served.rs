//! `fieldmark serve` and a browser that shows its window.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::bench::ENVIRONMENT;
use crate::binary;
use crate::desk::Window;
use crate::screen::{Owned, free_port};

/// A server on a library of its own, and its window in Chromium.
pub struct Served {
    pub window: Window,
    pub library: PathBuf,
    /// The folder of what the browser downloads.
    pub downloads: PathBuf,
    _server: Owned,
    _driver: Owned,
}

impl Served {
    /// Starts the server in `folder` with these variables. It offers the folder `photos`.
    ///
    /// # Panics
    /// If `fieldmark` or `chromedriver` is missing.
    #[expect(clippy::unwrap_used, reason = "without a server there is no test")]
    pub async fn start(folder: &Path, photos: &Path, variables: &[(&str, &str)]) -> Self {
        let library = folder.join("served.sqlite");
        let downloads = folder.join("downloads");
        fs::create_dir_all(&downloads).unwrap();
        let mut serve = Command::new(binary("fieldmark"));
        for variable in ENVIRONMENT {
            serve.env_remove(variable);
        }
        let mut server = serve
            .args(["serve", "--create", "--port", "0", "--db"])
            .arg(&library)
            .arg("--root")
            .arg(photos)
            .current_dir(folder)
            .env("HOME", folder)
            .env("XDG_CONFIG_HOME", folder)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut printed = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut printed).unwrap();
        let server = Owned(server);
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .env("HOME", folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let driver = Owned(driver);
        let link = printed.trim().rsplit(' ').next().unwrap();
        let window = Window::open_in_browser(&format!("http://127.0.0.1:{port}"), link, &downloads).await;
        Self { window, library, downloads, _server: server, _driver: driver }
    }
}
