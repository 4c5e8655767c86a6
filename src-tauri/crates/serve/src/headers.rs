//! Headers of every response.

use axum::http::header::{self, HeaderName};
use axum::http::{HeaderValue, Response};

use crate::names::Reached;

/// As the desktop window's policy in tauri.conf.json, with pixels and calls from the same origin.
const POLICY: &str = "default-src 'self'; img-src 'self'; connect-src 'self'; style-src 'self'; font-src 'self'; \
                      script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Headers that a response has unless it has its own.
const USUAL: [(HeaderName, HeaderValue); 7] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

pub fn complete<Body>(mut response: Response<Body>) -> Response<Body> {
    let is_secure = response.extensions().get::<Reached>().is_some_and(|reached| reached.is_secure);
    let headers = response.headers_mut();
    for (name, value) in USUAL {
        headers.entry(name).or_insert(value);
    }
    if is_secure && let header::Entry::Occupied(mut cookies) = headers.entry(header::SET_COOKIE) {
        for cookie in cookies.iter_mut() {
            if let Ok(secure) = HeaderValue::from_bytes(&[cookie.as_bytes(), b"; Secure"].concat()) {
                *cookie = secure;
            }
        }
    }
    response
}
