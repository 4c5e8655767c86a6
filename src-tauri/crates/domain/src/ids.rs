//! Ids of the things in a library: small numbers that `SQLite` hands out, each kind its own type.

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
    /// The images of one dropped folder, or of files dropped together.
    CollectionId,
    /// One picture by content: the same bytes found twice are one image.
    ImageId,
    RecipeId,
    RunId,
    /// One image in a run.
    JobId,
    /// One request to a model.
    AttemptId,
    /// Requests that a batch run has submitted together.
    BatchId,
    AnnotationId,
    /// One step of a person's work on an image, as undo counts them.
    StepId,
    /// Steps on several images that were taken together, and are taken back together.
    BulkEditId,
    /// A look at a sample before many annotations are accepted unseen.
    AuditId,
}
