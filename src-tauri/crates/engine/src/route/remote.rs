//! A model behind HTTP: what it is sent, on which of its lanes, what its failures call for, and what its answers say.

use std::sync::{Arc, Mutex};

use domain::answer::{Answer, AnsweredMark, CoordinateSystem};
use domain::diagnosis::Obstacle;
use domain::endpoint::{EndpointId, EndpointTrouble, RunEndpoint};
use domain::geometry::PixelSize;
use domain::money::PicoDollars;
use domain::pace::EndpointLimit;
use domain::recipe::Recipe;
use domain::run::{FailureKind, Hold, RetryKind, RouteState, StopReason};
use prepare::{ContentHash, Pixels};
use providers::answer::RawAnswer;
use providers::anthropic::client::Progress;
use providers::anthropic::image_size::sent_size;
use providers::anthropic::request::{Brief, IMAGE_BASE64_LIMIT, MediaType, Picture, Request};
use providers::parse::{self, AnswerError};
use providers::price::Terms;
use providers::refusal::LONGEST_WAIT;
use store::Bill;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::lane::{Closed, Entry, Lane, Others, retry_kind, said};
use super::limiter::{Met, Need, Opening};
use super::places::{Place, Places};
use super::request_costs::RequestCosts;
use super::waits::Waits;
use super::{Received, Room, Trouble, Verdict};
use crate::library::lock;
use crate::run::Flight;
use crate::servers::PricePercents;

/// JPEG qualities, the best first; a picture that is too many bytes at one is encoded at the next. Below the last, edges
/// would suffer more than from fewer pixels.
const QUALITIES: [u8; 3] = [90, 75, 60];
/// Of the long edge, when a server finds a request too large.
const SHRINKING: f64 = 0.7;
/// Marks an answer is taken to have before one has come.
const ASSUMED_MARKS: u64 = 8;
/// Part of the newest answer in the mean of their lengths.
const NEWEST_SHARE: f64 = 0.1;

/// What decides an answer besides the image: the same key, the same question to the same model. `origin` is that of the
/// server for Claude, so that what a simulation answered is not taken for the vendor's.
pub fn answer_key(brief: &Brief, origin: &str) -> String {
    let question = format!("{origin}\n{QUALITIES:?}\n{}", brief.fixed_part());
    ContentHash::of(question.as_bytes()).to_string()
}

/// The requests for one recipe, and the lanes on which they can be sent.
pub struct Remote {
    pub answer_key: String,
    costs: RequestCosts,
    warms_cache: bool,
    lanes: Vec<Lane>,
    /// Endpoints that are set up and cannot be used, with the reason.
    unused: Vec<(String, EndpointTrouble)>,
    /// As many as a person has allowed at once, over all lanes.
    places: Option<Arc<Places>>,
    moved: Arc<Notify>,
    /// Output tokens of an answer, the mean of those that have come.
    answer_tokens: Mutex<f64>,
    pub waits: Waits,
}

impl Remote {
    /// `moved` is told whenever one of the lanes' gates may have opened.
    #[expect(clippy::cast_precision_loss, reason = "tokens of one answer")]
    pub fn new(
        costs: RequestCosts,
        lanes: Vec<Lane>,
        unused: Vec<(String, EndpointTrouble)>,
        places: Option<Places>,
        moved: Arc<Notify>,
    ) -> Self {
        let brief = costs.usual();
        let origin = lanes.first().map(|lane| lane.client.server().origin()).unwrap_or_default();
        Self {
            answer_key: answer_key(brief, &origin),
            warms_cache: brief.warms_cache(),
            answer_tokens: Mutex::new(brief.likely_answer_tokens(ASSUMED_MARKS) as f64),
            costs,
            lanes,
            unused,
            places: places.map(Arc::new),
            moved,
            waits: Waits::default(),
        }
    }

    /// The size in which a picture of `original` size is sent.
    pub fn sent_size(&self, original: PixelSize) -> PixelSize {
        sent_size(original, self.costs.usual().model().image_tier)
    }

    /// The output maximum of a request with so much room, in tokens.
    pub fn output_limit(&self, room: Room) -> u64 {
        self.costs.brief(room).max_output_tokens()
    }

    /// The largest output maximum that an answer may get in this run, in tokens.
    pub fn largest_output_limit(&self) -> u64 {
        self.costs.longest_answer()
    }

    /// The most that a request with a picture of `sent` size can cost, on the dearest lane.
    pub fn at_most(&self, sent: PixelSize, room: Room) -> PicoDollars {
        // Those that are suspended count: they may work again before the request leaves.
        self.costs.request_at_most(sent, room, self.price_percents().dearest)
    }

