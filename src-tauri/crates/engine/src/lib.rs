//! What Fieldmark does, with or without a window: import, plan, run, review, report. It joins the crates that decode,
//! detect and remember; it has no words for people and no idea of windows or terminals.

mod audits;
mod backend;
mod checks;
mod checkup;
mod clock;
mod collections;
mod comparison;
mod connections;
mod consents;
mod diagnosis;
mod error;
pub mod export;
mod hooks;
mod import;
mod layout;
mod library;
mod models;
mod originals;
pub mod pilot;
mod pixels;
mod private;
mod provided;
mod quote;
mod report;
mod review;
mod run;
mod samples;
mod settings;
mod similar;
mod surroundings;
mod sync;

pub use backend::limiter;
pub use checkup::check_up;
pub use connections::{Connections, address_shown, name_of_provider, provider_descriptions};
pub use consents::{AllowedEnvFile, Consents, EnvFileHere};
pub use error::{EngineError, Result};
pub use import::Imported;
pub use keys::{
    Concurrency, EndpointKey, EnvFile, EnvSummary, InvalidConcurrency, Invocation, KeysError, ProviderSummary,
    VariableNames,
};
pub use library::Library;
pub use models::price_list;
pub use pixels::{PixelEdge, THUMBNAIL_EDGE};
pub use quote::PlanTerms;
pub use report::write_json;
pub use run::BatchLimits;
pub use samples::write_copies;
pub use settings::{LibrarySettings, key_variables};
pub use store::{LibraryFailure, StoreError};
pub use surroundings::{Surroundings, variable_names};
