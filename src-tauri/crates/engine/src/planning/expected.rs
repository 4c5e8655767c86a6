//! What earlier images with the same model say of a plan's images: the tokens of prompts and answers, and how many requests
//! an image takes.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::cell::OnceCell;

use domain::estimate::{EarlierCost, Estimator, OtherRecipe, Prior, SizeClass, SizeMix, Z};
use domain::geometry::ImageRegion;
use domain::model::Model;
use domain::plan::AnswerBasis;
use domain::recipe::Recipe;
use domain::run_state::RunMode;
use domain::usage::Usage;
use store::{AnswersToRecipe, AskedImage, Store};

use crate::Result;
use crate::backend::{PricePercents, RequestCosts};
use crate::provided::ProvidedModel;

/// Assumed annotations per image if no earlier run of the recipe exists.
const ASSUMED_ANNOTATIONS: u32 = 8;
/// With this many earlier images, those of other recipes no longer matter.
const TELLING_IMAGES: usize = 200;

/// The terms of the requests.
#[derive(Clone, Copy)]
pub struct Conditions {
    pub mode: RunMode,
    pub percents: PricePercents,
    /// The user's output maximum.
    pub max_tokens: Option<u32>,
    /// Maximum retries of a request.
    pub retries: u32,
}

/// The earlier answers of a model. They are read once, as several estimates of one plan need them.
pub(super) struct EarlierAnswers<'a> {
    store: &'a Store,
    model: &'a Model,
    pub(super) recipe: &'a Recipe,
    live: OnceCell<Vec<AskedImage>>,
    in_batches: OnceCell<Vec<AskedImage>>,
    to_other_recipes: OnceCell<Vec<AnswersToRecipe>>,
}

/// What earlier images say.
pub(super) struct Expected {
    /// Output tokens that are assumed for an answer with annotations, and for one without any.
    assumed: f64,
    assumed_empty: f64,
    /// Whether what is found is checked by a second request.
    checks: bool,
    /// Images with the same recipe; empty if there are none.
    earlier: Vec<EarlierImage>,
    /// Images of the same model with other recipes.
    other_recipes: Vec<OtherRecipe>,
    /// The mean text of a request; `None` if it was not measured.
    pub(super) prompt: Option<TextTokens>,
    pub(super) basis: AnswerBasis,
}

/// What one earlier image would take under the conditions of the plan.
struct EarlierImage {
    class: SizeClass,
    /// The share of its parts that were checked by a second request.
    checks: f64,
    /// How often each of its parts was asked about again otherwise.
    repeats: f64,
    /// Of all of them, in tokens.
    output: f64,
    /// The text of each; `None` if none was answered.
    prompt: Option<TextTokens>,
}

/// The tokens of a prompt without the picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct TextTokens {
    pub(super) input: f64,
    pub(super) cache_write_5m: f64,
    pub(super) cache_write_1h: f64,
    pub(super) cache_read: f64,
}

/// What the images of a plan have in common.
#[derive(Clone, Copy)]
pub(super) struct PlannedImages {
    /// What all first requests for an image cost without their answers, on average.
    pub(super) input_of_image: f64,
    /// Its tiles, on average.
    pub(super) tiles: f64,
    pub(super) mix: SizeMix,
}

/// The expected output of an image, and the requests that it takes.
pub(super) struct ExpectedOutput {
    pub(super) estimator: Estimator,
    /// How often each part is asked about.
    pub(super) requests: f64,
    /// How many fewer and more of these requests are likely, as second requests follow some answers only.
    pub(super) requests_below: f64,
    pub(super) requests_above: f64,
    /// Of all of them, in tokens.
    pub(super) tokens: f64,
}

