//! Queries about many images or runs take as many statements as queries about one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::plan::{ImageSelection, SizeCount};
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::*;

/// A connection that counts its statements.
struct Counted {
    connection: Connection,
    count: Arc<AtomicUsize>,
}

impl Counted {
    fn open(path: &Path) -> Self {
        let (mut connection, count) = (Connection::open(path).unwrap(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&count);
        let add = move |_: TraceEvent<'_>| {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(add)).unwrap();
        Self { connection, count }
    }

    /// Number of statements of `question`.
    fn statements<T>(&self, question: impl FnOnce(&View<'_>) -> Result<T>) -> usize {
        let before = self.count.load(Ordering::Relaxed);
        question(&View(&self.connection, None)).unwrap();
        self.count.load(Ordering::Relaxed) - before
    }
}

#[test]
fn many_images_and_runs_take_as_few_statements_as_one() {
    let library = Library::new();
    let images: Vec<_> = (1..=6).map(|seed| library.add_image(seed)).collect();
    let runs: Vec<_> = (0..3).map(|_| library.add_run(images.clone())).collect();
    for &run in &runs {
        library.answer(run, &[0.9, 0.4]);
        library.answer_cut_off(run);
    }
    let counted = Counted::open(library.store.path());
    let of_runs = LayerScope::Runs { runs: runs.clone() };
    for layers in [&LayerScope::All, &of_runs] {
        for images in [&images[..1], &images] {
            assert_eq!(counted.statements(|view| view.image_cards(images, layers, &runs)), 2);
        }
    }
    assert_eq!(counted.statements(|view| view.sizes_of(&images)), 1);
    assert_eq!(counted.statements(|view| view.selected_images(&ImageSelection::Images { ids: images.clone() })), 1);
    assert_eq!(counted.statements(|view| view.hashed_images(&ImageSelection::Images { ids: images.clone() })), 2);
    assert_eq!(counted.statements(|view| view.image_traits(&images)), 1);
    assert_eq!(counted.statements(|view| view.similar_checks(images.clone())), 1);
    assert_eq!(counted.statements(|view| view.run(runs[0])), 2);
    assert_eq!(counted.statements(|view| view.runs()), 2);
    assert_eq!(counted.statements(|view| view.model_of_run(runs[0])), 1);
}

#[test]
fn sizes_are_those_of_every_image_that_is_named_and_no_image_may_be_missing() {
    let library = Library::new();
    let [first, second] = [1, 2].map(|seed| library.add_image(seed));
    let small = library.add_image_of_size(3, PixelSize::new(32, 24));
    let sizes = |images: &[ImageId]| library.store.read_blocking(|view| view.sizes_of(images));
    let size = |width, height, count| SizeCount { size: PixelSize::new(width, height), count };
    assert_eq!(sizes(&[small, first, second, first]).unwrap(), [size(640, 480, 3), size(32, 24, 1)]);
    assert_eq!(sizes(&[small, first]).unwrap(), [size(640, 480, 1), size(32, 24, 1)]);
    assert_eq!(sizes(&[]).unwrap(), []);
    assert!(matches!(sizes(&[first, ImageId(77)]), Err(StoreError::Missing { what: "image", id: 77 })));
}
