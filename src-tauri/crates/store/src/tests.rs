//! Tests on real files, as the engine uses the store.

use std::collections::BTreeMap;
use std::path::Path;

use domain::annotation::{Annotation, NewAnnotation, Origin, RejectReason, ReviewState, Shape, Status};
use domain::answer::{DropReason, Dropped, Reading, Repair, RepairKind};
use domain::geometry::{Orientation, PixelSize, Rect};
use domain::ids::{ImageId, RunId};
use domain::import::{ImageFormat, SkipReason, SkippedFile};
use domain::layers::LayerScope;
use domain::model::{Destination, ModelId};
use domain::money::{CostRange, PicoDollars};
use domain::query::{ImageOrder, ImageQuery, ImageState, Test};
use domain::recipe::{Recipe, builtin};
use domain::report::{DropGroup, RepairGroup};
use domain::review::{Decision, DecisionScope, Verdict};
use domain::run::{BatchStage, PendingElsewhere, PossiblyBilled, RetryGroup};
use domain::run_options::RunOptions;
use domain::run_state::{FailureKind, RetryKind, RunMode, StopReason};
use domain::similar::PerceptualHash;
use domain::usage::Usage;

use super::*;

mod batches;
mod claims;
mod earlier;
mod findings;
mod gallery;
mod imports;
mod kept_answers;
mod layers;
mod ledger;
mod opening;
mod publication;
mod recipes;
mod rules;
mod run_descriptions;
mod similar;
mod spending;
mod statements;
mod steps;
mod stored_names;

struct Library {
    folder: tempfile::TempDir,
    store: Store,
}

fn new_image(seed: u8, size: PixelSize) -> NewImage {
    NewImage {
        hash: [seed; 32],
        name: format!("IMG_{seed}.jpg"),
        byte_len: 10,
        format: ImageFormat::Jpeg,
        orientation: Orientation::Upright,
        size,
        perceptual_hash: PerceptualHash(!(u64::MAX >> seed)),
        taken: None,
    }
}

/// What runs ask that use each other's answers.
fn question() -> Question {
    Question { key: "question".into(), ..Question::default() }
}

