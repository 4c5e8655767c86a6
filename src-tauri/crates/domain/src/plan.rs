//! Plans: a recipe on images by a model, with its quote before anything is sent.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::budget::BudgetForecast;
use crate::calendar::CalendarDate;
use crate::ids::{CollectionId, ImageId, RecipeId, RunId};
use crate::model::{Model, ModelId, Unavailable, UnsupportedCapability};
use crate::money::{CostRange, PicoDollars};
use crate::pace::EndpointLimit;
use crate::run_options::{Preset, RunOptions};
use crate::run_state::RunMode;

/// Which images a plan is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ImageSelection {
    All,
    Collection { id: CollectionId },
    Images { ids: Vec<ImageId> },
}

/// What to quote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PlanRequest {
    pub images: ImageSelection,
    pub recipe: RecipeId,
    /// Whether of images that look alike only one is asked about, and its annotations are offered to the others.
    pub propagates_to_similar: bool,
    /// Whether the cost is that of asking anew about every image, whatever was answered and paid for before.
    pub ignores_saved_answers: bool,
    pub options: RunOptions,
    /// So many images are asked about first, live, before a person decides about the others; `None`: no pilot.
    pub pilot: Option<u32>,
    /// What the run may cost at most; `None`: no limit.
    #[serde(rename = "budget_dollars")]
    pub budget: Option<PicoDollars>,
}

impl PlanRequest {
    /// Everything asked about that was not answered before.
    #[must_use]
    pub fn of(images: ImageSelection, recipe: RecipeId) -> Self {
        Self {
            images,
            recipe,
            propagates_to_similar: false,
            ignores_saved_answers: false,
            options: RunOptions::default(),
            pilot: None,
            budget: None,
        }
    }
}

/// What the expected length of answers rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum AnswerBasis {
    /// Nothing was measured yet: so many marks an image are assumed, and no thinking.
    Assumed { annotations: u32 },
    /// What so many images took that this model was asked about with this recipe: the mean of all their requests, with
    /// answers that were cut off and asked for again, and requests that may have been billed without an answer.
    EarlierAnswers { images: u32, requests: u32 },
}

/// What the vendor's prompt cache does for a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PromptCaching {
    /// Instructions and form of the answer, as estimated.
    pub instruction_tokens: u32,
    /// From how many on this model's vendor keeps them.
    pub least_tokens: u32,
    /// Whether they are kept: one request goes first, and the others read what it left.
    pub is_used: bool,
}

/// A size in which images are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SentSize {
    pub size: crate::geometry::PixelSize,
    pub count: u32,
    /// Of one image.
    pub image_tokens: u32,
}

/// What an expected cost is made of. Its three parts add up to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CostBasis {
    /// The most frequent first, at most five.
    pub sent: Vec<SentSize>,
    /// The longest side of any image sent, in pixels.
    pub longest_edge: u32,
    /// All images together, exact for one request an image.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub image_tokens: u64,
    #[serde(rename = "image_cost_dollars")]
    pub image_cost: PicoDollars,
    /// Whether the instructions are kept at the vendor's between requests, which makes them cheaper.
    pub caching: PromptCaching,
    /// Instructions, form of the answer and question, with every image; estimated from their length.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub text_tokens: u64,
    #[serde(rename = "text_cost_dollars")]
    pub text_cost: PicoDollars,
    /// All answers together.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub answer_tokens: u64,
    #[serde(rename = "answer_cost_dollars")]
    pub answer_cost: PicoDollars,
    pub answer_basis: AnswerBasis,
    /// The longest that an answer may get at first.
    pub answer_tokens_limit: u32,
    /// The longest that it may get when it is asked for again because it was cut off.
    pub longer_answer_tokens_limit: u32,
    /// How often a request may be made again; the high cost is that of every answer being cut off at its limit once, and
    /// every longer request and its retries being billed.
    pub retries: u32,
    /// The most that the dearest of the requests can cost: under a smaller budget it would never be sent.
    #[serde(rename = "dearest_request_dollars")]
    pub dearest_request: PicoDollars,
    #[serde(rename = "input_dollars_per_million")]
    pub input_per_million: PicoDollars,
    #[serde(rename = "output_dollars_per_million")]
    pub output_per_million: PicoDollars,
}

/// What a time estimate rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum TimeBasis {
    /// The pace of an earlier run of this model on this machine.
    EarlierRun { images: u32 },
    /// These images of the plan were tried just now, and their answers thrown away.
    Trial { images: u32 },
}

/// How long a run will take.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TimeEstimate {
    /// The whole run.
    pub total_millis: u32,
    /// One image, from start to stored answer.
    pub image_millis: u32,
    /// How many are worked on at once.
    pub concurrency: u32,
    pub basis: TimeBasis,
    /// The limit that makes it take longer than the images would take without; `None` where none does.
    pub held_by: Option<EndpointLimit>,
}

