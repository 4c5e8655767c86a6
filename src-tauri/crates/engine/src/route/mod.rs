//! Ways to a model. The embedded detector is one like any other: it has a name, abilities, a price of zero.

mod gate;
mod remote;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use domain::answer::{Answer, AnsweredMark, Reading};
use domain::coco;
use domain::geometry::PixelSize;
use domain::model::{Destination, Model, ModelId, Vocabulary};
use domain::money::PicoDollars;
use domain::recipe::{Recipe, ShapeKind};
use domain::run::{FailureKind, Hold, RetryKind};
use local::{DetectOptions, Detector, INPUT_EDGE, MODEL_ID};
use prepare::Pixels;
use provider::disposition::{Disposition, ItemFailure};
use provider::request::{Brief, BriefOptions, Request};
use store::Bill;

use crate::connection::{Way, claude};
use crate::library::{lock, processors};
use crate::{EngineError, Result};

use gate::Gate;
use remote::Remote;

/// Long edge in which the detector gets a picture, in pixels: twice its input, since its second view stretches the
/// picture, and small originals stay sharp.
pub const DETECTOR_EDGE: u32 = 2 * INPUT_EDGE;

/// A way to one model, for one recipe.
#[derive(Clone)]
pub enum Route {
    /// The detector in this binary.
    Embedded(Arc<Detector>),
    Remote(Arc<Remote>),
}

/// A picture, ready for its route.
pub enum Prepared {
    Pixels(Pixels),
    Request(Request),
}

/// An answer, before anybody has read it.
pub struct Received {
    /// The form in which it is kept, and read back by the same kind of route.
    pub kept: String,
    /// `None` when the server did not count, or nobody counts.
    pub bill: Option<Bill>,
}

/// A request without an answer.
pub struct Trouble {
    pub disposition: Disposition,
    /// Under which name it is counted when it is made again.
    pub retry_kind: RetryKind,
    pub may_be_billed: bool,
    pub detail: String,
}

impl Trouble {
    /// Nothing was sent, and trying again would not help.
    fn failed(detail: String) -> Self {
        let disposition = Disposition::FailItem(ItemFailure::ServerFailed);
        Self { disposition, retry_kind: RetryKind::ServerFailed, may_be_billed: false, detail }
    }
}

impl Route {
    /// Long edge in which an image of `original` size is prepared for this route, in pixels.
    pub fn sent_edge(&self, original: PixelSize) -> u32 {
        match self {
            Self::Embedded(_) => DETECTOR_EDGE,
            Self::Remote(remote) => remote.sent_size(original).long_edge(),
        }
    }

    /// Long edge for another try, after the route found a picture of `sent` size too large.
    pub fn smaller_edge(sent: PixelSize) -> u32 {
        Remote::smaller_edge(sent)
    }

    /// Images at once, when nobody has said how many.
    pub fn default_concurrency(&self) -> u32 {
        match self {
            Self::Embedded(_) => processors(),
            Self::Remote(remote) => remote.concurrency,
        }
    }

    /// Puts a picture into the form that is sent; blocks.
    pub fn prepare(&self, pixels: Pixels) -> std::result::Result<Prepared, String> {
        match self {
            Self::Embedded(_) => Ok(Prepared::Pixels(pixels)),
            Self::Remote(remote) => remote.request(&pixels).map(Prepared::Request),
        }
    }

    /// The most that asking about `prepared` can cost.
    pub fn at_most(&self, prepared: &Prepared) -> PicoDollars {
        match (self, prepared) {
            (Self::Remote(remote), Prepared::Request(request)) => remote.at_most(request.sent()),
            _ => PicoDollars::ZERO,
        }
    }

    /// Waits until the route may be used.
    pub async fn passage(&self) {
        if let Self::Remote(remote) = self {
            remote.gate.passage().await;
        }
    }

    /// Keeps everybody from using the route for so long.
    pub fn hold(&self, how_long: std::time::Duration, kind: RetryKind, detail: &str) {
        if let Self::Remote(remote) = self {
            remote.gate.hold(how_long, kind, detail);
        }
    }

