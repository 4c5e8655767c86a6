//! Imported layers: what views show of them, undo and redo.

use domain::dataset::FormatId;
use domain::dataset_import::ImportRole;
use domain::ids::AnnotationId;
use domain::query::Condition;
use domain::recipe::Label;
use domain::review::{AnnotationChange, ImageEdit};

use super::*;
use crate::table::imports::ImportState;

fn cats(role: ImportRole) -> NewImport {
    NewImport { role, name: "cats.json".into(), path: "/data/cats.json".into(), format: FormatId("coco".into()) }
}

impl Library {
    /// Imports the given statuses on each image; work reviews every image.
    fn import(&self, role: ImportRole, images: &[(ImageId, &[Status])]) -> RunId {
        let annotations = images.iter().flat_map(|(image, statuses)| {
            statuses.iter().enumerate().map(|(place, status)| ImportedAnnotation {
                image: *image,
                label: if place == 0 { "cat".into() } else { "lynx".into() },
                color: 3,
                shape: Shape::Box { rect: Rect::new(10.0, 20.0, 60.0, 70.0) },
                confidence: (*status == Status::Proposed).then_some(0.25),
                attributes: BTreeMap::new(),
                status: *status,
                reject_reason: (*status == Status::Rejected).then_some(RejectReason::BadBox),
            })
        });
        let annotations: Vec<_> = annotations.collect();
        let review = (role == ImportRole::Work).then_some(ReviewState::Reviewed);
        let images: Vec<_> = images.iter().map(|(image, _)| ImportedImage { image: *image, review }).collect();
        let import = cats(role);
        let imported = self.store.write_blocking(move |edit| {
            let import = edit.begin_import(&import, 50)?;
            edit.park_annotations(import, &annotations)?;
            edit.add_imported_images(import, &images)?;
            edit.add_layer(import, vec![Label::plain("cat", 0), Label::plain("lynx", 1)], 51)?;
            Ok(import)
        });
        self.finish_moves();
        imported.unwrap()
    }

    fn finish_moves(&self) {
        while self.store.write_blocking(|edit| edit.continue_imports()).unwrap() {}
    }

    fn all_rows(&self) -> Vec<String> {
        let mut rows = self.rows("SELECT * FROM annotations ORDER BY id");
        rows.extend(self.rows("SELECT id, review FROM images ORDER BY id"));
        rows.extend(self.rows("SELECT * FROM label_counts WHERE annotation_count <> 0 ORDER BY 1, 2"));
        rows.extend(
            self.rows("SELECT * FROM image_figures WHERE proposed + accepted + edited + rejected > 0 ORDER BY 1"),
        );
        rows
    }

    fn undo_latest(&self) -> Option<StepTaken> {
        let undone = self.store.write_blocking(|edit| edit.undo_latest()).unwrap();
        self.finish_moves();
        undone
    }

    fn redo_latest(&self) -> Option<StepTaken> {
        let redone = self.store.write_blocking(|edit| edit.redo_latest()).unwrap();
        self.finish_moves();
        redone
    }

    fn found(&self, test: Test, layers: Option<RunId>) -> Vec<ImageId> {
        let layers = layers.map(LayerScope::of_run);
        let query =
            ImageQuery { conditions: vec![Condition { test, is_excluded: false }], layers, ..ImageQuery::default() };
        self.store.read_blocking(|view| view.image_ids(&query, &[])).unwrap()
    }

    fn shown_in(&self, image: ImageId, layers: &LayerScope) -> Vec<Status> {
        let shown = self.store.read_blocking(|view| view.shown_on(image, layers)).unwrap();
        shown.iter().map(|annotation| annotation.status).collect()
    }
}

