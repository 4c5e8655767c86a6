//! Files that clients upload, and those with results of batches. Files of all keys are in one list.

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use crate::sync::lock;

/// A stored file.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    pub(crate) id: String,
    /// As the client calls it.
    pub(crate) name: String,
    /// Its purpose or its media type, depending on the protocol.
    pub(crate) kind: String,
    pub(crate) created: Timestamp,
    pub(crate) content: Bytes,
    /// The batch whose results it holds.
    pub(crate) of_batch: Option<String>,
}

/// An upload in several requests.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    pub(crate) description: Value,
    pub(crate) expected_bytes: usize,
    pub(crate) content: Vec<u8>,
}

/// The files of a server.
#[derive(Debug, Default)]
pub(crate) struct Files {
    list: Mutex<Vec<StoredFile>>,
    pub(crate) uploads: Mutex<HashMap<String, Upload>>,
    /// Files and uploads so far.
    count: Mutex<usize>,
}

impl Files {
    /// An unused id after `prefix`.
    pub(crate) fn new_id(&self, prefix: &str) -> String {
        let mut count = lock(&self.count);
        *count += 1;
        format!("{prefix}sim{:017}", *count)
    }

    /// Stores a file under an unused id after `prefix`.
    pub(crate) fn add(
        &self,
        prefix: &str,
        name: &str,
        kind: &str,
        content: Bytes,
        of_batch: Option<&str>,
    ) -> StoredFile {
        let file = StoredFile {
            id: self.new_id(prefix),
            name: name.to_owned(),
            kind: kind.to_owned(),
            created: Timestamp::now(),
            content,
            of_batch: of_batch.map(str::to_owned),
        };
        lock(&self.list).push(file.clone());
        file
    }

    pub(crate) fn find(&self, id: &str) -> Option<StoredFile> {
        lock(&self.list).iter().find(|file| file.id == id).cloned()
    }

    /// All files, the newest first.
    pub(crate) fn newest_first(&self) -> Vec<StoredFile> {
        lock(&self.list).iter().rev().cloned().collect()
    }

    /// Deletes a file; returns whether there was one.
    pub(crate) fn delete(&self, id: &str) -> bool {
        let mut list = lock(&self.list);
        let before = list.len();
        list.retain(|file| file.id != id);
        list.len() < before
    }
}
