//! A virtual screen with the real window on it, driven by `WebDriver`; and a real drag from another program.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use memchr::memmem;

use crate::bench::ENVIRONMENT;
use crate::desk::PATIENCE;
use crate::{binary, repository};

/// Where other programs show their windows, which are 120 pixels wide and high: beside the app's window.
const NEIGHBOUR: (u32, u32) = (1440, 700);
const IN_NEIGHBOUR: (u32, u32) = (NEIGHBOUR.0 + 60, NEIGHBOUR.1 + 60);

/// A child process that does not outlive its test.
pub(crate) struct Owned(pub(crate) Child);

impl Drop for Owned {
    fn drop(&mut self) {
        // Either may fail because the process has already ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nothing listens on.
#[expect(clippy::expect_used, reason = "without a port there is no test")]
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// An X server without a display, 1600 x 900; the window opens at its top left.
pub struct Screen {
    _server: Owned,
    display: String,
    home: PathBuf,
}

impl Screen {
    /// Starts a server on a free display. `home` is the home folder of the programs on it.
    ///
    /// # Panics
    /// If Xvfb is missing.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without a screen there is no test")]
    pub fn start(home: &Path) -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1600x900x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let mut display = String::new();
        let stdout = server.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut display).expect("Xvfb names its display");
        fs::create_dir_all(home).expect("home");
        Self { _server: Owned(server), display: format!(":{}", display.trim()), home: home.to_owned() }
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env("DISPLAY", &self.display)
            .env_remove("WAYLAND_DISPLAY")
            .env("HOME", &self.home)
            .env("XDG_RUNTIME_DIR", &self.home)
            .env("FIELDMARK_LIBRARY", self.home.join("library"))
            .env("NO_AT_BRIDGE", "1")
            .env("TAURI_WEBVIEW_AUTOMATION", "true");
        for variable in ENVIRONMENT {
            command.env_remove(variable);
        }
        command
    }

    /// Starts a `WebDriver` that opens the app on this screen.
    ///
    /// # Panics
    /// If `WebKitWebDriver` is missing.
    #[must_use]
    pub fn driver(&self) -> Driver {
        self.driver_in(&self.home, &[])
    }