#[test]
fn ground_truth_is_shown_alone_waits_for_nothing_and_stays_as_it_is() {
    let library = Library::new();
    let images = [1, 2, 3].map(|seed| library.add_image(seed));
    let run = library.add_run(vec![images[0]]);
    let truth = library
        .import(ImportRole::GroundTruth, &[(images[0], &[Status::GroundTruth, Status::GroundTruth]), (images[1], &[])]);
    library.assert_consistent();
    // A later run proposes what the ground truth has as well.
    library.answer(run, &[0.9]);
    library.assert_consistent();
    assert_eq!(library.statuses(images[0]), [Status::Proposed]);
    assert_eq!(library.shown_in(images[0], &LayerScope::of_run(truth)), [Status::GroundTruth; 2]);
    assert_eq!(library.shown_in(images[0], &LayerScope::of_run(run)), [Status::Proposed]);
    let unreviewed = Test::Image { state: ImageState::Unreviewed };
    assert_eq!(library.found(unreviewed, Some(truth)), images, "not reviewed yet");
    let proposed = Test::Annotation { status: Status::Proposed };
    assert_eq!(library.found(proposed, Some(truth)), []);
    assert_eq!(library.found(Test::Annotation { status: Status::GroundTruth }, Some(truth)), [images[0]]);
    assert_eq!(library.found(Test::Annotation { status: Status::GroundTruth }, None), []);
    assert_eq!(library.found(Test::Label { name: "lynx".into() }, Some(truth)), [images[0]]);
    assert_eq!(library.found(Test::Label { name: "lynx".into() }, None), []);
    assert_eq!(library.found(Test::Has { what: domain::query::Trait::Annotations }, Some(truth)), [images[0]]);
    assert_eq!(library.found(Test::Has { what: domain::query::Trait::Answer }, Some(truth)), images[..2]);
    assert_eq!(library.found(Test::Has { what: domain::query::Trait::Answer }, None), [images[0]]);
    assert_eq!(library.found(Test::Run { run: truth }, None), images[..2]);

    // Accepting all on the image, in its own layer, decides nothing of it.
    let decision = Decision { image: images[0], scope: DecisionScope::Image, verdict: Verdict::Accept };
    let layers = LayerScope::of_run(truth);
    library.store.write_blocking(move |edit| edit.decide(&decision, &layers, 60)).unwrap();
    assert_eq!(library.shown_in(images[0], &LayerScope::of_run(truth)), [Status::GroundTruth; 2]);
    let id = library.annotations(images[0])[0].id;
    let refused = |changed: Result<StepTaken>| assert!(matches!(changed, Err(StoreError::Unfit(_))), "{changed:?}");
    let one = Decision { scope: DecisionScope::Annotation { id }, ..decision };
    refused(library.store.write_blocking(move |edit| edit.decide(&one, &LayerScope::All, 61)));
    let edit = ImageEdit { image: images[0], changes: vec![AnnotationChange::Remove { id }] };
    refused(library.store.write_blocking(move |store| store.edit_annotations(&edit, &LayerScope::All, 62)));
    library.assert_consistent();
}

