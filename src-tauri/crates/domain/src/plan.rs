//! Plans: a recipe on images by a model, with its quote before anything is sent.

use serde::{Deserialize, Serialize};

use crate::ids::{CollectionId, ImageId, RecipeId};
use crate::model::{Model, ModelId, Shortfall};
use crate::money::PicoDollars;

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
}

/// A cost with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CostRange {
    pub low: PicoDollars,
    pub expected: PicoDollars,
    pub high: PicoDollars,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TimeEstimate {
    /// The whole run.
    pub total_millis: u32,
    /// One image, from start to stored answer.
    pub image_millis: u32,
    /// How many are worked on at once.
    pub concurrency: u32,
    pub basis: TimeBasis,
}

/// One row of the table of models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ModelQuote {
    pub model: Model,
    /// `None`: nobody has told the price.
    pub cost: Option<CostRange>,
    /// `None`: nothing to measure on.
    pub time: Option<TimeEstimate>,
    pub shortfalls: Vec<Shortfall>,
    pub can_run: bool,
}

/// What annotating these images will cost and take, for every model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Quote {
    pub image_count: u32,
    /// How many distinct upright sizes there are, the most frequent first, at most five.
    pub sizes: Vec<SizeCount>,
    pub models: Vec<ModelQuote>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SizeCount {
    pub size: crate::geometry::PixelSize,
    pub count: u32,
}

/// A plan to carry out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunRequest {
    pub images: ImageSelection,
    pub recipe: RecipeId,
    pub model: ModelId,
    /// How many at once; `None` follows the machine.
    pub concurrency: Option<u32>,
}
