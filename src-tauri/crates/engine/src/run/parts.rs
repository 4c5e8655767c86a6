//! The parts of an image: the whole image first, then its tiles, each answered and, if the recipe says so, checked by a
//! second request with the same picture. Parts are checked one by one, because small objects can be seen only in the
//! picture of their tile; where nothing was found, nothing is checked. The image is done when every part is answered: what
//! was found is merged and settled at once. If a part fails, the image fails, and the answers of its other parts are kept
//! for the next time. If a check fails, what was found stays, and is marked as unchecked.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::answer::{PartPass, Reading};
use domain::geometry::{ImageRegion, PixelSize};
use domain::ids::{AttemptId, ImageId};
use domain::merging::{FoundInPart, merged};
use domain::recipe::ImageParts;
use domain::run_state::FailureKind;
use prepare::Pixels;
use providers::request::{Picture, Request};
use store::{JobFailure, JobOutcome, WaitingJob};

use super::ask::Ask;
use super::context::RunContext;
use super::job_state::{AskResult, JobState};
use super::outcome::{Kept, is_cut_off};
use crate::Result;
use crate::backend::AnswerLength;
use crate::clock::now_millis;

/// The most tiles that are cut out of one decoded original ahead of their requests, which bounds memory.
const TILES_AHEAD: usize = 8;

/// The answers about the parts of an image, so far.
#[derive(Default)]
struct Answers {
    attempts: Vec<AttemptId>,
    parts: Vec<FoundInPart>,
    reading: Reading,
}

impl RunContext {
    /// Asks about every part of an image, until all are answered or one fails.
    pub(super) async fn ask_parts(self: &Arc<Self>, job: &mut WaitingJob, state: &mut JobState) -> Result<AskResult> {
        let parts = Arc::new(self.backend.parts(job.size));
        let mut answers = Answers::default();
        for (part, &region) in (0..).zip(&parts.regions) {
            let pass = PartPass { part, is_check: false };
            let ask = Ask { pass, region, found: Arc::default(), parts: Arc::clone(&parts) };
            let (attempts, annotations, reading) = match self.ask_part(job, ask, state).await? {
                AskResult::Outcome(JobOutcome::Done { attempts, annotations, reading }) => {
                    (attempts, annotations, reading)
                }
                AskResult::Outcome(JobOutcome::Failed(failure)) => {
                    return Ok(AskResult::Outcome(JobOutcome::Failed(named(failure, part, &parts))));
                }
                other => return Ok(other),
            };
            state.pictures.remove(&part);
            answers.attempts.extend(attempts);
            answers.parts.push(FoundInPart { region, annotations });
            answers.reading.add(reading);
        }
        let Answers { attempts, parts, reading } = answers;
        let annotations = merged(&parts, ImageRegion::whole(job.size));
        Ok(AskResult::Outcome(JobOutcome::Done { attempts, annotations, reading }))
    }

    /// Asks about one part, and checks what was found.
    async fn ask_part(self: &Arc<Self>, job: &mut WaitingJob, ask: Ask, state: &mut JobState) -> Result<AskResult> {
        let checks = self.backend.checks();
        let mut checking = Ask { pass: PartPass { is_check: true, ..ask.pass }, ..ask.clone() };
        let kept = if checks { self.kept_answer(job, &ask).await? } else { Kept::None };
        let is_cut_short = match &kept {
            Kept::Final(outcome) => is_cut_off(outcome),
            Kept::None | Kept::CutOff(..) => false,
        };
        if checks
            && !matches!(kept, Kept::CutOff(..))
            && let Some(checked) = self.kept_answer(job, &checking).await?.into_outcome().filter(is_complete)
        {
            return Ok(AskResult::Outcome(checked_after(checked, is_cut_short)));
        }
        let first = self.answer(job, &ask, state).await?;
        let AskResult::Outcome(JobOutcome::Done { attempts, annotations, mut reading }) = first else {
            return Ok(first);
        };
        if !attempts.iter().all(|&attempt| job.answers.iter().any(|kept| kept.attempt == attempt)) {
            // A saved check is about an earlier answer.
            job.answers.retain(|kept| kept.pass != checking.pass);
        }
        if !checks || annotations.is_empty() {
            return Ok(AskResult::Outcome(JobOutcome::Done { attempts, annotations, reading }));
        }
        checking.found = Arc::new(annotations.clone());
        match self.answer(job, &checking, state).await? {
            AskResult::Outcome(checked) if is_complete(&checked) => {
                Ok(AskResult::Outcome(checked_after(checked, reading.is_cut_short)))
            }
            AskResult::Outcome(outcome) => {
                let (job, now, first) = (job.id, now_millis(), attempts.clone());
                let unchecked = self.store.write_derived(move |edit| {
                    if let JobOutcome::Failed(JobFailure { attempt: Some(attempt), detail, .. }) = &outcome {
                        edit.record_attempt_failed(job, *attempt, detail, now)?;
                    }
                    first.into_iter().try_for_each(|attempt| edit.record_unchecked(attempt))
                });
                unchecked.await?;
                reading.is_unchecked = true;
                Ok(AskResult::Outcome(JobOutcome::Done { attempts, annotations, reading }))
            }
            other => Ok(other),
        }
    }

