//! What this window can do: the app, or a browser.

use serde::Serialize;

use crate::router::operations;

/// The front end that a window runs in.
#[derive(Debug, Clone, Serialize, specta::Type)]
pub struct FrontEndInfo {
    /// Whether this is the desktop app, with the system's dialogs and drag and drop.
    pub is_desktop: bool,
    pub is_read_only: bool,
    /// The folders of the server from which a browser may import.
    pub roots: Vec<String>,
}

operations! {
    read front_end(api) -> FrontEndInfo {
        Ok(FrontEndInfo {
            is_desktop: api.front_end.desktop.is_some(),
            is_read_only: api.front_end.is_read_only,
            roots: api.front_end.roots.iter().map(|root| root.to_string_lossy().into_owned()).collect(),
        })
    }
}
