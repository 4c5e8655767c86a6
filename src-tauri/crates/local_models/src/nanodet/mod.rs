//! The object detector that is built into Fieldmark: it needs no key, no network and no file at run time. What it does to a
//! picture is a straight line:
//!
//! ```text
//! RGB pixels → view (416 x 416, one or two of them) → model → head → suppress → detections in picture pixels
//! ```
//!
//! The model is NanoDet-g (<https://github.com/RangiLyu/nanodet>, Apache-2.0), trained on COCO. It is small and makes
//! honest mistakes; scores are there to be shown and detections to be reviewed.

mod head;
mod pools;
mod suppress;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use domain::answer::AnsweredAnnotation;
use domain::coco;
use domain::geometry::{PixelSize, Rect};
use domain::model::Vocabulary;
use domain::recipe::{Recipe, ShapeKind};
use domain::shape::Shape;
use rten::{Model, ModelOptions, NodeId, RunOptions, Value, op_registry};

use self::pools::SingleThreadPools;
use self::view::InputView;
use crate::{LocalDescriptor, LocalError, LocalModel, check_buffer};

/// Side of the model's square input, in pixels.
const INPUT_EDGE: u32 = 416;

/// [`INPUT_EDGE`] for lengths and indices.
const INPUT_SIDE: usize = INPUT_EDGE as usize;

/// The weights, with half-precision constants, as published.
static WEIGHTS: &[u8] = include_bytes!("../../../../../models/nanodet.f16w.onnx");

static DESCRIPTOR: LazyLock<LocalDescriptor> = LazyLock::new(|| LocalDescriptor {
    id: "nanodet-g-416",
    name: "Built-in detector",
    documentation_url: "https://github.com/RangiLyu/nanodet",
    vocabulary: Vocabulary::Closed { names: coco::NAMES.map(String::from).to_vec() },
    shapes: vec![ShapeKind::Box],
    fills_attributes: false,
    // Twice the input, because the second view stretches the picture, and small originals stay sharp.
    longest_edge: 2 * INPUT_EDGE,
});

/// The loaded detector.
static DETECTOR: OnceLock<Detector> = OnceLock::new();

/// The detector as a local model. Weights are loaded on first use.
pub struct NanoDet;

fn detector() -> Result<&'static Detector, LocalError> {
    if let Some(detector) = DETECTOR.get() {
        return Ok(detector);
    }
    let detector = Detector::embedded()?;
    Ok(DETECTOR.get_or_init(|| detector))
}

impl LocalModel for NanoDet {
    fn descriptor(&self) -> &LocalDescriptor {
        &DESCRIPTOR
    }

    fn load(&self) -> Result<(), LocalError> {
        detector().map(drop)
    }

    fn annotate(&self, size: PixelSize, rgb: &[u8], _recipe: &Recipe) -> Result<Vec<AnsweredAnnotation>, LocalError> {
        let detections = detector()?.detect(size, rgb, DetectOptions::default())?;
        let annotations = detections.into_iter().filter_map(|detection| {
            Some(AnsweredAnnotation {
                label: (*coco::NAMES.get(detection.class)?).into(),
                confidence: Some(detection.score),
                shape: Shape::Box { rect: detection.rect },
                attributes: BTreeMap::new(),
            })
        });
        Ok(annotations.collect())
    }
}

/// A detected object.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Detection {
    /// Index into [`domain::coco::NAMES`].
    pub class: usize,
    /// The model's confidence, 0 to 1.
    pub score: f32,
    /// In pixels of the picture, inside it, never empty.
    pub rect: Rect,
}

/// Detection options.
#[derive(Debug, Clone, Copy, PartialEq)]
struct DetectOptions {
    /// Minimum score, 0 to 1.
    pub threshold: f32,
    /// Whether to run a second view, stretched to a square, in which narrow objects are larger. Finds more, in twice
    /// the time. Square pictures need only one view.
    pub looks_twice: bool,
}

impl Default for DetectOptions {
    fn default() -> Self {
        Self { threshold: 0.4, looks_twice: true }
    }
}

/// The loaded model, to be shared by all threads: load once, call from as many as there are cores.
///
/// A call computes on one core from beginning to end. Spreading a single picture over the cores shortens that picture
/// by less than the number of cores, since the model is small and its steps are short; two callers that share one pool
/// as wide as the machine are slower still than two on a core each, by about a sixth. So parallelism is the caller's:
/// n calls at a time use n cores and never more.
#[derive(Debug)]
struct Detector {
    model: Model,
    input: NodeId,
    outputs: Vec<NodeId>,
    pools: SingleThreadPools,
}

impl Detector {
    /// Loads the embedded weights.
    pub fn embedded() -> Result<Self, LocalError> {
        // Only these operators are linked; `Cast` widens the half-precision constants once, at load.
        let operators =
            op_registry!(Add, Cast, Concat, Conv, LeakyRelu, MaxPool, Pad, Reshape, Resize, Sigmoid, Split, Transpose);
        let mut loading = ModelOptions::with_ops(operators);
        // Some time and memory at load saves time per picture.
        loading.prepack_weights(true);
        let model = loading.load_static_slice(WEIGHTS).map_err(|error| LocalError::Load(error.into()))?;
        let input = *model.input_ids().first().ok_or_else(|| LocalError::Load("the model takes no input".into()))?;
        let outputs = model.output_ids().to_vec();
        Ok(Self { model, input, outputs, pools: SingleThreadPools::default() })
    }

    /// Detects objects in an upright RGB picture: one byte per channel, tightly packed, rows from top to bottom.
    ///
    /// Detections are in pixels of this picture and clamped to it, best first, at most 100. An empty picture has none.
    pub fn detect(&self, size: PixelSize, rgb: &[u8], options: DetectOptions) -> Result<Vec<Detection>, LocalError> {
        check_buffer(size, rgb)?;
        if rgb.is_empty() {
            return Ok(Vec::new());
        }
        let (letterboxed, stretched) = (InputView::letterboxed(size), InputView::stretched(size));
        let first = self.look(letterboxed, rgb, options.threshold)?;
        let second = if options.looks_twice && stretched != letterboxed {
            self.look(stretched, rgb, options.threshold)?
        } else {
            Vec::new()
        };
        Ok(suppress::merged(first, second))
    }

    /// Runs the model on one view. Candidates are in picture pixels and still overlap.
    fn look(&self, view: InputView, rgb: &[u8], threshold: f32) -> Result<Vec<Detection>, LocalError> {
        let planes = view.planes(rgb)?;
        let input =
            Value::from_shape([1, 3, INPUT_SIDE, INPUT_SIDE], planes).map_err(|error| LocalError::Run(error.into()))?;
        let outputs = self.pools.lend(|pool| {
            let options = RunOptions::default().with_thread_pool(Some(pool));
            self.model.run(vec![(self.input, input.into())], &self.outputs, Some(options))
        });
        let outputs: Vec<head::HeadOutput> = outputs
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
