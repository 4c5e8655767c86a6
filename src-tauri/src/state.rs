//! State that lives as long as the window.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use engine::{Consents, EnvFileHere, Library, Surroundings};
use tauri::async_runtime::JoinHandle;

use crate::error::StartError;

/// Names the folder of the library, in place of the desktop's folder for application data.
const LIBRARY_VARIABLE: &str = "FIELDMARK_LIBRARY";

pub struct Desktop {
    library: Arc<Library>,
    /// The window watches one run at a time.
    watcher: Mutex<Watcher>,
    /// A file of ours is being dragged, so a drop on our own window is ignored.
    is_dragging_out: AtomicBool,
}

/// The task that forwards the snapshots of a run to the window.
#[derive(Default)]
struct Watcher {
    /// The number of the window's watch, in the order in which watches start.
    watch: u32,
    task: Option<JoinHandle<()>>,
}

impl Desktop {
    pub fn open() -> Result<Self, StartError> {
        let folder = match std::env::var_os(LIBRARY_VARIABLE) {
            Some(folder) => PathBuf::from(folder),
            None => directories::ProjectDirs::from("org", "", "fieldmark")
                .ok_or(StartError::NoHome)?
                .data_local_dir()
                .to_owned(),
        };
        let database = folder.join("library.sqlite");
        let library = Library::open(&database, surroundings(&database))?;
        library.datasets.clear_ready()?;
        library.watch_other_processes()?;
        Ok(Self { library, watcher: Mutex::default(), is_dragging_out: AtomicBool::default() })
    }

    pub fn library(&self) -> Arc<Library> {
        Arc::clone(&self.library)
    }

    pub fn record_dragging_out(&self, is_dragging: bool) {
        self.is_dragging_out.store(is_dragging, Ordering::Relaxed);
    }

    pub fn is_dragging_out(&self) -> bool {
        self.is_dragging_out.load(Ordering::Relaxed)
    }

    /// Replaces the earlier task, which ends, by the task of the window's watch number `watch`. Commands may arrive in another
    /// order than they were sent in: of two watches, the later one stays.
    pub fn watch(&self, watch: u32, task: Option<JoinHandle<()>>) {
        let mut current = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        let former =
            if watch < current.watch { task } else { std::mem::replace(&mut *current, Watcher { watch, task }).task };
        if let Some(former) = former {
            former.abort();
        }
    }
}

/// Includes the `.env` file of the working folder if the user has allowed it. Otherwise the settings offer it.
fn surroundings(database: &Path) -> Surroundings {
    match Consents::of_this_person()
        .env_file_in(Path::new("."), &engine::variable_names(engine::key_variables(database)))
    {
        Ok(EnvFileHere::Allowed(file)) => Surroundings::of_this_process(Some(file)),
        Ok(EnvFileHere::NotAllowed(file)) => {
            Surroundings { unused_env_file: Some(file), ..Surroundings::of_this_process(None) }
        }
        Ok(EnvFileHere::Nothing) => Surroundings::of_this_process(None),
        Err(error) => {
            tracing::warn!(%error, "a .env file is not used");
            Surroundings::of_this_process(None)
        }
    }
}
