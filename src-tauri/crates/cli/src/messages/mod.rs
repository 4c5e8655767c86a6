//! All texts of the command line, one file per subject.

mod bench;
mod calibration;
mod catalogue;
mod checkup;
mod dataset_import;
mod diagnoses;
mod environment;
mod errors;
mod estimate;
mod evaluation;
mod export;
mod format;
mod hooks;
mod import;
mod library;
mod month;
mod progress;
mod providers;
mod publication;
mod quote;
mod reasons;
mod remarks;
mod report;
mod runs;
mod savings;
mod spend;
mod table;

use std::io::{self, Write};

use crate::error::CommandError;
use crate::output::notes;
use crate::style::{ERROR, WARNING};

pub use bench::{benchmark, benchmark_cost, benchmarking};
pub use calibration::{calibration, calibration_plan, coordinates_applied};
pub use catalogue::{
    models, price_comparison, prices, recipe_deleted, recipe_exported, recipe_saved, recipe_unchanged, recipes,
};
pub use checkup::checkup;
pub use dataset_import::{dataset_imported, dataset_preview};
pub use diagnoses::notices;
pub use environment::{env_file, env_file_not_used};
pub use errors::{engine_error, no_batches, unsettled, wait_reasons};
pub use estimate::{estimate, not_in_batches};
pub use evaluation::{evaluation, under_limit};
pub use export::{exported, named_twice, not_written, query_problem, unwritable};
pub use format::{counted, counted_len, grouped};
pub use hooks::hook_command;
pub use import::{import, skipped};
pub use library::{
    library_backup, library_check, library_info, library_pruned, library_relinked, library_repair, library_restored,
};
pub use month::month;
pub use progress::{endpoint_failed, endpoint_works_again, progress, stopped_immediately, stopping};
pub use providers::{local_servers, overridden, provider_check, providers};
pub use publication::{connected, not_published, publication_target, published};
pub use quote::{images_to_send, left_after_pilot, pilot, quote};
pub use report::{at_most_in_all, failures, raise_max_tokens, report, written_report};
pub use runs::{no_such_run, runs};
pub use savings::savings;
pub use spend::spend;

pub fn print_error(failed: &CommandError) {
    let reason = match failed {
        CommandError::Engine(error) => engine_error(error),
        failed => failed.to_string(),
    };
    // Standard error never fails.
    let _ = error(&mut notes(), &reason);
}

pub fn error(out: &mut dyn Write, error: &str) -> io::Result<()> {
    writeln!(out, "{ERROR}error:{ERROR:#} {error}")
}

pub fn warn(out: &mut dyn Write, warning: &str) -> io::Result<()> {
    writeln!(out, "{WARNING}warning:{WARNING:#} {warning}")
}

pub fn note(out: &mut dyn Write, note: &str) -> io::Result<()> {
    writeln!(out, "{note}")
}
