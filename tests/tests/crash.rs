//! The command line, killed without warning at several moments: nothing finished is lost or repeated, and other processes
//! notice.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::run::RunProgress;
use domain::run_state::RunState;
use engine::{Library, RunFollower};
use fieldmark_tests::bench::surroundings;
use fieldmark_tests::{binary, lay_out_photos};
use rusqlite::{Connection, OpenFlags};

const PHOTOS: u32 = 48;

fn fieldmark(database: &Path) -> Command {
    let mut command = Command::new(binary("fieldmark"));
    command.env("HOME", database.parent().unwrap()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn count(database: &Path, sql: &str) -> Option<u32> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    connection.query_row(sql, [], |row| row.get(0)).ok()
}

#[test]
fn killed_at_any_moment_a_run_is_resumed_and_nothing_finished_is_done_again() {
    for kill_after_done in [0, 1, 7, 30] {
        let folder = tempfile::tempdir().unwrap();
        let photos = folder.path().join("photos");
        lay_out_photos(&photos, PHOTOS as usize);
        let database = folder.path().join("library.sqlite");

        let mut running =
            fieldmark(&database).arg("annotate").arg(&photos).arg("--db").arg(&database).arg("--yes").spawn().unwrap();
        let patience = Instant::now();
        loop {
            let (jobs, done) = (
                count(&database, "SELECT count(*) FROM jobs"),
                count(&database, "SELECT count(*) FROM jobs WHERE state = 'done'"),
            );
            if jobs == Some(PHOTOS) && done >= Some(kill_after_done) {
                break;
            }
            assert!(patience.elapsed() < Duration::from_mins(2), "the run never came to {kill_after_done} images");
            std::thread::sleep(Duration::from_millis(5));
        }
        // SIGKILL on Unix: no handler runs.
        running.kill().unwrap();
        running.wait().unwrap();
        let done = count(&database, "SELECT count(*) FROM jobs WHERE state = 'done'").unwrap();
        let annotations = count(&database, "SELECT count(*) FROM annotations").unwrap();
        assert!(done >= kill_after_done && done < PHOTOS, "{done} done at the kill");

        let resumed = fieldmark(&database).arg("resume").arg("--db").arg(&database).status().unwrap();
        assert!(resumed.success(), "{resumed}");
        assert_eq!(count(&database, "SELECT count(*) FROM jobs WHERE state = 'done'"), Some(PHOTOS));
        assert_eq!(
            count(&database, "SELECT count(*) FROM attempts WHERE state IN ('parsed', 'received')"),
            Some(PHOTOS),
            "every image was answered exactly once"
        );
        assert!(count(&database, "SELECT count(*) FROM annotations").unwrap() >= annotations);
        assert_eq!(
            count(&database, "SELECT count(*) FROM attempts WHERE state = 'sent'"),
            Some(0),
            "what was sent and never answered is called lost"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_another_process_is_followed_until_that_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    lay_out_photos(&photos, PHOTOS as usize);
    let database = folder.path().join("library.sqlite");
    let library = Library::open(&database, surroundings(&[])).unwrap();
    library.watch_other_processes().unwrap();
    let mut running =
        fieldmark(&database).arg("annotate").arg(&photos).arg("--db").arg(&database).arg("--yes").spawn().unwrap();
    let patience = Instant::now();
    let run = loop {
        if let Some(run) = library.ask(|library| library.history.runs()).await.unwrap().first() {
            break run.id;
        }
        assert!(patience.elapsed() < Duration::from_mins(2), "the run never began");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let mut following = RunFollower::new(Arc::clone(&library.history), run);
    let until = async |following: &mut RunFollower, reached: fn(&RunProgress) -> bool| {
        let reached = async {
            loop {
                let snapshot = following.next().await.unwrap();
                if reached(&snapshot) {
                    return snapshot;
                }
            }
        };
        tokio::time::timeout(Duration::from_mins(2), reached).await.unwrap()
    };
    let first = until(&mut following, |snapshot| snapshot.done > 0).await;
    let later = until(&mut following, |snapshot| snapshot.done > 4).await;
    assert!(later.done > first.done);
    assert_eq!(later.state, RunState::Running);
    running.kill().unwrap();
    running.wait().unwrap();
    let last = until(&mut following, |snapshot| snapshot.state == RunState::Interrupted).await;
    assert!(last.done < PHOTOS, "killed during the run");
}
