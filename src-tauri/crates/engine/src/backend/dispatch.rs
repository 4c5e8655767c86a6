//! One provider model prepared for one recipe: builds requests, picks an endpoint, classifies failures and reads answers.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};

use domain::annotation::NewAnnotation;
use domain::answer::{Answer, AnsweredAnnotation, PartPass};
use domain::coordinates::BoxCoordinates;
use domain::diagnosis::WaitReason;
use domain::endpoint::EndpointFailure;
use domain::geometry::{ImageRegion, PixelSize};
use domain::money::PicoDollars;
use domain::recipe::{ImageParts, Recipe};
use domain::run_state::{FailureKind, RetryKind, StopReason};
use prepare::{ContentHash, Pixels};
use providers::answer::ReceivedAnswer;
use providers::base_url::BaseUrl;
use providers::further::further_text;
use providers::provider::{Endpoint, Progress, Provider};
use providers::refusal::LONGEST_WAIT;
use providers::request::{Encoding, Picture, Request};
use store::{Bill, Question};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::endpoint::{Closed, EndpointPermit, Others, PacedEndpoint};
use super::failure::{FailedRequest, FailureVerdict};
use super::limiter::{Met, Need, Opening};
use super::picture::encoded;
use super::price_percents::PricePercents;
use super::reading::read;
use super::request_costs::{AnswerLength, RequestCosts};
use super::slots::{Slot, Slots};
use super::waits::Waits;
use crate::sync::lock;

/// Factor for the long edge after a server rejects a request as too large.
const SHRINKING: f64 = 0.7;
/// Annotations assumed per answer until the first answer arrives.
const ASSUMED_ANNOTATIONS: u64 = 8;
/// Weight of the newest answer in the moving average of answer lengths.
const NEWEST_SHARE: f64 = 0.1;

/// The question that requests with these `costs` ask. `origin` is the first endpoint's server, so that an answer from a
/// simulator is never reused as the vendor's.
pub fn question(costs: &RequestCosts, origin: &str) -> Question {
    let prepared = costs.usual();
    let qualities = match prepared.encoding() {
        Encoding::Jpeg { qualities, .. } => qualities,
        Encoding::Rgb => &[],
    };
    // Keys of earlier versions stay the same.
    let asked = format!("{origin}\n{qualities:?}\n{}", prepared.fixed_part());
    Question {
        key: ContentHash::of(asked.as_bytes()).to_string(),
        sent_edge: prepared.model().sent_edge,
        tiles_key: costs.tiles_key(),
        checks: costs.checks(),
        output_limit: costs.longest_answer(),
    }
}

/// An answer that has not been parsed yet.
pub struct Received {
    /// The stored form, which only its provider can read.
    pub kept: String,
    /// `None` if the server reported no usage or the model has none.
    pub bill: Option<Bill>,
}

/// Permission to send one request.
pub enum Permit {
    /// Runs on this computer; the caller limits CPU use.
    Unpaced,
    Paced(EndpointPermit),
}

/// A model prepared for one recipe, and the endpoints that serve it.
pub struct Backend {
    provider: &'static dyn Provider,
    costs: RequestCosts,
    question: Option<Question>,
    warms_cache: bool,
    /// Set if the model runs on this computer, without rate limits.
    pub(super) unpaced: Option<Arc<dyn Endpoint>>,
    pub(super) endpoints: Vec<PacedEndpoint>,
    /// Endpoints that are configured but unusable, with the reason.
    pub(super) unused: Vec<(String, EndpointFailure)>,
    /// The user's concurrency limit over all endpoints.
    pub(super) slots: Option<Arc<Slots>>,
    moved: Arc<Notify>,
    /// Moving average of the output tokens per answer.
    answer_tokens: Mutex<f64>,
    pub(super) waits: Waits,
}

impl Backend {
    /// `moved` is notified whenever a limiter of an endpoint may admit a request.
    pub fn paced(
        provider: &'static dyn Provider,
        costs: RequestCosts,
        endpoints: Vec<PacedEndpoint>,
        unused: Vec<(String, EndpointFailure)>,
        slots: Option<Slots>,
        moved: Arc<Notify>,
    ) -> Self {
        let slots = slots.map(Arc::new);
        Self { endpoints, unused, slots, moved, ..Self::new(provider, costs, None) }.with_question()
    }

    /// Sends to `own` without pacing.
    pub fn unpaced(provider: &'static dyn Provider, costs: RequestCosts, own: Arc<dyn Endpoint>) -> Self {
        Self::new(provider, costs, Some(own)).with_question()
    }

