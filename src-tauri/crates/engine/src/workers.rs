//! Which process works on a run. The library records the worker of each run, and a process registers as a worker before
//! its first run.
//!
//! A worker is alive while it holds an exclusive OS lock on its own file. It takes the lock before it is registered and
//! holds it until its process ends in any way. Other processes only try a shared lock to check, which does not disturb
//! workers.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use domain::ids::RunId;
use store::{Edit, Store, Worker, WorkerId};
use tokio::sync::OnceCell;

use crate::clock::now_millis;
use crate::layout::Layout;
use crate::sync::lock;
use crate::{EngineError, Result, private};

/// This process, as registered in a library.
pub struct OwnWorker {
    id: WorkerId,
    token: String,
    path: PathBuf,
    /// Closing it releases the lock.
    _lock: File,
}

impl OwnWorker {
    async fn record(store: &Store, layout: &Layout) -> Result<Self> {
        let token = format!("{:016x}", fastrand::u64(..));
        let path = layout.worker_lock(&token);
        if let Some(folder) = path.parent() {
            private::create_folder(folder).map_err(EngineError::file(folder))?;
        }
        let file = private::create_file(&path).map_err(EngineError::file(&path))?;
        file.try_lock().map_err(|error| EngineError::File { path: path.clone(), source: error.into() })?;
        let (its_token, process_id, now) = (token.clone(), std::process::id(), now_millis());
        let id = store.write(move |edit| edit.add_worker(&its_token, process_id, now)).await?;
        Ok(Self { id, token, path, _lock: file })
    }
}

impl Drop for OwnWorker {
    fn drop(&mut self) {
        remove_lock_file(&self.path);
    }
}

/// The processes that work on the runs of a library.
pub struct Workers {
    store: Arc<Store>,
    layout: Arc<Layout>,
    /// This process as a worker, registered with its first run.
    own: OnceCell<OwnWorker>,
    /// The runs that this process works on, is claiming or is releasing.
    taken: Mutex<HashSet<RunId>>,
}

/// A run claimed by this process. Dropping it without [`TakenRun::release`] leaves its record, so that other processes
/// cannot work on the run while this process lives.
pub struct TakenRun {
    workers: Arc<Workers>,
    pub run: RunId,
}

impl TakenRun {
    /// Lets other processes work on the run.
    pub async fn release(self) {
        let run = self.run;
        if let Err(error) = self.workers.store.write(move |edit| edit.release_worker(run)).await {
            tracing::error!(%run, %error, "the run still has its worker");
        }
    }
}

impl Drop for TakenRun {
    fn drop(&mut self) {
        lock(&self.workers.taken).remove(&self.run);
    }
}

impl Workers {
    pub fn new(store: Arc<Store>, layout: Arc<Layout>) -> Self {
        Self { store, layout, own: OnceCell::new(), taken: Mutex::default() }
    }

    /// Claims `run` for this process alone.
    ///
    /// # Errors
    /// [`EngineError::RunBusy`] if this or another process works on it.
    pub async fn take(self: &Arc<Self>, run: RunId) -> Result<TakenRun> {
        if !lock(&self.taken).insert(run) {
            return Err(EngineError::RunBusy { run, process: std::process::id() });
        }
        let taken = TakenRun { workers: Arc::clone(self), run };
        let worker = self.own.get_or_try_init(|| OwnWorker::record(&self.store, &self.layout)).await?.id;
        self.forget_dead().await?;
        let other = self.store.write(move |edit| {
            let is_assigned = edit.assign_worker(run, worker)?;
            if is_assigned { Ok(None) } else { edit.worker_of(run) }
        });
        match other.await? {
            None => Ok(taken),
            Some(other) => Err(EngineError::RunBusy { run, process: other.process_id }),
        }
    }

