//! What a run's own numbers say about it, and what a person could change because of that. Pure; nothing is said where the
//! numbers do not carry it, and no setting is advised twice. Deliberately absent: words, comparisons with other runs,
//! stops (they say themselves what they need), and advice on what cannot be set.

mod cost;
mod failing;
mod pace;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::model::Destination;
use crate::money::PicoDollars;
use crate::run::{FailureGroup, RetryGroup};
use crate::run_state::{FailureKind, RetryKind, RunMode};
use crate::usage::Usage;

/// Images asked about below which a single hiccup would make a finding.
const FEWEST_IMAGES: u32 = 10;

/// What kept the next request of a run from being sent. Only the next one counts, so that the times of all wait reasons
/// together are within the time that the run was worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// As many were under way as a person has allowed at once.
    OwnConcurrency,
    /// A limit on requests that a person has set was used up.
    OwnRequests,
    /// A limit on tokens that a person has set was used up.
    OwnTokens,
    /// A place was free, and rested for as long as a person wants between two requests.
    OwnPause,
    /// As many were under way as had turned out well so far.
    AutomaticConcurrency,
    /// The server had refused to take more at once.
    ServerConcurrency,
    /// A limit on requests that the server announces, or that its refusals have taught, was used up.
    ServerRequests,
    /// A limit on tokens that the server announces was used up.
    ServerTokens,
    /// The server had refused a request for its limits, and was left alone for a while.
    Refusal,
    /// The server had too much to do or failed, and was left alone for a while.
    ServerFailing,
    /// The server could not be reached, or lost what was sent.
    Unreachable,
    /// Requests were allowed, and the next images were still being decoded and encoded on this machine. Its time is that of
    /// the free places: half of them free for a second are half a second.
    Preparing,
}

impl WaitReason {
    /// Whether a sequential run would have met it as well: limits on rates, pauses, and failures of the server.
    #[must_use]
    pub const fn is_hold(self) -> bool {
        match self {
            Self::OwnRequests
            | Self::OwnTokens
            | Self::OwnPause
            | Self::ServerRequests
            | Self::ServerTokens
            | Self::Refusal
            | Self::ServerFailing
            | Self::Unreachable => true,
            Self::OwnConcurrency | Self::AutomaticConcurrency | Self::ServerConcurrency | Self::Preparing => false,
        }
    }
}

/// How long a run was kept by one wait reason.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wait {
    pub wait_reason: WaitReason,
    pub millis: f64,
    /// What the limit was at last, where one was known: of requests or tokens a minute, or of places; of a pause its
    /// milliseconds.
    pub limit: Option<f64>,
}

/// What the cost of a run was made of, at list prices. `None` fields are what nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostParts {
    /// Answers that came, each with a bill.
    pub answers: u32,
    pub images: PicoDollars,
    pub words: PicoDollars,
    pub output: PicoDollars,
    /// Of all pictures together, by the vendor's rule.
    pub image_tokens: u64,
    /// The longest side of any picture that was sent, in pixels.
    pub longest_edge: u32,
}

/// A model that the same tokens would have cost less with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheaperModel {
    pub name: String,
    /// Of the whole run, at that model's prices: an estimate, since it may think and answer at another length.
    pub cost: PicoDollars,
}

/// What is looked at: all of it was recorded while the run was worked on, but for what was left open then. That is as the
/// settings have it now, so that nothing is advised that has been done since.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    pub mode: RunMode,
    pub destination: Destination,
    /// Images that were asked about and finished; neither reused answers, nor images that were given the annotations of a
    /// similar one, nor files that could not be read.
    pub asked: u32,
    /// Images whose files could not be read.
    pub unread: u32,
    /// Images finished in any way.
    pub finished: u32,
    pub retried: Vec<RetryGroup>,
    pub failures: Vec<FailureGroup>,
    /// Whether unusable answers had labels that the recipe does not have.
    pub has_unknown_labels: bool,
    /// Answers that were cut off, whose whole annotations were kept.
    pub cut_short: u32,
    pub wall_millis: f64,
    pub p50_millis: f64,
    /// The highest number of requests in flight.
    pub concurrency: u32,
    pub waits: Vec<Wait>,
    /// The longest that an answer may get, where a person has said so.
    pub max_tokens: Option<u32>,
    /// How long an answer may be silent on its way; `None` where nobody can tell.
    pub silence_millis: Option<u32>,
    pub usage: Usage,
    pub paid: PicoDollars,
    /// `None` where nothing was paid, or the model's price is not known.
    pub parts: Option<CostParts>,
    pub cheaper: Option<CheaperModel>,
    /// What the same would have cost in batches, where that is offered.
    pub batch: Option<PicoDollars>,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum LimitUnit {
    RequestsPerMinute,
    TokensPerMinute,
    Concurrency,
}

