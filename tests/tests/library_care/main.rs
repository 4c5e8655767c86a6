//! Care for real libraries, by the command: copies before updates, checks, backups, moved photos, cleaning up, repairs.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

mod backups;
mod cleaning;
mod repairs;
mod restores;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use fieldmark_tests::pictures::{LABELS, drawing, write_png};
use fieldmark_tests::{binary, repository};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use simulator::{Eyes, Options, Running, Simulator};
use tempfile::TempDir;

const KEY: &str = "sk-ant-secret-of-this-test";
const MODEL: &str = "claude-sonnet-5-5";

/// A user with a library and a folder of photos.
struct Home {
    folder: TempDir,
    server: Option<Running>,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), server: None }
    }

    /// A library with photos that a model has annotated.
    async fn annotated(count: u32) -> Self {
        let mut home = Self::new();
        let eyes = Eyes::Closed { annotations: 3 };
        home.server = Some(Simulator::start(Options { eyes, ..Options::default() }).await.unwrap());
        home.draw(count);
        let output = tokio::task::block_in_place(|| home.annotate().output().unwrap());
        assert!(output.status.success(), "{}", text(&output.stderr));
        home
    }

    fn draw(&self, count: u32) {
        fs::create_dir_all(self.photos()).unwrap();
        for index in 0..count {
            write_png(&drawing(320 + index, 240).0, &self.photos().join(format!("{index}.png")));
        }
    }

    fn annotate(&self) -> Command {
        self.annotate_in(&self.photos())
    }

    fn annotate_in(&self, photos: &Path) -> Command {
        let mut command = self.fieldmark(&["--create", "annotate"]);
        command.arg(photos).args(["--labels", LABELS, "--model", MODEL, "--yes", "--json"]);
        command
    }

    fn photos(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    fn own(&self) -> PathBuf {
        self.folder.path().join("library")
    }

    fn database(&self) -> PathBuf {
        self.own().join("library.sqlite")
    }

    fn connection(&self) -> Connection {
        Connection::open(self.database()).unwrap()
    }

    fn fieldmark(&self, arguments: &[&str]) -> Command {
        self.fieldmark_at(&self.database(), arguments)
    }

    fn fieldmark_at(&self, database: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary("fieldmark"));
        command.env_clear().env("HOME", self.folder.path()).current_dir(self.folder.path());
        if let Some(server) = &self.server {
            command.env("ANTHROPIC_BASE_URL", server.url()).env("ANTHROPIC_API_KEY", KEY);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.arg("--db").arg(database).args(arguments);
        command
    }

    /// The document of a `library` command, and whether it succeeded.
    fn library(&self, arguments: &[&str]) -> (Value, bool) {
        let output = self.fieldmark(&[&["library", "--json"], arguments].concat()).output().unwrap();
        let document = serde_json::from_slice(&output.stdout);
        (document.unwrap_or_else(|_| panic!("{}", text(&output.stderr))), output.status.success())
    }

    /// What a refused `library` command says.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.fieldmark(&[&["library"], arguments].concat()).output().unwrap();
        assert!(!output.status.success(), "{}", text(&output.stdout));
        text(&output.stderr)
    }

    fn assert_in_order(&self) {
        let (check, is_fine) = self.library(&["check"]);
        assert!(is_fine, "{check:#}");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// All rows of all tables.
fn rows(database: &Path) -> BTreeMap<String, Vec<String>> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let named = "SELECT name FROM sqlite_schema WHERE type = 'table'";
    let tables: Vec<String> =
        connection.prepare(named).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let rows_of = |table: &String| {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let count = statement.column_count();
        let cells = |row: &rusqlite::Row<'_>| {
            (0..count).map(|index| Ok(format!("{:?}", row.get_ref(index)?))).collect::<rusqlite::Result<Vec<_>>>()
        };
        let mut rows: Vec<String> =
            statement.query_map([], |row| Ok(cells(row)?.join(" "))).unwrap().map(Result::unwrap).collect();
        rows.sort();
        rows
    };
    tables.iter().map(|table| (table.clone(), rows_of(table))).collect()
}

