//! Errors of this crate, except for skipped files, which have a [`domain::import::SkipReason`].

/// An error that is not about a user's file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The encoder refused: a side above 65,500 pixels, a quality outside 1 to 100, or no memory.
    #[error("encoding failed: {detail}")]
    Encode { detail: String },
    /// A content hash is written as 64 hexadecimal digits.
    #[error("{text:?} is not a content hash")]
    InvalidContentHash { text: String },
}
