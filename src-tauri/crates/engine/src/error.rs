//! The engine's errors.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use domain::dataset::FormatId;
use domain::ids::RunId;
use domain::model::{ModelId, Unavailable, UnsupportedCapability};
use domain::money::PicoDollars;
use domain::recipe::{NothingToFind, RecipeProblem};
use domain::run::PossiblyBilled;
use store::LibraryFailure;
use tokio::task::JoinError;

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error("the built-in model cannot be used: {detail}")]
    Local { detail: String },
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("the image cannot be encoded: {0}")]
    Encode(#[from] prepare::Error),
    #[error("the original of image {image} cannot be opened: {detail}")]
    Original { image: domain::ids::ImageId, detail: String },
    #[error("not an annotation on this image: {detail}")]
    UnfitAnnotation { detail: String },
    #[error("no proposal of this label reaches the threshold: there is nothing to check")]
    NothingToAudit,
    #[error(transparent)]
    NothingToFind(#[from] NothingToFind),
    #[error("the recipe cannot be saved: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    UnsoundRecipe(Vec<RecipeProblem>),
    #[error(transparent)]
    RecipeFile(#[from] recipes::RecipeFileError),
    #[error("there is no model {0}")]
    UnknownModel(ModelId),
    #[error("there are no images to annotate")]
    NoImages,
    #[error("this model cannot run this recipe: {0:?}")]
    RecipeBeyondModel(Vec<UnsupportedCapability>),
    #[error("the recipe cannot be sent to this model: {0}")]
    RecipeBeyondWords(#[from] providers::request::RecipeError),
    #[error("this model is not available: {0:?}")]
    Unavailable(Unavailable),
    #[error("{typed}: {source}")]
    Address { typed: String, source: providers::base_url::BaseUrlError },
    #[error("a key was given for the endpoint \"{asked}\", which is not in the settings; {}", known_endpoints(.known))]
    UnknownEndpoint { asked: String, known: Vec<String> },
    #[error("unknown provider {asked}; providers: {}", .known.join(", "))]
    UnknownProvider { asked: String, known: Vec<String> },
    #[error("{path}: {detail}")]
    Settings { path: PathBuf, detail: String },
    /// A price that cannot be used, or a price table.
    #[error("{0}")]
    Price(String),
    #[error("{model} has fixed coordinates: only models of servers are calibrated")]
    NotCalibrated { model: ModelId },
    #[error("the settings do not describe {0}")]
    NotDescribed(ModelId),
    #[error("{model} cannot be described: {detail}")]
    OwnModel { model: ModelId, detail: String },
    #[error("two endpoints are called \"{name}\": give each a unique name")]
    EndpointNameTaken { name: String },
    /// The user must first see what is sent, and to whom.
    #[error("sending images to {host} is not allowed yet")]
    NotAgreed { host: String },
    #[error(transparent)]
    Key(#[from] providers::base_url::KeyError),
    #[error(transparent)]
    Keys(#[from] keys::KeysError),
    #[error(transparent)]
    Publish(#[from] publish::PublishError),
    #[error(
        "no database is known to publish to: set FIELDMARK_DATABASE_URL, or SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY, or \
         enter a connection string with fieldmark publish --connect or in the window's settings"
    )]
    NoDatabase,
    #[error("{server} is not on this machine, and the settings allow connections to this machine only (is_local_only)")]
    LocalOnly { server: String },
    #[error("run {run} is in use by process {process}")]
    RunBusy { run: RunId, process: u32 },
    #[error("{} requests of the run were in flight and may have been billed", .0.count)]
    Unsettled(PossiblyBilled),
    /// The budget is below the cost of a single request.
    #[error("the budget is too low: a single request can cost up to {}", dearest.rounded_up())]
    BudgetTooSmall { dearest: PicoDollars },
    /// The monthly cap leaves less than a single request may cost.
    #[error("the monthly cap leaves {left}, and a single request can cost up to {}: raise it, or wait for the next month", at_most.rounded_up())]
    MonthIsFull { left: PicoDollars, at_most: PicoDollars },
    /// Counted from 1.
    #[error("the photo of example {number} cannot be used: {detail}")]
    ExampleUnavailable { number: u32, detail: String },
    /// Nothing would hold it.
    #[error("the price of {model} is unknown, so that no budget can be kept: enter its price in the settings")]
    BudgetWithoutPrice { model: ModelId },
    /// `may_retry`: whether a retry, which was not asked for, may fix failed images.
    #[error("run {run} is finished{}", what_failed(*failed, *may_retry))]
    NothingLeft { run: RunId, failed: u32, may_retry: bool },
    #[error("no image of run {0} has finished, so there are no metrics")]
    NoFigures(RunId),
    #[error("{path} cannot be written: {reason}")]
    UnfitTarget { path: PathBuf, reason: &'static str },
    /// Of a run, or of another scope.
    #[error(
        "{} no image to export: none is annotated, or none is reviewed (--reviewed-only)",
        .0.map_or_else(|| "there is".to_owned(), |run| format!("run {run} has"))
    )]
    NothingToExport(Option<RunId>),
    /// In some formats, other programs fail on a dataset without annotations.
    #[error(
        "the format {format} supports none of the annotations{}, and needs at least one",
        run.map_or_else(String::new, |run| format!(" of run {run}"))
    )]
    NothingHeld { run: Option<RunId>, format: &'static str },
    /// A task of a format that is about key points.
    #[error("{}", datasets::DatasetError::NoKeyPoints)]
    NoKeyPoints,
    /// Nothing of it stays.
    #[error("cancelled: nothing was changed")]
    Cancelled,
    #[error("there is no format {0}")]
    UnknownFormat(FormatId),
    #[error("the dataset cannot be written: {0}")]
    Dataset(datasets::DatasetError),
    #[error("{} refers to the images of a COCO dataset by number: compare it with that dataset", .0.display())]
    DetectionsWithoutDataset(PathBuf),
    #[error("the sides of the evaluation have no image in common")]
    NoCommonImages,
    #[error("{path} cannot be read: {source}")]
    UnreadDataset { path: PathBuf, source: datasets::DatasetError },
    #[error(
        "{path} is not a dataset in a known format, or it has no images: choose its format (--format), or export it again"
    )]
    UnknownDataset { path: PathBuf },
    /// A file that says what labels become.
    #[error("{name}: {problem}")]
    LabelMap { name: String, problem: String },
    #[error("{path} cannot be restored: {detail}. Nothing was changed")]
    UnfitBackup { path: PathBuf, detail: String },
    #[error("there is a library at {}; with --replace it is kept aside, and the backup takes its place", .0.display())]
    LibraryExists(PathBuf),
    #[error("the library is in use: {detail}. Nothing was changed")]
    LibraryInUse { detail: String },
    #[error("{} is not a folder", .0.display())]
    NoFolder(PathBuf),
    #[error("internal error: a task ended early")]
    TaskLost,
    #[error("internal error: {0}")]
    Panicked(String),
}