    /// Why the route may not be used right now.
    pub fn held(&self) -> Option<Hold> {
        match self {
            Self::Embedded(_) => None,
            Self::Remote(remote) => remote.gate.held(),
        }
    }

    /// Asks the model, once. Dropping the future of a remote route aborts its request.
    pub async fn ask(&self, prepared: &Arc<Prepared>) -> Result<std::result::Result<Received, Trouble>> {
        match self {
            Self::Embedded(detector) => {
                let (detector, prepared) = (Arc::clone(detector), Arc::clone(prepared));
                // Inference blocks; a panic in it fails the task, not the process.
                tokio::task::spawn_blocking(move || match &*prepared {
                    Prepared::Pixels(pixels) => detected(&detector, pixels),
                    Prepared::Request(_) => Err(Trouble::failed("prepared for another route".into())),
                })
                .await
                .map_err(|_| EngineError::TaskLost)
            }
            Self::Remote(remote) => Ok(match &**prepared {
                Prepared::Request(request) => remote.send(request).await,
                Prepared::Pixels(_) => Err(Trouble::failed("prepared for another route".into())),
            }),
        }
    }

    /// Reads an answer that was kept.
    pub fn read(&self, kept: &str, recipe: &Recipe) -> std::result::Result<Answer, (FailureKind, String)> {
        match self {
            Self::Embedded(_) => {
                Answer::from_raw(kept).map_err(|error| (FailureKind::AnswerUnreadable, error.to_string()))
            }
            Self::Remote(_) => Remote::read(kept, recipe),
        }
    }
}

/// Runs the detector; blocks.
pub fn detected(detector: &Detector, pixels: &Pixels) -> std::result::Result<Received, Trouble> {
    let detections = detector
        .detect(pixels.size, &pixels.rgb, DetectOptions::default())
        .map_err(|error| Trouble::failed(error.to_string()))?;
    let marks = detections
        .into_iter()
        .filter_map(|detection| {
            Some(AnsweredMark {
                label: (*coco::NAMES.get(detection.class)?).into(),
                confidence: Some(detection.score),
                rect: detection.rect,
                attributes: BTreeMap::new(),
            })
        })
        .collect();
    let answer = Answer { sent: pixels.size, marks, reading: Reading::default() };
    let kept = answer.to_raw().map_err(|error| Trouble::failed(error.to_string()))?;
    Ok(Received { kept, bill: None })
}

/// Every way there is. Models are listed at once; the weights are loaded when first needed.
#[derive(Default)]
pub struct Routes {
    detector: OnceLock<Arc<Detector>>,
    /// By server: what holds one run back holds all.
    gates: Mutex<HashMap<String, Arc<Gate>>>,
}

impl Routes {
    pub fn models(way: &Way) -> Result<Vec<Model>> {
        let mut models = vec![embedded_model()];
        models.extend(way.models()?);
        Ok(models)
    }

    pub fn model(way: &Way, id: &ModelId) -> Result<Model> {
        Self::models(way)?
            .into_iter()
            .find(|model| model.id == *id)
            .ok_or_else(|| EngineError::UnknownModel(id.clone()))
    }

    pub fn detector(&self) -> Result<Arc<Detector>> {
        if let Some(detector) = self.detector.get() {
            return Ok(Arc::clone(detector));
        }
        let detector = Arc::new(Detector::embedded()?);
        Ok(Arc::clone(self.detector.get_or_init(|| detector)))
    }

    /// Opens the way to `model`; blocks while weights are loaded.
    pub fn open(&self, way: &Way, model: &Model, recipe: &Recipe) -> Result<Route> {
        if model.destination == Destination::ThisMachine {
            return Ok(Route::Embedded(self.detector()?));
        }
        let client = way.client()?;
        let gate = Arc::clone(lock(&self.gates).entry(client.server().origin()).or_default());
        let brief = Brief::new(claude(&model.id)?, recipe, BriefOptions::default())?;
        Ok(Route::Remote(Arc::new(Remote { client, brief, gate, concurrency: way.concurrency() })))
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
        optional_attributes_limit: None,
        retires: None,
    }
}
