//! Similar images: finds near-duplicates in a plan, so that one image of each group is sent and its annotations are
//! propagated to the others. The definition of similarity is in `domain::similar`. Hashes are computed on import, and
//! here for older images without one. Pairs with similar hashes are compared by their thumbnails, once.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use domain::ids::ImageId;
use domain::import::SkipReason;
use domain::plan::ImageSelection;
use domain::similar::{HashedImage, PerceptualHash, SimilarGroups};
use prepare::{DecodingMemory, Glance};
use store::{QueuedImage, Store};

use crate::machine::on_every_processor;
use crate::sync::lock;
use crate::thumbnails::Thumbnails;
use crate::{EngineError, Result};

/// Hashes and comparisons per write transaction: few enough that little is lost if the process dies.
const WRITE_SLICE: usize = 64;
/// Cached pictures during comparisons: more than there are leaders near each other.
const GLANCES_KEPT: usize = 64;

/// Finds similar images in a library.
pub struct Similar {
    store: Arc<Store>,
    thumbnails: Arc<Thumbnails>,
    memory: DecodingMemory,
    /// The groups that were found last, and among which images: a plan asks for them whenever it changes.
    latest: Mutex<Option<(Vec<HashedImage>, Arc<SimilarGroups>)>>,
}

impl Similar {
    pub(crate) fn new(store: Arc<Store>, thumbnails: Arc<Thumbnails>, memory: DecodingMemory) -> Self {
        Self { store, thumbnails, memory, latest: Mutex::default() }
    }

    /// The groups of similar images among `images`. Blocks; call it on a blocking thread, since the first call on an
    /// older library reads all of its thumbnails.
    pub fn groups(&self, images: &ImageSelection) -> Result<Arc<SimilarGroups>> {
        let hashed = self.store.read_blocking(|view| view.hashed_images(images))?;
        let missing: Vec<ImageId> = hashed.iter().filter(|image| image.hash.is_none()).map(|image| image.id).collect();
        if missing.is_empty() {
            return self.groups_among(hashed);
        }
        self.fill_in_hashes(&missing)?;
        self.groups_among(self.store.read_blocking(|view| view.hashed_images(images))?)
    }

    fn groups_among(&self, hashed: Vec<HashedImage>) -> Result<Arc<SimilarGroups>> {
        if let Some((_, groups)) = lock(&self.latest).as_ref().filter(|(among, _)| *among == hashed) {
            return Ok(Arc::clone(groups));
        }
        let (groups, are_complete) = self.compare_all(&hashed)?;
        let groups = Arc::new(groups);
        if are_complete {
            *lock(&self.latest) = Some((hashed, Arc::clone(&groups)));
        }
        Ok(groups)
    }

    /// The groups, and whether all pictures were available.
    fn compare_all(&self, hashed: &[HashedImage]) -> Result<(SimilarGroups, bool)> {
        let comparisons = self.store.read_blocking(|view| view.similar_checks(hashed.iter().map(|image| image.id)))?;
        let known = Known { comparisons: Mutex::new(comparisons), lacks_pictures: AtomicBool::new(false) };
        // Compares most of the pairs needed below, on all processors.
        let by_hash = SimilarGroups::of(hashed, |_, _| true);
        let groups = Mutex::new(by_hash.groups.iter());
        on_every_processor(|| {
            let mut comparing = Comparing::new(self, &known);
            loop {
                let Some(group) = lock(&groups).next() else { return comparing.finish() };
                for &image in &group.followers {
                    comparing.shows_the_same(group.leader, image);
                }
            }
        })?;
        let mut comparing = Comparing::new(self, &known);
        let groups = SimilarGroups::of(hashed, |leader, image| comparing.shows_the_same(leader, image));
        comparing.finish()?;
        Ok((groups, !known.lacks_pictures.into_inner()))
    }

    /// Orders `images`, those of `selection`, for a run: similar images next to each other, which helps the vendor's
    /// cache and the reviewer. If annotations are propagated, one image of each group comes first, and those that get
    /// its annotations come after all others.
    pub(crate) fn queue(
        &self,
        selection: &ImageSelection,
        images: &[ImageId],
        propagates_to_similar: bool,
    ) -> Result<Vec<QueuedImage>> {
        let similar = self.groups(selection)?;
        if !propagates_to_similar {
            let ordered = similar.in_order_of_similarity(images).into_iter();
            return Ok(ordered.map(|image| QueuedImage { image, leader: None }).collect());
        }
        let leaders = similar.leaders();
        let queued = images.iter().map(|&image| QueuedImage { image, leader: leaders.get(&image).copied() });
        let (followers, asked): (Vec<_>, Vec<_>) = queued.partition(|queued| queued.leader.is_some());
        Ok(asked.into_iter().chain(followers).collect())
    }

