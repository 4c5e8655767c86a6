//! The format of the library, version by version. A shipped migration is never edited: the next one follows it.
//!
//! Migration `N` leads to version `N`. A library says two things of its format:
//!
//! - `user_version` is its version: the last migration that was applied.
//! - `library.required_version` is the lowest version that a program must know to read and write it: the last *breaking*
//!   migration that was applied.
//!
//! A program opens every library whose `required_version` it knows, and leaves what newer versions have added alone. It
//! refuses every other one. Programs from before there was a `required_version` (version 26) refuse every library of a newer
//! `user_version`.
//!
//! A migration is *additive* when programs of the version before can go on reading and writing, and what they write is
//! whole to newer ones:
//!
//! - It adds tables, indexes, or columns that are nullable or have a default that is right for rows of older programs.
//! - What refers to rows of older tables does not keep these from being changed or deleted.
//! - Triggers keep up to date what is derived from older tables.
//! - No name of an enum, and no field that older programs refuse, is new in columns that they read.
//!
//! Every other migration is *breaking*.

mod superseded;

use rusqlite::{Connection, TransactionBehavior};

use crate::{Result, StoreError};

/// One step of the format.
#[derive(Clone, Copy)]
pub struct Migration {
    pub sql: &'static str,
    is_breaking: bool,
}

const fn breaking(sql: &'static str) -> Migration {
    Migration { sql, is_breaking: true }
}

const fn additive(sql: &'static str) -> Migration {
    Migration { sql, is_breaking: false }
}

/// All up to 26 count as breaking: no program of these versions opens a newer library.
pub const MIGRATIONS: [Migration; 39] = [
    breaking(include_str!("migration/0001_first.sql")),
    breaking(include_str!("migration/0002_remote_models.sql")),
    breaking(include_str!("migration/0003_engine.sql")),
    breaking(include_str!("migration/0004_similar_images.sql")),
    breaking(include_str!("migration/0005_batches.sql")),
    breaking(include_str!("migration/0006_run_options.sql")),
    breaking(include_str!("migration/0007_held.sql")),
    breaking(include_str!("migration/0008_hooks.sql")),
    breaking(include_str!("migration/0009_gallery.sql")),
    breaking(include_str!("migration/0010_steps.sql")),
    breaking(include_str!("migration/0011_checks.sql")),
    breaking(include_str!("migration/0012_taken.sql")),
    breaking(include_str!("migration/0013_layers.sql")),
    breaking(include_str!("migration/0014_figures.sql")),
    breaking(include_str!("migration/0015_bounds.sql")),
    breaking(include_str!("migration/0016_run_files.sql")),
    breaking(include_str!("migration/0017_finished_after.sql")),
    breaking(include_str!("migration/0018_audit_samples.sql")),
    breaking(include_str!("migration/0019_retries_and_collections.sql")),
    breaking(include_str!("migration/0020_replaced_annotations.sql")),
    breaking(include_str!("migration/0021_workers.sql")),
    breaking(include_str!("migration/0022_endpoints.sql")),
    breaking(include_str!("migration/0023_identity.sql")),
    breaking(include_str!("migration/0024_superseded.sql")),
    breaking(include_str!("migration/0025_open_proposals.sql")),
    breaking(include_str!("migration/0026_required_version.sql")),
    breaking(include_str!("migration/0027_names.sql")),
    // Queries may hold conditions that earlier programs do not know.
    breaking(include_str!("migration/0028_smart_collections.sql")),
    // Earlier programs add recipes without a lineage, and do not know attributes with several values.
    breaking(include_str!("migration/0029_recipe_versions.sql")),
    additive(include_str!("migration/0030_likely_range.sql")),
    // Earlier programs do not know that a run stops at the monthly cap.
    breaking(include_str!("migration/0031_spending.sql")),
    additive(include_str!("migration/0032_own_models.sql")),
    // Earlier programs take the answer about a part for one about the image.
    breaking(include_str!("migration/0033_parts.sql")),
    // Earlier programs take an import for a run, and do not know ground truth.
    breaking(include_str!("migration/0034_imports.sql")),
    additive(include_str!("migration/0035_image_changes.sql")),
    additive(include_str!("migration/0036_splits.sql")),
    additive(include_str!("migration/0037_publications.sql")),
    additive(include_str!("migration/0038_run_descriptions.sql")),
    // Earlier programs do not count commits.
    breaking(include_str!("migration/0039_set_changes.sql")),
];

/// Brings `connection` to the newest format. Two processes that open a new library at once migrate it once. A newer library
/// stays as it is, and is refused where it requires a version that is not known.
pub fn migrate(connection: &Connection) -> Result<()> {
    apply(connection, &MIGRATIONS)
}

/// The version of a library that a migration would change; `None` if it is new, or already in the newest format.
pub fn outdated(connection: &Connection) -> Result<Option<u32>> {
    let versions = Versions::of(connection)?;
    let is_outdated = versions.found > 0 && versions.check()? < MIGRATIONS.len();
    Ok(is_outdated.then_some(versions.found))
}

