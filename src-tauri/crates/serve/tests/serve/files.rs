//! Pixels, the window's files, uploads and downloads.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use serve::{ServeLimits, ServeOptions};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::client::{Client, Site, options};

const CAT: &[u8] = include_bytes!("../../../../../samples/chelsea.jpg");

async fn upload(window: &Client, path: &str, body: &[u8]) -> u16 {
    window.send("POST", path, &[("origin", &window.origin())], body).await.status
}

/// Every file below a folder, with slashes.
fn files_below(folder: &Path) -> Vec<String> {
    fn collect(folder: &Path, all: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { collect(&path, all) } else { all.push(path) }
        }
    }
    let mut all = Vec::new();
    if folder.exists() {
        collect(folder, &mut all);
    }
    let mut names: Vec<_> =
        all.iter().map(|path| path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/")).collect();
    names.sort();
    names
}

#[tokio::test]
async fn dropped_photos_are_kept_in_the_library_and_shown() {
    let site = Site::start(options()).await;
    let window = site.window().await;
    let number = window.call("begin_upload", json!({})).await.json();
    assert_eq!(upload(&window, &format!("/upload/{number}/Holiday%202026/d%C3%ADa/cat.jpg"), CAT).await, 204);
    let uploads = site.library.folder().join("uploads");
    assert!(files_below(&uploads)[0].ends_with("/Holiday 2026/día/cat.jpg"));
    let mut version = site.library.version();
    assert_eq!(window.call("import_upload", json!({ "upload": number })).await.json(), json!(true));
    // The collection is there before its first image.
    let card = loop {
        let cards = window.call("image_cards", json!({ "ids": [1] })).await.json();
        match &cards[0] {
            Value::Null => version.changed().await.unwrap(),
            card => break card.clone(),
        }
    };
    let overview = window.call("overview", json!({})).await.json();
    assert_eq!((&card["name"], &overview["collections"][0]["name"]), (&json!("cat.jpg"), &json!("Holiday 2026")));
    let thumb = window.get("/thumb/1/384").await;
    assert_eq!((thumb.status, thumb.header("content-type")), (200, Some("image/jpeg")));
    assert_eq!((thumb.header("cache-control"), thumb.header("vary")), (Some("private, max-age=86400"), Some("cookie")));
    assert!(thumb.body.starts_with(&[0xff, 0xd8]));
    let full = window.get("/thumb/1/full").await;
    assert_eq!((full.status, full.header("accept-ranges")), (200, Some("bytes")));
    let tag = full.header("etag").unwrap();
    let rest = window.send("GET", "/thumb/1/full", &[("range", "bytes=1000-"), ("if-range", tag)], b"").await;
    let all = full.body.len();
    assert_eq!((rest.status, rest.header("content-range")), (206, Some(&*format!("bytes 1000-{}/{all}", all - 1))));
    assert!(rest.body == full.body[1000..]);
    let beyond = window.send("GET", "/thumb/1/full", &[("range", &format!("bytes={all}-"))], b"").await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, Some(&*format!("bytes */{all}"))));
    let known = window.send("GET", "/thumb/1/full", &[("if-none-match", tag)], b"").await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let missing = window.get("/thumb/99/384").await;
    assert_eq!((missing.status, missing.header("cache-control")), (404, Some("no-store")));
    for path in ["/thumb/x/384", "/thumb/1/x", "/thumb/-1/384"] {
        assert_eq!(window.get(path).await.status, 400, "{path}");
    }
    // It is imported: nothing can be added.
    assert_eq!(upload(&window, &format!("/upload/{number}/b.jpg"), CAT).await, 400);
}

