//! The index of likely mistakes. Images with changed annotations are checked when findings are queried.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use domain::ids::ImageId;
use domain::query::{ImageOrder, ImageQuery, Test};
use store::Store;

use crate::Result;
use crate::changes::Changes;

/// Images checked per write transaction, so that other writers do not wait long.
const SLICE: u32 = 500;
/// How long callers wait when partial findings are enough.
pub const MOMENT: Duration = Duration::from_millis(150);
/// How often observers are notified of new findings.
const NEWS: Duration = Duration::from_secs(1);

/// Tracks which images are checked, and whether a background thread is running.
pub struct CheckIndex {
    store: Arc<Store>,
    changes: Changes,
    is_updating: AtomicBool,
}

impl CheckIndex {
    pub fn new(store: Arc<Store>, changes: Changes) -> Self {
        Self { store, changes, is_updating: AtomicBool::default() }
    }

    /// Checks `image` if it has changed. A query about one image does not wait for all others.
    pub fn update_on(&self, image: ImageId) -> Result<()> {
        if !self.store.read_blocking(|view| view.is_checked(image))? {
            self.store.write_derived_blocking(move |edit| edit.look_through_these(&[image]))?;
        }
        Ok(())
    }

    /// Checks everything that has changed if the result of `query` depends on findings. Blocks.
    pub fn update_for_query(&self, query: &ImageQuery) -> Result<()> {
        let is_about_findings = query.order == ImageOrder::Uncertainty
            || query.conditions.iter().any(|condition| matches!(condition.test, Test::Check { .. }));
        while is_about_findings && self.update_slice()? {}
        Ok(())
    }

    /// Checks what has changed for about `moment`, and leaves the rest to a background thread: a million annotations
    /// take a while.
    pub fn update_within(self: &Arc<Self>, moment: Duration) -> Result<()> {
        let begun = Instant::now();
        while !self.is_updating.load(Ordering::Acquire) && self.update_slice()? {
            if begun.elapsed() >= moment && !self.is_updating.swap(true, Ordering::AcqRel) {
                let index = Arc::downgrade(self);
                thread::spawn(move || update_behind(&index));
            }
        }
        Ok(())
    }

    /// Returns whether images are left to check.
    fn update_slice(&self) -> Result<bool> {
        if !self.store.read_blocking(|view| view.has_unchecked())? {
            return Ok(false);
        }
        Ok(self.store.write_derived_blocking(|edit| edit.look_through(SLICE))?)
    }
}

/// Continues until everything is checked or the library is closed.
fn update_behind(index: &Weak<CheckIndex>) {
    let mut told = Instant::now();
    while let Some(index) = index.upgrade() {
        match index.update_slice() {
            Ok(true) if told.elapsed() < NEWS => {}
            Ok(true) => {
                index.changes.record();
                told = Instant::now();
            }
            ended => {
                if let Err(error) = ended {
                    tracing::warn!(%error, "annotations could not be checked for mistakes");
                }
                index.is_updating.store(false, Ordering::Release);
                index.changes.record();
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::annotation::Shape;
    use domain::geometry::{Orientation, PixelSize, Rect};
    use domain::import::ImageFormat;
    use domain::layers::LayerScope;
    use domain::review::{AnnotationChange, AnnotationContent, ImageEdit};
    use domain::similar::PerceptualHash;
    use store::NewImage;

    use super::*;

    /// Adds images with one annotation each, covering the whole image.
    fn add_images(store: &Store, count: u32) {
        let size = PixelSize::new(40, 30);
        let shape = Shape::Box { rect: Rect::new(0.0, 0.0, 40.0, 30.0) };
        let annotation = AnnotationContent { label: "cat".into(), shape, attributes: BTreeMap::new() };
        let add = move |edit: &store::Edit<'_>| {
            for seed in 0..count {
                let mut hash = [0; 32];
                hash[..4].copy_from_slice(&seed.to_le_bytes());
                let image = NewImage {
                    hash,
                    name: format!("{seed}.png"),
                    byte_len: 10,
                    format: ImageFormat::Png,
                    orientation: Orientation::Upright,
                    size,
                    perceptual_hash: PerceptualHash(0),
                    taken: None,
                };
                let (image, _) = edit.image_of_content(&image, 1)?;
                let changes = vec![AnnotationChange::Add { content: annotation.clone() }];
                edit.edit_annotations(&ImageEdit { image, changes }, &LayerScope::All, 1)?;
            }
            Ok(())
        };
        store.write_blocking(add).unwrap();
    }

    #[tokio::test]
    async fn counts_wait_for_a_slice_and_the_version_grows_with_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&folder.path().join("library.sqlite")).unwrap());
        let changes = Changes::default();
        let index = Arc::new(CheckIndex::new(Arc::clone(&store), changes.clone()));
        add_images(&store, 2 * SLICE + 1);
        let mut version = changes.version();
        index.update_within(Duration::ZERO).unwrap();
        let huge = || {
            let counts = store.read_blocking(|view| view.filter_counts(&ImageQuery::default(), &[])).unwrap();
            (counts.checks.iter().map(|count| count.count).sum::<u32>(), counts.unchecked)
        };
        let (found, unchecked) = huge();
        assert!(found >= SLICE, "{found}");
        assert_eq!(found + unchecked, 2 * SLICE + 1);
        while huge().1 > 0 {
            version.changed().await.unwrap();
        }
        assert_eq!(huge().0, 2 * SLICE + 1);
    }
}
