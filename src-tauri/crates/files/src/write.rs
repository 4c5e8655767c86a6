//! Writing whole files: a reader sees the whole new file or the old one, also after a power cut.
//!
//! A file grows under a unique temporary name next to its target and then takes its place. A symbolic link stays a link:
//! the file that it points to is replaced. A replaced file keeps its permissions. Devices, pipes and open files
//! (`/dev/stdout`) are written to and never replaced.

#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, IntoInnerError, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Symbolic links on the way to a file, as on Linux.
const MOST_LINKS: usize = 40;
/// What a check writes, to find a full disk.
const PROBE: [u8; 4096] = [0; 4096];

/// A file that is being written. Dropped before [`WholeFile::finish`], it leaves the old file as it was.
pub struct WholeFile {
    out: BufWriter<Out>,
}

enum Out {
    /// Next to `target`, which it replaces.
    Temporary {
        file: NamedTempFile,
        target: PathBuf,
    },
    /// A device or pipe, or a file that is open already.
    InPlace(File),
    StandardOutput(io::Stdout),
}

/// How a target is written.
enum Place {
    Replace(PathBuf),
    InPlace,
}

/// Who may read a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// As the umask says.
    Usual,
    /// Only its owner, also where it replaces a file that others may read.
    Owner,
}

impl WholeFile {
    /// Begins the file at `target`; makes the folders that it needs. It replaces what is there with [`WholeFile::finish`].
    pub fn begin(target: &Path) -> io::Result<Self> {
        Self::begin_for(target, Readers::Usual)
    }

    /// As [`WholeFile::begin`], for a file that only its owner may read.
    pub fn begin_private(target: &Path) -> io::Result<Self> {
        Self::begin_for(target, Readers::Owner)
    }

    /// Standard output in place of a file.
    #[must_use]
    pub fn standard_output() -> Self {
        Self { out: BufWriter::new(Out::StandardOutput(io::stdout())) }
    }

    fn begin_for(target: &Path, readers: Readers) -> io::Result<Self> {
        let out = match place(target)? {
            Place::InPlace => Out::InPlace(OpenOptions::new().append(true).open(target)?),
            Place::Replace(target) => {
                fs::create_dir_all(folder_of(&target))?;
                Out::Temporary { file: temporary(&target, readers)?, target }
            }
        };
        Ok(Self { out: BufWriter::new(out) })
    }

    /// Puts the file in its place. It is on disk when this returns.
    pub fn finish(self) -> io::Result<()> {
        match self.out.into_inner().map_err(IntoInnerError::into_error)? {
            Out::Temporary { file, target } => {
                file.as_file().sync_all()?;
                file.persist(&target).map_err(|error| error.error)?;
                sync_folder(folder_of(&target));
                Ok(())
            }
            Out::InPlace(mut file) => file.flush(),
            Out::StandardOutput(mut out) => out.flush(),
        }
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

/// Writes `content` to `target`, as [`WholeFile::begin`] does.
pub fn write(target: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = WholeFile::begin(target)?;
    file.write_all(content)?;
    file.finish()
}

/// Writes `content` to `target`, as [`WholeFile::begin_private`] does.
pub fn write_private(target: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = WholeFile::begin_private(target)?;
    file.write_all(content)?;
    file.finish()
}

/// Opens a file that the program keeps for itself, such as a lock, for writing from its beginning; creates it for its owner
/// alone when there is none. Its content stays.
///
/// # Errors
/// Links are not followed, and nothing but a regular file is opened: what stands in its place came from someone else.
pub fn open_own(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        // A named pipe must not make the program wait.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    match crate::other_kind(file.metadata()?.file_type()) {
        None => Ok(file),
        Some(kind) => Err(io::Error::new(ErrorKind::InvalidInput, format!("{kind}, not a regular file"))),
    }
}

/// Whether a file can be written to `target`: finds out before hours of work, and leaves nothing behind.
pub fn check(target: &Path) -> io::Result<()> {
    let Place::Replace(path) = place(target)? else {
        // To open a pipe would be to wait for its reader.
        return Ok(());
    };
    check_existing(&path)?;
    check_folder(folder_of(&path))
}

/// Whether files can be written into `folder`, which may have to be made.
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

fn place(target: &Path) -> io::Result<Place> {
    if target.as_os_str().is_empty() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "no file is named"));
    }
    if target.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(ErrorKind::IsADirectory.into());
    }
    match fs::metadata(target) {
        Ok(there) if there.is_dir() => Err(ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() || is_open_file(target)? => Ok(Place::InPlace),
        Ok(_) => Ok(Place::Replace(fs::canonicalize(target)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Ok(Place::Replace(links(target)?.pop().unwrap_or_else(|| target.to_owned())))
        }
        Err(error) => Err(error),
    }
}

/// Whether `target` stands for an open file of a process, as `/dev/stdout` does, whatever its other name is.
fn is_open_file(target: &Path) -> io::Result<bool> {
    let is_of_process = |path: &PathBuf| {
        let folder = fs::canonicalize(folder_of(path)).unwrap_or_default();
        folder.starts_with("/proc") || folder.starts_with("/dev/fd")
    };
    Ok(links(target)?.iter().any(is_of_process))
}

/// `target`, what it points to where it is a link, and so on.
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

/// A file that may not be written is not replaced either, although its folder would allow it.
fn check_existing(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// An empty file next to `target`, with the owner and the permissions that `target` has or would get.
fn temporary(target: &Path, readers: Readers) -> io::Result<NamedTempFile> {
    check_existing(target)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".fieldmark-").suffix(".tmp");
    #[cfg(unix)]
    if readers == Readers::Usual {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let file = builder.tempfile_in(folder_of(target))?;
    if let (Readers::Usual, Ok(replaced)) = (readers, fs::metadata(target)) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, fchown};
            // Only the superuser can give a file to somebody else.
            let _ = fchown(file.as_file(), Some(replaced.uid()), Some(replaced.gid()));
        }
        file.as_file().set_permissions(replaced.permissions())?;
    }
    Ok(file)
}

/// Makes a new name in `folder` outlive a power cut, on file systems that can do that.
pub(crate) fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}
