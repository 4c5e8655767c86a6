//! Marks carried over: what a run found on an image, offered to others that look nearly the same. An offer costs nothing
//! and is worth less than an answer: it gives way to one, and takes the place of none.

use domain::annotation::{NewAnnotation, Origin, Status};
use domain::geometry::ImageFromSent;
use domain::ids::{ImageId, RunId};

use crate::{Edit, Result};

impl Edit<'_> {
    /// Proposes on `to` what `run` found on `from`, and notes from where; returns how many marks that are. Only marks that
    /// the model made are carried over: neither rejected ones, nor edited ones, which are the person's own.
    ///
    /// Nothing is offered before `run` has had an answer about `from`, nor twice to an image by the same run, nor to an image
    /// about which this run has had an answer.
    pub fn offer_marks(&self, run: RunId, from: ImageId, to: ImageId) -> Result<u32> {
        if !self.may_offer(run, from, to)? {
            return Ok(0);
        }
        self.0
            .0
            .prepare_cached("INSERT INTO offers (run_id, image_id, carried_from) VALUES (?1, ?2, ?3)")?
            .execute([run.0, to.0, from.0])?;
        // One picture stands for the other here, as the one that was sent stands for the image elsewhere.
        let to_scale = ImageFromSent::new(self.image_size(from)?, self.image_size(to)?);
        let marks: Vec<NewAnnotation> = self
            .annotations_of(from)?
            .into_iter()
            .filter(|mark| mark.origin == Origin::Run { run } && mark.carried_from.is_none())
            .filter(|mark| matches!(mark.status, Status::Proposed | Status::Accepted))
            .map(|mark| {
                let shape = mark.shape.mapped(to_scale);
                NewAnnotation { label: mark.label, shape, confidence: mark.confidence, attributes: mark.attributes }
            })
            .collect();
        self.propose_from(Some(from), run, to, &self.recipe_of_run(run)?, &marks)
    }

    fn may_offer(&self, run: RunId, from: ImageId, to: ImageId) -> Result<bool> {
        let mut statement = self.0.0.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE run_id = ?1 AND image_id = ?2 AND state = 'done')
                AND NOT EXISTS (SELECT 1 FROM jobs WHERE run_id = ?1 AND image_id = ?3 AND state = 'done')
                AND NOT EXISTS (SELECT 1 FROM offers WHERE run_id = ?1 AND image_id = ?3)",
        )?;
        Ok(statement.query_row([run.0, from.0, to.0], |row| row.get(0))?)
    }
}
