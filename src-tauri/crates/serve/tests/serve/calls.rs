//! Operations over HTTP.

use std::fs;

use serde_json::{Value, json};
use serve::ServeOptions;

use crate::client::{Site, options};

#[tokio::test]
async fn operations_answer_as_json() {
    let site = Site::start(options()).await;
    let window = site.window().await;
    let reply = window.call("front_end", json!({})).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(
        reply.json(),
        json!({
            "is_desktop": false, "is_read_only": false, "roots": [], "ended_unexpectedly": false
        })
    );
}

#[tokio::test]
async fn errors_have_a_code_and_a_status() {
    let site = Site::start(options()).await;
    let window = site.window().await;
    let cases: [(&str, Value, u16, &str); 7] = [
        ("nothing", json!({}), 404, "unknown_operation"),
        ("..%2fnothing", json!({}), 404, "unknown_operation"),
        ("image_cards", json!({ "ids": "all" }), 400, "invalid_input"),
        ("image_cards", json!([]), 400, "invalid_input"),
        ("choose_folders", json!({}), 403, "desktop_only"),
        ("folders", json!({ "path": "/etc" }), 403, "outside_roots"),
        ("read_query", json!({}), 400, "invalid_input"),
    ];
    for (operation, input, status, code) in cases {
        let reply = window.call(operation, input).await;
        assert_eq!((reply.status, &*reply.code()), (status, code), "{operation}");
    }
    assert_eq!(window.post("/api/call/front_end", b"{").await.code(), "invalid_input");
    let get = window.get("/api/call/front_end").await;
    assert_eq!(get.status, 405);
}

#[tokio::test]
async fn a_read_only_server_refuses_changes() {
    let site = Site::start(ServeOptions { is_read_only: true, ..options() }).await;
    let window = site.window().await;
    assert_eq!(window.call("front_end", json!({})).await.json()["is_read_only"], true);
    assert_eq!(window.call("overview", json!({})).await.status, 200);
    for (operation, input) in [
        ("import_samples", json!({})),
        ("begin_upload", json!({})),
        ("save_typed_recipe", json!({ "typed": "cat" })),
        ("import_folders", json!({ "paths": [] })),
        ("keep_key", json!({ "provider": "anthropic", "base_url": null, "key": "k" })),
    ] {
        let reply = window.call(operation, input).await;
        assert_eq!((reply.status, &*reply.code()), (403, "read_only"), "{operation}");
    }
    assert!(window.call("runs", json!({})).await.status == 200);
    assert!(!site.library.folder().join("uploads").exists());
}

#[tokio::test]
async fn folders_of_the_server_are_those_it_was_started_with() {
    let photos = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(photos.path()).unwrap();
    fs::create_dir(root.join("holiday")).unwrap();
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../samples/chelsea.jpg"), root.join("holiday/cat.jpg"))
        .unwrap();
    let site = Site::start(ServeOptions { roots: vec![photos.path().to_owned()], ..options() }).await;
    let window = site.window().await;
    let path = |name: &str| root.join(name).to_str().unwrap().to_owned();
    let all = window.call("folders", json!({})).await.json();
    assert_eq!(all["folders"][0]["path"], path("").trim_end_matches('/'));
    let holiday = window.call("folders", json!({ "path": path("holiday") })).await.json();
    assert_eq!((&holiday["images"], &holiday["parent"]), (&json!(1), &json!(path("").trim_end_matches('/'))));

    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc", root.join("link")).unwrap();
    for outside in
        ["/etc", &path("../"), &path("holiday/../../"), &path("link"), &path("link/ssl"), "holiday", "", "\0", "..\\"]
    {
        for (operation, input) in
            [("folders", json!({ "path": outside })), ("import_folders", json!({ "paths": [outside] }))]
        {
            let reply = window.call(operation, input).await;
            assert_eq!((reply.status, &*reply.code()), (403, "outside_roots"), "{operation} {outside:?}");
        }
    }
    // Nothing is imported if one folder may not be.
    let mixed = json!({ "paths": [path("holiday"), "/etc"] });
    assert_eq!(window.call("import_folders", mixed).await.status, 403);
    assert_eq!(window.call("overview", json!({})).await.json()["collections"], json!([]));

    let mut version = site.library.version();
    assert_eq!(window.call("import_folders", json!({ "paths": [path("holiday")] })).await.status, 200);
    let imported = async {
        while window.call("overview", json!({})).await.json()["collections"] == json!([]) {
            version.changed().await.unwrap();
        }
    };
    imported.await;
}
