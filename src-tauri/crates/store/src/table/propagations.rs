//! Propagated annotations: what a run found on an image, proposed on others that look nearly the same.

use domain::ids::{ImageId, RunId};
use domain::review::propose::{Propagation, propagated};

use crate::{Edit, Result, View};

impl Edit<'_> {
    /// Proposes on `to` what `run` found on `from`, and records from where; returns how many annotations that are.
    pub fn propagate(&self, run: RunId, from: ImageId, to: ImageId) -> Result<u32> {
        if !self.propagation(run, from, to)?.is_due() {
            return Ok(0);
        }
        self.0
            .0
            .prepare_cached("INSERT INTO propagations (run_id, image_id, propagated_from) VALUES (?1, ?2, ?3)")?
            .execute([run.0, to.0, from.0])?;
        let source = self.annotations_of(from)?;
        let annotations = propagated(run, source, self.image_size(from)?, self.image_size(to)?);
        self.propose(run, to, Some(from), &self.recipe_of_run(run)?, annotations)
    }
}

impl View<'_> {
    fn propagation(&self, run: RunId, from: ImageId, to: ImageId) -> Result<Propagation> {
        let mut statement = self.0.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE run_id = ?1 AND image_id = ?2 AND state = 'done'),
                EXISTS (SELECT 1 FROM jobs WHERE run_id = ?1 AND image_id = ?3 AND state = 'done'),
                EXISTS (SELECT 1 FROM propagations WHERE run_id = ?1 AND image_id = ?3)",
        )?;
        let known = statement.query_row([run.0, from.0, to.0], |row| {
            Ok(Propagation {
                is_source_answered: row.get(0)?,
                is_target_answered: row.get(1)?,
                is_repeated: row.get(2)?,
            })
        })?;
        Ok(known)
    }
}
