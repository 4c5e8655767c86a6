//! Cleaning up removes what the library wrote and nothing needs, and nothing else.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use simulator::{Eyes, Latency, Options, Simulator};

use crate::{Home, age, text, upload};

/// The folder of prepared exports.
const EXPORTS: &str = ".fieldmark-exports";

/// The names of the files of a kind that are removed.
fn names(removed: &Value, kind: &str) -> Vec<String> {
    let all = removed["removed"].as_array().unwrap();
    let removed = all.iter().find(|removed| removed["kind"] == kind).unwrap();
    removed["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn cleaning_up_removes_only_what_nothing_needs() {
    let home = Home::annotated(3).await;
    let uploaded = upload(&home, "kept.png", 800);
    let own = home.own();
    fs::write(uploaded.with_file_name("notes.txt"), vec![1; 50_000]).unwrap();
    age(uploaded.parent().unwrap());
    let exports = own.join(EXPORTS);
    fs::create_dir_all(&exports).unwrap();
    fs::write(exports.join("photos.zip"), vec![1; 200_000]).unwrap();
    fs::create_dir_all(own.join("thumbs/cd")).unwrap();
    let stray = own.join(format!("thumbs/cd/{}.jpg", "cd".repeat(32)));
    fs::write(&stray, vec![1; 70_000]).unwrap();
    fs::create_dir_all(own.join("backups")).unwrap();
    for version in [30, 31] {
        fs::write(own.join(format!("backups/format-{version}.sqlite")), vec![1; 90_000]).unwrap();
        sleep(Duration::from_millis(20));
    }
    home.connection()
        .execute_batch(
            "CREATE TABLE filler (a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
             INSERT INTO filler SELECT randomblob(900) FROM n; DROP TABLE filler",
        )
        .unwrap();
    let before = crate::rows(&home.database());
    let size = |removed: &Value, kind: &str| {
        let all = removed["removed"].as_array().unwrap();
        all.iter().find(|removed| removed["kind"] == kind).unwrap()["bytes"].as_u64().unwrap()
    };
    let (dry, _) = home.library(&["prune", "--dry-run"]);
    assert!(stray.exists() && exports.join("photos.zip").exists());
    assert_eq!(names(&dry, "uploads"), ["uploads/2026-11-30 10-00-00/notes.txt"]);
    let shown = text(&home.fieldmark(&["library", "prune", "--dry-run"]).output().unwrap().stdout);
    assert!(shown.contains("uploads/2026-11-30 10-00-00/notes.txt"), "{shown}");
    let (pruned, _) = home.library(&["prune"]);
    for removed in [&dry, &pruned] {
        let sizes = ["thumbnails", "uploads", "exports", "copies"].map(|kind| size(removed, kind));
        assert_eq!(sizes, [70_000, 50_000, 200_000, 90_000], "{removed}");
        assert!(size(removed, "database") > 1_500_000, "{removed}");
    }
    assert!(!stray.exists() && uploaded.exists() && own.join("backups/format-31.sqlite").exists());
    assert!(!own.join("backups/format-30.sqlite").exists());
    assert_eq!(crate::rows(&home.database()), before);
    home.assert_in_order();

    // Not while a run is in progress.
    let slow = Latency { first_byte: Duration::from_secs(3).into(), ..Latency::default() };
    let options = Options { latency: slow, eyes: Eyes::Closed { annotations: 1 }, ..Options::default() };
    let home = Home { server: Some(Simulator::start(options).await.unwrap()), ..home };
    home.draw(12);
    let mut running = home.annotate().spawn().unwrap();
    let connection = home.connection();
    let at_work = "SELECT count(*) FROM runs WHERE worker_id IS NOT NULL";
    while connection.query_row(at_work, [], |row| row.get::<_, u32>(0)).unwrap() == 0 {
        sleep(Duration::from_millis(20));
    }
    let told = home.refused(&["prune"]);
    assert!(told.contains("in use") && told.contains("run"), "{told}");
    assert!(home.refused(&["repair"]).contains("in use"));
    running.kill().unwrap();
    running.wait().unwrap();
    home.library(&["prune"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_stay_wherever_their_library_is() {
    let home = Home::annotated(2).await;
    let uploads: Vec<_> = (0..3).map(|index| upload(&home, &format!("{index}.png"), 700 + index)).collect();
    age(&home.own());
    let inside =
        |library: &Path| uploads.iter().all(|upload| library.join(upload.strip_prefix(home.own()).unwrap()).exists());
    // Under another name, and by a link.
    let moved = home.folder.path().join("moved");
    fs::rename(home.own(), &moved).unwrap();
    let prune = |library: &Path| {
        let output = home.fieldmark_at(&library.join("library.sqlite"), &["library", "prune"]).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    };
    prune(&moved);
    assert!(inside(&moved));
    let link = home.folder.path().join("link");
    std::os::unix::fs::symlink(&moved, &link).unwrap();
    prune(&link);
    assert!(inside(&moved));
    // A photo that is no image of the library goes, and so does its folder.
    let stray = moved.join("uploads/2026-10-01 10-00-00 2/stray.png");
    fs::create_dir_all(stray.parent().unwrap()).unwrap();
    fs::copy(home.photos().join("0.png"), &stray).unwrap();
    fs::OpenOptions::new().append(true).open(&stray).unwrap().set_len(9_000).unwrap();
    prune(&moved);
    assert!(stray.exists(), "it may be an upload that is not imported yet");
    age(stray.parent().unwrap());
    prune(&moved);
    assert!(!stray.parent().unwrap().exists() && inside(&moved));
}

/// A library may be in a folder of the user, who has folders of these names.
#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_user_beside_the_database_stay() {
    let home = Home::annotated(1).await;
    let files = ["exports/catalogue.pdf", "uploads/notes.txt", "uploads/2026/list.txt", "backups/letters.zip"];
    for name in files {
        let path = home.own().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "of the user").unwrap();
    }
    fs::create_dir_all(home.own().join("uploads/empty")).unwrap();
    age(&home.own());
    home.library(&["prune"]);
    // The server clears the prepared exports when it starts.
    let mut server = home.fieldmark(&["serve", "--port", "0"]).spawn().unwrap();
    let mut link = [0; 20];
    std::io::Read::read_exact(server.stdout.as_mut().unwrap(), &mut link).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    for name in files {
        assert_eq!(fs::read_to_string(home.own().join(name)).unwrap(), "of the user", "{name}");
    }
    assert!(home.own().join("uploads/empty").exists());
}
