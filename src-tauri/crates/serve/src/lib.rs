//! The window in a browser. An HTTP server for one library: the operations and subscriptions of the `api` crate, pixels,
//! downloads, uploads, and the window's files. A browser signs in with the printed link or the password. docs/serve.md
//! describes what is protected and how.

mod assets;
mod calls;
mod credentials;
mod downloads;
mod error;
mod guard;
mod headers;
mod listener;
mod names;
mod pages;
mod ranges;
mod routes;
mod state;
mod streams;
mod uploads;
mod windows;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::{Api, FrontEnd};
use engine::Library;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use credentials::Credentials;
use names::Names;
use state::Served;
use windows::Windows;

pub use error::ServeError;

/// How long responses may take to finish when the server stops.
const CLOSING_PATIENCE: Duration = Duration::from_secs(5);
/// How long the process outlives its windows for requests in flight, because their answers may have been paid for.
const RUN_PATIENCE: Duration = Duration::from_secs(30);

/// How to serve a library.
#[derive(Debug)]
pub struct ServeOptions {
    /// The name or address to listen on.
    pub host: String,
    /// 0 takes any free port.
    pub port: u16,
    /// Whether operations that change the library are refused.
    pub is_read_only: bool,
    /// The folders of this machine from which windows may import.
    pub roots: Vec<PathBuf>,
    /// Signs browsers in, beside the link. Required unless `host` is a loopback address.
    pub password: Option<Zeroizing<String>>,
    /// Where browsers find a reverse proxy in front of the server, such as `https://photos.example.org`.
    pub public_url: Option<String>,
    pub limits: ServeLimits,
    /// Whether the last server ended unexpectedly.
    pub ended_unexpectedly: bool,
}

/// Bounds on what clients may use.
#[derive(Debug, Clone)]
pub struct ServeLimits {
    /// Connections at a time; more wait.
    pub connections: usize,
    /// Connections at a time from one address (in IPv6, one /64); more are closed. Behind a proxy, all browsers share
    /// one address, and this does not apply.
    pub connections_of_client: usize,
    /// The time to send a request's headers, and between requests.
    pub header_timeout: Duration,
    /// The time to send the body of a call, and between two parts of an upload.
    pub body_timeout: Duration,
    /// The size of an uploaded file.
    pub upload_bytes: u64,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: 256,
            connections_of_client: 64,
            header_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(30),
            upload_bytes: 2 << 30,
        }
    }
}

/// A running server.
pub struct WebServer {
    address: SocketAddr,
    /// Of the link, without a path.
    url: String,
    credentials: Arc<Credentials>,
    api: Arc<Api>,
    stopping: CancellationToken,
    listening: JoinHandle<()>,
}

impl WebServer {
    /// Starts listening. Needs a Tokio runtime.
    pub async fn start(library: Arc<Library>, options: ServeOptions) -> Result<Self, ServeError> {
        let ServeOptions { host, port, is_read_only, roots, password, public_url, limits, ended_unexpectedly } =
            options;
        let public = public_url.map(|url| names::Public::parse(&url)).transpose()?;
        let is_behind_proxy = public.is_some();
        let roots = roots.iter().map(|root| canonical(root)).collect::<Result<Vec<_>, _>>()?;
        let unusable = |source| ServeError::Address { host: host.clone(), port, source };
        let addresses: Vec<SocketAddr> =
            tokio::net::lookup_host((names::bare(&host), port)).await.map_err(unusable)?.collect();
        let is_loopback = addresses.iter().all(|address| address.ip().is_loopback());
        if !is_loopback && password.is_none() {
            return Err(ServeError::NeedsPassword { host });
        }
        let listener = TcpListener::bind(addresses.as_slice()).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let credentials = Arc::new(Credentials::new(address.port(), password.as_deref())?);
        let url = match &public {
            Some(public) => public.origin.clone(),
            None if is_loopback || names::bare(&host).parse::<IpAddr>().is_ok() => {
                format!("http://{}", names::reachable(address))
            }
            None => format!("http://{host}:{}", address.port()),
        };
        // Consent to commands that this machine runs is given on this machine.
        let may_agree_to_hooks = is_loopback && public.is_none();
        let front_end = FrontEnd { desktop: None, is_read_only, roots, may_agree_to_hooks, ended_unexpectedly };
        let api = Api::new(library, front_end);
        let stopping = CancellationToken::new();
        let served = Arc::new(Served {
            api: Arc::clone(&api),
            credentials: Arc::clone(&credentials),
            names: Names::new(&host, public),
            limits: limits.clone(),
            windows: Windows::default(),
            stopping: stopping.clone(),
        });
        let listening = tokio::spawn(listener::accept(
            listener,
            routes::router(served),
            limits,
            is_behind_proxy,
            stopping.clone(),
            CLOSING_PATIENCE,
        ));
        Ok(Self { address, url, credentials, api, stopping, listening })
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A link that signs in one browser, once. It replaces the link before it.
    pub fn link(&self) -> Result<String, ServeError> {
        Ok(format!("{}/?token={}", self.url, *self.credentials.new_token()?))
    }

    /// Closes the windows' connections, then stops the runs: requests in flight are finished and stored.
    pub async fn stop(self) {
        self.stopping.cancel();
        if let Err(error) = self.listening.await {
            tracing::error!(%error, "the server ended early");
        }
        self.api.library().runs.shut_down(RUN_PATIENCE).await;
        self.api.discard_uploads();
    }
}

fn canonical(root: &Path) -> Result<PathBuf, ServeError> {
    let failed = |source| ServeError::Root { path: root.to_owned(), source };
    let folder = std::fs::canonicalize(root).map_err(failed)?;
    if folder.is_dir() { Ok(folder) } else { Err(failed(std::io::ErrorKind::NotADirectory.into())) }
}
