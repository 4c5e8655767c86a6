//! What cannot be imported, and what is said about it.

use super::*;

fn preview(bench: &Bench, request: &DatasetImportRequest) -> Result<DatasetDryRun, EngineError> {
    bench.library.dataset_imports.preview(request, &ImportTask::default())
}

fn in_format(format: &str, path: &Path) -> DatasetImportRequest {
    DatasetImportRequest { format: Some(FormatId(format.into())), ..request(path, ImportRole::Work) }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_not_datasets_are_refused_with_the_reason() {
    let bench = with_photos();
    let path = bench.folder.path().join("x.json");
    fs::write(&path, "{\"images\": 3}").unwrap();
    let unknown = preview(&bench, &request(&path, ImportRole::Work)).unwrap_err();
    assert!(matches!(unknown, EngineError::UnknownDataset { .. }), "{unknown:?}");
    let named = in_format("coco", &path);
    let told = preview(&bench, &named).unwrap_err();
    assert!(matches!(told, EngineError::UnreadDataset { .. }) && told.to_string().contains("images"), "{told}");
    let import = bench.library.dataset_imports.import(named, &Arc::default()).await;
    assert!(import.is_err());
    wait_for_none(&bench, "imports").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_with_one_wrong_annotation_is_refused_with_its_place() {
    let bench = with_photos();
    let path = bench.folder.path().join("x.json");
    let boxed = |image: u32| json!({"id": image, "image_id": image, "category_id": 1, "bbox": [1, 2, 3, 4]});
    let file = json!({"images": [{"id": 1, "file_name": "coffee.jpg", "width": 600, "height": 400}],
        "categories": [{"id": 1, "name": "cup"}], "annotations": [boxed(1), boxed(2)]});
    fs::write(&path, file.to_string()).unwrap();
    let told = preview(&bench, &request(&path, ImportRole::Work)).unwrap_err().to_string();
    assert!(told.contains("annotations[1]"), "{told}");
}

/// Otherwise every image would be confirmed to be empty.
#[tokio::test(flavor = "multi_thread")]
async fn photos_without_annotation_files_are_not_a_dataset() {
    let bench = with_photos();
    let photos = preview(&bench, &request(&bench.photos(), ImportRole::Work)).unwrap_err();
    assert!(matches!(photos, EngineError::UnknownDataset { .. }), "{photos:?}");
    let told = preview(&bench, &in_format("yolo", &bench.photos())).unwrap_err().to_string();
    assert!(told.contains("no image has a text file"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_several_datasets_in_a_folder_has_to_be_named() {
    let bench = with_photos();
    let several = bench.folder.path().join("several");
    fs::create_dir(&several).unwrap();
    for name in ["2025.json", "2026.json"] {
        fs::write(several.join(name), "{\"images\":[],\"annotations\":[],\"categories\":[]}").unwrap();
    }
    let told = preview(&bench, &in_format("coco", &several)).unwrap_err().to_string();
    assert!(told.contains("2025.json and 2026.json: name one of them"), "{told}");
}
