//! Plans: a recipe, images and a model, with a quote.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::budget::BudgetForecast;
use crate::calendar::CalendarDate;
use crate::ids::{CollectionId, ImageId, RecipeId, RunId};
use crate::model::{Model, ModelId, Unavailable, UnsupportedCapability};
use crate::money::{CostRange, PicoDollars};
use crate::pace::EndpointLimit;
use crate::prices::PriceSource;
use crate::run_options::{Preset, RunOptions};
use crate::run_state::RunMode;

/// The images of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ImageSelection {
    All,
    Collection { id: CollectionId },
    Images { ids: Vec<ImageId> },
}

/// A quote request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PlanRequest {
    pub images: ImageSelection,
    pub recipe: RecipeId,
    /// Whether only one of each group of near-duplicates is sent, and its annotations are propagated to the others.
    pub propagates_to_similar: bool,
    /// Whether saved answers are ignored, so that every image is paid for again.
    pub ignores_saved_answers: bool,
    pub options: RunOptions,
    /// The number of images to annotate first, live, before the user decides about the others; `None` without a pilot.
    pub pilot: Option<u32>,
    /// The budget, if any.
    #[serde(rename = "budget_dollars")]
    pub budget: Option<PicoDollars>,
}

impl PlanRequest {
    /// All images without saved answers.
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

/// The basis of the expected answer length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum AnswerBasis {
    /// Not measured yet: this many annotations per image are assumed, and no thinking.
    Assumed { annotations: u32 },
    /// Not measured with this recipe: the answers for this many images with other recipes tell how long the model's are,
    /// compared with what is assumed.
    OtherRecipes { images: u32 },
    /// The mean over all requests for earlier images with this model and recipe, including cut-off answers, their
    /// retries, and unanswered requests that may have been billed; drawn towards what was assumed if they are few. `checks`
    /// of the requests checked an earlier answer.
    EarlierAnswers { images: u32, requests: u32, checks: u32 },
}

/// Prompt caching of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PromptCaching {
    /// Estimated tokens of instructions and answer format.
    pub instruction_tokens: u32,
    /// The vendor's minimum for caching with this model.
    pub least_tokens: u32,
    /// Whether caching is used: one request goes first, and the others read its cache.
    pub is_used: bool,
}

/// A size of sent images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SentSize {
    pub size: crate::geometry::PixelSize,
    pub count: u32,
    /// Per image.
    pub image_tokens: u32,
}

/// Breakdown of an expected cost; its three parts add up to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CostBasis {
    /// Most frequent first, at most five.
    pub sent: Vec<SentSize>,
    /// Longest side of any sent image, in pixels.
    pub longest_edge: u32,
    /// All pictures of the expected requests together. Exact for each request if `are_image_tokens_exact`.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub image_tokens: u64,
    /// Whether the vendor publishes how the model counts the tokens of an image. Otherwise they are assumed, and a run may
    /// cost more than the bound and its budget.
    pub are_image_tokens_exact: bool,
    #[serde(rename = "image_cost_dollars")]
    pub image_cost: PicoDollars,
    /// Prompt caching, which makes the instructions cheaper.
    pub caching: PromptCaching,
    /// Instructions, answer format and question of every request; estimated from their length.
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
    /// The initial output maximum.
    pub answer_tokens_limit: u32,
    /// The output maximum after a cut-off answer.
    pub longer_answer_tokens_limit: u32,
    /// Maximum retries; the bound assumes that every answer is cut off once, and that every longer request and its
    /// retries are billed.
    pub retries: u32,
    /// Maximum cost of the most expensive request: with a smaller budget it would never be sent.
    #[serde(rename = "dearest_request_dollars")]
    pub dearest_request: PicoDollars,
    #[serde(rename = "input_dollars_per_million")]
    pub input_per_million: PicoDollars,
    #[serde(rename = "output_dollars_per_million")]
    pub output_per_million: PicoDollars,
}

/// The basis of a time estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum TimeBasis {
    /// The speed of an earlier run of this model on this machine.
    EarlierRun { images: u32 },
    /// A trial with this many images of the plan, whose answers were discarded.
    Trial { images: u32 },
}

/// Estimated duration of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TimeEstimate {
    /// The whole run.
    pub total_millis: u32,
    /// One image, from start to stored answer.
    pub image_millis: u32,
    /// Concurrency.
    pub concurrency: u32,
    pub basis: TimeBasis,
    /// The limit that slows it down, if any.
    pub held_by: Option<EndpointLimit>,
}

/// A preset with its estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PresetQuote {
    pub preset: Preset,
    pub options: RunOptions,
    /// Whether it is meant for this number of images.
    pub is_fitting: bool,
    /// The whole run; `None` if not measured yet.
    pub total_millis: Option<u32>,
}

