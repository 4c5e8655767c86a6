//! Copies of a library, several publishers at once, and what is deleted.

use std::sync::Arc;

use domain::dataset_import::{DatasetImportRequest, ImportRole};
use engine::{ImportTask, KeysError, Library, PublishError};
use fieldmark_tests::bench::surroundings;
use serde_json::json;

use super::*;

/// Three pictures with an annotation each.
fn bench_among(variables: &[(&str, &str)]) -> Bench {
    let bench = Bench::among(variables);
    bench.add_pictures(3);
    let library = sqlite(&bench);
    (1..=3).for_each(|image| insert(&library, image, "thing", &json!({})));
    bench
}

fn bench_at(url: &str) -> Bench {
    bench_among(&[("FIELDMARK_DATABASE_URL", url)])
}

async fn count(client: &Client, table: &str) -> i64 {
    number(client, &format!("select count(*) from fieldmark.{table}")).await
}

/// A dataset with one box on the first picture.
async fn import_dataset(bench: &Bench) {
    let path = bench.folder.path().join("instances.json");
    let file = json!({
        "images": [{"id": 1, "file_name": "0.png", "width": 320, "height": 240}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40], "area": 1200, "iscrowd": 0}],
    });
    std::fs::write(&path, file.to_string()).unwrap();
    let request = DatasetImportRequest {
        path: path.to_string_lossy().into_owned(),
        format: None,
        role: ImportRole::GroundTruth,
        collection: None,
        recipe: None,
        mapping: Vec::new(),
    };
    let task = Arc::new(ImportTask::default());
    let imported = bench.library.dataset_imports.import(request, &task);
    assert!(imported.await.unwrap().layer.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_replaces_what_was_published_since() {
    let server = Server::start();
    let (client, once) = (server.database("photos").await, server.database("once").await);
    let bench = bench_at(&server.url("photos"));
    bench.library.publishing.publish(false, |_| {}).await.unwrap();
    let restored = backup(&bench);

    // After the backup: another picture, an import, and other labels.
    bench.add_pictures(4);
    import_dataset(&bench).await;
    sqlite(&bench).execute("UPDATE annotations SET label = 'later'", []).unwrap();
    bench.library.publishing.publish(false, |_| {}).await.unwrap();
    assert_eq!((count(&client, "images").await, count(&client, "layers").await), (4, 1));

    // The next publication of the backup ends the same epoch as the last one of the library.
    let library = rusqlite::Connection::open(&restored).unwrap();
    insert(&library, 2, "restored", &json!({}));
    drop(library);
    publish_copy(&bench, &restored, &server.url("photos"));
    publish_copy(&bench, &restored, &server.url("once"));
    assert_eq!(contents(&client).await, contents(&once).await);
    assert_eq!((count(&client, "images").await, count(&client, "layers").await), (3, 0));

    // The first copy notices that it is not the one that was published.
    bench.library.publishing.publish(false, |_| {}).await.unwrap();
    assert_eq!((count(&client, "images").await, count(&client, "layers").await), (4, 1));
    assert_eq!(number(&client, "select count(*) from fieldmark.annotations where label = 'restored'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_library_no_longer_has_is_deleted() {
    let server = Server::start();
    let client = server.database("photos").await;
    let bench = bench_at(&server.url("photos"));
    import_dataset(&bench).await;
    bench.library.publishing.publish(false, |_| {}).await.unwrap();
    assert_eq!((count(&client, "layers").await, count(&client, "annotations").await), (1, 4));
    bench.library.review.undo_latest(&LayerScope::All).await.unwrap().unwrap();
    bench.library.publishing.publish(false, |_| {}).await.unwrap();
    assert_eq!((count(&client, "layers").await, count(&client, "annotations").await), (0, 3));

    // Rows that came from elsewhere stay until everything is published.
    let before = contents(&client).await;
    let foreign =
        "insert into fieldmark.images select library, 99, hash, name, path, collections, byte_len, format, width,
            height, orientation, captured_at, review from fieldmark.images where id = 1;
        insert into fieldmark.recipes select id, 99, 'x', 1, true, '{}' from fieldmark.libraries;
        insert into fieldmark.layers (library, id, kind, name, started_at, images, annotations)
            select id, 99, 'run', 'x', now(), 1, 1 from fieldmark.libraries;
        insert into fieldmark.annotations (library, id, image_id, layer_id, label, kind, shape, attributes, status,
            is_superseded) select id, 99, 99, 99, 'x', 'box', '{}', '{}', 'proposed', false from fieldmark.libraries;
        update fieldmark.libraries set is_exact = false";
    client.batch_execute(foreign).await.unwrap();
    // A publication of everything that was interrupted is brought to its end by the next one.
    bench.library.publishing.publish(false, |_| {}).await.unwrap();
    assert_eq!(contents(&client).await, before);
    client.batch_execute(foreign).await.unwrap();
    bench.library.publishing.publish(true, |_| {}).await.unwrap();
    assert_eq!(contents(&client).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_two_publishers_is_refused() {
    let server = Server::start();
    let client = server.database("photos").await;
    client.batch_execute(ROLES).await.unwrap();
    client.batch_execute(&engine::publication_schema(0)).await.unwrap();
    let rest = Rest::start(server.url("photos"), "service-key").await;
    let by_rest = [("SUPABASE_URL", rest.url.as_str()), ("SUPABASE_SERVICE_ROLE_KEY", "service-key")];
    let url = server.url("photos");
    let directly = [("FIELDMARK_DATABASE_URL", url.as_str())];
    for (variables, others) in [(&by_rest[..], &directly[..]), (&directly, &by_rest)] {
        let bench = bench_among(variables);
        let overtaken = bench.library.publishing.publish(true, |progress| {
            if progress.images > 0 {
                publish(&bench, others);
            }
        });
        let error = overtaken.await.unwrap_err();
        assert!(matches!(error, EngineError::Publish(PublishError::Overtaken { .. })), "{error}");
        assert!(error.to_string().contains("by another window or command"), "{error}");
        // What is recorded is how the other ended.
        let outcome = bench.library.publishing.last().await.unwrap().unwrap().outcome;
        assert!(matches!(outcome, PublicationOutcome::Published { .. }), "{outcome:?}");
        assert_eq!(bench.library.publishing.publish(false, |_| {}).await.unwrap().images, 0);
    }
    assert_eq!((count(&client, "libraries").await, count(&client, "images").await), (2, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_collections_are_not_published() {
    let server = Server::start();
    let client = server.database("photos").await;
    let bench = bench_at(&server.url("photos"));
    let copies = bench.folder.path().join("copies");
    std::fs::create_dir(&copies).unwrap();
    std::fs::copy(bench.photos().join("0.png"), copies.join("0.png")).unwrap();
    bench.library.imports.run(&[copies]).unwrap();
    let in_copies = "select count(*) from fieldmark.images where 'copies' = any(collections)";
    bench.library.publishing.publish(false, |_| {}).await.unwrap();
    assert_eq!(number(&client, in_copies).await, 1);
    let collections = bench.library.images.overview(None).unwrap().collections;
    let collection = collections.iter().find(|collection| collection.name == "copies").unwrap().id;
    bench.library.collections.remove(collection).await.unwrap();
    bench.library.publishing.publish(false, |_| {}).await.unwrap();
    assert_eq!((number(&client, in_copies).await, count(&client, "images").await), (0, 3));
    bench.library.collections.restore(collection).await.unwrap();
    bench.library.publishing.publish(false, |_| {}).await.unwrap();
    assert_eq!(number(&client, in_copies).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_overrides_what_was_entered_and_is_not_ignored() {
    let bench = Bench::among(&[("FIELDMARK_DATABASE_URL", "postgres://me@localhost/theirs")]);
    let publishing = &bench.library.publishing;
    publishing.connect("postgres://me@localhost/mine".to_owned().into()).await.unwrap();
    assert_eq!(publishing.entered().await.unwrap().unwrap().server, "localhost/mine");
    assert_eq!(publishing.target().await.unwrap().unwrap().server, "localhost/theirs");
    publishing.disconnect().await.unwrap();
    assert_eq!(publishing.entered().await.unwrap(), None);

    let folder = tempfile::tempdir().unwrap();
    let malformed = KeysError::Malformed { file: folder.path().join(".env"), line: 3 };
    let surroundings = engine::Surroundings { environment: Err(malformed), ..surroundings(&[]) };
    let library = Library::open(&folder.path().join("library/library.sqlite"), surroundings).unwrap();
    library.publishing.connect("postgres://me@localhost/mine".to_owned().into()).await.unwrap();
    let error = library.publishing.publish(false, |_| {}).await.unwrap_err();
    assert!(error.to_string().starts_with("line 3 of "), "{error}");
}