#[tokio::test]
async fn names_of_uploads_lead_nowhere_else() {
    let site = Site::start(options()).await;
    let window = site.window().await;
    let number = window.call("begin_upload", json!({})).await.json();
    let before = files_below(site.folder.path());
    for name in [
        "../a.jpg",
        "%2e%2e/a.jpg",
        "a/%2e%2e/%2e%2e/b.jpg",
        "%2fetc%2fa.jpg",
        "..%5ca.jpg",
        "a%5c..%5c..%5cb.jpg",
        "a%00.jpg",
        "a//b.jpg",
        "a/",
        "%2e",
        "%ff.jpg",
        "a/./b.jpg",
        "..%2f..%2f..%2fa.jpg",
    ] {
        assert_eq!(upload(&window, &format!("/upload/{number}/{name}"), CAT).await, 400, "{name}");
    }
    assert_eq!(upload(&window, "/upload/999/a.jpg", CAT).await, 400);
    assert_eq!(upload(&window, "/upload/x/a.jpg", CAT).await, 400);
    assert_eq!(files_below(site.folder.path()), before);
    for (name, kept) in
        [("C:%5c", None), ("C:/a.jpg", Some("C_/a.jpg")), ("NUL", Some("_NUL")), ("a%0a.jpg", Some("a_.jpg"))]
    {
        let status = upload(&window, &format!("/upload/{number}/{name}"), CAT).await;
        assert_eq!(status, if kept.is_some() { 204 } else { 400 }, "{name}");
        if let Some(kept) = kept {
            assert!(files_below(site.folder.path()).iter().any(|file| file.ends_with(kept)), "{name}");
        }
    }
    assert_eq!(window.call("cancel_upload", json!({ "upload": number })).await.status, 200);
    assert_eq!(files_below(&site.library.folder().join("uploads")), Vec::<String>::new());
}

#[tokio::test]
async fn a_file_that_does_not_arrive_whole_is_removed() {
    let limits = ServeLimits { upload_bytes: 1000, ..ServeLimits::default() };
    let site = Site::start(ServeOptions { limits, ..options() }).await;
    let window = site.window().await;
    let number = window.call("begin_upload", json!({})).await.json();
    let uploads = site.library.folder().join("uploads");
    let path = format!("/upload/{number}/a.jpg");
    let origin = window.origin();
    assert_eq!(upload(&window, &path, &[0; 1001]).await, 413);
    // In parts of unknown number.
    let parts =
        window.head("POST", &path, &[("origin", &origin), ("transfer-encoding", "chunked"), ("connection", "close")])
            + "\r\n";
    let parts = [parts.as_bytes(), b"3e9\r\n", &[0; 1001], b"\r\n0\r\n\r\n"].concat();
    assert_eq!(window.exchange(&parts).await.status, 413);
    // The connection is lost half-way.
    let mut lost = TcpStream::connect(window.address).await.unwrap();
    let head = window.head("POST", &path, &[("origin", &origin), ("content-length", "1000")]) + "\r\nhalf";
    lost.write_all(head.as_bytes()).await.unwrap();
    while files_below(&uploads).is_empty() {
        tokio::task::yield_now().await;
    }
    drop(lost);
    while !files_below(&uploads).is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(window.call("import_upload", json!({ "upload": number })).await.json(), json!(false));
    // What was not imported does not stay.
    let number = window.call("begin_upload", json!({})).await.json();
    assert_eq!(upload(&window, &format!("/upload/{number}/a.jpg"), &[0; 1000]).await, 204);
    site.server.stop().await;
    assert_eq!(files_below(&uploads), Vec::<String>::new());
}

#[tokio::test]
async fn the_windows_files_are_cached_and_compressed() {
    let site = Site::start(options()).await;
    let window = site.window().await;
    let page = window.get("/").await;
    assert_eq!((page.status, page.header("cache-control")), (200, Some("no-cache")));
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let script =
        page.text().split('"').find(|part| part.contains("/index-")).unwrap().trim_start_matches('.').to_owned();
    let plain = window.get(&script).await;
    assert_eq!((plain.status, plain.header("cache-control")), (200, Some("private, max-age=31536000, immutable")));
    assert!(plain.header("content-type").unwrap().contains("javascript"));
    let packed = window.send("GET", &script, &[("accept-encoding", "gzip")], b"").await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.len() < plain.body.len() / 2);
    let tag = plain.header("etag").unwrap();
    assert_eq!(window.send("GET", &script, &[("if-none-match", tag)], b"").await.status, 304);
    assert_eq!(window.send("POST", "/", &[("origin", &window.origin())], b"").await.status, 405);
}

#[tokio::test]
async fn a_run_that_does_not_exist_has_nothing_to_download() {
    let site = Site::start(options()).await;
    let window = site.window().await;
    for path in ["/download/metrics?run=1", "/download/export?name=run-1-coco.json"] {
        let reply = window.get(path).await;
        assert!(reply.status >= 400 && reply.header("content-disposition").is_none(), "{path}: {}", reply.head);
    }
    for name in ["..%2flibrary.sqlite", "..", "", "%2fetc%2fpasswd"] {
        let reply = window.get(&format!("/download/export?name={name}")).await;
        assert!(reply.status >= 400 && reply.header("content-disposition").is_none(), "{name}: {}", reply.head);
    }
    assert_eq!(window.get("/download/metrics?run=..%2f").await.status, 400);
}