impl Library {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("library.sqlite")).unwrap();
        Self { folder, store }
    }

    fn add_image(&self, seed: u8) -> ImageId {
        self.add_image_of_size(seed, PixelSize::new(640, 480))
    }

    /// Its perceptual hash has as many bits set as `seed`.
    fn add_image_of_size(&self, seed: u8, size: PixelSize) -> ImageId {
        self.add(new_image(seed, size))
    }

    fn add(&self, image: NewImage) -> ImageId {
        self.store
            .write_blocking(move |edit| {
                let collection = edit.collection_at(Path::new("/photos"), "photos", 1)?;
                let (id, _) = edit.image_of_content(&image, 1)?;
                let path = format!("/photos/{}", image.name);
                edit.record_file(collection, id, Path::new(&path), KnownFile { byte_len: 10, modified_at: 5 })?;
                Ok(id)
            })
            .unwrap()
    }

    fn add_run(&self, images: Vec<ImageId>) -> RunId {
        let images = images.into_iter().map(|image| QueuedImage { image, leader: None }).collect();
        self.add_queue(images)
    }

    fn add_queue(&self, images: Vec<QueuedImage>) -> RunId {
        let run = NewRun { images, ..new_run() };
        self.store.write_blocking(move |edit| edit.add_run(&run, 7)).unwrap()
    }

    fn answer(&self, run: RunId, confidences: &'static [f32]) {
        let job = self.store.read_blocking(|view| view.waiting_jobs(run, None, 1)).unwrap().pop().unwrap();
        self.store
            .write_blocking(move |edit| {
                let attempt = edit.record_sent(job.id, PicoDollars::ZERO, 8)?;
                edit.record_received(attempt, "{}", None, 9)?;
                let annotations = confidences.iter().map(|&confidence| cat(confidence)).collect();
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

    /// Answers the next job of `run` with two cats, cut off at 2,000 tokens.
    fn answer_cut_off(&self, run: RunId) {
        let job = self.store.read_blocking(|view| view.waiting_jobs(run, None, 1)).unwrap().pop().unwrap();
        self.store
            .write_blocking(move |edit| {
                let attempt = edit.record_sent(job.id, PicoDollars(5), 8)?;
                edit.record_output_limit(attempt, 2_000)?;
                edit.record_received(attempt, "[", None, 9)?;
                edit.record_cut_short(attempt)?;
                let reading = Reading { is_cut_short: true, ..Reading::default() };
                let outcome =
                    JobOutcome::Done { attempts: vec![attempt], annotations: vec![cat(0.5), cat(0.6)], reading };
                let timing = JobTiming { took_millis: 40.0, alone_millis: None };
                edit.settle_job(run, &job, &cats(), &outcome, Some(timing), 10)
            })
            .unwrap();
    }

    fn annotations(&self, image: ImageId) -> Vec<Annotation> {
        self.store.read_blocking(|view| view.annotations_of(image)).unwrap()
    }

    fn statuses(&self, image: ImageId) -> Vec<Status> {
        self.shown_annotations(image).iter().map(|annotation| annotation.status).collect()
    }

    /// In the view of all layers.
    fn shown_annotations(&self, image: ImageId) -> Vec<Annotation> {
        self.store.read_blocking(|view| view.shown_on(image, &LayerScope::All)).unwrap()
    }

    fn review(&self, image: ImageId) -> ReviewState {
        self.store.read_blocking(|view| view.image_cards(&[image], &LayerScope::All, &[])).unwrap()[0].review
    }
}

fn new_run() -> NewRun {
    NewRun {
        model: ModelId("m".into()),
        model_name: "M".into(),
        recipe: cats(),
        concurrency: 2,
        options: RunOptions::default(),
        question: None,
        ignores_saved_answers: false,
        mode: RunMode::Live,
        destination: Destination::ThisMachine,
        quoted: None,
        budget: None,
        pilot: None,
        roots: Vec::new(),
        images: Vec::new(),
    }
}

fn cats() -> Recipe {
    Recipe::find_these("cat").unwrap()
}

fn cat(confidence: f32) -> NewAnnotation {
    NewAnnotation {
        label: "cat".into(),
        shape: Shape::Box { rect: Rect::new(1.0, 2.0, 3.0, 4.5) },
        confidence: Some(confidence),
        attributes: BTreeMap::new(),
    }
}

#[test]
fn the_same_content_in_two_places_is_one_image() {
    let library = Library::new();
    let first = library.add_image(1);
    assert_eq!(library.add_image(1), first);
    let counts = library.store.read_blocking(|view| view.image_counts(None)).unwrap();
    assert_eq!((counts.all, counts.unreviewed), (1, 1));
    assert!(
        !library.store.read_blocking(|view| view.image_cards(&[first], &LayerScope::All, &[])).unwrap()[0].is_annotated
    );
    let unchanged = KnownFile { byte_len: 10, modified_at: 5 };
    let path = Path::new("/photos/IMG_1.jpg");
    assert_eq!(library.store.read_blocking(|view| view.image_of_unchanged(path, unchanged)).unwrap(), Some(first));
    let touched = KnownFile { modified_at: 6, ..unchanged };
    assert_eq!(library.store.read_blocking(|view| view.image_of_unchanged(path, touched)).unwrap(), None);
}

#[cfg(unix)]
#[test]
fn paths_need_not_be_utf_8() {
    use std::os::unix::ffi::OsStrExt;
    let library = Library::new();
    let path = Path::new(std::ffi::OsStr::from_bytes(b"/photos/caf\xe9.jpg")).to_owned();
    let image = library.add_image(1);
    let odd = path.clone();
    library
        .store
        .write_blocking(move |edit| {
            let collection = edit.collection_at(Path::new("/photos"), "photos", 1)?;
            edit.record_file(collection, image, &odd, KnownFile { byte_len: 1, modified_at: 1 })?;
            let skipped = SkippedFile { path: String::new(), reason: SkipReason::Empty };
            edit.record_skipped(collection, Path::new("/photos/empty.jpg"), &skipped)
        })
        .unwrap();
    let files = library.store.read_blocking(|view| view.files_of(image)).unwrap();
    assert!(files.iter().any(|(seen, _)| *seen == path));
    let skipped = library.store.read_blocking(|view| view.skipped_files(None)).unwrap();
    assert_eq!(skipped, [SkippedFile { path: "/photos/empty.jpg".into(), reason: SkipReason::Empty }]);
}

#[test]
fn a_failed_change_leaves_nothing_and_harms_no_other() {
    let library = Library::new();
    let failed: Result<()> = library.store.write_blocking(|edit| {
        edit.add_recipe(&cats(), false, 1)?;
        Err(StoreError::Missing { what: "nothing", id: 1 })
    });
    assert!(matches!(failed, Err(StoreError::Missing { .. })));
    library.store.write_blocking(|edit| edit.add_recipe(&builtin::everyday_objects(), true, 1)).unwrap();
    let recipes = library.store.read_blocking(|view| view.recipes()).unwrap();
    assert_eq!(recipes.iter().map(|saved| saved.recipe.name.as_str()).collect::<Vec<_>>(), ["Everyday objects"]);
}

#[test]
fn decisions_are_kept_and_can_be_taken_back_one_by_one() {
    let library = Library::new();
    let (first, second) = (library.add_image(1), library.add_image(2));
    let run = library.add_run(vec![first, second]);
    library.answer(run, &[0.9, 0.5]);
    library.answer(run, &[]);

    let decide = |decision: Decision| {
        library.store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::All, 20)).unwrap()
    };
    let annotation = library.store.read_blocking(|view| view.annotations_of(first)).unwrap()[0].id;
    let reason = Some(RejectReason::BadBox);
    decide(Decision {
        image: first,
        scope: DecisionScope::Annotation { id: annotation },
        verdict: Verdict::Reject { reason },
    });
    assert_eq!(library.statuses(first), [Status::Rejected, Status::Proposed]);
    assert_eq!(library.review(first), ReviewState::Unreviewed);
    decide(Decision { image: first, scope: DecisionScope::Image, verdict: Verdict::Accept });
    assert_eq!(library.statuses(first), [Status::Rejected, Status::Accepted]);
    assert_eq!(library.review(first), ReviewState::Reviewed);
    decide(Decision { image: second, scope: DecisionScope::Image, verdict: Verdict::Accept });
    assert_eq!(library.review(second), ReviewState::ConfirmedEmpty);

    let undo = || library.store.write_blocking(|edit| edit.undo_latest()).unwrap().map(|step| step.image);
    assert_eq!(undo(), Some(second));
    assert_eq!(library.review(second), ReviewState::Unreviewed);
    assert_eq!(undo(), Some(first));
    assert_eq!(library.statuses(first), [Status::Rejected, Status::Proposed]);
    assert_eq!(undo(), Some(first));
    assert_eq!(library.statuses(first), [Status::Proposed, Status::Proposed]);
    assert_eq!(undo(), None);
}

