//! Writes whole files: readers see the complete new file or the old one, even after a power failure.
//!
//! A file is written under a unique temporary name next to its target and then renamed. A symbolic link stays a link:
//! its target is replaced. A replaced file keeps its permissions. Devices, pipes and open files (`/dev/stdout`) are
//! written to and never replaced.

#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, IntoInnerError, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

/// Maximum number of symbolic links, as on Linux.
const MOST_LINKS: usize = 40;
/// Around the random part of a temporary name.
const TEMPORARY: (&str, &str) = (".fieldmark-", ".tmp");
/// Random characters of a temporary name.
const RANDOM: usize = 6;
/// A temporary file is locked within this time.
const LOCK_TIME: Duration = Duration::from_mins(1);
/// Written by a check, to detect a full disk.
const PROBE: [u8; 4096] = [0; 4096];

/// A file being written. Dropping it before [`WholeFile::finish`] leaves the old file unchanged.
pub struct WholeFile {
    out: BufWriter<Out>,
}

enum Out {
    /// Next to `target`, which it replaces.
    Temporary {
        file: NamedTempFile,
        target: PathBuf,
    },
    /// A device, a pipe, or an open file.
    InPlace(File),
    StandardOutput(io::Stdout),
}

/// How a target is written.
enum WriteMode {
    Replace(PathBuf),
    InPlace,
}

/// Who may read a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// According to the umask.
    Usual,
    /// Only its owner, even if it replaces a file that others may read.
    Owner,
}

impl WholeFile {
    /// Begins the file at `target`, creating its parent folders. It replaces the target with [`WholeFile::finish`].
    pub fn begin(target: &Path) -> io::Result<Self> {
        Self::begin_for(target, Readers::Usual)
    }

    /// [`WholeFile::begin`] for a file that only its owner may read.
    pub fn begin_private(target: &Path) -> io::Result<Self> {
        Self::begin_for(target, Readers::Owner)
    }

    /// Standard output instead of a file.
    #[must_use]
    pub fn standard_output() -> Self {
        Self { out: BufWriter::new(Out::StandardOutput(io::stdout())) }
    }

    fn begin_for(target: &Path, readers: Readers) -> io::Result<Self> {
        let out = match place(target)? {
            WriteMode::InPlace => Out::InPlace(OpenOptions::new().append(true).open(target)?),
            WriteMode::Replace(target) => {
                fs::create_dir_all(folder_of(&target))?;
                Out::Temporary { file: temporary(&target, readers)?, target }
            }
        };
        Ok(Self { out: BufWriter::new(out) })
    }

    /// Moves the file to its path and flushes it to disk.
    pub fn finish(self) -> io::Result<()> {
        Self::finish_all(vec![self])
    }

    /// [`WholeFile::finish`] for files that belong together: all are on disk before the first one appears, and they appear
    /// in order.
    ///
    /// # Errors
    ///
    /// If a file cannot be written, no old file is replaced.
    pub fn finish_all(files: Vec<Self>) -> io::Result<()> {
        let mut written = Vec::with_capacity(files.len());
        for file in files {
            let mut out = file.out.into_inner().map_err(IntoInnerError::into_error)?;
            match &mut out {
                Out::Temporary { file, target } => {
                    check_replaceable(target)?;
                    file.as_file().sync_all()?;
                }
                Out::InPlace(_) | Out::StandardOutput(_) => out.flush()?,
            }
            written.push(out);
        }
        for out in written {
            if let Out::Temporary { file, target } = out {
                file.persist(&target).map_err(|error| error.error)?;
                sync_folder(folder_of(&target));
            }
        }
        Ok(())
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Temporary { file, .. } => file.write(bytes),
            Self::InPlace(file) => file.write(bytes),
            Self::StandardOutput(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Temporary { file, .. } => file.flush(),
            Self::InPlace(file) => file.flush(),
            Self::StandardOutput(out) => out.flush(),
        }
    }
}

/// Writes `content` to `target`, like [`WholeFile::begin`].
pub fn write(target: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = WholeFile::begin(target)?;
    file.write_all(content)?;
    file.finish()
}

/// Writes `content` to `target`, like [`WholeFile::begin_private`].
pub fn write_private(target: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = WholeFile::begin_private(target)?;
    file.write_all(content)?;
    file.finish()
}

