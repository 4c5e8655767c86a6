//! Saved queries.

use domain::ids::SmartCollectionId;
use domain::library::SmartCollection;
use domain::query::ImageQuery;
use rusqlite::params;

use super::all;
use crate::code::{from_json, to_json};
use crate::{Edit, Result, View};

impl View<'_> {
    /// In the order in which they were created.
    pub fn smart_collections(&self) -> Result<Vec<SmartCollection>> {
        let mut statement = self.0.prepare_cached("SELECT id, name, query FROM smart_collections ORDER BY id")?;
        all(&mut statement, [], |row| {
            Ok(SmartCollection {
                id: SmartCollectionId(row.get(0)?),
                name: row.get(1)?,
                query: from_json("smart_collections.query", &row.get::<_, String>(2)?)?,
            })
        })
    }
}

impl Edit<'_> {
    pub fn add_smart_collection(&self, name: &str, query: &ImageQuery, now: u64) -> Result<SmartCollectionId> {
        let query = to_json("smart_collections.query", query)?;
        self.0.0.execute(
            "INSERT INTO smart_collections (name, query, created_at) VALUES (?1, ?2, ?3)",
            params![name, query, now],
        )?;
        let id = self.0.0.query_row("SELECT last_insert_rowid()", [], |row| row.get(0))?;
        Ok(SmartCollectionId(id))
    }

    /// Replaces its name and query, or creates it again if it was deleted.
    pub fn save_smart_collection(&self, collection: &SmartCollection, now: u64) -> Result<()> {
        let query = to_json("smart_collections.query", &collection.query)?;
        self.0.0.execute(
            "INSERT INTO smart_collections (id, name, query, created_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, query = excluded.query",
            params![collection.id.0, collection.name, query, now],
        )?;
        Ok(())
    }

    pub fn delete_smart_collection(&self, id: SmartCollectionId) -> Result<()> {
        self.0.0.execute("DELETE FROM smart_collections WHERE id = ?1", [id.0])?;
        Ok(())
    }
}
