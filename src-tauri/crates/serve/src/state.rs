//! What requests share.

use std::sync::Arc;

use api::Api;
use tokio_util::sync::CancellationToken;

use crate::Limits;
use crate::access::Access;
use crate::names::Names;
use crate::windows::Windows;

pub struct Served {
    pub api: Arc<Api>,
    pub access: Arc<Access>,
    pub names: Names,
    pub limits: Limits,
    pub windows: Windows,
    /// Cancelled when the server stops.
    pub stopping: CancellationToken,
}
