//! The log files: what happened can be followed in them, and they hold no key, password, picture, prompt or answer, at any level.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use fieldmark_tests::answering::{answering, message};
use fieldmark_tests::bench::Bench;
use fieldmark_tests::pictures::{drawing, write_png};
use serde_json::{Value, json};

const KEY: &str = "planted-key-0123456789abcdef";
/// A label, which is part of the prompt.
const PROMPT: &str = "plantedprompt";
const ANSWER: &str = "plantedanswer";

type Bodies = Arc<Mutex<Vec<String>>>;

/// A server that answers once, is once too busy, and then rejects the key, repeating it in several forms.
fn serve(bodies: Bodies) -> String {
    answering(move |number, body| {
        bodies.lock().unwrap().push(body);
        let error = |kind: &str| {
            let message = format!("Bearer {KEY} x-api-key: {KEY} https://me:{KEY}@host/?key={KEY} {PROMPT}");
            json!({"type": "error", "error": {"type": kind, "message": message}})
        };
        let found = json!({"label": ANSWER, "x1": 10, "y1": 20, "x2": 110, "y2": 120});
        match number {
            0 => ("200 OK", message("m", &json!({"annotations": [found]}).to_string())),
            1 => ("429 Too Many Requests", error("rate_limit_error")),
            _ => ("401 Unauthorized", error("authentication_error")),
        }
    })
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
        let findings: Vec<Value> = serde_json::from_str(&diagnostics).unwrap();
        assert!(findings.iter().any(|finding| finding["subject"] == "log"), "{diagnostics}");
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