#[test]
fn undoing_a_run_takes_back_undecided_proposals_only() {
    let library = Library::new();
    let (first, second) = (library.add_image(1), library.add_image(2));
    let run = library.add_run(vec![first, second]);
    library.answer(run, &[0.9]);
    library.answer(run, &[0.8, 0.7]);
    let accept = Decision { image: first, scope: DecisionScope::Image, verdict: Verdict::Accept };
    library.store.write_blocking(move |edit| edit.decide(&accept, &LayerScope::All, 20)).unwrap();
    assert_eq!(library.store.write_blocking(move |edit| edit.take_back_proposals(run)).unwrap(), 2);
    assert_eq!(library.statuses(first), [Status::Accepted]);
    assert_eq!(library.statuses(second), []);
}

#[test]
fn asking_again_replaces_what_is_undecided_and_leaves_what_is_decided() {
    let library = Library::new();
    let image = library.add_image(1);
    let first = library.add_run(vec![image]);
    library.answer(first, &[0.9]);
    let second = library.add_run(vec![image]);
    library.answer(second, &[0.8]);
    assert_eq!(library.statuses(image), [Status::Proposed], "one layer of the same question");

    let reject = Verdict::Reject { reason: None };
    let decision = Decision { image, scope: DecisionScope::Image, verdict: reject };
    library.store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::All, 20)).unwrap();
    let third = library.add_run(vec![image]);
    library.answer(third, &[0.7]);
    assert_eq!(library.statuses(image), [Status::Rejected], "a decided annotation is not proposed again");
    assert_eq!(library.review(image), ReviewState::ConfirmedEmpty);
}

#[test]
fn new_proposals_wait_for_review_until_they_are_taken_back() {
    let library = Library::new();
    let image = library.add_image(1);
    let empty = library.add_run(vec![image]);
    library.answer(empty, &[]);
    assert!(
        library.store.read_blocking(|view| view.image_cards(&[image], &LayerScope::All, &[])).unwrap()[0].is_annotated
    );
    let decision = Decision { image, scope: DecisionScope::Image, verdict: Verdict::Accept };
    library.store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::All, 20)).unwrap();
    assert_eq!(library.review(image), ReviewState::ConfirmedEmpty);
    let run = library.add_run(vec![image]);
    library.answer(run, &[0.9]);
    assert_eq!(library.review(image), ReviewState::Unreviewed);
    library.store.write_blocking(move |edit| edit.take_back_proposals(run)).unwrap();
    assert_eq!(library.review(image), ReviewState::ConfirmedEmpty);
}

#[test]
fn a_library_of_the_first_format_is_brought_along() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(include_str!("migration/0001_first.sql")).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    let recipe = serde_json::to_string(&cats()).unwrap();
    connection
        .execute(
            "INSERT INTO runs (started_at, model, model_name, recipe, concurrency, quoted) VALUES (1, 'm', 'M', ?1, 2, 0)",
            [recipe],
        )
        .unwrap();
    drop(connection);
    let summary = Store::open(&path).unwrap().read_blocking(|view| view.run(RunId(1))).unwrap();
    assert_eq!((summary.destination, summary.quoted), (Destination::ThisMachine, Some(CostRange::default())));
}

