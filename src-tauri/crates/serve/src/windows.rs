//! The windows that are open: a stream of messages each, and the subscriptions that write to it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tower_sessions::session::Id;

/// The open windows, by the ids of their streams.
#[derive(Debug, Default)]
pub struct Windows(Mutex<HashMap<String, OpenWindow>>);

/// One window.
#[derive(Debug)]
pub struct OpenWindow {
    pub session: Id,
    pub messages: mpsc::Sender<String>,
    pub subscriptions: HashMap<u32, Subscribed>,
}

/// The task of a subscription, which ends with it.
#[derive(Debug)]
pub struct Subscribed(pub JoinHandle<()>);

impl Drop for Subscribed {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Windows {
    pub fn open(&self) -> MutexGuard<'_, HashMap<String, OpenWindow>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the windows of a session.
    pub fn close_all(&self, session: Id) {
        self.open().retain(|_, window| window.session != session);
    }
}
