//! Results of hooks.

use domain::hooks::{HookEvent, HookRun};
use domain::ids::RunId;
use rusqlite::{Row, params};

use super::all;
use crate::code::{from_json, from_name, name_of, to_json};
use crate::{Edit, Result, View};

const COLUMNS: &str = "SELECT run_id, event, command, started_at, millis, ending, output FROM hook_runs";

impl View<'_> {
    /// Oldest first.
    pub fn hook_runs(&self, run: RunId) -> Result<Vec<HookRun>> {
        let mut statement = self.0.prepare_cached(&format!("{COLUMNS} WHERE run_id = ?1 ORDER BY id"))?;
        all(&mut statement, [run.0], read_hook_run)
    }

    /// The latest one for `event`, of any run.
    pub fn last_hook_run(&self, event: HookEvent) -> Result<Option<HookRun>> {
        let mut statement = self.0.prepare_cached(&format!("{COLUMNS} WHERE event = ?1 ORDER BY id DESC LIMIT 1"))?;
        Ok(all(&mut statement, [name_of(&event)?], read_hook_run)?.pop())
    }
}

impl Edit<'_> {
    pub fn add_hook_run(&self, hook: &HookRun) -> Result<()> {
        self.0.0.execute(
            "INSERT INTO hook_runs (run_id, event, command, started_at, millis, ending, output)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                hook.run.0,
                name_of(&hook.event)?,
                hook.command,
                hook.started_at,
                hook.millis,
                to_json("hook_runs.ending", &hook.ending)?,
                hook.output,
            ],
        )?;
        Ok(())
    }
}

fn read_hook_run(row: &Row<'_>) -> Result<HookRun> {
    Ok(HookRun {
        run: RunId(row.get(0)?),
        event: from_name("hook_runs.event", row.get(1)?)?,
        command: row.get(2)?,
        started_at: row.get(3)?,
        millis: row.get(4)?,
        ending: from_json("hook_runs.ending", &row.get::<_, String>(5)?)?,
        output: row.get(6)?,
    })
}