#[test]
fn predictions_are_proposals_and_work_is_approved() {
    let library = Library::new();
    let images = [1, 2].map(|seed| library.add_image(seed));
    let predictions = library.import(ImportRole::Predictions, &[(images[0], &[Status::Proposed, Status::Proposed])]);
    library.assert_consistent();
    assert_eq!(library.review(images[0]), ReviewState::Unreviewed);
    assert_eq!(library.statuses(images[0]), [Status::Proposed; 2]);
    let layer = library.store.read_blocking(|view| view.imported_layer(predictions)).unwrap();
    assert_eq!((layer.name.as_str(), layer.image_count, layer.annotation_count), ("cats.json", 1, 2));
    assert_eq!((layer.role, layer.undecided_count), (ImportRole::Predictions, 2));
    // Of two imports, none supersedes the other, although both are without model and recipe.
    library.import(ImportRole::Predictions, &[(images[0], &[Status::Proposed])]);
    assert_eq!(library.statuses(images[0]), [Status::Proposed; 3]);
    let decision = Decision { image: images[0], scope: DecisionScope::Image, verdict: Verdict::Accept };
    library.store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::of_run(predictions), 60)).unwrap();
    assert_eq!(library.statuses(images[0]), [Status::Accepted, Status::Accepted, Status::Proposed]);

    let work = library.import(ImportRole::Work, &[(images[1], &[Status::Accepted, Status::Edited, Status::Rejected])]);
    library.assert_consistent();
    assert_eq!(library.review(images[1]), ReviewState::Reviewed);
    let other = LayerScope::of_run(predictions);
    assert_eq!(
        library.shown_in(images[1], &other),
        [Status::Accepted, Status::Edited],
        "approved work is shown everywhere"
    );
    assert_eq!(library.shown_in(images[1], &LayerScope::of_run(work)).len(), 3);
    assert_eq!(library.store.read_blocking(|view| view.runs()).unwrap(), [], "imports are no runs");
    assert!(library.store.read_blocking(move |view| view.run(work)).is_err());
}

#[test]
fn an_import_is_undone_and_redone_as_a_whole() {
    let library = Library::new();
    let images = [1, 2, 3].map(|seed| library.add_image(seed));
    let run = library.add_run(images.to_vec());
    library.answer(run, &[0.9, 0.2]);
    let accept = |image| {
        let decision = Decision { image, scope: DecisionScope::Image, verdict: Verdict::Accept };
        library.store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::All, 60)).unwrap();
    };
    accept(images[2]);
    for role in ImportRole::ALL {
        let status = role.status(None).unwrap();
        let before = library.all_rows();
        let import = library.import(role, &[(images[0], &[status, status]), (images[1], &[status]), (images[2], &[])]);
        let after = library.all_rows();
        assert_ne!(before, after);
        accept(images[1]);
        let decided = library.all_rows();
        for _ in 0..2 {
            assert_eq!(library.undo_latest().map(|step| step.image), Some(images[1]));
            assert_eq!(library.all_rows(), after);
            let step = library.undo_latest().unwrap();
            assert_eq!((step.image, step.others), (images[0], 2));
            assert_eq!(library.all_rows(), before);
            library.assert_consistent();
            assert_eq!(library.store.read_blocking(|view| view.imports()).unwrap().len(), 0);
            assert_eq!(library.store.read_blocking(|view| view.runs_of_image(images[1])).unwrap(), []);
            // What followed it on an image is not redone without it.
            let redone = library.store.write_blocking(move |edit| edit.redo_on(images[1])).unwrap();
            library.finish_moves();
            assert_eq!(redone.map(|step| step.others), Some(2));
            assert_eq!(library.all_rows(), after);
            library.redo_latest().unwrap();
            assert_eq!(library.all_rows(), decided);
            library.assert_consistent();
        }
        assert_eq!(library.store.read_blocking(|view| view.imported_layer(import)).unwrap().image_count, 3);
        library.undo_latest();
        library.undo_latest();
    }
    // Anything else makes an undone import final.
    accept(images[0]);
    assert!(library.redo_latest().is_none());
    library.finish_moves();
    assert_eq!(library.rows("SELECT count(*) FROM parked_annotations"), ["0"]);
    assert_eq!(library.rows("SELECT count(*) FROM imports"), ["0"]);
    assert_eq!(library.rows("SELECT count(*) FROM steps WHERE import_id IS NOT NULL"), ["0"]);
    library.assert_consistent();
}