    #[expect(clippy::cast_precision_loss, reason = "tokens of one answer")]
    fn new(provider: &'static dyn Provider, costs: RequestCosts, unpaced: Option<Arc<dyn Endpoint>>) -> Self {
        let prepared = costs.usual();
        Self {
            provider,
            question: None,
            warms_cache: prepared.warms_cache(),
            answer_tokens: Mutex::new(prepared.likely_answer_tokens(ASSUMED_ANNOTATIONS) as f64),
            costs,
            unpaced,
            endpoints: Vec::new(),
            unused: Vec::new(),
            slots: None,
            moved: Arc::default(),
            waits: Waits::default(),
        }
    }

    /// Only paid answers are saved for other runs.
    fn with_question(self) -> Self {
        if self.costs.usual().model().price.is_free() {
            return self;
        }
        let origin = self.first_endpoint().and_then(|endpoint| endpoint.endpoint.base_url()).map(BaseUrl::origin);
        let question = Some(question(&self.costs, &origin.unwrap_or_default()));
        Self { question, ..self }
    }

    /// Whether the provider has a batch API, and images take one answer each.
    pub fn has_batches(&self) -> bool {
        self.provider.descriptor().capabilities.batches && !self.costs.takes_several_answers()
    }

    /// The parts of an image of `original` size that are asked about.
    pub fn parts(&self, original: PixelSize) -> ImageParts {
        self.costs.parts(original)
    }

    /// Whether what was found in a part is checked by a second request.
    pub fn checks(&self) -> bool {
        self.costs.checks()
    }

    /// Long edge to which a picture of `original` size is resized, in pixels.
    pub fn sent_edge(&self, original: PixelSize) -> u32 {
        self.costs.sent_size(original).long_edge()
    }

    /// The long edge for the next attempt after a server rejected an image of `sent` size as too large.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a u32")]
    pub fn smaller_edge(sent: PixelSize) -> u32 {
        (f64::from(sent.long_edge()) * SHRINKING) as u32
    }

    /// The question this run asks, used to find paid answers to reuse; `None` if answers are free.
    pub fn question(&self) -> Option<Question> {
        self.question.clone()
    }

    /// Records that this question was answered before, so a refusal cannot be due to the form of the request.
    pub fn record_form_taken(&self) {
        if let Some(endpoint) = self.first_endpoint() {
            endpoint.record_form_taken();
        }
    }

    /// The output maximum of a request, in tokens; 0 if the model has none.
    pub fn output_limit(&self, length: AnswerLength) -> u64 {
        self.costs.prepared(PartPass::default(), length).max_output_tokens()
    }

    /// The largest output maximum of any request in this run, in tokens.
    pub fn largest_output_limit(&self) -> u64 {
        self.costs.longest_answer()
    }

    /// The worst-case cost of `request`, at the dearest endpoint.
    pub fn at_most(&self, request: &Request, pass: PartPass, length: AnswerLength) -> PicoDollars {
        // Suspended endpoints count, since they may recover before the request is sent.
        self.costs.request_at_most(pass, request.sent(), length, self.price_percents().dearest)
    }

    /// The worst-case cost of all requests for an image of `original` size.
    pub fn image_at_most(&self, original: PixelSize) -> PicoDollars {
        self.costs.image_at_most(original, self.price_percents().dearest)
    }

    /// How the model writes boxes.
    pub fn coordinates(&self) -> BoxCoordinates {
        self.costs.usual().model().coordinates
    }

    /// The first endpoint, which batch runs use; `None` for a local model.
    pub(super) fn first_endpoint(&self) -> Option<&PacedEndpoint> {
        self.endpoints.first()
    }

    /// Attaches the bill to an answer.
    pub(super) fn received(&self, answer: ReceivedAnswer, percent: u16) -> Received {
        let model = self.costs.usual().model();
        let bill = answer.usage.filter(|usage| model.can_use(usage)).map(|usage| {
            self.record_length(usage.output_tokens);
            Bill { usage, paid: model.price.cost(usage, self.costs.terms(percent)) }
        });
        Received { kept: answer.kept, bill }
    }

    /// Encodes a picture without metadata. Blocks.
    pub fn encoded(&self, pixels: Pixels) -> Result<Picture, String> {
        encoded(pixels, self.costs.usual().encoding())
    }

    /// Builds the request for a picture that shows `region`. `found` is what it checks, in pixels of the image, and
    /// `recipe` what is asked about this part.
    pub fn request(
        &self,
        picture: &Picture,
        (pass, region): (PartPass, ImageRegion),
        recipe: &Recipe,
        found: &[NewAnnotation],
        length: AnswerLength,
    ) -> Result<Request, String> {
        let prepared = self.costs.prepared(pass, length);
        let further = further_text(pass, recipe, prepared.model().coordinates, region, picture.size, found);
        let further = further.map_err(|error| error.to_string())?;
        prepared.request_with(picture, &further).map_err(|error| error.to_string())
    }