/// A library as version `version` of the format has it, with `bytes` of answers.
fn write_older(database: &Path, version: usize, bytes: usize) {
    fs::create_dir_all(database.parent().unwrap()).unwrap();
    let connection = Connection::open(database).unwrap();
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    let folder = repository("src-tauri/crates/store/src/migration");
    let mut migrations: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    migrations.retain(|path| path.extension().is_some_and(|ending| ending == "sql"));
    migrations.sort();
    for migration in &migrations[..version] {
        connection.execute_batch(&fs::read_to_string(migration).unwrap()).unwrap();
    }
    connection.pragma_update(None, "user_version", version).unwrap();
    let lines = bytes / 10_000;
    connection
        .execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO listed_models (base_url, models, listed_at) SELECT i, json_array(hex(randomblob(5000))), 1 FROM n",
            [lines.max(1)],
        )
        .unwrap();
    connection.close().unwrap();
}

fn version_of(database: &Path) -> u32 {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    assert_eq!(connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap(), "ok");
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[test]
fn an_older_library_is_kept_before_it_is_updated_whenever_the_program_is_killed() {
    let home = Home::new();
    let copy = home.own().join("backups/format-33.sqlite");
    for millis in [5, 15, 25, 40, 60, 90, 130, 200] {
        if home.own().exists() {
            fs::remove_dir_all(home.own()).unwrap();
        }
        write_older(&home.database(), 33, 30_000_000);
        let mut child = home.fieldmark(&["library", "info"]).spawn().unwrap();
        sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
        if copy.exists() {
            assert_eq!(version_of(&copy), 33, "what looks whole is whole");
        } else {
            assert_eq!(version_of(&home.database()), 33, "not updated without a copy");
        }
        let (info, _) = home.library(&["info"]);
        assert!(info["format"].as_u64().unwrap() > 33 && version_of(&copy) == 33, "{info}");
        assert!(info["sizes"]["copies"].as_u64().unwrap() >= 30_000_000, "{info}");
        let left = fs::read_dir(home.own().join("backups")).unwrap().map(|entry| entry.unwrap().file_name());
        let mut left: Vec<_> = left.collect();
        left.sort();
        assert_eq!(left, ["format-33.sqlite", "migration.lock"]);
    }
    // A database of another name has its copies in its own folder, into which its settings move as before.
    let other = home.folder.path().join("other/photos.db");
    write_older(&other, 34, 1);
    fs::write(other.with_file_name("settings.toml"), "is_local_only = true\n").unwrap();
    let output = home.fieldmark_at(&other, &["library", "check"]).output().unwrap();
    let told = text(&output.stdout);
    assert!(
        told.contains("older format") && !told.contains("in order"),
        "its counts and photos are not checked: {told}"
    );
    let output = home.fieldmark_at(&other, &["library", "info"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let files = other.with_file_name("photos.db-files");
    assert_eq!(version_of(&files.join("backups/format-34.sqlite")), 34);
    assert!(files.join("settings.toml").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_finds_what_is_wrong_and_changes_nothing() {
    let home = Home::annotated(6).await;
    // Another process has it open, as a window would.
    let open = home.connection();
    open.execute_batch("BEGIN; SELECT count(*) FROM images").unwrap();
    home.assert_in_order();
    let (info, _) = home.library(&["info"]);
    let counts = &info["counts"];
    assert_eq!((&counts["images"], &counts["annotations"], &counts["runs"]), (&6.into(), &18.into(), &1.into()));
    assert!(counts["paid_dollars"].as_f64().unwrap() > 0.0 && info["last_backup"].is_null(), "{info}");
    assert!(info["sizes"]["thumbnails"].as_u64().unwrap() > 0, "{info}");
    open.execute_batch("COMMIT").unwrap();

    fs::remove_file(home.photos().join("1.png")).unwrap();
    fs::write(home.photos().join("2.png"), "another content").unwrap();
    fs::create_dir_all(home.own().join("thumbs/ab")).unwrap();
    fs::write(home.own().join(format!("thumbs/ab/{}.jpg", "ab".repeat(32))), "pixels").unwrap();
    open.execute_batch(
        "UPDATE label_counts SET annotation_count = annotation_count + 7;
         UPDATE image_figures SET proposed = 9 WHERE image_id = 3;
         DELETE FROM spending;
         PRAGMA foreign_keys = off;
         INSERT INTO collection_images VALUES (77, 1)",
    )
    .unwrap();
    let before = rows(&home.database());
    let (check, is_fine) = home.library(&["check"]);
    assert!(!is_fine);
    let counts: Vec<&str> =
        check["differences"].as_array().unwrap().iter().map(|found| found["of"].as_str().unwrap()).collect();
    assert_eq!(counts, ["labels", "images", "spending"], "{check:#}");
    assert_eq!(check["broken_references"][0]["table"], "collection_images");
    assert_eq!((&check["missing"][0]["name"], &check["missing_count"]), (&"1.png".into(), &1.into()));
    assert_eq!((&check["changed"][0]["name"], &check["stray_thumbnails"]), (&"2.png".into(), &1.into()));
    assert_eq!(rows(&home.database()), before);
    let said = home.fieldmark(&["library", "check"]).output().unwrap();
    assert!(text(&said.stdout).contains("fieldmark library repair"), "{}", text(&said.stdout));

    open.execute_batch("DELETE FROM collection_images WHERE collection_id = 77").unwrap();
    let (repair, is_fine) = home.library(&["repair"]);
    assert!(is_fine && repair["kind"] == "rebuilt", "{repair}");
    open.execute_batch("PRAGMA foreign_keys = off; INSERT INTO collection_images VALUES (77, 1)").unwrap();
    drop(open);
    let (repair, _) = home.library(&["repair"]);
    let saved =
        repair["tables"].as_array().unwrap().iter().find(|saved| saved["table"] == "collection_images").unwrap();
    assert_eq!((&repair["kind"], &saved["not_copied"]), (&"saved".into(), &1.into()), "{repair}");
    let (check, _) = home.library(&["check"]);
    assert_eq!((&check["differences"], &check["broken_references"]), (&Value::Array(vec![]), &Value::Array(vec![])));
}

/// Makes all below `folder` two days older: what is younger than a day may be an upload in progress.
fn age(folder: &Path) {
    let then = SystemTime::now() - Duration::from_hours(48);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            age(&path);
        } else {
            File::options().append(true).open(path).unwrap().set_modified(then).unwrap();
        }
    }
    File::open(folder).unwrap().set_modified(then).unwrap();
}

/// A photo that only the library has, as a browser uploads it.
fn upload(home: &Home, name: &str, width: u32) -> PathBuf {
    let folder = home.own().join("uploads/2026-11-30 10-00-00");
    fs::create_dir_all(&folder).unwrap();
    write_png(&drawing(width, 200).0, &folder.join(name));
    let output = home.fieldmark(&["annotate", "--yes"]).arg(&folder).args(["--labels", "cat"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    folder.join(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn moved_photos_are_found_again_by_their_content() {
    let home = Home::annotated(5).await;
    let moved = home.folder.path().join("elsewhere/summer");
    fs::create_dir_all(moved.parent().unwrap()).unwrap();
    fs::rename(home.photos(), &moved).unwrap();
    fs::remove_file(moved.join("4.png")).unwrap();
    // A file of the same size is another photo.
    let size = fs::metadata(moved.join("3.png")).unwrap().len();
    fs::write(moved.join("0-same-size.png"), vec![7; usize::try_from(size).unwrap()]).unwrap();
    // One photo was copied back.
    fs::create_dir_all(home.photos()).unwrap();
    fs::copy(moved.join("0.png"), home.photos().join("0.png")).unwrap();
    let before = rows(&home.database());
    let folder = moved.parent().unwrap().to_str().unwrap();

    let (found, _) = home.library(&["relink", folder, "--dry-run"]);
    assert_eq!((&found["found"], &found["missing_count"]), (&3.into(), &1.into()), "{found}");
    assert_eq!(rows(&home.database()), before);
    fs::remove_dir_all(home.photos()).unwrap();
    let (found, _) = home.library(&["relink", folder]);
    assert_eq!((&found["found"], &found["missing"][0]["name"]), (&4.into(), &"4.png".into()), "{found}");
    let (check, _) = home.library(&["check"]);
    assert_eq!(check["missing_count"], 1, "{check}");
    let after = rows(&home.database());
    assert_eq!(after["annotations"], before["annotations"]);
    let bytes = |path: &Path| format!("{:?}", rusqlite::types::ValueRef::Blob(path.as_os_str().as_encoded_bytes()));
    assert!(after["collections"][0].contains(&bytes(&moved)), "the collection moved with its folder");
    assert!(after["run_roots"][0].contains(&bytes(&moved)), "so did what the run was about");
    // All of it is known at its new place.
    let output = home.annotate_in(&moved).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let known = rows(&home.database());
    assert_eq!((known["images"].len(), known["collections"].len()), (5, 1));
}
