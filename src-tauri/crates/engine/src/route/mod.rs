//! Ways to a model. The embedded detector is one like any other: it has a name, abilities, a price of zero.

mod batch;
mod gate;
mod lane;
pub mod limiter;
mod places;
mod remote;
mod request_costs;
mod streak;
mod waits;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use domain::answer::{Answer, AnsweredMark, Reading};
use domain::coco;
use domain::diagnosis::Wait;
use domain::endpoint::{EndpointId, RunEndpoint};
use domain::geometry::PixelSize;
use domain::model::{Destination, Model, ModelId, Vocabulary};
use domain::money::PicoDollars;
use domain::pace::EndpointLimit;
use domain::recipe::{Recipe, ShapeKind};
use domain::run::{FailureKind, Hold, RetryKind, RouteState, RunMode, StopReason};
use domain::run_options::RunOptions;
use local_models::{DetectOptions, Detector, INPUT_EDGE, MODEL_ID};
use prepare::Pixels;
use providers::anthropic::request::{Brief, BriefOptions, Request};
use store::Bill;
use tokio::sync::Notify;

use crate::connection::{Way, claude};
use crate::library::lock;
use crate::run::Flight;
use crate::servers::PricePercents;
use crate::{EngineError, Result};

pub use batch::{CallNext, CallTrouble, refused};
use gate::Gate;
use lane::{Closed, Entry, Lane};
pub use lane::{retry_kind, said};
pub use limiter::Bounds;
use places::Places;
pub use remote::Remote;
pub use request_costs::RequestCosts;

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

impl Prepared {
    /// Of the picture.
    pub fn size(&self) -> PixelSize {
        match self {
            Self::Pixels(pixels) => pixels.size,
            Self::Request(request) => request.sent(),
        }
    }

    /// What it takes of the memory.
    pub fn byte_count(&self) -> usize {
        match self {
            Self::Pixels(pixels) => pixels.rgb.len(),
            Self::Request(request) => request.byte_count(),
        }
    }
}

/// An answer, before anybody has read it.
pub struct Received {
    /// The form in which it is kept, and read back by the same kind of route.
    pub kept: String,
    /// `None` when the server did not count, or nobody counts.
    pub bill: Option<Bill>,
}

/// How much room an answer gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Usual,
    /// After one that was cut off.
    More,
}

/// What is asked about each image. An answer to the same question is used again if it is whole, or was cut off at no less
/// than `output_limit`.
pub struct Question {
    /// What decides an answer besides the image.
    pub key: String,
    /// The largest output maximum that an answer may get, in tokens.
    pub output_limit: u64,
}

/// A request without an answer.
pub struct Trouble {
    pub remedy: Remedy,
    /// The endpoint that failed, where another works and may be asked instead.
    pub avoids: Option<usize>,
    /// Under which name it is counted when it is made again.
    pub retry_kind: RetryKind,
    pub may_be_billed: bool,
    pub detail: String,
}

/// What to do about a request without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// It waits for its turn again; nothing was wrong with it.
    Again,
    /// The same, after the server has failed on everybody, and not before it says.
    AgainAfterOutage { after: Option<Duration> },
    /// Once more after a moment, or after as long as the server says.
    Retry { after: Option<Duration> },
    /// A smaller picture may be taken.
    Shrink,
    /// The server will not take this picture.
    Refuse,
    /// The endpoint has refused it and taken no request yet: it may be the form of the requests. It is looked at again when
    /// nothing else is left ([`Route::verdict`]).
    Undecided { endpoint: usize },
    /// The model failed on it, and says that it will again.
    Fail,
    /// Nothing more is to be sent in this run.
    Stop(StopReason),
}

impl Trouble {
    /// Nothing was sent, and trying again would not help.
    fn failed(detail: String) -> Self {
        Self { remedy: Remedy::Fail, avoids: None, retry_kind: RetryKind::ServerFailed, may_be_billed: false, detail }
    }

    fn elsewhere() -> Self {
        Self::failed("prepared for another route".into())
    }
}

