//! The object detector that is built into Fieldmark: it needs no key, no network and no file at run time.
//!
//! This crate owns the ONNX runtime, and nothing of it shows outside. What it does to a picture is a straight line:
//!
//! ```text
//! RGB pixels → view (416 x 416, one or two of them) → model → head → suppress → detections in picture pixels
//! ```
//!
//! Deliberately absent: decoding and EXIF (callers hand over upright pixels), recipes and labels (a detection carries
//! an index into [`domain::coco::NAMES`]), queues and spawning (callers own their threads).
//!
//! The model is NanoDet-g (<https://github.com/RangiLyu/nanodet>, Apache-2.0), trained on COCO. It is small and makes
//! honest mistakes; scores are there to be shown and detections to be reviewed.

mod head;
mod pools;
mod suppress;
#[cfg(test)]
mod tests;
mod view;

use domain::geometry::{PixelSize, Rect};
use rten::{Model, ModelOptions, NodeId, RunOptions, Value, op_registry};

use crate::pools::SingleThreadPools;
use crate::view::View;

/// Names the weights and what is done around them, for provenance: it changes when the answers may change.
pub const MODEL_ID: &str = "nanodet-g-416";

/// Side of the square the model looks at, in pixels, and so the long edge beyond which more pixels do not help: the
/// caller may decode to this size. (Only the stretched view could use a few more along the short edge.)
pub const INPUT_EDGE: u32 = 416;

/// [`INPUT_EDGE`] for lengths and indices.
const INPUT_SIDE: usize = INPUT_EDGE as usize;

/// The weights, with half-precision constants (they were published so).
static WEIGHTS: &[u8] = include_bytes!("../../../../models/nanodet.f16w.onnx");

/// What can go wrong in here; a picture without objects is no error.
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

/// One object found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Index into [`domain::coco::NAMES`].
    pub class: usize,
    /// The model's own estimate, 0 to 1.
    pub score: f32,
    /// In pixels of the picture that was given, inside it, never without extent.
    pub rect: Rect,
}

/// How much time to spend on a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Thoroughness {
    /// One look: the whole picture in its own shape, padded to a square.
    Fast,
    /// A second look at the picture stretched to a square, where narrow things fill more of the input. Finds more, in
    /// twice the time. A picture that is square already looks the same both times and gets the first look only.
    #[default]
    Thorough,
}

/// What to look for and how hard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectOptions {
    /// Least score of a detection, 0 to 1.
    pub threshold: f32,
    pub thoroughness: Thoroughness,
}

impl Default for DetectOptions {
    fn default() -> Self {
        Self { threshold: 0.4, thoroughness: Thoroughness::default() }
    }
}

/// The loaded model, to be shared by all threads: load once, call from as many as there are cores.
///
/// A call computes on one core from beginning to end. Spreading a single picture over the cores shortens that picture
/// by less than the number of cores, since the model is small and its steps are short; two callers that share one pool
/// as wide as the machine are slower still than two on a core each, by about a sixth. So parallelism is the caller's:
/// n calls at a time use n cores and never more.
#[derive(Debug)]
pub struct Detector {
    model: Model,
    input: NodeId,
    outputs: Vec<NodeId>,
    pools: SingleThreadPools,
}

impl Detector {
    /// Loads the weights that are part of the binary.
    pub fn embedded() -> Result<Self, LocalError> {
        // Only these operators are linked in; `Cast` widens the half-precision constants, once, at load.
        let operators =
            op_registry!(Add, Cast, Concat, Conv, LeakyRelu, MaxPool, Pad, Reshape, Resize, Sigmoid, Split, Transpose);
        let mut loading = ModelOptions::with_ops(operators);
        // A little time and memory once, for a little time saved on every picture.
        loading.prepack_weights(true);
        let model = loading.load_static_slice(WEIGHTS).map_err(|error| LocalError::Load(error.into()))?;
        let input = *model.input_ids().first().ok_or_else(|| LocalError::Load("the model takes no input".into()))?;
        let outputs = model.output_ids().to_vec();
        Ok(Self { model, input, outputs, pools: SingleThreadPools::default() })
    }

    /// Finds objects in an upright picture: RGB, a byte a channel, tightly packed, rows from top to bottom.
    ///
    /// Detections come back in pixels of this picture, clamped to it, best first, at most a hundred. A picture without
    /// pixels has none.
    pub fn detect(&self, size: PixelSize, rgb: &[u8], options: DetectOptions) -> Result<Vec<Detection>, LocalError> {
        let expected = size.area().saturating_mul(3);
        if rgb.len() as u64 != expected {
            return Err(LocalError::BufferLength { size, expected, actual: rgb.len() });
        }
        if rgb.is_empty() {
            return Ok(Vec::new());
        }
        let (letterboxed, stretched) = (View::letterboxed(size), View::stretched(size));
        let first = self.look(letterboxed, rgb, options.threshold)?;
        let second = match options.thoroughness {
            Thoroughness::Thorough if stretched != letterboxed => self.look(stretched, rgb, options.threshold)?,
            Thoroughness::Thorough | Thoroughness::Fast => Vec::new(),
        };
        Ok(suppress::merged(first, second))
    }

    /// Runs the model on one view. Candidates come back in picture pixels and still overlap.
    fn look(&self, view: View, rgb: &[u8], threshold: f32) -> Result<Vec<Detection>, LocalError> {
        let planes = view.planes(rgb)?;
        let input =
            Value::from_shape([1, 3, INPUT_SIDE, INPUT_SIDE], planes).map_err(|error| LocalError::Run(error.into()))?;
        let outputs = self.pools.lend(|pool| {
            let options = RunOptions::default().with_thread_pool(Some(pool));
            self.model.run(vec![(self.input, input.into())], &self.outputs, Some(options))
        });
        let outputs: Vec<head::Output> = outputs
            .map_err(|error| LocalError::Run(error.into()))?
            .into_iter()
            .map(|output| output.into_shape_vec().map_err(|error| LocalError::Run(error.into())))
            .collect::<Result<_, _>>()?;
        let mut candidates = head::candidates(&outputs, threshold)?;
        suppress::keep_best(&mut candidates, suppress::CANDIDATE_LIMIT);
        for candidate in &mut candidates {
            candidate.rect = view.rect_in_picture(candidate.rect).clamped(view.picture());
        }
        candidates.retain(|candidate| candidate.rect.area() > 0.0);
        Ok(candidates)
    }
}
