//! What requests share.

use std::sync::Arc;

use api::Api;
use tokio_util::sync::CancellationToken;

use crate::ServeLimits;
use crate::credentials::Credentials;
use crate::names::Names;
use crate::windows::Windows;

pub struct Served {
    pub api: Arc<Api>,
    pub credentials: Arc<Credentials>,
    pub names: Names,
    pub limits: ServeLimits,
    pub windows: Windows,
    /// Cancelled when the server stops.
    pub stopping: CancellationToken,
}