    /// The most that all requests about an image of `original` size can cost together.
    pub fn image_at_most(&self, original: PixelSize) -> PicoDollars {
        self.costs.image_at_most(self.sent_size(original), self.price_percents().dearest)
    }

    fn terms(&self, lane: &Lane) -> Terms {
        self.costs.terms(lane.price_percent)
    }

    /// The lane to the server for Claude, whose batches overnight runs use.
    pub(super) fn first_lane(&self) -> Option<&Lane> {
        self.lanes.first()
    }

    /// An answer in the form in which it is kept, with its bill.
    pub(super) fn received(&self, answer: &RawAnswer, lane: &Lane) -> Result<Received, Trouble> {
        let model = self.costs.usual().model();
        let bill = answer.usage.filter(|usage| model.can_use(usage)).map(|usage| {
            self.note_length(usage.output_tokens);
            Bill { usage, paid: model.price.cost(usage, self.terms(lane)) }
        });
        answer.to_kept().map(|kept| Received { kept, bill }).map_err(|error| Trouble::failed(error.to_string()))
    }

    /// Encodes a picture, without metadata, and puts it into a request. Blocks.
    pub fn request(&self, pixels: &Pixels, room: Room) -> Result<Request, String> {
        let mut bytes = Vec::new();
        for quality in QUALITIES {
            bytes = prepare::encode_jpeg(pixels, quality).map_err(|error| error.to_string())?;
            if bytes.len().div_ceil(3) * 4 <= IMAGE_BASE64_LIMIT {
                break;
            }
        }
        let picture = Picture { size: pixels.size, media_type: MediaType::Jpeg, bytes: &bytes };
        self.costs.brief(room).request(&picture).map_err(|error| error.to_string())
    }

