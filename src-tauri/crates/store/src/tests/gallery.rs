//! Grid queries: results, counts, and that they use covering indexes.

mod collections;
mod known_sets;

use domain::annotation::AttributeValue;
use domain::calendar::CalendarDate;
use domain::library::{FilterCount, FilterCounts};
use domain::query::{Condition, Span, Trait, parse, to_text};
use domain::taken::Taken;

use super::*;

impl Library {
    fn find(&self, text: &str, order: ImageOrder) -> Vec<ImageId> {
        let query = ImageQuery { conditions: parse(text).unwrap(), order, ..ImageQuery::default() };
        self.store.read_blocking(|view| view.image_ids(&query, &[])).unwrap()
    }

    fn counts(&self, conditions: Vec<Condition>) -> FilterCounts {
        let query = ImageQuery { conditions, ..ImageQuery::default() };
        self.store.read_blocking(|view| view.filter_counts(&query, &[])).unwrap()
    }

    fn answer_with(&self, run: RunId, annotations: Vec<NewAnnotation>) {
        let job = self.store.read_blocking(|view| view.waiting_jobs(run, None, 1)).unwrap().pop().unwrap();
        self.store
            .write_blocking(move |edit| {
                let attempt = edit.record_sent(job.id, PicoDollars::ZERO, 8)?;
                edit.record_received(attempt, "{}", None, 9)?;
                let outcome = JobOutcome::Done { attempts: vec![attempt], annotations, reading: Reading::default() };
                edit.settle_job(
                    run,
                    &job,
                    &cats(),
                    &outcome,
                    Some(JobTiming { took_millis: 40.0, alone_millis: None }),
                    10,
                )
            })
            .unwrap();
    }

    fn decide_image(&self, image: ImageId, verdict: Verdict) {
        let decision = Decision { image, scope: DecisionScope::Image, verdict };
        self.store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::All, 20)).unwrap();
    }
}

fn saying(label: &str, confidence: Option<f32>, note: Option<&str>) -> NewAnnotation {
    let attributes = note.map(|note| ("Señal".to_owned(), AttributeValue::Text(note.into()))).into_iter().collect();
    NewAnnotation { label: label.into(), confidence, attributes, ..cat(0.5) }
}

/// Five images: cats and a dog, nothing, a failure, and one that was never sent.
fn library() -> (Library, RunId, Vec<ImageId>) {
    let library = Library::new();
    let images: Vec<_> = (1..=5).map(|seed| library.add_image(seed)).collect();
    let run = library.add_run(images[..4].to_vec());
    library.answer_with(run, vec![saying("cat", Some(0.9), None), saying("cat", Some(0.3), Some("Été \"chaud\""))]);
    library.answer_with(run, vec![saying("Dog", None, None), saying("cat", Some(0.6), Some("winter"))]);
    library.answer_with(run, vec![]);
    let job = library.store.read_blocking(|view| view.waiting_jobs(run, None, 1)).unwrap().pop().unwrap();
    library
        .store
        .write_blocking(move |edit| {
            let failure = JobFailure { attempt: None, kind: FailureKind::Refused, detail: "no".into() };
            edit.settle_job(run, &job, &cats(), &JobOutcome::Failed(failure), None, 13)
        })
        .unwrap();
    (library, run, images)
}

