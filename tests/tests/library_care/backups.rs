//! Backups: whole, restored as they were, whatever an archive holds.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::{Home, KEY, rows, text, upload};

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_library_is_the_one_that_was_backed_up() {
    let home = Home::annotated(4).await;
    // A name that not every system allows.
    let name = if cfg!(windows) { "only here.png" } else { "only here, 12:30 \\ a.png" };
    let uploaded = upload(&home, name, 900);
    let archive = home.folder.path().join("backup.zip");
    let file = archive.to_str().unwrap();
    let (backup, _) = home.library(&["backup", "--out", file]);
    assert_eq!((&backup["counts"]["images"], &backup["has_thumbnails"]), (&5.into(), &false.into()), "{backup}");
    let before = rows(&home.database());
    let packed = contents(&archive);
    assert!(packed.keys().all(|name| !name.starts_with("thumbs/")) && packed.contains_key("settings.toml"));
    let has_key = |bytes: &Vec<u8>| bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes());
    assert!(!packed.values().any(has_key), "no key is in a backup");
    let (info, _) = home.library(&["info"]);
    assert_eq!(info["last_backup"]["path"], file);
    let (with, _) = home.library(&["backup", "--out", file, "--with-thumbnails"]);
    assert!(with["files"].as_u64() > backup["files"].as_u64(), "{with}");

    // In another place, it has its own copy of what only the library had.
    let second = home.folder.path().join("second/library.sqlite");
    let output = home.fieldmark_at(&second, &["library", "restore", file]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let moved = second.with_file_name("uploads").join("2026-11-30 10-00-00").join(name);
    assert_eq!(fs::read(&moved).unwrap(), fs::read(&uploaded).unwrap());
    let mut after = rows(&second);
    let places = ["files", "collections", "run_roots", "image_changes"];
    for (table, rows) in &before {
        if !places.contains(&table.as_str()) {
            assert_eq!(after.remove(table).as_ref(), Some(rows), "{table}");
        }
    }
    fs::remove_file(&uploaded).unwrap();
    let output = home.fieldmark_at(&second, &["library", "check"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stdout));

    // At its own place, only if that is wanted, and nothing is lost.
    let told = home.refused(&["restore", file]);
    assert!(told.contains("--replace"), "{told}");
    home.connection().execute("DELETE FROM annotations WHERE id % 2 = 0", []).unwrap();
    let changed = rows(&home.database());
    let open = home.connection();
    open.execute_batch("BEGIN; SELECT count(*) FROM images").unwrap();
    let told = home.refused(&["restore", "--replace", file]);
    assert!(told.contains("in use"), "{told}");
    drop(open);
    let (restored, _) = home.library(&["restore", "--replace", file]);
    let aside = PathBuf::from(restored["kept_aside"].as_str().unwrap());
    assert_eq!(rows(&aside.join("library.sqlite")), changed);
    assert!(aside.join("settings.toml").exists() && aside.join("thumbs").exists());
    assert_eq!(rows(&home.database()), before, "without other paths, all rows are equal");
    home.assert_in_order();
    let left: Vec<String> = fs::read_dir(home.own())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

/// Whether a backup has what only the library has, or says that it has not.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_without_all_uploads_says_so() {
    use std::os::unix::fs::symlink;
    let home = Home::annotated(1).await;
    let uploaded = upload(&home, "only here.png", 900);
    let archive = home.folder.path().join("backup.zip");
    let backup = |expected: bool| {
        let (backup, is_whole) = home.library(&["backup", "--out", archive.to_str().unwrap()]);
        assert_eq!(is_whole, expected, "{backup}");
        [backup["missing"].clone(), backup["links"].clone()]
    };
    assert_eq!(backup(true), [serde_json::json!([]), serde_json::json!([])]);
    let name = "uploads/2026-11-30 10-00-00/only here.png";
    let elsewhere = home.folder.path().join("elsewhere.png");
    fs::rename(&uploaded, &elsewhere).unwrap();
    assert_eq!(backup(false)[0], serde_json::json!([name]));
    symlink(&elsewhere, &uploaded).unwrap();
    assert_eq!(backup(false), [serde_json::json!([name]), serde_json::json!([name])]);
    let said = home.fieldmark(&["library", "backup", "--out"]).arg(&archive).output().unwrap();
    assert!(text(&said.stdout).matches(name).count() == 2, "{}", text(&said.stdout));
    fs::remove_file(&uploaded).unwrap();
    fs::rename(&elsewhere, &uploaded).unwrap();

    // On a disk that is not there: no backup, and the earlier one stays.
    backup(true);
    let before = fs::read(&archive).unwrap();
    let uploads = home.own().join("uploads");
    let disk = home.folder.path().join("disk");
    fs::rename(&uploads, &disk).unwrap();
    symlink(&disk, &uploads).unwrap();
    backup(true);
    fs::rename(&disk, home.folder.path().join("unmounted")).unwrap();
    let told = home.refused(&["backup", "--out", archive.to_str().unwrap()]);
    assert!(told.contains("uploads"), "{told}");
    assert_eq!(contents(&archive).len(), {
        fs::write(&archive, before).unwrap();
        contents(&archive).len()
    });
    assert!(home.refused(&["prune"]).contains("uploads"));
    // Where the backup is, it holds no part of itself.
    for folder in ["metrics", "thumbs"] {
        let out = home.own().join(folder).join("backup.zip");
        let told = home.refused(&["backup", "--out", out.to_str().unwrap()]);
        assert!(told.contains("backup") && !out.exists(), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_backup_is_one_that_is_still_there() {
    let home = Home::annotated(1).await;
    let archive = home.folder.path().join("backup.zip");
    home.library(&["backup", "--out", archive.to_str().unwrap()]);
    assert_eq!(home.library(&["info"]).0["last_backup"]["state"], "there");
    fs::remove_file(&archive).unwrap();
    assert_eq!(home.library(&["info"]).0["last_backup"]["state"], "gone");
    let said = home.fieldmark(&["library", "info"]).output().unwrap();
    assert!(text(&said.stdout).contains("no longer"), "{}", text(&said.stdout));
}

fn contents(archive: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = ZipArchive::new(File::open(archive).unwrap()).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.name().to_owned(), bytes)
        })
        .collect()
}

