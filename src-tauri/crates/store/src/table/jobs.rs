//! The jobs of a run, one per image: results, timings and retries.

use std::collections::BTreeMap;

use domain::annotation::NewAnnotation;
use domain::answer::{DropReason, Reading};
use domain::ids::{AttemptId, ImageId, JobId, RunId};
use domain::library::LabelCount;
use domain::money::PicoDollars;
use domain::rate::FinishedImage;
use domain::recipe::Recipe;
use domain::report::{DropGroup, RepairGroup};
use domain::run::{FailureGroup, JustAnswered};
use domain::run_state::FailureKind;
use rusqlite::params;

use super::images::AnsweredImage;
use super::job_rows::{
    COMMITTED, IS_CUT_SHORT, IS_UNCHECKED, JobFailure, JobOutcome, JobTiming, OUTPUT_LIMIT, QueuedImage,
};
use super::queue::WaitingJob;
use super::{all, whole_millis};
use crate::code::{from_json, from_name, name_of, to_json};
use crate::{Edit, Result, View};

/// Annotations propagated to similar images that were not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Propagated {
    pub images: u32,
    pub annotations: u32,
}

/// An image that failed in a run.
#[derive(Debug, Clone)]
pub struct FailedJob {
    pub image: AnsweredImage,
    pub kind: FailureKind,
    pub message: String,
    /// Requests sent for it.
    pub requests: u32,
    pub paid: PicoDollars,
    /// Maximum additional cost of requests without an answer.
    pub possibly_billed: PicoDollars,
}

