//! Restores proposals that earlier versions had replaced, except those that a person has decided since. Not possible in
//! SQL alone, because shapes are compared.

use domain::annotation::{Shape, is_same};
use rusqlite::{Connection, params};

use crate::Result;
use crate::code::from_json;
use crate::table::all;

/// The version of the library that `0024_superseded.sql` leads to.
pub const VERSION: usize = 24;

/// People's decisions on image `?1`: current and as proposed.
const DECIDED: &str = "SELECT label, shape FROM annotations WHERE image_id = ?1 AND status <> 'proposed'
    UNION
    SELECT step.value ->> '$.before.label', step.value -> '$.before.shape'
    FROM steps, json_each(steps.marks) AS step
    WHERE steps.image_id = ?1 AND NOT is_undone
      AND step.value ->> '$.before.status' = 'proposed' AND step.value ->> '$.after.status' <> 'proposed'";

/// Runs the migration `sql`, then deletes added proposals that repeat a decided annotation.
pub fn migrate(connection: &Connection, sql: &str) -> Result<()> {
    let latest: i64 = connection.query_row(
        "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'annotations'), 0)",
        [],
        |row| row.get(0),
    )?;
    connection.execute_batch(sql)?;
    let mut images = connection.prepare("SELECT DISTINCT image_id FROM annotations WHERE id > ?1")?;
    let mut returned =
        connection.prepare("SELECT id, label, shape FROM annotations WHERE image_id = ?1 AND id > ?2")?;
    let mut decided = connection.prepare(DECIDED)?;
    let mut delete = connection.prepare("DELETE FROM annotations WHERE id = ?1")?;
    for image in all(&mut images, [latest], |row| Ok(row.get::<_, i64>(0)?))? {
        let decided = all(&mut decided, [image], |row| {
            let shape: Shape = from_json("annotations.shape", &row.get::<_, String>(1)?)?;
            Ok((row.get::<_, String>(0)?, shape))
        })?;
        let returned = all(&mut returned, params![image, latest], |row| {
            let shape: Shape = from_json("annotations.shape", &row.get::<_, String>(2)?)?;
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, shape))
        })?;
        for (id, label, shape) in returned {
            if decided.iter().any(|(other, other_shape)| is_same((&label, &shape), (other, other_shape))) {
                delete.execute([id])?;
            }
        }
    }
    Ok(())
}