    /// [`Screen::driver`], with `folder` as the app's working folder, and these variables.
    ///
    /// # Panics
    /// If `WebKitWebDriver` is missing.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without a driver there is no test")]
    pub fn driver_in(&self, folder: &Path, variables: &[(&str, &str)]) -> Driver {
        let port = free_port();
        let driver = self
            .command("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .current_dir(folder)
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("WebKitWebDriver starts");
        Driver { _process: Owned(driver), port }
    }

    /// Starts the app with these paths while its window is open. Returns what it said when it has ended.
    ///
    /// # Panics
    /// If the app is missing.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without the app there is no test")]
    pub fn start_again(&self, paths: &[&Path]) -> Output {
        self.command(binary("fieldmark-desktop")).args(paths).output().expect("the app starts")
    }

    /// The number of visible windows of the app.
    ///
    /// # Panics
    /// If xdotool is missing.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without it there is no test")]
    pub fn window_count(&self) -> usize {
        let found = self.command("xdotool").args(["search", "--onlyvisible", "--name", "^Fieldmark$"]).output();
        String::from_utf8_lossy(&found.expect("xdotool").stdout).lines().count()
    }

    /// Drags `paths` from a window of another program to the point `to` of the screen, with real pointer events.
    ///
    /// # Panics
    /// If the drag source or xdotool is missing.
    pub fn drag(&self, paths: &[&Path], to: (u32, u32)) {
        let (_source, _) = self.neighbour("drag_source.py", paths);
        self.drag_by_hand(IN_NEIGHBOUR, to);
    }

    /// Drags what is at the point `from` of the screen to a window of another program; returns the path of the file that
    /// arrived there.
    ///
    /// # Panics
    /// If the drop target or xdotool is missing.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without a drop there is no test")]
    pub fn drag_out(&self, from: (u32, u32)) -> PathBuf {
        let (_target, mut said) = self.neighbour("drop_target.py", &[]);
        self.drag_by_hand(from, IN_NEIGHBOUR);
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut path = String::new();
            // The receiver is gone if the output came too late.
            let _ = said.read_line(&mut path).map(|_| tell.send(path));
        });
        PathBuf::from(told.recv_timeout(PATIENCE).expect("a file arrives").trim_end())
    }

    /// Starts another program on the screen, beside the window; returns its output after it was ready.
    #[expect(clippy::expect_used, reason = "without it there is no test")]
    fn neighbour(&self, script: &str, arguments: &[&Path]) -> (Owned, BufReader<ChildStdout>) {
        let mut program = self
            .command("/usr/bin/python3")
            .arg(repository("tests/fixtures").join(script))
            .args([NEIGHBOUR.0.to_string(), NEIGHBOUR.1.to_string()])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the other program starts");
        let mut said = BufReader::new(program.stdout.take().expect("piped"));
        let mut ready = String::new();
        said.read_line(&mut ready).expect("the other program is ready");
        (Owned(program), said)
    }

    #[expect(clippy::expect_used, reason = "without a hand there is no test")]
    fn drag_by_hand(&self, from: (u32, u32), to: (u32, u32)) {
        let hand = |arguments: &[&str]| {
            let done = self.command("xdotool").args(arguments).status().expect("xdotool");
            assert!(done.success(), "xdotool {arguments:?}");
            sleep(Duration::from_millis(60));
        };
        let move_to = |(x, y): (u32, u32)| hand(&["mousemove", &x.to_string(), &y.to_string()]);
        let between = |from: u32, to: u32, step: u32, steps: u32| (from * (steps - step) + to * step) / steps;
        move_to(from);
        hand(&["mousedown", "1"]);
        // Small moves pass the threshold at which a press becomes a drag.
        for step in 1..=6 {
            move_to((between(from.0, to.0, step, 120), between(from.1, to.1, step, 120)));
        }
        for step in 1..=12 {
            move_to((between(from.0, to.0, step, 12), between(from.1, to.1, step, 12)));
        }
        sleep(Duration::from_millis(300));
        hand(&["mouseup", "1"]);
        sleep(Duration::from_millis(300));
    }

    /// The processes of this screen's app, as folders of `/proc`: its own and those of the web view.
    fn processes(&self) -> Vec<PathBuf> {
        let library = format!("FIELDMARK_LIBRARY={}", self.home.join("library").display());
        let is_ours = |process: &PathBuf| {
            fs::read(process.join("environ"))
                .is_ok_and(|variables| variables.split(|&byte| byte == 0).any(|each| each == library.as_bytes()))
        };
        let processes = fs::read_dir("/proc").into_iter().flatten();
        processes.filter_map(|entry| Some(entry.ok()?.path())).filter(is_ours).collect()
    }

    /// The number of web view processes whose memory contains `secret`, and the number of all of them.
    ///
    /// # Panics
    /// If their memory cannot be read.
    #[must_use]
    #[expect(clippy::expect_used, reason = "what was not searched was not shown to be clean")]
    pub fn web_processes_holding(&self, secret: &[u8]) -> (usize, usize) {
        let of_web_view = |process: &PathBuf| {
            let name = fs::read_to_string(process.join("comm"));
            name.is_ok_and(|name| name.starts_with("WebKit") && !name.starts_with("WebKitWebDriver"))
        };
        let processes: Vec<PathBuf> = self.processes().into_iter().filter(of_web_view).collect();
        let holding = processes.iter().filter(|process| memory_holds(process, secret).expect("memory can be read"));
        (holding.count(), processes.len())
    }

    /// The memory of the app on this screen and of its web view in MiB, where what processes share counts once.
    ///
    /// # Panics
    /// If the kernel does not say.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without a figure nothing is measured")]
    pub fn memory_mib(&self) -> f64 {
        let kib = |process: &Path| -> Option<u32> {
            let memory = fs::read_to_string(process.join("smaps_rollup")).ok()?;
            memory.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.parse().ok())
        };
        let processes = self.processes().into_iter().filter(|process| !is_driver(process));
        processes.map(|process| f64::from(kib(&process).expect("memory of a process")) / 1024.0).sum()
    }

    /// Ends the app on this screen and its web view: a driver that closes its session may leave them running.
    ///
    /// # Panics
    /// If they do not end.
    #[expect(clippy::expect_used, reason = "what still runs would be measured again")]
    pub fn end_app(&self) {
        let began = Instant::now();
        loop {
            let processes: Vec<PathBuf> = self.processes().into_iter().filter(|process| !is_driver(process)).collect();
            if processes.is_empty() {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "the app ends: {processes:?}");
            let ids = processes.iter().filter_map(|process| process.file_name());
            // Some may have ended by now.
            Command::new("kill").arg("-TERM").args(ids).stderr(Stdio::null()).status().expect("kill");
            sleep(Duration::from_millis(100));
        }
    }

    /// Kills the app on this screen, and no other, with SIGKILL, as a power cut would.
    ///
    /// # Panics
    /// If it is not running.
    #[expect(clippy::expect_used, reason = "the test is about being killed")]
    pub fn kill_app(&self) {
        let app = binary("fieldmark-desktop");
        let process = self
            .processes()
            .into_iter()
            .find(|process| fs::read_link(process.join("exe")).is_ok_and(|exe| exe == app))
            .expect("the app runs");
        let id = process.file_name().expect("a process id");
        assert!(Command::new("kill").arg("-KILL").arg(id).status().expect("kill").success());
    }
}

