//! A user's shell: a folder, an environment, a pipe or a terminal.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use fieldmark_tests::binary;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::page::Transcript;

/// The port in the page; the simulator uses another.
const PORT_IN_PAGE: &str = "8317";
/// Lines of the terminal: more than any command prints.
const ROWS: u16 = 80;
/// The number of answers after which a run is interrupted.
const ANSWERS_BEFORE_INTERRUPTION: usize = 4;
/// The time limit for a command.
const PATIENCE: Duration = Duration::from_mins(2);

pub struct Shell {
    folder: PathBuf,
    port: String,
    environment: BTreeMap<String, OsString>,
}

impl Shell {
    /// A shell in `folder` that finds the program, without the environment of the developer who runs the test.
    pub fn new(folder: &Path, port: u16) -> Self {
        let programs = binary("fieldmark");
        let system = std::env::var("PATH").unwrap();
        let path = [programs.parent().unwrap().to_str().unwrap(), &system].join(":");
        let variables: [(&str, OsString); 5] = [
            ("PATH", path.into()),
            ("HOME", folder.into()),
            ("FIELDMARK_LIBRARY", folder.join("library").into()),
            ("TZ", "UTC".into()),
            ("TERM", "xterm-256color".into()),
        ];
        let environment = variables.map(|(name, value)| (name.to_owned(), value)).into();
        Self { folder: folder.to_owned(), port: port.to_string(), environment }
    }

    /// Runs a command of the page; returns its output, with its exit code if that is not 0.
    pub fn run(&mut self, command: &str, transcript: &Transcript, answered: &dyn Fn() -> usize) -> String {
        let command = command.replace(PORT_IN_PAGE, &self.port);
        if let Some(variables) = command.strip_prefix("export ") {
            for (name, value) in variables.split(' ').filter_map(|word| word.split_once('=')) {
                self.environment.insert(name.to_owned(), value.into());
            }
            return String::new();
        }
        let (said, code) = match transcript.terminal_columns {
            None => self.run_in_pipe(&command),
            Some(columns) => self.run_on_terminal(&command, columns, transcript, answered),
        };
        let said = said.replace(&self.port, PORT_IN_PAGE).replace(self.folder.to_str().unwrap(), "/home/you");
        let exit_code = format!("? {code}");
        let lines = said.trim_end().lines().map(str::trim_end).chain((code != 0).then_some(exit_code.as_str()));
        lines.flat_map(|line| [line, "\n"]).collect()
    }

    fn run_in_pipe(&self, command: &str) -> (String, u32) {
        let told = Command::new("sh")
            .args(["-c", &format!("exec 2>&1; {command}")])
            .current_dir(&self.folder)
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (String::from_utf8(told.stdout).unwrap(), told.status.code().unwrap().try_into().unwrap())
    }

    fn run_on_terminal(
        &self,
        command: &str,
        columns: u16,
        transcript: &Transcript,
        answered: &dyn Fn() -> usize,
    ) -> (String, u32) {
        let terminal =
            native_pty_system().openpty(PtySize { rows: ROWS, cols: columns, ..PtySize::default() }).unwrap();
        let mut shell = CommandBuilder::new("sh");
        // `exec`, because a shell that is itself interrupted would not pass the exit code on.
        shell.args(["-c", &format!("exec {command}")]);
        shell.cwd(&self.folder);
        shell.env_clear();
        for (name, value) in &self.environment {
            shell.env(name, value);
        }
        let mut running = terminal.slave.spawn_command(shell).unwrap();
        // Reading ends when no process has the other end open.
        drop(terminal.slave);
        let output = read_all(terminal.master.try_clone_reader().unwrap());
        let mut keyboard = terminal.master.take_writer().unwrap();

        let size = |length| NonZeroU16::new(length).unwrap();
        let mut screen = vt100::Parser::new(size(ROWS), size(columns), 0);
        let mut answers = transcript.answers();
        let mut questions_answered = 0;
        let interrupted_at = transcript.is_interrupted.then(|| answered() + ANSWERS_BEFORE_INTERRUPTION);
        let mut interrupted_at = interrupted_at;
        let began = Instant::now();
        loop {
            match output.recv_timeout(Duration::from_millis(20)) {
                Ok(bytes) => screen.process(&bytes),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let shown = screen.screen().contents();
            if shown.matches("[y/N]").count() > questions_answered {
                questions_answered += 1;
                writeln!(keyboard, "{}", answers.next().unwrap_or("n")).unwrap();
            }
            if interrupted_at.is_some_and(|count| answered() >= count) {
                interrupted_at = None;
                keyboard.write_all(b"\x03").unwrap();
            }
            assert!(began.elapsed() < PATIENCE, "{command} does not end:\n{shown}");
        }
        let rows: Vec<String> = screen.screen().rows(0, columns).collect();
        (rows.join("\n"), running.wait().unwrap().exit_code())
    }
}

/// Reads until the end, and passes on what arrives.
fn read_all(mut reader: Box<dyn Read + Send>) -> Receiver<Vec<u8>> {
    let (deliver, delivered) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        // When its other end is closed, reading a terminal fails on Linux, and ends elsewhere.
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            if deliver.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    delivered
}