/// The cost of the pilot of a plan, which is sent live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PilotQuote {
    pub images: u32,
    #[serde(rename = "cost_dollars")]
    pub cost: CostRange,
}

/// A row of the table of models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ModelQuote {
    pub model: Model,
    /// Where the price is from.
    pub price_source: PriceSource,
    /// For the images to send. `None` without a known price.
    #[serde(rename = "cost_dollars")]
    pub cost: Option<CostRange>,
    /// Images with a saved answer of this model and recipe, which is reused for free unless saved answers are ignored.
    pub answered_before: u32,
    /// Cost in batches; `None` if not available.
    #[serde(rename = "batch_dollars")]
    pub batch: Option<CostRange>,
    /// Effect of the budget on a live run; `None` without a budget, or if nothing is sent.
    pub budget: Option<BudgetForecast>,
    /// The same for a batch run.
    pub batch_budget: Option<BudgetForecast>,
    /// The part of the pilot; `None` without a pilot or a known price.
    pub pilot: Option<PilotQuote>,
    /// `None` if nothing is sent, or nothing is known.
    pub cost_basis: Option<CostBasis>,
    /// `None` if not measured yet.
    pub time: Option<TimeEstimate>,
    /// Empty if nothing is sent.
    pub presets: Vec<PresetQuote>,
    /// The prompt sent with every image; empty if there is none, or if the model supports nothing in the recipe.
    pub words_sent: String,
    pub requests: PlannedRequests,
    /// The number of example photos sent with every image.
    pub example_photos: u32,
    pub unsupported_capabilities: Vec<UnsupportedCapability>,
    pub unavailable: Option<Unavailable>,
    /// Whether the model is available and supports the recipe.
    pub can_run: bool,
}

/// The requests that the images of a plan take, if each is answered at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PlannedRequests {
    /// For every part of every image that is sent, and as many that check what was found in it.
    pub total: u32,
    /// Of one image, at most.
    pub most_per_image: u32,
    /// Images whose tiles are larger than the recipe says, because there would be too many of them.
    pub images_with_larger_tiles: u32,
}

/// Cost and time of annotating these images, for every model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Quote {
    pub image_count: u32,
    pub similar: SimilarSaving,
    /// Distinct upright sizes, most frequent first, at most five.
    pub sizes: Vec<SizeCount>,
    pub models: Vec<ModelQuote>,
    /// The default model.
    pub suggested_model: ModelId,
    /// The day of the prices.
    pub prices_as_of: CalendarDate,
    /// Whether that is so long ago that they may no longer be right.
    pub are_prices_old: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SizeCount {
    pub size: crate::geometry::PixelSize,
    pub count: u32,
}

/// What sending only one of each group of near-duplicates saves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SimilarSaving {
    /// Groups of which one image is sent.
    pub groups: u32,
    /// Images that are not sent; they get the annotations of the one that is.
    pub followers: u32,
}

/// A plan to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunRequest {
    pub images: ImageSelection,
    pub recipe: RecipeId,
    pub model: ModelId,
    pub options: RunOptions,
    pub mode: RunMode,
    /// Whether only one of each group of near-duplicates is sent, and its annotations are propagated to the others.
    pub propagates_to_similar: bool,
    /// Whether saved answers are ignored.
    pub ignores_saved_answers: bool,
    /// The number of images to annotate first, live; then the run stops until resumed. `None` without a pilot.
    pub pilot: Option<u32>,
    /// The budget over all sessions, if any.
    #[serde(rename = "budget_dollars")]
    pub budget: Option<PicoDollars>,
    /// The collection of the images; `None` for all images. Exports name files relative to it.
    #[serde(default)]
    pub collection: Option<CollectionId>,
    /// Files and folders given instead of a collection.
    #[serde(skip)]
    pub paths: Vec<PathBuf>,
}

impl RunRequest {
    /// A live run with the settings' options and without a budget.
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

/// A request to resume a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ResumeRequest {
    pub run: RunId,
    /// The new budget, including what is already spent; `None` keeps the current one.
    #[serde(rename = "budget_dollars")]
    pub budget: Option<PicoDollars>,
    /// Whether to repeat requests that were in flight when a process died: the vendor may have billed them.
    pub accepts_repeats: bool,
    /// Whether to retry failed images that a retry may fix.
    pub retries_failed: bool,
    /// Whether to give up batches that the server does not know: their requests count as possibly billed and are
    /// repeated. Requires `accepts_repeats`.
    pub gives_up_batches: bool,
}

impl ResumeRequest {
    /// Continues with waiting images only.
    #[must_use]
    pub fn of(run: RunId) -> Self {
        Self { run, budget: None, accepts_repeats: false, retries_failed: false, gives_up_batches: false }
    }
}