/// What becomes of an image whose request was refused by an endpoint that had taken none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The endpoint has taken others since.
    Refused,
    /// Another endpoint may take it.
    AskAgain,
    /// None has taken any.
    NoneTaken,
}

/// The right to ask once.
pub enum Turn {
    Embedded,
    Remote(Entry),
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

    /// What requests cost on its ways, in percent of the list price.
    pub fn price_percents(&self) -> PricePercents {
        match self {
            Self::Embedded(_) => PricePercents::LIST,
            Self::Remote(remote) => remote.price_percents(),
        }
    }

    /// Requests at once, as things stand; `None` where nothing is sent, and the processors are what there is to share.
    pub fn at_once(&self) -> Option<usize> {
        match self {
            Self::Embedded(_) => None,
            Self::Remote(remote) => Some(remote.at_once()),
        }
    }

    /// The output maximum of a request with so much room, in tokens; 0 where answers have none.
    pub fn output_limit(&self, room: Room) -> u64 {
        match self {
            Self::Embedded(_) => 0,
            Self::Remote(remote) => remote.output_limit(room),
        }
    }

    /// The largest output maximum that an answer may get in this run, in tokens.
    pub fn largest_output_limit(&self) -> u64 {
        match self {
            Self::Embedded(_) => 0,
            Self::Remote(remote) => remote.largest_output_limit(),
        }
    }

    /// What the run asks, for finding answers that were paid for; `None` where answers cost nothing.
    pub fn question(&self) -> Option<Question> {
        match self {
            Self::Embedded(_) => None,
            Self::Remote(remote) => {
                Some(Question { key: remote.answer_key.clone(), output_limit: remote.largest_output_limit() })
            }
        }
    }

    /// What the run asks was answered before: a refusal is not about the form of its requests.
    pub fn note_form_taken(&self) {
        if let Self::Remote(remote) = self
            && let Some(lane) = remote.first_lane()
        {
            lane.note_form_taken();
        }
    }

    /// Puts a picture into the form that is sent; blocks.
    pub fn prepare(&self, pixels: Pixels, room: Room) -> std::result::Result<Prepared, String> {
        match self {
            Self::Embedded(_) => Ok(Prepared::Pixels(pixels)),
            Self::Remote(remote) => remote.request(&pixels, room).map(Prepared::Request),
        }
    }

    /// The most that asking about `prepared` can cost.
    pub fn at_most(&self, prepared: &Prepared, room: Room) -> PicoDollars {
        match (self, prepared) {
            (Self::Remote(remote), Prepared::Request(request)) => remote.at_most(request.sent(), room),
            _ => PicoDollars::ZERO,
        }
    }

    /// The most that all requests about an image of `original` size can cost together.
    pub fn image_at_most(&self, original: PixelSize) -> PicoDollars {
        match self {
            Self::Embedded(_) => PicoDollars::ZERO,
            Self::Remote(remote) => remote.image_at_most(original),
        }
    }

    /// Waits until `prepared` may be asked about, at other endpoints than those in `avoided` where possible. Fails when
    /// nothing more can be.
    pub async fn turn(&self, prepared: &Prepared, avoided: &[usize]) -> std::result::Result<Turn, Closed> {
        match (self, prepared) {
            (Self::Remote(remote), Prepared::Request(request)) => {
                remote.enter(request, avoided).await.map(Turn::Remote)
            }
            _ => Ok(Turn::Embedded),
        }
    }

    /// Where requests are submitted in batches; `None` where nothing is sent.
    pub fn remote(&self) -> Option<&Remote> {
        match self {
            Self::Embedded(_) => None,
            Self::Remote(remote) => Some(remote),
        }
    }

    /// What is known by now about a refusal that was left open.
    pub fn verdict(&self, endpoint: usize) -> Verdict {
        match self {
            Self::Embedded(_) => Verdict::Refused,
            Self::Remote(remote) => remote.verdict(endpoint),
        }
    }

