//! One image of a run, from original to marks. Each step is on disk before the next begins, so that a process may die
//! anywhere between them.

use std::sync::Arc;
use std::time::Instant;

use domain::answer::Answer;
use domain::geometry::PixelSize;
use domain::ids::{AttemptId, ImageId, RunId};
use domain::recipe::Recipe;
use domain::run::FailureKind;
use prepare::Pixels;
use store::{JobFailure, JobOutcome, WaitingJob};

use crate::clock::now_millis;
use crate::library::Library;
use crate::route::Route;
use crate::{EngineError, Result};

/// What every job of a run shares.
pub struct Work {
    pub library: Arc<Library>,
    pub run: RunId,
    pub route: Route,
    pub recipe: Arc<Recipe>,
}

/// A job that has been settled.
pub struct Finished {
    pub image: ImageId,
    pub name: String,
    pub took_millis: f64,
    /// The number of marks, or why there are none.
    pub outcome: std::result::Result<u32, (FailureKind, String)>,
}

impl Work {
    /// Does one job and settles it. An error means that the library cannot be written: the run cannot go on.
    pub async fn execute(self: Arc<Self>, job: WaitingJob) -> Result<Finished> {
        let began = Instant::now();
        let outcome = match &job.answer {
            Some((attempt, raw_answer)) => self.parse(*attempt, raw_answer, job.size),
            None => self.ask(&job).await?,
        };
        let took_millis = began.elapsed().as_secs_f64() * 1000.0;
        let finished = Finished {
            image: job.image,
            name: job.name.clone(),
            took_millis,
            outcome: match &outcome {
                JobOutcome::Done { annotations, .. } => Ok(u32::try_from(annotations.len()).unwrap_or(u32::MAX)),
                JobOutcome::Failed(failure) => Err((failure.kind, failure.detail.clone())),
            },
        };
        let (run, recipe, now) = (self.run, Arc::clone(&self.recipe), now_millis());
        self.library.store.write(move |edit| edit.settle_job(run, &job, &recipe, &outcome, took_millis, now)).await?;
        Ok(finished)
    }

    /// Prepares the image, sends it, keeps the answer as it came, then reads it.
    async fn ask(self: &Arc<Self>, job: &WaitingJob) -> Result<JobOutcome> {
        let work = Arc::clone(self);
        let (image, size) = (job.image, job.size);
        let pixels = match on_image_pool(move || work.prepare(image, size)).await? {
            Ok(pixels) => pixels,
            Err(failure) => return Ok(JobOutcome::Failed(failure)),
        };

        let (id, sent_at) = (job.id, now_millis());
        let attempt = self.library.store.write(move |edit| edit.note_sent(id, sent_at)).await?;
        let route = self.route.clone();
        let answered = on_image_pool(move || {
            let answer = route.answer(&pixels).map_err(|error| error.to_string())?;
            answer.to_raw().map_err(|error| error.to_string())
        })
        .await?;
        match answered {
            Ok(raw_answer) => {
                let (kept, received_at) = (raw_answer.clone(), now_millis());
                self.library.store.write(move |edit| edit.note_received(attempt, &kept, received_at)).await?;
                Ok(self.parse(attempt, &raw_answer, job.size))
            }
            Err(detail) => Ok(failed(Some(attempt), FailureKind::ModelFailed, detail)),
        }
    }

    fn prepare(&self, image: ImageId, size: PixelSize) -> std::result::Result<Pixels, JobFailure> {
        let decoded = self
            .library
            .decode_original(image, Some(self.route.sent_edge()))
            .map_err(|unavailable| JobFailure { attempt: None, kind: unavailable.kind, detail: unavailable.detail })?;
        if decoded.original == size {
            Ok(decoded.pixels)
        } else {
            let detail = format!("decodes to {:?} but was imported as {size:?}", decoded.original);
            Err(JobFailure { attempt: None, kind: FailureKind::FileUnreadable, detail })
        }
    }

    fn parse(&self, attempt: AttemptId, raw_answer: &str, size: PixelSize) -> JobOutcome {
        match Answer::from_raw(raw_answer) {
            Ok(answer) => JobOutcome::Done { attempt, annotations: answer.annotations(&self.recipe, size) },
            Err(error) => failed(Some(attempt), FailureKind::AnswerUnreadable, error.to_string()),
        }
    }
}

fn failed(attempt: Option<AttemptId>, kind: FailureKind, detail: String) -> JobOutcome {
    JobOutcome::Failed(JobFailure { attempt, kind, detail })
}

/// Decoding and inference block; a panic in them fails the task, not the process.
async fn on_image_pool<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| EngineError::TaskLost)
}
