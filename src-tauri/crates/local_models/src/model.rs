//! What a local model supplies: its descriptor, and annotations on a picture.

use domain::answer::AnsweredAnnotation;
use domain::geometry::PixelSize;
use domain::model::Vocabulary;
use domain::recipe::{Recipe, ShapeKind};

/// What a local model says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalDescriptor {
    /// Names the weights and what is done around them, for provenance: it changes when the answers may change.
    pub id: &'static str,
    /// As it is shown.
    pub name: &'static str,
    pub documentation_url: &'static str,
    pub vocabulary: Vocabulary,
    pub shapes: Vec<ShapeKind>,
    /// Whether it fills a recipe's attributes.
    pub fills_attributes: bool,
    /// The long edge beyond which more pixels do not help: pictures are decoded to this size, in pixels.
    pub longest_edge: u32,
}

/// What can go wrong; a picture without objects is no error.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    #[error("the picture is {} x {} pixels and takes {expected} bytes of RGB, but {actual} were given", size.width, size.height)]
    BufferLength { size: PixelSize, expected: u64, actual: usize },
    #[error("the picture could not be resized")]
    Resize(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the built-in model could not be loaded")]
    Load(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the built-in model could not be run")]
    Run(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The weights are not the ones this crate was written for.
    #[error("the built-in model has no output of shape {shape:?}")]
    OutputMissing { shape: [usize; 3] },
}

/// A model on this computer, shared by all threads.
///
/// A call computes on one core from beginning to end: parallelism is the caller's.
pub trait LocalModel: Send + Sync {
    fn descriptor(&self) -> &LocalDescriptor;

    /// Makes the model ready, once: what is slow about its first use. Blocks.
    fn load(&self) -> Result<(), LocalError>;

    /// Finds what `recipe` asks in an upright picture of RGB, a byte a channel, tightly packed, rows from top to bottom.
    /// Blocks.
    ///
    /// Annotations come back in pixels of this picture, inside it, the best first. A model with a closed vocabulary may return
    /// what the recipe does not ask for; a picture without pixels has no annotations.
    fn annotate(&self, size: PixelSize, rgb: &[u8], recipe: &Recipe) -> Result<Vec<AnsweredAnnotation>, LocalError>;
}

/// Whether `rgb` holds a picture of `size`, a byte a channel, tightly packed.
///
/// # Errors
/// When it does not.
pub fn check_buffer(size: PixelSize, rgb: &[u8]) -> Result<(), LocalError> {
    let expected = size.area().saturating_mul(3);
    if rgb.len() as u64 == expected {
        Ok(())
    } else {
        Err(LocalError::BufferLength { size, expected, actual: rgb.len() })
    }
}