fn what_failed(failed: u32, may_retry: bool) -> &'static str {
    match (failed, may_retry) {
        (0, _) => ": all its images are done",
        (_, true) => "; --retry-failed retries its failed images",
        (_, false) => ", and a retry would not help its failed images",
    }
}

fn known_endpoints(known: &[String]) -> String {
    if known.is_empty() { "no endpoint is set up".into() } else { format!("there are: {}", known.join(", ")) }
}

pub type Result<T> = std::result::Result<T, EngineError>;

impl EngineError {
    /// `None` unless the library or its disk has failed.
    #[must_use]
    pub fn library_failure(&self) -> Option<LibraryFailure> {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match self {
            Self::Store(error) => error.library_failure(),
            Self::File { source, .. } => {
                matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge).then_some(LibraryFailure::DiskFull)
            }
            _ => None,
        }
    }

    /// Whether something does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(
            self,
            Self::Store(store::StoreError::Missing { .. })
                | Self::UnknownModel(_)
                | Self::NotDescribed(_)
                | Self::UnknownEndpoint { .. }
                | Self::UnknownProvider { .. }
                | Self::UnknownFormat(_)
        )
    }

    /// For `map_err` on file operations.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    /// Whether nothing more can be stored, so that no run can continue. Otherwise the error concerns a single image.
    pub(crate) fn is_of_library(&self) -> bool {
        matches!(self, Self::Store(error) if error.library_failure().is_some())
    }
}

impl From<local_models::LocalError> for EngineError {
    fn from(error: local_models::LocalError) -> Self {
        Self::Local { detail: error.to_string() }
    }
}

impl From<JoinError> for EngineError {
    fn from(lost: JoinError) -> Self {
        lost.try_into_panic().map_or(Self::TaskLost, |panic| Self::Panicked(panic_text(&*panic)))
    }
}

/// Runs `work` and turns a panic into an error.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| EngineError::Panicked(panic_text(&*panic)))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}
