//! Live activity of a run: how many images are prepared and waiting, and which requests are in flight, with their partial
//! answers. Written by the executors, read for snapshots, never stored.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::answer::{AnsweredAnnotation, PartPass};
use domain::geometry::{ImageRegion, PixelSize};
use domain::ids::{ImageId, JobId};
use tokio::sync::Notify;

use crate::error::guarded;
use crate::sync::lock;

/// Bounds for the number of images prepared ahead.
const FEWEST_AHEAD: usize = 5;
const MOST_AHEAD: usize = 20;
/// Safety factor on the number that the running means suggest.
const SAFETY: f64 = 2.0;
/// Memory limit for all images prepared ahead, in bytes.
const MOST_BYTES: f64 = 48_000_000.0;
/// Weight of the newest value in a running mean.
const NEWEST_SHARE: f64 = 0.2;

/// The live activity of a run's executors.
#[derive(Default)]
pub struct Activity {
    state: Mutex<State>,
    /// The user's setting for the number of images to prepare ahead.
    chunk_size: Option<usize>,
    /// Notified whenever a request is sent, which makes room for another image.
    moved: Notify,
}

#[derive(Default)]
struct State {
    prepared: usize,
    /// Images being decoded and encoded, or waiting for a CPU slot.
    preparing: usize,
    asked: BTreeMap<JobId, OpenRequest>,
    /// Running means, in seconds: the time to prepare an image, and the time between two requests.
    prepare_seconds: f64,
    turn_seconds: f64,
    last_turn_at: Option<Instant>,
    /// Running mean of the size of a prepared image, in bytes.
    byte_count: f64,
}

/// A request in flight.
pub struct OpenRequest {
    pub image: ImageId,
    /// Size of the original, with EXIF orientation applied.
    pub size: PixelSize,
    pub sent: PixelSize,
    /// What it is about, and where that is in the image.
    pub part: (PartPass, ImageRegion),
    pub since: Instant,
    text: String,
    /// Bytes of `text` that are already parsed into `annotations`.
    read: usize,
    /// Annotations received so far, in sent pixels.
    pub annotations: Vec<AnsweredAnnotation>,
}

impl OpenRequest {
    pub fn new(image: ImageId, size: PixelSize, sent: PixelSize, part: (PartPass, ImageRegion)) -> Self {
        Self { image, size, sent, part, since: Instant::now(), text: String::new(), read: 0, annotations: Vec::new() }
    }
}

impl Activity {
    pub fn new(chunk_size: Option<u32>) -> Self {
        Self { chunk_size: chunk_size.map(|size| size.max(1) as usize), ..Self::default() }
    }

    /// Records a prepared image that waits for a permit until the guard is dropped.
    pub fn record_prepared(self: &Arc<Self>, byte_count: usize) -> Ready {
        let mut state = lock(&self.state);
        state.prepared += 1;
        #[expect(clippy::cast_precision_loss, reason = "the bytes of one image")]
        let bytes = byte_count as f64;
        state.byte_count = mean(state.byte_count, bytes);
        Ready(Arc::clone(self))
    }

    /// Records that an image is being prepared until the guard is dropped.
    pub fn record_preparing(self: &Arc<Self>) -> Preparing {
        lock(&self.state).preparing += 1;
        Preparing(Arc::clone(self))
    }

    /// Whether images are being prepared and none is ready.
    pub fn is_preparing_all(&self) -> bool {
        let state = lock(&self.state);
        state.prepared == 0 && state.preparing > 0
    }

    /// Records how long preparing an image took.
    pub fn record_pace(&self, took: Duration) {
        let mut state = lock(&self.state);
        state.prepare_seconds = mean(state.prepare_seconds, took.as_secs_f64());
    }

    /// Records a request in flight for `job` until the guard is dropped.
    pub fn record_asked(self: &Arc<Self>, job: JobId, asked: OpenRequest) -> OpenRequestGuard {
        let mut state = lock(&self.state);
        if let Some(last) = state.last_turn_at.replace(asked.since) {
            state.turn_seconds = mean(state.turn_seconds, asked.since.duration_since(last).as_secs_f64());
        }
        state.asked.insert(job, asked);
        drop(state);
        self.moved.notify_one();
        OpenRequestGuard { activity: Arc::clone(self), job }
    }

    /// How many images to prepare ahead: enough that requests never wait for one, but no more, since they use memory.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
    pub fn look_ahead(&self) -> usize {
        if let Some(size) = self.chunk_size {
            return size;
        }
        let state = lock(&self.state);
        let needed = if state.turn_seconds > 0.0 { SAFETY * state.prepare_seconds / state.turn_seconds } else { 0.0 };
        let affordable = if state.byte_count > 0.0 { MOST_BYTES / state.byte_count } else { f64::INFINITY };
        (needed.min(affordable).ceil() as usize).clamp(FEWEST_AHEAD, MOST_AHEAD)
    }

    pub fn asked_count(&self) -> usize {
        lock(&self.state).asked.len()
    }

    pub fn prepared(&self) -> usize {
        lock(&self.state).prepared
    }

    /// Waits until a request is sent.
    pub async fn moved(&self) {
        self.moved.notified().await;
    }

    /// Maps every request in flight through `then`, after parsing new text with `read`.
    pub fn asked<T>(
        &self,
        read: impl Fn(&str, PartPass, PixelSize) -> Vec<AnsweredAnnotation>,
        then: impl Fn(&OpenRequest) -> T,
    ) -> Vec<T> {
        let mut state = lock(&self.state);
        for asked in state.asked.values_mut().filter(|asked| asked.text.len() > asked.read) {
            // A preview must not fail the run: unreadable text shows nothing.
            asked.annotations = guarded(|| read(&asked.text, asked.part.0, asked.sent)).unwrap_or_default();
            asked.read = asked.text.len();
        }
        state.asked.values().map(then).collect()
    }
}

/// A running mean that starts with its first value.
fn mean(so_far: f64, newest: f64) -> f64 {
    if so_far == 0.0 { newest } else { so_far + NEWEST_SHARE * (newest - so_far) }
}

/// An image being prepared.
pub struct Preparing(Arc<Activity>);

impl Drop for Preparing {
    fn drop(&mut self) {
        lock(&self.0.state).preparing -= 1;
    }
}

/// A prepared image waiting for its permit.
pub struct Ready(Arc<Activity>);

impl Drop for Ready {
    fn drop(&mut self) {
        lock(&self.0.state).prepared -= 1;
    }
}

/// A request in flight.
pub struct OpenRequestGuard {
    activity: Arc<Activity>,
    job: JobId,
}

impl OpenRequestGuard {
    /// Adds text to the partial answer.
    pub fn add(&self, text: &str) {
        if let Some(asked) = lock(&self.activity.state).asked.get_mut(&self.job) {
            asked.text.push_str(text);
        }
    }
}

impl Drop for OpenRequestGuard {
    fn drop(&mut self) {
        lock(&self.activity.state).asked.remove(&self.job);
    }
}
