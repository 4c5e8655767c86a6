//! Ways to spend less on a plan. Each is one change of the plan; what it saves is the estimate of the plan without it less the
//! estimate with it, everything else as it is. There is no other formula: the caller estimates every plan that is asked about.
//! Changes that are made already are listed too, so that they can be taken back; the others are computed for the plan as it
//! is with them.

use serde::{Deserialize, Serialize};

use crate::model::ModelId;
use crate::money::{CostRange, PicoDollars};
use crate::plan::{PlanRequest, PromptCaching};
use crate::run_options::RunOptions;
use crate::run_state::RunMode;

#[cfg(test)]
mod tests;

/// A question for savings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SavingsRequest {
    pub plan: PlanRequest,
    pub model: ModelId,
    pub mode: RunMode,
    /// The model that a cheaper one has replaced, if any.
    pub model_before: Option<ModelId>,
}

/// The parts of a plan that savings change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanChoice {
    pub model: ModelId,
    /// A model without batches is used live.
    pub mode: RunMode,
    pub propagates_to_similar: bool,
    pub options: RunOptions,
}

/// An estimate of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanEstimate {
    pub cost: CostRange,
    /// The whole run; `None` if not measured, and in batches.
    pub total_millis: Option<u32>,
    /// Longest edge of any sent image, in pixels.
    pub longest_edge: u32,
    /// The initial output maximum, in tokens.
    pub answer_tokens_limit: u32,
    /// The output maximum after a cut-off answer, in tokens.
    pub longer_answer_tokens_limit: u32,
    pub caching: PromptCaching,
}

/// How often people agreed with a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ModelQuality {
    /// Annotations that people decided on.
    pub decided: u32,
    /// Those that they accepted unchanged.
    pub accepted: u32,
}

/// Fewer decisions than this measure nothing.
pub const LEAST_DECIDED: u32 = 20;

/// What is known besides the estimates.
#[derive(Debug, Clone, Default)]
pub struct SavingFacts {
    /// The name of the model of the plan.
    pub name: String,
    pub has_batches: bool,
    /// Whether the recipe may take several requests for an image, which are not sent in batches.
    pub takes_several_answers: bool,
    /// Images that need not be sent because they resemble others.
    pub near_duplicates: u32,
    /// Examples of the recipe that the model is shown.
    pub examples: u32,
    /// The longest earlier answer with this model and recipe, thinking included, in tokens; `None` without a history.
    pub longest_answer: Option<u32>,
    /// Whether the model can be asked to think less. It is asked to already.
    pub takes_effort: bool,
    /// Of the model of the plan; `None` if not measured.
    pub quality: Option<ModelQuality>,
    /// Other models that can run the recipe as completely.
    pub other_models: Vec<OtherModel>,
}

/// A model that could be used instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherModel {
    pub id: ModelId,
    pub name: String,
    /// `None` if not measured.
    pub quality: Option<ModelQuality>,
}

/// A change of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum SavingChange {
    /// Batches instead of single requests.
    Batch,
    /// Only one of each group of near-duplicates is sent.
    SkipSimilar { images: u32 },
    /// Images are sent smaller, in pixels along the longest edge.
    SmallerImages { longest_edge: u32, instead_of: u32 },
    /// Another model. The qualities are `None` if not measured.
    CheaperModel {
        model: ModelId,
        name: String,
        /// The name of the model that it replaces.
        instead_of: String,
        quality: Option<ModelQuality>,
        /// Of the model that it replaces.
        quality_now: Option<ModelQuality>,
    },
    /// Only the first examples are shown.
    FewerExamples { count: u32, of: u32 },
    /// A lower output maximum, in tokens. `longest` is the longest earlier answer.
    MaxTokens { tokens: u32, longest: Option<u32> },
}

/// What one change saves, everything else as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Saving {
    pub change: SavingChange,
    /// Whether the plan has it already.
    pub is_applied: bool,
    /// Of the expected cost.
    #[serde(rename = "expected_dollars")]
    pub expected: PicoDollars,
    /// Of the bound.
    #[serde(rename = "bound_dollars")]
    pub bound: PicoDollars,
    /// How much longer the run takes with it, negative if shorter; `None` if not measured.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub longer_millis: Option<i64>,
    /// The cost of the plan once this is changed: with it, or without it if it is applied.
    #[serde(rename = "changed_dollars")]
    pub changed: CostRange,
    /// The options of the plan once this is changed.
    pub options: RunOptions,
}

/// Why something saves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum NoSaving {
    /// The cache is used already.
    Cached { instruction_tokens: u32 },
    /// The instructions are too short for the cache.
    TooShortToCache { instruction_tokens: u32, least_tokens: u32 },
    /// The cache is not counted on.
    NotCached { instruction_tokens: u32 },
    /// The model is already asked to think as little as it can.
    LowEffort,
    /// The model cannot be asked to think less.
    NoEffort,
    /// The vendor has no batches.
    NoBatches,
    /// An image of the recipe may take several requests, which are not sent in batches.
    NotInBatches,
}

