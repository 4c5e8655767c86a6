//! `serve`: the window in a browser, until interrupted.

use std::future::pending;
use std::io::{self, IsTerminal};

use engine::{Invocation, SERVE_PASSWORD};
use serde::Serialize;
use serve::{ServeLimits, ServeOptions, WebServer};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::arguments::{Global, Serve};
use crate::environment::EnvFileUse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, WhenMissing};
use crate::output::{Console, notes};
use crate::{messages, signals};

/// Longer files contain no password.
const MAX_TOKEN_BYTES: u64 = 1 << 16;

#[derive(Serialize)]
struct Served {
    /// Signs in one browser, once.
    url: String,
}

pub async fn serve(arguments: &Serve, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let password = password(arguments)?;
    let when_missing = WhenMissing::Create { is_agreed: false };
    let opened = library::open_during(global, Invocation::default(), EnvFileUse::Ask, when_missing).await?;
    opened.datasets.clear_ready()?;
    opened.watch_other_processes()?;
    let session = logs::Session::begin("serve");
    let options = ServeOptions {
        ended_unexpectedly: session.has_crashed_before(),
        host: arguments.host.clone(),
        port: arguments.port,
        is_read_only: arguments.read_only,
        roots: arguments.roots.clone(),
        password,
        public_url: arguments.public_url.clone(),
        limits: ServeLimits { upload_bytes: arguments.upload_limit << 20, ..ServeLimits::default() },
    };
    let server = WebServer::start((*opened).clone(), options).await?;
    // Before the link is printed, since a script that reads it may send a signal at once.
    let mut stop = signals::drain(None);
    let mut asked = LinkRequests::listen();
    show_link(&server, output)?;
    messages::note(&mut notes(), "Enter prints a new link for another browser. Ctrl-C stops the server.")?;
    loop {
        tokio::select! {
            _ = stop.first() => break,
            () = asked.next() => show_link(&server, output)?,
        }
    }
    // A second Ctrl-C ends it at once, which is not unexpected.
    session.end();
    messages::note(&mut notes(), "Stopping: requests in flight are finished. Ctrl-C again ends at once.")?;
    server.stop().await;
    Ok(Exit::Done)
}

/// Prints a link, flushed, because a script that starts the server waits for it.
fn show_link(server: &WebServer, output: Console) -> Result<(), CommandError> {
    let link = Served { url: server.link()? };
    output.show(&link, |out| writeln!(out, "Fieldmark at {}", link.url))
}

/// The password, without the line feed at the end of its file.
fn password(arguments: &Serve) -> Result<Option<Zeroizing<String>>, CommandError> {
    let Some(path) = &arguments.token_file else {
        return Ok(std::env::var(SERVE_PASSWORD).ok().filter(|password| !password.is_empty()).map(Zeroizing::new));
    };
    let text = files::read_to_string(path, MAX_TOKEN_BYTES).map(Zeroizing::new);
    let text = text.map_err(|source| CommandError::UnreadableFile { path: path.clone(), source })?;
    Ok(Some(Zeroizing::new(text.trim().to_owned())))
}

/// Asks for a new link: Enter on a terminal, or SIGUSR1.
struct LinkRequests {
    lines: Option<mpsc::Receiver<()>>,
    signal: Option<UserSignal>,
}

impl LinkRequests {
    fn listen() -> Self {
        Self { lines: io::stdin().is_terminal().then(lines), signal: UserSignal::listen() }
    }

    /// Waits for a request. There may be none ever.
    async fn next(&mut self) {
        let Self { lines, signal } = self;
        let line = async {
            match lines {
                Some(lines) => lines.recv().await,
                None => None,
            }
        };
        let signal = async {
            match signal {
                Some(signal) => signal.recv().await,
                None => None,
            }
        };
        tokio::select! {
            Some(()) = line => {}
            Some(()) = signal => {}
            else => pending().await,
        }
    }
}

/// SIGUSR1, which only Unix has.
#[cfg(unix)]
struct UserSignal(tokio::signal::unix::Signal);

#[cfg(unix)]
impl UserSignal {
    fn listen() -> Option<Self> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::user_defined1()).ok().map(Self)
    }

    async fn recv(&mut self) -> Option<()> {
        self.0.recv().await
    }
}

#[cfg(not(unix))]
struct UserSignal;

#[cfg(not(unix))]
impl UserSignal {
    fn listen() -> Option<Self> {
        None
    }

    async fn recv(&mut self) -> Option<()> {
        None
    }
}

/// The lines of the terminal. The thread ends with the process, since reading a terminal cannot be interrupted.
fn lines() -> mpsc::Receiver<()> {
    let (sender, lines) = mpsc::channel(1);
    // Without the thread, only a signal asks for a link.
    let _ = std::thread::Builder::new().name("terminal".into()).spawn(move || {
        for line in io::stdin().lines() {
            if line.is_err() || sender.blocking_send(()).is_err() {
                return;
            }
        }
    });
    lines
}
