//! Findings about a run from its own figures, with recommended changes. Pure; without sufficient data there is no
//! finding, and no setting is advised on twice. Not included: texts, comparisons with other runs, stops (which have
//! their own message), and advice without a setting.

mod cost;
mod failing;
mod pace;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::coordinates::suspicion::SuspectedCoordinates;
use crate::model::Destination;
use crate::money::PicoDollars;
use crate::run::{FailureGroup, RetryGroup};
use crate::run_state::{FailureKind, RetryKind, RunMode};
use crate::usage::Usage;

/// With fewer images, a single incident would make a finding.
const FEWEST_IMAGES: u32 = 10;

/// What delayed the next request of a run. Only the next one counts, so that all wait times together are within the
/// active time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// The user's concurrency was reached.
    OwnConcurrency,
    /// The user's request limit was reached.
    OwnRequests,
    /// The user's token limit was reached.
    OwnTokens,
    /// The user's pause between requests.
    OwnPause,
    /// The automatic concurrency was reached.
    AutomaticConcurrency,
    /// The server refused higher concurrency.
    ServerConcurrency,
    /// The server's request limit, announced or learned, was reached.
    ServerRequests,
    /// The server's announced token limit was reached.
    ServerTokens,
    /// The server had refused a request because of a limit, and was left alone.
    Refusal,
    /// The server was overloaded or failing, and was left alone.
    ServerFailing,
    /// The server was unreachable, or lost requests.
    Unreachable,
    /// Requests were allowed, but the next images were still being decoded and encoded. Counted in free request slots:
    /// half of them free for a second is half a second.
    Preparing,
}

impl WaitReason {
    /// Whether a sequential run would have waited too: rate limits, pauses, and server failures.
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

/// Wait time by reason.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wait {
    pub wait_reason: WaitReason,
    pub millis: f64,
    /// The last known limit: requests or tokens per minute, or concurrency; for a pause its milliseconds.
    pub limit: Option<f64>,
}

/// Breakdown of a run's cost at list prices. `None` if unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostParts {
    /// Answers with reported usage.
    pub answers: u32,
    pub images: PicoDollars,
    pub words: PicoDollars,
    pub output: PicoDollars,
    /// All pictures together, by the vendor's rule.
    pub image_tokens: u64,
    /// Longest side of any sent picture, in pixels.
    pub longest_edge: u32,
}

/// A cheaper model for the same tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheaperModel {
    pub name: String,
    /// Estimated cost of the whole run at that model's prices; its answers may differ in length.
    pub cost: PicoDollars,
}

/// Data for the diagnosis, recorded during the run. Settings that a run left open are the current ones, so that nothing
/// is advised that is already done.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    pub mode: RunMode,
    pub destination: Destination,
    /// Images sent and finished; without reused answers, propagated annotations, and unreadable files.
    pub asked: u32,
    /// Images whose files could not be read.
    pub unread: u32,
    /// Images finished in any way.
    pub finished: u32,
    pub retried: Vec<RetryGroup>,
    pub failures: Vec<FailureGroup>,
    /// Whether unusable answers had labels that are not in the recipe.
    pub has_unknown_labels: bool,
    /// What the boxes of usable answers tell about their coordinates.
    pub coordinates: Option<SuspectedCoordinates>,
    /// Cut-off answers, whose complete annotations were kept.
    pub cut_short: u32,
    pub wall_millis: f64,
    pub p50_millis: f64,
    /// The peak number of requests in flight.
    pub concurrency: u32,
    pub waits: Vec<Wait>,
    /// The user's output maximum, if set.
    pub max_tokens: Option<u32>,
    /// Idle timeout of an answer; `None` if unknown.
    pub silence_millis: Option<u32>,
    pub usage: Usage,
    pub paid: PicoDollars,
    /// `None` if free, or without a known price.
    pub parts: Option<CostParts>,
    pub cheaper: Option<CheaperModel>,
    /// Cost of the same in batches, if available.
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

/// A limit that a run reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MetLimit {
    pub unit: LimitUnit,
    pub count: u32,
}

/// The output maximum of cut-off answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum OutputLimit {
    /// More than the default, and not enough.
    More,
    /// The user's maximum, in tokens, including thinking.
    OwnMaximum { tokens: u32 },
    /// The model's default.
    Usual,
}

/// A finding with its figures. Shares are from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Finding {
    /// Slowed by the server's limits.
    RateLimited {
        /// Refused because of limits (429).
        refusals: u32,
        /// Refused as overloaded (529).
        overloads: u32,
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        held_millis: f64,
        /// Share of the active time.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
        limit: Option<MetLimit>,
    },
    /// Many retries, not counting rate limits, which have their own finding.
    RetriesHigh {
        /// All retries, including rate limits.
        repeated: u32,
        /// Images sent.
        asked: u32,
        /// Most frequent first.
        by_kind: Vec<RetryGroup>,
    },
    /// The server was unreachable or unavailable for much of the time.
    ServerAway {
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        away_millis: f64,
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
    },
    /// Many images failed for the same reason.
    MostlyOneFailure { failure: FailureKind, count: u32, failed: u32, finished: u32 },
    /// The boxes of usable answers look as if they were in other coordinates.
    CoordinatesSuspected { coordinates: SuspectedCoordinates },
    /// Many answers were cut off.
    AnswersCutShort {
        count: u32,
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
        room: OutputLimit,
    },
    /// Slowed by the user's limit.
    SlowedByOwnLimit {
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
        limit: Option<MetLimit>,
    },
    /// Slowed by the pause between requests.
    SlowedByPause {
        pause_millis: u32,
        /// Share of each request slot's time spent pausing.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
    },
    /// The user's concurrency was used up most of the time, and nothing else was limiting.
    SlowedByConcurrency {
        concurrency: u32,
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        images_per_second: f64,
        /// The rate that the server's limit and the time per image would allow; `None` without a known limit.
        #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
        possible: Option<f64>,
    },
    /// Image preparation was the bottleneck.
    SlowedByPreparing {
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        images_per_second: f64,
        /// Share of possible requests without a ready image.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
    },
    /// Most of the cost was output.
    CostByOutput {
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
        #[serde(rename = "paid_dollars")]
        paid: PicoDollars,
        /// Mean per answer, including thinking.
        answer_tokens: u32,
        /// Share of these tokens.
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        thinking_share: f64,
    },
    /// Most of the cost was images.
    CostByImages {
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        share: f64,
        #[serde(rename = "paid_dollars")]
        paid: PicoDollars,
        /// Mean per picture.
        image_tokens: u32,
        longest_edge: u32,
    },
}

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setting {
    Concurrency,
    Limits,
    Pause,
    Silence,
    OutputLimit,
    Endpoints,
    Mode,
    Model,
    Recipe,
    Photos,
    Network,
    Server,
    Coordinates,
}

