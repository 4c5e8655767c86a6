//! Opening a library, and disturbances while it is open.

use std::sync::Barrier;

use super::*;

#[test]
fn many_can_open_a_new_library_at_the_same_time() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.sqlite");
        let (count, start) = (40, Barrier::new(40));
        std::thread::scope(|scope| {
            let openings: Vec<_> = (0..count)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        let store = Store::open(&path).map_err(|error| error.to_string())?;
                        store.read_blocking(|view| view.runs()).map_err(|error| error.to_string())
                    })
                })
                .collect();
            for opening in openings {
                assert_eq!(opening.join().unwrap(), Ok(Vec::new()));
            }
        });
    }
}

#[test]
fn a_change_that_panics_is_undone_alone() {
    let library = Library::new();
    let failed = library.store.write_blocking::<(), _>(move |edit| {
        edit.add_worker("gone", 1, 1)?;
        panic!("out of bounds");
    });
    let error = failed.unwrap_err();
    assert!(error.library_failure().is_none() && error.to_string().contains("out of bounds"), "{error}");
    library.store.write_blocking(|edit| edit.add_worker("stays", 2, 2)).unwrap();
    let workers = library.store.read_blocking(|view| view.workers()).unwrap();
    assert_eq!(workers.iter().map(|worker| worker.token.as_str()).collect::<Vec<_>>(), ["stays"]);
}

#[test]
fn an_error_of_one_change_is_not_a_failure_of_the_library() {
    let library = Library::new();
    let failed = |sql: &'static str| {
        let failed = library.store.write_blocking(move |edit| Ok(edit.0.0.execute_batch(sql)?));
        failed.unwrap_err().library_failure()
    };
    assert_eq!(failed("INSERT INTO jobs (run_id, image_id) VALUES (7, 7)"), None);
    assert_eq!(failed("INSERT INTO workers (token, process_id, began_at) VALUES ('a', 'no number', 1)"), None);
    let unreadable =
        library.store.read_blocking(|view| Ok(view.0.query_row("SELECT 'text'", [], |row| row.get::<_, u32>(0))?));
    assert_eq!(unreadable.unwrap_err().library_failure(), None);
    let corrupt = StoreError::Corrupt { column: "annotations.shape", detail: "no JSON".into() };
    assert_eq!(corrupt.library_failure(), None);

    let sqlite = |code| {
        StoreError::Sqlite(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)).library_failure()
    };
    assert_eq!(sqlite(rusqlite::ffi::SQLITE_FULL), Some(LibraryFailure::DiskFull));
    assert_eq!(sqlite(presence::MOVED), Some(LibraryFailure::Lost));
    assert_eq!(sqlite(rusqlite::ffi::SQLITE_CORRUPT), Some(LibraryFailure::Other));
    assert_eq!(StoreError::Closed.library_failure(), Some(LibraryFailure::Other));
}

/// As where another process has the new file open at that moment: `SQLite` does not wait then.
#[test]
fn the_switch_to_wal_waits_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.sqlite");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE t (a); BEGIN; SELECT * FROM t").unwrap();
    let own = Connection::open(&path).unwrap();
    own.busy_timeout(Duration::ZERO).unwrap();
    assert!(own.pragma_update(None, "journal_mode", "wal").is_err(), "it is locked");
    std::thread::scope(|scope| {
        let switching = scope.spawn(move || switch_to_wal(&own));
        std::thread::sleep(Duration::from_millis(100));
        other.execute_batch("COMMIT").unwrap();
        switching.join().unwrap().unwrap();
    });
}
