//! Checks on every request: it names this server, comes from the window's own page, and belongs to a session.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tower_sessions::Session;
use zeroize::Zeroizing;

use crate::calls;
use crate::credentials::{Attempt, is_signed_in, sign_in};
use crate::names::Reached;
use crate::pages::{PlainPage, SIGN_IN, page};
use crate::state::Served;

/// The size of the form with the password.
const FORM_BYTES: usize = 4 << 10;

/// The two ends of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    pub client: SocketAddr,
    pub local: SocketAddr,
}

/// Refuses requests for other names, and from other pages.
pub async fn check_origin(State(served): State<Arc<Served>>, mut request: Request, next: Next) -> Response {
    let Some(reached) = reached(&served, &request) else {
        return page(StatusCode::MISDIRECTED_REQUEST, PlainPage::WrongHost);
    };
    if !is_from_our_page(&request, &reached) {
        return page(StatusCode::FORBIDDEN, PlainPage::ForeignOrigin);
    }
    request.extensions_mut().insert(reached.clone());
    let mut response = next.run(request).await;
    // For `headers`.
    response.extensions_mut().insert(reached);
    response
}

fn reached(served: &Served, request: &Request) -> Option<Reached> {
    let local = request.extensions().get::<Ends>()?.local.ip();
    let reached = served.names.reached(only(request.headers(), header::HOST)?, local)?;
    match request.uri().authority() {
        // A request line with a name of its own takes precedence over the header.
        Some(named) => served.names.reached(named.as_str(), local).filter(|named| *named == reached),
        None => Some(reached),
    }
}

/// Whether our own page, or no page, made the request. Browsers say so in two headers, of which old ones lack the second.
fn is_from_our_page(request: &Request, reached: &Reached) -> bool {
    let headers = request.headers();
    let is_page = request.method() == Method::GET && request.uri().path() == "/";
    let site_fits = match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
        None | Some(b"same-origin") => true,
        // The user typed the address or opened the link from another program.
        Some(b"none") => is_read(request.method()),
        // A link on another page may lead to the window.
        Some(_) => is_page && headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate"),
    };
    let origin_fits = match headers.get(header::ORIGIN) {
        None => is_read(request.method()),
        Some(_) => only(headers, header::ORIGIN).is_some_and(|origin| origin.eq_ignore_ascii_case(&reached.origin)),
    };
    site_fits && origin_fits
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// The value of a header that must be there once.
fn only(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    values.next()?.to_str().ok().filter(|_| values.next().is_none())
}

#[derive(Deserialize)]
struct Form {
    password: String,
}

/// Passes on requests of a session. Begins a session for a link or a password.
pub async fn check_session(
    State(served): State<Arc<Served>>,
    session: Session,
    request: Request,
    next: Next,
) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    let is_in = is_signed_in(&session).await;
    if *method == Method::GET && path == "/" {
        if let Some(token) = token(request.uri().query()) {
            let is_right = served.credentials.redeem(token);
            return match (is_right, is_in) {
                (true, _) => begin(&session).await,
                (false, true) => Redirect::to("/").into_response(),
                (false, false) => refuse(&served, PlainPage::UsedLink),
            };
        }
        if !is_in && request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
            // The cookie does not come with a link on another page. It comes when this page opens itself again.
            return page(StatusCode::UNAUTHORIZED, PlainPage::OpenAgain);
        }
    }
    if *method == Method::POST && path == SIGN_IN {
        return sign_in_with_password(&served, &session, request).await;
    }
    if !is_in {
        return refuse(&served, PlainPage::NoSession);
    }
    next.run(request).await
}

fn token(query: Option<&str>) -> Option<&str> {
    query?.split('&').find_map(|pair| pair.strip_prefix("token="))
}

fn refuse(served: &Served, why: PlainPage) -> Response {
    let why = if served.credentials.has_password() { PlainPage::SignIn { is_wrong: false } } else { why };
    page(StatusCode::UNAUTHORIZED, why)
}

async fn begin(session: &Session) -> Response {
    match sign_in(session).await {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => {
            tracing::error!(%error, "no session could be begun");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn sign_in_with_password(served: &Served, session: &Session, request: Request) -> Response {
    let Some(client) = request.extensions().get::<Ends>().map(|ends| ends.client) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let body: Body = request.into_body();
    let form = match calls::read(body, FORM_BYTES, served.limits.body_timeout).await {
        Ok(body) => serde_urlencoded::from_bytes::<Form>(&body),
        Err(error) => return calls::refused(&error),
    };
    let Ok(Form { password }) = form else { return refuse(served, PlainPage::NoSession) };
    match served.credentials.try_password(&Zeroizing::new(password), client) {
        Attempt::Right => begin(session).await,
        Attempt::Wrong if !served.credentials.has_password() => refuse(served, PlainPage::NoSession),
        Attempt::Wrong => page(StatusCode::UNAUTHORIZED, PlainPage::SignIn { is_wrong: true }),
        Attempt::TooMany => {
            let minute = [(header::RETRY_AFTER, "60")];
            (minute, page(StatusCode::TOO_MANY_REQUESTS, PlainPage::TooManyAttempts)).into_response()
        }
    }
}

/// Ends the session of a browser, and its streams.
pub async fn sign_out(State(served): State<Arc<Served>>, session: Session) -> Response {
    if let Some(id) = session.id() {
        served.windows.close_all(id);
    }
    match session.flush().await {
        Ok(()) => page(StatusCode::OK, PlainPage::SignedOut),
        Err(error) => {
            tracing::error!(%error, "a session could not be ended");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
