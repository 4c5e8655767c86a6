//! The API of the window: every operation and subscription, declared once with its input, output and service call. Front
//! ends provide a transport: the desktop app over Tauri IPC, `fieldmark serve` over HTTP. The TypeScript client is generated
//! from the same declarations.

mod desktop;
mod error;
mod events;
mod exports;
mod faults;
mod operations;
mod pixels;
#[cfg(test)]
mod reference;
mod router;
mod server_folders;
mod subscriptions;
mod tasks;
mod typescript;
mod uploads;

use std::path::PathBuf;
use std::sync::Arc;

use engine::{Cancellation, EngineError, ImportTask, Library};
use exports::Exports;
use router::Access;
use tasks::Tasks;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use uploads::Uploads;

pub use desktop::DesktopActions;
pub use error::{ApiError, ErrorCode};
pub use events::{CoreEvent, Events};
pub use pixels::{ImagePixels, parse as parse_pixels};
pub use subscriptions::{SinkClosed, SubscriptionSink};
pub use typescript::client as typescript_client;
pub use uploads::UploadedFile;

/// The result of an operation.
pub type ApiResult<T> = Result<T, ApiError>;

/// What a front end provides.
pub struct FrontEnd {
    /// What only the desktop app can do; `None` in a browser.
    pub desktop: Option<Box<dyn DesktopActions>>,
    /// Whether operations that change the library are refused.
    pub is_read_only: bool,
    /// The folders from which a browser may import, with everything below them.
    pub roots: Vec<PathBuf>,
    /// Whether the user may agree to commands that this machine runs at events.
    pub may_agree_to_hooks: bool,
    /// Whether the last process of this front end ended unexpectedly.
    pub ended_unexpectedly: bool,
}

/// The operations on one library, for one front end.
pub struct Api {
    pub(crate) library: Arc<Library>,
    pub(crate) front_end: Arc<FrontEnd>,
    events: Events,
    uploads: Uploads,
    exports: Exports,
    pub(crate) dataset_imports: Arc<Tasks<ImportTask>>,
    pub(crate) evaluations: Arc<Tasks<Cancellation>>,
    /// Views larger than thumbnails are decoded on each request; a few at a time, so that a run keeps its processors.
    decoding: Semaphore,
    runtime: Handle,
}

impl Api {
    /// Needs a Tokio runtime: tasks follow the changes of the library as long as the process lives.
    #[must_use]
    pub fn new(library: Arc<Library>, front_end: FrontEnd) -> Arc<Self> {
        let events = Events::follow(&library);
        if front_end.desktop.is_none() {
            // A recipe may name any file as an example, and its photo is sent to a model.
            let roots = front_end.roots.clone();
            library
                .examples
                .limit_to(move |path| path.to_str().is_some_and(|path| server_folders::resolve(&roots, path).is_ok()));
        }
        Arc::new(Self {
            library,
            front_end: Arc::new(front_end),
            events,
            uploads: Uploads::default(),
            exports: Exports::default(),
            dataset_imports: Arc::default(),
            evaluations: Arc::default(),
            decoding: Semaphore::new(pixels::DECODED_AT_ONCE),
            runtime: Handle::current(),
        })
    }

    #[must_use]
    pub fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// What happens in the core, for every window.
    #[must_use]
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// Calls the operation `name` with `input`, an object of its arguments; its output as JSON.
    pub async fn call(self: &Arc<Self>, name: &str, input: serde_json::Value) -> ApiResult<String> {
        let operation = operations::find(name)
            .ok_or_else(|| ApiError::new(ErrorCode::UnknownOperation, format!("there is no operation {name:?}")))?;
        if operation.access == Access::Write && self.front_end.is_read_only {
            return Err(ApiError::new(
                ErrorCode::ReadOnly,
                format!("{name} changes the library, which is open read-only"),
            ));
        }
        let answered = faults::guard(self, name, (operation.run)(Arc::clone(self), input)).await;
        if let Err(error) = &answered {
            tracing::warn!(operation = name, code = ?error.code, message = error.logged(), "an operation failed");
        }
        answered
    }

    /// Sends the values of the subscription `name` to `sink` until it ends or the sink is closed.
    pub async fn subscribe(
        self: &Arc<Self>,
        name: &str,
        input: serde_json::Value,
        sink: SubscriptionSink,
    ) -> ApiResult<()> {
        let subscription = subscriptions::find(name)
            .ok_or_else(|| ApiError::new(ErrorCode::UnknownOperation, format!("there is no subscription {name:?}")))?;
        faults::guard(self, name, (subscription.run)(Arc::clone(self), input, sink)).await
    }

    /// Takes what was dropped on the desktop window: photos are imported, a dataset is offered for import.
    pub fn take_dropped(self: &Arc<Self>, paths: Vec<PathBuf>) {
        let api = Arc::clone(self);
        self.runtime.spawn_blocking(move || match paths.as_slice() {
            [path] if engine::dataset::holds_only_annotations(path) => {
                api.events.send(CoreEvent::DatasetDropped { path: path.to_string_lossy().into_owned() });
            }
            _ => api.import(paths),
        });
    }

    /// Imports these files and folders in the background. Events report the progress, and an error.
    pub fn import(self: &Arc<Self>, paths: Vec<PathBuf>) {
        let api = Arc::clone(self);
        self.runtime.spawn_blocking(move || {
            let imported = faults::guard_blocking(&api, "import", || api.library.imports.run(&paths));
            if let Err(error) = imported {
                tracing::error!(code = ?error.code, message = error.logged(), "an import failed");
                api.events.send(CoreEvent::Refused { error });
            }
        });
    }

    /// Calls a service on a thread that may block.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Arc<Library>) -> Result<T, EngineError> + Send + 'static,
    ) -> ApiResult<T> {
        Ok(self.library.ask(question).await?)
    }

    /// Looks at files on a thread that may block.
    pub(crate) async fn read_files<T: Send + 'static>(
        &self,
        read: impl FnOnce(&FrontEnd) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        let front_end = Arc::clone(&self.front_end);
        tokio::task::spawn_blocking(move || read(&front_end)).await.map_err(|error| ApiError::internal(&error))?
    }

    pub(crate) fn desktop(&self) -> ApiResult<&dyn DesktopActions> {
        self.front_end
            .desktop
            .as_deref()
            .ok_or_else(|| ApiError::new(ErrorCode::DesktopOnly, "only the desktop app can do this"))
    }
}
