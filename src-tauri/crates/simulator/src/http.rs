//! Connections and batches in progress. Each belongs to the accepting task and ends with it.

use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::batches::BatchWork;
use crate::reply;
use crate::server::Server;

/// Wait after the system refuses a connection, before accepting again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A server below a base path.
pub(crate) struct Mount {
    /// Such as `/a`; empty where the server has the whole port.
    pub(crate) path: String,
    pub(crate) server: Arc<Server>,
}

impl Mount {
    /// The path on the server for `path`; `None` outside this mount.
    fn own_path<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&self.path).filter(|rest| rest.starts_with('/'))
    }
}

/// Accepts connections, and batches from them, until the task is aborted. Everything in progress is then dropped.
pub(crate) async fn accept(listener: TcpListener, mounts: Vec<(Mount, mpsc::Receiver<BatchWork>)>) {
    let mut under_way = JoinSet::new();
    let mut servers = Vec::new();
    for (mount, batches) in mounts {
        under_way.spawn(work_off_batches(Arc::clone(&mount.server), batches));
        servers.push(mount);
    }
    let mounts: Arc<[Mount]> = servers.into();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    under_way.spawn(converse(stream, Arc::clone(&mounts)));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = under_way.join_next() => {}
        }
    }
}

/// Processes the batches that a server accepts.
async fn work_off_batches(server: Arc<Server>, mut batches: mpsc::Receiver<BatchWork>) {
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            work = batches.recv() => match work {
                Some(work) => {
                    under_way.spawn(Arc::clone(&server).work_off(work));
                }
                None => return,
            },
            Some(_) = under_way.join_next() => {}
        }
    }
}

/// A request with the path below the mount.
fn below(mount: &Mount, request: Request<Incoming>) -> Request<Incoming> {
    let Some(path) = mount.own_path(request.uri().path()) else { return request };
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let Ok(uri) = format!("{path}{query}").parse() else { return request };
    let (mut head, body) = request.into_parts();
    head.uri = uri;
    Request::from_parts(head, body)
}

async fn converse(stream: TcpStream, mounts: Arc<[Mount]>) {
    // Without this, small events of a stream wait for each other's acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection keeps its delay");
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let mounts = Arc::clone(&mounts);
        async move {
            // The first server answers paths outside all mounts: unknown to it.
            let mount = mounts.iter().find(|mount| mount.own_path(request.uri().path()).is_some()).or(mounts.first());
            let Some(mount) = mount else { return Err(reply::reset()) };
            mount.server.reply(below(mount, request)).await
        }
    });
    let mut connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let Err(error) = (&mut connection).await else { return };
    tracing::debug!(%error, "a connection ended early");
    if error.is_user() {
        // Without lingering, closing resets the connection instead of ending it properly.
        let stream = connection.into_parts().io.into_inner();
        if let Err(error) = stream.set_zero_linger() {
            tracing::debug!(%error, "the connection is closed and not reset");
        }
    }
}
