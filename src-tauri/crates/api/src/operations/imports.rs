//! Datasets that come in: imported as a layer, after a dry run.

use std::fs;

use domain::dataset_import::{
    DatasetDryRun, DatasetImportProgress, DatasetImportRequest, ImportedDataset, ImportedLayer,
};
use engine::ImportTask;

use crate::router::operations;
use crate::{Api, ApiResult, server_folders};

operations! {
    /// The imported layers, newest first.
    read imported_layers(api) -> Vec<ImportedLayer> {
        api.ask(|library| library.dataset_imports.layers()).await
    }

    /// What an import would do; nothing is changed. Like an import, it has a number of its own.
    read preview_dataset(api, number: u32, request: DatasetImportRequest) -> DatasetDryRun {
        let task = api.dataset_imports.list(number, ImportTask::default());
        let request = api.readable_dataset(request).await?;
        api.ask(move |library| library.dataset_imports.preview(&request, &task)).await
    }

    /// Imports a dataset as a layer, which one step undoes.
    write import_dataset(api, number: u32, request: DatasetImportRequest) -> ImportedDataset {
        let task = api.dataset_imports.list(number, ImportTask::default());
        let request = api.readable_dataset(request).await?;
        Ok(api.library.dataset_imports.import(request, &task).await?)
    }

    /// How far an import or dry run is; `None` if it is over.
    read dataset_import_progress(api, number: u32) -> Option<DatasetImportProgress> {
        Ok(api.dataset_imports.find(number).map(|task| *task.progress().borrow()))
    }

    /// Cancels an import or dry run.
    read cancel_dataset_import(api, number: u32) -> () {
        api.dataset_imports.cancel(number);
        Ok(())
    }

    /// Opens the system's dialog for a file or, with `folder`, a folder; the path chosen, or `None` when it was cancelled.
    read choose_dataset(api, folder: bool) -> Option<String> {
        let desktop = api.desktop()?;
        let chosen = if folder {
            desktop.choose_folders().await.and_then(|folders| folders.into_iter().next())
        } else {
            desktop.choose_file_to_open().await
        };
        Ok(chosen.map(|path| path.to_string_lossy().into_owned()))
    }

    /// What was uploaded: the path of the dataset, or `None` if there was nothing.
    write complete_dataset_upload(api, upload: u32) -> Option<String> {
        let uploaded = api.complete_upload(upload).await?;
        Ok(match uploaded.as_slice() {
            [] => None,
            [only] => Some(only.to_string_lossy().into_owned()),
            // Files that were dropped together are one dataset.
            [first, ..] => first.parent().map(|folder| folder.to_string_lossy().into_owned()),
        })
    }
}

impl Api {
    /// The request, if this window may read its file: a browser reads only what it has uploaded and the folders of the server.
    async fn readable_dataset(&self, request: DatasetImportRequest) -> ApiResult<DatasetImportRequest> {
        if self.front_end.desktop.is_some() {
            return Ok(request);
        }
        let (uploads, path) = (self.library.imports.upload_folder(), request.path.clone());
        self.read_files(move |front_end| {
            let of_uploads =
                fs::canonicalize(uploads).is_ok_and(|uploads| server_folders::resolve(&[uploads], &path).is_ok());
            if of_uploads { Ok(()) } else { server_folders::resolve(&front_end.roots, &path).map(drop) }
        })
        .await?;
        Ok(request)
    }
}
