//! The command line under signals, closed pipes, full disks and a library that disappears: how it ends, and what it leaves.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use domain::run_state::{RunState, StopReason};
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::pictures::LABELS;
use fieldmark_tests::{binary, lay_out_photos};
use rusqlite::{Connection, OpenFlags};
use simulator::{Fault, Latency, Options, Running, Simulator};

const KEY: &str = "sk-any";
const IMAGES: u32 = 12;
const PAUSED: RunState = RunState::Stopped { reason: StopReason::Paused };

async fn simulate(latency: Duration) -> Running {
    let latency = Latency { first_byte: latency.into(), ..Latency::default() };
    Simulator::start(Options { latency, ..Options::default() }).await.unwrap()
}

fn annotate(bench: &Bench, url: &str, more: &[&str]) -> Command {
    let mut command = bench.fieldmark(url, KEY);
    command.args(["annotate", "photos", "--labels", LABELS, "--model", "claude-sonnet-5-5", "--yes"]);
    command.args(["--concurrency", "2"]).args(more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn send(signal: &str, to: &Child) {
    assert!(Command::new("kill").args([signal, &to.id().to_string()]).status().unwrap().success());
}

/// Waits until this many requests have been recorded, each just before it is sent.
async fn until_sent(bench: &Bench, count: u32) {
    let database = bench.folder.path().join("library/library.sqlite");
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sent = || connection.query_row("SELECT count(*) FROM attempts", [], |row| row.get::<_, u32>(0)).unwrap();
    while sent() < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn said(output: &Output) -> String {
    [&output.stderr[..], &output.stdout].map(String::from_utf8_lossy).concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_signal_drains_and_each_kind_has_its_exit_code() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let server = simulate(Duration::from_millis(300)).await;
        let bench = Bench::with_pictures(&server.url(), KEY, IMAGES);
        let running = annotate(&bench, &server.url(), &["--export", "jsonl=all.jsonl"]).spawn().unwrap();
        until_sent(&bench, 3).await;
        send(signal, &running);
        let output = running.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{signal}: {}", said(&output));
        let run = bench.library.history.runs().unwrap().remove(0);
        assert_eq!(run.state, PAUSED, "{signal}");
        assert_eq!(run.done as usize, server.ledger().billed.len(), "{signal}: what was in flight is kept");
        assert!(run.done > 0 && run.done < IMAGES, "{signal}: {}", run.done);
        let lines = fs::read_to_string(bench.folder.path().join("all.jsonl")).unwrap();
        assert_eq!(lines.lines().count(), run.done as usize, "{signal}: outputs are written");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_signal_of_any_kind_ends_the_process() {
    for (first, second, code) in [("-TERM", "-TERM", 143), ("-INT", "-HUP", 129), ("-HUP", "-INT", 130)] {
        // Requests in flight are never answered, so waiting for them would not end.
        let server = simulate(Duration::ZERO).await;
        server.script(vec![Fault::Silence; 2]);
        let bench = Bench::with_pictures(&server.url(), KEY, IMAGES);
        let running = annotate(&bench, &server.url(), &[]).spawn().unwrap();
        until_sent(&bench, 2).await;
        send(first, &running);
        let run = bench.library.history.runs().unwrap()[0].id;
        let mut running = running;
        let mut text = String::new();
        let mut stderr = running.stderr.take().unwrap();
        while !text.contains("Stopping") {
            let mut piece = [0; 1024];
            let count = stderr.read(&mut piece).unwrap();
            assert!(count > 0, "{text}");
            text += &String::from_utf8_lossy(&piece[..count]);
        }
        send(second, &running);
        stderr.read_to_string(&mut text).unwrap();
        let status = running.wait().unwrap();
        assert_eq!((status.code(), status.signal()), (Some(code), None), "{text}");
        assert!(text.contains(&format!("fieldmark resume {run}")), "{text}");
        server.stop().await;
    }
}

/// `nohup`, and shells that leave a program running, make it ignore SIGHUP.
#[tokio::test(flavor = "multi_thread")]
async fn a_hang_up_that_is_ignored_by_the_parent_s_wish_ends_no_run() {
    let server = simulate(Duration::from_millis(100)).await;
    let bench = Bench::with_pictures(&server.url(), KEY, IMAGES);
    let usual = annotate(&bench, &server.url(), &[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(usual.get_program()).args(usual.get_args());
    shell.env_clear().envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(bench.folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let running = shell.spawn().unwrap();
    until_sent(&bench, 3).await;
    send("-HUP", &running);
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let run = bench.library.history.runs().unwrap().remove(0);
    assert_eq!((run.state, run.done), (COMPLETED, IMAGES));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_stops_no_work_and_is_not_a_success() {
    let server = simulate(Duration::from_millis(20)).await;
    for (closes_stdout, code) in [(false, 0), (true, 141)] {
        let bench = Bench::with_pictures(&server.url(), KEY, IMAGES);
        let mut running = annotate(&bench, &server.url(), &["--export", "jsonl=all.jsonl"]).spawn().unwrap();
        drop(running.stderr.take());
        if closes_stdout {
            drop(running.stdout.take());
        }
        let output = running.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        let run = bench.library.history.runs().unwrap().remove(0);
        assert_eq!((run.state, run.done), (COMPLETED, IMAGES));
        let lines = fs::read_to_string(bench.folder.path().join("all.jsonl")).unwrap();
        assert_eq!(lines.lines().count(), IMAGES as usize);
        assert_eq!(String::from_utf8_lossy(&output.stdout).contains("completed"), !closes_stdout);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outputs_that_cannot_be_written_are_named_before_anything_is_sent() {
    let server = simulate(Duration::ZERO).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 2);
    fs::write(bench.folder.path().join("file"), "").unwrap();
    let outputs = ["--metrics-out photos", "--report file", "--export coco=file/set.json", "--export csv=photos/0.png"];
    let words: Vec<&str> = outputs.iter().flat_map(|output| output.split(' ')).collect();
    let output = annotate(&bench, &server.url(), &words).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for named in outputs {
        assert!(said(&output).contains(&format!("error: {named} cannot be written: ")), "{named}: {}", said(&output));
    }
    let twice =
        annotate(&bench, &server.url(), &["--export", "csv=a.csv", "--export", "jsonl=a.csv"]).output().unwrap();
    assert_eq!(twice.status.code(), Some(1), "{}", said(&twice));
    assert!(!bench.folder.path().join("a.csv").exists());
    assert!(server.ledger().billed.is_empty(), "nothing is sent");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_fails_stops_no_other_and_devices_stay_devices() {
    let server = simulate(Duration::ZERO).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 2);
    let inside = |name: &str| bench.folder.path().join(name);
    fs::write(inside("real.json"), "old").unwrap();
    symlink("real.json", inside("link.json")).unwrap();
    let outputs = ["--export", "csv=/dev/full", "--export", "coco=link.json", "--metrics-out", "metrics.json"];
    let output = annotate(&bench, &server.url(), &outputs).args(["--report", "page"]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    assert!(
        said(&output).contains("warning: --export csv=/dev/full was not written: No space left"),
        "{}",
        said(&output)
    );
    assert!(fs::symlink_metadata("/dev/full").unwrap().file_type().is_char_device());
    assert!(
        inside("link.json").is_symlink() && fs::read_to_string(inside("real.json")).unwrap().contains("annotations")
    );
    assert!(inside("metrics.json").is_file() && inside("page/report.html").is_file());

    for out in ["-", "/dev/stdout"] {
        let output = bench
            .fieldmark(&server.url(), KEY)
            .args(["export", "1", "--format", "csv", "--out", out])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let csv = String::from_utf8(output.stdout).unwrap();
        assert!(csv.starts_with("image,file_name,"), "{csv}");
        assert_eq!(csv.contains("annotations; file names"), out != "-", "with - nothing but the file: {csv}");
    }
    let refused = annotate(&bench, &server.url(), &["--json", "--export", "csv=-"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_library_ends_the_run_with_its_own_exit_code() {
    let server = simulate(Duration::from_millis(300)).await;
    let bench = Bench::with_pictures(&server.url(), KEY, IMAGES);
    let running = annotate(&bench, &server.url(), &[]).spawn().unwrap();
    until_sent(&bench, 3).await;
    fs::rename(bench.folder.path().join("library"), bench.folder.path().join("moved")).unwrap();
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(7), "{}", said(&output));
    assert!(said(&output).contains("error: the library is no longer available: "), "{}", said(&output));
    assert!(server.ledger().billed.len() < IMAGES as usize, "nothing more is sent");
    server.stop().await;
}

/// `fieldmark` in a file system of its own with this little space, if the system lets tests mount one.
fn on_small_disk(folder: &Path, arguments: &[&str]) -> Option<Command> {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
    let mount = "mount -t tmpfs -o size=3m tmpfs \"$0\" || exit 99; exec \"$@\"";
    let is_allowed = command.arg(mount).arg(folder).arg("true").status().is_ok_and(|status| status.success());
    if !is_allowed {
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", mount]).arg(folder);
    command.arg(binary("fieldmark")).args(arguments).env_clear().stdin(Stdio::null());
    Some(command)
}

#[test]
fn a_full_disk_has_its_own_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let (photos, disk) = (folder.path().join("photos"), folder.path().join("disk"));
    lay_out_photos(&photos, 120);
    fs::create_dir(&disk).unwrap();
    let library = disk.join("library.sqlite");
    let arguments = ["annotate", photos.to_str().unwrap(), "--yes", "--db", library.to_str().unwrap()];
    let Some(mut fieldmark) = on_small_disk(&disk, &arguments) else { return };
    let output = fieldmark.output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    assert!(said(&output).contains("error: the disk is full"), "{}", said(&output));
}

/// A file that may not grow (`ulimit -f`) causes an error, not a signal that ends the process.
#[test]
fn a_file_size_limit_ends_no_process_by_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    lay_out_photos(&photos, 24);
    let script = "ulimit -f 600; exec \"$0\" annotate \"$1\" --yes --db \"$2/library.sqlite\"";
    let mut shell = Command::new("sh");
    shell
        .args(["-c", script])
        .arg(binary("fieldmark"))
        .arg(&photos)
        .arg(folder.path())
        .env_clear()
        .stdin(Stdio::null());
    let output = shell.output().unwrap();
    assert!(matches!(output.status.code(), Some(5 | 6)), "{:?}: {}", output.status, said(&output));
    assert!(said(&output).contains("error: "), "{}", said(&output));
}
