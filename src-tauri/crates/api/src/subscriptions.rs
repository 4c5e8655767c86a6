//! Subscriptions: values that arrive over time.

use std::sync::Arc;

use domain::ids::RunId;
use domain::run::RunProgress;
use engine::RunFollower;
use futures_util::future::BoxFuture;
use serde::Serialize;
use specta::Types;
use tokio::sync::broadcast::error::RecvError;

use crate::router::Signature;
use crate::{Api, ApiError, ApiResult, CoreEvent};

/// The window no longer listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinkClosed;

/// Where the values of a subscription go, as JSON. Waits while the window is behind.
pub struct SubscriptionSink(Box<dyn Fn(String) -> BoxFuture<'static, Result<(), SinkClosed>> + Send + Sync>);

impl SubscriptionSink {
    #[must_use]
    pub fn new(send: impl Fn(String) -> BoxFuture<'static, Result<(), SinkClosed>> + Send + Sync + 'static) -> Self {
        Self(Box::new(send))
    }

    async fn send(&self, value: &impl Serialize) -> ApiResult<Result<(), SinkClosed>> {
        let value = serde_json::to_string(value).map_err(|error| ApiError::internal(&error))?;
        Ok((self.0)(value).await)
    }
}

/// One subscription.
pub struct Subscription {
    pub name: &'static str,
    pub docs: &'static [&'static str],
    pub signature: fn(&mut Types) -> Signature,
    pub run: fn(Arc<Api>, serde_json::Value, SubscriptionSink) -> BoxFuture<'static, ApiResult<()>>,
}

macro_rules! subscriptions {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident($api:ident, $sink:ident $(, $argument:ident: $type:ty)*) -> $value:ty $body:block
    )*) => {
        /// Every subscription.
        pub const SUBSCRIPTIONS: &[Subscription] = &[$(Subscription {
            name: stringify!($name),
            docs: &[$($doc),*],
            signature: |types| Signature {
                input: vec![$((stringify!($argument), <$type as specta::Type>::definition(types))),*],
                output: <$value as specta::Type>::definition(types),
            },
            run: |api, input, sink| {
                #[derive(serde::Deserialize)]
                struct Input { $($argument: $type),* }
                async fn follow($api: Arc<Api>, $sink: SubscriptionSink, input: Input) -> ApiResult<()> {
                    let Input { $($argument),* } = input;
                    $body
                }
                Box::pin(async move { follow(api, sink, crate::router::parse(input)?).await })
            },
        }),*];
    };
}

subscriptions! {
    /// What happens in the core. It begins with the runs of this process, because the window may have missed their progress.
    events(api, sink) -> CoreEvent {
        let mut events = api.events().receive();
        let runs = CoreEvent::RunsChanged { runs: api.library.runs.working() };
        if sink.send(&runs).await?.is_err() {
            return Ok(());
        }
        loop {
            match events.recv().await {
                Ok(event) => {
                    if sink.send(&event).await?.is_err() {
                        return Ok(());
                    }
                }
                // The window is far behind: it queries everything again.
                Err(RecvError::Lagged(_)) => {
                    let runs = CoreEvent::RunsChanged { runs: api.library.runs.working() };
                    for event in [CoreEvent::LibraryChanged, CoreEvent::SettingsChanged, runs] {
                        if sink.send(&event).await?.is_err() {
                            return Ok(());
                        }
                    }
                }
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    }

    /// Snapshots of a run as it changes, at most ten per second, whichever process works on it.
    run_progress(api, sink, run: RunId) -> RunProgress {
        let mut run = RunFollower::new(Arc::clone(&api.library.history), run);
        loop {
            if sink.send(&run.next().await?).await?.is_err() {
                return Ok(());
            }
        }
    }
}

pub fn find(name: &str) -> Option<&'static Subscription> {
    SUBSCRIPTIONS.iter().find(|subscription| subscription.name == name)
}