#[test]
fn an_unfinished_import_is_not_seen_and_leaves_nothing() {
    let library = Library::new();
    let image = library.add_image(1);
    let before = library.all_rows();
    let import = NewImport {
        role: ImportRole::Predictions,
        name: "cats.json".into(),
        path: String::new(),
        format: FormatId("coco".into()),
    };
    let annotation = ImportedAnnotation {
        image,
        label: "cat".into(),
        color: 1,
        shape: Shape::ImageTag,
        confidence: None,
        attributes: BTreeMap::new(),
        status: Status::Proposed,
        reject_reason: None,
    };
    let import = library.store.write_blocking(move |edit| {
        let import = edit.begin_import(&import, 50)?;
        edit.park_annotations(import, &[annotation])?;
        edit.add_imported_images(import, &[ImportedImage { image, review: None }])?;
        Ok(import)
    });
    let import = import.unwrap();
    assert_eq!(library.all_rows(), before);
    assert_eq!(library.store.read_blocking(|view| view.unwritten_imports()).unwrap(), [import]);
    assert!(library.store.read_blocking(|view| view.query_vocabulary()).unwrap().runs.is_empty());
    library.store.write_blocking(move |edit| edit.discard_unwritten(import)).unwrap();
    library.finish_moves();
    for table in ["imports", "imported_images", "parked_annotations"] {
        assert_eq!(library.rows(&format!("SELECT count(*) FROM {table}")), ["0"], "{table}");
    }
}

#[test]
fn an_import_is_published_again_once_it_is_imported_and_once_it_is_undone() {
    let library = Library::new();
    let image = library.add_image(1);
    let changed = |library: &Library| library.rows("SELECT image_id, epoch FROM image_changes");
    for epoch in 2..4 {
        library.store.write_blocking(|edit| edit.begin_publication()).unwrap().unwrap();
        if epoch == 2 {
            library.import(ImportRole::GroundTruth, &[(image, &[Status::GroundTruth])]);
        } else {
            library.undo_latest();
        }
        assert_eq!(changed(&library), [format!("{image} {epoch}")]);
    }
}

#[test]
fn ids_of_an_undone_import_are_not_used_again() {
    let library = Library::new();
    let image = library.add_image(1);
    library.import(ImportRole::Work, &[(image, &[Status::Accepted])]);
    let ids = |library: &Library| library.annotations(image).iter().map(|one| one.id).collect::<Vec<AnnotationId>>();
    let imported = ids(&library);
    library.undo_latest();
    library.redo_latest();
    assert_eq!(ids(&library), imported);
}

/// Work on five images with an annotation each, of which `pages` have moved.
fn moving(library: &Library, pages: usize) -> (RunId, Vec<ImageId>) {
    let images: Vec<ImageId> = (11..16).map(|seed| library.add_image(seed)).collect();
    let import = cats(ImportRole::Work);
    let annotation = |image: &ImageId| ImportedAnnotation {
        image: *image,
        label: "cat".into(),
        color: 1,
        shape: Shape::ImageTag,
        confidence: None,
        attributes: BTreeMap::new(),
        status: Status::Accepted,
        reject_reason: None,
    };
    let annotations: Vec<ImportedAnnotation> = images.iter().map(annotation).collect();
    let review = Some(ReviewState::Reviewed);
    let imported: Vec<_> = images.iter().map(|image| ImportedImage { image: *image, review }).collect();
    // One change, so that the writer is not idle in between.
    let import = library.store.write_blocking(move |edit| {
        let import = edit.begin_import(&import, 50)?;
        edit.park_annotations(import, &annotations)?;
        edit.add_imported_images(import, &imported)?;
        edit.add_layer(import, vec![Label::plain("cat", 0)], 51)?;
        for _ in 0..pages {
            assert!(edit.continue_imports()?);
        }
        assert!(edit.imported_layer(import).is_err(), "it is not shown yet");
        Ok(import)
    });
    (import.unwrap(), images)
}

#[test]
fn what_a_process_has_not_moved_is_moved_while_nothing_else_waits() {
    let library = Library::new();
    let (import, _) = moving(&library, 1);
    while library.store.read_blocking(|view| view.imported_layer(import)).is_err() {
        std::thread::yield_now();
    }
    assert_eq!(library.rows("SELECT count(*) FROM annotations"), ["5"]);
    assert_eq!(library.rows("SELECT count(*) FROM images WHERE review = 'reviewed'"), ["5"]);
    library.assert_consistent();
}