/// A limit that a run met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MetLimit {
    pub unit: LimitUnit,
    pub count: u32,
}

/// How much room answers had that were cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum OutputLimit {
    /// More than usual, and that was not enough.
    More,
    /// As much as the person allows: so many tokens, thinking included.
    OwnMaximum { tokens: u32 },
    /// As much as the model usually gets.
    Usual,
}

/// What stands out in a run, with its own numbers. Shares are from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Finding {
    /// The server's limits held it back.
    RateLimited {
        /// Requests that the server refused for its limits (429).
        refusals: u32,
        /// Requests that it answered as overloaded (529).
        overloads: u32,
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        held_millis: f64,
        /// Of the time that the run was worked on.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
        limit: Option<MetLimit>,
    },
    /// Many requests were retried, refusals for limits aside, which have a finding of their own.
    RetriesHigh {
        /// All retries, refusals for limits included.
        repeated: u32,
        /// Images asked about.
        asked: u32,
        /// The most frequent first.
        by_kind: Vec<RetryGroup>,
    },
    /// The server could not be reached, or had to be left alone, for a good part of the time.
    ServerAway {
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        away_millis: f64,
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
    },
    /// Many images failed for one and the same reason.
    MostlyOneFailure { failure: FailureKind, count: u32, failed: u32, finished: u32 },
    /// Many answers were cut off.
    AnswersCutShort {
        count: u32,
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
        room: OutputLimit,
    },
    /// A limit that the person has set held it back.
    SlowedByOwnLimit {
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
        limit: Option<MetLimit>,
    },
    /// The pause between requests kept back images that stood ready.
    SlowedByPause {
        pause_millis: u32,
        /// Of the time of each of the images at once, in which it rested.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
    },
    /// As many images were under way as the person has allowed at once, nearly all the time, and nothing else was in the way.
    SlowedByConcurrency {
        concurrency: u32,
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        images_per_second: f64,
        /// What the server's limit and the time an image takes would allow; `None` where no limit was met or told.
        #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
        possible: Option<f64>,
    },
    /// The server waited for this machine: images were not decoded and encoded as fast as they could have been sent.
    SlowedByPreparing {
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        images_per_second: f64,
        /// Of the requests that could have been in flight, for which no image was ready.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
    },
    /// Most of the cost was for what the model wrote.
    CostByOutput {
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
        #[serde(rename = "paid_dollars")]
        paid: PicoDollars,
        /// Of one answer, on the mean, thinking included.
        answer_tokens: u32,
        /// Of those tokens.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        thinking_share: f64,
    },
    /// Most of the cost was for looking at the pictures.
    CostByImages {
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
        #[serde(rename = "paid_dollars")]
        paid: PicoDollars,
        /// Of one picture, on the mean.
        image_tokens: u32,
        longest_edge: u32,
    },
}

/// What can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setting {
    Concurrency,
    Limits,
    Pause,
    Silence,
    OutputLimit,
    Routes,
    Mode,
    Model,
    Recipe,
    Photos,
    Network,
    Server,
}

/// One thing to change, and to what, where the numbers say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Change {
    LowerConcurrency {
        to: u32,
    },
    /// `None` leaves the number open, so that it is found out.
    RaiseConcurrency {
        to: Option<u32>,
    },
    /// To ask for no more than the server lets in, so that it refuses nothing.
    LimitRequests {
        per_minute: u32,
    },
    RaiseOwnLimit,
    /// To let a request follow the one before at once.
    NoPause,
    /// To wait longer for an answer that says nothing, since images take about as long as it may be silent.
    LongerIdleTimeout {
        to_millis: u32,
    },
    /// To wait less long for an answer that says nothing, since images take far less than it may be silent.
    ShorterIdleTimeout {
        to_millis: u32,
    },
    /// To let answers get longer.
    RaiseMaxTokens {
        /// What the person allows them now; `None`: what the model usually gets.
        than: Option<u32>,
    },
    /// A higher limit at the vendor, or an additional endpoint beside this one.
    AddEndpoint,
    /// To ask in batches.
    UseBatch {
        /// What the run would have cost in batches.
        #[serde(rename = "cost_dollars")]
        cost: PicoDollars,
    },
    /// To ask live instead of in batches.
    RunLive,
    CheaperModel {
        name: String,
        /// What the same tokens would have cost: an estimate.
        #[serde(rename = "cost_dollars")]
        cost: PicoDollars,
    },
    OtherModel,
    /// Add the labels in the model's answers to the recipe.
    AddLabels,
    /// Fewer labels and attributes at a time.
    SmallerRecipe,
    SmallerPhotos,
    CheckPhotos,
    CheckNetwork,
    /// A server on this machine, which no network is in the way of.
    CheckServer,
}

