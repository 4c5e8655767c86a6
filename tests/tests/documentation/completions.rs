//! Completions in real shells on a terminal: words are typed, Tab is pressed, and the screen shows the rest.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use fieldmark_tests::{binary, sample};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

/// The time limit for a completion.
const PATIENCE: Duration = Duration::from_mins(1);
const PROMPT: &str = "ready>";

struct Terminal {
    screen: vt100::Parser,
    output: Receiver<Vec<u8>>,
    keyboard: Box<dyn Write + Send>,
    shell: Box<dyn portable_pty::Child + Send + Sync>,
}

impl Terminal {
    fn new(shell: &str, arguments: &[&str], home: &Path) -> Self {
        let size = PtySize { rows: 50, cols: 160, ..PtySize::default() };
        let terminal = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(shell);
        command.args(arguments);
        command.cwd(home);
        command.env_clear();
        for (name, value) in environment(home) {
            command.env(name, value);
        }
        let shell = terminal.slave.spawn_command(command).unwrap();
        drop(terminal.slave);
        let mut reader = terminal.master.try_clone_reader().unwrap();
        let (deliver, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if deliver.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let keyboard = terminal.master.take_writer().unwrap();
        let lines = |length| std::num::NonZeroU16::new(length).unwrap();
        Self { screen: vt100::Parser::new(lines(50), lines(160), 0), output, keyboard, shell }
    }

    fn type_keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits until the screen shows `text`.
    fn expect(&mut self, text: &str) {
        let began = Instant::now();
        while !self.screen.screen().contents().contains(text) {
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(50)) {
                // Fish asks what the terminal can do, and waits for the answer.
                if bytes.windows(3).any(|part| part == b"\x1b[c") {
                    self.type_keys("\x1b[?62;c");
                }
                self.screen.process(&bytes);
            }
            assert!(began.elapsed() < PATIENCE, "no {text:?} on the screen:\n{}", self.screen.screen().contents());
        }
    }
}

fn environment(home: &Path) -> Vec<(&'static str, String)> {
    let programs = binary("fieldmark").parent().unwrap().to_str().unwrap().to_owned();
    vec![
        ("PATH", format!("{programs}:{}", std::env::var("PATH").unwrap())),
        ("HOME", home.to_str().unwrap().to_owned()),
        ("FIELDMARK_LIBRARY", home.join("library").to_str().unwrap().to_owned()),
        ("TERM", "xterm".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
    ]
}

/// A library with a run.
fn prepare(home: &Path) {
    let mut annotate = Command::new(binary("fieldmark"));
    annotate.args(["annotate", "--yes"]).arg(sample("chelsea.jpg")).env_clear().envs(environment(home));
    assert!(annotate.output().unwrap().status.success());
}

/// What is typed, and what the screen then shows.
const COMPLETED: [(&str, &str); 6] = [
    ("fieldmark anno", "fieldmark annotate"),
    ("fieldmark export latest --format yol", "--format yolo"),
    ("fieldmark report lat", "report latest"),
    ("fieldmark annotate . --recipe Stre", "--recipe Street\\ scene"),
    ("fieldmark annotate . --model nano", "--model nanodet-g-416"),
    ("fieldmark evaluate 1 --against peo", "--against people"),
];

fn complete_in(shell: &str, arguments: &[&str], setup: &str) {
    let home = tempfile::tempdir().unwrap();
    prepare(home.path());
    let mut terminal = Terminal::new(shell, arguments, home.path());
    terminal.type_keys(setup);
    terminal.expect(PROMPT);
    for (typed, shown) in COMPLETED {
        terminal.type_keys(typed);
        terminal.expect(typed);
        terminal.type_keys("\t");
        terminal.expect(shown);
        // Clears the line.
        terminal.type_keys("\x15");
    }
    terminal.type_keys("exit\r");
    terminal.shell.kill().unwrap();
}

#[test]
fn bash_completes_values() {
    complete_in("bash", &["--norc", "--noprofile", "-i"], "source <(fieldmark completions bash); PS1='rea''dy>'\r");
}

#[test]
fn zsh_completes_values() {
    let setup = "autoload -Uz compinit && compinit -u -D; source <(fieldmark completions zsh); PS1='rea''dy>'\r";
    complete_in("zsh", &["-f", "-i"], setup);
}

/// As the packages install it.
#[test]
fn zsh_completes_values_from_its_folder_of_functions() {
    let setup = "mkdir functions && fieldmark completions zsh > functions/_fieldmark; fpath=(~/functions $fpath); \
                 autoload -Uz compinit && compinit -u -D; PS1='rea''dy>'\r";
    complete_in("zsh", &["-f", "-i"], setup);
}

#[test]
fn fish_completes_values() {
    let setup = "fieldmark completions fish | source; function fish_prompt; echo rea'dy>'; end\r";
    complete_in("fish", &["--no-config", "-i"], setup);
}

#[test]
fn a_library_in_an_older_format_is_not_migrated_by_a_tab() {
    let home = tempfile::tempdir().unwrap();
    prepare(home.path());
    let completed = || {
        let mut fieldmark = Command::new(binary("fieldmark"));
        fieldmark.args(["--", "fieldmark", "report", ""]).env_clear().envs(environment(home.path()));
        fieldmark.envs([("FIELDMARK_COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", "2"), ("_CLAP_IFS", "\n")]);
        String::from_utf8(fieldmark.output().unwrap().stdout).unwrap()
    };
    let has_run = |words: &str| words.lines().any(|word| word == "1");
    assert!(has_run(&completed()));
    let library = home.path().join("library");
    let connection = rusqlite::Connection::open(library.join("library.sqlite")).unwrap();
    connection.pragma_update(None, "user_version", 36).unwrap();
    drop(connection);
    let words = completed();
    assert!(!has_run(&words) && words.contains("latest"), "{words}");
    assert!(!library.join("backups").exists());
}