#[test]
fn every_condition_finds_what_it_says() {
    let (library, run, images) = library();
    let [one, two, three, four, five] = images[..] else { panic!("five images") };
    library.decide_image(one, Verdict::Accept);
    library.decide_image(three, Verdict::Accept);
    let found = |text: &str| library.find(text, ImageOrder::Added);

    assert_eq!(found(""), images);
    assert_eq!(found("label:CAT"), [one, two]);
    assert_eq!(found("label:cat -label:dog"), [one]);
    assert_eq!(found("status:reviewed"), [one]);
    assert_eq!(found("status:empty"), [three]);
    assert_eq!(found("status:failed"), [four]);
    assert_eq!(found("failed:refused"), [four]);
    assert_eq!(found("failed:declined"), []);
    assert_eq!(found("annotation:accepted"), [one]);
    assert_eq!(found("-annotation:accepted has:annotations"), [two]);
    assert_eq!(found("conf:<0.5"), [one]);
    assert_eq!(found("conf:0.5..0.7"), [two]);
    assert_eq!(found("conf:>0.9"), []);
    assert_eq!(found(&format!("run:{run}")), [one, two, three, four]);
    assert_eq!(found("-has:answer"), [four, five]);
    assert_eq!(found("has:attributes"), [one, two]);
    assert_eq!(found("annotations:2"), [one, two]);
    assert_eq!(found("annotations:<2"), [three, four, five]);
    assert_eq!(found("annotations:0 -run:1"), [five]);
    assert_eq!(found("in:PHOTOS img_2"), [two]);
    assert_eq!(found("dog"), [two], "a label");
    assert_eq!(found("ÉTÉ"), [one], "an attribute");
    assert_eq!(found("\"\\\"chaud\""), [one], "what JSON writes otherwise");
    assert_eq!(found("señal"), [], "the name of an attribute");
    assert_eq!(found("date:1970-01-01"), images);
    assert_eq!(found("date:>1970-01-01"), []);
    let running = ImageQuery::of([Test::Image { state: ImageState::Running }]);
    let again = library.add_run(vec![five]);
    assert_eq!(library.store.read_blocking(|view| view.image_ids(&running, &[again])).unwrap(), [five]);
    assert!(
        library.store.read_blocking(|view| view.image_cards(&[five], &LayerScope::All, &[again])).unwrap()[0]
            .is_running
    );
    assert_eq!(library.store.read_blocking(|view| view.image_ids(&running, &[])).unwrap(), []);
}

/// Four photos with capture times, out of order, and one without.
fn dated_library() -> (Library, Vec<ImageId>) {
    let library = Library::new();
    let at =
        |year, month, day, hour: i64| Taken::clock_millis_at(CalendarDate::new(year, month, day)) + hour * 3_600_000;
    let clocks =
        [Some(at(2026, 5, 14, 23)), None, Some(at(2024, 12, 31, 0)), Some(at(1955, 11, 5, 6)), Some(at(2026, 5, 2, 9))];
    let images = (1..).zip(clocks).map(|(seed, clock_millis)| {
        let taken = clock_millis.map(|clock_millis| Taken { clock_millis, minutes_ahead_of_utc: Some(-420) });
        library.add(NewImage { taken, ..new_image(seed, PixelSize::new(640, 480)) })
    });
    let images = images.collect();
    (library, images)
}

#[test]
fn photos_are_found_and_listed_by_when_they_were_taken() {
    let (library, images) = dated_library();
    let [evening, unknown, newyear, scan, morning] = images[..] else { panic!("five images") };
    let found = |text: &str| library.find(text, ImageOrder::Added);
    assert_eq!(found("taken:2026-05"), [evening, morning]);
    assert_eq!(found("taken:2026-05-14"), [evening], "by the clock of the camera, wherever it was");
    assert_eq!(found("taken:>2026-05-02"), [evening]);
    assert_eq!(found("taken:<2025"), [newyear, scan]);
    assert_eq!(found("-taken:<2025"), [evening, unknown, morning]);
    assert_eq!(library.find("", ImageOrder::Taken), [scan, newyear, morning, evening, unknown]);
    let card = |image| {
        library.store.read_blocking(|view| view.image_cards(&[image], &LayerScope::All, &[])).unwrap().remove(0)
    };
    assert_eq!(card(evening).taken.and_then(|taken| taken.minutes_ahead_of_utc), Some(-420));
    assert_eq!(card(unknown).taken, None);

    let months = |text: &str| -> Vec<(String, u32)> {
        let counts = library.counts(parse(text).unwrap());
        counts.taken.iter().map(|month| (to_text(&[taken_in(month.filter)]), month.count)).collect()
    };
    let all =
        [("taken:2026-05", 2), ("taken:2024-12", 1), ("taken:1955-11", 1)].map(|(name, count)| (name.into(), count));
    assert_eq!(months(""), all);
    assert_eq!(months("taken:1955"), all, "another month may be chosen instead");
    assert_eq!(months("img_3"), all[1..2]);
    let vocabulary = library.store.read_blocking(|view| view.query_vocabulary()).unwrap();
    assert_eq!(vocabulary.months[0], ("2026-05".into(), 2));
}

