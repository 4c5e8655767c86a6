//! Similar images: which of a plan's images show nearly the same, so that one of each group is sent and the others are
//! offered its marks. What similar means is `domain::similar`'s; the hashes are made on import, and here for images that
//! came into the library before there were any.

use std::sync::Mutex;

use domain::ids::ImageId;
use domain::plan::ImageSelection;
use domain::similar::{PerceptualHash, SimilarGroups};
use store::QueuedImage;

use crate::library::{Library, lock, processors};
use crate::pixels::PixelEdge;
use crate::{EngineError, Result};

/// Hashes written together: few enough that little is lost when the process ends on the way.
const WRITE_SLICE: usize = 64;

impl Library {
    /// The groups of similar images among `images`. Blocks; call it on a thread of its own, since a library from before
    /// hashes were kept has all its thumbnails read the first time.
    pub fn similar_groups(&self, images: &ImageSelection) -> Result<SimilarGroups> {
        let hashed = self.store.read(|view| view.hashed_images(images))?;
        let missing: Vec<ImageId> = hashed.iter().filter(|image| image.hash.is_none()).map(|image| image.id).collect();
        if missing.is_empty() {
            return Ok(SimilarGroups::of(&hashed));
        }
        self.fill_in_hashes(&missing)?;
        Ok(SimilarGroups::of(&self.store.read(|view| view.hashed_images(images))?))
    }

    /// `images`, which are those of `selection`, in the order in which a run asks about them: similar ones next to each
    /// other, so that a vendor's cache and a reviewer's eye have them together; or, when marks are carried over, one of each
    /// group first and those that are given its marks after all others.
    pub(crate) fn queue(
        &self,
        selection: &ImageSelection,
        images: &[ImageId],
        carries_to_similar: bool,
    ) -> Result<Vec<QueuedImage>> {
        let similar = self.similar_groups(selection)?;
        if !carries_to_similar {
            let ordered = similar.in_order_of_similarity(images).into_iter();
            return Ok(ordered.map(|image| QueuedImage { image, leader: None }).collect());
        }
        let leaders = similar.leaders();
        let queued = images.iter().map(|&image| QueuedImage { image, leader: leaders.get(&image).copied() });
        let (followers, asked): (Vec<_>, Vec<_>) = queued.partition(|queued| queued.leader.is_some());
        Ok(asked.into_iter().chain(followers).collect())
    }

    /// Makes and keeps the hashes of `images`, on every processor.
    fn fill_in_hashes(&self, images: &[ImageId]) -> Result<()> {
        let slices = Mutex::new(images.chunks(WRITE_SLICE));
        let fill_in_some = || -> Result<()> {
            loop {
                let Some(slice) = lock(&slices).next() else { return Ok(()) };
                let mut hashes = Vec::with_capacity(slice.len());
                for &image in slice {
                    hashes.extend(self.hash_of_thumbnail(image)?.map(|hash| (image, hash)));
                }
                self.store.write_blocking(move |edit| {
                    hashes.into_iter().try_for_each(|(image, hash)| edit.note_perceptual_hash(image, hash))
                })?;
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..processors()).map(|_| scope.spawn(fill_in_some)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| EngineError::TaskLost)?)
        })
    }

    /// `None` for an image whose thumbnail is gone and whose original cannot be found, or whose thumbnail is broken. It
    /// is asked about itself then.
    fn hash_of_thumbnail(&self, image: ImageId) -> Result<Option<PerceptualHash>> {
        let thumbnail = match self.pixels(image, PixelEdge::Thumbnail) {
            Ok(thumbnail) => thumbnail,
            Err(EngineError::Original { detail, .. }) => {
                tracing::debug!(%image, detail, "what the image looks like is not known");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        match prepare::perceptual_hash_of_thumbnail(&thumbnail) {
            Ok(hash) => Ok(Some(hash)),
            Err(reason) => {
                tracing::warn!(%image, ?reason, "a thumbnail is broken");
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use domain::query::ImageQuery;

    use super::*;

    /// Three shots each of two photos, the camera moved aside by a hundredth between them, and a photo alone.
    fn import_bursts(library: &Library, folder: &Path) -> Vec<ImageId> {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../samples");
        let photos = folder.join("photos");
        fs::create_dir(&photos).unwrap();
        for name in ["china", "rocket"] {
            let photo = image::open(samples.join(format!("{name}.jpg"))).unwrap();
            for shot in 0..3 {
                let moved = shot * photo.width() / 100;
                let seen = photo.crop_imm(moved, 0, photo.width() * 9 / 10, photo.height() * 9 / 10);
                seen.save(photos.join(format!("{name}-{shot}.jpg"))).unwrap();
            }
        }
        fs::copy(samples.join("coffee.jpg"), photos.join("coffee.jpg")).unwrap();
        library.import(&[photos]).unwrap().images
    }

    fn groups_of(library: &Library) -> Vec<Vec<ImageId>> {
        let groups = library.similar_groups(&ImageSelection::All).unwrap();
        assert_eq!((groups.image_count, groups.unknown_count), (7, 0));
        groups.groups.into_iter().map(|group| [vec![group.leader], group.followers].concat()).collect()
    }

    #[test]
    fn bursts_are_groups_and_a_photo_alone_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let images = import_bursts(&library, folder.path());
        assert_eq!(library.image_ids(&ImageQuery::default()).unwrap(), images);
        // By name: china, coffee, rocket.
        assert_eq!(groups_of(&library), [&images[..3], &images[4..]]);
    }

    #[test]
    fn hashes_can_be_had_from_thumbnails_alone() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let images = import_bursts(&library, folder.path());
        fs::remove_dir_all(folder.path().join("photos")).unwrap();
        let forgotten = images.clone();
        library
            .store
            .write_blocking(move |edit| {
                forgotten.iter().try_for_each(|&image| edit.note_perceptual_hash(image, PerceptualHash(0)))
            })
            .unwrap();
        assert_eq!(groups_of(&library).len(), 1);
        library.fill_in_hashes(&images).unwrap();
        assert_eq!(groups_of(&library), [&images[..3], &images[4..]]);

        fs::remove_dir_all(folder.path().join("thumbs")).unwrap();
        assert_eq!(library.hash_of_thumbnail(images[0]).unwrap(), None);
    }
}
