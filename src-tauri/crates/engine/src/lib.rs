//! Fieldmark's services, independent of windows and terminals: import, planning, runs, review, reports. Connects the
//! crates for decoding, detection and storage. User-visible texts are not here.

mod active_runs;
mod backend;
mod blocking;
mod calibration;
mod changes;
mod check_index;
mod checkup;
mod clock;
mod collections;
mod connections;
mod consents;
pub mod dataset;
mod error;
mod evaluation;
pub mod examples;
mod gallery;
mod hooks;
mod image_files;
mod import;
mod insight;
mod layout;
mod library;
mod machine;
mod originals;
mod outputs;
mod places;
mod planning;
mod prices;
mod private;
mod provided;
mod publishing;
mod recipes;
mod review;
mod run;
mod run_history;
mod samples;
mod settings;
mod similar;
mod spending;
mod surroundings;
mod sync;
mod thumbnails;
mod uploads;
mod workers;

pub use backend::limiter;
pub use calibration::Calibrations;
pub use checkup::check_up;
pub use collections::Collections;
pub use connections::{Connections, address_shown, name_of_provider, provider_descriptions};
pub use consents::{AllowedEnvFile, Consents, EnvFileHere};
pub use error::{EngineError, Result};
pub use evaluation::{EvaluationSource, Evaluations};
pub use gallery::{Gallery, PixelEdge};
pub use hooks::{HookRunner, claude_flow_hooks};
pub use import::{Imported, Imports};
pub use insight::{Insight, Notice, WrittenReport, write_json};
pub use keys::{
    Concurrency, EndpointKey, EnvFile, EnvSummary, InvalidConcurrency, Invocation, Keeping, KeysError, ProviderSummary,
    VariableNames,
};
pub use library::Library;
pub use outputs::Outputs;
pub use planning::{PlanTerms, Planning};
pub use prices::Prices;
pub use publishing::{Publishing, publication_schema};
pub use recipes::Recipes;
pub use review::Review;
pub use run::{BatchLimits, Runs};
pub use run_history::RunHistory;
pub use samples::write_copies;
pub use settings::{LibrarySettings, key_variables};
pub use similar::Similar;
pub use store::{LibraryFailure, StoreError};
pub use surroundings::{SERVE_PASSWORD, Surroundings, variable_names};
pub use thumbnails::THUMBNAIL_EDGE;