fn taken_in(span: Span<CalendarDate>) -> Condition {
    Condition::holds(Test::Taken { span })
}

#[test]
fn images_from_before_are_dated_once() {
    let (library, images) = dated_library();
    let (scan, unknown) = (images[3], images[1]);
    let unread = |image| library.store.read_blocking(|view| view.is_taken_unread(image)).unwrap();
    let note = |image, taken| library.store.write_blocking(move |edit| edit.record_when_taken(image, taken)).unwrap();
    let taken_of =
        |image| library.store.read_blocking(|view| view.image_cards(&[image], &LayerScope::All, &[])).unwrap()[0].taken;
    let later = Some(Taken { clock_millis: 5, minutes_ahead_of_utc: None });
    assert!(!unread(unknown), "it was asked, and does not say");
    note(unknown, later);
    assert_eq!(taken_of(unknown), None);
    library
        .store
        .write_blocking(|edit| Ok(edit.0.0.execute("UPDATE images SET taken_at = NULL, is_taken_read = 0", [])?))
        .unwrap();
    assert!(unread(scan) && unread(unknown));
    note(scan, None);
    // The same content at another path.
    let again = NewImage { taken: later, ..new_image(2, PixelSize::new(640, 480)) };
    assert_eq!(library.add(again), unknown);
    assert!(!unread(scan) && !unread(unknown));
    assert_eq!([taken_of(scan), taken_of(unknown)], [None, later]);
}

#[test]
fn a_condition_matches_any_of_its_labels() {
    let (library, _, images) = library();
    let run = library.add_run(vec![images[2]]);
    library.answer_with(run, vec![saying("bird", Some(0.9), None)]);
    let found = |text: &str| library.find(text, ImageOrder::Added);
    assert_eq!(found("label:dog|BIRD"), [images[1], images[2]]);
    assert_eq!(found("-label:dog|bird"), [images[0], images[3], images[4]]);
}

