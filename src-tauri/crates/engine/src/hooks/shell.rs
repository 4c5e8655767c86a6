//! Runs a command with the system's shell in its own process group, which is killed as a whole after a timeout.
//! Processes that the command leaves in the background when it exits by itself are not killed. The end of its output is
//! kept. Variables that may hold a key are removed from its environment.

use std::collections::VecDeque;
use std::path::Path;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use domain::hooks::HookEnding;
use process_wrap::tokio::{ChildWrapper, CommandWrap};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::timeout;

use super::facts::Facts;
use crate::sync::lock;

/// How much output is kept.
const TAIL_BYTES: usize = 4096;
/// How long to wait for remaining output after a command has exited: a background process may keep the pipe open.
const LAST_WORDS: Duration = Duration::from_millis(200);

pub struct Outcome {
    pub ending: HookEnding,
    pub output: String,
}

/// Runs `command` in `folder` with a time limit, without the variables in `withheld`.
pub async fn carry_out(
    command: &str,
    folder: &Path,
    facts: Facts,
    withheld: &[String],
    time_limit: Duration,
) -> Outcome {
    let tail = Tail::default();
    let ending = match Group::spawn(command, folder, &facts, withheld) {
        Ok(group) => group.converse(&facts.json, &tail, time_limit).await,
        Err(error) => Err(error),
    };
    let ending = ending.unwrap_or_else(|error| HookEnding::NotStarted { detail: error.to_string() });
    Outcome { ending, output: tail.text() }
}

/// A command and its child processes. Dropping it kills what still runs, unless the command has exited by itself.
struct Group {
    child: Box<dyn ChildWrapper>,
    has_ended: bool,
}

impl Group {
    fn spawn(command: &str, folder: &Path, facts: &Facts, withheld: &[String]) -> std::io::Result<Self> {
        let mut shell = shell(command);
        shell.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for variable in withheld {
            shell.env_remove(variable);
        }
        shell.envs(facts.variables.iter().map(|(name, value)| (name, value)));
        let mut shell = CommandWrap::from(shell);
        #[cfg(unix)]
        shell.wrap(process_wrap::tokio::ProcessGroup::leader());
        #[cfg(windows)]
        shell.wrap(process_wrap::tokio::JobObject);
        Ok(Self { child: shell.spawn()?, has_ended: false })
    }

    /// Writes the facts to the command, reads its output, and waits for it to exit.
    async fn converse(mut self, json: &[u8], tail: &Tail, time_limit: Duration) -> std::io::Result<HookEnding> {
        let (stdin, stdout, stderr) =
            (self.child.stdin().take(), self.child.stdout().take(), self.child.stderr().take());
        let talking = async {
            let telling = async {
                if let Some(mut stdin) = stdin {
                    // A command need not read its input.
                    let _ = stdin.write_all(json).await;
                }
            };
            tokio::join!(telling, tail.hear(stdout), tail.hear(stderr))
        };
        let mut talking = pin!(talking);
        let mut is_silent = false;
        let waiting = async {
            let mut waiting = pin!(self.child.wait());
            loop {
                tokio::select! {
                    status = &mut waiting => return status,
                    _ = &mut talking, if !is_silent => is_silent = true,
                }
            }
        };
        let Ok(status) = timeout(time_limit, waiting).await else {
            // Fails if it has just exited.
            let _ = self.child.start_kill();
            self.child.wait().await?;
            self.has_ended = true;
            return Ok(HookEnding::TimedOut);
        };
        let ending = ending(status?);
        self.has_ended = true;
        if !is_silent {
            let _ = timeout(LAST_WORDS, talking).await;
        }
        Ok(ending)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.has_ended
            && let Err(error) = self.child.start_kill()
        {
            tracing::warn!(%error, "a hook was not ended");
        }
    }
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    shell
}

/// `cmd` does its own quoting, so the line is passed verbatim.
#[cfg(windows)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.args(["/D", "/S", "/C"]).raw_arg(format!("\"{command}\""));
    shell
}

fn ending(status: ExitStatus) -> HookEnding {
    status.code().map_or(HookEnding::Killed, |code| HookEnding::Exited { code })
}

/// The end of a command's output.
#[derive(Default)]
struct Tail(Mutex<VecDeque<u8>>);

impl Tail {
    async fn hear(&self, voice: Option<impl AsyncRead + Unpin>) {
        let Some(mut voice) = voice else { return };
        let mut piece = [0; TAIL_BYTES];
        while let Ok(length @ 1..) = voice.read(&mut piece).await {
            let mut bytes = lock(&self.0);
            bytes.extend(&piece[..length]);
            let excess = bytes.len().saturating_sub(TAIL_BYTES);
            bytes.drain(..excess);
        }
    }

    /// The output without terminal escape sequences.
    fn text(&self) -> String {
        let bytes: Vec<u8> = lock(&self.0).iter().copied().collect();
        // Skips a character that was cut in two.
        let whole = bytes.iter().position(|byte| byte & 0xc0 != 0x80).unwrap_or(bytes.len());
        let text = String::from_utf8_lossy(&bytes[whole..]);
        let shown: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        shown.trim().to_owned()
    }
}
