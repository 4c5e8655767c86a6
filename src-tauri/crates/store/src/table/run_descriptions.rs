//! What users call their runs.

use domain::ids::RunId;
use domain::run_description::RunDescription;
use rusqlite::{Row, params};

use crate::code::from_json;
use crate::{Edit, Result, StoreError};

/// The columns of [`read_description`], of a row of `runs`.
pub(super) const DESCRIPTION: &str =
    "run_name, (SELECT json_group_array(tag ORDER BY tag) FROM run_tags WHERE run_tags.run_id = runs.id) AS run_tags";

pub(super) fn read_description(row: &Row<'_>) -> Result<RunDescription> {
    let tags = from_json("run_tags", &row.get::<_, String>("run_tags")?)?;
    Ok(RunDescription { name: row.get("run_name")?, tags }.cleaned())
}

impl Edit<'_> {
    /// Replaces the name and tags of a run.
    pub fn describe_run(&self, run: RunId, description: &RunDescription) -> Result<()> {
        let RunDescription { name, tags } = description;
        let changed =
            self.0.0.execute("UPDATE runs SET run_name = ?2 WHERE id = ?1 AND kind = 'run'", params![run.0, name])?;
        if changed == 0 {
            return Err(StoreError::Missing { what: "run", id: run.0 });
        }
        self.0.0.execute("DELETE FROM run_tags WHERE run_id = ?1", [run.0])?;
        let mut tagged =
            self.0.0.prepare_cached("INSERT INTO run_tags (run_id, tag) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
        for tag in tags {
            tagged.execute(params![run.0, tag])?;
        }
        Ok(())
    }
}