/// The ways to spend less on a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Savings {
    /// The cost of the plan as it is.
    #[serde(rename = "cost_dollars")]
    pub cost: CostRange,
    /// Applied ones first, then by what they save.
    pub savings: Vec<Saving>,
    pub without: Vec<NoSaving>,
}

/// Edges in which images are commonly sent, in pixels.
const EDGES: [u32; 4] = [2048, 1568, 1024, 768];
/// The next smaller edge is at most this part of the current one, in percent: a little smaller saves little.
const SMALLER_PERCENT: u32 = 75;
/// A lower output maximum has room for answers this many times as long as the longest so far.
const ANSWER_ROOM: u32 = 2;
const TOKENS_STEP: u32 = 1024;
/// Cheaper models that are listed.
const MOST_MODELS: usize = 2;
/// A change that saves a smaller part than one in this many is not listed.
const WORTH_PARTS: u64 = 100;

/// A change, and the plan once it is made or taken back.
struct Alternative {
    change: SavingChange,
    is_applied: bool,
    other: PlanChoice,
}

/// The ways to spend less on the plan `choice`. `model_before` is the model that a cheaper one has replaced. `estimate` is asked
/// about each plan, and returns `None` for one that cannot be priced; so is the result if the plan itself cannot.
///
/// # Errors
/// Those of `estimate`.
pub fn savings<E>(
    choice: &PlanChoice,
    model_before: Option<&ModelId>,
    facts: &SavingFacts,
    mut estimate: impl FnMut(&PlanChoice) -> Result<Option<PlanEstimate>, E>,
) -> Result<Option<Savings>, E> {
    let Some(now) = estimate(choice)? else { return Ok(None) };
    let mut savings = Vec::new();
    for alternative in alternatives(choice, facts, &now) {
        if let Some(other) = estimate(&alternative.other)? {
            savings.extend(saving(alternative, &now, &other));
        }
    }
    let mut models = Vec::new();
    for alternative in models_instead(choice, model_before, facts) {
        if let Some(other) = estimate(&alternative.other)? {
            models.extend(saving(alternative, &now, &other));
        }
    }
    let is_measured = |saving: &Saving| matches!(saving.change, SavingChange::CheaperModel { quality: Some(_), .. });
    models.sort_by_key(|saving| (!saving.is_applied, !is_measured(saving), std::cmp::Reverse(saving.expected)));
    savings.extend(models.into_iter().take(MOST_MODELS));
    savings.sort_by_key(|saving| {
        (!saving.is_applied, std::cmp::Reverse(saving.expected), std::cmp::Reverse(saving.bound))
    });
    Ok(Some(Savings { cost: now.cost, savings, without: without(choice, facts, &now) }))
}

/// All changes but those of the model.
fn alternatives(choice: &PlanChoice, facts: &SavingFacts, now: &PlanEstimate) -> Vec<Alternative> {
    let mut alternatives = Vec::new();
    let options = choice.options;
    let mut add = |change, is_applied, other| alternatives.push(Alternative { change, is_applied, other });
    let with_options = |options| PlanChoice { options, ..choice.clone() };
    if facts.has_batches {
        let is_applied = choice.mode == RunMode::Batch;
        let mode = if is_applied { RunMode::Live } else { RunMode::Batch };
        add(SavingChange::Batch, is_applied, PlanChoice { mode, ..choice.clone() });
    }
    if facts.near_duplicates > 0 {
        let other = PlanChoice { propagates_to_similar: !choice.propagates_to_similar, ..choice.clone() };
        add(SavingChange::SkipSimilar { images: facts.near_duplicates }, choice.propagates_to_similar, other);
    }
    // The other edge is known once the plan without it is estimated.
    let smaller = |longest_edge| SavingChange::SmallerImages { longest_edge, instead_of: longest_edge };
    if let Some(longest_edge) = options.longest_edge {
        add(smaller(longest_edge), true, with_options(RunOptions { longest_edge: None, ..options }));
    }
    let most = now.longest_edge.saturating_mul(SMALLER_PERCENT) / 100;
    if let Some(edge) = EDGES.into_iter().find(|edge| *edge <= most) {
        add(smaller(edge), false, with_options(RunOptions { longest_edge: Some(edge), ..options }));
    }
    if facts.examples > 0 {
        let fewer = |count| SavingChange::FewerExamples { count, of: facts.examples };
        let shown = options.most_examples.map_or(facts.examples, |most| most.min(facts.examples));
        if options.most_examples.is_some() {
            add(fewer(shown), true, with_options(RunOptions { most_examples: None, ..options }));
        }
        if shown > 0 {
            let fewer_options = RunOptions { most_examples: Some(shown / 2), ..options };
            add(fewer(shown / 2), false, with_options(fewer_options));
        }
    }
    let max_tokens = |tokens| SavingChange::MaxTokens { tokens, longest: facts.longest_answer };
    match options.max_tokens {
        Some(tokens) => add(max_tokens(tokens), true, with_options(RunOptions { max_tokens: None, ..options })),
        None => {
            if let Some(tokens) = lower_limit(facts.longest_answer, now) {
                add(max_tokens(tokens), false, with_options(RunOptions { max_tokens: Some(tokens), ..options }));
            }
        }
    }
    alternatives
}