    /// Decodes and encodes what is sent about a part. `pictures` holds those that are prepared, and gets those that are
    /// prepared on the way. Blocks.
    pub fn prepare_part(
        &self,
        (image, size): (ImageId, PixelSize),
        ask: &Ask,
        (edge, length): (u32, AnswerLength),
        pictures: &mut BTreeMap<u32, Picture>,
    ) -> std::result::Result<Request, JobFailure> {
        let picture = self.picture((image, size), ask, edge, pictures)?;
        // A second request about this part sends the same picture.
        if self.backend.checks() && !ask.pass.is_check {
            pictures.insert(ask.pass.part, picture.clone());
        }
        let recipe = ask.pass.recipe(&self.recipe);
        let request = self.backend.request(&picture, (ask.pass, ask.region), &recipe, &ask.found, length);
        request.map_err(|detail| unsent(FailureKind::Refused, detail))
    }

    /// The picture of a part, which is removed from `pictures` if it is there.
    fn picture(
        &self,
        (image, size): (ImageId, PixelSize),
        ask: &Ask,
        edge: u32,
        pictures: &mut BTreeMap<u32, Picture>,
    ) -> std::result::Result<Picture, JobFailure> {
        if let Some(picture) = pictures.remove(&ask.pass.part) {
            return Ok(picture);
        }
        if ask.pass.is_tile() {
            self.cut_tiles((image, size), ask, edge, pictures)?;
            let missing = || unsent(FailureKind::InternalError, "the picture is missing".to_owned());
            return pictures.remove(&ask.pass.part).ok_or_else(missing);
        }
        let decoded = self.originals.decode(image, Some(edge));
        let decoded = decoded.map_err(|unavailable| unsent(unavailable.kind, unavailable.detail))?;
        check_size(decoded.original, size)?;
        self.encoded(decoded.pixels)
    }

    /// Cuts out the tile that is asked about and the ones after it, or only this one if it has to be smaller than usual.
    fn cut_tiles(
        &self,
        (image, size): (ImageId, PixelSize),
        ask: &Ask,
        edge: u32,
        pictures: &mut BTreeMap<u32, Picture>,
    ) -> std::result::Result<(), JobFailure> {
        let is_smaller = edge < self.backend.sent_edge(ask.region.size);
        let count = if is_smaller { 1 } else { TILES_AHEAD };
        let tiles: Vec<(u32, ImageRegion)> = (0..).zip(ask.parts.regions.iter().copied()).collect();
        let tiles = tiles.into_iter().skip(ask.pass.part as usize).take(count);
        let tiles: Vec<_> = tiles.filter(|(part, _)| !pictures.contains_key(part)).collect();
        let regions: Vec<ImageRegion> = tiles.iter().map(|(_, region)| *region).collect();
        let mut parts = tiles.iter().map(|(part, _)| *part);
        let mut outcome = Ok(());
        let max_edge = |size: PixelSize| if is_smaller { edge } else { self.backend.sent_edge(size) };
        let decoded = self.originals.decode_regions((image, size), &regions, max_edge, |_, pixels: Pixels| {
            match (parts.next(), self.encoded(pixels)) {
                (Some(part), Ok(picture)) => drop(pictures.insert(part, picture)),
                (_, Err(failure)) => outcome = Err(failure),
                (None, Ok(_)) => {}
            }
        });
        let original = decoded.map_err(|unavailable| unsent(unavailable.kind, unavailable.detail))?;
        check_size(original, size)?;
        outcome
    }

    fn encoded(&self, pixels: Pixels) -> std::result::Result<Picture, JobFailure> {
        self.backend.encoded(pixels).map_err(|detail| unsent(FailureKind::Refused, detail))
    }
}

/// Whether an answer can replace an earlier one about the same part.
fn is_complete(outcome: &JobOutcome) -> bool {
    matches!(outcome, JobOutcome::Done { reading, .. } if !reading.is_cut_short)
}

/// The outcome of a check. What a cut-off answer left out, nothing says.
fn checked_after(mut checked: JobOutcome, is_first_cut_short: bool) -> JobOutcome {
    if let JobOutcome::Done { reading, .. } = &mut checked {
        reading.is_cut_short |= is_first_cut_short;
    }
    checked
}

fn check_size(decoded: PixelSize, imported: PixelSize) -> std::result::Result<(), JobFailure> {
    if decoded == imported {
        return Ok(());
    }
    let detail = format!("decodes to {decoded:?} but was imported as {imported:?}");
    Err(unsent(FailureKind::FileUnreadable, detail))
}

fn unsent(kind: FailureKind, detail: String) -> JobFailure {
    JobFailure { attempt: None, kind, detail }
}

/// The failure with the tile that it is about.
fn named(failure: JobFailure, part: u32, parts: &ImageParts) -> JobFailure {
    if part == 0 {
        return failure;
    }
    let detail = format!("tile {part} of {}: {}", parts.regions.len() - 1, failure.detail);
    JobFailure { detail, ..failure }
}
