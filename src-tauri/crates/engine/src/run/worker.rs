//! Which process works on a run. A run is worked on by the worker that the library records for it, and a process is recorded
//! as a worker before it works on its first run.
//!
//! A worker is alive while it holds an exclusive OS lock on a file of its own. It takes the lock before it is recorded and holds
//! it until its process ends, however that ends. Other processes only try a shared lock to check, which disturbs no worker.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::ids::{JobId, RunId};
use store::{Edit, Remaining, Worker, WorkerId};

use crate::clock::now_millis;
use crate::library::Library;
use crate::sync::lock;
use crate::{EngineError, Result, private};

/// This process, as it is recorded in a library.
pub struct OwnWorker {
    id: WorkerId,
    token: String,
    path: PathBuf,
    /// Closing it unlocks.
    _lock: File,
}

impl OwnWorker {
    async fn record(library: &Library) -> Result<Self> {
        let token = format!("{:016x}", fastrand::u64(..));
        let path = lock_path(library.folder(), &token);
        if let Some(folder) = path.parent() {
            private::create_folder(folder).map_err(EngineError::file(folder))?;
        }
        let file = private::create_file(&path).map_err(EngineError::file(&path))?;
        file.try_lock().map_err(|error| EngineError::File { path: path.clone(), source: error.into() })?;
        let (its_token, process_id, now) = (token.clone(), std::process::id(), now_millis());
        let id = library.store.write(move |edit| edit.add_worker(&its_token, process_id, now)).await?;
        Ok(Self { id, token, path, _lock: file })
    }
}

impl Drop for OwnWorker {
    fn drop(&mut self) {
        remove_lock_file(&self.path);
    }
}

/// A run that this process works on. Dropping it without [`TakenRun::release`] leaves its record as it is, which then counts
/// for as long as this process lives and only for other processes.
pub struct TakenRun {
    pub library: Arc<Library>,
    pub run: RunId,
}

impl TakenRun {
    /// Fails when this process or another one works on `run`.
    pub async fn take(library: &Arc<Library>, run: RunId) -> Result<Self> {
        if !lock(&library.taken_runs).insert(run) {
            return Err(EngineError::RunBusy { run, process: std::process::id() });
        }
        let taken = Self { library: Arc::clone(library), run };
        let worker = library.worker.get_or_try_init(|| OwnWorker::record(library)).await?.id;
        library.forget_dead_workers().await?;
        let other = library.store.write(move |edit| {
            let is_assigned = edit.assign_worker(run, worker)?;
            if is_assigned { Ok(None) } else { edit.worker_of(run) }
        });
        match other.await? {
            None => Ok(taken),
            Some(other) => Err(EngineError::RunBusy { run, process: other.process_id }),
        }
    }

    /// Lets another process work on the run.
    pub async fn release(self) {
        let run = self.run;
        if let Err(error) = self.library.store.write(move |edit| edit.release_worker(run)).await {
            tracing::error!(%run, %error, "the run still has its worker");
        }
    }
}

impl Drop for TakenRun {
    fn drop(&mut self) {
        lock(&self.library.taken_runs).remove(&self.run);
    }
}

