//! What a camera recorded about a photo, beside the time ([`crate::taken`]). Only for display.

use serde::{Deserialize, Serialize};

/// A camera and its settings, from EXIF. Absent fields were not recorded.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Camera {
    pub make: Option<String>,
    pub model: Option<String>,
    pub lens: Option<String>,
    pub exposure_seconds: Option<f64>,
    pub f_number: Option<f64>,
    pub iso: Option<u32>,
    pub focal_length_mm: Option<f64>,
}

/// A position in degrees, WGS 84; north and east are positive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Position {
    pub latitude: f64,
    pub longitude: f64,
}