    /// The ways to the model; empty where nothing is sent.
    pub fn states(&self) -> Vec<RouteState> {
        match self {
            Self::Embedded(_) => Vec::new(),
            Self::Remote(remote) => remote.states(),
        }
    }

    /// Why nothing may be sent right now.
    pub fn held(&self) -> Option<Hold> {
        match self {
            Self::Embedded(_) => None,
            Self::Remote(remote) => remote.held(),
        }
    }

    /// What the endpoints did since this was asked last.
    pub fn take_records(&self) -> Vec<RunEndpoint> {
        self.remote().map(Remote::take_records).unwrap_or_default()
    }

    /// What is known of the limits of the endpoints.
    pub fn known_limits(&self) -> Vec<(EndpointId, Vec<EndpointLimit>)> {
        match self {
            Self::Embedded(_) => Vec::new(),
            Self::Remote(remote) => remote.known_limits(),
        }
    }

    /// How long images stood ready since this was asked last, and why.
    pub fn take_waits(&self) -> Vec<Wait> {
        match self {
            Self::Embedded(_) => Vec::new(),
            Self::Remote(remote) => remote.waits.take(),
        }
    }

    /// Asks the model, once, and ends `flight` before its place is free. Dropping the future of a remote route aborts its
    /// request.
    pub async fn ask(
        &self,
        prepared: &Arc<Prepared>,
        turn: Turn,
        flight: Option<&Flight>,
        on_text: &mut (dyn FnMut(&str) + Send),
    ) -> Result<std::result::Result<Received, Trouble>> {
        match (self, turn) {
            (Self::Embedded(detector), Turn::Embedded) => {
                let (detector, prepared) = (Arc::clone(detector), Arc::clone(prepared));
                // Inference blocks; a panic in it fails this image.
                let answered = tokio::task::spawn_blocking(move || match &*prepared {
                    Prepared::Pixels(pixels) => detected(&detector, pixels),
                    Prepared::Request(_) => Err(Trouble::elsewhere()),
                });
                match answered.await {
                    Ok(answered) => Ok(answered),
                    Err(error) if error.is_panic() => Ok(Err(Trouble::failed("an error in the detector".to_owned()))),
                    Err(_) => Err(EngineError::TaskLost),
                }
            }
            (Self::Remote(remote), Turn::Remote(entry)) => Ok(match &**prepared {
                Prepared::Request(request) => remote.send(request, entry, flight, on_text).await,
                Prepared::Pixels(_) => Err(Trouble::elsewhere()),
            }),
            (Self::Embedded(_), Turn::Remote(_)) | (Self::Remote(_), Turn::Embedded) => Ok(Err(Trouble::elsewhere())),
        }
    }

    /// Reads an answer that was kept.
    pub fn read(&self, kept: &str, recipe: &Recipe) -> std::result::Result<Answer, (FailureKind, String)> {
        match self {
            Self::Embedded(_) => read_own(kept),
            Self::Remote(_) => Remote::read(kept, recipe),
        }
    }

    /// The marks of an answer on its way, about a picture of `sent` size.
    pub fn preview(&self, text: &str, recipe: &Recipe, sent: PixelSize) -> Vec<AnsweredMark> {
        match self {
            Self::Embedded(_) => Vec::new(),
            Self::Remote(_) => Remote::preview(text, recipe, sent),
        }
    }
}

/// Reads an answer that was kept of a run to `destination`.
pub fn read_kept(
    destination: &Destination,
    kept: &str,
    recipe: &Recipe,
) -> std::result::Result<Answer, (FailureKind, String)> {
    match destination {
        Destination::ThisMachine => read_own(kept),
        Destination::Host { .. } => Remote::read(kept, recipe),
    }
}

