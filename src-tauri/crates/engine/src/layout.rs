//! Where a library keeps its files. A database called `library.sqlite` owns its folder. Any other database keeps its
//! files in a separate folder beside it, so that several databases in one folder share nothing. All files are private
//! to their owner.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use domain::ids::RunId;
use prepare::ContentHash;

use crate::{EngineError, Result, private};

/// The database name of a library that owns its folder.
pub const DATABASE: &str = store::DATABASE;
pub const SETTINGS_FILE: &str = "settings.toml";
/// Upper bound for a settings file; a longer file is rejected.
pub const MAX_SETTINGS_BYTES: u64 = 1 << 20;
/// Suffix that turns a database's name into that of its folder of files.
const FILES: &str = "-files";
pub const THUMBNAILS: &str = "thumbs";
pub const METRICS: &str = "metrics";
const LOCKS: &str = "locks";
const BATCHES: &str = "batches";
/// Exports to drag out of the window. All of it is removed, so that the name is none that the user may have given.
const READY_EXPORTS: &str = ".fieldmark-exports";
pub const SAMPLES: &str = "Samples";
pub const UPLOADS: &str = "uploads";
/// Copies from before migrations, and what is known about backups.
const BACKUPS: &str = "backups";
pub const ATTRIBUTION: &str = "Samples-ATTRIBUTION.md";
/// Folders that a library writes; their files are not imported.
const FOLDERS: [&str; 5] = [THUMBNAILS, METRICS, LOCKS, BATCHES, READY_EXPORTS];
/// Other files and folders that may be in a library's folder.
const OTHERS: [&str; 8] =
    [SETTINGS_FILE, "window.json", "window.lock", "window-address.json", SAMPLES, ATTRIBUTION, UPLOADS, BACKUPS];

/// What a backup holds beside the database.
pub const BACKED_UP: [&str; 6] = [SETTINGS_FILE, ATTRIBUTION, METRICS, SAMPLES, UPLOADS, THUMBNAILS];

/// Whether a name follows the library's naming scheme for a folder.
type IsWritten = fn(&str) -> bool;

/// Folders that contain only the library's files, with their naming schemes.
const WRITTEN: [(&str, IsWritten); 4] =
    [(THUMBNAILS, is_hash_start), (LOCKS, is_lock), (BATCHES, is_batch), (METRICS, is_metrics)];
/// Length of a content hash in characters.
const HASH: usize = 64;
const HASH_START: usize = 2;

/// The files of an open library.
#[derive(Debug)]
pub struct Layout {
    database: PathBuf,
    folder: PathBuf,
}

