//! The interface of a local model: its descriptor, and annotations of a picture.

use domain::answer::AnsweredAnnotation;
use domain::geometry::PixelSize;
use domain::model::Vocabulary;
use domain::recipe::{Recipe, ShapeKind};

/// Description of a local model.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalDescriptor {
    /// Identifies weights and processing, for provenance: it changes when answers may change.
    pub id: &'static str,
    /// For display.
    pub name: &'static str,
    pub documentation_url: &'static str,
    pub vocabulary: Vocabulary,
    pub shapes: Vec<ShapeKind>,
    /// Whether it fills a recipe's attributes.
    pub fills_attributes: bool,
    /// Pictures are decoded to this long edge, in pixels; a larger one does not help.
    pub longest_edge: u32,
}

/// Errors; a picture without objects is not one.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    #[error("the image has {} x {} pixels, so {expected} bytes of RGB, but {actual} were given", size.width, size.height)]
    BufferLength { size: PixelSize, expected: u64, actual: usize },
    #[error("the image could not be resized")]
    Resize(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the built-in model could not be loaded")]
    Load(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the built-in model could not be run")]
    Run(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The weights do not match this crate.
    #[error("the built-in model has no output of shape {shape:?}")]
    OutputMissing { shape: [usize; 3] },
}

/// A model on this computer, shared by all threads.
///
/// A call runs on one core; parallelism is the caller's task.
pub trait LocalModel: Send + Sync {
    fn descriptor(&self) -> &LocalDescriptor;

    /// Loads the model, once. Blocks.
    fn load(&self) -> Result<(), LocalError>;

    /// Annotates an upright RGB picture: one byte per channel, tightly packed, rows from top to bottom. Blocks.
    ///
    /// Annotations are in pixels of this picture and inside it, best first. A model with a closed vocabulary may return
    /// labels that the recipe does not have. An empty picture has no annotations.
    fn annotate(&self, size: PixelSize, rgb: &[u8], recipe: &Recipe) -> Result<Vec<AnsweredAnnotation>, LocalError>;
}

/// Checks that `rgb` is a picture of `size`, one byte per channel, tightly packed.
///
/// # Errors
///
/// If it is not.
pub fn check_buffer(size: PixelSize, rgb: &[u8]) -> Result<(), LocalError> {
    let expected = size.area().saturating_mul(3);
    if rgb.len() as u64 == expected {
        Ok(())
    } else {
        Err(LocalError::BufferLength { size, expected, actual: rgb.len() })
    }
}
