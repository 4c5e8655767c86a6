//! The subscriptions of the window.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tauri::async_runtime::JoinHandle;

/// By ids of the window's choice.
#[derive(Default)]
pub struct Subscriptions(Mutex<HashMap<String, Subscribed>>);

enum Subscribed {
    Running(JoinHandle<()>),
    /// Commands may arrive in another order than they were sent in: this one was ended before it began.
    Ended,
}

impl Subscriptions {
    pub fn begin(&self, id: String, start: impl FnOnce() -> JoinHandle<()>) {
        let mut subscriptions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(subscriptions.remove(&id), Some(Subscribed::Ended)) {
            subscriptions.insert(id, Subscribed::Running(start()));
        }
    }

    pub fn end(&self, id: String) {
        let mut subscriptions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match subscriptions.remove(&id) {
            Some(Subscribed::Running(task)) => task.abort(),
            _ => {
                subscriptions.insert(id, Subscribed::Ended);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_that_is_ended_before_it_begins_does_not_start() {
        let subscriptions = Subscriptions::default();
        let task = || tauri::async_runtime::spawn(std::future::pending());
        subscriptions.end("early".into());
        subscriptions.begin("early".into(), || panic!("it has ended"));
        subscriptions.begin("running".into(), task);
        subscriptions.end("running".into());
        assert!(subscriptions.0.lock().unwrap().is_empty());
    }
}