#[test]
fn the_least_certain_come_first() {
    let library = Library::new();
    let images: Vec<_> = (1..=3).map(|seed| library.add_image(seed)).collect();
    let run = library.add_run(images.clone());
    library.answer(run, &[0.9]);
    library.answer(run, &[]);
    library.answer(run, &[0.95, 0.3]);
    let query = ImageQuery { order: ImageOrder::LeastCertain, ..ImageQuery::of([Test::Text { text: "img_".into() }]) };
    assert_eq!(
        library.store.read_blocking(|view| view.image_ids(&query, &[])).unwrap(),
        [images[2], images[0], images[1]]
    );
}

#[test]
fn kept_label_counts_agree_with_counting() {
    let library = Library::new();
    let (first, second) = (library.add_image(1), library.add_image(2));
    let counts = |collection| {
        let counted = library.store.read_blocking(|view| view.label_counts(collection)).unwrap();
        counted.iter().map(|label| label.count).sum::<u32>()
    };
    let folder = Some(library.store.read_blocking(|view| view.collections()).unwrap()[0].id);
    let run = library.add_run(vec![first, second]);
    library.answer(run, &[0.9, 0.5]);
    library.answer(run, &[0.8]);
    assert_eq!((counts(None), counts(folder)), (3, 3));

    // The same image in a second folder keeps its annotations.
    let other = library
        .store
        .write_blocking(move |edit| {
            let other = edit.collection_at(Path::new("/other"), "other", 1)?;
            edit.record_file(other, first, Path::new("/other/1.jpg"), KnownFile { byte_len: 10, modified_at: 5 })?;
            Ok(other)
        })
        .unwrap();
    assert_eq!(counts(Some(other)), 2);
    let reject = Verdict::Reject { reason: None };
    let decision = Decision { image: first, scope: DecisionScope::Image, verdict: reject };
    library.store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::All, 20)).unwrap();
    assert_eq!((counts(None), counts(folder), counts(Some(other))), (1, 1, 0));
    library.store.write_blocking(|edit| edit.undo_latest()).unwrap();
    assert_eq!((counts(None), counts(Some(other))), (3, 2));
    library.store.write_blocking(move |edit| edit.take_back_proposals(run)).unwrap();
    assert_eq!((counts(None), counts(folder), counts(Some(other))), (0, 0, 0));
}

#[tokio::test]
async fn only_what_can_be_derived_anew_is_not_flushed() {
    fn flushing(edit: &Edit<'_>) -> Result<u32> {
        Ok(edit.0.0.query_row("PRAGMA synchronous", [], |row| row.get(0))?)
    }
    const FULL: u32 = 2;
    const NORMAL: u32 = 1;

    let library = Library::new();
    let store = &library.store;
    for _ in 0..2 {
        assert_eq!(store.write_derived(flushing).await.unwrap(), NORMAL);
        assert_eq!(store.write(flushing).await.unwrap(), FULL);
    }
}

#[tokio::test]
async fn a_change_that_fails_leaves_nothing_behind_alone_or_among_others() {
    fn add(edit: &Edit<'_>, root: &str, goes_well: bool) -> Result<()> {
        edit.collection_at(Path::new(root), root, 1)?;
        if goes_well { Ok(()) } else { Err(StoreError::Missing { what: "image", id: 1 }) }
    }
    let library = Library::new();
    let store = &library.store;
    let names = || -> Vec<String> {
        let collections = store.read_blocking(|view| view.collections()).unwrap();
        collections.into_iter().map(|collection| collection.name).collect()
    };

    assert!(store.write(|edit| add(edit, "alone", false)).await.is_err());
    store.write(|edit| add(edit, "first", true)).await.unwrap();
    assert_eq!(names(), ["first"]);

    // While one commit is written, other changes gather for the next.
    let (release, released) = std::sync::mpsc::channel();
    let held = store.write(move |edit| {
        released.recv().unwrap();
        add(edit, "held", true)
    });
    let others = ["a", "b", "c"].map(|name| store.write(move |edit| add(edit, name, name != "b")));
    let going = async move { release.send(()).unwrap() };
    let [a, b, c] = others;
    let (held, a, b, c, ()) = tokio::join!(held, a, b, c, going);
    assert_eq!((held.is_ok(), a.is_ok(), b.is_ok(), c.is_ok()), (true, true, false, true));
    assert_eq!(names(), ["first", "held", "a", "c"]);
}