    /// The runs that any process works on.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn runs_worked_on(&self) -> Result<Vec<RunId>> {
        let recorded = self.store.read_blocking(|view| view.runs_with_workers())?;
        Ok(recorded.into_iter().filter(|(run, worker)| self.is_at_work(*run, worker)).map(|(run, _)| run).collect())
    }

    /// The id of the process that works on `run`.
    pub async fn process_at_work(&self, run: RunId) -> Result<Option<u32>> {
        let recorded = self.store.read(move |view| view.worker_of(run)).await?;
        Ok(recorded.filter(|worker| self.is_at_work(run, worker)).map(|worker| worker.process_id))
    }

    /// Whether `worker`, which is recorded for `run`, works on it.
    pub fn is_at_work(&self, run: RunId, worker: &Worker) -> bool {
        match self.own.get() {
            Some(own) if own.token == worker.token => lock(&self.taken).contains(&run),
            _ => is_alive(&self.layout, worker),
        }
    }

    /// Releases the runs and claims of dead workers. Also those of this process that it could not release, such as when
    /// the disk was full.
    pub async fn forget_dead(self: &Arc<Self>) -> Result<()> {
        let recorded = self.store.read(|view| view.runs_with_workers()).await?;
        let own = self.own.get().map(|own| own.token.clone());
        let is_left = move |workers: &Self, run: RunId| !lock(&workers.taken).contains(&run);
        let left = recorded.into_iter().filter(|(_, worker)| Some(&worker.token) == own.as_ref()).map(|(run, _)| run);
        let left: Vec<RunId> = left.filter(|run| is_left(self, *run)).collect();
        if !left.is_empty() {
            let workers = Arc::clone(self);
            // Checks again, since a run may have been claimed meanwhile: it is in the list before it is assigned.
            let release = move |edit: &Edit<'_>| {
                left.iter().filter(|run| is_left(&workers, **run)).try_for_each(|run| edit.release_worker(*run))
            };
            self.store.write(release).await?;
        }
        let mut dead = self.store.read(|view| view.workers()).await?;
        let own = self.own.get().map(|own| &own.token);
        dead.retain(|worker| Some(&worker.token) != own && !is_alive(&self.layout, worker));
        if dead.is_empty() {
            return Ok(());
        }
        let files: Vec<_> = dead.iter().map(|worker| self.layout.worker_lock(&worker.token)).collect();
        self.store.write(move |edit| dead.iter().try_for_each(|worker| edit.remove_worker(&worker.token))).await?;
        for file in &files {
            remove_lock_file(file);
        }
        Ok(())
    }
}

/// A lock that cannot be checked counts as held. Then no other process may work on the run, and nothing is paid twice.
fn is_alive(layout: &Layout, worker: &Worker) -> bool {
    match File::open(layout.worker_lock(&worker.token)) {
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

fn remove_lock_file(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != ErrorKind::NotFound
    {
        tracing::debug!(path = %path.display(), %error, "the lock of a worker was not removed");
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests have threads of their own")]
mod tests {
    use store::QueuedImage;

    use super::*;
    use crate::Library;

    /// A library with a run without images.
    async fn with_run(folder: &Path) -> (Arc<Library>, RunId) {
        let library = Library::alone_in(folder);
        let recipe = library.recipes.all().unwrap().remove(0).recipe;
        let run = crate::run::tests::new_run(recipe, Vec::<QueuedImage>::new());
        let run = library.store.write(move |edit| edit.add_run(&run, 1)).await.unwrap();
        (library, run)
    }

    #[tokio::test]
    async fn one_worker_at_a_time_works_on_a_run_and_reading_its_state_takes_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let (library, run) = with_run(folder.path()).await;
        // Like another process that has it open.
        let other = Library::alone_in(folder.path());
        assert_eq!(other.workers.process_at_work(run).await.unwrap(), None);
        let looks = {
            let other = Arc::clone(&other);
            std::thread::spawn(move || {
                for _ in 0..2_000 {
                    other.workers.runs_worked_on().unwrap();
                }
            })
        };
        for _ in 0..50 {
            let taken = library.workers.take(run).await.unwrap();
            assert_eq!(other.workers.process_at_work(run).await.unwrap(), Some(std::process::id()));
            for library in [&library, &other] {
                assert!(matches!(library.workers.take(run).await, Err(EngineError::RunBusy { .. })));
            }
            taken.release().await;
            assert_eq!(library.workers.runs_worked_on().unwrap(), []);
        }
        looks.join().unwrap();

        // Its worker dies without releasing the run.
        let taken = library.workers.take(run).await.unwrap();
        std::mem::forget(taken);
        assert_eq!(other.workers.runs_worked_on().unwrap(), [run]);
        fs::remove_file(&library.workers.own.get().unwrap().path).unwrap();
        assert_eq!(other.workers.runs_worked_on().unwrap(), []);
        other.workers.take(run).await.unwrap().release().await;
    }

    #[tokio::test]
    async fn a_run_that_this_process_left_without_recording_it_is_released() {
        let folder = tempfile::tempdir().unwrap();
        let (library, run) = with_run(folder.path()).await;
        // Like on a full disk: it is dropped and not released.
        drop(library.workers.take(run).await.unwrap());
        assert!(library.store.read_blocking(|view| view.worker_of(run)).unwrap().is_some());
        library.workers.forget_dead().await.unwrap();
        assert!(library.store.read_blocking(|view| view.worker_of(run)).unwrap().is_none());

        let taken = library.workers.take(run).await.unwrap();
        library.workers.forget_dead().await.unwrap();
        assert!(library.store.read_blocking(|view| view.worker_of(run)).unwrap().is_some());
        taken.release().await;
    }
}
