//! Restoring: all or nothing, only where a library may be replaced, and only while no process has it open.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use fieldmark_tests::pictures::{drawing, write_png};

use crate::{Home, age, rows, text, upload};

/// System calls that change folders.
const CALLS: [&str; 7] = ["rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat"];

/// Runs a `library` command that is killed at its call number `step` of `call`, counted from 1. Whether it came to its end.
fn killed_at(home: &Home, (call, step): (&str, u32), arguments: &[&str]) -> bool {
    let whole = home.fieldmark(&[&["library"], arguments].concat());
    let mut command = Command::new("/usr/bin/strace");
    command.env_clear().env("HOME", home.folder.path()).current_dir(home.folder.path());
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e"]);
    command.arg(format!("inject={call}:signal=KILL:when={step}"));
    command.arg(whole.get_program()).args(whole.get_args());
    // scripts/setup installs it.
    let ended = command.output().unwrap();
    assert!(!String::from_utf8_lossy(&ended.stderr).contains("ptrace"), "{ended:?}");
    ended.status.code().is_some()
}

/// The files below `folder` without what an open database and cleaning up change.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let inside = path.strip_prefix(folder).unwrap().to_owned();
            let name = inside.to_string_lossy();
            let is_other = ["library.sqlite", "backups", "locks", "replaced ", "damaged "];
            if path.is_dir() {
                if !is_other.iter().any(|other| name.starts_with(other)) {
                    waiting.push(path);
                }
            } else if !is_other.iter().any(|other| name.starts_with(other)) {
                found.insert(inside, fs::read(path).unwrap());
            }
        }
    }
    found
}

/// Folders beside the database that keep a library.
fn kept(home: &Home) -> Vec<PathBuf> {
    let entries = fs::read_dir(home.own()).unwrap().map(|entry| entry.unwrap().path());
    let is_kept = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("replaced ") || name.starts_with("damaged ")
    };
    entries.filter(is_kept).collect()
}

