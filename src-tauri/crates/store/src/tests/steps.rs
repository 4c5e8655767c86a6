//! Undo and redo of edits.

use domain::annotation::AttributeValue;
use domain::geometry::Point;
use domain::ids::AnnotationId;
use domain::review::checks::Check;
use domain::review::{AnnotationChange, AnnotationContent, ImageEdit};
use rusqlite::Connection;

use super::*;
use crate::migration;

fn content(label: &str, shape: Shape) -> AnnotationContent {
    AnnotationContent { label: label.into(), shape, attributes: BTreeMap::new() }
}

fn somewhere() -> Shape {
    Shape::Box { rect: Rect::new(5.0, 5.0, 9.0, 9.0) }
}

impl Library {
    fn change(&self, image: ImageId, changes: Vec<AnnotationChange>) -> StepTaken {
        let edit = ImageEdit { image, changes };
        self.store.write_blocking(move |store| store.edit_annotations(&edit, &LayerScope::All, 30)).unwrap()
    }

    fn accept(&self, image: ImageId) {
        let decision = Decision { image, scope: DecisionScope::Image, verdict: Verdict::Accept };
        self.store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::All, 20)).unwrap();
    }

    fn undo(&self, image: ImageId) -> bool {
        self.store.write_blocking(move |edit| edit.undo_on(image)).unwrap().is_some()
    }

    fn redo(&self, image: ImageId) -> bool {
        self.store.write_blocking(move |edit| edit.redo_on(image)).unwrap().is_some()
    }

    fn label_count(&self, label: &str) -> u32 {
        let counts = self.store.read_blocking(|view| view.label_counts(None)).unwrap();
        counts.iter().find(|count| count.name == label).map_or(0, |count| count.count)
    }
}

#[test]
fn all_that_a_person_does_to_an_image_is_taken_back_and_made_again() {
    let library = Library::new();
    let (image, other) = (library.add_image(1), library.add_image(2));
    let run = library.add_run(vec![image]);
    library.answer(run, &[0.9, 0.4]);
    let [first, second] = [0, 1].map(|place| library.annotations(image)[place].id);
    let mut states = vec![(library.annotations(image), library.review(image))];
    let mut note = |library: &Library| states.push((library.annotations(image), library.review(image)));

    let moved = AnnotationContent {
        attributes: [("asleep".to_owned(), AttributeValue::YesNo(true))].into(),
        ..content("lynx", somewhere())
    };
    library.change(image, vec![AnnotationChange::Change { id: first, content: moved }]);
    note(&library);
    library.accept(image);
    note(&library);
    let point = content("nose", Shape::Point { at: Point::new(3.0, 4.0) });
    let drawn =
        library.change(image, vec![AnnotationChange::Add { content: point }, AnnotationChange::Remove { id: second }]);
    note(&library);
    library.change(
        image,
        vec![AnnotationChange::Remove { id: drawn.annotations[0] }, AnnotationChange::Remove { id: first }],
    );
    note(&library);
    library.accept(other);

    let statuses: Vec<Vec<Status>> = states
        .iter()
        .map(|(annotations, _)| annotations.iter().map(|annotation| annotation.status).collect())
        .collect();
    assert_eq!(
        statuses,
        [
            vec![Status::Proposed, Status::Proposed],
            vec![Status::Edited, Status::Proposed],
            vec![Status::Edited, Status::Accepted],
            vec![Status::Edited, Status::Rejected, Status::Accepted],
            vec![Status::Rejected, Status::Rejected]
        ]
    );
    assert_eq!(states[2].1, ReviewState::Reviewed);
    assert_eq!(states[4].1, ReviewState::ConfirmedEmpty, "nothing is left on an image that was reviewed");
    assert_eq!(library.label_count("lynx"), 0);

    for _ in 0..2 {
        for (annotations, review) in states.iter().rev().skip(1) {
            assert!(library.undo(image));
            assert_eq!((&library.annotations(image), library.review(image)), (annotations, *review));
        }
        assert!(!library.undo(image));
        assert_eq!((library.label_count("cat"), library.label_count("lynx")), (2, 0));
        for (annotations, review) in states.iter().skip(1) {
            assert!(library.redo(image));
            assert_eq!((&library.annotations(image), library.review(image)), (annotations, *review));
        }
        assert!(!library.redo(image));
    }
    assert_eq!(library.review(other), ReviewState::ConfirmedEmpty, "the steps of another image are its own");
}

