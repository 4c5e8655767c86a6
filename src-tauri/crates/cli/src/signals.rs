//! SIGINT (Ctrl-C), SIGTERM and SIGHUP. During a run, the first signal lets the run drain: requests in flight finish, and
//! nothing more is sent. The second signal of any kind, and the first one at any other time, ends the process immediately. A
//! separate thread handles signals, so that nothing that blocks can delay them.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use domain::ids::RunId;
use tokio::sync::watch;

/// The time limit for the last output of a process, because the reader of standard error may have stopped reading.
const FINAL_MESSAGE_TIMEOUT: Duration = Duration::from_millis(300);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Interrupt,
    Terminate,
    HangUp,
}

impl Signal {
    /// The exit code of a process that it ends: 128 plus the number of the signal, as in shells.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::HangUp => 129,
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

static FIRST: LazyLock<watch::Sender<Option<Signal>>> = LazyLock::new(|| watch::Sender::new(None));
static STATE: Mutex<State> = Mutex::new(State { takers: 0, run: None });

struct State {
    /// The receiver of the first signal.
    takers: u32,
    /// The most recent run.
    run: Option<RunId>,
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Receives the first signal while it is alive.
pub struct Draining(watch::Receiver<Option<Signal>>);

/// Makes the first signal drain `run`, or end a wait.
pub fn drain(run: Option<RunId>) -> Draining {
    let mut state = state();
    state.takers += 1;
    state.run = run.or(state.run);
    Draining(FIRST.subscribe())
}

impl Draining {
    /// Waits for the first signal.
    pub async fn first(&mut self) -> Signal {
        match self.0.wait_for(Option::is_some).await {
            Ok(first) if first.is_some() => first.unwrap_or(Signal::Interrupt),
            // The sender is static and never dropped.
            _ => std::future::pending().await,
        }
    }
}

impl Drop for Draining {
    fn drop(&mut self) {
        state().takers -= 1;
    }
}

/// The signal that was received.
pub fn received() -> Option<Signal> {
    *FIRST.borrow()
}

/// Prints the last output of a process, given its most recent run.
pub type FinalMessage = fn(Option<RunId>);

/// Starts handling signals.
pub fn listen(final_message: FinalMessage) {
    let thread = std::thread::Builder::new().name("signals".into());
    // Without the thread, a signal ends the process as usual.
    let _ = thread.spawn(move || {
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() {
            runtime.block_on(take_all(final_message));
        }
    });
}

fn take(signal: Signal, final_message: FinalMessage) {
    let (is_taken, run) = {
        let state = state();
        (state.takers > 0, state.run)
    };
    if is_taken && received().is_none() {
        FIRST.send_replace(Some(signal));
    } else {
        leave(signal, run, final_message);
    }
}

/// Ends the process, whatever it is doing.
fn leave(signal: Signal, run: Option<RunId>, final_message: FinalMessage) -> ! {
    let (said, is_said) = mpsc::channel();
    std::thread::spawn(move || {
        final_message(run);
        let _ = said.send(());
    });
    let _ = is_said.recv_timeout(FINAL_MESSAGE_TIMEOUT);
    std::process::exit(signal.exit_code().into())
}

#[cfg(unix)]
async fn take_all(final_message: FinalMessage) {
    use tokio::signal::unix::{SignalKind, signal};

    /// The number of SIGXFSZ on Linux and macOS: a file grows beyond its limit (`ulimit -f`). Handling the signal makes the
    /// write fail with an error instead of ending the process.
    const FILE_SIZE_EXCEEDED: i32 = 25;

    let _file_size = signal(SignalKind::from_raw(FILE_SIZE_EXCEEDED));
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    let mut hang_up = if is_hang_up_ignored() { None } else { signal(SignalKind::hangup()).ok() };
    loop {
        let terminal_closed = async {
            match &mut hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => std::future::pending().await,
            }
        };
        let signal = tokio::select! {
            Some(()) = interrupt.recv() => Signal::Interrupt,
            Some(()) = terminate.recv() => Signal::Terminate,
            Some(()) = terminal_closed => Signal::HangUp,
            else => return,
        };
        take(signal, final_message);
    }
}

/// Whether the process was started by `nohup`, which makes it ignore SIGHUP.
#[cfg(unix)]
fn is_hang_up_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGHUP is the first signal.
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
async fn take_all(final_message: FinalMessage) {
    while tokio::signal::ctrl_c().await.is_ok() {
        take(Signal::Interrupt, final_message);
    }
}