/// A lower output maximum: with room above the longest answer so far, even if that is more than usual, or else the usual one.
/// No longer request follows a cut-off answer then. `None` if the longest answer may be no longer already.
fn lower_limit(longest: Option<u32>, now: &PlanEstimate) -> Option<u32> {
    let room = longest.map(|longest| longest.saturating_mul(ANSWER_ROOM).max(1).next_multiple_of(TOKENS_STEP));
    let tokens = room.unwrap_or(now.answer_tokens_limit);
    (tokens > 0 && tokens < now.answer_tokens_limit.max(now.longer_answer_tokens_limit)).then_some(tokens)
}

fn models_instead(choice: &PlanChoice, model_before: Option<&ModelId>, facts: &SavingFacts) -> Vec<Alternative> {
    let instead = |model: &ModelId| PlanChoice { model: model.clone(), ..choice.clone() };
    let mut alternatives = Vec::new();
    let before = facts.other_models.iter().find(|other| Some(&other.id) == model_before);
    if let Some(before) = before {
        let change = SavingChange::CheaperModel {
            model: choice.model.clone(),
            name: facts.name.clone(),
            instead_of: before.name.clone(),
            quality: facts.quality,
            quality_now: before.quality,
        };
        alternatives.push(Alternative { change, is_applied: true, other: instead(&before.id) });
    }
    let others = facts.other_models.iter().filter(|other| Some(&other.id) != model_before);
    alternatives.extend(others.map(|other| Alternative {
        change: SavingChange::CheaperModel {
            model: other.id.clone(),
            name: other.name.clone(),
            instead_of: facts.name.clone(),
            quality: other.quality,
            quality_now: facts.quality,
        },
        is_applied: false,
        other: instead(&other.id),
    }));
    alternatives
}

/// `None` for a change that saves next to nothing, unless it is applied and can be taken back.
fn saving(alternative: Alternative, now: &PlanEstimate, other: &PlanEstimate) -> Option<Saving> {
    let Alternative { mut change, is_applied, other: choice } = alternative;
    let (without, with) = if is_applied { (other, now) } else { (now, other) };
    if let SavingChange::SmallerImages { instead_of, .. } = &mut change {
        *instead_of = without.longest_edge;
    }
    let less = |without: PicoDollars, with: PicoDollars| PicoDollars(without.0.saturating_sub(with.0));
    let expected = less(without.cost.expected, with.cost.expected);
    let bound = less(without.cost.at_most, with.cost.at_most);
    let is_worth = |saved: PicoDollars, of: PicoDollars| saved.0 > 0 && saved.times(WORTH_PARTS) >= of;
    let only_bounds = matches!(change, SavingChange::MaxTokens { .. });
    let is_listed = is_applied
        || is_worth(expected, without.cost.expected)
        || (only_bounds && is_worth(bound, without.cost.at_most));
    let longer_millis =
        with.total_millis.zip(without.total_millis).map(|(with, without)| i64::from(with) - i64::from(without));
    is_listed.then(|| Saving {
        change,
        is_applied,
        expected,
        bound,
        longer_millis: longer_millis.filter(|millis| *millis != 0),
        changed: other.cost,
        options: choice.options,
    })
}

fn without(choice: &PlanChoice, facts: &SavingFacts, now: &PlanEstimate) -> Vec<NoSaving> {
    let PromptCaching { instruction_tokens, least_tokens, is_used } = now.caching;
    let caching = if is_used {
        NoSaving::Cached { instruction_tokens }
    } else if instruction_tokens < least_tokens {
        NoSaving::TooShortToCache { instruction_tokens, least_tokens }
    } else {
        NoSaving::NotCached { instruction_tokens }
    };
    let effort = if facts.takes_effort { NoSaving::LowEffort } else { NoSaving::NoEffort };
    let why = if facts.takes_several_answers { NoSaving::NotInBatches } else { NoSaving::NoBatches };
    let batches = (!facts.has_batches && choice.mode == RunMode::Live).then_some(why);
    [caching, effort].into_iter().chain(batches).collect()
}
