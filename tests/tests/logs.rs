//! The log files: what happened can be followed in them, and they hold no key, password, picture, prompt or answer, at any level.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

use fieldmark_tests::bench::Bench;
use fieldmark_tests::pictures::{drawing, write_png};

const KEY: &str = "planted-key-0123456789abcdef";
/// A label, which is part of the prompt.
const PROMPT: &str = "plantedprompt";
const ANSWER: &str = "plantedanswer";

type Bodies = Arc<Mutex<Vec<String>>>;

/// A server that answers once, is once too busy, and then rejects the key, repeating it in several forms.
fn serve(bodies: Bodies) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (number, connection) in listener.incoming().enumerate() {
            let mut connection = BufReader::new(connection.unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while connection.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            connection.read_exact(&mut body).unwrap();
            bodies.lock().unwrap().push(String::from_utf8(body).unwrap());
            let error = |kind: &str| {
                let message = format!("Bearer {KEY} x-api-key: {KEY} https://me:{KEY}@host/?key={KEY} {PROMPT}");
                serde_json::json!({"type": "error", "error": {"type": kind, "message": message}})
            };
            let (status, body) = match number {
                0 => {
                    let found = serde_json::json!({"label": ANSWER, "x1": 10, "y1": 20, "x2": 110, "y2": 120});
                    let answer = serde_json::json!({"annotations": [found]}).to_string();
                    let usage = serde_json::json!({"input_tokens": 1000, "output_tokens": 50});
                    let message = serde_json::json!({"type": "message", "id": "m", "role": "assistant", "model": "m",
                        "content": [{"type": "text", "text": answer}], "stop_reason": "end_turn", "usage": usage});
                    ("200 OK", message)
                }
                1 => ("429 Too Many Requests", error("rate_limit_error")),
                _ => ("401 Unauthorized", error("authentication_error")),
            };
            let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n");
            connection.get_mut().write_all(format!("{head}{body}").as_bytes()).unwrap();
        }
    });
    url
}

fn logged(folder: &Path) -> String {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let logs = files.filter(|path| path.extension().is_some_and(|ending| ending == "log"));
    logs.map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn a_run_can_be_followed_in_the_log_which_holds_no_secret_at_any_level() {
    for level in ["info", "trace"] {
        let bodies = Bodies::default();
        let url = serve(Arc::clone(&bodies));
        let bench = Bench::at(&url, KEY);
        let photos = bench.photos().join("own");
        fs::create_dir_all(&photos).unwrap();
        for index in 0..3 {
            write_png(&drawing(320 + index, 240).0, &photos.join(format!("{index}.png")));
        }
        let logs = bench.folder.path().join("state/logs");
        let command = |arguments: &[&str]| {
            let mut command = bench.fieldmark(&url, KEY);
            command.env("FIELDMARK_LOGS", &logs).env("FIELDMARK_LOG_LEVEL", level);
            command.args(arguments).output().unwrap()
        };
        let labels = format!("red,{PROMPT}");
        let folder = photos.to_str().unwrap();
        let model = "claude-sonnet-5-5";
        command(&["annotate", folder, "--labels", &labels, "--model", model, "--concurrency", "1", "--yes"]);
        let doctor = command(&["doctor", "--json", "--online"]);
        let log = logged(&logs);
        for happened in ["started", "library opened", "an import has ended", "the run begins", "the run has stopped"] {
            assert!(log.contains(happened), "{happened} is not in {log}");
        }
        if level == "info" {
            assert!(log.contains("request{run=1 attempt="), "{log}");
            assert!(log.contains("the endpoint is held"), "{log}");
        }
        let diagnostics = String::from_utf8(doctor.stdout).unwrap();
        assert!(diagnostics.contains("\"subject\": \"log\"") || diagnostics.contains("\"subject\":\"log\""));
        for (name, text) in [("the log", &log), ("the diagnostics", &diagnostics)] {
            for planted in [KEY, PROMPT, ANSWER] {
                assert!(!text.contains(planted), "{name} has {planted}: {text}");
            }
        }
        let bodies = bodies.lock().unwrap();
        let image = bodies.iter().find_map(|body| body.find("\"data\":\"").map(|at| &body[at + 8..at + 40]));
        assert!(!log.contains(image.unwrap()), "a picture is in the log");
    }
}