#[test]
fn a_new_step_is_the_end_of_what_was_taken_back() {
    let library = Library::new();
    let image = library.add_image(1);
    let add = |label: &str| {
        library.change(image, vec![AnnotationChange::Add { content: content(label, somewhere()) }]).annotations[0]
    };
    let gone = add("cat");
    assert!(library.undo(image));
    let dog = add("dog");
    assert!(!library.redo(image));
    assert_ne!(dog, gone, "an id is not used twice");
    let labels: Vec<String> = library.annotations(image).into_iter().map(|annotation| annotation.label).collect();
    assert_eq!(labels, ["dog"]);
    assert_eq!(library.review(image), ReviewState::Unreviewed, "drawing decides nothing about the image");
}

#[test]
fn a_step_that_decides_the_last_proposal_reviews_the_image() {
    let library = Library::new();
    let image = library.add_image(1);
    let run = library.add_run(vec![image]);
    library.answer(run, &[0.9, 0.4]);
    let annotations = library.annotations(image);
    let decide = |annotation: &Annotation, verdict| AnnotationChange::Decide { id: annotation.id, verdict };
    library.change(image, vec![decide(&annotations[0], Verdict::Reject { reason: None })]);
    assert_eq!(library.review(image), ReviewState::Unreviewed);
    let found = content("dog", somewhere());
    let adopted = AnnotationChange::Adopt { run, content: found, confidence: Some(0.5) };
    let step = library.change(image, vec![decide(&annotations[1], Verdict::Reject { reason: None }), adopted]);
    assert_eq!(library.review(image), ReviewState::Reviewed);
    let dog = library.annotations(image).into_iter().find(|annotation| annotation.id == step.annotations[1]).unwrap();
    assert_eq!((dog.origin, dog.status, dog.confidence), (Origin::Run { run }, Status::Accepted, Some(0.5)));
    assert!(library.undo(image));
    assert_eq!(library.review(image), ReviewState::Unreviewed);
}

#[test]
fn a_step_is_made_again_although_its_run_was_undone_since() {
    let library = Library::new();
    let image = library.add_image(1);
    let run = library.add_run(vec![image]);
    library.answer(run, &[0.9]);
    library.accept(image);
    let accepted = library.annotations(image);
    assert!(library.undo(image));
    library.store.write_blocking(move |edit| edit.take_back_proposals(run)).unwrap();
    assert!(library.annotations(image).is_empty());
    assert!(library.redo(image));
    assert_eq!(library.annotations(image), accepted);
}

#[test]
fn annotations_that_are_not_there_are_not_changed() {
    let library = Library::new();
    let (image, other) = (library.add_image(1), library.add_image(2));
    let drawn =
        library.change(other, vec![AnnotationChange::Add { content: content("cat", somewhere()) }]).annotations[0];
    for id in [drawn, AnnotationId(99)] {
        let edit = ImageEdit {
            image,
            changes: vec![
                AnnotationChange::Add { content: content("dog", somewhere()) },
                AnnotationChange::Change { id, content: content("dog", somewhere()) },
            ],
        };
        let refused = library.store.write_blocking(move |store| store.edit_annotations(&edit, &LayerScope::All, 30));
        assert!(matches!(refused, Err(StoreError::Missing { what: "annotation", .. })), "{refused:?}");
    }
    assert!(library.annotations(image).is_empty(), "nothing of a refused step is done");
    assert_eq!(library.annotations(other)[0].label, "cat");
}

#[test]
fn invalid_annotations_are_refused_and_others_are_clipped_to_the_image() {
    let library = Library::new();
    let image = library.add_image(1);
    let edit = |content| ImageEdit { image, changes: vec![AnnotationChange::Add { content }] };
    let beside = Shape::Box { rect: Rect::new(700.0, 0.0, 800.0, 90.0) };
    for unfit in [content(" ", somewhere()), content("cat", beside)] {
        let edit = edit(unfit);
        let refused = library.store.write_blocking(move |store| store.edit_annotations(&edit, &LayerScope::All, 30));
        assert!(matches!(refused, Err(StoreError::Unfit(_))), "{refused:?}");
    }
    assert!(library.annotations(image).is_empty());
    let over = Shape::Box { rect: Rect::new(600.0, 100.0, 700.0, 200.0) };
    library.change(image, vec![AnnotationChange::Add { content: content(" cat ", over) }]);
    let [drawn] = &library.annotations(image)[..] else { panic!("one was drawn") };
    assert_eq!(
        (drawn.label.as_str(), &drawn.shape),
        ("cat", &Shape::Box { rect: Rect::new(600.0, 100.0, 640.0, 200.0) })
    );
}

