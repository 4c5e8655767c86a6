//! Processes that work on runs. Whether one is alive is known by its lock, not here.

use domain::ids::RunId;
use rusqlite::{OptionalExtension, Row, params};

use super::all;
use crate::{Edit, Result, View};

/// A process that works or worked on runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    pub id: WorkerId,
    /// Identifies its lock.
    pub token: String,
    pub process_id: u32,
    /// Milliseconds since the Unix epoch.
    pub began_at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkerId(u32);

const COLUMNS: &str = "workers.id, token, process_id, began_at";

fn read_worker(row: &Row<'_>) -> rusqlite::Result<Worker> {
    Ok(Worker { id: WorkerId(row.get(0)?), token: row.get(1)?, process_id: row.get(2)?, began_at: row.get(3)? })
}

impl View<'_> {
    pub fn workers(&self) -> Result<Vec<Worker>> {
        let mut statement = self.0.prepare_cached(&format!("SELECT {COLUMNS} FROM workers ORDER BY id"))?;
        all(&mut statement, [], |row| Ok(read_worker(row)?))
    }

    /// The worker recorded for `run`.
    pub fn worker_of(&self, run: RunId) -> Result<Option<Worker>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM runs JOIN workers ON workers.id = worker_id WHERE runs.id = ?1"
        ))?;
        Ok(statement.query_row([run.0], read_worker).optional()?)
    }

    /// The runs with a recorded worker.
    pub fn runs_with_workers(&self) -> Result<Vec<(RunId, Worker)>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT {COLUMNS}, runs.id FROM workers JOIN runs ON worker_id = workers.id ORDER BY runs.id"
        ))?;
        all(&mut statement, [], |row| Ok((RunId(row.get(4)?), read_worker(row)?)))
    }
}

impl Edit<'_> {
    /// Records this process, which holds the lock of `token`.
    pub fn add_worker(&self, token: &str, process_id: u32, now: u64) -> Result<WorkerId> {
        Ok(WorkerId(self.0.0.query_row(
            "INSERT INTO workers (token, process_id, began_at) VALUES (?1, ?2, ?3) RETURNING id",
            params![token, process_id, now],
            |row| row.get(0),
        )?))
    }

    /// Removes a worker that is dead or about to end: its runs have none, and their claims are void.
    pub fn remove_worker(&self, token: &str) -> Result<()> {
        // By token, because the id may be another worker's by now.
        self.0.0.execute(
            "UPDATE runs SET worker_id = NULL WHERE worker_id = (SELECT id FROM workers WHERE token = ?1)",
            [token],
        )?;
        self.0.0.execute("DELETE FROM workers WHERE token = ?1", [token])?;
        Ok(())
    }

    /// Records that `worker` works on `run`, without claims; false if another worker does.
    pub fn assign_worker(&self, run: RunId, worker: WorkerId) -> Result<bool> {
        let assigned = self.0.0.execute(
            "UPDATE runs SET worker_id = ?2 WHERE id = ?1 AND (worker_id IS NULL OR worker_id = ?2)",
            [run.0, worker.0],
        )?;
        if assigned > 0 {
            self.release_claims(run)?;
        }
        Ok(assigned > 0)
    }

    /// Records that no worker works on `run`.
    pub fn release_worker(&self, run: RunId) -> Result<()> {
        self.0.0.execute("UPDATE runs SET worker_id = NULL WHERE id = ?1", [run.0])?;
        Ok(())
    }
}
