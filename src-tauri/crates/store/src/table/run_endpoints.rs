//! Statistics of each endpoint of a run, over all sessions.

use domain::endpoint::RunEndpoint;
use domain::ids::RunId;
use rusqlite::params;

use super::all;
use crate::code::{from_name, name_of};
use crate::{Edit, Result, View};

impl View<'_> {
    /// In the order of configuration.
    pub fn endpoints_of_run(&self, run: RunId) -> Result<Vec<RunEndpoint>> {
        let mut statement = self.0.prepare_cached(
            "SELECT name, answered, failed, problem, detail, is_working FROM run_endpoints WHERE run_id = ?1
             ORDER BY rowid",
        )?;
        all(&mut statement, [run.0], |row| {
            let problem: Option<String> = row.get(3)?;
            Ok(RunEndpoint {
                name: row.get(0)?,
                answered: row.get(1)?,
                failed: row.get(2)?,
                problem: problem.map(|name| from_name("run_endpoints.problem", name)).transpose()?,
                detail: row.get(4)?,
                is_working: row.get(5)?,
            })
        })
    }
}

impl Edit<'_> {
    /// Adds statistics of endpoints since the last call. A problem stays recorded after the endpoint works again.
    pub fn record_endpoints(&self, run: RunId, endpoints: &[RunEndpoint]) -> Result<()> {
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO run_endpoints (run_id, name, answered, failed, problem, detail, is_working)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO UPDATE SET answered = answered + excluded.answered, failed = failed + excluded.failed,
                 problem = coalesce(excluded.problem, problem),
                 detail = iif(excluded.problem IS NULL, detail, excluded.detail), is_working = excluded.is_working",
        )?;
        for RunEndpoint { name, answered, failed, problem, detail, is_working } in endpoints {
            let problem = problem.as_ref().map(name_of).transpose()?;
            statement.execute(params![run.0, name, answered, failed, problem, detail, is_working])?;
        }
        Ok(())
    }
}