/// Opens a file of the program's own, such as a lock, for writing from its beginning; creates it for its owner alone.
/// Its content is kept.
///
/// # Errors
///
/// If the path is a link or not a regular file, because someone else put it there.
pub fn open_own(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        // A named pipe must not block.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    match crate::other_kind(file.metadata()?.file_type()) {
        None => Ok(file),
        Some(kind) => Err(io::Error::new(ErrorKind::InvalidInput, format!("{kind}, not a regular file"))),
    }
}

/// Removes the temporary files that killed processes left in `folder`.
pub fn remove_abandoned(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let random = name.to_str().and_then(|name| name.strip_prefix(TEMPORARY.0)?.strip_suffix(TEMPORARY.1));
        if !random
            .is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        {
            continue;
        }
        let Ok(metadata) = entry.metadata() else { continue };
        let age = metadata.modified().ok().and_then(|time| time.elapsed().ok());
        if metadata.is_file()
            && age.is_some_and(|age| age > LOCK_TIME)
            && File::open(&path).is_ok_and(|file| file.try_lock().is_ok())
        {
            let _ = fs::remove_file(path);
        }
    }
}

/// Checks that `target` can be written, before hours of work; leaves nothing behind.
pub fn check(target: &Path) -> io::Result<()> {
    let WriteMode::Replace(path) = place(target)? else {
        // Opening a pipe would wait for its reader.
        return Ok(());
    };
    check_existing(&path)?;
    check_folder(folder_of(&path))
}

/// Checks that files can be written into `folder`, creating it if necessary.
pub fn check_folder(folder: &Path) -> io::Result<()> {
    let there = folder.ancestors().find(|folder| fs::symlink_metadata(folder).is_ok());
    let there = there.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !fs::metadata(there)?.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    let mut probe = tempfile::tempfile_in(there)?;
    probe.write_all(&PROBE)?;
    probe.flush()
}

fn place(target: &Path) -> io::Result<WriteMode> {
    if target.as_os_str().is_empty() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "no file is named"));
    }
    if target.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(ErrorKind::IsADirectory.into());
    }
    match fs::metadata(target) {
        Ok(there) if there.is_dir() => Err(ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() || is_open_file(target)? => Ok(WriteMode::InPlace),
        Ok(_) => Ok(WriteMode::Replace(fs::canonicalize(target)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Ok(WriteMode::Replace(links(target)?.pop().unwrap_or_else(|| target.to_owned())))
        }
        Err(error) => Err(error),
    }
}

/// Whether `target` is an open file of a process, such as `/dev/stdout` or an alias of it.
fn is_open_file(target: &Path) -> io::Result<bool> {
    let is_of_process = |path: &PathBuf| {
        let folder = fs::canonicalize(folder_of(path)).unwrap_or_default();
        folder.starts_with("/proc") || folder.starts_with("/dev/fd")
    };
    Ok(links(target)?.iter().any(is_of_process))
}

/// `target` and all link targets that it leads to.
fn links(target: &Path) -> io::Result<Vec<PathBuf>> {
    let mut path = target.to_owned();
    let mut links = Vec::new();
    while links.len() < MOST_LINKS {
        let next = fs::read_link(&path).map(|next| folder_of(&path).join(next));
        links.push(path);
        match next {
            Ok(next) => path = next,
            Err(_) => return Ok(links),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A folder that has appeared meanwhile is not replaced by a file.
fn check_replaceable(path: &Path) -> io::Result<()> {
    if path.is_dir() { Err(ErrorKind::IsADirectory.into()) } else { Ok(()) }
}

/// A read-only file is not replaced, even if its folder would permit it.
fn check_existing(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// An empty file next to `target`, with the owner and permissions of `target`, or those of a new file.
fn temporary(target: &Path, readers: Readers) -> io::Result<NamedTempFile> {
    check_existing(target)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY.0).rand_bytes(RANDOM).suffix(TEMPORARY.1);
    #[cfg(unix)]
    if readers == Readers::Usual {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let file = builder.tempfile_in(folder_of(target))?;
    // Says that it is being written, where the file system has locks.
    let _ = file.as_file().try_lock();
    if let (Readers::Usual, Ok(replaced)) = (readers, fs::metadata(target)) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, fchown};
            // Only root can change a file's owner.
            let _ = fchown(file.as_file(), Some(replaced.uid()), Some(replaced.gid()));
        }
        file.as_file().set_permissions(replaced.permissions())?;
    }
    Ok(file)
}

/// Flushes a new name in `folder` to disk, if the file system supports it.
pub(crate) fn sync_folder(folder: &Path) {
    let _ = crate::sync(folder);
}
