//! The available models.

use domain::catalogue::OfferedModel;

use super::Planning;
use crate::Result;
use crate::backend::Backends;

impl Planning {
    /// All models, local ones first, with the reason if one is unavailable. May block on the keychain.
    pub fn models(&self) -> Result<Vec<OfferedModel>> {
        let connections = self.connections.current()?;
        let suggested = connections.suggested_model().map(|(model, _)| model);
        let offered = Backends::models(&connections).into_iter().map(|model| OfferedModel {
            unavailable: connections.unavailable(&model),
            is_suggested: Some(&model.id) == suggested,
            model,
        });
        Ok(offered.collect())
    }
}
