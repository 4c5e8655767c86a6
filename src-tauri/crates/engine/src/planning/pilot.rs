//! The pilot of a plan: which images it has, what it will cost, and what it tells about the others once it is done.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use domain::ids::ImageId;
use domain::money::CostRange;
use domain::pilot::{PilotOutcome, PilotVerdict, diverse};
use domain::plan::{PilotQuote, SizeCount};
use domain::run::RunSummary;
use domain::run_state::RunMode;

use super::cost::AskedImages;
use super::expected::EarlierAnswers;
use super::parts::rest;
use super::{Conditions, Planning};
use crate::Result;
use crate::backend::Backends;
use crate::provided::ProvidedModel;

impl Planning {
    /// The pilot of a plan with `count` images: those of `asked` that differ most; empty if it would be all of them.
    pub(super) fn pilot_of(&self, asked: &[ImageId], count: Option<u32>) -> Result<Vec<ImageId>> {
        if count.is_none() {
            return Ok(Vec::new());
        }
        Ok(diverse(&self.store.read_blocking(|view| view.image_traits(asked))?, count))
    }

    /// The cost of the images of a pilot; `None` if there are none, or without a known price.
    pub(super) fn pilot_quote(
        &self,
        earlier: &EarlierAnswers<'_>,
        known: &ProvidedModel,
        pilot: Vec<SizeCount>,
        conditions: Conditions,
    ) -> Result<Option<PilotQuote>> {
        let images = pilot.iter().map(|size| size.count).sum();
        if images == 0 {
            return Ok(None);
        }
        let alone = AskedImages { others: pilot, ..AskedImages::default() };
        let live = Conditions { mode: RunMode::Live, ..conditions };
        let cost = self.cost(earlier, known, &alone, live)?;
        Ok(cost.map(|cost| PilotQuote { images, cost: cost.range }))
    }

    /// What the pilot of `run` cost, and what its other images will, estimated with the answers of the pilot. Blocks.
    pub fn pilot_outcome(&self, run: &RunSummary) -> Result<PilotOutcome> {
        let (expected, all, waiting) = self.store.read_blocking(|view| {
            Ok((view.pilot_expected(run.id)?, view.images_of_run(run.id)?, view.waiting_images(run.id)?))
        })?;
        Ok(PilotOutcome {
            images: rest(&all, &waiting),
            expected,
            cost: run.paid + run.possibly_billed.at_most,
            verdict: PilotVerdict::of(run, expected),
            left: run.waiting,
            mode: run.mode,
            rest: self.cost_of_waiting(run)?,
        })
    }

    /// The cost of the images of `run` that wait; `None` if the model is no longer there, or without a known price.
    fn cost_of_waiting(&self, run: &RunSummary) -> Result<Option<CostRange>> {
        let id = run.id;
        let (recipe, options, waiting, followers, ignores_saved_answers) = self.store.read_blocking(|view| {
            Ok((
                view.recipe_of_run(id)?,
                view.options_of_run(id)?,
                view.waiting_images(id)?,
                view.waiting_followers(id)?,
                view.ignores_saved_answers(id)?,
            ))
        })?;
        let connections = self.connections.current()?;
        let Ok(model) = Backends::model(&connections, &run.model) else { return Ok(None) };
        let offer = self.offer(&model, &connections, &recipe, options)?;
        let question = offer.question.as_ref().filter(|_| !ignores_saved_answers);
        let asked = self.asked(question, &rest(&waiting, &followers), &followers, None)?;
        let earlier = self.earlier_answers(&model, &recipe);
        let cost = self.cost(&earlier, &offer.known, &asked, offer.conditions(run.mode))?;
        Ok(cost.map(|cost| cost.range))
    }
}