impl Layout {
    /// The layout for the database at `database`, which must not be a link.
    pub fn of(database: &Path) -> Self {
        Self { database: database.to_owned(), folder: folder_of(database) }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn settings_file(&self) -> PathBuf {
        self.folder.join(SETTINGS_FILE)
    }

    pub fn database(&self) -> &Path {
        &self.database
    }

    pub fn metrics(&self) -> PathBuf {
        self.folder.join(METRICS)
    }

    pub fn thumbnails(&self) -> PathBuf {
        self.folder.join(THUMBNAILS)
    }

    pub fn locks(&self) -> PathBuf {
        self.folder.join(LOCKS)
    }

    /// Where a run writes its metrics, unless the settings disable it.
    pub fn metrics_file_of(&self, run: RunId) -> PathBuf {
        self.metrics().join(format!("run-{run}.json"))
    }

    /// The metrics of the latest run.
    pub fn metrics_file(&self) -> PathBuf {
        self.metrics().join("batch-annotation-metrics.json")
    }

    /// Thumbnails are named by content hash and spread over 256 folders.
    pub fn thumbnail(&self, hash: ContentHash) -> PathBuf {
        let hex = hash.to_string();
        self.thumbnails().join(&hex[..HASH_START]).join(format!("{hex}.jpg"))
    }

    /// The lock file that the worker `token` holds while it is alive.
    pub fn worker_lock(&self, token: &str) -> PathBuf {
        self.locks().join(format!("worker-{token}.lock"))
    }

    /// Batches in progress of being written.
    pub fn batches(&self) -> PathBuf {
        self.folder.join(BATCHES)
    }

    /// Exports to drag out.
    pub fn ready_exports(&self) -> PathBuf {
        self.folder.join(READY_EXPORTS)
    }

    /// The folder of the sample photos.
    pub fn samples(&self) -> PathBuf {
        self.folder.join(SAMPLES)
    }

    /// Photos that were dropped on a browser's window, a folder for each time.
    pub fn uploads(&self) -> PathBuf {
        self.folder.join(UPLOADS)
    }

    /// Copies of the database from before migrations.
    pub fn backups(&self) -> PathBuf {
        self.folder.join(BACKUPS)
    }

    /// When and where the last backup was made.
    pub fn last_backup(&self) -> PathBuf {
        self.backups().join("last-backup.json")
    }

    /// Beside the folder of sample photos, so that importing that folder skips no file.
    pub fn attribution(&self) -> PathBuf {
        self.folder.join(ATTRIBUTION)
    }

    /// Whether a library wrote the file at `path`, which matters if its database is in a folder of photos.
    pub fn is_written_by_library(&self, path: &Path) -> bool {
        is_written_by_library(&self.folder, path)
            || std::path::absolute(path).is_ok_and(|path| self.is_database_file(&path))
    }

    /// Whether `path` is the database or one of its companion files.
    pub fn is_database_file(&self, path: &Path) -> bool {
        let Ok(database) = fs::canonicalize(&self.database) else { return false };
        path == database || store::COMPANIONS.iter().any(|ending| store::companion(&database, ending) == path)
    }
}

/// Resolves links, so that a database is the same library under any path.
pub fn resolved(database: &Path) -> PathBuf {
    let is_link = fs::symlink_metadata(database).is_ok_and(|metadata| metadata.is_symlink());
    let target = if is_link { fs::canonicalize(database).ok() } else { None };
    target.unwrap_or_else(|| database.to_owned())
}

/// The folder of the library with this database.
pub fn folder_of(database: &Path) -> PathBuf {
    let parent = parent_of(database);
    match database.file_name() {
        Some(name) if name != DATABASE => {
            let mut own = name.to_owned();
            own.push(FILES);
            parent.join(own)
        }
        _ => parent.to_owned(),
    }
}

/// Creates the library's folder, and makes the library's own files private. The user's files in the same folder keep
/// their permissions. `is_without_folder`: the library is from a version that kept its files beside the database.
pub fn prepare(database: &Path, folder: &Path, is_without_folder: bool) -> Result<()> {
    if is_without_folder {
        move_in(database, folder)?;
    }
    private::create_folder(folder).map_err(EngineError::file(folder))?;
    let own = database.file_name().unwrap_or_default().to_string_lossy();
    if own != DATABASE {
        private::make_private(folder);
    }
    let parent = parent_of(database);
    let is_of_library = |name: &str| {
        name.strip_prefix('.').unwrap_or(name).starts_with(&*own)
            || (own == DATABASE && (FOLDERS.contains(&name) || OTHERS.contains(&name)))
    };
    if private::holds_only(parent, is_of_library) {
        if own == DATABASE {
            FOLDERS.iter().chain(&OTHERS).for_each(|name| private::make_private(&folder.join(name)));
        }
        private::make_folder_private(parent);
    } else if own == DATABASE {
        // A folder of the user may have one of our names, so its contents decide.
        for (name, is_own) in WRITTEN {
            if private::holds_only(&folder.join(name), is_own) {
                private::make_folder_private(&folder.join(name));
            }
        }
        private::make_private(&folder.join(SETTINGS_FILE));
    }
    Ok(())
}

/// Older versions kept the files beside the database. They move into `folder` if no other library can own them;
/// otherwise only the settings are copied.
fn move_in(database: &Path, folder: &Path) -> Result<()> {
    private::create_folder(folder).map_err(EngineError::file(folder))?;
    let former = database.with_file_name(SETTINGS_FILE);
    if let Ok(text) = files::read(&former, MAX_SETTINGS_BYTES) {
        let settings = folder.join(SETTINGS_FILE);
        files::write_private(&settings, &text).map_err(EngineError::file(&settings))?;
    }
    let parent = parent_of(database);
    let entries = fs::read_dir(parent).map_err(EngineError::file(parent))?.flatten();
    if entries.filter(|entry| is_database(&entry.path())).count() != 1 {
        return Ok(());
    }
    for (name, is_own) in WRITTEN {
        let (from, to) = (parent.join(name), folder.join(name));
        if private::holds_only(&from, is_own)
            && let Err(error) = fs::rename(&from, &to)
        {
            tracing::warn!(%error, path = %from.display(), "files of an earlier version stay where they are");
        }
    }
    Ok(())
}

fn is_database(path: &Path) -> bool {
    const SIGNATURE: &[u8; 16] = b"SQLite format 3\0";
    let mut start = [0; SIGNATURE.len()];
    let read = files::open(path).and_then(|(mut file, _)| file.read_exact(&mut start));
    read.is_ok() && start == *SIGNATURE
}

fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether the library in `folder`, or another one that keeps its files beside its database, wrote the file at `path`.
fn is_written_by_library(folder: &Path, path: &Path) -> bool {
    let (Ok(path), Ok(folder)) = (std::path::absolute(path), std::path::absolute(folder)) else { return false };
    if is_thumbnail(&path) {
        return true;
    }
    let is_files_folder = |above: &&Path| {
        let name = above.file_name().and_then(OsStr::to_str);
        let is_of_database = |database: &str| above.with_file_name(database).is_file();
        name.and_then(|name| name.strip_suffix(FILES)).is_some_and(is_of_database) || above.join(DATABASE).is_file()
    };
    let folders = path.ancestors().skip(1).filter(|above| *above == folder || is_files_folder(above));
    folders.into_iter().any(|above| {
        let Ok(inside) = path.strip_prefix(above) else { return false };
        let Some(first) = inside.iter().next() else { return false };
        let is_in_own_folder = inside.iter().nth(1).is_some() && FOLDERS.iter().any(|own| first == *own);
        is_in_own_folder || inside == Path::new(SETTINGS_FILE)
    })
}

/// Whether `path` is a library's thumbnail, such as `thumbs/ab/HASH.jpg`, of any version and in any folder.
fn is_thumbnail(path: &Path) -> bool {
    let above: Option<Vec<&str>> = path.iter().rev().take(3).map(OsStr::to_str).collect();
    let Some([name, start, THUMBNAILS]) = above.as_deref() else { return false };
    let hash = name.strip_suffix(".jpg").filter(|hash| hash.len() == HASH && is_hex(hash));
    hash.is_some_and(|hash| is_hash_start(start) && hash.starts_with(start))
}

fn is_hash_start(name: &str) -> bool {
    name.len() == HASH_START && is_hex(name)
}

fn is_lock(name: &str) -> bool {
    Path::new(name).extension() == Some(OsStr::new("lock"))
}

fn is_batch(name: &str) -> bool {
    name.starts_with("run-") && Path::new(name).extension() == Some(OsStr::new("json"))
}

fn is_metrics(name: &str) -> bool {
    name.ends_with("-metrics.json")
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Library;

    #[test]
    fn libraries_in_one_folder_share_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str| Library::open_alone(&folder.path().join(name));
        let (first, second, usual) = (open("a.db"), open("b.db"), open("library.sqlite"));
        let places = [&first, &second, &usual].map(|library| {
            (library.folder().to_owned(), library.layout.settings_file(), library.layout.metrics_file())
        });
        assert_eq!(usual.folder(), folder.path());
        assert!(places[0].0 != places[1].0 && places[0].1 != places[1].1 && places[0].2 != places[1].2, "{places:?}");

        first.settings.agree_to("first.example").unwrap();
        assert!(second.settings.stated().unwrap().agreed_hosts.is_empty());
        assert!(usual.settings.stated().unwrap().agreed_hosts.is_empty());
        // No library imports another library's files.
        let thumbnail = first.folder().join("thumbs/ab/abc.jpg");
        assert!(usual.layout.is_written_by_library(&thumbnail) && second.layout.is_written_by_library(&thumbnail));
        assert!(!usual.layout.is_written_by_library(&folder.path().join("c.db-files/thumbs/ab/abc.jpg")));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_to_the_library_itself() {
        let folder = tempfile::tempdir().unwrap();
        let own = Library::open_alone(&folder.path().join("a.db"));
        std::os::unix::fs::symlink(folder.path().join("a.db"), folder.path().join("link.db")).unwrap();
        let linked = Library::open_alone(&folder.path().join("link.db"));
        let canonical = |library: &Library| fs::canonicalize(library.folder()).unwrap();
        assert_eq!(canonical(&own), canonical(&linked));
    }

    #[test]
    fn a_library_of_another_name_keeps_the_settings_that_were_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("annotations.db");
        drop(Library::open_alone(&path));
        fs::remove_dir_all(folder_of(&path)).unwrap();
        fs::write(folder.path().join(SETTINGS_FILE), "is_local_only = true\n").unwrap();
        assert!(Library::open_alone(&path).settings.stated().unwrap().is_local_only);
        assert!(!Library::open_alone(&folder.path().join("new.db")).settings.stated().unwrap().is_local_only);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_a_library() {
        use std::os::unix::fs::PermissionsExt;
        fn modes(folder: &Path) -> Vec<(PathBuf, u32)> {
            let mut all = vec![(folder.to_owned(), fs::metadata(folder).unwrap().permissions().mode() & 0o777)];
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    all.extend(modes(&path));
                } else {
                    all.push((path.clone(), fs::metadata(&path).unwrap().permissions().mode() & 0o777));
                }
            }
            all
        }
        let is_private = |(path, mode): &(PathBuf, u32)| *mode == if path.is_dir() { 0o700 } else { 0o600 };
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let library = Library::open_alone(&home.join("library.sqlite"));
        library.settings.agree_to("x.example").unwrap();
        let samples = library.imports.lay_out_samples().unwrap();
        library.imports.run(&[samples]).unwrap();
        assert!(modes(&home).iter().all(is_private), "{:?}", modes(&home));