#[test]
fn orders_have_every_image_once() {
    let (library, _, images) = library();
    let [one, two, three, four, five] = images[..] else { panic!("five images") };
    assert_eq!(library.find("", ImageOrder::LeastCertain), [two, one, three, four, five], "none stated is nought");
    assert_eq!(library.find("-label:dog", ImageOrder::MostAnnotations), [one, three, four, five]);
    assert_eq!(library.find("", ImageOrder::Name), images);
    let reversed = |order| {
        let query = ImageQuery { order, is_reversed: true, ..ImageQuery::default() };
        library.store.read_blocking(|view| view.image_ids(&query, &[])).unwrap()
    };
    assert_eq!(reversed(ImageOrder::Added), [five, four, three, two, one]);
    assert_eq!(reversed(ImageOrder::LeastCertain), [one, two, three, four, five], "the unranked stay last");
    assert_eq!(library.find("", ImageOrder::Newest), [five, four, three, two, one]);
    // A second run finds one cat fewer on the first image, and the same on the second.
    let again = library.add_run(vec![one, two]);
    library.answer_with(again, vec![saying("cat", Some(0.9), None)]);
    library.answer_with(again, vec![saying("cat", Some(0.8), None)]);
    assert_eq!(library.find("", ImageOrder::Disagreement), [one, two, three, four, five]);
    let ranked = library.store.read_blocking(|view| {
        let sql = "SELECT disagreement FROM image_figures WHERE image_id IN (?1, ?2) ORDER BY image_id";
        let mut statement = view.0.prepare(sql)?;
        let found =
            statement.query_map([one.0, two.0], |row| row.get::<_, u32>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(found)
    });
    assert_eq!(ranked.unwrap(), [1, 0]);
}

#[test]
fn counts_beside_filters_say_what_choosing_them_finds() {
    let (library, _, images) = library();
    library.decide_image(images[0], Verdict::Accept);
    let given = parse("label:cat status:reviewed").unwrap();
    let counts = library.counts(given.clone());
    assert_eq!((counts.found, counts.in_any_state), (1, 2));
    // Each count equals the number of results with that filter.
    for FilterCount { filter, count } in counts.states {
        let chosen =
            [Condition::holds(Test::Label { name: "cat".into() }), Condition::holds(Test::Image { state: filter })];
        assert_eq!(library.counts(chosen.into()).found, count, "{filter:?}");
    }
    for label in counts.labels {
        let added = given.iter().cloned().chain([Condition::holds(Test::Label { name: label.name.clone() })]);
        assert_eq!(library.counts(added.collect()).found, label.count, "{}", label.name);
    }
    for FilterCount { filter, count } in counts.lacking {
        let added = given.iter().cloned().chain([Condition::holds_not(Test::Has { what: filter })]);
        assert_eq!(library.counts(added.collect()).found, count, "without {filter:?}");
    }
    let failures = library.counts(vec![Condition::holds_not(Test::Has { what: Trait::Answer })]).failures;
    assert_eq!(failures, [FilterCount { filter: FailureKind::Refused, count: 1 }]);
}

/// Trigger-maintained figures, and the same recounted.
pub fn kept_and_counted(store: &Store) -> [Vec<(String, u32, f64)>; 4] {
    let rows = |sql: &'static str| {
        store
            .read_blocking(|view| {
                let mut statement = view.0.prepare(sql)?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
            })
            .unwrap()
    };
    [
        rows("SELECT label, image_id, annotation_count FROM image_labels ORDER BY 1, 2"),
        rows(
            "SELECT label, image_id, count(*) FROM annotations
             WHERE status NOT IN ('rejected', 'ground_truth') AND (status <> 'proposed' OR NOT is_superseded)
             GROUP BY 1, 2 ORDER BY 1, 2",
        ),
        rows(
            "SELECT concat_ws(' ', proposed, accepted, edited, rejected), image_id, coalesce(least_certain, 9)
             FROM image_figures WHERE proposed + accepted + edited + rejected > 0 ORDER BY 2",
        ),
        rows(
            "SELECT concat_ws(' ', sum(status = 'proposed'), sum(status = 'accepted'), sum(status = 'edited'),
                    sum(status = 'rejected')), image_id,
                    coalesce(min(iif(status = 'proposed', coalesce(confidence, 0), NULL)), 9)
             FROM annotations WHERE status <> 'ground_truth' AND (status <> 'proposed' OR NOT is_superseded)
             GROUP BY image_id ORDER BY 2",
        ),
    ]
}

#[test]
fn what_is_kept_about_images_agrees_with_counting() {
    let (library, run, images) = library();
    let agree = || {
        let [labels, counted_labels, figures, counted_figures] = kept_and_counted(&library.store);
        assert_eq!((&labels, &figures), (&counted_labels, &counted_figures));
    };
    agree();
    let least = library.store.read_blocking(|view| view.annotations_of(images[0])).unwrap()[1].id;
    let reject = Verdict::Reject { reason: None };
    let decision = Decision { image: images[0], scope: DecisionScope::Annotation { id: least }, verdict: reject };
    library.store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::All, 20)).unwrap();
    agree();
    library.decide_image(images[1], Verdict::Accept);
    agree();
    library.store.write_blocking(|edit| edit.undo_latest()).unwrap();
    library
        .store
        .write_blocking(|edit| Ok(edit.0.0.execute("UPDATE annotations SET label = 'lynx' WHERE label = 'cat'", [])?))
        .unwrap();
    agree();
    library.store.write_blocking(move |edit| edit.take_back_proposals(run)).unwrap();
    agree();
}

