//! The installation, as the window shows it.

use serde::{Deserialize, Serialize};

/// The installation and its paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Installation {
    pub version: String,
    /// For display.
    pub library_folder: String,
    /// For display, and for editing.
    pub settings_file: String,
    /// Where runs write their metrics by default; for display.
    pub metrics_file: String,
    pub processors: u32,
}
