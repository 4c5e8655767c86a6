//! What this window can do: the app, or a browser.

use serde::Serialize;

use crate::ApiError;
use crate::router::operations;

/// The front end that a window runs in.
#[derive(Debug, Clone, Serialize, specta::Type)]
pub struct FrontEndInfo {
    /// Whether this is the desktop app, with the system's dialogs and drag and drop.
    pub is_desktop: bool,
    pub is_read_only: bool,
    /// The folders of the server from which a browser may import.
    pub roots: Vec<String>,
    /// Whether the last process ended unexpectedly.
    pub ended_unexpectedly: bool,
}

operations! {
    read front_end(api) -> FrontEndInfo {
        Ok(FrontEndInfo {
            ended_unexpectedly: api.front_end.ended_unexpectedly,
            is_desktop: api.front_end.desktop.is_some(),
            is_read_only: api.front_end.is_read_only,
            roots: api.front_end.roots.iter().map(|root| root.to_string_lossy().into_owned()).collect(),
        })
    }

    /// What to send with a report of a problem: JSON without keys, prompts, answers and images. `window` is the browser.
    read diagnostics(api, window: String) -> String {
        let desktop = api.front_end.desktop.as_deref().and_then(crate::DesktopActions::web_view_version);
        let window = desktop.map_or(window.clone(), |version| format!("{version}, {window}"));
        let findings = engine::diagnose(&api.library, window).await?;
        let document = engine::diagnostics(&findings);
        serde_json::to_string_pretty(&document).map_err(|error| ApiError::internal(&error))
    }

    /// Logs an error of the window's own code.
    read log_window_error(api, message: String, stack: String) -> () {
        let _ = api;
        tracing::error!(message, stack, "an error in the window");
        Ok(())
    }
}