#[test]
fn a_library_from_before_has_its_annotations_counted() {
    let (library, _, _) = library();
    let before = kept_and_counted(&library.store);
    let path = library.store.path();
    let earlier = path.with_file_name("earlier.sqlite");
    // The same rows in the format before these figures.
    let connection = Connection::open(&earlier).unwrap();
    for migration in [
        include_str!("../migration/0001_first.sql"),
        include_str!("../migration/0002_remote_models.sql"),
        include_str!("../migration/0003_engine.sql"),
        include_str!("../migration/0004_similar_images.sql"),
        include_str!("../migration/0005_batches.sql"),
    ] {
        connection.execute_batch(migration).unwrap();
    }
    connection.pragma_update(None, "user_version", 5).unwrap();
    connection.execute("ATTACH ?1 AS later", [path.to_str().unwrap()]).unwrap();
    connection
        .execute_batch(
            "INSERT INTO images (id, hash, name, byte_len, format, orientation, width, height, added_at)
             SELECT id, hash, name, byte_len, format, orientation, width, height, added_at FROM later.images;
             INSERT INTO files SELECT * FROM later.files;
             INSERT INTO annotations (image_id, label, color, shape, confidence, attributes, status)
             SELECT image_id, label, color, shape, confidence, attributes, status FROM later.annotations;",
        )
        .unwrap();
    drop(connection);
    let earlier = Store::open(&earlier).unwrap();
    assert_eq!(kept_and_counted(&earlier), before);
    let dated = ImageQuery { conditions: parse("date:1970-01-01").unwrap(), ..ImageQuery::default() };
    assert_eq!(earlier.read_blocking(|view| view.image_ids(&dated, &[])).unwrap().len(), 5);
}

#[test]
fn questions_never_look_through_all_annotations() {
    let (library, _, _) = library();
    let plan = |sql: &'static str| {
        library
            .store
            .read_blocking(|view| {
                let mut statement = view.0.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let steps = statement.query_map([], |row| row.get::<_, String>(3))?;
                Ok(steps.collect::<rusqlite::Result<Vec<_>>>()?.join("; "))
            })
            .unwrap()
    };
    for (sql, index) in [
        ("SELECT image_id FROM image_labels WHERE label = 'cat'", "SEARCH image_labels USING PRIMARY KEY"),
        ("SELECT id FROM images WHERE taken_at >= 0 AND taken_at < 9", "COVERING INDEX images_by_taken"),
        (
            "SELECT taken_at, id FROM images WHERE taken_at IS NOT NULL ORDER BY taken_at DESC",
            "COVERING INDEX images_by_taken",
        ),
        ("SELECT id FROM images WHERE review = 'reviewed'", "COVERING INDEX images_by_review"),
        ("SELECT id FROM images WHERE failed_job IS NOT NULL", "COVERING INDEX images_failed"),
        ("SELECT image_id FROM image_figures WHERE proposed > 0", "SCAN image_figures"),
        ("SELECT image_id FROM jobs WHERE run_id = 1 AND state = 'waiting'", "COVERING INDEX jobs_waiting"),
        ("SELECT image_id FROM jobs WHERE state = 'done'", "COVERING INDEX jobs_answered"),
        (
            "SELECT image_id FROM annotations
             WHERE status <> 'rejected' AND confidence IS NOT NULL AND confidence >= 0.2 AND confidence < 0.5
               AND (status <> 'proposed' OR NOT is_superseded)",
            "SEARCH annotations USING COVERING INDEX annotations_by_confidence",
        ),
        (
            "SELECT image_id, attributes FROM annotations WHERE attributes <> '{}' AND status <> 'rejected'
             AND (status <> 'proposed' OR NOT is_superseded)",
            "COVERING INDEX annotations_with_attributes",
        ),
        ("SELECT id FROM images ORDER BY name COLLATE NOCASE, id", "COVERING INDEX images_by_name"),
    ] {
        let plan = plan(sql);
        assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
    }
}

#[test]
fn an_image_is_found_by_the_name_of_every_place_at_which_it_was_seen() {
    let library = Library::new();
    let image = library.add_image(1);
    library.add_image(2);
    library
        .store
        .write_blocking(move |edit| {
            let collection = edit.collection_at(Path::new("/backup"), "backup", 1)?;
            edit.record_file(
                collection,
                image,
                Path::new("/backup/Sommer.jpg"),
                KnownFile { byte_len: 10, modified_at: 5 },
            )
        })
        .unwrap();
    let query = ImageQuery::of([Test::Text { text: "sommer".into() }]);
    assert_eq!(library.store.read_blocking(|view| view.image_ids(&query, &[])).unwrap(), [image]);
}