    #[expect(clippy::cast_precision_loss, reason = "tokens of one request")]
    fn need(&self, request: &Request) -> Need {
        let likely = self.costs.usual().likely_when_cached(request.sent(), 0);
        Need {
            input_tokens: likely.input_tokens as f64,
            output_tokens: *lock(&self.answer_tokens),
            output_limit: request.max_output_tokens() as f64,
        }
    }

    /// Waits for a permit from any endpoint, preferring the cheapest, then the least loaded. Endpoints in `avoided`, where
    /// this request already failed, are used only if no other works. Only one caller should wait at a time, so that requests
    /// are sent in order. Fails when every endpoint is closed.
    pub async fn permit(&self, request: &Request, avoided: &[usize]) -> Result<Permit, Closed> {
        if self.unpaced.is_some() {
            return Ok(Permit::Unpaced);
        }
        self.paced_permit(request, avoided).await.map(Permit::Paced)
    }

    async fn paced_permit(&self, request: &Request, avoided: &[usize]) -> Result<EndpointPermit, Closed> {
        let need = self.need(request);
        let slot = self.slot().await;
        let began = Instant::now();
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            // Registered before the check, so that no notification is missed between check and wait.
            moved.as_mut().enable();
            let (mut open, mut soonest) = (None, None);
            let is_other =
                |(index, endpoint): (usize, &PacedEndpoint)| !avoided.contains(&index) && !endpoint.is_failing();
            let has_other = self.endpoints.iter().enumerate().any(is_other);
            for (index, endpoint) in self.endpoints.iter().enumerate() {
                if has_other && avoided.contains(&index) {
                    continue;
                }
                match endpoint.opening(need, self.warms_cache) {
                    Opening::Open { room } => {
                        open = open.max(Some((std::cmp::Reverse(endpoint.price_percent), room, index)));
                    }
                    Opening::At(at) => soonest = Some(soonest.map_or(at, |soonest| at.min(soonest))),
                    Opening::Full => {}
                }
            }
            if let Some((.., index)) = open {
                return Ok(self.endpoints[index].enter(index, need, self.warms_cache, slot));
            }
            if let Some(closed) = self.closed() {
                return Err(closed);
            }
            let wait_reason = self.wait_reason(need);
            if began.elapsed() > LONGEST_WAIT && self.is_idle() {
                return Err(Closed { reason: StopReason::WaitTooLong, detail: waited_in_vain(wait_reason) });
            }
            let _waiting = self.waits.begin(wait_reason);
            match soonest {
                Some(at) => {
                    tokio::select! {
                        () = moved => {}
                        () = sleep_until(at) => {}
                    }
                }
                None => moved.await,
            }
        }
    }

    /// Waits for one of the slots the user allows; `None` if concurrency is automatic.
    async fn slot(&self) -> Option<Slot> {
        let slots = self.slots.as_ref()?;
        let slot = {
            let _waiting = self.waits.begin(Some((WaitReason::OwnConcurrency, self.requests_per_minute())));
            slots.take().await?
        };
        let pause_millis = slots.pause.as_secs_f64() * 1000.0;
        let _waiting = self.waits.begin(slot.is_idle().then_some((WaitReason::OwnPause, Some(pause_millis))));
        Some(slot.rested().await)
    }

    /// Why no endpoint can send a request; of several reasons, the one that resolves most easily.
    fn wait_reason(&self, need: Need) -> Option<Met> {
        let met: Option<Vec<Met>> =
            self.used_endpoints().map(|endpoint| endpoint.wait_reason(need, self.warms_cache)).collect();
        met?.into_iter().min_by_key(|(wait_reason, _)| *wait_reason)
    }

    /// The combined limit of all endpoints; `None` unless each one's limit is known.
    fn requests_per_minute(&self) -> Option<f64> {
        self.used_endpoints().map(|endpoint| endpoint.limiter.state().requests_per_minute).sum()
    }

    /// Endpoints that are not suspended.
    pub(super) fn used_endpoints(&self) -> impl Iterator<Item = &PacedEndpoint> {
        self.endpoints.iter().filter(|endpoint| !endpoint.is_suspended())
    }

    /// Why every endpoint is closed; `None` while one is open.
    fn closed(&self) -> Option<Closed> {
        let closed: Option<Vec<Closed>> = self.endpoints.iter().map(PacedEndpoint::closed).collect();
        closed?.into_iter().next()
    }

    /// Whether no request is in flight whose completion could admit another.
    fn is_idle(&self) -> bool {
        self.endpoints.iter().all(|endpoint| endpoint.limiter.state().under_way == 0)
    }

    /// The verdict on a refusal by endpoint `index` that was left undecided.
    pub fn verdict(&self, index: usize) -> FailureVerdict {
        let has_other =
            || self.endpoints.iter().enumerate().any(|(at, endpoint)| at != index && endpoint.closed().is_none());
        match self.endpoints.get(index) {
            Some(endpoint) if !endpoint.is_form_taken() && has_other() => FailureVerdict::AskAgain,
            Some(endpoint) if !endpoint.is_form_taken() => FailureVerdict::NoneTaken,
            _ => FailureVerdict::Refused,
        }
    }

    /// The combined state of all endpoints except `index`.
    fn others(&self, index: usize) -> Others {
        let mut how = Others::Closed;
        let others = self.endpoints.iter().enumerate().filter(|(place, _)| *place != index).map(|(_, other)| other);
        for other in others.filter(|other| other.closed().is_none()) {
            if !other.is_failing() {
                return Others::Open;
            }
            how = Others::Failing;
        }
        how
    }

    /// Sends a request and reports the answer's text as it arrives. Calls `on_end` before the permit is released. Dropping
    /// the future aborts the request.
    pub async fn send(
        &self,
        request: &Request,
        permit: Permit,
        on_end: &(dyn Fn() + Sync),
        on_text: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Received, FailedRequest> {
        match (permit, &self.unpaced) {
            (Permit::Paced(permit), _) => self.send_paced(request, permit, on_end, on_text).await,
            (Permit::Unpaced, Some(own)) => match own.send(request, &mut |_| ()).await {
                Ok(answer) => Ok(self.received(answer, PricePercents::LIST.dearest)),
                Err(error) => Err(FailedRequest::of_alone(&error)),
            },
            (Permit::Unpaced, None) => Err(FailedRequest::unsent("there is no endpoint".to_owned())),
        }
    }

    async fn send_paced(
        &self,
        request: &Request,
        permit: EndpointPermit,
        on_end: &(dyn Fn() + Sync),
        on_text: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Received, FailedRequest> {
        let index = permit.endpoint;
        let endpoint = &self.endpoints[index];
        let mut on_progress = |progress: Progress<'_>| match progress {
            Progress::Accepted { rate_limits } => permit.record_accepted(rate_limits),
            Progress::Begun { .. } => {
                endpoint.record_begun(self.warms_cache);
                self.moved.notify_waiters();
            }
            Progress::Text(text) => on_text(text),
        };
        let answered = endpoint.endpoint.send(request, &mut on_progress).await;
        // Called before the permit is released; otherwise the next request would seem concurrent with this one.
        on_end();
        match answered {
            Ok(answer) => {
                endpoint.record_answered(permit);
                Ok(self.received(answer, endpoint.price_percent))
            }
            Err(error) => {
                let (others, retry_kind) = (self.others(index), error.retry_kind());
                let next = endpoint.record_failed(permit, &error, others);
                self.moved.notify_waiters();
                Err(FailedRequest {
                    next,
                    // A rate limit is no reason to avoid the endpoint.
                    avoids: (others == Others::Open && retry_kind != RetryKind::RateLimited).then_some(index),
                    retry_kind,
                    may_be_billed: error.may_be_billed(),
                    detail: error.detail(),
                })
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "tokens of one answer")]
    fn record_length(&self, output_tokens: u64) {
        let mut mean = lock(&self.answer_tokens);
        *mean += NEWEST_SHARE * (output_tokens as f64 - *mean);
    }

    /// Reads a stored answer.
    pub fn read(&self, kept: &str, recipe: &Recipe) -> Result<Answer, (FailureKind, String)> {
        read(self.provider, kept, recipe)
    }

    /// The annotations of a partial answer for an image of `sent` size.
    pub fn preview(&self, text: &str, recipe: &Recipe, sent: PixelSize) -> Vec<AnsweredAnnotation> {
        self.provider.preview(self.costs.usual().model(), text, recipe, sent)
    }
}

/// Explains why a run stops after no request could be sent for [`LONGEST_WAIT`].
fn waited_in_vain(wait_reason: Option<Met>) -> String {
    let minutes = LONGEST_WAIT.as_secs() / 60;
    match wait_reason {
        Some((WaitReason::OwnRequests | WaitReason::OwnTokens, Some(limit))) => {
            format!("your limit of {limit:.0} per minute allowed no request for {minutes} minutes")
        }
        Some((_, Some(limit))) => {
            format!("the server's limit of {limit:.2} per minute allowed no request for {minutes} minutes")
        }
        _ => format!("no request could be sent for {minutes} minutes"),
    }
}
