//! One file per table: rows, queries and changes.

pub mod annotations;
pub mod attempts;
pub mod audits;
pub mod batches;
pub mod calibrations;
pub mod collections;
pub mod endpoint_limits;
pub mod evaluated;
pub mod exports;
pub mod files;
pub mod findings;
pub mod hook_runs;
pub mod images;
pub mod imports;
pub mod job_rows;
pub mod jobs;
pub mod kept_answers;
mod layers;
mod library;
pub mod listed_models;
pub mod matching;
pub mod propagations;
pub mod publication;
pub mod queue;
pub mod recipes;
pub mod run_descriptions;
mod run_endpoints;
pub mod runs;
pub mod settings;
pub mod smart_collections;
mod spending;
mod splits;
pub mod steps;
pub mod waits;
pub mod workers;

use rusqlite::{OptionalExtension, Row};

use crate::{Result, StoreError};

/// The row of a query by id, or a "missing" error.
fn found<T>(row: rusqlite::Result<T>, what: &'static str, id: u32) -> Result<T> {
    row.optional()?.ok_or(StoreError::Missing { what, id })
}

/// Ids as a parameter for `json_each`.
fn id_list(ids: impl IntoIterator<Item = u32>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    format!("[{}]", ids.join(","))
}

/// All rows of a query.
pub(crate) fn all<T>(
    statement: &mut rusqlite::Statement<'_>,
    parameters: impl rusqlite::Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut rows = statement.query(parameters)?;
    let mut things = Vec::new();
    while let Some(row) = rows.next()? {
        things.push(read(row)?);
    }
    Ok(things)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration, and `as` saturates")]
fn whole_millis(millis: f64) -> u32 {
    millis.round() as u32
}
