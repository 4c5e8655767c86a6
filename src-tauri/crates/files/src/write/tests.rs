use std::fs;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_old_file_stays_until_the_new_one_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("new/folder/out.json");
    write(&target, b"old").unwrap();

    let mut file = WholeFile::begin(&target).unwrap();
    file.write_all(b"half of the n").unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"old");
    drop(file);
    assert_eq!(names(target.parent().unwrap()), ["out.json"], "nothing else is left");
    assert_eq!(fs::read(&target).unwrap(), b"old");

    write(&target, b"new").unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"new");
    assert_eq!(names(target.parent().unwrap()), ["out.json"]);
}

#[test]
fn a_check_leaves_nothing_behind_and_names_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str| folder.path().join(name);
    fs::write(inside("file"), "kept").unwrap();
    check(&inside("a/b/out.json")).unwrap();
    check(&inside("file")).unwrap();
    check_folder(&inside("report")).unwrap();
    assert_eq!(names(folder.path()), ["file"]);
    assert_eq!(fs::read(inside("file")).unwrap(), b"kept");

    let kind = |target: &Path| check(target).unwrap_err().kind();
    assert_eq!(kind(folder.path()), ErrorKind::IsADirectory);
    assert_eq!(kind(Path::new("")), ErrorKind::InvalidInput);
    assert_eq!(kind(&inside("new/")), ErrorKind::IsADirectory);
    assert_eq!(kind(&inside("file/out.json")), ErrorKind::NotADirectory);
    assert_eq!(check_folder(&inside("file")).unwrap_err().kind(), ErrorKind::NotADirectory);
}

#[cfg(unix)]
mod unix {
    use std::io::Read;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_link_stays_a_link_and_its_target_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let inside = |name: &str| folder.path().join(name);
        fs::create_dir(inside("data")).unwrap();
        fs::write(inside("data/real.json"), "old").unwrap();
        symlink("data/real.json", inside("one.json")).unwrap();
        symlink("one.json", inside("two.json")).unwrap();
        symlink("data/not yet.json", inside("dangling.json")).unwrap();
        symlink("loop.json", inside("loop.json")).unwrap();

        write(&inside("two.json"), b"new").unwrap();
        write(&inside("dangling.json"), b"made").unwrap();
        assert_eq!(fs::read_link(inside("two.json")).unwrap(), Path::new("one.json"));
        assert_eq!(fs::read_link(inside("one.json")).unwrap(), Path::new("data/real.json"));
        assert_eq!(fs::read(inside("data/real.json")).unwrap(), b"new");
        assert!(inside("dangling.json").is_symlink());
        assert_eq!(fs::read(inside("data/not yet.json")).unwrap(), b"made");
        assert_eq!(names(&inside("data")), ["not yet.json", "real.json"]);
        write(&inside("loop.json"), b"").unwrap_err();
    }

    #[test]
    fn a_planted_temporary_name_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let inside = |name: &str| folder.path().join(name);
        fs::write(inside("victim"), "precious").unwrap();
        for name in [format!("out.json.{}.tmp", std::process::id()), ".fieldmark-.tmp".into(), "out.json.tmp".into()] {
            symlink("victim", inside(&name)).unwrap();
        }
        write(&inside("out.json"), b"new").unwrap();
        assert_eq!(fs::read(inside("victim")).unwrap(), b"precious");
        assert_eq!(fs::read(inside("out.json")).unwrap(), b"new");
    }

    #[test]
    fn permissions_are_kept_and_those_of_new_files_are_as_usual() {
        let folder = tempfile::tempdir().unwrap();
        let inside = |name: &str| folder.path().join(name);
        fs::write(inside("usual"), "").unwrap();
        write(&inside("new"), b"").unwrap();
        assert_eq!(mode(&inside("new")), mode(&inside("usual")));
        for kept in [0o600, 0o640, 0o664] {
            set_mode(&inside("new"), kept);
            write(&inside("new"), b"again").unwrap();
            assert_eq!(mode(&inside("new")), kept);
        }
        write_private(&inside("private"), b"").unwrap();
        assert_eq!(mode(&inside("private")), 0o600);
        set_mode(&inside("private"), 0o644);
        write_private(&inside("private"), b"").unwrap();
        assert_eq!(mode(&inside("private")), 0o600);
    }

    #[test]
    fn devices_and_pipes_are_written_to_and_stay_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = {
            let pipe = pipe.clone();
            std::thread::spawn(move || {
                let mut text = String::new();
                File::open(pipe).unwrap().read_to_string(&mut text).unwrap();
                text
            })
        };
        check(&pipe).unwrap();
        write(&pipe, b"through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());

        let null = fs::metadata("/dev/null").unwrap().ino();
        write(Path::new("/dev/null"), b"nothing").unwrap();
        assert_eq!(fs::metadata("/dev/null").unwrap().ino(), null);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_open_file_is_written_to_by_its_number() {
        use std::os::fd::AsRawFd;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut open = OpenOptions::new().append(true).create(true).open(&path).unwrap();
        open.write_all(b"before, ").unwrap();
        let number = open.as_raw_fd();
        for by in [format!("/proc/self/fd/{number}"), format!("/dev/fd/{number}")] {
            write(Path::new(&by), b"between, ").unwrap();
        }
        open.write_all(b"after").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before, between, between, after");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_and_leaves_no_file() {
        let full = write(Path::new("/dev/full"), b"too much").unwrap_err();
        assert_eq!(full.kind(), ErrorKind::StorageFull);
    }
}

#[cfg(unix)]
#[test]
fn a_file_of_the_library_is_neither_a_link_nor_a_pipe() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let folder = tempfile::tempdir().unwrap();
    let (theirs, link, pipe) = (folder.path().join("theirs"), folder.path().join("link"), folder.path().join("pipe"));
    fs::write(&theirs, "precious").unwrap();
    std::os::unix::fs::symlink(&theirs, &link).unwrap();
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    assert!(open_own(&link).is_err() && open_own(&pipe).is_err());
    assert_eq!(fs::read(&theirs).unwrap(), b"precious");
    let own = folder.path().join("own");
    open_own(&own).unwrap().write_all(b"12").unwrap();
    drop(open_own(&own).unwrap());
    assert_eq!(fs::read(&own).unwrap(), b"12");
}

#[test]
fn files_that_belong_together_replace_all_old_ones_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["set.json", "set.card.json"].map(|name| folder.path().join(name));
    write(&first, b"old").unwrap();
    let begin = || {
        [&first, &second].map(|path| {
            let mut file = WholeFile::begin(path).unwrap();
            file.write_all(b"new").unwrap();
            file
        })
    };
    let files = begin();
    fs::create_dir(&second).unwrap();
    WholeFile::finish_all(files.into()).unwrap_err();
    assert_eq!(fs::read(&first).unwrap(), b"old");
    fs::remove_dir(&second).unwrap();
    WholeFile::finish_all(begin().into()).unwrap();
    assert_eq!([&first, &second].map(|path| fs::read(path).unwrap()), [b"new", b"new"]);
    assert_eq!(names(folder.path()), ["set.card.json", "set.json"]);
}
