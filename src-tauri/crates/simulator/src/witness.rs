//! Records the behavior of clients while the server runs, shared by all connections.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::manners::Manners;

/// Observes the clients.
#[derive(Debug, Clone)]
pub(crate) struct Witness(Arc<Mutex<Manners>>);

impl Witness {
    pub(crate) fn new(manners: Manners) -> Self {
        Self(Arc::new(Mutex::new(manners)))
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Manners) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Watches an answer that stalled at `at`, until it is dropped when the client disconnects.
    pub(crate) fn watch(&self, request_id: &str, at: Instant) -> Stalled {
        self.with(|manners| manners.stalled(request_id, at));
        Stalled { witness: self.clone(), request_id: request_id.to_owned() }
    }
}

/// A stalled answer with an open connection.
#[derive(Debug)]
pub(crate) struct Stalled {
    witness: Witness,
    request_id: String,
}

impl Drop for Stalled {
    fn drop(&mut self) {
        self.witness.with(|manners| manners.hung_up(&self.request_id, Instant::now()));
    }
}
