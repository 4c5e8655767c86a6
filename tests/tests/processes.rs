//! Several processes, or several runs of one process, on one library: they start together, pay for each answer once, and take
//! over from each other when one is killed.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use domain::hooks::HookEvent;
use domain::ids::RunId;
use domain::model::ModelId;
use domain::money::PicoDollars;
use domain::plan::{ImageSelection, RunRequest};
use domain::run::RunProgress;
use domain::run_state::{FailureKind, RunState, StopReason};
use fieldmark_tests::bench::{Bench, COMPLETED, with_concurrency};
use fieldmark_tests::binary;
use fieldmark_tests::books::Books;
use fieldmark_tests::pictures::LABELS;
use rusqlite::{Connection, OpenFlags};
use simulator::{Eyes, Latency, Limits, Options, Running, Simulator};

const KEY: &str = "sk-any";
const MODEL: &str = "claude-sonnet-5-5";

async fn simulate(latency: Duration) -> Running {
    let limits = Limits {
        requests_per_minute: 1_000_000,
        input_tokens_per_minute: 1_000_000_000,
        output_tokens_per_minute: 1_000_000_000,
        ..Limits::default()
    };
    let latency = Latency { first_byte: latency.into(), ..Latency::default() };
    Simulator::start(Options { latency, limits, eyes: Eyes::Closed { annotations: 3 }, ..Options::default() })
        .await
        .unwrap()
}

fn annotate(bench: &Bench, server: &Running) -> Command {
    let mut command = bench.fieldmark(&server.url(), KEY);
    command.args(["annotate", "photos", "--labels", LABELS, "--model", MODEL, "--concurrency", "4", "--yes", "--json"]);
    command
}