    /// Computes and stores missing hashes of `images`, on all processors.
    fn fill_in_hashes(&self, images: &[ImageId]) -> Result<()> {
        let slices = Mutex::new(images.chunks(WRITE_SLICE));
        on_every_processor(|| {
            loop {
                let Some(slice) = lock(&slices).next() else { return Ok(()) };
                let mut hashes = Vec::with_capacity(slice.len());
                for &image in slice {
                    hashes.extend(self.hash_of_thumbnail(image)?.map(|hash| (image, hash)));
                }
                self.store.write_blocking(move |edit| {
                    hashes.into_iter().try_for_each(|(image, hash)| edit.record_perceptual_hash(image, hash))
                })?;
            }
        })
    }

    fn hash_of_thumbnail(&self, image: ImageId) -> Result<Option<PerceptualHash>> {
        self.of_thumbnail(image, |jpeg| prepare::perceptual_hash_of_thumbnail(jpeg, &self.memory))
    }

    /// Applies `read` to the thumbnail of `image`. `None` if the thumbnail is broken, or both the thumbnail and the
    /// original are missing. Then the image is sent itself.
    fn of_thumbnail<Read>(
        &self,
        image: ImageId,
        read: impl Fn(&[u8]) -> std::result::Result<Read, SkipReason>,
    ) -> Result<Option<Read>> {
        let thumbnail = match self.thumbnails.of(image) {
            Ok(thumbnail) => thumbnail,
            Err(EngineError::Original { detail, .. }) => {
                tracing::debug!(%image, detail, "what the image looks like is not known");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        match read(&thumbnail) {
            Ok(read) => Ok(Some(read)),
            Err(reason) => {
                tracing::warn!(%image, ?reason, "a thumbnail is broken");
                Ok(None)
            }
        }
    }
}

/// What all threads know.
struct Known {
    /// Whether two images show the same, by leader and image.
    comparisons: Mutex<HashMap<(ImageId, ImageId), bool>>,
    /// Whether two images were not compared because a picture was not available.
    lacks_pictures: AtomicBool,
}

/// Compares pairs of images by their thumbnails. Earlier comparisons are looked up.
struct Comparing<'a> {
    similar: &'a Similar,
    known: &'a Known,
    /// The most recently used pictures; `None` if one is not available.
    glances: VecDeque<(ImageId, Option<Arc<Glance>>)>,
    /// Not stored yet.
    compared: Vec<(ImageId, ImageId, bool)>,
    failed: Option<EngineError>,
}

impl<'a> Comparing<'a> {
    fn new(similar: &'a Similar, known: &'a Known) -> Self {
        Self { similar, known, glances: VecDeque::new(), compared: Vec::new(), failed: None }
    }

    /// Returns false after any failure, which [`Comparing::finish`] reports.
    fn shows_the_same(&mut self, leader: ImageId, image: ImageId) -> bool {
        if self.failed.is_some() {
            return false;
        }
        self.compare(leader, image).unwrap_or_else(|error| {
            self.failed = Some(error);
            false
        })
    }

    fn compare(&mut self, leader: ImageId, image: ImageId) -> Result<bool> {
        let known = lock(&self.known.comparisons).get(&(leader, image)).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let (Some(one), Some(other)) = (self.glance(leader)?, self.glance(image)?) else {
            // Not stored in the library: the pictures may be available next time.
            self.known.lacks_pictures.store(true, Ordering::Relaxed);
            lock(&self.known.comparisons).insert((leader, image), false);
            return Ok(false);
        };
        let is_similar = one.shows_the_same_as(&other);
        lock(&self.known.comparisons).insert((leader, image), is_similar);
        self.compared.push((leader, image, is_similar));
        if self.compared.len() >= WRITE_SLICE {
            self.keep()?;
        }
        Ok(is_similar)
    }

    fn glance(&mut self, image: ImageId) -> Result<Option<Arc<Glance>>> {
        if let Some((_, known)) = self.glances.iter().find(|(id, _)| *id == image) {
            return Ok(known.clone());
        }
        let memory = &self.similar.memory;
        let glance = self.similar.of_thumbnail(image, |jpeg| Glance::of_thumbnail(jpeg, memory))?.map(Arc::new);
        if self.glances.len() == GLANCES_KEPT {
            self.glances.pop_front();
        }
        self.glances.push_back((image, glance.clone()));
        Ok(glance)
    }

