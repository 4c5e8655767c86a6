//! What requests share, and their routes.

use std::sync::Arc;

use api::Api;
use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{delete, get, post};
use tokio_util::sync::CancellationToken;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use crate::access::Access;
use crate::names::Names;
use crate::streams::{self, Streams};
use crate::{Limits, assets, calls, downloads, guard, headers, uploads};

/// What requests share.
pub struct Served {
    pub api: Arc<Api>,
    pub access: Arc<Access>,
    pub names: Names,
    pub limits: Limits,
    pub streams: Streams,
    /// Cancelled when the server stops.
    pub stopping: CancellationToken,
}

pub fn router(served: Arc<Served>) -> Router {
    let sessions = served.access.sessions();
    // Downloads and fonts are compressed already, or as large as the connection is fast.
    let compressed = DefaultPredicate::new()
        .and(NotForContentType::const_new("application/octet-stream"))
        .and(NotForContentType::const_new("font/"));
    Router::new()
        .route("/api/call/{operation}", post(calls::call))
        .route("/api/stream", get(streams::open))
        .route("/api/stream/{stream}/{subscription}", post(streams::subscribe).merge(delete(streams::unsubscribe)))
        .route("/thumb/{image}/{edge}", get(downloads::pixels))
        .route("/download/export", get(downloads::export))
        .route("/download/metrics", get(downloads::metrics))
        .route("/upload/{upload}/{*name}", post(uploads::upload))
        .route("/sign-out", post(guard::sign_out))
        .fallback(assets::serve)
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(compressed))
        // The last layer is the first that a request meets.
        .layer(from_fn_with_state(Arc::clone(&served), guard::check_session))
        .layer(sessions)
        .layer(from_fn_with_state(Arc::clone(&served), guard::check_origin))
        .layer(map_response(async |response: axum::response::Response| headers::complete(response)))
        .with_state(served)
}
