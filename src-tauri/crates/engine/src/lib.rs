//! What Fieldmark does, with or without a window: import, plan, run, review, report. It joins the crates that decode,
//! detect and remember; it has no words for people and no idea of windows or terminals.

mod clock;
mod connection;
mod error;
pub mod export;
mod hooks;
mod import;
mod library;
mod originals;
mod pixels;
mod quote;
mod report;
mod review;
mod route;
mod run;
mod samples;
mod servers;
mod similar;

pub use connection::Surroundings;
pub use error::{EngineError, Result};
pub use import::Imported;
pub use library::Library;
pub use pixels::{PixelEdge, THUMBNAIL_EDGE};
pub use run::BatchLimits;
