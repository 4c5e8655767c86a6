//! Connections and batches under way: each belongs to the accepting task and ends with it. What goes over the connections
//! is the server's.

use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::batches::Work;
use crate::server::Server;

/// How long to wait after the system refuses a connection, before accepting again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections, and batches from them, until the task is aborted; everything under way is then dropped with it.
pub(crate) async fn accept(listener: TcpListener, server: Arc<Server>, mut batches: mpsc::Receiver<Work>) {
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    under_way.spawn(converse(stream, Arc::clone(&server)));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(work) = batches.recv() => {
                under_way.spawn(Arc::clone(&server).work_off(work));
            }
            Some(_) = under_way.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, server: Arc<Server>) {
    // Without this, small events of a stream would wait for each other's acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection keeps its delay");
    }
    let service = service_fn(move |request| {
        let server = Arc::clone(&server);
        async move { server.reply(request).await }
    });
    let mut connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let Err(error) = (&mut connection).await else { return };
    tracing::debug!(%error, "a connection ended early");
    if error.is_user() {
        // Broken on purpose: without lingering, closing resets the connection in place of ending it in good order.
        let stream = connection.into_parts().io.into_inner();
        if let Err(error) = stream.set_zero_linger() {
            tracing::debug!(%error, "the connection is closed and not reset");
        }
    }
}
