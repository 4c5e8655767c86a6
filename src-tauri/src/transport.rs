//! The transport of the API over Tauri's IPC.

use std::sync::Arc;

use api::{ApiError, SinkClosed, SubscriptionSink};
use serde_json::Value;
use tauri::State;
use tauri::ipc::{Channel, InvokeResponseBody, Response};

use crate::state::Desktop;

/// Calls an operation.
#[tauri::command]
pub async fn call(desktop: State<'_, Desktop>, operation: String, input: Value) -> Result<Response, ApiError> {
    let api = Arc::clone(&desktop.api);
    Ok(Response::new(api.call(&operation, input).await?))
}

/// Starts a subscription. Each message holds a `value`, or an `error` that ends the subscription.
#[tauri::command]
#[expect(clippy::needless_pass_by_value, reason = "the signature is Tauri's")]
pub fn subscribe(
    desktop: State<'_, Desktop>,
    id: String,
    subscription: String,
    input: Value,
    messages: Channel<InvokeResponseBody>,
) {
    let api = Arc::clone(&desktop.api);
    desktop.subscriptions.begin(id, || {
        tauri::async_runtime::spawn(async move {
            let values = messages.clone();
            let sink = SubscriptionSink::new(move |value| {
                let sent = values.send(InvokeResponseBody::Json(format!("{{\"value\":{value}}}")));
                Box::pin(async move { sent.map_err(|_| SinkClosed) })
            });
            if let Err(error) = api.subscribe(&subscription, input, sink).await {
                let message = serde_json::json!({ "error": error });
                // A closed window needs no error.
                let _ = messages.send(InvokeResponseBody::Json(message.to_string()));
            }
        })
    });
}

/// Ends a subscription.
#[tauri::command]
#[expect(clippy::needless_pass_by_value, reason = "the signature is Tauri's")]
pub fn unsubscribe(desktop: State<'_, Desktop>, id: String) {
    desktop.subscriptions.end(id);
}