fn write_archive(path: &Path, contents: &BTreeMap<String, Vec<u8>>) {
    let mut archive = ZipWriter::new(File::create(path).unwrap());
    for (name, bytes) in contents {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_archive_writes_outside_of_its_library_or_half_of_it() {
    let home = Home::annotated(2).await;
    upload(&home, "one.png", 700);
    let archive = home.folder.path().join("backup.zip");
    home.library(&["backup", "--out", archive.to_str().unwrap()]);
    let whole = contents(&archive);
    let target = home.folder.path().join("target/library.sqlite");
    let upload = "uploads/2026-11-30 10-00-00/one.png".to_owned();
    let renamed = |name: &str| {
        let mut changed = whole.clone();
        let photo = changed.remove(&upload).unwrap();
        changed.insert(name.to_owned(), photo);
        let manifest = text(&changed["manifest.json"]).replace(&upload, &name.replace('\\', "\\\\"));
        changed.insert("manifest.json".into(), manifest.into_bytes());
        changed
    };
    let edited = |name: &str, edit: &dyn Fn(&mut Vec<u8>)| {
        let mut changed = whole.clone();
        edit(changed.get_mut(name).unwrap());
        changed
    };
    let hostile = [
        renamed("../escaped.png"),
        renamed("uploads/../../escaped.png"),
        renamed("/tmp/fieldmark-escaped.png"),
        renamed("uploads\\..\\..\\escaped.png"),
        renamed("consents.json"),
        edited(&upload, &|photo| photo[100] ^= 1),
        edited(&upload, &|photo| photo.extend([0; 1000])),
        edited("library.sqlite", &|database| database.truncate(8192)),
        edited("manifest.json", &|manifest| manifest.truncate(40)),
        BTreeMap::from([("notes.txt".to_owned(), b"no backup".to_vec())]),
    ];
    for (number, contents) in hostile.iter().enumerate() {
        let path = home.folder.path().join("hostile.zip");
        write_archive(&path, contents);
        let output = home.fieldmark_at(&target, &["library", "restore"]).arg(&path).output().unwrap();
        let told = text(&output.stderr);
        assert!(!output.status.success() && told.contains("cannot be restored"), "{number}: {told}");
        assert!(!target.exists() && !home.folder.path().join("escaped.png").exists(), "{number}");
        let left = fs::read_dir(target.parent().unwrap()).into_iter().flatten().map(|entry| entry.unwrap().file_name());
        assert!(left.into_iter().all(|name| name == "library.sqlite-lock"), "{number}");
    }
    // A database in a format that is not known yet.
    let newer = home.folder.path().join("newer.sqlite");
    fs::write(&newer, &whole["library.sqlite"]).unwrap();
    let connection = Connection::open(&newer).unwrap();
    connection.execute_batch("PRAGMA user_version = 99; UPDATE library SET required_version = 99").unwrap();
    connection.close().unwrap();
    let mut contents = whole.clone();
    let database = fs::read(&newer).unwrap();
    let manifest = text(&whole["manifest.json"])
        .replace(&hash_of(&whole["library.sqlite"]), &hash_of(&database))
        .replace(&format!(":{},", whole["library.sqlite"].len()), &format!(":{},", database.len()));
    contents.insert("library.sqlite".into(), database);
    contents.insert("manifest.json".into(), manifest.into_bytes());
    let path = home.folder.path().join("newer.zip");
    write_archive(&path, &contents);
    let output = home.fieldmark_at(&target, &["library", "restore"]).arg(&path).output().unwrap();
    assert!(text(&output.stderr).contains("newer Fieldmark") && !target.exists(), "{}", text(&output.stderr));
}

fn hash_of(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_is_backed_up_while_a_run_writes() {
    let home = Home::annotated(3).await;
    let archive = home.folder.path().join("backup.zip");
    let file = archive.to_str().unwrap();
    // While a run writes.
    home.draw(40);
    let mut running = home.annotate().spawn().unwrap();
    for _ in 0..5 {
        home.library(&["backup", "--out", file]);
        let copy = home.folder.path().join("copy/library.sqlite");
        let output = home.fieldmark_at(&copy, &["library", "restore", "--replace", file]).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let output = home.fieldmark_at(&copy, &["library", "check"]).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stdout));
    }
    assert!(running.wait().unwrap().success());
}