impl Change {
    #[must_use]
    pub const fn setting(&self) -> Setting {
        match self {
            Self::LowerConcurrency { .. } | Self::RaiseConcurrency { .. } => Setting::Concurrency,
            Self::LimitRequests { .. } | Self::RaiseOwnLimit => Setting::Limits,
            Self::NoPause => Setting::Pause,
            Self::LongerIdleTimeout { .. } | Self::ShorterIdleTimeout { .. } => Setting::Silence,
            Self::RaiseMaxTokens { .. } => Setting::OutputLimit,
            Self::AddEndpoint => Setting::Routes,
            Self::UseBatch { .. } | Self::RunLive => Setting::Mode,
            Self::CheaperModel { .. } | Self::OtherModel => Setting::Model,
            Self::AddLabels | Self::SmallerRecipe => Setting::Recipe,
            Self::SmallerPhotos | Self::CheckPhotos => Setting::Photos,
            Self::CheckNetwork => Setting::Network,
            Self::CheckServer => Setting::Server,
        }
    }
}

/// A finding, and what would change it, the most telling first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Diagnosis {
    pub finding: Finding,
    pub changes: Vec<Change>,
}

/// What stands out in a run, the gravest first; nothing when all is well. What fails goes before what slows, and that
/// before what costs. A setting is advised on by the first finding that concerns it, so that two never pull at it from
/// both sides; a finding that has nothing of its own left to advise is not told.
#[must_use]
pub fn diagnose(observed: &Observed) -> Vec<Diagnosis> {
    let of_answers = (observed.asked >= FEWEST_IMAGES).then(|| of_answers(observed)).into_iter().flatten();
    let found = [failing::mostly_one_failure(observed)].into_iter().chain(of_answers);
    let mut advised = Vec::new();
    let mut diagnoses = Vec::new();
    for mut diagnosis in found.flatten() {
        diagnosis.changes.retain(|change| {
            let is_new = !advised.contains(&change.setting());
            if is_new {
                advised.push(change.setting());
            }
            is_new
        });
        if !diagnosis.changes.is_empty() {
            diagnoses.push(diagnosis);
        }
    }
    diagnoses
}

/// What stands out in the images that were asked about.
fn of_answers(observed: &Observed) -> [Option<Diagnosis>; 9] {
    [
        failing::answers_cut_short(observed),
        pace::rate_limited(observed),
        failing::retries_high(observed),
        failing::server_away(observed),
        pace::slowed_by_own_limit(observed),
        pace::slowed_by_pause(observed),
        pace::slowed_by_concurrency(observed),
        pace::slowed_by_preparing(observed),
        cost::by_part(observed),
    ]
}

impl Observed {
    fn is_elsewhere(&self) -> bool {
        matches!(self.destination, Destination::Host { .. })
    }

    fn is_live(&self) -> bool {
        self.mode == RunMode::Live
    }

    /// What to look at when a connection fails.
    fn check_connection(&self) -> Change {
        match self.destination {
            Destination::Host { is_on_this_machine: false, .. } => Change::CheckNetwork,
            Destination::Host { .. } | Destination::ThisMachine => Change::CheckServer,
        }
    }

    /// Time kept by any of `wait_reasons`.
    fn waited_millis(&self, wait_reasons: &[WaitReason]) -> f64 {
        self.waits.iter().filter(|wait| wait_reasons.contains(&wait.wait_reason)).map(|wait| wait.millis).sum()
    }

    /// A part of the time that the run was worked on, 0 to 1.
    fn share_of_wall(&self, millis: f64) -> f64 {
        share(millis, self.wall_millis)
    }

    fn retried(&self, kind: RetryKind) -> u32 {
        self.retried.iter().filter(|group| group.kind == kind).map(|group| group.count).sum()
    }

    /// Whether the server has refused a request for being one too many.
    fn had_enough(&self) -> bool {
        [RetryKind::RateLimited, RetryKind::Overloaded].iter().any(|&kind| self.retried(kind) > 0)
    }

    /// Batches cost less, have limits of their own, and nobody waits for them.
    fn batch(&self) -> Option<Change> {
        self.batch.map(|cost| Change::UseBatch { cost })
    }

    fn per_asked(&self, count: u32) -> f64 {
        share_unbounded(f64::from(count), f64::from(self.asked))
    }
}

/// `part` of `whole` from 0 to 1; 0 where there is no whole.
fn share(part: f64, whole: f64) -> f64 {
    share_unbounded(part, whole).clamp(0.0, 1.0)
}

fn share_unbounded(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// A small count out of a figure.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and so may a figure")]
fn whole(figure: f64) -> u32 {
    figure.round() as u32
}
