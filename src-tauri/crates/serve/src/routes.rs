//! Where requests go, and what they pass on the way.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{delete, get, post};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use crate::state::Served;
use crate::{assets, calls, downloads, guard, headers, streams, uploads};

pub fn router(served: Arc<Served>) -> Router {
    let sessions = served.credentials.sessions();
    // Fonts are compressed already, and a download is written as fast as it is read.
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
        .layer(map_response(async |response: Response| headers::complete(response)))
        .with_state(served)
}
