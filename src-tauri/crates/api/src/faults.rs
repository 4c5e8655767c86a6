//! A panic in an operation becomes an error of that operation: the window shows it, and everything else goes on. The panic itself
//! is in the log.

use std::panic::{AssertUnwindSafe, catch_unwind};

use engine::EngineError;
use futures_util::FutureExt;

use crate::{Api, ApiError, ApiResult, ErrorCode};

/// Awaits an operation or a subscription.
pub async fn guard<T>(api: &Api, name: &str, work: impl Future<Output = ApiResult<T>>) -> ApiResult<T> {
    let work = async {
        panic_if_told(api, name);
        work.await
    };
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(panicked(name)))
}

/// Does blocking work that no operation waits for.
pub fn guard_blocking<T>(api: &Api, name: &str, work: impl FnOnce() -> Result<T, EngineError>) -> ApiResult<T> {
    let work = || {
        panic_if_told(api, name);
        work()
    };
    Ok(catch_unwind(AssertUnwindSafe(work)).map_err(|_| panicked(name))??)
}

fn panicked(name: &str) -> ApiError {
    ApiError::new(ErrorCode::Internal, format!("{name} panicked; the log says where"))
}

/// For tests: panics if the library's folder has a file `panic-in-NAME`. Only in programs built for development.
fn panic_if_told(api: &Api, name: &str) {
    assert!(
        !cfg!(debug_assertions) || !api.library().folder().join(format!("panic-in-{name}")).exists(),
        "a test told {name} to panic"
    );
}
