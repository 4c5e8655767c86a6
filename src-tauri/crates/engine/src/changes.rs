//! The version of an open library, by which others learn that it has changed.

use tokio::sync::watch;

/// A number that grows whenever images, annotations or decisions have changed. Clones share it.
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
