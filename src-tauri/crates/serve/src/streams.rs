//! Subscriptions of a window. Browsers open six connections to a host, so all of a window's subscriptions share one stream
//! of server-sent events.

use std::collections::HashMap;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use api::{ApiError, SinkClosed, SubscriptionSink};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt, Stream, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tower_sessions::Session;

use crate::calls::{HttpError, read_json};
use crate::state::Served;
use crate::windows::{OpenWindow, Subscribed};

const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Messages that a slow window may be behind by. Then its subscriptions wait, and those that cannot wait say that everything
/// has changed.
const QUEUED: usize = 64;
const MAX_STREAMS: usize = 128;
const MAX_SUBSCRIPTIONS: usize = 64;
const ID_BYTES: usize = 16;

/// Removes a stream, with its subscriptions, when the connection is closed.
struct Opened {
    served: Arc<Served>,
    stream: String,
    messages: mpsc::Receiver<String>,
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.served.windows.open().remove(&self.stream);
    }
}

/// Opens a stream. Its first event names it.
pub async fn open(State(served): State<Arc<Served>>, session: Session) -> Result<Response, HttpError> {
    let session = session.id().ok_or_else(no_session)?;
    let mut bytes = [0; ID_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| ApiError::internal(&error))?;
    let stream = u128::from_ne_bytes(bytes).to_string();
    let (messages, received) = mpsc::channel(QUEUED);
    {
        let mut open = served.windows.open();
        if open.len() >= MAX_STREAMS {
            return Err(HttpError::new(StatusCode::SERVICE_UNAVAILABLE, "too many windows are open"));
        }
        open.insert(stream.clone(), OpenWindow { session, messages, subscriptions: HashMap::new() });
    }
    let opened = Opened { served, stream, messages: received };
    let events = stream::once(std::future::ready(Ok(Event::default().event("opened").data(&opened.stream))));
    let events = futures_util::StreamExt::chain(events, messages_of(opened));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

fn messages_of(opened: Opened) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(opened, async |mut opened| {
        let stopping = opened.served.stopping.clone();
        let message = tokio::select! {
            () = stopping.cancelled() => None,
            message = opened.messages.recv() => message,
        }?;
        Some((Ok(Event::default().event("message").data(message)), opened))
    })
}

fn no_session() -> HttpError {
    HttpError::new(StatusCode::UNAUTHORIZED, "this browser has no session")
}

/// What a window subscribes to.
#[derive(Debug, Deserialize)]
struct Wanted {
    name: String,
    #[serde(default)]
    input: serde_json::Value,
}

/// The last message of a subscription.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Last<'a> {
    Error(&'a ApiError),
    Ended(bool),
}

#[derive(Debug, Serialize)]
struct LastMessage<'a> {
    subscription: u32,
    #[serde(flatten)]
    last: Last<'a>,
}

/// Starts the subscription with the number that the window gave it.
pub async fn subscribe(
    State(served): State<Arc<Served>>,
    session: Session,
    Path((stream, number)): Path<(String, u32)>,
    request: Request,
) -> Result<StatusCode, HttpError> {
    let wanted: Wanted = read_json(&served, request).await?;
    let mut open = served.windows.open();
    let window = find(&mut open, &stream, &session)?;
    window.subscriptions.retain(|_, subscribed| !subscribed.0.is_finished());
    if window.subscriptions.contains_key(&number) {
        return Err(HttpError::new(StatusCode::CONFLICT, "the number of the subscription is taken"));
    }
    if window.subscriptions.len() >= MAX_SUBSCRIPTIONS {
        return Err(HttpError::new(StatusCode::TOO_MANY_REQUESTS, "the window has too many subscriptions"));
    }
    let following = follow(Arc::clone(&served), wanted, number, window.messages.clone());
    window.subscriptions.insert(number, Subscribed(tokio::spawn(following)));
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a subscription, if it has not ended.
pub async fn unsubscribe(
    State(served): State<Arc<Served>>,
    session: Session,
    Path((stream, number)): Path<(String, u32)>,
) -> Result<StatusCode, HttpError> {
    find(&mut served.windows.open(), &stream, &session)?.subscriptions.remove(&number);
    Ok(StatusCode::NO_CONTENT)
}

/// A stream of this session.
fn find<'a>(
    open: &'a mut HashMap<String, OpenWindow>,
    stream: &str,
    session: &Session,
) -> Result<&'a mut OpenWindow, HttpError> {
    let session = session.id();
    open.get_mut(stream)
        .filter(|window| Some(window.session) == session)
        .ok_or_else(|| HttpError::new(StatusCode::NOT_FOUND, "there is no such stream"))
}

async fn follow(served: Arc<Served>, wanted: Wanted, number: u32, messages: mpsc::Sender<String>) {
    let values = messages.clone();
    let sink = SubscriptionSink::new(move |value| {
        let values = values.clone();
        let message = format!(r#"{{"subscription":{number},"value":{value}}}"#);
        Box::pin(async move { values.send(message).await.map_err(|_| SinkClosed) })
    });
    let followed = AssertUnwindSafe(served.api.subscribe(&wanted.name, wanted.input, sink)).catch_unwind().await;
    let followed = followed.unwrap_or_else(|_| Err(ApiError::internal(&"an error in Fieldmark")));
    let last = match &followed {
        Ok(()) => Last::Ended(true),
        Err(error) => Last::Error(error),
    };
    if let Ok(message) = serde_json::to_string(&LastMessage { subscription: number, last }) {
        // The window may be closed.
        let _ = messages.send(message).await;
    }
}
