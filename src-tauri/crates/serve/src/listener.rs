//! Connections: how many, and how long they may take.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::ServeLimits;
use crate::credentials::network;
use crate::guard::Ends;

/// The size of a request's headers.
const MAX_HEAD_BYTES: usize = 32 << 10;
/// The pause after a connection could not be accepted, because the process has too many files open for instance.
const PAUSE: Duration = Duration::from_millis(100);

/// Connections by network, so that idle ones of one client leave places for others.
struct Clients {
    most: usize,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Clients {
    fn new(most: usize) -> Self {
        Self { most, open: Arc::default() }
    }

    /// A place for a connection from `address` until it is dropped; `None` if the client has all of its own.
    fn admit(&self, address: IpAddr) -> Option<OfClient> {
        let client = network(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(client).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(OfClient { client, open: Arc::clone(&self.open) })
    }
}

/// A place of a client.
struct OfClient {
    client: IpAddr,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Drop for OfClient {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.client);
            }
        }
    }
}

/// Accepts connections until the server stops, then lets responses finish for as long as `patience`.
pub async fn accept(
    listener: TcpListener,
    router: Router,
    limits: ServeLimits,
    is_behind_proxy: bool,
    stopping: CancellationToken,
    patience: Duration,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.header_timeout).max_buf_size(MAX_HEAD_BYTES);
    let places = Arc::new(Semaphore::new(limits.connections));
    let clients = Clients::new(if is_behind_proxy { usize::MAX } else { limits.connections_of_client });
    let closing = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stopping.cancelled() => break,
            accepted = accepted => accepted,
        };
        while connections.try_join_next().is_some() {}
        let accepted = accepted.and_then(|(stream, client)| {
            stream.set_nodelay(true)?;
            Ok((Ends { client, local: stream.local_addr()? }, stream))
        });
        match accepted {
            Ok((ends, stream)) => {
                let Some(of_client) = clients.admit(ends.client.ip()) else {
                    tracing::debug!(client = %ends.client, "too many connections from one address");
                    continue;
                };
                let service = router.clone().map_request(move |request: Request<Incoming>| {
                    let mut request = request.map(Body::new);
                    request.extensions_mut().insert(ends);
                    request
                });
                let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
                let connection = closing.watch(connection);
                connections.spawn(async move {
                    // Clients close connections as they like.
                    if let Err(error) = connection.await {
                        tracing::debug!(%error, "a connection was lost");
                    }
                    drop((place, of_client));
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    let _ = timeout(patience, closing.shutdown()).await;
    connections.shutdown().await;
}