        // A library from before files were private.
        drop(library);
        for (path, _) in modes(&home) {
            fs::set_permissions(&path, fs::Permissions::from_mode(if path.is_dir() { 0o755 } else { 0o644 })).unwrap();
        }
        drop(Library::open_alone(&home.join("library.sqlite")));
        assert!(modes(&home).iter().all(is_private), "{:?}", modes(&home));
        let other = folder.path().join("other");
        fs::create_dir(&other).unwrap();
        drop(Library::open_alone(&other.join("a.db")));
        assert!(modes(&other).iter().all(is_private), "{:?}", modes(&other));

        // A folder of photos belongs to the user.
        let photos = folder.path().join("photos");
        fs::create_dir(&photos).unwrap();
        fs::set_permissions(&photos, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(photos.join("1.jpg"), "").unwrap();
        for name in ["library.sqlite", "a.db"] {
            drop(Library::open_alone(&photos.join(name)));
        }
        assert_eq!(fs::metadata(&photos).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::metadata(photos.join("a.db-files")).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[cfg(unix)]
    #[test]
    fn folders_of_the_person_keep_their_permissions() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let shared = folder.path().join("exports");
        fs::create_dir(&shared).unwrap();
        fs::create_dir(folder.path().join("locks")).unwrap();
        for path in ["exports/catalogue.pdf", "locks/canal.jpg", "readme.txt"].map(|name| folder.path().join(name)) {
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        }
        fs::set_permissions(&shared, fs::Permissions::from_mode(0o755)).unwrap();
        drop(Library::open_alone(&folder.path().join(DATABASE)));
        for (name, mode) in [("exports", 0o755), ("exports/catalogue.pdf", 0o644), ("locks/canal.jpg", 0o644)] {
            let found = fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{name}");
        }
    }

    #[test]
    fn files_of_an_earlier_version_are_moved_and_are_not_photos() {
        let folder = tempfile::tempdir().unwrap();
        let (database, hash) = (folder.path().join("annotations.db"), "ab".repeat(HASH / 2));
        drop(Library::open_alone(&database));
        fs::remove_dir_all(folder_of(&database)).unwrap();
        let thumbnail = format!("thumbs/ab/{hash}.jpg");
        fs::create_dir_all(folder.path().join("thumbs/ab")).unwrap();
        fs::write(folder.path().join(&thumbnail), "pixels").unwrap();

        let library = Library::open_alone(&database);
        assert_eq!(fs::read(library.folder().join(&thumbnail)).unwrap(), b"pixels");
        for written in [folder.path().join(&thumbnail), library.folder().join(&thumbnail)] {
            assert!(library.layout.is_written_by_library(&written), "{}", written.display());
        }
        assert!(!library.layout.is_written_by_library(&folder.path().join("thumbs/ab/holiday.jpg")));
    }
}