#[test]
fn a_drawn_annotation_has_the_colour_of_its_label() {
    let library = Library::new();
    let image = library.add_image(1);
    let colors: Vec<u8> = ["cat", "dog", "cat", "bird"]
        .into_iter()
        .map(|label| {
            library.change(image, vec![AnnotationChange::Add { content: content(label, somewhere()) }]);
            library.annotations(image).last().unwrap().color
        })
        .collect();
    assert_eq!(colors, [1, 2, 1, 3]);
}

#[test]
fn decisions_of_an_earlier_library_can_still_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let connection = Connection::open(&path).unwrap();
    for migration in &migration::MIGRATIONS[..9] {
        connection.execute_batch(migration.sql).unwrap();
    }
    connection.pragma_update(None, "user_version", 9).unwrap();
    connection
        .execute_batch(
            r#"INSERT INTO images (id, hash, name, byte_len, format, orientation, width, height, added_at, review)
               VALUES (1, zeroblob(32), 'a.jpg', 1, 'jpeg', 1, 100, 100, 0, 'reviewed');
               INSERT INTO annotations (id, image_id, label, color, shape, confidence, attributes, status, reject_reason)
               VALUES (7, 1, 'cat', 1, '{"kind":"box","rect":{"x1":1.0,"y1":2.0,"x2":3.0,"y2":4.5}}', 0.5, '{}',
                       'rejected', 'bad_box');
               INSERT INTO decisions (image_id, decided_at, review_before, marks_before, is_undone)
               VALUES (1, 5, 'unreviewed', '[{"id":7,"status":"proposed","reject_reason":null}]', 0);"#,
        )
        .unwrap();
    drop(connection);
    let store = Store::open(&path).unwrap();
    let annotations = || store.read_blocking(|view| view.annotations_of(ImageId(1))).unwrap();
    let rejected = annotations();
    assert_eq!((rejected[0].status, rejected[0].reject_reason), (Status::Rejected, Some(RejectReason::BadBox)));
    let undone = store.write_blocking(|edit| edit.undo_latest()).unwrap().unwrap();
    assert_eq!((undone.image, undone.annotations), (ImageId(1), vec![AnnotationId(7)]));
    assert_eq!((annotations()[0].status, annotations()[0].reject_reason), (Status::Proposed, None));
    store.write_blocking(|edit| edit.redo_on(ImageId(1))).unwrap().unwrap();
    assert_eq!(annotations(), rejected);
}

#[test]
fn a_bulk_edit_is_undone_and_redone_as_a_whole_from_every_image() {
    let library = Library::new();
    let images = [1, 2, 3].map(|seed| library.add_image(seed));
    for image in images {
        let whole = Shape::Box { rect: Rect::new(0.0, 0.0, 640.0, 480.0) };
        library.change(image, vec![AnnotationChange::Add { content: content("cat", whole) }]);
    }
    let has_annotation = || images.map(|image| !library.annotations(image).is_empty());
    let bulk = |of: &[ImageId]| {
        let of = of.to_vec();
        library
            .store
            .write_blocking(move |edit| {
                edit.look_through_these(&of)?;
                edit.repair(Check::Huge, &of, &LayerScope::All, false, 40)
            })
            .unwrap()
    };
    assert_eq!(bulk(&images[..2]).images, 2);
    assert_eq!(has_annotation(), [false, false, true]);

    // The third image was not changed, but Ctrl+Z there still undoes the bulk edit.
    let undone = library.store.write_blocking(move |edit| edit.undo_on(images[2])).unwrap().unwrap();
    assert_eq!((undone.others, has_annotation()), (1, [true; 3]));
    let redone = library.store.write_blocking(move |edit| edit.redo_on(images[2])).unwrap().unwrap();
    assert_eq!((redone.others, has_annotation()), (1, [false, false, true]));
    assert!(library.store.write_blocking(|edit| edit.redo_latest()).unwrap().is_none());
    library.store.write_blocking(|edit| edit.undo_latest()).unwrap();
    assert_eq!(has_annotation(), [true; 3]);
    assert_eq!(library.store.write_blocking(|edit| edit.redo_latest()).unwrap().unwrap().others, 1);
    assert_eq!(has_annotation(), [false, false, true]);

    // After another step, each image has its own order again, and no later work is lost.
    library.change(images[1], vec![AnnotationChange::Add { content: content("dog", somewhere()) }]);
    assert!(library.undo(images[0]));
    assert_eq!(has_annotation(), [true, true, true]);
    assert_eq!(library.annotations(images[1])[0].label, "dog");
    assert!(library.undo(images[1]));
    assert_eq!(has_annotation(), [true, false, true]);
    let undone = library.store.write_blocking(move |edit| edit.undo_on(images[2])).unwrap().unwrap();
    assert_eq!((undone.image, undone.others, has_annotation()), (images[1], 0, [true; 3]));
}