impl TextTokens {
    /// Per answer, of `usage` in which pictures have `picture_tokens`.
    #[expect(clippy::cast_precision_loss, reason = "tokens of a thousand images, far below 2^52")]
    fn of(usage: Usage, picture_tokens: u64, answers: u32) -> Self {
        let per_answer = |tokens: u64| tokens as f64 / f64::from(answers);
        Self {
            input: per_answer(usage.input_tokens.saturating_sub(picture_tokens)),
            cache_write_5m: per_answer(usage.cache_write_5m_tokens),
            cache_write_1h: per_answer(usage.cache_write_1h_tokens),
            cache_read: per_answer(usage.cache_read_tokens),
        }
    }

    pub(super) fn sum(&self) -> f64 {
        self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read
    }

    fn uncached(&self) -> Self {
        Self { input: self.sum(), ..Self::default() }
    }
}

impl<'a> EarlierAnswers<'a> {
    /// Those of `model` at its destination to `recipe`, and to others.
    pub(super) fn new(store: &'a Store, model: &'a Model, recipe: &'a Recipe) -> Self {
        let (live, in_batches) = (OnceCell::new(), OnceCell::new());
        Self { store, model, recipe, live, in_batches, to_other_recipes: OnceCell::new() }
    }

    fn asked_images(&self, in_batches: bool) -> Result<&[AskedImage]> {
        let cell = if in_batches { &self.in_batches } else { &self.live };
        if let Some(known) = cell.get() {
            return Ok(known);
        }
        let read = self.store.read_blocking(|view| view.asked_images(self.model, self.recipe, in_batches))?;
        Ok(cell.get_or_init(|| read))
    }

    fn to_other_recipes(&self) -> Result<&[AnswersToRecipe]> {
        if let Some(known) = self.to_other_recipes.get() {
            return Ok(known);
        }
        let read = self.store.read_blocking(|view| view.answers_to_other_recipes(self.model, self.recipe))?;
        Ok(self.to_other_recipes.get_or_init(|| read))
    }

    /// From the images that were sent in this mode, otherwise in the other one.
    pub(super) fn expected(
        &self,
        known: &ProvidedModel,
        costs: &RequestCosts,
        conditions: Conditions,
    ) -> Result<Expected> {
        let is_batch = conditions.mode == RunMode::Batch;
        let mut expected = Expected::assumed(costs);
        for was_batch in [is_batch, !is_batch] {
            let earlier = self.asked_images(was_batch)?;
            if let Some(learned) = Expected::learned(earlier, costs, conditions.mode) {
                // Batches and single requests have separate caches.
                expected = if was_batch == is_batch { learned } else { learned.uncached() };
                break;
            }
        }
        if expected.earlier.len() < TELLING_IMAGES {
            expected.other_recipes = self.other_recipes(known, conditions)?;
        }
        if let (AnswerBasis::Assumed { .. }, false) = (expected.basis, expected.other_recipes.is_empty()) {
            let images = expected.other_recipes.iter().map(|other| other.images).sum();
            expected.basis = AnswerBasis::OtherRecipes { images };
        }
        Ok(expected)
    }

    /// How long answers to other recipes were, compared with what was assumed for them.
    #[expect(clippy::cast_precision_loss, reason = "tokens of an answer")]
    fn other_recipes(&self, known: &ProvidedModel, conditions: Conditions) -> Result<Vec<OtherRecipe>> {
        let ratios = self.to_other_recipes()?.iter().filter_map(|other| {
            let prepared = known.prepare(&other.recipe, &[], conditions.mode, conditions.max_tokens).ok()?;
            let empty_answers = (f64::from(other.answers) / f64::from(other.images) - 1.0).max(0.0);
            let assumed = assumed_for_image(
                prepared.likely_answer_tokens(ASSUMED_ANNOTATIONS.into()) as f64,
                prepared.likely_answer_tokens(0) as f64,
                if other.recipe.tiles.is_some() { empty_answers } else { 0.0 },
                other.recipe.check,
            );
            let ratio = other.output_tokens as f64 / f64::from(other.images) / assumed;
            (assumed > 0.0).then_some(OtherRecipe { ratio, images: other.images })
        });
        Ok(ratios.collect())
    }
}

