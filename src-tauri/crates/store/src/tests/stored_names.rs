//! Stored names of enums, which never change, because libraries contain them. A new variant is unknown to earlier
//! versions, so it requires a breaking migration.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::Path;

use domain::annotation::{RejectReason, ReviewState, Status};
use domain::dataset_import::ImportRole;
use domain::diagnosis::{LimitUnit, WaitReason};
use domain::endpoint::EndpointProblem;
use domain::hooks::HookEvent;
use domain::import::ImageFormat;
use domain::review::checks::Check;
use domain::run_state::{FailureKind, RetryKind, RunMode, StopReason};
use domain::split::SplitPart;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::code::{from_name, name_of};
use crate::table::batches::BatchStanding;
use crate::table::imports::ImportState;

fn assert_pinned<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, name: &str) {
    assert_eq!(name_of(value).unwrap(), name);
    assert_eq!(from_name::<T>("a column", name.to_owned()).unwrap(), *value);
}

/// Checks the names of all enums, both ways, and returns the columns that hold them. Does not compile when a variant is
/// missing.
macro_rules! pinned {
    ($($type:ident in $($column:literal),+ { $($variant:ident = $name:literal,)+ })+) => {{
        $(
            let _ = |value: $type| match value { $($type::$variant => (),)+ };
            $(assert_pinned(&$type::$variant, $name);)+
        )+
        BTreeSet::from([$($($column),+),+])
    }};
}

#[test]
#[expect(clippy::too_many_lines, reason = "a line for each name")]
fn names_that_are_stored_stay_as_they_are() {
    let columns = pinned! {
        Status in "annotations.status" {
            Proposed = "proposed",
            Accepted = "accepted",
            Edited = "edited",
            Rejected = "rejected",
            GroundTruth = "ground_truth",
        }
        RejectReason in "annotations.reject_reason" {
            NotThere = "not_there",
            WrongLabel = "wrong_label",
            BadBox = "bad_box",
            Duplicate = "duplicate",
            TooVague = "too_vague",
            Other = "other",
        }
        ReviewState in "images.review", "steps.review_before", "steps.review_after" {
            Unreviewed = "unreviewed",
            Reviewed = "reviewed",
            ConfirmedEmpty = "confirmed_empty",
        }
        ImageFormat in "images.format" {
            Jpeg = "jpeg",
            Png = "png",
            WebP = "web_p",
            Gif = "gif",
            Bmp = "bmp",
            Tiff = "tiff",
        }
        SplitPart in "split_images.part" {
            Train = "train",
            Validation = "validation",
            Test = "test",
        }
        RunMode in "runs.mode" {
            Live = "live",
            Batch = "batch",
        }
        ImportRole in "runs.kind" {
            GroundTruth = "ground_truth",
            Predictions = "predictions",
            Work = "work",
        }
        ImportState in "imports.state" {
            Writing = "writing",
            Attaching = "attaching",
            Standing = "standing",
            Detaching = "detaching",
            Undone = "undone",
            Discarded = "discarded",
        }
        StopReason in "runs.stop_reason" {
            Completed = "completed",
            Paused = "paused",
            Cancelled = "cancelled",
            Shutdown = "shutdown",
            KeyRejected = "key_rejected",
            NotPermitted = "not_permitted",
            NoCredit = "no_credit",
            SpendLimit = "spend_limit",
            UnknownModel = "unknown_model",
            BatchCanceled = "batch_canceled",
            BatchUnknown = "batch_unknown",
            NotSuchAServer = "not_such_a_server",
            RequestRefused = "request_refused",
            AnswersUnreadable = "answers_unreadable",
            WaitTooLong = "wait_too_long",
            Unreachable = "unreachable",
            BudgetReached = "budget_reached",
            MonthlyCapReached = "monthly_cap_reached",
            PilotDone = "pilot_done",
            AnswersPending = "answers_pending",
            InternalError = "internal_error",
        }
        FailureKind in "jobs.failure" {
            FileMissing = "file_missing",
            FileUnreadable = "file_unreadable",
            ModelFailed = "model_failed",
            Expired = "expired",
            Refused = "refused",
            Declined = "declined",
            CutOff = "cut_off",
            AnswerUnreadable = "answer_unreadable",
            AnswerUnusable = "answer_unusable",
            CoordinatesAsFractions = "coordinates_as_fractions",
            CoordinatesAsThousandths = "coordinates_as_thousandths",
            InternalError = "internal_error",
        }
        RetryKind in "attempts.retried_for" {
            RateLimited = "rate_limited",
            Overloaded = "overloaded",
            ServerFailed = "server_failed",
            ConnectionLost = "connection_lost",
            AnswerUnreadable = "answer_unreadable",
            TimedOut = "timed_out",
            Expired = "expired",
            Unreachable = "unreachable",
            TooLarge = "too_large",
            CutShort = "cut_short",
        }
        BatchStanding in "batches.standing" {
            Filling = "filling",
            Submitting = "submitting",
            Working = "working",
            Canceling = "canceling",
            Unknown = "unknown",
            Ended = "ended",
            GivenUp = "given_up",
        }
        EndpointProblem in "run_endpoints.problem" {
            NoKey = "no_key",
            Unusable = "unusable",
            KeyRejected = "key_rejected",
            NotPermitted = "not_permitted",
            NoCredit = "no_credit",
            SpendLimit = "spend_limit",
            UnknownModel = "unknown_model",
            NotSuchAServer = "not_such_a_server",
            RequestRefused = "request_refused",
            AnswersUnreadable = "answers_unreadable",
            WaitTooLong = "wait_too_long",
            Unreachable = "unreachable",
            ConnectionLost = "connection_lost",
            TimedOut = "timed_out",
            ServerFailed = "server_failed",
            Overloaded = "overloaded",
        }
        LimitUnit in "endpoint_limits.unit" {
            RequestsPerMinute = "requests_per_minute",
            TokensPerMinute = "tokens_per_minute",
            Concurrency = "concurrency",
        }
        WaitReason in "waits.wait_reason" {
            OwnConcurrency = "own_concurrency",
            OwnRequests = "own_requests",
            OwnTokens = "own_tokens",
            OwnPause = "own_pause",
            AutomaticConcurrency = "automatic_concurrency",
            ServerConcurrency = "server_concurrency",
            ServerRequests = "server_requests",
            ServerTokens = "server_tokens",
            Refusal = "refusal",
            ServerFailing = "server_failing",
            Unreachable = "unreachable",
            Preparing = "preparing",
        }
        HookEvent in "hook_runs.event" {
            BeforeRun = "before_run",
            AfterRun = "after_run",
            OnFailure = "on_failure",
        }
        Check in "mistakes.kind" {
            Duplicate = "duplicate",
            Huge = "huge",
            Tiny = "tiny",
            Outside = "outside",
            OddAspect = "odd_aspect",
            Misspelled = "misspelled",
        }
    };
    let mut read = BTreeSet::new();
    columns_read_by_name(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/table"), &mut read);
    let unpinned: Vec<_> = read.iter().filter(|column| !columns.contains(column.as_str())).collect();
    assert!(unpinned.is_empty() && !read.is_empty(), "pin the names in these columns: {unpinned:?}");
}

/// Every column whose values the sources in `folder` read as an enum.
fn columns_read_by_name(folder: &Path, columns: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            columns_read_by_name(&path, columns);
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        columns.extend(source.split("from_name(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
}
