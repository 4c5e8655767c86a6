//! All models on this computer, one line per family.

use crate::model::LocalModel;
use crate::nanodet::NanoDet;

/// In display order; the first is built in and always works.
static MODELS: &[&dyn LocalModel] = &[&NanoDet];

/// Every local model, the built-in one first.
#[must_use]
pub fn all() -> &'static [&'static dyn LocalModel] {
    MODELS
}

/// The model with exactly this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static dyn LocalModel> {
    MODELS.iter().copied().find(|model| model.descriptor().id == id)
}
