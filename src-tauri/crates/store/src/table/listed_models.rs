//! The models that servers with models of their own have listed: a row for each server.

use std::collections::HashMap;

use rusqlite::params;

use super::all;
use crate::code::{from_json, to_json};
use crate::{Edit, Result, View};

/// The models that a server has listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedModels {
    /// Ids, in the order of the server.
    pub models: Vec<String>,
    /// In milliseconds since 1970.
    pub listed_at: u64,
}

impl View<'_> {
    /// By base URL.
    pub fn listed_models(&self) -> Result<HashMap<String, ListedModels>> {
        let mut statement = self.0.prepare_cached("SELECT base_url, models, listed_at FROM listed_models")?;
        let rows = all(&mut statement, [], |row| {
            let models = from_json("listed_models.models", &row.get::<_, String>(1)?)?;
            Ok((row.get(0)?, ListedModels { models, listed_at: row.get(2)? }))
        })?;
        Ok(rows.into_iter().collect())
    }
}

impl Edit<'_> {
    /// Replaces what the server at `base_url` has listed before.
    pub fn keep_listed_models(&self, base_url: &str, listed: &ListedModels) -> Result<()> {
        let models = to_json("listed_models.models", &listed.models)?;
        self.0.0.execute(
            "INSERT INTO listed_models (base_url, models, listed_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (base_url) DO UPDATE SET models = excluded.models, listed_at = excluded.listed_at",
            params![base_url, models, listed.listed_at],
        )?;
        Ok(())
    }
}