impl View<'_> {
    /// Durations of all sent and finished images of `run`, ascending, in milliseconds.
    pub fn durations(&self, run: RunId) -> Result<Vec<f64>> {
        let mut statement = self.0.prepare_cached(
            "SELECT took_millis FROM jobs WHERE run_id = ?1 AND took_millis IS NOT NULL ORDER BY took_millis",
        )?;
        all(&mut statement, [run.0], |row| Ok(row.get(0)?))
    }

    /// Durations of images of `run` that ran alone, in milliseconds.
    pub fn alone_durations(&self, run: RunId) -> Result<Vec<f64>> {
        let mut statement =
            self.0.prepare_cached("SELECT alone_millis FROM jobs WHERE run_id = ?1 AND alone_millis IS NOT NULL")?;
        all(&mut statement, [run.0], |row| Ok(row.get(0)?))
    }

    /// Sent images of `run` that are done.
    pub fn answered_count(&self, run: RunId) -> Result<u32> {
        let mut statement = self.0.prepare_cached(
            "SELECT count(*) FROM jobs WHERE run_id = ?1 AND state = 'done' AND took_millis IS NOT NULL",
        )?;
        Ok(statement.query_row([run.0], |row| row.get(0))?)
    }

    /// Images of `run` whose files could not be read.
    pub fn unread_count(&self, run: RunId) -> Result<u32> {
        let mut statement = self.0.prepare_cached(
            "SELECT count(*) FROM jobs WHERE run_id = ?1 AND state = 'failed' AND took_millis IS NULL
                 AND failure IN ('file_missing', 'file_unreadable')",
        )?;
        Ok(statement.query_row([run.0], |row| row.get(0))?)
    }

    /// All failed images of `run`, in its order.
    pub fn failed_jobs(&self, run: RunId) -> Result<Vec<FailedJob>> {
        let mut statement = self.0.prepare_cached(
            "SELECT images.id, name, hash, orientation, width, height, review, NULL, failure, failure_detail,
                    (SELECT count(*) FROM attempts WHERE job_id = jobs.id),
                    (SELECT coalesce(sum(paid), 0) FROM attempts WHERE job_id = jobs.id),
                    (SELECT coalesce(sum(at_most), 0) FROM attempts WHERE job_id = jobs.id AND may_be_billed)
             FROM jobs JOIN images ON images.id = image_id WHERE run_id = ?1 AND state = 'failed' ORDER BY jobs.id",
        )?;
        all(&mut statement, [run.0], |row| {
            Ok(FailedJob {
                image: AnsweredImage::from_row(row)?,
                kind: from_name("jobs.failure", row.get(8)?)?,
                message: row.get::<_, Option<String>>(9)?.unwrap_or_default(),
                requests: row.get(10)?,
                paid: PicoDollars(row.get(11)?),
                possibly_billed: PicoDollars(row.get(12)?),
            })
        })
    }

    /// The sent images of `run` that have finished, ordered by time.
    pub fn finished_images(&self, run: RunId) -> Result<Vec<FinishedImage>> {
        let mut statement = self.0.prepare_cached(
            "SELECT finished_after_millis, took_millis FROM jobs
             WHERE run_id = ?1 AND took_millis IS NOT NULL AND finished_after_millis IS NOT NULL
             ORDER BY finished_after_millis",
        )?;
        all(&mut statement, [run.0], |row| Ok(FinishedImage { after_millis: row.get(0)?, took_millis: row.get(1)? }))
    }

    /// What each finished image of `run` cost, in the order in which they finished; first those that were not sent.
    pub fn paid_by_image(&self, run: RunId) -> Result<Vec<PicoDollars>> {
        let mut statement = self.0.prepare_cached(
            "SELECT (SELECT coalesce(sum(paid), 0) FROM attempts WHERE job_id = jobs.id) FROM jobs
             WHERE run_id = ?1 AND state IN ('done', 'failed') ORDER BY finished_after_millis NULLS FIRST, id",
        )?;
        all(&mut statement, [run.0], |row| Ok(PicoDollars(row.get(0)?)))
    }

    /// The last answered images of `run`, newest first, at most `limit`.
    pub fn last_answered(&self, run: RunId, limit: u32) -> Result<Vec<JustAnswered>> {
        let mut statement = self.0.prepare_cached(
            "WITH last AS MATERIALIZED (
                 SELECT image_id, found, took_millis FROM jobs WHERE run_id = ?1 AND state = 'done' AND NOT is_propagated
                 ORDER BY finished_after_millis DESC NULLS LAST, id DESC LIMIT ?2)
             SELECT image_id, (SELECT coalesce(sum(value), 0) FROM json_each(found)), took_millis FROM last",
        )?;
        all(&mut statement, params![run.0, limit], |row| {
            Ok(JustAnswered {
                image: ImageId(row.get(0)?),
                annotation_count: row.get(1)?,
                took_millis: row.get::<_, Option<f64>>(2)?.map(whole_millis),
            })
        })
    }

    /// Failures of `run` by kind.
    pub fn failure_groups(&self, run: RunId) -> Result<Vec<FailureGroup>> {
        // With a bare min(), SQLite takes the other columns from the row with the minimum.
        let mut statement = self.0.prepare_cached(
            "SELECT failure, count(*), min(jobs.id), failure_detail, name FROM jobs JOIN images ON images.id = image_id
             WHERE run_id = ?1 AND state = 'failed' GROUP BY failure ORDER BY count(*) DESC",
        )?;
        all(&mut statement, [run.0], |row| {
            let kind: FailureKind = from_name("jobs.failure", row.get(0)?)?;
            let example = row.get::<_, Option<String>>(3)?.unwrap_or_default();
            Ok(FailureGroup::new(kind, row.get(1)?, example, row.get(4)?))
        })
    }

    /// Failed images of `run` that [`Edit::retry`] resets.
    pub fn retried_count(&self, run: RunId) -> Result<u32> {
        let ignores_saved_answers = self.ignores_saved_answers(run)?;
        let groups = self.failure_groups(run)?;
        let retried = groups.iter().filter(|group| group.kind.is_retried(ignores_saved_answers));
        Ok(retried.map(|group| group.count).sum())
    }

    /// Whether all sessions of `run` used the same model, recipe and server.
    pub fn asks_one_question(&self, run: RunId) -> Result<bool> {
        let mut statement = self.0.prepare_cached("SELECT answer_key IS NOT NULL FROM runs WHERE id = ?1")?;
        Ok(statement.query_row([run.0], |row| row.get(0))?)
    }

    pub fn ignores_saved_answers(&self, run: RunId) -> Result<bool> {
        let mut statement = self.0.prepare_cached("SELECT ignores_saved_answers FROM runs WHERE id = ?1")?;
        Ok(statement.query_row([run.0], |row| row.get(0))?)
    }

    /// Images of `run` whose answers were cut off and that have not been reviewed in its layer since, with the largest
    /// output maximum of those answers, in tokens.
    pub fn cut_off_images(&self, run: RunId) -> Result<(u32, u64)> {
        let cut_off = self.cut_off_jobs(run)?;
        let count = u32::try_from(cut_off.len()).unwrap_or(u32::MAX);
        Ok((count, cut_off.iter().map(|(_, limit)| *limit).max().unwrap_or_default()))
    }

    /// Images of `run` with a part that could not be checked.
    pub fn unchecked_images(&self, run: RunId) -> Result<u32> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT count(*) FROM jobs WHERE run_id = ?1 AND state = 'done' AND reading IS NOT NULL AND {IS_UNCHECKED}"
        ))?;
        Ok(statement.query_row([run.0], |row| row.get(0))?)
    }

    /// With the smallest output maximum of the parts of an image whose answers were all cut off.
    fn cut_off_jobs(&self, run: RunId) -> Result<Vec<(JobId, u64)>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT jobs.id, coalesce((SELECT min(output_limit) FROM (
                 SELECT max({OUTPUT_LIMIT}) AS output_limit FROM attempts
                 WHERE raw_answer IS NOT NULL AND NOT is_check AND (is_cut_short OR attempts.state <> 'failed') AND (
                     job_id = jobs.id OR (job_id, part) IN (
                         SELECT used.job_id, used.part FROM attempts AS used
                         WHERE used.id = reused_attempt OR used.id IN (
                             SELECT attempt_id FROM part_answers WHERE part_answers.job_id = jobs.id)))
                 GROUP BY part HAVING min(is_cut_short))), 0)
             FROM jobs JOIN images ON images.id = image_id
             WHERE run_id = ?1 AND ((jobs.state = 'failed' AND failure = ?2)
                 OR (jobs.state = 'done' AND {IS_CUT_SHORT} AND (review = 'unreviewed' OR EXISTS (
                     SELECT 1 FROM layer_figures
                     WHERE run_id = jobs.run_id AND image_id = jobs.image_id AND proposed > 0))))
             ORDER BY jobs.id",
        ))?;
        let cut_off = name_of(&FailureKind::CutOff)?;
        all(&mut statement, params![run.0, cut_off], |row| Ok((JobId(row.get(0)?), row.get(1)?)))
    }

    /// Corrections and dropped items in the answers of `run` by kind and attribute, most frequent first.
    pub fn readings_of_run(&self, run: RunId) -> Result<(Vec<RepairGroup>, Vec<DropGroup>)> {
        let mut statement =
            self.0.prepare_cached("SELECT reading FROM jobs WHERE run_id = ?1 AND reading IS NOT NULL ORDER BY id")?;
        let readings: Vec<Reading> =
            all(&mut statement, [run.0], |row| from_json("jobs.reading", &row.get::<_, String>(0)?))?;
        let (mut repairs, mut dropped): (Vec<RepairGroup>, Vec<DropReason>) = (Vec::new(), Vec::new());
        for reading in readings {
            for repair in reading.repairs {
                match repairs.iter_mut().find(|group| group.example.is_counted_with(&repair.kind)) {
                    Some(group) => group.count += 1,
                    None => repairs.push(RepairGroup { count: 1, example: repair.kind }),
                }
            }
            dropped.extend(reading.dropped.into_iter().map(|item| item.reason));
        }
        repairs.sort_by_key(|group| std::cmp::Reverse(group.count));
        Ok((repairs, DropGroup::all(dropped)))
    }

    /// Annotations that `run` found and propagated, most frequent label first, whatever happened to them since.
    pub fn found_by_run(&self, run: RunId) -> Result<Vec<LabelCount>> {
        let recipe = self.recipe_of_run(run)?;
        let mut statement = self.0.prepare_cached(
            "SELECT key, sum(value) FROM jobs, json_each(coalesce(found, propagated)) WHERE run_id = ?1
             GROUP BY key ORDER BY 2 DESC, 1",
        )?;
        all(&mut statement, [run.0], |row| {
            let name: String = row.get(0)?;
            let color = recipe.label_for(&name).map_or(1, |label| label.color);
            Ok(LabelCount { name, color, count: row.get(1)? })
        })
    }

    /// The unfinished images of `run`, in its order.
    pub fn waiting_images(&self, run: RunId) -> Result<Vec<ImageId>> {
        let mut statement =
            self.0.prepare_cached("SELECT image_id FROM jobs WHERE run_id = ?1 AND state = 'waiting' ORDER BY id")?;
        all(&mut statement, [run.0], |row| Ok(ImageId(row.get(0)?)))
    }

    /// The unfinished images of `run` that get the annotations of a similar one, unless that one fails.
    pub fn waiting_followers(&self, run: RunId) -> Result<Vec<ImageId>> {
        let mut statement = self.0.prepare_cached(
            "SELECT image_id FROM jobs WHERE run_id = ?1 AND state = 'waiting' AND leader IS NOT NULL ORDER BY id",
        )?;
        all(&mut statement, [run.0], |row| Ok(ImageId(row.get(0)?)))
    }

    /// Actual and possible cost of the waiting images of `run`, within their limit.
    pub fn committed_to_waiting(&self, run: RunId) -> Result<PicoDollars> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT coalesce(sum({COMMITTED}), 0) FROM jobs WHERE run_id = ?1 AND state = 'waiting'"
        ))?;
        Ok(PicoDollars(statement.query_row([run.0], |row| row.get(0))?))
    }

    /// The images of `run`, in its order.
    pub fn images_of_run(&self, run: RunId) -> Result<Vec<ImageId>> {
        let mut statement = self.0.prepare_cached("SELECT image_id FROM jobs WHERE run_id = ?1 ORDER BY id")?;
        all(&mut statement, [run.0], |row| Ok(ImageId(row.get(0)?)))
    }
}

