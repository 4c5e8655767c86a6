//! How each server can be asked for JSON, as far as it is known.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use domain::settings::AnswerForm;

/// The answer formats of servers, by address and model.
#[derive(Debug)]
pub struct KnownFormats(Mutex<BTreeMap<(String, String), AnswerForm>>);

impl KnownFormats {
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// The best format that is not known to be refused.
    pub fn of(&self, server: &str, model: &str) -> AnswerForm {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(server.to_owned(), model.to_owned())).copied().unwrap_or(AnswerForm::JsonSchema)
    }

    pub fn remember(&self, server: &str, model: &str, format: AnswerForm) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((server.to_owned(), model.to_owned()), format);
    }
}
