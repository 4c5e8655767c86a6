//! State that lives as long as the app.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use api::Api;

use crate::subscriptions::Subscriptions;

pub struct Desktop {
    pub api: Arc<Api>,
    pub subscriptions: Subscriptions,
    /// A file of ours is being dragged, so a drop on our own window is ignored.
    is_dragging_out: AtomicBool,
}

impl Desktop {
    pub fn new(api: Arc<Api>) -> Self {
        Self { api, subscriptions: Subscriptions::default(), is_dragging_out: AtomicBool::default() }
    }

    pub fn record_dragging_out(&self, is_dragging: bool) {
        self.is_dragging_out.store(is_dragging, Ordering::Relaxed);
    }

    pub fn is_dragging_out(&self) -> bool {
        self.is_dragging_out.load(Ordering::Relaxed)
    }
}
