//! Misleading files, given to the real program: small ones that need gigabytes, and named pipes in the place of photos,
//! settings and keys.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use domain::run_state::FailureKind;
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::{binary, lay_out_photos, repository, sample};

/// The result of `command`. A program that hangs fails the test.
fn output(command: &mut Command) -> Output {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > Duration::from_mins(2) {
            child.kill().unwrap();
            panic!("it did not end: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// The result of `fieldmark estimate` with 1.5 GB of address space.
fn estimated_under_a_memory_limit(home: &Path, photos: &Path) -> Output {
    let mut command = Command::new("sh");
    // In kilobytes.
    command.args(["-c", "ulimit -v 1500000 && exec \"$0\" \"$@\""]).arg(binary("fieldmark"));
    command.env_clear().env("HOME", home).arg("--db").arg(home.join("library.sqlite"));
    output(command.arg("estimate").arg(photos))
}

#[test]
fn a_picture_whose_metadata_claims_gigabytes_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let photo = repository("tests/fixtures/hostile/metadata.webp");
    let output = estimated_under_a_memory_limit(folder.path(), &photo);
    let said = text(&output);
    assert!(output.status.success() && said.contains("1 new image"), "{}\n{said}", output.status);
}

#[test]
fn under_a_memory_limit_a_hostile_file_is_skipped_and_the_photos_beside_it_are_imported() {
    for hostile in ["deep.png", "float-strips.tif", "one-colour.webp", "two-buffers.gif"] {
        let folder = tempfile::tempdir().unwrap();
        let photos = folder.path().join("photos");
        lay_out_photos(&photos, 5);
        fs::copy(repository("tests/fixtures/hostile").join(hostile), photos.join(hostile)).unwrap();
        let output = estimated_under_a_memory_limit(folder.path(), &photos);
        let said = text(&output);
        assert!(output.status.success(), "{hostile}: {}\n{said}", output.status);
        assert!(said.contains("5 new images, 0 already in the library, 1 skipped"), "{hostile}: {said}");
        let reason = said.lines().find(|line| line.contains(hostile)).unwrap();
        let is_named = reason.contains("MB are allowed; import.decoding_memory_mb in settings.toml allows more")
            || reason.contains("strips or tiles that share their data");
        assert!(is_named, "{reason}");
    }
}

#[test]
fn the_settings_say_how_much_memory_decoding_may_take() {
    let folder = tempfile::tempdir().unwrap();
    let fieldmark = |arguments: &[&str], photo: &Path| {
        let mut command = Command::new(binary("fieldmark"));
        command.env_clear().env("HOME", folder.path()).arg("--db").arg(folder.path().join("library.sqlite"));
        text(&output(command.args(arguments).arg(photo)))
    };
    fieldmark(&["annotate", "--yes"], &sample("coffee.jpg"));
    fs::write(folder.path().join("settings.toml"), "[import]\ndecoding_memory_mb = 100\n").unwrap();
    let said = fieldmark(&["estimate"], &repository("tests/fixtures/hostile/deep.png"));
    assert!(said.contains("MB of memory, and 100 MB are allowed"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_became_a_named_pipe_fails_and_the_run_goes_on() {
    let bench = Bench::new();
    lay_out_photos(&bench.photos(), 4);
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let replaced = bench.photos().join("day 1/IMG_0001.jpg");
    fs::remove_file(&replaced).unwrap();
    make_pipe(&replaced);
    let run = bench.start("nanodet-g-416").await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let report = bench.library.insight.report(run).unwrap();
    let failures: Vec<_> = report.failures.iter().map(|group| (group.kind, group.count)).collect();
    assert_eq!((report.summary.done, failures), (3, vec![(FailureKind::FileUnreadable, 1)]));
}

#[test]
fn files_that_are_not_regular_are_skipped_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    lay_out_photos(&photos, 1);
    make_pipe(&photos.join("pipe.jpg"));
    fs::create_dir(photos.join("folder.jpg")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", photos.join("device.jpg")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(photos.join("socket.jpg")).unwrap();
    let sparse = fs::File::create(photos.join("sparse.jpg")).unwrap();
    std::io::Write::write_all(&mut &sparse, &fs::read(sample("coffee.jpg")).unwrap()[..1000]).unwrap();
    sparse.set_len(3_000_000_000).unwrap();
    let mut command = Command::new(binary("fieldmark"));
    command.env_clear().env("HOME", folder.path()).arg("--db").arg(folder.path().join("library.sqlite"));
    // A device and a pipe that are given by name are checked as well.
    let output = output(command.arg("estimate").arg(&photos).arg("/dev/zero").arg(photos.join("device.jpg")));
    let said = text(&output);
    assert!(output.status.success(), "{}\n{said}", output.status);
    for (name, reason) in [
        ("pipe.jpg", "a named pipe, not a regular file"),
        ("socket.jpg", "a socket, not a regular file"),
        ("/dev/zero", "a device, not a regular file"),
        ("device.jpg", "a device, not a regular file"),
        ("sparse.jpg", "the file has 3000 MB, and the limit is 2000 MB"),
    ] {
        assert!(said.lines().any(|line| line.contains(name) && line.ends_with(reason)), "{name}: {said}");
    }
    assert!(said.contains("1 new image,"), "{said}");
}

#[test]
fn an_archive_of_a_dataset_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    fs::create_dir(&home).unwrap();
    let archive = home.join("set.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&archive).unwrap());
    let coco = serde_json::json!({
        "images": [{"id": 1, "file_name": "coffee.jpg", "width": 600, "height": 400}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 40], "area": 1200, "iscrowd": 0}],
        "categories": [{"id": 1, "name": "cup"}],
    });
    for name in ["instances.json", "../escaped.txt", "../../escaped.txt", "/escaped.txt"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, coco.to_string().as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let fieldmark = |arguments: &[&str], file: &Path| {
        let mut command = Command::new(binary("fieldmark"));
        command.env_clear().env("HOME", &home).current_dir(&home).arg("--db").arg(home.join("library/library.sqlite"));
        output(command.args(arguments).arg(file))
    };
    let names = |folder: &Path| {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    fs::create_dir(home.join("library")).unwrap();
    assert!(fieldmark(&["annotate", "--yes"], &sample("coffee.jpg")).status.success());
    let before = (names(folder.path()), names(&home));
    let imported = fieldmark(&["import", "--as", "ground-truth"], &archive);
    assert!(imported.status.success(), "{}", text(&imported));
    assert_eq!((names(folder.path()), names(&home)), before);
    assert!(!names(&home.join("library")).contains(&"instances.json".into()));
    assert!(!Path::new("/escaped.txt").exists());
}

#[test]
fn a_named_pipe_in_the_place_of_settings_or_a_key_is_an_error_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let fieldmark = || {
        let mut command = Command::new(binary("fieldmark"));
        command.env_clear().env("HOME", folder.path()).current_dir(folder.path());
        command.arg("--db").arg(folder.path().join("library.sqlite"));
        command
    };
    let library = output(fieldmark().args(["annotate", "--yes"]).arg(sample("coffee.jpg")));
    assert!(library.status.success(), "{}", text(&library));
    let pipe = folder.path().join("settings.toml");
    let _absent = fs::remove_file(&pipe);
    make_pipe(&pipe);
    let settings = output(fieldmark().arg("estimate").arg(sample("coffee.jpg")));
    assert!(!settings.status.success());
    assert!(text(&settings).contains("a named pipe, not a regular file"), "{}", text(&settings));
    let key = output(fieldmark().args(["doctor", "--endpoint-key-file", "Gateway=settings.toml"]));
    assert!(!key.status.success());
    assert!(text(&key).contains("a named pipe, not a regular file"), "{}", text(&key));
    fs::rename(&pipe, folder.path().join(".env")).unwrap();
    let environment = output(fieldmark().arg("runs"));
    assert!(environment.status.success(), "{}", text(&environment));
}
