//! The simulators of a scene: the vendor's server and the additional endpoints. Each can be steered while a run goes on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use simulator::{Batching, Distribution, Eyes, Fault, Latency, LenientServer, Options, Protocol, Running, Simulator};
use tokio::task::JoinHandle;

use super::{Done, Held, Scene};

/// Long enough to watch an answer arrive.
const FIRST_BYTE: Duration = Duration::from_millis(250);
const BETWEEN_EVENTS: Duration = Duration::from_millis(10);
const ANNOTATIONS_AN_ANSWER: u32 = 2;
/// Long enough to see a batch being worked on.
const BATCH_TAKES: Duration = Duration::from_secs(5);
/// Answers before requests are held, or an endpoint closes.
const BEFORE_HOLD: usize = 4;
const HELD: Duration = Duration::from_secs(3);
const HELD_SECONDS: u64 = 3;
/// Longer than any test.
const HELD_FOR_GOOD_SECONDS: u64 = 900;
const POLL: Duration = Duration::from_millis(5);

/// A simulator that keeps its port when it is closed and opened again.
pub struct Server {
    options: Options,
    running: Mutex<Option<Running>>,
}

/// A scripted change of a server while it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// After some answers, requests are held for a while, or for good.
    Holds(Held, bool),
    /// After so many answers it is silent.
    FallsSilent(usize),
    /// After some answers it rejects the key.
    Closes,
}

/// The simulators of a scene. Dropping them closes their ports.
pub struct Servers {
    all: Vec<Arc<Server>>,
    /// A server of open models.
    local: Option<Server>,
    courses: Vec<JoinHandle<()>>,
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.courses.iter().for_each(JoinHandle::abort);
    }
}

impl Servers {
    /// Starts the vendor's server and, for `endpoints` more, one each.
    pub async fn start(scene: &Scene, endpoints: usize) -> Done<Self> {
        let mut servers = Self { all: Vec::new(), local: None, courses: Vec::new() };
        for _ in 0..=endpoints {
            servers.all.push(Arc::new(Server::start(Self::vendor()).await?));
        }
        if scene.has_local_server {
            let protocol = Protocol::LenientChat(LenientServer::default());
            servers.local = Some(Server::start(Options { protocol, ..Options::default() }).await?);
        }
        let half = scene.images as usize / 2;
        let own = match (scene.held, scene.stands_still) {
            (Some(held), is_for_good) => Some(Course::Holds(held, is_for_good)),
            (None, true) => Some(Course::FallsSilent(half)),
            (None, false) => None,
        };
        if let Some(course) = own {
            servers.follow(0, course);
        }
        if scene.closes_endpoint && endpoints > 0 {
            // The last one has no key.
            servers.follow(endpoints - 1, Course::Closes);
        }
        Ok(servers)
    }

    /// The vendor's server, which answers slowly enough to watch and does not look at pictures.
    fn vendor() -> Options {
        Options {
            latency: Latency { first_byte: Distribution::Fixed(FIRST_BYTE), between_events: BETWEEN_EVENTS },
            eyes: Eyes::Closed { annotations: ANNOTATIONS_AN_ANSWER },
            batching: Batching { takes: BATCH_TAKES, ..Batching::default() },
            ..Options::default()
        }
    }

    /// The port of the server of open models.
    #[must_use]
    pub fn local_port(&self) -> Option<u16> {
        self.local.as_ref().map(|server| server.options.port)
    }

    fn follow(&mut self, place: usize, course: Course) {
        let server = Arc::clone(&self.all[place]);
        self.courses.push(tokio::spawn(async move { server.follow(course).await }));
    }

    /// The base URLs, the vendor's first.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.all.iter().map(|server| server.url()).collect()
    }

    /// Ends the scripted changes of all servers, and steers the one at `place`.
    pub async fn steer(&self, place: usize, steering: Steering) -> Done<()> {
        self.courses.iter().for_each(JoinHandle::abort);
        let server = self.all.get(place).ok_or("no such server")?;
        match steering {
            Steering::Answer => {
                server.fail_every_message(None);
                server.open().await
            }
            Steering::Fail(fault) => {
                server.fail_every_message(Some(fault));
                Ok(())
            }
            Steering::FailNext(faults) => {
                server.with(|running| running.script(faults));
                Ok(())
            }
            Steering::Close => server.close().await,
            Steering::CancelBatches => {
                server.with(Running::cancel_batches);
                Ok(())
            }
        }
    }
}

/// A change to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Steering {
    /// It answers from now on.
    Answer,
    /// Every message meets this fault.
    Fail(Fault),
    /// The next messages meet one fault each.
    FailNext(Vec<Fault>),
    /// Its port is closed.
    Close,
    CancelBatches,
}

impl Server {
    async fn start(options: Options) -> Done<Self> {
        let running = Simulator::start(options.clone()).await?;
        let options = Options { port: running.address().port(), ..options };
        Ok(Self { options, running: Mutex::new(Some(running)) })
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with(&self, tell: impl FnOnce(&Running)) {
        if let Some(running) = self.running().as_ref() {
            tell(running);
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.options.port)
    }

    fn fail_every_message(&self, fault: Option<Fault>) {
        self.with(|running| running.fail_every_message(fault));
    }

    async fn open(&self) -> Done<()> {
        if self.running().is_none() {
            let running = Simulator::start(self.options.clone()).await?;
            *self.running() = Some(running);
        }
        Ok(())
    }

    async fn close(&self) -> Done<()> {
        let running = self.running().take();
        if let Some(running) = running {
            running.stop().await;
        }
        Ok(())
    }

    fn answers(&self) -> usize {
        self.running().as_ref().map_or(0, |running| running.ledger().billed.len())
    }

    async fn follow(&self, course: Course) {
        let before = match course {
            Course::Holds(..) | Course::Closes => BEFORE_HOLD,
            Course::FallsSilent(answers) => answers,
        };
        while self.answers() < before {
            tokio::time::sleep(POLL).await;
        }
        match course {
            Course::FallsSilent(_) => self.fail_every_message(Some(Fault::Silence)),
            Course::Closes => self.fail_every_message(Some(Fault::Status { status: 401 })),
            Course::Holds(Held::Unreachable, is_for_good) => {
                // Closing and opening a port on this machine fails only if another program takes it meanwhile: the run then stays held.
                let _closed = self.close().await;
                if !is_for_good {
                    tokio::time::sleep(HELD).await;
                    let _opened = self.open().await;
                }
            }
            Course::Holds(held, is_for_good) => {
                let seconds = if is_for_good { HELD_FOR_GOOD_SECONDS } else { HELD_SECONDS };
                self.fail_every_message(Some(match held {
                    Held::Overloaded => Fault::Overloaded,
                    Held::RateLimited | Held::Unreachable => Fault::RateLimited { retry_after_seconds: Some(seconds) },
                }));
                if !is_for_good {
                    tokio::time::sleep(HELD).await;
                    self.fail_every_message(None);
                }
            }
        }
    }
}

/// A key that the simulators accept.
pub const KEY: &str = "sk-scene-0000";