impl Expected {
    /// If nothing is known of the recipe.
    #[expect(clippy::cast_precision_loss, reason = "answers have thousands of tokens")]
    pub(super) fn assumed(costs: &RequestCosts) -> Self {
        let assumed = costs.usual().likely_answer_tokens(ASSUMED_ANNOTATIONS.into());
        Self {
            assumed: assumed.clamp(1, costs.longest_answer().max(1)) as f64,
            assumed_empty: costs.usual().likely_answer_tokens(0) as f64,
            checks: costs.checks(),
            earlier: Vec::new(),
            other_recipes: Vec::new(),
            prompt: None,
            basis: AnswerBasis::Assumed { annotations: ASSUMED_ANNOTATIONS },
        }
    }

    /// What `earlier` images took; `None` if none of them was answered.
    #[expect(clippy::cast_precision_loss, reason = "tokens of a thousand images, far below 2^52")]
    pub(super) fn learned(earlier: &[AskedImage], costs: &RequestCosts, mode: RunMode) -> Option<Self> {
        let model = costs.usual().model();
        let picture_tokens = |image: &AskedImage| {
            let parts = costs.parts(image.size).regions;
            // Of earlier versions of a model there may be other parts.
            let region = |part: &u32| parts.get(*part as usize).or(parts.last());
            let sent = |region: &ImageRegion| model.sent_size_within(region.size, image.longest_edge);
            let regions = image.parts.iter().filter_map(region);
            regions.map(|region| model.image_rule.tokens(sent(region))).sum::<u64>()
        };
        let images = u32::try_from(earlier.len()).ok()?;
        let (mut answers, mut lost, mut checks, mut pictures, mut usage) = (0, 0, 0, 0, Usage::default());
        for image in earlier {
            answers += answer_count(image);
            lost += image.lost;
            checks += image.checks;
            pictures += picture_tokens(image);
            usage += image.usage;
        }
        if answers == 0 {
            return None;
        }
        let answer = usage.output_tokens as f64 / f64::from(answers);
        let image_of = |image: &AskedImage| {
            let (answers, lost) = (f64::from(answer_count(image)), f64::from(image.lost));
            let of_image = if answers > 0.0 { image.usage.output_tokens as f64 / answers } else { answer };
            let parts = costs.parts(image.size).regions.len() as f64;
            let checks = if costs.checks() { (f64::from(image.checks) / parts).min(1.0) } else { 0.0 };
            let (repeats, answers, output) = match mode {
                // Lost requests may have been billed like answers. Parts that were answered in earlier runs were not asked
                // about again.
                RunMode::Live if costs.takes_several_answers() => {
                    let repeats = (answers + lost) / parts - 1.0 - checks;
                    (repeats.max(0.0), answers + lost, of_image * answers + answer * lost)
                }
                RunMode::Live if costs.has_longer() => {
                    (answers + lost - 1.0, answers + lost, of_image * answers + answer * lost)
                }
                RunMode::Live => (lost, 1.0 + lost, of_image * (1.0 + lost)),
                RunMode::Batch => (0.0, 1.0, of_image),
            };
            EarlierImage {
                class: SizeClass::of(model.sent_size_within(image.size, image.longest_edge)),
                checks,
                repeats,
                // The output maximum may be another one now.
                output: output.min(answers * costs.longest_answer() as f64),
                prompt: (!image.parts.is_empty())
                    .then(|| TextTokens::of(image.usage, picture_tokens(image), answer_count(image))),
            }
        };
        Some(Self {
            earlier: earlier.iter().map(image_of).collect(),
            prompt: Some(TextTokens::of(usage, pictures, answers)),
            basis: AnswerBasis::EarlierAnswers { images, requests: answers + lost, checks },
            ..Self::assumed(costs)
        })
    }

    fn uncached(self) -> Self {
        let uncached = |prompt: Option<TextTokens>| prompt.map(|prompt| prompt.uncached());
        let earlier = self.earlier.into_iter();
        Self {
            earlier: earlier.map(|image| EarlierImage { prompt: uncached(image.prompt), ..image }).collect(),
            prompt: uncached(self.prompt),
            ..self
        }
    }