impl Library {
    /// The runs that this process or another one works on.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub(crate) fn runs_worked_on(&self) -> Result<Vec<RunId>> {
        let recorded = self.store.read_blocking(|view| view.runs_with_workers())?;
        Ok(recorded.into_iter().filter(|(run, worker)| self.is_at_work(*run, worker)).map(|(run, _)| run).collect())
    }

    /// The process that works on `run`.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub(crate) fn process_at_work(&self, run: RunId) -> Result<Option<u32>> {
        let recorded = self.store.read_blocking(|view| view.worker_of(run))?;
        Ok(recorded.filter(|worker| self.is_at_work(run, worker)).map(|worker| worker.process_id))
    }

    /// Whether `worker`, which is recorded for `run`, works on it.
    pub(super) fn is_at_work(&self, run: RunId, worker: &Worker) -> bool {
        match self.worker.get() {
            Some(own) if own.token == worker.token => lock(&self.taken_runs).contains(&run),
            _ => is_alive(self.folder(), worker),
        }
    }

    /// At most `limit` jobs that are left in the queue of `run` after job `after`, and the images that other runs still ask
    /// about.
    pub(crate) async fn remaining(&self, run: RunId, after: Option<JobId>, limit: u32) -> Result<Remaining> {
        Ok(self.store.read(move |view| view.remaining(run, after, limit)).await?)
    }

    /// Takes the runs of workers that are dead away from them, and with the runs their claims. This process may also have
    /// stopped to work on a run without being able to record it, as on a full disk.
    pub(crate) async fn forget_dead_workers(self: &Arc<Self>) -> Result<()> {
        let recorded = self.store.read(|view| view.runs_with_workers()).await?;
        let own = self.worker.get().map(|own| own.token.clone());
        let is_left = move |library: &Self, run: RunId| !lock(&library.taken_runs).contains(&run);
        let left = recorded.into_iter().filter(|(_, worker)| Some(&worker.token) == own.as_ref()).map(|(run, _)| run);
        let left: Vec<RunId> = left.filter(|run| is_left(self, *run)).collect();
        if !left.is_empty() {
            let library = Arc::clone(self);
            // Again, since a run may have been taken meanwhile: it is in the list before it is assigned.
            let release = move |edit: &Edit<'_>| {
                left.iter().filter(|run| is_left(&library, **run)).try_for_each(|run| edit.release_worker(*run))
            };
            self.store.write(release).await?;
        }
        let mut dead = self.store.read(|view| view.workers()).await?;
        let own = self.worker.get().map(|own| &own.token);
        dead.retain(|worker| Some(&worker.token) != own && !is_alive(self.folder(), worker));
        if dead.is_empty() {
            return Ok(());
        }
        let files: Vec<_> = dead.iter().map(|worker| lock_path(self.folder(), &worker.token)).collect();
        self.store.write(move |edit| dead.iter().try_for_each(|worker| edit.remove_worker(&worker.token))).await?;
        for file in &files {
            remove_lock_file(file);
        }
        Ok(())
    }
}

/// A lock that cannot be looked at counts as held: another process may then not work on the run, and nothing is paid twice.
fn is_alive(library: &Path, worker: &Worker) -> bool {
    match File::open(lock_path(library, &worker.token)) {
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

fn lock_path(library: &Path, token: &str) -> PathBuf {
    library.join("locks").join(format!("worker-{token}.lock"))
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

    /// A library with a run of no images.
    async fn with_run(folder: &Path) -> (Arc<Library>, RunId) {
        let library = Library::alone_in(folder);
        let recipe = library.recipes().unwrap().remove(0).recipe;
        let run = crate::run::tests::new_run(recipe, Vec::<QueuedImage>::new());
        let run = library.store.write(move |edit| edit.add_run(&run, 1)).await.unwrap();
        (library, run)
    }

    #[tokio::test]
    async fn one_worker_at_a_time_works_on_a_run_and_looking_takes_nothing_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let (library, run) = with_run(folder.path()).await;
        // As another process has it open.
        let other = Library::alone_in(folder.path());
        assert_eq!(other.process_at_work(run).unwrap(), None);
        let looks = {
            let other = Arc::clone(&other);
            std::thread::spawn(move || {
                for _ in 0..2_000 {
                    other.runs_worked_on().unwrap();
                }
            })
        };
        for _ in 0..50 {
            let taken = TakenRun::take(&library, run).await.unwrap();
            assert_eq!(other.process_at_work(run).unwrap(), Some(std::process::id()));
            for library in [&library, &other] {
                assert!(matches!(TakenRun::take(library, run).await, Err(EngineError::RunBusy { .. })));
            }
            taken.release().await;
            assert_eq!(library.runs_worked_on().unwrap(), []);
        }
        looks.join().unwrap();

        // Its worker ends without a word.
        let taken = TakenRun::take(&library, run).await.unwrap();
        std::mem::forget(taken);
        assert_eq!(other.runs_worked_on().unwrap(), [run]);
        fs::remove_file(&library.worker.get().unwrap().path).unwrap();
        assert_eq!(other.runs_worked_on().unwrap(), []);
        TakenRun::take(&other, run).await.unwrap().release().await;
    }

    #[tokio::test]
    async fn a_run_that_this_process_left_without_recording_it_is_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        let (library, run) = with_run(folder.path()).await;
        // As on a full disk: it is dropped and not released.
        drop(TakenRun::take(&library, run).await.unwrap());
        assert!(library.store.read_blocking(|view| view.worker_of(run)).unwrap().is_some());
        library.forget_dead_workers().await.unwrap();
        assert!(library.store.read_blocking(|view| view.worker_of(run)).unwrap().is_none());

        let taken = TakenRun::take(&library, run).await.unwrap();
        library.forget_dead_workers().await.unwrap();
        assert!(library.store.read_blocking(|view| view.worker_of(run)).unwrap().is_some());
        taken.release().await;
    }
}