fn read_own(kept: &str) -> std::result::Result<Answer, (FailureKind, String)> {
    Answer::from_raw(kept).map(Answer::limited).map_err(|error| (FailureKind::AnswerUnreadable, error.to_string()))
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
    /// By server and key: what holds one run back holds all.
    gates: Mutex<HashMap<EndpointId, Arc<Gate>>>,
    /// Told whenever one of the gates may have opened.
    moved: Arc<Notify>,
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

    /// What a live run would ask `model` for `recipe`; `None` where answers cost nothing.
    pub fn question(way: &Way, model: &Model, recipe: &Recipe, max_tokens: Option<u32>) -> Result<Option<Question>> {
        let (Some(origin), Destination::Host { .. }) = (way.origin(), &model.destination) else { return Ok(None) };
        let brief = Brief::new(claude(&model.id)?, recipe, brief_options(RunMode::Live, max_tokens));
        Ok(brief.ok().map(|brief| Question {
            key: remote::answer_key(&brief, &origin),
            output_limit: brief.roomier().as_ref().unwrap_or(&brief).max_output_tokens(),
        }))
    }

    pub fn detector(&self) -> Result<Arc<Detector>> {
        if let Some(detector) = self.detector.get() {
            return Ok(Arc::clone(detector));
        }
        let detector = Arc::new(Detector::embedded()?);
        Ok(Arc::clone(self.detector.get_or_init(|| detector)))
    }

    /// Opens the way to `model`, with options that the settings have completed; blocks while weights are loaded. A batch
    /// run asks the server for Claude alone: whether others have batches is not known.
    pub fn open(
        &self,
        way: &Way,
        model: &Model,
        recipe: &Recipe,
        mode: RunMode,
        options: &RunOptions,
    ) -> Result<Route> {
        if model.destination == Destination::ThisMachine {
            return Ok(Route::Embedded(self.detector()?));
        }
        let server_count = match mode {
            RunMode::Live => usize::MAX,
            RunMode::Overnight => 1,
        };
        let brief = Brief::new(claude(&model.id)?, recipe, brief_options(mode, options.max_tokens))?;
        let costs = RequestCosts::new(brief, mode, way.retrying().attempts);
        let at_once = options.concurrency;
        let mut servers = way.servers(options)?;
        servers.truncate(server_count);
        for server in &mut servers {
            // What is said for the run counts for the server for Claude; an additional endpoint may be held smaller.
            let own = server.bounds.at_once.filter(|own| server.is_further && at_once.is_none_or(|all| *own < all));
            server.bounds.at_once = own.or(at_once);
        }
        let all: Vec<(EndpointId, Bounds)> = servers.iter().map(|server| (server.id.clone(), server.bounds)).collect();
        let lanes = servers.into_iter().map(|server| {
            // Set up twice, it is one endpoint, and all limits hold.
            let same = all.iter().filter(|(id, _)| *id == server.id);
            let bounds = same.fold(Bounds::default(), |bounds, (_, other)| bounds.stricter(*other));
            let gate = self.gate(&server.id, bounds);
            Lane::new(server.id, server.name, server.client, gate, server.price_percent)
        });
        let unused = if mode == RunMode::Live { way.unused() } else { Vec::new() };
        let pause = Duration::from_millis(options.pause_millis.unwrap_or(0).into());
        let places = at_once.map(|count| Places::new(count, pause));
        Ok(Route::Remote(Arc::new(Remote::new(costs, lanes.collect(), unused, places, Arc::clone(&self.moved)))))
    }

    fn gate(&self, id: &EndpointId, bounds: Bounds) -> Arc<Gate> {
        let mut gates = lock(&self.gates);
        let gate = gates.entry(id.clone()).or_insert_with(|| Arc::new(Gate::new(bounds, Arc::clone(&self.moved))));
        gate.set_bounds(bounds);
        Arc::clone(gate)
    }
}

/// How a run's requests are put.
pub fn brief_options(mode: RunMode, max_tokens: Option<u32>) -> BriefOptions {
    let usual = match mode {
        RunMode::Live => BriefOptions::default(),
        RunMode::Overnight => BriefOptions::BATCH,
    };
    BriefOptions { max_output_tokens: max_tokens.map(u64::from), ..usual }
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