fn apply(connection: &Connection, migrations: &[Migration]) -> Result<()> {
    if Versions::of(connection)?.known_to(migrations)? >= migrations.len() {
        return Ok(());
    }
    let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let found = Versions::of(&transaction)?.known_to(migrations)?;
    for (index, migration) in migrations.iter().enumerate().skip(found) {
        if index + 1 == superseded::VERSION {
            superseded::migrate(&transaction, migration.sql)?;
        } else {
            transaction.execute_batch(migration.sql)?;
        }
        transaction.pragma_update(None, "user_version", index + 1)?;
    }
    let required = migrations.iter().rposition(|migration| migration.is_breaking).map_or(0, |index| index + 1);
    transaction.execute("UPDATE library SET required_version = max(required_version, ?1)", [required])?;
    transaction.commit()?;
    tracing::info!(from = found, to = migrations.len(), "the format of the library was updated");
    Ok(())
}

/// The format versions of a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    pub found: u32,
    required: u32,
}

impl Versions {
    pub fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let found = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let says_required =
            "SELECT EXISTS (SELECT * FROM pragma_table_info('library') WHERE name = 'required_version')";
        let required = if connection.query_row(says_required, [], |row| row.get(0))? {
            connection.query_row("SELECT required_version FROM library", [], |row| row.get(0))?
        } else {
            found
        };
        Ok(Self { found, required })
    }

    /// The version of the library, or why this program must not use it.
    pub fn check(self) -> Result<usize> {
        self.known_to(&MIGRATIONS)
    }

    fn known_to(self, migrations: &[Migration]) -> Result<usize> {
        let Self { found, required } = self;
        let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
        if required > known {
            return Err(StoreError::TooNew { found, required, known });
        }
        Ok(found as usize)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests have threads of their own")]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::Store;

    /// A library as a program with one more migration would leave it.
    fn library_of_newer_program(folder: &Path, next: Migration) -> PathBuf {
        let path = folder.join("library.sqlite");
        drop(Store::open(&path).unwrap());
        let connection = Connection::open(&path).unwrap();
        apply(&connection, &[&MIGRATIONS[..], &[next]].concat()).unwrap();
        connection.close().unwrap();
        path
    }

    const ADDITION: &str =
        "CREATE TABLE notes (image_id INTEGER NOT NULL REFERENCES images ON DELETE CASCADE, text TEXT) STRICT;
        ALTER TABLE workers ADD COLUMN host TEXT NOT NULL DEFAULT 'here';";

    #[test]
    fn a_newer_library_with_additions_is_read_and_written_and_keeps_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = library_of_newer_program(folder.path(), Migration { sql: ADDITION, is_breaking: false });
        let store = Store::open(&path).unwrap();
        store.write_blocking(|edit| edit.add_worker("token", 7, 1)).unwrap();
        let workers = store.read_blocking(|view| view.workers()).unwrap();
        assert_eq!(workers.iter().map(|worker| worker.token.as_str()).collect::<Vec<_>>(), ["token"]);
        drop(store);

        let connection = Connection::open(&path).unwrap();
        let newer = MIGRATIONS.len() + 1;
        assert_eq!(Versions::of(&connection).unwrap().found as usize, newer);
        let hosts = connection.query_row("SELECT group_concat(host) FROM workers", [], |row| row.get::<_, String>(0));
        assert_eq!(hosts.unwrap(), "here");
        // The newer program continues with it.
        apply(&connection, &[&MIGRATIONS[..], &[Migration { sql: "no SQL", is_breaking: false }]].concat()).unwrap();
    }

    #[test]
    fn a_library_that_requires_a_newer_version_is_refused_with_what_helps() {
        let folder = tempfile::tempdir().unwrap();
        let path = library_of_newer_program(folder.path(), breaking("ALTER TABLE workers RENAME TO processes"));
        let before = std::fs::read(&path).unwrap();
        let Err(error) = Store::open(&path) else { panic!("it was opened") };
        let (known, newer) = (MIGRATIONS.len(), MIGRATIONS.len() + 1);
        let told = error.to_string();
        assert!(told.contains("newer Fieldmark") && told.contains("Update Fieldmark"), "{told}");
        assert!(told.contains(&format!("format {newer}")) && told.contains(&format!("up to {known}")), "{told}");
        assert!(std::fs::read(&path).unwrap() == before);
        // Also if it became newer after it was checked.
        let connection = Connection::open(&path).unwrap();
        assert!(matches!(migrate(&connection), Err(StoreError::TooNew { .. })));
    }

    /// Libraries of these versions exist. Later ones join when they are released; none is ever edited.
    const SHIPPED: usize = 36;

    #[test]
    fn shipped_migrations_are_unchanged() {
        let mut hasher = blake3::Hasher::new();
        for migration in &MIGRATIONS[..SHIPPED] {
            hasher.update(migration.sql.replace("\r\n", "\n").as_bytes());
        }
        assert_eq!(hasher.finalize().to_hex()[..16], *"4e863e172d1c1c82", "a migration that has shipped was edited");
    }

    #[test]
    fn what_a_library_requires_rises_with_breaking_migrations_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = library_of_newer_program(folder.path(), Migration { sql: "", is_breaking: false });
        let connection = Connection::open(&path).unwrap();
        let required = Versions::of(&connection).unwrap().required;
        assert!(required as usize <= MIGRATIONS.len() && required > 0);
        let [additive, breaking] = [false, true].map(|is_breaking| Migration { sql: "", is_breaking });
        apply(&connection, &[&MIGRATIONS[..], &[additive, breaking, additive]].concat()).unwrap();
        let versions = Versions::of(&connection).unwrap();
        assert_eq!([versions.found as usize, versions.required as usize], [MIGRATIONS.len() + 3, MIGRATIONS.len() + 2]);
    }
}