fn started(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn database(bench: &Bench) -> PathBuf {
    bench.folder.path().join("library/library.sqlite")
}

#[test]
fn dozens_of_processes_can_make_a_library_together() {
    let folder = tempfile::tempdir().unwrap();
    let (database, photos) = (folder.path().join("library/library.sqlite"), folder.path().join("photos"));
    std::fs::create_dir(&photos).unwrap();
    let starting = (0..40).map(|_| {
        let mut command = Command::new(binary("fieldmark"));
        command
            .env_clear()
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command.arg("--db").arg(&database).args(["--create", "annotate", "--yes"]).arg(&photos).spawn().unwrap()
    });
    for process in starting.collect::<Vec<_>>() {
        let ended = process.wait_with_output().unwrap();
        let complaint = String::from_utf8(ended.stderr).unwrap();
        // Each of them gets far enough to find no photos.
        assert!(complaint.contains("no image could be read"), "{complaint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_the_same_folder_and_recipe_pay_once() {
    let server = simulate(Duration::from_millis(150)).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 60);
    let both = [started(annotate(&bench, &server)), started(annotate(&bench, &server))];
    for mut process in both {
        assert_eq!(process.wait().unwrap().code(), Some(0));
    }
    let runs = bench.library.history.runs().unwrap();
    assert_eq!(runs.iter().map(|run| (run.state, run.done, run.failed)).collect::<Vec<_>>(), [(COMPLETED, 60, 0); 2]);
    let ledger = server.ledger();
    assert_eq!((ledger.billed.len(), runs[0].reused + runs[1].reused), (60, 60));
    assert_eq!((runs[0].paid + runs[1].paid).0, ledger.total_pico_dollars());
    assert_eq!(Books::of_open(&database(&bench)).complaints(&Books::default(), &ledger), Vec::<String>::new());
    server.stop().await;
}

async fn start(bench: &Bench, concurrency: u32) -> RunId {
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap();
    let request = RunRequest::of(ImageSelection::All, recipe.id, ModelId(MODEL.into()));
    bench.library.runs.start(&RunRequest { options: with_concurrency(concurrency), ..request }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_of_one_process_pay_once_and_say_what_they_wait_for() {
    let server = simulate(Duration::from_secs(8)).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 3);
    let first = start(&bench, 4).await;
    let mut asks = bench.library.runs.progress(first).unwrap();
    asks.wait_for(|snapshot| snapshot.in_flight.len() == 3).await.unwrap();
    let second = start(&bench, 4).await;
    let mut waits = bench.library.runs.progress(second).unwrap();
    let is_waiting =
        |snapshot: &RunProgress| snapshot.pending_elsewhere.first().map(|pending| (pending.run, pending.images));
    waits.wait_for(|snapshot| is_waiting(snapshot) == Some((first, 3))).await.unwrap();
    assert_eq!((bench.end_of(first).await, bench.end_of(second).await), (COMPLETED, COMPLETED));
    let (first, second) = (bench.library.history.run(first).unwrap(), bench.library.history.run(second).unwrap());
    assert_eq!((first.done, second.done, second.reused, second.paid), (3, 3, 3, PicoDollars::ZERO));
    assert_eq!(server.ledger().billed.len(), 3);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_paused_run_has_not_begun_is_left_to_the_other_run() {
    let server = simulate(Duration::from_millis(300)).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 20);
    let first = start(&bench, 1).await;
    let mut asks = bench.library.runs.progress(first).unwrap();
    asks.wait_for(|snapshot| snapshot.done == 1).await.unwrap();
    let second = start(&bench, 4).await;
    bench.library.runs.pause(first);
    assert_eq!(bench.end_of(first).await, RunState::Stopped { reason: StopReason::Paused });
    assert_eq!(bench.end_of(second).await, COMPLETED);
    let (first, second) = (bench.library.history.run(first).unwrap(), bench.library.history.run(second).unwrap());
    assert!(first.done > 0 && first.waiting > 0, "{first:?}");
    assert_eq!((second.done, second.reused, server.ledger().billed.len()), (20, first.done, 20));
    server.stop().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_paused_run_has_not_begun_does_not_wait_for_its_hook() {
    let server = simulate(Duration::from_millis(100)).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 20);
    let hook = "until [ -e go ]; do sleep 0.1; done";
    let mut settings = bench.library.settings.stated().unwrap();
    settings.hooks.after_run = Some(hook.into());
    settings.hooks.timeout_seconds = 600;
    bench.library.settings.replace(&settings).unwrap();
    bench.library.hooks.agree(HookEvent::AfterRun, hook).unwrap();

    let first = start(&bench, 1).await;
    let mut asks = bench.library.runs.progress(first).unwrap();
    asks.wait_for(|snapshot| snapshot.done == 1).await.unwrap();
    bench.library.runs.pause(first);
    let second = start(&bench, 4).await;
    let mut waits = bench.library.runs.progress(second).unwrap();
    let answered = waits.wait_for(|snapshot| snapshot.done == 20);
    tokio::time::timeout(Duration::from_mins(1), answered).await.expect("it waits for the hook").unwrap();
    assert!(bench.library.history.run(first).unwrap().waiting > 0);
    std::fs::write(bench.library.folder().join("go"), "").unwrap();
    assert_eq!(bench.end_of(first).await, RunState::Stopped { reason: StopReason::Paused });
    assert_eq!(bench.end_of(second).await, COMPLETED);
    assert_eq!(server.ledger().billed.len(), 20);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_whose_annotations_cannot_be_stored_fails_alone() {
    let server = simulate(Duration::ZERO).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 12);
    let trigger = "CREATE TRIGGER fault BEFORE INSERT ON annotations WHEN NEW.image_id = 5
                   BEGIN SELECT raise(ABORT, 'no such annotation'); END";
    Connection::open(database(&bench)).unwrap().execute_batch(trigger).unwrap();
    let run = start(&bench, 4).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let report = bench.library.insight.report(run).unwrap();
    assert_eq!((report.summary.done, report.summary.failed, server.ledger().billed.len()), (11, 1, 12));
    let failure = &report.failures[0];
    assert_eq!((failure.kind, failure.count), (FailureKind::InternalError, 1));
    assert!(failure.example.contains("no such annotation"), "{}", failure.example);

    // Its answer was paid for and is parsed again.
    Connection::open(database(&bench)).unwrap().execute_batch("DROP TRIGGER fault").unwrap();
    bench.library.runs.resume(fieldmark_tests::bench::resume(run)).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let summary = bench.library.history.run(run).unwrap();
    assert_eq!((summary.done, summary.possibly_billed.count, server.ledger().billed.len()), (12, 0, 12));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_are_killed_and_resumed() {
    killed_and_resumed(60, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute: `make test` runs it"]
async fn two_processes_with_200_images_are_killed_and_resumed_twenty_times() {
    killed_and_resumed(200, 20).await;
}

/// The unfinished runs of the library.
fn unfinished(bench: &Bench) -> (usize, Vec<u32>) {
    let connection = Connection::open_with_flags(database(bench), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let count = connection.query_row("SELECT count(*) FROM runs", [], |row| row.get(0)).unwrap();
    let mut statement =
        connection.prepare("SELECT DISTINCT run_id FROM jobs WHERE state = 'waiting' ORDER BY run_id").unwrap();
    let runs = statement.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap();
    (count, runs)
}

/// Two processes annotate the same images at the same time. In every round one of them is killed, or both, and started again.
async fn killed_and_resumed(images: u32, kills: u32) {
    // Slow enough that there is something left to kill.
    let server = simulate(Duration::from_millis(u64::from(kills * 1_600 * 4 / images))).await;
    let bench = Bench::with_pictures(&server.url(), KEY, images);
    let mut random = fastrand::Rng::with_seed(15);
    let (mut killed, mut last) = (0, Books::default());
    let mut working: Vec<(Option<u32>, Child)> = Vec::new();
    let patience = Instant::now();
    loop {
        assert!(patience.elapsed() < Duration::from_mins(8), "it does not come to an end");
        working.retain_mut(|(_, child)| child.try_wait().unwrap().is_none());
        let (count, waiting) = unfinished(&bench);
        if count == 2 && waiting.is_empty() && working.is_empty() {
            break;
        }
        // A run that has just started has no known number yet.
        let is_known = working.iter().all(|(taken, _)| taken.is_some());
        for run in waiting.into_iter().filter(|_| is_known) {
            if !working.iter().any(|(taken, _)| *taken == Some(run)) {
                let mut resume = bench.fieldmark(&server.url(), KEY);
                resume.args(["resume", &run.to_string(), "--yes", "--json"]);
                working.push((Some(run), started(resume)));
            }
        }
        let begun = count + working.iter().filter(|(taken, _)| taken.is_none()).count();
        for _ in begun..2 {
            working.push((None, started(annotate(&bench, &server))));
        }
        if killed >= kills {
            sleep(Duration::from_millis(200));
            continue;
        }
        sleep(Duration::from_millis(random.u64(200..1_600)));
        let spares_one = random.bool();
        for (_, child) in working.iter_mut().skip(usize::from(spares_one)) {
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
                killed += 1;
            }
            child.wait().unwrap();
        }
        if random.bool() {
            working.reverse();
        }
        // Only then do the two ledgers no longer change.
        if !spares_one {
            let books = Books::of_open(&database(&bench));
            assert_eq!(books.complaints(&last, &server.ledger()), Vec::<String>::new(), "after {killed} kills");
            last = books;
        }
    }
    let (books, ledger) = (Books::of_open(&database(&bench)), server.ledger());
    assert_eq!(books.complaints(&last, &ledger), Vec::<String>::new());
    for run in bench.library.history.runs().unwrap() {
        assert_eq!((run.state, run.done, run.failed), (COMPLETED, images, 0), "{run:?}");
    }
    let possible: usize = books.possible.values().sum();
    let billed = ledger.billed.len();
    assert!(billed <= books.settled.len() + possible, "{billed} billed, {possible} of them possibly");
    assert!(killed >= kills / 2, "only {killed} kills before the end");
    assert_eq!(books.settled.len(), images as usize);
    server.stop().await;
}
