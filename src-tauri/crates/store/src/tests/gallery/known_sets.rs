//! Counts are those of the library as it is, although sets of images are kept between them.

use domain::library::FilterCounts;
use rusqlite::Connection;

use super::*;
use crate::table::images::id_set::IdSet;
use crate::table::images::known_sets::KnownSets;

type Change = Box<dyn FnOnce(&Edit<'_>) -> Result<()> + Send>;

/// With a condition of each kind, so that the sets of all are read.
fn all_counts(store: &Store) -> Vec<FilterCounts> {
    let texts = ["", "label:cat", "status:failed", "conf:<0.5", "annotations:>1", "-has:answer", "taken:>2000 cat"];
    let count = |text: &str| {
        let query = ImageQuery { conditions: parse(text).unwrap(), ..ImageQuery::default() };
        store.read_blocking(|view| view.filter_counts(&query, &[])).unwrap()
    };
    texts.map(count).into()
}

#[test]
fn counts_follow_every_change() {
    let (library, run, images) = library();
    let path = library.folder.path().join("library.sqlite");
    let another = Store::open(&path).unwrap();
    let mut counts = all_counts(&library.store);
    let mut changed_by = |store: &Store, name: &str, change: Change| {
        store.write_blocking(change).unwrap();
        let now = all_counts(&library.store);
        assert!(now != counts, "{name} is seen");
        assert_eq!(now, all_counts(&Store::open(&path).unwrap()), "{name}, as a new reader sees it");
        counts = now;
    };
    let [one, two, .., five] = images[..] else { panic!("five images") };
    let accepted = Decision { image: one, scope: DecisionScope::Image, verdict: Verdict::Accept };
    let accept = move |edit: &Edit<'_>| edit.decide(&accepted, &LayerScope::All, 20).map(drop);
    changed_by(&library.store, "accepting", Box::new(accept));
    changed_by(&library.store, "undo", Box::new(|edit| edit.undo_latest().map(drop)));
    // By another process.
    changed_by(&another, "accepting in another process", Box::new(accept));
    changed_by(&library.store, "taking back", Box::new(move |edit| edit.take_back_proposals(run).map(drop)));
    changed_by(&library.store, "removing", Box::new(move |edit| edit.remove_images(&[two])));
    let asked = NewRun { images: vec![QueuedImage { image: five, leader: None }], ..new_run() };
    changed_by(&another, "a run of another process", Box::new(move |edit| edit.add_run(&asked, 30).map(drop)));
    changed_by(&library.store, "a search for mistakes", Box::new(|edit| while_there_is_more(|| edit.look_through(2))));
}

fn while_there_is_more(mut step: impl FnMut() -> Result<bool>) -> Result<()> {
    while step()? {}
    Ok(())
}

#[test]
fn a_set_is_read_again_only_after_many_changes() {
    let (library, _, images) = library();
    let connection = Connection::open(library.folder.path().join("library.sqlite")).unwrap();
    let reviewed = "SELECT id FROM images WHERE review = 'reviewed'";
    let ids = |sets: &KnownSets| sets.find(&connection, reviewed).unwrap().map(|ids| ids.ids().collect::<Vec<_>>());
    let sets = KnownSets::default();
    assert_eq!(ids(&sets), None);
    sets.add(&connection, reviewed.into(), &IdSet::default()).unwrap();
    library.decide_image(images[1], Verdict::Accept);
    library.decide_image(images[0], Verdict::Accept);
    assert_eq!(ids(&sets), Some(images[..2].to_vec()));

    let all_changed = "WITH RECURSIVE more (id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM more LIMIT 501)
        INSERT INTO changed_sets SELECT id FROM more; UPDATE commits SET number = number + 1;";
    connection.execute_batch(all_changed).unwrap();
    assert_eq!(ids(&sets), None);
}
