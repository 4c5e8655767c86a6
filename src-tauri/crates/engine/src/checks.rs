//! Checks: likely mistakes are looked for when they are asked for, and repaired one at a time or many as a bulk edit.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use domain::ids::ImageId;
use domain::layers::LayerScope;
use domain::query::{Condition, ImageOrder, ImageQuery, Test};
use domain::review::BulkEditResult;
use domain::review::checks::{Check, CheckFinding};
use domain::review::repair::RepairExtent;

use crate::Result;
use crate::clock::now_millis;
use crate::library::Library;

/// Images looked through in one change of the library, so that no other waits long.
const SLICE: u32 = 500;
/// How long those wait who want to know what is found, and not all of it.
pub const MOMENT: Duration = Duration::from_millis(150);
/// How often they are told of more.
const NEWS: Duration = Duration::from_secs(1);

impl Library {
    /// Likely mistakes on `image` among the annotations of `layers`, in the order of its annotations.
    pub fn findings(&self, image: ImageId, layers: &LayerScope) -> Result<Vec<CheckFinding>> {
        // A question about one image does not wait for all others.
        if !self.store.read_blocking(|view| view.is_checked(image))? {
            self.store.write_derived_blocking(move |edit| edit.look_through_these(&[image]))?;
        }
        Ok(self.store.read_blocking(|view| view.findings_on(image, layers))?)
    }

    /// What [`Self::repair`] would change.
    pub fn repair_extent(&self, check: Check, query: &ImageQuery) -> Result<RepairExtent> {
        let images = self.images_with_finding(check, query)?;
        Ok(self.store.read_blocking(|view| view.repair_extent(check, &images, &query.layers_shown()))?)
    }

    /// Repairs what a check finds in the layers of `query` on its images, as one bulk edit. With `spares_decided` annotations
    /// stay that a person has accepted, edited or drawn.
    pub async fn repair(
        self: &Arc<Self>,
        check: Check,
        query: &ImageQuery,
        spares_decided: bool,
    ) -> Result<BulkEditResult> {
        let asked = query.clone();
        let images = self.ask(move |library| library.images_with_finding(check, &asked)).await?;
        let (now, layers) = (now_millis(), query.layers_shown());
        let changed = self.store.write(move |edit| edit.repair(check, &images, &layers, spares_decided, now)).await?;
        self.note_change();
        Ok(changed)
    }

    fn images_with_finding(&self, check: Check, query: &ImageQuery) -> Result<Vec<ImageId>> {
        let conditions = [query.conditions.as_slice(), &[Condition::holds(Test::Check { check })]].concat();
        self.image_ids(&ImageQuery { conditions, ..query.clone() })
    }

    /// Whether what `query` asks for follows from looking through annotations.
    pub(crate) fn asks_for_findings(query: &ImageQuery) -> bool {
        query.order == ImageOrder::Uncertainty
            || query.conditions.iter().any(|condition| matches!(condition.test, Test::Check { .. }))
    }

    /// Looks through what has changed since that was last done; blocks.
    pub(crate) fn look_through_annotations(&self) -> Result<()> {
        while self.look_through_slice()? {}
        Ok(())
    }

    /// The same for little longer than a moment. The rest is left to a thread of its own: a million annotations take a while.
    pub(crate) fn look_through_for(self: &Arc<Self>, moment: Duration) -> Result<()> {
        let begun = Instant::now();
        while !self.is_looking_through.load(Ordering::Acquire) && self.look_through_slice()? {
            if begun.elapsed() >= moment && !self.is_looking_through.swap(true, Ordering::AcqRel) {
                let library = Arc::downgrade(self);
                thread::spawn(move || look_through_behind(&library));
            }
        }
        Ok(())
    }

    /// Whether some are left.
    fn look_through_slice(&self) -> Result<bool> {
        if !self.store.read_blocking(|view| view.has_unchecked())? {
            return Ok(false);
        }
        Ok(self.store.write_derived_blocking(|edit| edit.look_through(SLICE))?)
    }
}

/// Goes on until all is looked through, or nobody has the library open any more.
fn look_through_behind(library: &Weak<Library>) {
    let mut told = Instant::now();
    while let Some(library) = library.upgrade() {
        match library.look_through_slice() {
            Ok(true) if told.elapsed() < NEWS => {}
            Ok(true) => {
                library.note_change();
                told = Instant::now();
            }
            ended => {
                if let Err(error) = ended {
                    tracing::warn!(%error, "marks are not looked through for mistakes");
                }
                library.is_looking_through.store(false, Ordering::Release);
                library.note_change();
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
    use domain::review::{AnnotationChange, AnnotationContent, ImageEdit};
    use domain::similar::PerceptualHash;
    use store::NewImage;

    use super::*;

    /// An annotation on each image, over all of it.
    fn add_images(library: &Library, count: u32) {
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
        library.store.write_blocking(add).unwrap();
    }

    #[tokio::test]
    async fn whoever_asks_for_counts_waits_for_a_slice_and_hears_of_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        add_images(&library, 2 * SLICE + 1);
        let mut version = library.version();
        library.look_through_for(Duration::ZERO).unwrap();
        let huge = || {
            let counts = library.store.read_blocking(|view| view.filter_counts(&ImageQuery::default(), &[])).unwrap();
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
