//! What can fail here besides a file that is left out: those say why with [`domain::import::SkipReason`].

/// A failure that is not about one file of a person's.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The encoder refused: a side above 65,500 pixels, a quality outside 1 to 100, or no memory.
    #[error("JPEG encoding failed: {detail}")]
    Encode { detail: String },
    /// A content hash is written as 64 hexadecimal digits.
    #[error("{text:?} is no content hash")]
    InvalidContentHash { text: String },
}