#[test]
fn a_removed_collection_takes_its_own_images_out_of_view_and_brings_them_back_with_what_was_decided() {
    let library = Library::new();
    let (own, shared) = (library.add_image(1), library.add_image(2));
    let run = library.add_run(vec![own, shared]);
    library.answer(run, &[0.9]);
    library.answer(run, &[0.8]);
    let (photos, other) = library
        .store
        .write_blocking(move |edit| {
            let photos = edit.collection_at(Path::new("/photos"), "photos", 1)?;
            let other = edit.collection_at(Path::new("/other"), "other", 1)?;
            edit.record_file(other, shared, Path::new("/other/b.jpg"), KnownFile { byte_len: 10, modified_at: 5 })?;
            edit.rename_collection(photos, "Holiday")?;
            Ok((photos, other))
        })
        .unwrap();
    let seen = || {
        library
            .store
            .read_blocking(|view| {
                let names: Vec<String> = view.collections()?.into_iter().map(|each| each.name).collect();
                let images = view.image_ids(&ImageQuery::default(), &[])?;
                let labels = view.label_counts(None)?.iter().map(|label| label.count).sum::<u32>();
                Ok((names, images, view.image_counts(None)?.all, labels))
            })
            .unwrap()
    };
    let both = (vec!["Holiday".to_owned(), "other".to_owned()], vec![own, shared], 2, 2);
    assert_eq!(seen(), both);
    let remove = |collection| library.store.write_blocking(move |edit| edit.remove_collection(collection)).unwrap();
    remove(photos);
    assert_eq!(seen(), (vec!["other".to_owned()], vec![shared], 1, 1));
    remove(other);
    assert_eq!(seen(), (vec![], vec![], 0, 0));
    assert_eq!(library.annotations(own).len(), 1, "what was answered stays");
    // Changes on a removed image count once it is back.
    library.decide_image(own, Verdict::Reject { reason: None });
    assert_eq!(seen(), (vec![], vec![], 0, 0));
    library.store.write_blocking(move |edit| edit.restore_collection(photos)).unwrap();
    assert_eq!(seen(), (vec!["Holiday".to_owned()], vec![own, shared], 2, 1));
    remove(photos);
    library.store.write_blocking(|edit| edit.undo_latest()).unwrap();
    assert_eq!(seen(), (vec![], vec![], 0, 0));
    // Undone, or added again.
    library.store.write_blocking(move |edit| edit.restore_collection(other)).unwrap();
    library.store.write_blocking(|edit| edit.collection_at(Path::new("/photos"), "photos", 9)).unwrap();
    assert_eq!(seen(), both);
}

#[test]
fn a_collection_in_which_nothing_is_an_image_is_not_kept() {
    let library = Library::new();
    let kept = library
        .store
        .write_blocking(|edit| {
            let skipped = |reason| SkippedFile { path: "a file".into(), reason };
            for (folder, reason) in [
                ("/texts", Some(SkipReason::NotAnImage)),
                ("/empty", None),
                ("/damaged", Some(SkipReason::Damaged { detail: "cut short".into() })),
            ] {
                let collection = edit.collection_at(Path::new(folder), folder, 1)?;
                if let Some(reason) = reason {
                    edit.record_skipped(collection, Path::new("/a file"), &skipped(reason))?;
                }
                edit.delete_if_empty(collection)?;
            }
            edit.collections()
        })
        .unwrap();
    assert_eq!(kept.iter().map(|each| each.name.as_str()).collect::<Vec<_>>(), ["/damaged"]);
}

#[test]
fn changes_of_another_process_are_noticed() {
    let library = Library::new();
    let (tell, told) = std::sync::mpsc::channel();
    library
        .store
        .watch_others(move || {
            let _ = tell.send(());
        })
        .unwrap();
    let other = Store::open(library.store.path()).unwrap();
    other.write_blocking(|edit| edit.collection_at(Path::new("/elsewhere"), "elsewhere", 1)).unwrap();
    told.recv_timeout(Duration::from_secs(20)).unwrap();
}
