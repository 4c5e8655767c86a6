//! Care for the library: what it takes, checks, backups, moved photos, cleaning up.

use domain::care::{LibraryCheck, LibraryInfo, Pruned, Relinked, WrittenBackup};
use engine::EngineError;

use crate::router::operations;

operations! {
    /// Where the library is, what it takes on disk and what is in it.
    read library_info(api) -> LibraryInfo {
        api.ask(|library| library.care.info()).await
    }

    /// Checks the library; nothing is changed.
    read check_library(api) -> LibraryCheck {
        api.ask(|library| library.care.check()).await
    }

    /// Shows the library's folder in the system's file manager.
    read show_library_folder(api) -> () {
        let folder = api.library.folder().to_owned();
        let shown = api.desktop()?.show_folder(folder.clone());
        Ok(shown.map_err(|source| EngineError::File { path: folder, source })?)
    }

    /// Opens the system's save dialog and writes a backup there; `None` when it was cancelled.
    write back_up_library(api, with_thumbnails: bool) -> Option<WrittenBackup> {
        let name = api.library.care.backup_name();
        let Some(path) = api.desktop()?.choose_file_to_save(name).await else { return Ok(None) };
        api.ask(move |library| library.care.back_up(&path, with_thumbnails)).await.map(Some)
    }

    /// Writes a backup into the library's folder, where a browser can download it like an export; `path` is its file name.
    write ready_backup(api, with_thumbnails: bool) -> WrittenBackup {
        api.ask(move |library| {
            let name = library.care.backup_name();
            let backup = library.care.back_up(&library.datasets.ready_path(&name)?, with_thumbnails)?;
            Ok(WrittenBackup { path: name, ..backup })
        })
        .await
    }

    /// Opens the system's folder dialog and looks there for originals that are missing; `None` when it was cancelled.
    write relink_library(api) -> Option<Relinked> {
        let Some(folder) = api.desktop()?.choose_folders().await.and_then(|folders| folders.into_iter().next()) else {
            return Ok(None);
        };
        api.ask(move |library| library.care.relink(&folder, false)).await.map(Some)
    }

    /// Removes what nothing needs; with `is_dry_run`, only says what that is.
    write prune_library(api, is_dry_run: bool) -> Pruned {
        api.ask(move |library| library.care.prune(is_dry_run)).await
    }
}