fn count_by_label(annotations: &[NewAnnotation]) -> BTreeMap<&str, u32> {
    let mut counts = BTreeMap::new();
    for annotation in annotations {
        *counts.entry(annotation.label.as_str()).or_default() += 1;
    }
    counts
}

impl Edit<'_> {
    pub(super) fn add_jobs(&self, run: RunId, images: &[QueuedImage]) -> Result<()> {
        let mut statement =
            self.0.0.prepare_cached("INSERT INTO jobs (run_id, image_id, leader) VALUES (?1, ?2, ?3)")?;
        for queued in images {
            statement.execute(params![run.0, queued.image.0, queued.leader.map(|leader| leader.0)])?;
        }
        Ok(())
    }

    /// Settles a job: its annotations, state, attempt, and the images that waited for its annotations, atomically. A
    /// settled job stays unchanged. `timing` is `None` if the image was not sent: its answer was reused, or its file
    /// was unreadable. Returns what was propagated.
    pub fn settle_job(
        &self,
        run: RunId,
        job: &WaitingJob,
        recipe: &Recipe,
        outcome: &JobOutcome,
        timing: Option<JobTiming>,
        now: u64,
    ) -> Result<Propagated> {
        let (state, failure, detail) = match outcome {
            JobOutcome::Done { .. } => ("done", None, None),
            JobOutcome::Failed(failure) => ("failed", Some(name_of(&failure.kind)?), Some(failure.detail.as_str())),
        };
        let (found, reading) = match outcome {
            JobOutcome::Done { annotations, reading, .. } => (
                Some(to_json("jobs.found", &count_by_label(annotations))?),
                (!reading.is_plain()).then(|| to_json("jobs.reading", reading)).transpose()?,
            ),
            JobOutcome::Failed(_) => (None, None),
        };
        let reused = outcome.attempts().first().filter(|_| job.is_reused_by(outcome, timing)).map(|attempt| attempt.0);
        let changed = self
            .0
            .0
            .prepare_cached(
                "UPDATE jobs SET state = ?2, failure = ?3, failure_detail = ?4, took_millis = coalesce(took_millis, ?5), found = ?6,
                     reading = ?7, reused_attempt = ?8, alone_millis = coalesce(alone_millis, ?9),
                     is_taken_back = FALSE, is_claimed = 0
                 WHERE id = ?1 AND state = 'waiting'",
            )?
            .execute(params![
                job.id.0,
                state,
                failure,
                detail,
                timing.map(|timing| timing.took_millis),
                found,
                reading,
                reused,
                timing.and_then(|timing| timing.alone_millis),
            ])?;
        if changed == 0 {
            return Ok(Propagated::default());
        }
        match outcome {
            JobOutcome::Done { attempts, annotations, .. } => {
                let is_unchecked = !recipe.check && !annotations.is_empty();
                for attempt in attempts {
                    self.record_parsed(job.id, *attempt, is_unchecked)?;
                }
                let is_own = |&attempt: &AttemptId| !job.is_of_other_run(attempt);
                let is_known_by_job = attempts.len() == 1 && (reused.is_some() || attempts.iter().all(is_own));
                self.record_part_answers(job.id, if is_known_by_job { &[] } else { attempts })?;
                self.propose(run, job.image, None, recipe, annotations.clone())?;
                self.refresh_superseded(job.image)?;
            }
            JobOutcome::Failed(JobFailure { attempt: Some(attempt), detail, .. }) => {
                self.record_attempt_failed(job.id, *attempt, detail, now)?;
            }
            JobOutcome::Failed(_) => {}
        }
        let failed_job = failure.is_some().then_some(job.id.0);
        self.0
            .0
            .prepare_cached("UPDATE images SET failed_job = ?2 WHERE id = ?1")?
            .execute(params![job.image.0, failed_job])?;
        match outcome {
            JobOutcome::Done { .. } => self.propagate_to_waiting(run, job.image),
            JobOutcome::Failed(_) => {
                // Images similar to it are sent themselves.
                self.0
                    .0
                    .prepare_cached(
                        "UPDATE jobs SET leader = NULL WHERE run_id = ?1 AND leader = ?2 AND state = 'waiting'",
                    )?
                    .execute([run.0, job.image.0])?;
                Ok(Propagated::default())
            }
        }
    }

    fn record_part_answers(&self, job: JobId, attempts: &[AttemptId]) -> Result<()> {
        self.0.0.prepare_cached("DELETE FROM part_answers WHERE job_id = ?1")?.execute([job.0])?;
        let mut add = self.0.0.prepare_cached("INSERT INTO part_answers (job_id, attempt_id) VALUES (?1, ?2)")?;
        for attempt in attempts {
            add.execute([job.0, attempt.0])?;
        }
        Ok(())
    }

    /// Records when a job finished, in milliseconds of its run's active time.
    pub fn record_finished_after(&self, job: JobId, millis: f64) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE jobs SET finished_after_millis = ?2 WHERE id = ?1")?
            .execute(params![job.0, millis])?;
        Ok(())
    }

    /// Propagates the annotations of `leader` to the images that wait for them.
    fn propagate_to_waiting(&self, run: RunId, leader: ImageId) -> Result<Propagated> {
        let mut waiting = self
            .0
            .0
            .prepare_cached("SELECT id, image_id FROM jobs WHERE run_id = ?1 AND leader = ?2 AND state = 'waiting'")?;
        let followers: Vec<(i64, ImageId)> =
            all(&mut waiting, [run.0, leader.0], |row| Ok((row.get(0)?, ImageId(row.get(1)?))))?;
        let mut settle = self.0.0.prepare_cached(
            "UPDATE jobs SET state = 'done', is_propagated = 1, is_taken_back = FALSE, propagated = (
                 SELECT json_group_object(label, number) FROM (
                     SELECT label, count(*) AS number FROM annotations
                     WHERE image_id = jobs.image_id AND run_id = jobs.run_id AND propagated_from IS NOT NULL GROUP BY label))
             WHERE id = ?1",
        )?;
        let mut propagated = Propagated::default();
        let mut mend = self.0.0.prepare_cached("UPDATE images SET failed_job = NULL WHERE id = ?1")?;
        for (job, image) in &followers {
            propagated.annotations += self.propagate(run, leader, *image)?;
            propagated.images += 1;
            settle.execute([job])?;
            self.refresh_superseded(*image)?;
            mend.execute([image.0])?;
        }
        Ok(propagated)
    }

    /// Resets those jobs of `run` that may change with an output maximum of `output_limit` tokens, with a new
    /// allowance; returns how many. Unusable answers are parsed again, and requested again only if the run ignores
    /// saved answers. A cut-off answer stays valid until a longer one arrives.
    pub fn retry(&self, run: RunId, output_limit: u64) -> Result<u32> {
        let ignores_saved_answers = self.ignores_saved_answers(run)?;
        let mut jobs =
            self.0.0.prepare_cached("SELECT id, failure FROM jobs WHERE run_id = ?1 AND state = 'failed'")?;
        let failed: Vec<(JobId, FailureKind)> =
            all(&mut jobs, [run.0], |row| Ok((JobId(row.get(0)?), from_name("jobs.failure", row.get(1)?)?)))?;
        let failed = failed.into_iter().filter(|(_, kind)| kind.is_retried(ignores_saved_answers));
        let failed = failed.map(|(job, kind)| (job, kind.has_unusable_answer() && !ignores_saved_answers));
        let cut_off = self.cut_off_jobs(run)?.into_iter().filter(|(_, limit)| *limit < output_limit);
        let retried: Vec<(JobId, bool)> = failed.chain(cut_off.map(|(job, _)| (job, false))).collect();
        let mut image = self.0.0.prepare_cached("UPDATE images SET failed_job = NULL WHERE failed_job = ?1")?;
        let mut job = self.0.0.prepare_cached(
            "UPDATE jobs SET state = 'waiting', failure = NULL, failure_detail = NULL, reused_attempt = NULL, reading = NULL,
                 took_millis = CASE WHEN ?2 THEN took_millis END,
                 alone_millis = CASE WHEN ?2 THEN alone_millis END, finished_after_millis = NULL,
                 counted_after = (SELECT coalesce(max(id), 0) FROM attempts WHERE job_id = jobs.id)
             WHERE id = ?1",
        )?;
        // The newest one, restored to its state before it was first parsed.
        let mut unusable = self.0.0.prepare_cached(
            "UPDATE attempts SET state = 'received', error = NULL WHERE id = (
                 SELECT max(id) FROM attempts WHERE job_id = ?1 AND state = 'failed' AND raw_answer IS NOT NULL)",
        )?;
        let mut shorter =
            self.0.0.prepare_cached("UPDATE attempts SET state = 'received' WHERE job_id = ?1 AND state = 'parsed'")?;
        for &(JobId(id), is_read_again) in &retried {
            if is_read_again {
                // A reused answer belongs to an earlier run, and is found there again.
                unusable.execute([id])?;
            }
            shorter.execute([id])?;
            image.execute([id])?;
            job.execute(params![id, is_read_again])?;
        }
        Ok(u32::try_from(retried.len()).unwrap_or(u32::MAX))
    }
}
