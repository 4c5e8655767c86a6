//! Ids in a library: small numbers assigned by `SQLite`, each kind with its own type.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "specta", derive(specta::Type), specta(transparent))]
        pub struct $name(pub u32);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// The images of an added folder, or of files added together.
    CollectionId,
    /// A saved query.
    SmartCollectionId,
    /// A picture by content: files with the same bytes are one image.
    ImageId,
    RecipeId,
    RunId,
    /// An image in a run.
    JobId,
    /// A request to a model.
    AttemptId,
    /// Pictures with known shapes that were sent to a model.
    CalibrationId,
    /// Requests that a batch run submitted together.
    BatchId,
    AnnotationId,
    /// An undoable step on an image.
    StepId,
    /// Steps on several images that are undone together.
    BulkEditId,
    /// A sample that is checked before many annotations are accepted.
    AuditId,
}
