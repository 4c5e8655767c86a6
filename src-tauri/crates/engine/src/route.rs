//! Ways to a model. The embedded detector is one like any other: it has a name, abilities, a price of zero.

use std::sync::{Arc, OnceLock};

use domain::answer::{Answer, AnsweredMark};
use domain::coco;
use domain::model::{Destination, Model, ModelId, Vocabulary};
use domain::plan::CostRange;
use domain::recipe::ShapeKind;
use local::{DetectOptions, Detector, INPUT_EDGE, MODEL_ID};
use prepare::Pixels;

use crate::library::processors;
use crate::{EngineError, Result};

/// A way to one model.
#[derive(Clone)]
pub enum Route {
    /// The detector in this binary.
    Embedded(Arc<Detector>),
}

impl Route {
    /// Long edge in which an image is prepared for this route, in pixels.
    pub const fn sent_edge(&self) -> u32 {
        match self {
            // Twice the detector's input: its second view stretches the picture, and small originals stay sharp.
            Self::Embedded(_) => 2 * INPUT_EDGE,
        }
    }

    /// Images at once, when nobody has said how many.
    pub fn default_concurrency(&self) -> u32 {
        match self {
            Self::Embedded(_) => processors(),
        }
    }

    /// Asks the model; blocks while it works.
    pub fn answer(&self, pixels: &Pixels) -> Result<Answer> {
        match self {
            Self::Embedded(detector) => {
                let detections = detector.detect(pixels.size, &pixels.rgb, DetectOptions::default())?;
                let marks = detections
                    .into_iter()
                    .filter_map(|detection| {
                        Some(AnsweredMark {
                            label: (*coco::NAMES.get(detection.class)?).into(),
                            confidence: Some(detection.score),
                            rect: detection.rect,
                        })
                    })
                    .collect();
                Ok(Answer { sent: pixels.size, marks })
            }
        }
    }
}

/// Every way there is. Models are listed at once; the weights are loaded when first needed.
#[derive(Default)]
pub struct Routes {
    detector: OnceLock<Arc<Detector>>,
}

impl Routes {
    pub fn models() -> Vec<Model> {
        vec![embedded_model()]
    }

    /// What a run of `model` costs; `None` when nobody has told the price.
    pub fn cost(model: &Model) -> Option<CostRange> {
        match model.destination {
            Destination::ThisMachine => Some(CostRange::default()),
            Destination::Host { .. } => None,
        }
    }

    pub fn model(id: &ModelId) -> Result<Model> {
        Self::models().into_iter().find(|model| model.id == *id).ok_or_else(|| EngineError::UnknownModel(id.clone()))
    }

    pub fn open(&self, id: &ModelId) -> Result<Route> {
        Self::model(id)?;
        if let Some(detector) = self.detector.get() {
            return Ok(Route::Embedded(Arc::clone(detector)));
        }
        let detector = Arc::new(Detector::embedded()?);
        Ok(Route::Embedded(Arc::clone(self.detector.get_or_init(|| detector))))
    }
}

fn embedded_model() -> Model {
    Model {
        id: ModelId(MODEL_ID.into()),
        name: "Built-in detector".into(),
        destination: Destination::ThisMachine,
        vocabulary: Vocabulary::Closed { names: coco::NAMES.map(String::from).to_vec() },
        shapes: vec![ShapeKind::Box],
        fills_attributes: false,
    }
}
