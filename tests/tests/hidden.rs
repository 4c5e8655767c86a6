//! Control and bidirectional characters from outside, planted wherever text comes in: none of them reaches a terminal, a log
//! or a report, and none can forge a line of the program.

#![cfg(unix)]

use std::fs;
use std::process::Output;

use domain::text::is_hidden;
use fieldmark_tests::answering::{answering, message};
use fieldmark_tests::bench::Bench;
use fieldmark_tests::pictures::{drawing, write_png};
use serde_json::json;

/// A line break, colors, a title, a C1 control, a carriage return, and overrides of the writing direction.
const PLANTED: &str = "x\nerror: forged\r\u{1b}[31m\u{1b}]0;t\u{7}\u{9b}2J\u{7f}\u{202e}\u{2066}\u{200f}\u{2028}y";

/// A server that answers once with annotations of planted labels, and then refuses with a planted reason.
fn serve() -> String {
    answering(|number, _| {
        if number > 0 {
            let error = json!({"type": "invalid_request_error", "message": PLANTED});
            return ("400 Bad Request", json!({"type": "error", "error": error, "request_id": PLANTED}));
        }
        let annotation = |label: &str| json!({"label": label, "x1": 10, "y1": 20, "x2": 110, "y2": 120});
        let answer = json!({"annotations": [annotation("red"), annotation(PLANTED)]});
        ("200 OK", message(PLANTED, &answer.to_string()))
    })
}

fn assert_clean(what: &str, text: &str) {
    let hidden = text.chars().find(|&c| c != '\n' && is_hidden(c));
    assert_eq!(hidden, None, "{what}: {text:?}");
    let forged = text.lines().find(|line| line.trim_start().starts_with("error: forged"));
    assert_eq!(forged, None, "{what}: {text}");
}

#[test]
fn nothing_from_outside_acts_on_a_terminal_or_forges_a_line() {
    let url = serve();
    let bench = Bench::at(&url, "sk-any");
    let photos = bench.photos().join(PLANTED.replace('/', "-"));
    fs::create_dir_all(&photos).unwrap();
    for index in 0..3 {
        write_png(&drawing(320 + index, 240).0, &photos.join(format!("{index}{PLANTED}.png")));
    }
    fs::write(photos.join(format!("{PLANTED}.txt")), "no image").unwrap();
    let mut settings = bench.library.settings.stated().unwrap();
    settings.hooks.after_run = Some(format!("printf '{}'; exit 3", PLANTED.replace('\u{7f}', "")));
    bench.library.settings.replace(&settings).unwrap();

    let labels = format!("red,{}", PLANTED.replace('\n', " "));
    let report = ["--report", "page", "--export", "coco=photos", "--allow-hooks"];
    let annotate = ["annotate", "photos", "--labels", &labels, "--model", "claude-sonnet-5-5", "--concurrency", "1"];
    let commands: Vec<Vec<&str>> = vec![
        [&annotate[..], &report[..2], &report[4..], &["--yes", "--color", "always"]].concat(),
        [&annotate[..], &["--yes", "--fresh"], &report[2..4]].concat(),
        vec!["estimate", "photos", "--labels", &labels],
        vec!["skipped"],
        vec!["runs"],
        vec!["report", "1"],
        vec!["report", "1", "--json"],
        vec!["report", "1", "--failures"],
        vec!["metrics", "1"],
        vec!["recipes"],
        vec!["models"],
        vec!["doctor"],
        vec!["hooks", "preset", "claude-flow"],
        vec!["annotate", PLANTED],
        vec!["annotate", "photos", "--recipe", PLANTED],
        vec!["annotate", "photos", "--model", PLANTED],
        vec!["export", "1", "--format", "csv", "--out", PLANTED],
        vec!["export", "1", "--format", PLANTED, "--out", "x"],
        vec!["metrics", "1", "--out", PLANTED],
        vec!["report", PLANTED],
        vec![PLANTED],
    ];
    for arguments in commands {
        let command = bench.fieldmark(&url, "sk-any").env("RUST_LOG", "debug").args(&arguments).output();
        let Output { stdout, stderr, .. } = command.unwrap();
        for (name, bytes) in [("stdout", stdout), ("stderr", stderr)] {
            let text = String::from_utf8(bytes).unwrap();
            // The program's own colors, if they were requested.
            let text = ["\u{1b}[1m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[0m"]
                .iter()
                .fold(text, |text, ours| if arguments.contains(&"always") { text.replace(ours, "") } else { text });
            assert_clean(&format!("{name} of {arguments:?}"), &text);
        }
    }
    assert_eq!(bench.library.history.runs().unwrap().len(), 1, "the second one has an output that cannot be written");
    let page = fs::read_to_string(bench.folder.path().join("page/report.html")).unwrap();
    assert_clean("the report", &page);
    assert!(page.contains("\\u{202e}"), "names are shown, with what they hide");
}
