//! Fault isolation: a fault in one image must not affect the run, and a fault in the run's task must not affect the library.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use domain::ids::RunId;
use domain::model::{Destination, ModelId};
use domain::plan::{ImageSelection, ResumeRequest, RunRequest};
use domain::recipe::Recipe;
use domain::run::RunProgress;
use domain::run_options::RunOptions;
use domain::run_state::{FailureKind, RunMode, RunState, StopReason};
use store::{NewRun, QueuedImage};

use crate::{EngineError, Library};

pub fn new_run(recipe: Recipe, images: Vec<QueuedImage>) -> NewRun {
    NewRun {
        model: ModelId("test".into()),
        model_name: "test".into(),
        recipe,
        concurrency: 1,
        options: RunOptions::default(),
        question: None,
        ignores_saved_answers: false,
        mode: RunMode::Live,
        destination: Destination::ThisMachine,
        quoted: None,
        budget: None,
        pilot: None,
        roots: Vec::new(),
        images,
    }
}

/// Panics if a test has put a file of this name into the library's folder.
pub fn panic_if_told(folder: &Path, place: &str) {
    assert!(!folder.join(place).exists(), "told to panic in {place}");
}

fn tell(library: &Library, place: &str) {
    fs::write(library.folder().join(place), "").unwrap();
}

/// A library of three images.
fn with_pictures(folder: &Path) -> Arc<Library> {
    let library = Library::alone_in(folder);
    let photos = folder.join("photos");
    fs::create_dir(&photos).unwrap();
    for (index, name) in (0_u8..).zip(["a.png", "b.png", "c.png"]) {
        let picture = image::RgbImage::from_pixel(64, 48, image::Rgb([80 * index, 90, 100]));
        picture.save(photos.join(name)).unwrap();
    }
    library.imports.run(&[photos]).unwrap();
    library
}

async fn start(library: &Arc<Library>) -> RunId {
    let model = library.planning.models().unwrap().remove(0).model.id;
    let recipe = library.recipes.all().unwrap().remove(0).id;
    library.runs.start(&RunRequest::of(ImageSelection::All, recipe, model)).await.unwrap()
}

async fn end_of(library: &Arc<Library>, run: RunId) -> RunProgress {
    if let Some(mut progress) = library.runs.progress(run) {
        let is_over =
            |snapshot: &RunProgress| matches!(snapshot.state, RunState::Stopped { .. } | RunState::Interrupted);
        return progress.wait_for(is_over).await.unwrap().clone();
    }
    library.history.progress(run).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_one_image_fails_that_image() {
    let folder = tempfile::tempdir().unwrap();
    let library = with_pictures(folder.path());
    tell(&library, "job b.png");
    let run = start(&library).await;
    let last = end_of(&library, run).await;
    assert_eq!((last.state, last.done), (RunState::Stopped { reason: StopReason::Completed }, 2));
    let failure = &last.failures[0];
    assert_eq!((failure.kind, failure.count, failure.example_image.as_str()), (FailureKind::InternalError, 1, "b.png"));
    assert!(failure.example.contains("told to panic"), "{}", failure.example);

    // A retry succeeds.
    fs::remove_file(library.folder().join("job b.png")).unwrap();
    library.runs.resume(ResumeRequest { retries_failed: true, ..ResumeRequest::of(run) }).await.unwrap();
    assert_eq!(end_of(&library, run).await.done, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_the_task_of_a_run_ends_the_run_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let library = with_pictures(folder.path());
    tell(&library, "dispatcher");
    let run = start(&library).await;
    let last = end_of(&library, run).await;
    let stopped = RunState::Stopped { reason: StopReason::InternalError };
    assert_eq!((last.state, library.history.run(run).unwrap().state), (stopped, stopped));
    assert!(last.stop_detail.as_ref().is_some_and(|detail| detail.contains("told to panic")), "{:?}", last.stop_detail);
    assert_eq!(library.runs.working().len(), 0);

    // Another process can resume the run as well.
    let other = Library::alone_in(folder.path());
    other.runs.undo(run).await.unwrap();
    fs::remove_file(library.folder().join("dispatcher")).unwrap();
    other.runs.resume(ResumeRequest::of(run)).await.unwrap();
    assert!(matches!(library.runs.resume(ResumeRequest::of(run)).await, Err(EngineError::RunBusy { .. })));
    // Other runs depend on whether this run reuses stored answers, so that option must not change while the run is active.
    assert!(matches!(library.runs.ignore_saved_answers(run).await, Err(EngineError::RunBusy { .. })));
    assert!(!library.store.read(move |view| view.ignores_saved_answers(run)).await.unwrap());
    assert_eq!(end_of(&other, run).await.done, 3);
    assert_eq!(library.history.run(run).unwrap().state, RunState::Stopped { reason: StopReason::Completed });
}