/// A `WebDriver` on the loopback interface.
pub struct Driver {
    _process: Owned,
    port: u16,
}

impl Driver {
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Waits until the driver listens.
    ///
    /// # Panics
    /// If it does not.
    pub fn wait(&self) {
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(began.elapsed() < PATIENCE, "the driver listens");
            sleep(Duration::from_millis(20));
        }
    }
}

fn is_driver(process: &Path) -> bool {
    fs::read_to_string(process.join("comm")).is_ok_and(|name| name.starts_with("WebKitWebDriver"))
}

/// Searches every readable mapping of a process for `secret`.
fn memory_holds(process: &Path, secret: &[u8]) -> std::io::Result<bool> {
    const PAGE: u64 = 4096;
    /// Bits of a page map entry: the page is in memory, or swapped out.
    const IS_THERE: u64 = 0b11 << 62;
    let (mut memory, mut page_map) = (File::open(process.join("mem"))?, File::open(process.join("pagemap"))?);
    for mapping in fs::read_to_string(process.join("maps"))?.lines() {
        let mut parts = mapping.split_whitespace();
        let (Some(range), Some(rights)) = (parts.next(), parts.next()) else { continue };
        let Some((start, end)) = range.split_once('-') else { continue };
        let (Ok(start), Ok(end)) = (u64::from_str_radix(start, 16), u64::from_str_radix(end, 16)) else { continue };
        if !rights.starts_with('r') {
            continue;
        }
        // Slices overlap by a page, so that no secret is cut in two. A web view reserves gigabytes that it never touches:
        // slices without a page are skipped. Mappings of devices cannot be read.
        let mut slice = vec![0; 1 << 20];
        let mut entries = vec![0; slice.len() / 512];
        let step = slice.len() as u64 - PAGE;
        let mut at = start;
        while at < end {
            let len = usize::try_from((end - at).min(slice.len() as u64)).unwrap_or(slice.len());
            let entries = &mut entries[..len / 512];
            page_map.seek(SeekFrom::Start(at / PAGE * 8))?;
            page_map.read_exact(entries)?;
            let mut pages = entries.chunks_exact(8).map(|entry| entry.try_into().map_or(0, u64::from_ne_bytes));
            if !pages.any(|page| page & IS_THERE != 0) {
                at += step;
                continue;
            }
            let is_read = memory.seek(SeekFrom::Start(at)).and_then(|_| memory.read_exact(&mut slice[..len]));
            if is_read.is_err() {
                break;
            }
            if memmem::find(&slice[..len], secret).is_some() {
                return Ok(true);
            }
            at += step;
        }
    }
    Ok(false)
}
