//! The error of an operation: a code that the window's catalogue turns into text, and a message for logs.

use domain::model::Unavailable;
use domain::text::visible;
use engine::{EngineError, KeysError, PublishError, StoreError};
use serde::Serialize;

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, specta::Type)]
pub struct ApiError {
    /// Stable; the key of the text in the window's message catalogue.
    pub code: ErrorCode,
    /// What went wrong, in detail.
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    Library,
    Model,
    File,
    Original,
    UnfitAnnotation,
    NothingToAudit,
    NothingToFind,
    UnsoundRecipe,
    /// A recipe file, or a file with labels, that cannot be read.
    RecipeFile,
    /// A dataset that does not follow its format.
    UnreadDataset,
    /// A file or folder in no known format.
    UnknownDataset,
    UnknownModel,
    NoImages,
    RecipeBeyondModel,
    LocalOnly,
    NoKey,
    UnusableConnection,
    Address,
    Settings,
    Price,
    EndpointNameTaken,
    NotAgreed,
    BudgetTooSmall,
    MonthIsFull,
    BudgetWithoutPrice,
    Unsettled,
    Key,
    Keychain,
    /// An environment variable or a `.env` file.
    Environment,
    /// Not the connection string of a database.
    DatabaseAddress,
    /// The library was not published.
    Database,
    /// Another window or command is publishing it.
    DatabaseBusy,
    RunBusy,
    NothingLeft,
    NoFigures,
    /// The sides of an evaluation have no image in common.
    NothingToEvaluate,
    /// No image of an export's scope has annotations, or none that the format holds.
    NothingToExport,
    /// A run is in progress, or another process has the library open: it cannot be cleaned up, restored or repaired.
    LibraryInUse,
    /// The user has cancelled it.
    Cancelled,
    /// The input is not what the operation expects.
    InvalidInput,
    UnknownOperation,
    /// The window may only read.
    ReadOnly,
    /// Only the desktop app can do this.
    DesktopOnly,
    /// The folder is outside the folders that this window may use.
    OutsideRoots,
    /// A browser's window has no session, or it has ended: a new link is needed.
    SignedOut,
    /// The server of a browser's window does not answer.
    Unreachable,
    Internal,
}

impl ApiError {
    /// What the log says of it. The messages of other errors can quote labels and typed text, which are not logged.
    pub(crate) fn logged(&self) -> &str {
        match self.code {
            ErrorCode::Library
            | ErrorCode::Model
            | ErrorCode::File
            | ErrorCode::Original
            | ErrorCode::Keychain
            | ErrorCode::LibraryInUse
            | ErrorCode::Internal => &self.message,
            _ => "",
        }
    }

    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Something that should not happen.
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        Self::new(ErrorCode::Internal, visible(&error.to_string()).into_owned())
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let code = match &error {
            EngineError::LibraryInUse { .. } | EngineError::Store(StoreError::InUse { .. }) => ErrorCode::LibraryInUse,
            EngineError::Store(_) | EngineError::LibraryExists(_) => ErrorCode::Library,
            EngineError::Local { .. } | EngineError::NotCalibrated { .. } => ErrorCode::Model,
            EngineError::File { .. }
            | EngineError::UnfitTarget { .. }
            | EngineError::UnfitBackup { .. }
            | EngineError::NoFolder(_)
            | EngineError::Dataset(_)
            | EngineError::DetectionsWithoutDataset(_) => ErrorCode::File,
            EngineError::NoCommonImages => ErrorCode::NothingToEvaluate,
            EngineError::UnreadDataset { .. } => ErrorCode::UnreadDataset,
            EngineError::UnknownDataset { .. } => ErrorCode::UnknownDataset,
            EngineError::Original { .. } | EngineError::Encode(_) | EngineError::ExampleUnavailable { .. } => {
                ErrorCode::Original
            }
            EngineError::UnfitAnnotation { .. } => ErrorCode::UnfitAnnotation,
            EngineError::NothingToAudit => ErrorCode::NothingToAudit,
            EngineError::NothingToFind(_) => ErrorCode::NothingToFind,
            EngineError::UnsoundRecipe(_) => ErrorCode::UnsoundRecipe,
            EngineError::RecipeFile(_) => ErrorCode::RecipeFile,
            EngineError::UnknownModel(_) => ErrorCode::UnknownModel,
            EngineError::NoImages => ErrorCode::NoImages,
            EngineError::RecipeBeyondModel(_) | EngineError::RecipeBeyondWords(_) => ErrorCode::RecipeBeyondModel,
            EngineError::Unavailable(Unavailable::LocalOnly) | EngineError::LocalOnly { .. } => ErrorCode::LocalOnly,
            EngineError::Unavailable(Unavailable::NoKey { .. }) => ErrorCode::NoKey,
            EngineError::Unavailable(Unavailable::Unusable { .. }) => ErrorCode::UnusableConnection,
            EngineError::Address { .. } => ErrorCode::Address,
            EngineError::Price(_) => ErrorCode::Price,
            EngineError::OwnModel { .. }
            | EngineError::NotDescribed(_)
            | EngineError::Settings { .. }
            | EngineError::UnknownEndpoint { .. }
            | EngineError::UnknownProvider { .. } => ErrorCode::Settings,
            EngineError::EndpointNameTaken { .. } => ErrorCode::EndpointNameTaken,
            EngineError::NotAgreed { .. } => ErrorCode::NotAgreed,
            EngineError::BudgetTooSmall { .. } => ErrorCode::BudgetTooSmall,
            EngineError::MonthIsFull { .. } => ErrorCode::MonthIsFull,
            EngineError::BudgetWithoutPrice { .. } => ErrorCode::BudgetWithoutPrice,
            EngineError::Unsettled(_) => ErrorCode::Unsettled,
            EngineError::Key(_) => ErrorCode::Key,
            EngineError::Keys(KeysError::Keychain { .. } | KeysError::StillKept { .. }) => ErrorCode::Keychain,
            EngineError::Keys(_) => ErrorCode::Environment,
            EngineError::Publish(PublishError::Address(_)) => ErrorCode::DatabaseAddress,
            EngineError::Publish(PublishError::Overtaken { .. }) => ErrorCode::DatabaseBusy,
            EngineError::Publish(_) | EngineError::NoDatabase => ErrorCode::Database,
            EngineError::RunBusy { .. } => ErrorCode::RunBusy,
            EngineError::NothingLeft { .. } => ErrorCode::NothingLeft,
            EngineError::NoFigures(_) => ErrorCode::NoFigures,
            EngineError::NothingToExport(_) | EngineError::NothingHeld { .. } | EngineError::NoKeyPoints => {
                ErrorCode::NothingToExport
            }
            EngineError::Cancelled => ErrorCode::Cancelled,
            EngineError::TaskLost
            | EngineError::Panicked(_)
            | EngineError::UnknownFormat(_)
            | EngineError::LabelMap { .. } => ErrorCode::Internal,
        };
        Self { code, message: visible(&error.to_string()).into_owned() }
    }
}
