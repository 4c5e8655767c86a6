//! Opening a library, and what it survives while it is open.

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
                        store.read(|view| view.runs()).map_err(|error| error.to_string())
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
    assert!(error.is_of_one_change() && error.to_string().contains("out of bounds"), "{error}");
    library.store.write_blocking(|edit| edit.add_worker("stays", 2, 2)).unwrap();
    let workers = library.store.read(|view| view.workers()).unwrap();
    assert_eq!(workers.iter().map(|worker| worker.token.as_str()).collect::<Vec<_>>(), ["stays"]);
}
