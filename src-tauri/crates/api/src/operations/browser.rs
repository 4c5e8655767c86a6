//! What only a browser's window needs: uploading photos, and choosing folders of the machine that serves it.

use crate::router::operations;
use crate::server_folders::{self, FolderListing};

operations! {
    /// What is in a folder of the server, or without a path, the folders that may be used.
    read folders(api, path: Option<String>) -> FolderListing {
        api.read_files(move |front_end| server_folders::list(&front_end.roots, path.as_deref())).await
    }

    /// Imports folders of the server in the background.
    write import_folders(api, paths: Vec<String>) -> () {
        let folders = api
            .read_files(move |front_end| {
                paths.iter().map(|path| server_folders::resolve(&front_end.roots, path)).collect()
            })
            .await?;
        api.import(folders);
        Ok(())
    }

    /// Creates a folder of the library for photos that this window uploads; the number of the upload.
    write begin_upload(api) -> u32 {
        api.begin_upload().await
    }

    /// Imports what was uploaded, in the background; false if there was nothing.
    write import_upload(api, upload: u32) -> bool {
        let uploaded = api.complete_upload(upload).await?;
        let has_files = !uploaded.is_empty();
        if has_files {
            api.import(uploaded);
        }
        Ok(has_files)
    }

    /// Removes what was uploaded.
    write cancel_upload(api, upload: u32) -> () {
        api.cancel_upload(upload).await
    }
}
