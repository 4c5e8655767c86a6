//! Imports files into the library: one thread walks the folders, several read files, one writes. Originals are only
//! read. Files that cannot be imported are reported with a reason and do not stop the import.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::collections::{BTreeMap, HashSet};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::ids::{CollectionId, ImageId};
use domain::import::{ImportProgress, SkipReason, SkippedFile};
use domain::taken::Taken;
use prepare::{DecodingMemory, Ingested, ScanOptions, ScannedPath};
use store::{KnownFile, NewImage, Store};
use tokio::sync::watch;

use crate::changes::Changes;
use crate::clock::now_millis;
use crate::layout::Layout;
use crate::machine::{limit_decoding, processors};
use crate::originals::fingerprint;
use crate::settings::LibrarySettings;
use crate::sync::lock;
use crate::thumbnails::{THUMBNAIL_EDGE, Thumbnails};
use crate::{EngineError, Result, places, samples, uploads};

/// Queued paths: enough to keep all readers busy, few enough to save memory.
const SCAN_AHEAD: usize = 1024;
/// Files per write transaction, so that no transaction blocks the writer for more than about ten milliseconds.
const WRITE_SLICE: usize = 64;
/// Makes a slow import show what it has so far.
const WRITE_INTERVAL: Duration = Duration::from_millis(250);

/// Imports run one at a time. Cancelling ends the current one and those that are waiting.
#[derive(Default)]
struct ImportTurns {
    turn: Arc<Mutex<()>>,
    cancels: Vec<Arc<AtomicBool>>,
}

/// The result of an import.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// The images of the dropped files, new or known, in scan order.
    pub images: Vec<ImageId>,
    /// The skipped files, each with its reason.
    pub skipped: Vec<SkippedFile>,
    pub progress: ImportProgress,
}

/// A file in the pipeline, with its position in scan order.
struct Scanned {
    sequence: usize,
    root: usize,
    /// A file, or a path that cannot be read and the reason.
    found: std::result::Result<PathBuf, (PathBuf, String)>,
}

/// The outcome for a file.
struct Read {
    root: usize,
    path: PathBuf,
    outcome: Outcome,
}

enum Outcome {
    Known(ImageId, KnownFile),
    /// Imported before capture dates were recorded: only the date was read.
    Dated(ImageId, KnownFile, Option<Taken>),
    New(Box<NewImage>, KnownFile),
    Skipped(SkipReason),
}

/// What has been written to the library.
#[derive(Default)]
struct Written {
    images: Vec<ImageId>,
    skipped: Vec<SkippedFile>,
}

/// A dropped folder, or the parent folder of dropped files.
struct Root {
    collection: CollectionId,
    paths: Vec<PathBuf>,
}

/// Imports files into a library.
pub struct Imports {
    store: Arc<Store>,
    layout: Arc<Layout>,
    changes: Changes,
    settings: Arc<LibrarySettings>,
    /// Shared by all decoding in progress.
    memory: DecodingMemory,
    thumbnails: Arc<Thumbnails>,
    turns: Mutex<ImportTurns>,
    progress: watch::Sender<ImportProgress>,
}

impl Imports {
    pub(crate) fn new(
        store: Arc<Store>,
        layout: Arc<Layout>,
        changes: Changes,
        settings: Arc<LibrarySettings>,
        memory: DecodingMemory,
        thumbnails: Arc<Thumbnails>,
    ) -> Self {
        let idle = ImportProgress { is_finished: true, ..ImportProgress::default() };
        let (turns, progress) = (Mutex::default(), watch::Sender::new(idle));
        Self { store, layout, changes, settings, memory, thumbnails, turns, progress }
    }

    /// Writes the sample photos into the library folder, unless they exist; returns the folder to import.
    pub fn lay_out_samples(&self) -> Result<PathBuf> {
        samples::lay_out(&self.layout)
    }

    /// The folder of all that browsers upload.
    #[must_use]
    pub fn upload_folder(&self) -> PathBuf {
        self.layout.uploads()
    }

    /// Creates a folder for photos that a browser uploads.
    pub fn create_upload_folder(&self) -> Result<PathBuf> {
        uploads::create_folder(&self.layout)
    }

