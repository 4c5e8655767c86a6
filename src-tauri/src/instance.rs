//! One window for each library. A second start shows the first's window and gives it the paths of its command line.
//!
//! The first process holds a lock on a file in the library's folder until it ends, and listens on loopback. Its port and a token
//! are in another file there. The folder is private to the user.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

const LOCK: &str = "window.lock";
const ADDRESS: &str = "window-address.json";
/// How long a second start waits for the first, which may be starting itself, or finishing requests without a window.
const PATIENCE: Duration = Duration::from_secs(45);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
const LONGEST_REQUEST: u64 = 1 << 20;
const SHOWN: &str = "shown\n";

/// Where the first process listens.
#[derive(Debug, Serialize, Deserialize)]
struct Address {
    port: u16,
    token: String,
}

/// What a second start asks for.
#[derive(Debug, Serialize, Deserialize)]
struct ShowRequest {
    token: String,
    paths: Vec<PathBuf>,
}

/// This process is the first with a window on its library.
#[derive(Debug)]
pub struct FirstInstance {
    folder: PathBuf,
    /// Closing it releases the lock.
    _lock: File,
}

/// `None` if another process has a window on the library in `folder`, which now shows it and imports `paths`.
pub fn first_or_show(folder: &Path, paths: &[PathBuf]) -> io::Result<Option<FirstInstance>> {
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(LOCK))?;
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(Some(FirstInstance { folder: folder.to_owned(), _lock: lock })),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {}
        }
        match show(folder, paths) {
            Ok(()) => return Ok(None),
            Err(error) if began.elapsed() > PATIENCE => return Err(error),
            // It is starting, or ending.
            Err(_) => sleep(Duration::from_millis(200)),
        }
    }
}

fn show(folder: &Path, paths: &[PathBuf]) -> io::Result<()> {
    let Address { port, token } = serde_json::from_slice(&fs::read(folder.join(ADDRESS))?)?;
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    connection.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    // The other process may have another working folder.
    let paths = paths.iter().map(std::path::absolute).collect::<io::Result<_>>()?;
    let mut request = serde_json::to_vec(&ShowRequest { token, paths })?;
    request.push(b'\n');
    connection.write_all(&request)?;
    let mut answer = String::new();
    connection.take(SHOWN.len() as u64).read_to_string(&mut answer)?;
    if answer == SHOWN { Ok(()) } else { Err(io::ErrorKind::ConnectionRefused.into()) }
}

impl FirstInstance {
    /// Calls `show` with the paths of every later start, on a thread that lasts as long as the process. It returns whether there
    /// is still a window; otherwise the other start waits for the end of this process.
    pub fn listen(self, show: impl Fn(Vec<PathBuf>) -> bool + Send + 'static) -> io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let token = u128::from_ne_bytes(random).to_string();
        let address = Address { port: listener.local_addr()?.port(), token };
        fs::write(self.folder.join(ADDRESS), serde_json::to_vec(&address)?)?;
        std::thread::Builder::new().name("other starts".to_owned()).spawn(move || {
            let _first = self;
            for connection in listener.incoming().flatten() {
                if let Err(error) = answer(connection, &address.token, &show) {
                    tracing::warn!(%error, "the request of another start was rejected");
                }
            }
        })?;
        Ok(())
    }
}

fn answer(mut connection: TcpStream, token: &str, show: &impl Fn(Vec<PathBuf>) -> bool) -> io::Result<()> {
    connection.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    let mut line = String::new();
    BufReader::new((&connection).take(LONGEST_REQUEST)).read_line(&mut line)?;
    let request: ShowRequest = serde_json::from_str(&line)?;
    if request.token != token {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    if show(request.paths) { connection.write_all(SHOWN.as_bytes()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_second_start_shows_the_first_window_with_its_paths() {
        let folder = tempfile::tempdir().unwrap();
        let (show, shown) = mpsc::channel();
        let first = first_or_show(folder.path(), &[]).unwrap().unwrap();
        first.listen(move |paths| show.send(paths).is_ok()).unwrap();
        let paths = [PathBuf::from("/photos/Tag 1"), PathBuf::from("/photos/b.jpg")];
        for _ in 0..3 {
            assert!(first_or_show(folder.path(), &paths).unwrap().is_none());
            assert_eq!(shown.recv().unwrap(), paths);
        }
        // Another program of this machine that does not know the token is not obeyed.
        let Address { port, .. } = serde_json::from_slice(&fs::read(folder.path().join(ADDRESS)).unwrap()).unwrap();
        let mut stranger = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stranger.write_all(b"{\"token\":\"1\",\"paths\":[\"/etc\"]}\n").unwrap();
        let mut answer = String::new();
        stranger.read_to_string(&mut answer).unwrap();
        assert_eq!((answer.as_str(), shown.try_recv().is_err()), ("", true));
        assert!(first_or_show(folder.path(), &[]).unwrap().is_none());
    }

    #[test]
    fn a_process_that_was_killed_or_is_ending_stops_no_start() {
        let folder = tempfile::tempdir().unwrap();
        drop(first_or_show(folder.path(), &[]).unwrap().unwrap());
        fs::write(folder.path().join(ADDRESS), r#"{"port":1,"token":"2"}"#).unwrap();
        let ending = first_or_show(folder.path(), &[]).unwrap().unwrap();
        // A process whose window is closed still finishes its requests.
        let end = std::thread::spawn(move || {
            sleep(Duration::from_millis(300));
            drop(ending);
        });
        assert!(first_or_show(folder.path(), &[]).unwrap().is_some());
        end.join().unwrap();
    }
}
