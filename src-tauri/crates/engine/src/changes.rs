//! The version of an open library, which tells observers that it has changed.

use tokio::sync::watch;

/// A number that increases with every change to images, annotations or decisions. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Changes(watch::Sender<u64>);

impl Changes {
    pub fn record(&self) {
        self.0.send_modify(|version| *version += 1);
    }

    pub fn version(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}