#[test]
fn others_are_told_of_what_moves_while_nothing_else_waits() {
    let library = Library::new();
    let (tell, told) = std::sync::mpsc::channel();
    library.store.watch_others(move || tell.send(()).unwrap_or_default()).unwrap();
    let (import, _) = moving(&library, 1);
    while library.store.read_blocking(|view| view.imported_layer(import)).is_err() {
        told.recv().unwrap();
    }
}

#[test]
fn a_review_made_while_an_import_moves_stays() {
    let library = Library::new();
    let image = library.add_image(1);
    let run = library.add_run(vec![image]);
    library.answer(run, &[0.9]);
    let decision = Decision { image, scope: DecisionScope::Image, verdict: Verdict::Accept };
    library
        .store
        .write_blocking(move |edit| {
            let import = edit.begin_import(&cats(ImportRole::Work), 50)?;
            let stated = ImportedImage { image, review: Some(ReviewState::ConfirmedEmpty) };
            edit.add_imported_images(import, &[stated])?;
            edit.add_layer(import, Vec::new(), 51)?;
            edit.decide(&decision, &LayerScope::All, 60)?;
            while edit.continue_imports()? {}
            Ok(())
        })
        .unwrap();
    assert_eq!(library.rows("SELECT review FROM images"), ["reviewed"]);
}

#[test]
fn a_result_holds_an_import_whole_or_not_at_all() {
    let library = Library::new();
    let (import, _) = moving(&library, 1);
    let counted = library.store.read_settled_blocking(|view| {
        let mut count = 0;
        view.each_of_import(import, |_, _| count += 1)?;
        Ok((count, view.imported_layer(import)?.image_count))
    });
    assert_eq!(counted.unwrap(), (5, 5));
}

#[test]
fn a_publication_begins_before_or_after_an_import() {
    let library = Library::new();
    let image = library.add_image(1);
    let begun = library.store.write_blocking(move |edit| {
        let import = edit.begin_import(&cats(ImportRole::Predictions), 50)?;
        edit.add_imported_images(import, &[ImportedImage { image, review: None }])?;
        edit.add_layer(import, Vec::new(), 51)?;
        let during = edit.begin_publication()?;
        while edit.continue_imports()? {}
        Ok((during, edit.begin_publication()?))
    });
    assert!(matches!(begun.unwrap(), (None, Some(_))));
}

#[test]
fn an_import_is_undone_while_it_moves_and_a_decision_leaves_the_rest_for_later() {
    for pages in 0..5 {
        let library = Library::new();
        let other = library.add_image(1);
        let run = library.add_run(vec![other]);
        library.answer(run, &[0.9]);
        let before = library.rows("SELECT * FROM annotations");
        moving(&library, pages);
        let decision = Decision { image: other, scope: DecisionScope::Image, verdict: Verdict::Accept };
        let left = library.store.write_blocking(move |edit| {
            assert!(edit.undo_latest()?.is_some_and(|step| step.is_moving));
            edit.continue_imports()?;
            edit.decide(&decision, &LayerScope::All, 60)?;
            edit.moving_import()
        });
        assert_eq!(left.unwrap().map(|(_, state)| state), Some(ImportState::Discarded));
        library.finish_moves();
        library.assert_consistent();
        for table in ["imports", "imported_images", "parked_annotations"] {
            assert_eq!(library.rows(&format!("SELECT count(*) FROM {table}")), ["0"], "{table}");
        }
        assert_eq!(library.rows("SELECT count(*) FROM images WHERE review = 'reviewed'"), ["1"], "the decision's");
        library.undo_latest().unwrap();
        assert_eq!(library.rows("SELECT * FROM annotations"), before);
    }
}
