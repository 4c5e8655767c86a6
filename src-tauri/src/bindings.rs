//! The commands and signals in TypeScript: `ui/src/ipc/bindings.ts`, generated and committed.

use tauri::Wry;
use tauri_specta::{Builder, collect_commands, collect_events};

use crate::commands::{checks, connection, export, hooks, library, plan, review, runs, settings};
use crate::signals;

/// All commands and signals.
pub fn builder() -> Builder<Wry> {
    // One type for both directions: the window always sends complete values, so the defaults of stored forms do not matter.
    Builder::new()
        .disable_serde_phases()
        .commands(collect_commands![
            library::overview,
            library::image_ids,
            library::filter_counts,
            library::read_query,
            library::query_text,
            library::complete_query,
            library::image_cards,
            library::skipped_files,
            library::rename_collection,
            library::remove_collection,
            library::restore_collection,
            library::show_collection_folder,
            library::choose_folders,
            library::import_samples,
            library::cancel_import,
            plan::recipes,
            plan::save_typed_recipe,
            plan::delete_recipe,
            plan::quote,
            runs::start_run,
            runs::watch_run,
            runs::stop_watching,
            runs::pause_run,
            runs::resume_run,
            runs::cancel_run,
            runs::runs,
            runs::run_report,
            runs::undo_run,
            runs::save_metrics,
            export::export_formats,
            export::ready_export,
            export::save_export,
            export::drag_export,
            review::decide,
            review::edit_annotations,
            review::undo_latest,
            review::undo_on,
            review::redo_latest,
            review::redo_on,
            checks::findings,
            checks::repair_extent,
            checks::repair,
            checks::proposal_confidences,
            checks::sample_outlook,
            checks::begin_audit,
            checks::extend_audit,
            checks::audit,
            checks::audits,
            checks::accept_audited,
            checks::compare_sides,
            checks::compare_image,
            connection::connections,
            connection::keep_key,
            connection::allow_env_file,
            connection::forget_key,
            connection::check_connection,
            hooks::hooks,
            hooks::agree_to_hook,
            hooks::claude_flow_hooks,
            settings::settings,
            settings::change_settings,
            settings::installation,
        ])
        .events(collect_events![
            signals::ImportChanged,
            signals::LibraryChanged,
            signals::SettingsChanged,
            signals::RunsChanged,
            signals::DragChanged,
            signals::Refused,
        ])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use specta_typescript::Typescript;

    /// `make bindings` sets it to write the file again.
    const UPDATE: &str = "UPDATE_BINDINGS";

    #[test]
    fn committed_bindings_are_fresh() {
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/ipc/bindings.ts");
        let folder = tempfile::tempdir().unwrap();
        let fresh = folder.path().join("bindings.ts");
        super::builder().export(Typescript::default(), &fresh).unwrap();
        let fresh = std::fs::read_to_string(fresh).unwrap();
        if std::env::var_os(UPDATE).is_some() {
            std::fs::write(&committed, &fresh).unwrap();
        }
        assert!(
            std::fs::read_to_string(committed).unwrap() == fresh,
            "ui/src/ipc/bindings.ts is stale: run `make bindings` and commit it"
        );
    }
}
