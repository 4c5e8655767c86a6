//! Reads files that users name: photos, settings, keys.
//!
//! Only regular files are opened: opening a named pipe may block forever, and opening a device may have side effects.
//! Reads are limited in length.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Opens a regular file for reading, without blocking.
pub fn open(path: &Path) -> io::Result<(File, Metadata)> {
    // Devices are not even opened, because that may have side effects.
    check(&std::fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        // The file may have been replaced by a named pipe since.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    check(&metadata)?;
    Ok((file, metadata))
}

/// The content of a regular file of at most `most` bytes.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let (file, metadata) = open(path)?;
    let mut bytes = Vec::new();
    read_into(file, metadata.len(), most, &mut bytes)?;
    Ok(bytes)
}

/// [`read`] for UTF-8 text.
pub fn read_to_string(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

/// Appends the rest of `file`, about `len` and at most `most` bytes, to `bytes`.
pub fn read_into(file: File, len: u64, most: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    let too_long = || io::Error::new(ErrorKind::FileTooLarge, format!("longer than {most} bytes"));
    if len > most {
        return Err(too_long());
    }
    // Running out of memory is an error here, and does not abort the process.
    bytes.try_reserve(usize::try_from(len).unwrap_or(usize::MAX)).map_err(|_| ErrorKind::OutOfMemory)?;
    let before = bytes.len();
    file.take(most.saturating_add(1)).read_to_end(bytes)?;
    if (bytes.len() - before) as u64 > most { Err(too_long()) } else { Ok(()) }
}

/// What is at a path instead of a regular file, such as "a named pipe"; `None` for a regular file.
#[must_use]
pub fn other_kind(kind: FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("a named pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some("a folder")
    } else {
        Some("something else")
    }
}

fn check(metadata: &Metadata) -> io::Result<()> {
    match other_kind(metadata.file_type()) {
        None => Ok(()),
        Some(kind) => Err(io::Error::new(ErrorKind::InvalidInput, format!("{kind}, not a regular file"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn no_more_is_read_than_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "four").unwrap();
        assert_eq!(read(&path, 4).unwrap(), b"four");
        assert_eq!(read_to_string(&path, u64::MAX).unwrap(), "four");
        assert_eq!(read(&path, 3).unwrap_err().kind(), ErrorKind::FileTooLarge);
        // Sparse: it uses no disk space, and must use no memory.
        File::options().write(true).open(&path).unwrap().set_len(1 << 42).unwrap();
        assert_eq!(read(&path, 1 << 20).unwrap_err().kind(), ErrorKind::FileTooLarge);
        fs::write(&path, b"\xFF").unwrap();
        assert_eq!(read_to_string(&path, 10).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_opened() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let folder = tempfile::tempdir().unwrap();
        let (pipe, socket, link) =
            (folder.path().join("pipe"), folder.path().join("socket"), folder.path().join("link"));
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        for (path, kind) in [
            (pipe.as_path(), "a named pipe"),
            (&link, "a named pipe"),
            (&socket, "a socket"),
            (folder.path(), "a folder"),
            (Path::new("/dev/zero"), "a device"),
        ] {
            let error = read(path, 10).unwrap_err();
            assert_eq!(error.to_string(), format!("{kind}, not a regular file"), "{}", path.display());
        }
        fs::remove_file(&link).unwrap();
        fs::write(pipe.with_extension("jpg"), "photo").unwrap();
        std::os::unix::fs::symlink(pipe.with_extension("jpg"), &link).unwrap();
        assert_eq!(read(&link, 10).unwrap(), b"photo");
    }
}