    fn keep(&mut self) -> Result<()> {
        let compared = std::mem::take(&mut self.compared);
        Ok(self.similar.store.write_derived_blocking(move |edit| {
            compared
                .iter()
                .try_for_each(|&(leader, image, is_similar)| edit.record_similar_check(leader, image, is_similar))
        })?)
    }

    fn finish(mut self) -> Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if self.compared.is_empty() { Ok(()) } else { self.keep() }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use domain::query::ImageQuery;

    use super::*;
    use crate::Library;

    /// Imports three shots each of two photos, shifted by one percent, and a single photo.
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
        library.imports.run(&[photos]).unwrap().images
    }

    fn groups_of(library: &Library) -> Vec<Vec<ImageId>> {
        let groups = library.similar.groups(&ImageSelection::All).unwrap();
        assert_eq!((groups.image_count, groups.unknown_count), (7, 0));
        groups.groups.iter().map(|group| [&[group.leader], &*group.followers].concat()).collect()
    }

    #[test]
    fn bursts_are_groups_and_a_photo_alone_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let images = import_bursts(&library, folder.path());
        assert_eq!(library.images.ids(&ImageQuery::default()).unwrap(), images);
        // By name: china, coffee, rocket.
        assert_eq!(groups_of(&library), [&images[..3], &images[4..]]);
    }

    #[test]
    fn a_photo_that_lacks_an_object_is_not_similar() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let photos = folder.path().join("photos");
        fs::create_dir(&photos).unwrap();
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../samples");
        let photo = image::open(samples.join("china.jpg")).unwrap().into_rgb8();
        let with_box = |left: u32, color: [u8; 3]| {
            let mut with = photo.clone();
            for (x, y, pixel) in with.enumerate_pixels_mut() {
                if (left..left + 50).contains(&x) && (200..250).contains(&y) {
                    *pixel = image::Rgb(color);
                }
            }
            with
        };
        let red = [200, 40, 40];
        photo.save(photos.join("1-without.png")).unwrap();
        with_box(300, red).save(photos.join("2-red.png")).unwrap();
        with_box(300, [40, 60, 200]).save(photos.join("3-blue.png")).unwrap();
        with_box(400, red).save(photos.join("4-moved.png")).unwrap();
        with_box(300, red).save(photos.join("5-red-again.jpg")).unwrap();
        let images = library.imports.run(&[photos]).unwrap().images;
        for _ in 0..2 {
            let groups = library.similar.groups(&ImageSelection::All).unwrap();
            let groups: Vec<_> = groups.groups.iter().map(|group| (group.leader, group.followers.clone())).collect();
            assert_eq!(groups, [(images[1], vec![images[4]])]);
        }
        let known = library.store.read_blocking(|view| view.similar_checks([images[4]])).unwrap();
        assert_eq!(known.get(&(images[1], images[4])), Some(&true), "it is compared once");
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
                forgotten.iter().try_for_each(|&image| edit.record_perceptual_hash(image, PerceptualHash(0)))
            })
            .unwrap();
        assert_eq!(groups_of(&library).len(), 2, "of one hash, and compared by what they show");
        library.similar.fill_in_hashes(&images).unwrap();
        assert_eq!(groups_of(&library), [&images[..3], &images[4..]]);

        fs::remove_dir_all(folder.path().join("thumbs")).unwrap();
        assert_eq!(library.similar.hash_of_thumbnail(images[0]).unwrap(), None);
    }

    #[test]
    fn groups_are_found_again_once_pictures_are_available_or_images_change() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let images = import_bursts(&library, folder.path());
        let [thumbnails, photos] = ["thumbs", "photos"].map(|name| folder.path().join(name));
        let aside = [&thumbnails, &photos].map(|path| path.with_extension("aside"));
        fs::rename(&thumbnails, &aside[0]).unwrap();
        fs::rename(&photos, &aside[1]).unwrap();
        assert_eq!(groups_of(&library), Vec::<Vec<ImageId>>::new(), "nothing can be compared");
        let _ = fs::remove_dir_all(&thumbnails);
        fs::rename(&aside[0], &thumbnails).unwrap();
        fs::rename(&aside[1], &photos).unwrap();
        for _ in 0..2 {
            assert_eq!(groups_of(&library), [&images[..3], &images[4..]]);
        }
        let changed = images[0];
        library.store.write_blocking(move |edit| edit.record_perceptual_hash(changed, PerceptualHash(!0))).unwrap();
        assert_eq!(groups_of(&library), [&images[1..3], &images[4..]]);
    }
}