    /// Whether earlier images with the same recipe are known.
    pub(super) fn is_learned(&self) -> bool {
        !self.earlier.is_empty()
    }

    /// The number of earlier images, at least 1.
    #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
    pub(super) fn earlier_images(&self) -> f64 {
        self.earlier.len().max(1) as f64
    }

    /// The standard deviation of the cost of a prompt between images.
    pub(super) fn prompt_spread(&self, cost_of: impl Fn(&TextTokens) -> f64) -> f64 {
        let costs: Vec<f64> = self.earlier.iter().filter_map(|image| image.prompt.as_ref().map(&cost_of)).collect();
        let mean = mean(costs.iter().copied());
        mean_of_squares(costs.iter().map(|cost| cost - mean)).sqrt()
    }

    /// The output of an image of a plan whose output tokens cost `each`. What an image costs beyond the prompts of its first
    /// and second requests is one figure, so that cut-off answers and the longer requests after them count as what they are.
    /// How often an answer is checked is as measured: the pictures of these requests are known exactly.
    pub(super) fn output(&self, each: f64, planned: PlannedImages) -> ExpectedOutput {
        let PlannedImages { input_of_image, tiles, mix } = planned;
        let assumed_tokens = assumed_for_image(self.assumed, self.assumed_empty, tiles, self.checks);
        let assumed_cost = assumed_tokens * each;
        let prior = Prior::assumed(assumed_cost).with_other_recipes(&self.other_recipes);
        let cost = |image: &EarlierImage| image.output * each + image.repeats * input_of_image;
        let costs: Vec<EarlierCost> =
            self.earlier.iter().map(|image| EarlierCost { class: image.class, cost: cost(image) }).collect();
        let estimator = Estimator::new(prior, &costs, mix);
        let measured = mean(costs.iter().map(|image| image.cost));
        let of_earlier = |of: fn(&EarlierImage) -> f64| mean(self.earlier.iter().map(of));
        let (cost, repeats, tokens) = if measured > 0.0 {
            (measured, of_earlier(|image| image.repeats), of_earlier(|image| image.output))
        } else {
            (assumed_cost, 0.0, assumed_tokens)
        };
        // Both parts of the mean are shrunk alike.
        let share = estimator.mean() / cost;
        let checks = match (self.checks, self.is_learned()) {
            (false, _) => 0.0,
            (true, false) => 1.0,
            (true, true) => of_earlier(|image| image.checks),
        };
        let spread = if self.checks { self.check_spread(checks, mix.iter().sum()) } else { 0.0 };
        ExpectedOutput {
            estimator,
            requests: 1.0 + checks + share * repeats,
            requests_below: spread.min(checks),
            requests_above: spread.min(1.0 - checks),
            tokens: share * tokens,
        }
    }

    /// The likely deviation of the share of checked answers in a plan with so many images, by the rule of succession.
    #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
    fn check_spread(&self, measured: f64, images: u32) -> f64 {
        let earlier = self.earlier.len() as f64;
        let share = (measured * earlier + 1.0) / (earlier + 2.0);
        let of_images = (earlier + 1.0).recip() + f64::from(images.max(1)).recip();
        Z * (share * (1.0 - share) * of_images).sqrt()
    }
}

/// The output tokens that are assumed for an image with this many tiles: each object is found in the whole image and in a
/// tile, and other tiles are empty.
fn assumed_for_image(answer: f64, empty_answer: f64, tiles: f64, is_checked: bool) -> f64 {
    let found = if tiles > 0.0 { 2.0 * answer + (tiles - 1.0).max(0.0) * empty_answer } else { answer };
    if is_checked { 2.0 * found } else { found }
}

/// The number of answers with reported usage.
fn answer_count(image: &AskedImage) -> u32 {
    u32::try_from(image.parts.len()).unwrap_or(u32::MAX)
}

/// The mean; 0 of nothing.
fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}

fn mean_of_squares(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    mean(values.map(|value| value * value))
}