fn assert_nothing_unfinished(home: &Home) {
    let hidden = fs::read_dir(home.own()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(hidden.filter(|name| name.starts_with('.')).collect::<Vec<_>>(), Vec::<String>::new());
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

type State = (BTreeMap<String, Vec<String>>, BTreeMap<PathBuf, Vec<u8>>);

/// The rows, except for sums that are never lowered, and the files.
fn state(database: &Path) -> State {
    let mut rows = rows(database);
    rows.remove("spending");
    (rows, files(database.parent().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_killed_at_any_step_has_changed_all_or_nothing() {
    let home = Home::annotated(2).await;
    upload(&home, "backed up.png", 900);
    let archive = home.folder.path().join("backup.zip");
    let restore = ["restore", "--replace", archive.to_str().unwrap()];
    home.library(&["backup", "--out", restore[2]]);
    let backed_up = state(&home.database());
    // The library and its backup differ in every part.
    fs::remove_dir_all(home.own().join("metrics")).unwrap();
    fs::write(home.own().join("Samples-ATTRIBUTION.md"), "of the library").unwrap();
    upload(&home, "later.png", 910);
    home.connection().execute("DELETE FROM annotations WHERE id % 2 = 0", []).unwrap();
    let replaced = state(&home.database());
    assert!(backed_up.0 != replaced.0 && backed_up.1 != replaced.1);
    let before = home.folder.path().join("before");
    copy(&home.own(), &before);

    let (mut undone, mut completed) = (0, 0);
    let (mut calls, mut step) = (CALLS.iter(), 1);
    let mut call = calls.next();
    while let Some(killed) = call {
        fs::remove_dir_all(home.own()).unwrap();
        copy(&before, &home.own());
        let is_done = killed_at(&home, (killed, step), &restore);
        step += 1;
        if is_done {
            (call, step) = (calls.next(), 1);
            continue;
        }
        // The next process that opens it.
        home.library(&["info"]);
        assert_nothing_unfinished(&home);
        let found = state(&home.database());
        if kept(&home).is_empty() {
            assert!(found == replaced, "{step}: nothing is changed");
            home.library(&restore);
            undone += 1;
        } else {
            completed += 1;
        }
        let [aside] = &kept(&home)[..] else { panic!("{step}: {:?}", kept(&home)) };
        assert_eq!(rows(&aside.join("library.sqlite")), rows(&before.join("library.sqlite")), "{step}");
        let mut all = files(aside);
        all.extend(files(&home.own()).into_iter().filter(|(path, _)| path.starts_with("thumbs")));
        assert!(all == replaced.1, "{step}: {:?} {:?}", all.keys(), replaced.1.keys());
        let mut found = state(&home.database());
        found.1.retain(|path, _| backed_up.1.contains_key(path) || !path.starts_with("thumbs"));
        assert!(found == backed_up, "{step}: {:?} {:?}", found.1.keys(), backed_up.1.keys());
    }
    assert!(undone > 8 && completed > 1, "{undone} {completed}");
    home.library(&restore);
    home.assert_in_order();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_that_is_killed_at_any_step_loses_nothing() {
    let home = Home::annotated(2).await;
    home.connection().execute_batch("PRAGMA foreign_keys = off; INSERT INTO collection_images VALUES (77, 1)").unwrap();
    let before = home.folder.path().join("before");
    copy(&home.own(), &before);
    let broken = rows(&home.database());
    let (mut calls, mut step, mut killed_times) = (CALLS.iter(), 1, 0);
    let mut call = calls.next();
    while let Some(killed) = call {
        fs::remove_dir_all(home.own()).unwrap();
        copy(&before, &home.own());
        let is_done = killed_at(&home, (killed, step), &["repair"]);
        step += 1;
        if is_done {
            (call, step) = (calls.next(), 1);
            continue;
        }
        killed_times += 1;
        home.library(&["info"]);
        assert_nothing_unfinished(&home);
        if kept(&home).is_empty() {
            assert_eq!(rows(&home.database()), broken, "{step}");
            home.library(&["repair"]);
        }
        let [aside] = &kept(&home)[..] else { panic!("{step}: {:?}", kept(&home)) };
        assert_eq!(rows(&aside.join("library.sqlite")), broken, "{step}");
    }
    assert!(killed_times > 4, "{killed_times}");
    home.library(&["repair"]);
    home.assert_in_order();
}

/// Waits until `path` exists, while `child` runs.
fn wait_for(path: &Path, child: &mut Child) {
    while !path.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before {}", path.display());
        sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_is_open_is_not_replaced_and_one_that_is_replaced_is_not_opened() {
    let home = Home::annotated(2).await;
    let uploaded = upload(&home, "one.png", 700);
    fs::write(uploaded.with_file_name("large.bin"), vec![7; 150_000_000]).unwrap();
    let archive = home.folder.path().join("backup.zip");
    home.library(&["backup", "--out", archive.to_str().unwrap()]);
    let restore = ["restore", "--replace", archive.to_str().unwrap()];

    // While a backup is unpacked.
    let mut child = home.fieldmark(&[&["library"], &restore[..]].concat()).spawn().unwrap();
    wait_for(&home.own().join(".library.sqlite-unfinished/new/library.sqlite"), &mut child);
    signal(&child, "-STOP");
    for command in [&["info"][..], &["repair"], &restore] {
        assert!(home.refused(command).contains("in use"));
    }
    let output = home.annotate().output().unwrap();
    assert!(!output.status.success() && text(&output.stderr).contains("in use"), "{}", text(&output.stderr));
    signal(&child, "-CONT");
    assert!(child.wait().unwrap().success());
    home.assert_in_order();

    // While it is open, even if it is damaged.
    let mut server = home.fieldmark(&["serve", "--port", "0"]).spawn().unwrap();
    server.stdout.as_mut().unwrap().read_exact(&mut [0; 20]).unwrap();
    for command in [&["repair"][..], &restore, &["prune"]] {
        assert!(home.refused(command).contains("in use"), "{command:?}");
    }
    home.library(&["prune", "--dry-run"]);
    let connection = home.connection();
    connection.execute_batch("PRAGMA wal_checkpoint(truncate)").unwrap();
    drop(connection);
    let length = fs::metadata(home.database()).unwrap().len();
    let mut file = File::options().write(true).open(home.database()).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(length / 2)).unwrap();
    std::io::Write::write_all(&mut file, &vec![0xA5; 20_000]).unwrap();
    for command in [&["repair"][..], &restore] {
        assert!(home.refused(command).contains("in use"), "{command:?}");
    }
    server.kill().unwrap();
    server.wait().unwrap();
    home.library(&restore);
    home.assert_in_order();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_library_is_replaced() {
    let home = Home::annotated(1).await;
    let archive = home.folder.path().join("backup.zip");
    home.library(&["backup", "--out", archive.to_str().unwrap()]);
    let notes = home.folder.path().join("notes/diary.txt");
    fs::create_dir(notes.parent().unwrap()).unwrap();
    let other = notes.with_file_name("other.sqlite");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE notes (text)").unwrap();
    fs::write(&notes, "Dear diary. ".repeat(200)).unwrap();
    for file in [&notes, &other] {
        let before = fs::read(file).unwrap();
        let output = home.fieldmark_at(file, &["library", "restore", "--replace"]).arg(&archive).output().unwrap();
        let told = text(&output.stderr);
        assert!(!output.status.success() && told.contains("not a Fieldmark library"), "{told}");
        assert_eq!(fs::read(file).unwrap(), before);
    }
    assert_eq!(fs::read_dir(notes.parent().unwrap()).unwrap().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_photos_of_the_backup_are_at_a_new_place() {
    let home = Home::annotated(2).await;
    upload(&home, "uploaded.png", 700);
    // The user's own photos beside the library stay where they are.
    let holiday = home.own().join("holiday");
    fs::create_dir_all(&holiday).unwrap();
    write_png(&drawing(333, 222).0, &holiday.join("own.png"));
    assert!(home.annotate_in(&holiday).output().unwrap().status.success());
    let archive = home.folder.path().join("backup.zip");
    home.library(&["backup", "--out", archive.to_str().unwrap()]);
    let second = home.folder.path().join("second/library.sqlite");
    let at_second = |arguments: &[&str]| {
        let output = home.fieldmark_at(&second, arguments).output().unwrap();
        assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    };
    at_second(&["library", "restore", archive.to_str().unwrap()]);
    at_second(&["library", "check"]);
    fs::remove_dir_all(home.own().join("uploads")).unwrap();
    at_second(&["library", "check"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_spent_since_the_backup_is_not_forgotten() {
    let home = Home::annotated(1).await;
    let archive = home.folder.path().join("backup.zip");
    home.library(&["backup", "--out", archive.to_str().unwrap()]);
    home.draw(5);
    assert!(home.annotate().output().unwrap().status.success());
    let spent = || -> i64 {
        home.connection().query_row("SELECT sum(settled + open) FROM spending", [], |row| row.get(0)).unwrap()
    };
    let before = spent();
    home.library(&["restore", "--replace", archive.to_str().unwrap()]);
    assert_eq!(spent(), before);
    home.assert_in_order();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_killed_commands_left_is_removed() {
    let home = Home::annotated(1).await;
    let out = home.folder.path().join("out");
    fs::create_dir(&out).unwrap();
    let [dead, living, other] =
        [".fieldmark-aB3dE6.tmp", ".fieldmark-aB3dE7.tmp", ".fieldmark-notes.tmp"].map(|name| out.join(name));
    for path in [&dead, &living, &other] {
        fs::write(path, "half a backup").unwrap();
    }
    age(&out);
    let held = File::options().append(true).open(&living).unwrap();
    held.lock().unwrap();
    held.set_modified(SystemTime::now() - Duration::from_hours(1)).unwrap();
    home.library(&["backup", "--out", out.join("backup.zip").to_str().unwrap()]);
    assert!(!dead.exists() && living.exists() && other.exists());

    let unfinished = home.own().join(".library.sqlite-unfinished");
    fs::create_dir(&unfinished).unwrap();
    fs::write(unfinished.join("copy-x.sqlite"), "half a copy").unwrap();
    home.library(&["info"]);
    assert_nothing_unfinished(&home);
}