    /// The long edge for another try, after a server has found a picture of `sent` size too large.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a u32")]
    pub fn smaller_edge(sent: PixelSize) -> u32 {
        (f64::from(sent.long_edge()) * SHRINKING) as u32
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

    /// Waits until a request may leave on one of the lanes, the cheapest and then the emptiest first. Those in `avoided`,
    /// where it has failed, are not used while another works. Only one at a time should wait here, so that requests leave
    /// in the order in which they came. Fails when every lane is closed.
    pub async fn enter(&self, request: &Request, avoided: &[usize]) -> Result<Entry, Closed> {
        let need = self.need(request);
        let place = self.place().await;
        let began = Instant::now();
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            // Registered before looking, so that nothing falls between the look and the wait.
            moved.as_mut().enable();
            let (mut open, mut soonest) = (None, None);
            let is_other = |(index, lane): (usize, &Lane)| !avoided.contains(&index) && !lane.is_failing();
            let has_other = self.lanes.iter().enumerate().any(is_other);
            for (index, lane) in self.lanes.iter().enumerate() {
                if has_other && avoided.contains(&index) {
                    continue;
                }
                match lane.opening(need, self.warms_cache) {
                    Opening::Open { room } => {
                        open = open.max(Some((std::cmp::Reverse(lane.price_percent), room, index)));
                    }
                    Opening::At(at) => soonest = Some(soonest.map_or(at, |soonest| at.min(soonest))),
                    Opening::Full => {}
                }
            }
            if let Some((.., index)) = open {
                return Ok(self.lanes[index].enter(index, need, self.warms_cache, place));
            }
            if let Some(closed) = self.closed() {
                return Err(closed);
            }
            let obstacle = self.obstacle(need);
            if began.elapsed() > LONGEST_WAIT && self.is_idle() {
                return Err(Closed { reason: StopReason::WaitTooLong, detail: waited_in_vain(obstacle) });
            }
            let _waiting = self.waits.begin(obstacle);
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

    /// Waits for one of the places that a person has allowed; `None` where nobody has said how many.
    async fn place(&self) -> Option<Place> {
        let places = self.places.as_ref()?;
        let place = {
            let _waiting = self.waits.begin(Some((Obstacle::OwnPlaces, self.requests_per_minute())));
            places.take().await?
        };
        let pause_millis = places.pause.as_secs_f64() * 1000.0;
        let _waiting = self.waits.begin(place.is_resting().then_some((Obstacle::OwnPause, Some(pause_millis))));
        Some(place.rested().await)
    }

    /// What keeps a request from leaving on any lane: of several obstacles the one that is overcome most easily.
    fn obstacle(&self, need: Need) -> Option<Met> {
        let met: Option<Vec<Met>> = self.used_lanes().map(|lane| lane.obstacle(need, self.warms_cache)).collect();
        met?.into_iter().min_by_key(|(obstacle, _)| *obstacle)
    }

    /// What all lanes together let in, where that is known of each.
    fn requests_per_minute(&self) -> Option<f64> {
        self.used_lanes().map(|lane| lane.gate.state().requests_per_minute).sum()
    }

    /// Those that are not suspended.
    fn used_lanes(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter().filter(|lane| !lane.is_suspended())
    }

    /// Why nothing more can be sent on any lane.
    fn closed(&self) -> Option<Closed> {
        let closed: Option<Vec<Closed>> = self.lanes.iter().map(Lane::closed).collect();
        closed?.into_iter().next()
    }

    /// Whether nothing is under way whose end would let another request leave.
    fn is_idle(&self) -> bool {
        self.lanes.iter().all(|lane| lane.gate.state().under_way == 0)
    }

    /// What is known by now about a refusal of `endpoint` that was left open.
    pub fn verdict(&self, endpoint: usize) -> Verdict {
        let has_other = || self.lanes.iter().enumerate().any(|(at, lane)| at != endpoint && lane.closed().is_none());
        match self.lanes.get(endpoint) {
            Some(lane) if !lane.is_form_taken() && has_other() => Verdict::AskAgain,
            Some(lane) if !lane.is_form_taken() => Verdict::NoneTaken,
            _ => Verdict::Refused,
        }
    }

    /// How all lanes but one stand.
    fn others(&self, lane: usize) -> Others {
        let mut how = Others::Closed;
        let others = self.lanes.iter().enumerate().filter(|(place, _)| *place != lane).map(|(_, other)| other);
        for other in others.filter(|other| other.closed().is_none()) {
            if !other.is_failing() {
                return Others::Open;
            }
            how = Others::Failing;
        }
        how
    }

    /// Sends a request, telling what arrives of the answer meanwhile.
    pub async fn send(
        &self,
        request: &Request,
        entry: Entry,
        flight: Option<&Flight>,
        on_text: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Received, Trouble> {
        let lane = &self.lanes[entry.lane];
        let mut on_progress = |progress: Progress<'_>| match progress {
            Progress::Accepted { rate_limits } => entry.note_accepted(rate_limits),
            Progress::Begun { .. } => {
                lane.note_begun(self.warms_cache);
                self.moved.notify_waiters();
            }
            Progress::Text(text) => on_text(text),
        };
        let answered = lane.client.send(request, &mut on_progress).await;
        // Before its permit is free: the next request would else seem to be beside it.
        flight.map(Flight::end);
        match answered {
            Ok(answer) => {
                lane.note_answered(entry);
                self.received(&answer, lane)
            }
            Err(error) => {
                let (endpoint, others, kind) = (entry.lane, self.others(entry.lane), retry_kind(&error));
                let remedy = lane.note_failed(entry, &error, others);
                self.moved.notify_waiters();
                Err(Trouble {
                    remedy,
                    // A rate limit is no reason to stay away from it.
                    avoids: (others == Others::Open && kind != RetryKind::RateLimited).then_some(endpoint),
                    retry_kind: kind,
                    may_be_billed: error.may_be_billed(),
                    detail: said(&error),
                })
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "tokens of one answer")]
    fn note_length(&self, output_tokens: u64) {
        let mut mean = lock(&self.answer_tokens);
        *mean += NEWEST_SHARE * (output_tokens as f64 - *mean);
    }

    /// Reads an answer that was kept.
    pub fn read(kept: &str, recipe: &Recipe) -> Result<Answer, (FailureKind, String)> {
        let raw = RawAnswer::from_kept(kept).map_err(|error| (FailureKind::AnswerUnreadable, error.to_string()))?;
        parse::read(&raw, recipe).map_err(|error| {
            let kind = match error {
                AnswerError::Declined => FailureKind::Declined,
                AnswerError::CutOffEarly => FailureKind::CutOff,
                AnswerError::Unreadable { .. } => FailureKind::AnswerUnreadable,
                AnswerError::Unusable { .. } => FailureKind::AnswerUnusable,
                AnswerError::OtherCoordinates { system, .. } => match system {
                    CoordinateSystem::Fractions => FailureKind::CoordinatesAsFractions,
                    CoordinateSystem::Thousandths => FailureKind::CoordinatesAsThousandths,
                    CoordinateSystem::Unknown => FailureKind::AnswerUnusable,
                },
            };
            (kind, error.to_string())
        })
    }

    /// The marks of an answer on its way.
    pub fn preview(text: &str, recipe: &Recipe, sent: PixelSize) -> Vec<AnsweredMark> {
        parse::preview(text, recipe, sent)
    }

    pub fn states(&self) -> Vec<RouteState> {
        let unused = self.unused.iter().map(|(name, trouble)| RouteState {
            name: name.clone(),
            under_way: 0,
            at_once: 0,
            is_adaptive: false,
            requests_per_minute: None,
            hold: None,
            trouble: Some(trouble.clone()),
        });
        self.lanes.iter().map(Lane::state).chain(unused).collect()
    }

    /// What the endpoints did since this was asked last, those that are not used included.
    pub fn take_records(&self) -> Vec<RunEndpoint> {
        let unused = self.unused.iter().map(|(name, trouble)| RunEndpoint {
            name: name.clone(),
            answered: 0,
            failed: 0,
            problem: Some(trouble.problem),
            detail: Some(trouble.detail.clone()),
            is_working: false,
        });
        self.lanes.iter().map(Lane::take_record).chain(unused).collect()
    }

    /// What is known of the limits of all endpoints.
    pub fn known_limits(&self) -> Vec<(EndpointId, Vec<EndpointLimit>)> {
        self.lanes.iter().map(|lane| (lane.id.clone(), lane.gate.known_limits())).collect()
    }

    /// Why nothing is sent on any lane right now: the hold that ends first.
    pub fn held(&self) -> Option<Hold> {
        let holds: Option<Vec<Hold>> = self.used_lanes().map(|lane| lane.gate.state().hold).collect();
        holds?.into_iter().min_by_key(|hold| hold.left_millis)
    }

    /// What requests cost on the cheapest and the dearest lane, in percent of the list price.
    pub fn price_percents(&self) -> PricePercents {
        PricePercents::of(self.lanes.iter().map(|lane| lane.price_percent))
    }

    /// Requests at a time on all lanes, as things stand.
    pub fn at_once(&self) -> usize {
        let lanes = self.used_lanes().map(|lane| lane.gate.state().at_once).sum();
        self.places.as_ref().map_or(lanes, |places| lanes.min(places.count as usize))
    }
}

/// Why a run stops of which no request could leave for so long.
fn waited_in_vain(obstacle: Option<Met>) -> String {
    let minutes = LONGEST_WAIT.as_secs() / 60;
    match obstacle {
        Some((Obstacle::OwnRequests | Obstacle::OwnTokens, Some(limit))) => {
            format!("the limit of {limit:.0} a minute that is set here let no request leave for {minutes} minutes")
        }
        Some((_, Some(limit))) => {
            format!("the server's limit of {limit:.2} a minute let no request leave for {minutes} minutes")
        }
        _ => format!("no request could leave for {minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use domain::run::RunMode;
    use providers::anthropic::client::{Client, ClientOptions};
    use providers::anthropic::models::{DEFAULT_MODEL, find};
    use providers::anthropic::request::BriefOptions;
    use providers::base_url::{BaseUrl, Key};
    use providers::refusal::{RateLimits, Window};

    use super::*;
    use crate::route::gate::Gate;
    use crate::route::limiter::Bounds;

    /// A model on one endpoint, and a request to it.
    fn remote(bounds: Bounds) -> (Remote, Request) {
        let server = BaseUrl::parse("http://127.0.0.1:1").unwrap();
        let key = Key::for_server("sk-any", &server).unwrap();
        let client = Client::new(server, key, &ClientOptions::default()).unwrap();
        let moved = Arc::new(Notify::new());
        let id = EndpointId { base_url: client.server().to_string(), key_fingerprint: String::new() };
        let lane = Lane::new(id, "first".into(), client, Arc::new(Gate::new(bounds, Arc::clone(&moved))), 100);
        let recipe = Recipe::find_these("cat").unwrap();
        let brief = Brief::new(find(DEFAULT_MODEL).unwrap(), &recipe, BriefOptions::default()).unwrap();
        let picture = Picture { size: PixelSize::new(640, 480), media_type: MediaType::Jpeg, bytes: b"jpeg" };
        let request = brief.request(&picture).unwrap();
        (Remote::new(RequestCosts::new(brief, RunMode::Live, 0), vec![lane], Vec::new(), None, moved), request)
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_under_which_no_request_fits_is_not_waited_for_without_end() {
        let one_a_minute = Some(Window { limit: 1, remaining: 0, resets_at: None });
        let announced = RateLimits { input_tokens: one_a_minute, ..RateLimits::default() };
        let own = Bounds { output_tokens_per_minute: Some(1), ..Bounds::default() };
        for (bounds, limits) in [(Bounds::default(), announced), (own, RateLimits::default())] {
            let (remote, request) = remote(bounds);
            // The first are let through; what they use flows in again within a day.
            let began = Instant::now();
            for told in [limits, RateLimits::default()] {
                if let Ok(entry) = remote.enter(&request, &[]).await {
                    entry.note_accepted(&told);
                    remote.lanes[0].note_answered(entry);
                }
            }
            let closed = remote.enter(&request, &[]).await.err().unwrap();
            assert_eq!(closed.reason, StopReason::WaitTooLong);
            assert!(closed.detail.contains("limit of 1"), "{}", closed.detail);
            assert!(began.elapsed() < 3 * LONGEST_WAIT, "{:?}", began.elapsed());
        }
    }
}
