//! The format of the library, version by version. A shipped migration is never edited: the next one follows it.

mod superseded;

use rusqlite::{Connection, TransactionBehavior};

use crate::{Result, StoreError};

pub const MIGRATIONS: [&str; 25] = [
    include_str!("migration/0001_first.sql"),
    include_str!("migration/0002_remote_models.sql"),
    include_str!("migration/0003_engine.sql"),
    include_str!("migration/0004_similar_images.sql"),
    include_str!("migration/0005_batches.sql"),
    include_str!("migration/0006_run_options.sql"),
    include_str!("migration/0007_held.sql"),
    include_str!("migration/0008_hooks.sql"),
    include_str!("migration/0009_gallery.sql"),
    include_str!("migration/0010_steps.sql"),
    include_str!("migration/0011_checks.sql"),
    include_str!("migration/0012_taken.sql"),
    include_str!("migration/0013_layers.sql"),
    include_str!("migration/0014_figures.sql"),
    include_str!("migration/0015_bounds.sql"),
    include_str!("migration/0016_run_files.sql"),
    include_str!("migration/0017_finished_after.sql"),
    include_str!("migration/0018_audit_samples.sql"),
    include_str!("migration/0019_retries_and_collections.sql"),
    include_str!("migration/0020_replaced_annotations.sql"),
    include_str!("migration/0021_workers.sql"),
    include_str!("migration/0022_endpoints.sql"),
    include_str!("migration/0023_identity.sql"),
    include_str!("migration/0024_superseded.sql"),
    include_str!("migration/0025_open_proposals.sql"),
];

/// Brings `connection` to the newest format. Two processes that open a new library at once migrate it once.
pub fn migrate(connection: &Connection) -> Result<()> {
    let known = MIGRATIONS.len();
    if version(connection)? == known {
        return Ok(());
    }
    let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(found) {
        if index + 1 == superseded::VERSION {
            superseded::migrate(&transaction, migration)?;
        } else {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "user_version", index + 1)?;
    }
    Ok(transaction.commit()?)
}

fn version(connection: &Connection) -> Result<usize> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(StoreError::FromTheFuture { found, known });
    }
    Ok(found as usize)
}