    /// Progress of the current import, or the result of the last one.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<ImportProgress> {
        self.progress.subscribe()
    }

    /// Cancels the current import and those that are waiting. What is already imported stays.
    pub fn cancel(&self) {
        for cancel in &lock(&self.turns).cancels {
            cancel.store(true, Ordering::Relaxed);
        }
    }

    /// Imports files and folders, each folder as a collection. Blocks until done; call it on a blocking thread.
    pub fn run(&self, dropped: &[PathBuf]) -> Result<Imported> {
        let is_cancelled = Arc::new(AtomicBool::new(false));
        let turn = {
            let mut imports = lock(&self.turns);
            imports.cancels.push(Arc::clone(&is_cancelled));
            Arc::clone(&imports.turn)
        };
        let imported = {
            let _turn = lock(&turn);
            tracing::info!(places = dropped.len(), "an import begins");
            self.progress.send_replace(ImportProgress::default());
            self.run_now(dropped, &is_cancelled)
        };
        lock(&self.turns).cancels.retain(|other| !Arc::ptr_eq(other, &is_cancelled));
        self.progress.send_modify(|progress| {
            progress.is_finished = true;
            progress.is_cancelled = is_cancelled.load(Ordering::Relaxed);
        });
        self.changes.record();
        let written = imported?;
        let (images, skipped) = (written.images.len(), written.skipped.len());
        tracing::info!(images, skipped, is_cancelled = is_cancelled.load(Ordering::Relaxed), "an import has ended");
        Ok(Imported { images: written.images, skipped: written.skipped, progress: self.progress.borrow().clone() })
    }

    fn run_now(&self, dropped: &[PathBuf], is_cancelled: &AtomicBool) -> Result<Written> {
        let settings = self.settings.in_force()?;
        limit_decoding(&self.memory, &settings);
        let options = ScanOptions { includes_leftovers: settings.import.includes_leftovers };
        let roots = self.collections_for(dropped)?;
        let (scanned, to_read) = sync_channel(SCAN_AHEAD);
        let (done, to_write) = sync_channel(SCAN_AHEAD);
        let to_read = Mutex::new(to_read);
        let written = std::thread::scope(|scope| {
            let (roots, to_read) = (&roots, &to_read);
            scope.spawn(move || self.scan_all(roots, options, is_cancelled, &scanned));
            for _ in 0..processors() {
                let done = done.clone();
                scope.spawn(move || self.read_all(to_read, is_cancelled, &done));
            }
            drop(done);
            self.write_all(roots, to_write)
        });
        let collections: Vec<CollectionId> = roots.iter().map(|root| root.collection).collect();
        self.store.write_blocking(move |edit| {
            collections.into_iter().try_for_each(|collection| edit.delete_if_empty(collection))
        })?;
        written
    }

    /// A collection for every dropped folder, and one for the parent folder of dropped files.
    fn collections_for(&self, dropped: &[PathBuf]) -> Result<Vec<Root>> {
        let mut by_folder: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
        for path in dropped {
            let path = places::absolute(path).map_err(EngineError::file(path))?;
            let folder = if path.is_dir() { path.clone() } else { path.parent().unwrap_or(&path).to_owned() };
            by_folder.entry(folder).or_default().push(path);
        }
        let now = now_millis();
        by_folder
            .into_iter()
            .map(|(folder, paths)| {
                let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
                let collection = self.store.write_blocking(move |edit| edit.collection_at(&folder, &name, now))?;
                Ok(Root { collection, paths })
            })
            .collect()
    }

    fn scan_all(&self, roots: &[Root], options: ScanOptions, is_cancelled: &AtomicBool, scanned: &SyncSender<Scanned>) {
        let mut sequence = 0;
        for (root, Root { paths, .. }) in roots.iter().enumerate() {
            prepare::scan(paths, options, is_cancelled, &mut |found| {
                let found = match found {
                    ScannedPath::Leftover(_) => {
                        self.progress.send_modify(|progress| progress.leftovers += 1);
                        return;
                    }
                    ScannedPath::File(path) if self.layout.is_written_by_library(&path) => return,
                    ScannedPath::File(path) => Ok(path),
                    ScannedPath::Unreadable { path, detail } => Err((path, detail)),
                };
                self.progress.send_modify(|progress| progress.found += 1);
                // Sending fails only after the import has ended.
                let _ = scanned.send(Scanned { sequence, root, found });
                sequence += 1;
            });
        }
        self.progress.send_modify(|progress| progress.is_scanned = true);
    }

    fn read_all(
        &self,
        to_read: &Mutex<Receiver<Scanned>>,
        is_cancelled: &AtomicBool,
        done: &SyncSender<(usize, Read)>,
    ) {
        loop {
            let scanned = lock(to_read).recv();
            let Ok(Scanned { sequence, root, found }) = scanned else { return };
            if is_cancelled.load(Ordering::Relaxed) {
                continue;
            }
            let read = match found {
                Ok(path) => Read { root, outcome: self.read_or_skip(&path), path },
                Err((path, detail)) => {
                    Read { root, path, outcome: Outcome::Skipped(SkipReason::Unreadable { detail }) }
                }
            };
            if done.send((sequence, read)).is_err() {
                // The library is not writable. Read nothing more, but drain the queue so that the scan ends.
                is_cancelled.store(true, Ordering::Relaxed);
            }
        }
    }

    /// A panic affects only the file that caused it.
    fn read_or_skip(&self, path: &Path) -> Outcome {
        let skipped = |_| Outcome::Skipped(SkipReason::Unreadable { detail: "an error in Fieldmark".into() });
        panic::catch_unwind(AssertUnwindSafe(|| self.read(path))).unwrap_or_else(skipped)
    }

    /// Reads a file, unless it is unchanged since an earlier import.
    fn read(&self, path: &Path) -> Outcome {
        let unreadable = |detail: String| Outcome::Skipped(SkipReason::Unreadable { detail });
        let file = match fingerprint(path) {
            Ok(file) => file,
            Err(error) => return unreadable(error.to_string()),
        };
        if let Ok(Some(image)) = self.store.read_blocking(|view| view.image_of_unchanged(path, file)) {
            return match self.store.read_blocking(|view| view.is_taken_unread(image)) {
                // Unreadable dates are tried again at the next import.
                Ok(true) => prepare::taken(path, &self.memory)
                    .map_or(Outcome::Known(image, file), |taken| Outcome::Dated(image, file, taken)),
                Ok(false) | Err(_) => Outcome::Known(image, file),
            };
        }
        match prepare::ingest(path, THUMBNAIL_EDGE, &self.memory) {
            Ok(ingested) => {
                if let Err(error) = self.thumbnails.keep(ingested.hash, &ingested.thumbnail) {
                    // It is recreated when it is needed.
                    tracing::warn!(%error, "a thumbnail was not kept");
                }
                Outcome::New(Box::new(new_image(path, &ingested)), file)
            }
            Err(reason) => Outcome::Skipped(reason),
        }
    }

    /// Writes what was read, in scan order and in slices.
    fn write_all(&self, roots: &[Root], to_write: Receiver<(usize, Read)>) -> Result<Written> {
        let mut all = Written::default();
        let mut seen = HashSet::new();
        let mut early: BTreeMap<usize, Read> = BTreeMap::new();
        let mut slice = Vec::new();
        let mut next_sequence = 0;
        let mut written_at = Instant::now();
        let mut write = |slice: &mut Vec<Read>| -> Result<()> {
            let written = self.write_slice(roots, std::mem::take(slice))?;
            all.images.extend(written.images.into_iter().filter(|image| seen.insert(*image)));
            all.skipped.extend(written.skipped);
            Ok(())
        };
        for (sequence, read) in to_write {
            early.insert(sequence, read);
            while let Some(read) = early.remove(&next_sequence) {
                slice.push(read);
                next_sequence += 1;
            }
            if slice.len() >= WRITE_SLICE || written_at.elapsed() >= WRITE_INTERVAL {
                write(&mut slice)?;
                written_at = Instant::now();
            }
        }
        // A cancelled import may leave gaps in the sequence; files that were read are stored anyway.
        slice.extend(early.into_values());
        while !slice.is_empty() {
            let mut rest = slice.split_off(slice.len().min(WRITE_SLICE));
            write(&mut slice)?;
            slice.append(&mut rest);
        }
        Ok(all)
    }

    fn write_slice(&self, roots: &[Root], slice: Vec<Read>) -> Result<Written> {
        if slice.is_empty() {
            return Ok(Written::default());
        }
        let collections: Vec<CollectionId> = roots.iter().map(|root| root.collection).collect();
        let now = now_millis();
        let (written, counts) = self.store.write_blocking(move |edit| {
            let mut written = Written::default();
            let mut counts = ImportProgress::default();
            for Read { root, path, outcome } in slice {
                let collection = collections[root];
                match outcome {
                    Outcome::Known(image, file) => {
                        edit.record_file(collection, image, &path, file)?;
                        counts.known += 1;
                        written.images.push(image);
                    }
                    Outcome::Dated(image, file, taken) => {
                        edit.record_file(collection, image, &path, file)?;
                        edit.record_when_taken(image, taken)?;
                        counts.known += 1;
                        written.images.push(image);
                    }
                    Outcome::New(new, file) => {
                        let (image, is_new) = edit.image_of_content(&new, now)?;
                        edit.record_file(collection, image, &path, file)?;
                        if is_new {
                            counts.added += 1;
                        } else {
                            counts.known += 1;
                        }
                        written.images.push(image);
                    }
                    Outcome::Skipped(reason) => {
                        let skipped = SkippedFile { path: path.to_string_lossy().into_owned(), reason };
                        edit.record_skipped(collection, &path, &skipped)?;
                        counts.skipped += 1;
                        written.skipped.push(skipped);
                    }
                }
            }
            Ok((written, counts))
        })?;
        self.progress.send_modify(|progress| {
            progress.added += counts.added;
            progress.known += counts.known;
            progress.skipped += counts.skipped;
        });
        self.changes.record();
        Ok(written)
    }
}

fn new_image(path: &Path, ingested: &Ingested) -> NewImage {
    NewImage {
        hash: *ingested.hash.as_bytes(),
        name: path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        byte_len: ingested.byte_len,
        format: ingested.format,
        orientation: ingested.orientation,
        size: ingested.size,
        perceptual_hash: ingested.perceptual_hash,
        taken: ingested.taken,
    }
}
