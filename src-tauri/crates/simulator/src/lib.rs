//! An HTTP server on the loopback interface that speaks Anthropic's Messages API (`POST /v1/messages`, streamed or not,
//! `POST /v1/messages/count_tokens`, `/v1/messages/batches` and `GET /v1/models`), OpenAI's chat completions
//! (`POST /v1/chat/completions`, streamed or not, and `GET /v1/models`) or Google's Gemini API (`generateContent`,
//! `streamGenerateContent` and `GET /v1beta/models`). It is as strict as the vendor, or as lenient as servers with the
//! same interface. It bills by the image, fails on demand or by chance, and judges the behavior of its
//! clients. It finds colored shapes in the image and answers with their boxes, so that coordinates are tested through
//! the real client.
//!
//! It shares nothing with the code it tests: no size rule, price or parser. Results against it say nothing about the
//! vendor's accuracy, speed or availability.

mod answer;
mod batches;
mod cache;
mod chat;
mod completion;
mod dialect;
mod digest;
mod error;
mod eyes;
mod fate;
mod faults;
mod files;
mod frame;
mod gemini;
mod http;
mod keys;
mod ledger;
mod limits;
mod manners;
mod messages;
mod models;
mod paging;
mod picture;
mod playback;
mod protocol;
mod reply;
mod rewriting;
mod seeing;
mod server;
mod sse;
mod sync;
mod usage;
mod validation;
mod verdict;
mod witness;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use server::Server;

pub use batches::Batching;
pub use error::Error;
pub use eyes::Eyes;
pub use fate::{Chaos, Distribution, Fate, Fates, Latency, fates};
pub use faults::Fault;
pub use keys::{EXPIRED_KEY, FORBIDDEN_KEY, Keys, NO_CREDIT_KEY, WRONG_KEY};
pub use ledger::{Delivery, Entry, Ledger, RejectedRequest};
pub use limits::{Crowded, Limits};
pub use picture::Size;
pub use protocol::{LenientServer, Protocol};
pub use usage::TokenUsage;
pub use verdict::{ClientVerdict, Complaint, Example, GRACE, REOPENING};

/// How to run the simulator. The default listens on any free port, answers at once, takes any key except
/// [`WRONG_KEY`], [`EXPIRED_KEY`], [`NO_CREDIT_KEY`] and [`FORBIDDEN_KEY`], and has the vendor's start limits.
#[derive(Debug, Clone)]
pub struct Options {
    /// The interface.
    pub protocol: Protocol,
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// The accepted keys.
    pub keys: Keys,
    /// The seed of everything random; see [`fates`].
    pub seed: u64,
    /// How long answers take.
    pub latency: Latency,
    /// Random faults.
    pub chaos: Chaos,
    /// Rate limits.
    pub limits: Limits,
    /// Faults of the first requests; they take precedence over random ones.
    pub faults: Vec<Fault>,
    /// How pictures are processed.
    pub eyes: Eyes,
    /// The price in the region, in hundredths of the list price.
    pub price_percent: u32,
    /// The prefix of every model's id in requests, such as `anthropic.`; a model without it is unknown.
    pub model_prefix: Option<String>,
    /// How batches are processed.
    pub batching: Batching,
    /// How long a client may keep the connection of a stalled answer open; see [`ClientVerdict::hung_on`].
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            protocol: Protocol::default(),
            port: 0,
            keys: Keys::default(),
            seed: 0,
            latency: Latency::default(),
            chaos: Chaos::default(),
            limits: Limits::default(),
            faults: Vec::new(),
            eyes: Eyes::default(),
            price_percent: 100,
            model_prefix: None,
            batching: Batching::default(),
            patience: Duration::from_secs(90),
        }
    }
}

/// Batches accepted before the first of them is processed.
const BATCHES_WAITING: usize = 16;

/// The simulator.
#[derive(Debug, Clone, Copy)]
pub struct Simulator;

impl Simulator {
    /// Starts listening. The server runs until the returned handle is stopped or dropped.
    pub async fn start(options: Options) -> Result<Running, Error> {
        let port = options.port;
        let [running] = Self::start_at_paths(port, [("", options)]).await?;
        Ok(running)
    }

    /// Starts several servers on one port, each below its base path, such as `/a`. They share only the port, which the
    /// first of the returned handles closes when it is stopped or dropped.
    pub async fn start_at_paths<const COUNT: usize>(
        port: u16,
        paths: [(&str, Options); COUNT],
    ) -> Result<[Running; COUNT], Error> {
        let failed = |source| Error::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let mut mounts = Vec::new();
        let mut servers = paths.map(|(path, options)| {
            let (work, batches) = mpsc::channel(BATCHES_WAITING);
            let server = Arc::new(Server::new(options, format!("http://{address}{path}"), work, Instant::now()));
            mounts.push((http::Mount { path: path.to_owned(), server: Arc::clone(&server) }, batches));
            Running { address, server, accepting: None }
        });
        let accepting = tokio::spawn(http::accept(listener, mounts));
        if let Some(first) = servers.first_mut() {
            first.accepting = Some(accepting);
        }
        Ok(servers)
    }
}

/// A running simulator. Dropping it closes the port and breaks every connection, as a network failure would.
pub struct Running {
    address: SocketAddr,
    server: Arc<Server>,
    /// Of the server that owns the port.
    accepting: Option<JoinHandle<()>>,
}

impl Running {
    /// Its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL to give to a client.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.base_url.clone()
    }

    /// What was billed and refused so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.server.book.copy()
    }

    /// The complaints about clients so far.
    #[must_use]
    pub fn verdict(&self) -> ClientVerdict {
        self.server.verdict(Instant::now())
    }

    /// Adds faults, one for each of the next requests to `/v1/messages` that would otherwise succeed. Those that spoil
    /// an answer also apply to requests in batches.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.server.script(faults);
    }

    /// Every message meets this fault from now on, until it is replaced or removed with `None`.
    pub fn fail_every_message(&self, fault: Option<Fault>) {
        self.server.set_lasting_fault(fault);
    }

    /// Cancels every batch in progress, as another client of the account can.
    pub fn cancel_batches(&self) {
        self.server.batches.cancel_all();
    }

    /// The names of the files that clients have uploaded, and of those with results, that are not deleted.
    #[must_use]
    pub fn stored_files(&self) -> Vec<String> {
        self.server.files.newest_first().into_iter().map(|file| file.name).collect()
    }

    /// Closes the port, breaks every connection, and returns once that is done.
    pub async fn stop(mut self) -> Ledger {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            // An error means that the task was aborted, as requested.
            let _ended = accepting.await;
        }
        self.ledger()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}
