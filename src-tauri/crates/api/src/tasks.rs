//! Tasks in progress, by the number that a window gave them.

use std::collections::{HashMap, VecDeque};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::Cancellation;

/// Numbers that were cancelled before their requests arrived.
const MOST_REMEMBERED: usize = 64;

#[derive(Debug)]
pub struct Tasks<T>(Mutex<Listed<T>>);

#[derive(Debug)]
struct Listed<T> {
    tasks: HashMap<u32, Arc<T>>,
    cancelled: VecDeque<u32>,
}

impl<T> Default for Tasks<T> {
    fn default() -> Self {
        Self(Mutex::new(Listed { tasks: HashMap::new(), cancelled: VecDeque::new() }))
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A task that is listed until it is dropped.
pub struct ListedTask<T> {
    tasks: Arc<Tasks<T>>,
    number: u32,
    task: Arc<T>,
}

impl<T> Deref for ListedTask<T> {
    type Target = Arc<T>;

    fn deref(&self) -> &Arc<T> {
        &self.task
    }
}

impl<T> Drop for ListedTask<T> {
    fn drop(&mut self) {
        let mut listed = lock(&self.tasks.0);
        if listed.tasks.get(&self.number).is_some_and(|task| Arc::ptr_eq(task, &self.task)) {
            listed.tasks.remove(&self.number);
        }
    }
}

impl<T: AsRef<Cancellation>> Tasks<T> {
    /// Lists a task, and cancels an earlier one of the same number.
    pub fn list(self: &Arc<Self>, number: u32, task: T) -> ListedTask<T> {
        let task = Arc::new(task);
        let mut listed = lock(&self.0);
        if let Some(earlier) = listed.tasks.insert(number, Arc::clone(&task)) {
            (*earlier).as_ref().cancel();
        }
        if listed.cancelled.contains(&number) {
            (*task).as_ref().cancel();
        }
        ListedTask { tasks: Arc::clone(self), number, task }
    }

    pub fn find(&self, number: u32) -> Option<Arc<T>> {
        lock(&self.0).tasks.get(&number).cloned()
    }

    /// Cancels a task, which may not have arrived yet: no other one has its number.
    pub fn cancel(&self, number: u32) {
        let mut listed = lock(&self.0);
        if let Some(task) = listed.tasks.get(&number) {
            (**task).as_ref().cancel();
            return;
        }
        listed.cancelled.push_back(number);
        if listed.cancelled.len() > MOST_REMEMBERED {
            listed.cancelled.pop_front();
        }
    }
}