/// A preset as it is offered for a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PresetQuote {
    pub preset: Preset,
    pub options: RunOptions,
    /// Whether it was meant for so many images.
    pub is_fitting: bool,
    /// The whole run; `None`: nothing was measured yet.
    pub total_millis: Option<u32>,
}

/// One row of the table of models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ModelQuote {
    pub model: Model,
    /// Of the images that have to be asked about. `None`: nobody has told the price.
    #[serde(rename = "cost_dollars")]
    pub cost: Option<CostRange>,
    /// Images that this model has answered to the same recipe before: unless they are asked about anew, their answers are
    /// used again, for nothing.
    pub answered_before: u32,
    /// What the same costs in batches, which may take the vendor a day; `None` where that is not offered.
    #[serde(rename = "batch_dollars")]
    pub batch: Option<CostRange>,
    /// What the budget of the plan does to a live run; `None` without a budget, or where nothing is sent.
    pub budget: Option<BudgetForecast>,
    /// The same of a batch run.
    pub batch_budget: Option<BudgetForecast>,
    /// `None` where nothing is sent, or nothing is known.
    pub cost_basis: Option<CostBasis>,
    /// `None`: nothing was measured yet.
    pub time: Option<TimeEstimate>,
    /// Empty where nothing is sent.
    pub presets: Vec<PresetQuote>,
    pub unsupported_capabilities: Vec<UnsupportedCapability>,
    pub unavailable: Option<Unavailable>,
    /// Whether there is neither a reason nor a blocking unsupported capability.
    pub can_run: bool,
}

/// What annotating these images will cost and take, for every model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Quote {
    pub image_count: u32,
    pub similar: SimilarSaving,
    /// How many distinct upright sizes there are, the most frequent first, at most five.
    pub sizes: Vec<SizeCount>,
    pub models: Vec<ModelQuote>,
    /// The model to choose when nobody has chosen one.
    pub suggested_model: ModelId,
    /// The day of which the prices are.
    pub prices_as_of: CalendarDate,
    /// The words that go along with every image to a model elsewhere; empty when the recipe asks for nothing that such
    /// a model does.
    pub words_sent: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SizeCount {
    pub size: crate::geometry::PixelSize,
    pub count: u32,
}

/// What sending one image of each group of similar ones spares: so many requests, and their cost and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SimilarSaving {
    /// Groups of which one image is sent.
    pub groups: u32,
    /// Images that are not sent and are offered the annotations of the one that is.
    pub followers: u32,
}

/// A plan to carry out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunRequest {
    pub images: ImageSelection,
    pub recipe: RecipeId,
    pub model: ModelId,
    pub options: RunOptions,
    pub mode: RunMode,
    /// Whether of images that look alike only one is asked about, and its annotations are offered to the others.
    pub propagates_to_similar: bool,
    /// Whether every image is asked about anew, whatever was answered and paid for before.
    pub ignores_saved_answers: bool,
    /// So many images first, live; then the run stops until it is resumed. `None`: no pilot.
    pub pilot: Option<u32>,
    /// What the run may cost at most, over all its sessions; `None`: no limit.
    #[serde(rename = "budget_dollars")]
    pub budget: Option<PicoDollars>,
    /// The collection that the images were chosen from; `None`: all together. Exports name the files below it.
    #[serde(default)]
    pub collection: Option<CollectionId>,
    /// The files and folders that were named instead.
    #[serde(skip)]
    pub paths: Vec<PathBuf>,
}

impl RunRequest {
    /// A run at once, as the settings say, without a limit to its cost.
    #[must_use]
    pub fn of(images: ImageSelection, recipe: RecipeId, model: ModelId) -> Self {
        Self {
            images,
            recipe,
            model,
            options: RunOptions::default(),
            pilot: None,
            budget: None,
            mode: RunMode::Live,
            propagates_to_similar: false,
            ignores_saved_answers: false,
            collection: None,
            paths: Vec::new(),
        }
    }
}

/// A run to go on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ResumeRequest {
    pub run: RunId,
    /// What the run may cost at most from now on, with what it has cost already; `None` leaves it as it is.
    #[serde(rename = "budget_dollars")]
    pub budget: Option<PicoDollars>,
    /// Whether images may be asked about again whose request was under way when a process died: the vendor may have
    /// billed it.
    pub accepts_repeats: bool,
    /// Whether the failed images for which that makes sense are tried again.
    pub retries_failed: bool,
    /// Whether batches that the server does not know are given up: their requests count as possibly billed, and are made
    /// again. Needs `accepts_repeats`.
    pub gives_up_batches: bool,
}

impl ResumeRequest {
    /// To go on with what waits, and nothing else.
    #[must_use]
    pub fn of(run: RunId) -> Self {
        Self { run, budget: None, accepts_repeats: false, retries_failed: false, gives_up_batches: false }
    }
}