/// A recommended change, with its value if known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Change {
    LowerConcurrency {
        to: u32,
    },
    /// `None` is automatic.
    RaiseConcurrency {
        to: Option<u32>,
    },
    /// A request limit just below the server's, so that it refuses nothing.
    LimitRequests {
        per_minute: u32,
    },
    RaiseOwnLimit,
    /// Remove the pause.
    NoPause,
    /// A longer idle timeout, because images take about as long.
    LongerIdleTimeout {
        to_millis: u32,
    },
    /// A shorter idle timeout, because images take far less.
    ShorterIdleTimeout {
        to_millis: u32,
    },
    /// A higher output maximum.
    RaiseMaxTokens {
        /// The user's current maximum; `None` for the model's default.
        than: Option<u32>,
    },
    /// A higher limit from the vendor, or an additional endpoint.
    AddEndpoint,
    /// Use batches.
    UseBatch {
        /// Cost of the run in batches.
        #[serde(rename = "cost_dollars")]
        cost: PicoDollars,
    },
    /// Run live instead of in batches.
    RunLive,
    CheaperModel {
        name: String,
        /// Estimated cost of the same tokens.
        #[serde(rename = "cost_dollars")]
        cost: PicoDollars,
    },
    OtherModel,
    /// Find out in which coordinates the model answers.
    Calibrate,
    /// Add the labels in the model's answers to the recipe.
    AddLabels,
    /// Fewer labels and attributes.
    SmallerRecipe,
    SmallerPhotos,
    CheckPhotos,
    CheckNetwork,
    /// A local server, without a network in between.
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
            Self::AddEndpoint => Setting::Endpoints,
            Self::UseBatch { .. } | Self::RunLive => Setting::Mode,
            Self::CheaperModel { .. } | Self::OtherModel => Setting::Model,
            Self::AddLabels | Self::SmallerRecipe => Setting::Recipe,
            Self::SmallerPhotos | Self::CheckPhotos => Setting::Photos,
            Self::CheckNetwork => Setting::Network,
            Self::CheckServer => Setting::Server,
            Self::Calibrate => Setting::Coordinates,
        }
    }
}

/// A finding with its changes, most effective first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Diagnosis {
    pub finding: Finding,
    pub changes: Vec<Change>,
}

/// The findings about a run, most severe first. Failures come before delays, and those before cost. Each setting is
/// advised on only by the first finding that concerns it; a finding without remaining advice is omitted.
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

/// Findings about the sent images.
fn of_answers(observed: &Observed) -> [Option<Diagnosis>; 10] {
    [
        failing::coordinates_suspected(observed),
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

    /// What to check when a connection fails.
    fn check_connection(&self) -> Change {
        match self.destination {
            Destination::Host { is_on_this_machine: false, .. } => Change::CheckNetwork,
            Destination::Host { .. } | Destination::ThisMachine => Change::CheckServer,
        }
    }

    /// Time waited for any of `wait_reasons`.
    fn waited_millis(&self, wait_reasons: &[WaitReason]) -> f64 {
        self.waits.iter().filter(|wait| wait_reasons.contains(&wait.wait_reason)).map(|wait| wait.millis).sum()
    }

    /// Share of the active time, 0 to 1.
    fn share_of_wall(&self, millis: f64) -> f64 {
        share(millis, self.wall_millis)
    }

    fn retried(&self, kind: RetryKind) -> u32 {
        self.retried.iter().filter(|group| group.kind == kind).map(|group| group.count).sum()
    }

    /// Whether the server has refused a request because of concurrency.
    fn had_enough(&self) -> bool {
        [RetryKind::RateLimited, RetryKind::Overloaded].iter().any(|&kind| self.retried(kind) > 0)
    }

    /// Batches are cheaper and have their own limits.
    fn batch(&self) -> Option<Change> {
        self.batch.map(|cost| Change::UseBatch { cost })
    }

    fn per_asked(&self, count: u32) -> f64 {
        share_unbounded(f64::from(count), f64::from(self.asked))
    }
}

/// `part` of `whole` from 0 to 1; 0 if `whole` is 0.
fn share(part: f64, whole: f64) -> f64 {
    share_unbounded(part, whole).clamp(0.0, 1.0)
}

fn share_unbounded(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Converts a figure to a count.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and so may a figure")]
fn whole(figure: f64) -> u32 {
    figure.round() as u32
}
