//! Repeats the transcripts of docs/command-line.md: every command of its console fences is run again, in order, against the
//! built program, and must print the same output. The page has placeholders for what varies: `[..]` for a part of a line,
//! `...` for whole lines, `[TIME]` for a duration, `[DATE]` for a date and time, `[RATE]`, `[FACTOR]` and `[N]` for what
//! depends on the machine.
//!
//! After an intended change, `UPDATE_TRANSCRIPTS=1 cargo test --workspace --features custom-protocol --test transcripts`
//! writes the page again. Placeholders that still match stay.
//!
//! After `console`, a fence says how its commands run: `terminal` on a terminal (of 100 columns, or as `columns=` says), where
//! the answers to questions are typed as in the page, and `interrupted` with Ctrl-C after a few answers. Otherwise output goes
//! into a pipe. `? 3` is the exit code.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

mod page;
mod shell;

use std::fs;
use std::time::Duration;

use fieldmark_tests::pictures::{drawing, write_png};
use fieldmark_tests::{repository, sample};
use page::Page;
use shell::Shell;
use simulator::{Latency, Options, Simulator};
use snapbox::Redactions;
use snapbox::filter::NormalizeToExpected;

const PAGE: &str = "docs/command-line.md";

const LABELS_OF_CVAT: &str = r#"[
    {"name": "gull", "type": "rectangle", "attributes": [{"name": "age", "input_type": "radio", "values": ["adult", "juvenile"]}]},
    {"name": "water", "type": "mask", "attributes": []}
]"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_what_the_command_line_says() {
    let latency = Latency { first_byte: Duration::from_millis(200).into(), ..Latency::default() };
    let server = Simulator::start(Options { latency, ..Options::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path());
    let mut shell = Shell::new(folder.path(), server.address().port());
    let redactions = redactions();

    let path = repository(PAGE);
    let mut page = Page::read(&fs::read_to_string(&path).unwrap());
    for transcript in page.transcripts() {
        let answered = || server.ledger().billed.len();
        let said = tokio::task::block_in_place(|| shell.run(&transcript.command, transcript, &answered));
        let said = NormalizeToExpected::new()
            .redact_with(&redactions)
            .normalize(said.into(), &transcript.expected.as_str().into());
        transcript.said = said.to_string();
    }
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        fs::write(&path, page.written()).unwrap();
        return;
    }
    let changed: Vec<String> = page.transcripts().filter_map(|transcript| transcript.difference()).collect();
    assert!(changed.is_empty(), "{PAGE} says something else than the program:\n{}", changed.join("\n"));
    server.stop().await;
}

/// Photos and drawings, and a folder without images.
fn lay_out(folder: &std::path::Path) {
    for name in ["photos", "drawings", "empty"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    for name in ["astronaut.jpg", "chelsea.jpg", "china.jpg", "coffee.jpg", "flower.jpg", "rocket.jpg"] {
        fs::copy(sample(name), folder.join("photos").join(name)).unwrap();
    }
    fs::write(folder.join("photos/notes.txt"), "Tuesday: rain.").unwrap();
    fs::write(folder.join("labels.json"), LABELS_OF_CVAT).unwrap();
    for index in 0..24 {
        let (picture, _) = drawing(320 + index, 240);
        write_png(&picture, &folder.join(format!("drawings/{index:02}.png")));
    }
}

fn redactions() -> Redactions {
    let mut redactions = Redactions::new();
    let regex = |pattern| regex::Regex::new(pattern).unwrap();
    redactions.insert("[TIME]", regex(r"\b\d+ min \d+ s\b|\b\d+(\.\d+)? m?s\b")).unwrap();
    redactions.insert("[DATE]", regex(r"\b20\d\d-\d\d-\d\d \d\d:\d\d\b|\b20\d\d-\d\d-\d\dT[\d:.]+Z")).unwrap();
    redactions.insert("[RATE]", regex(r"\((?<redacted>[\d,.]+ images per minute)\b")).unwrap();
    redactions.insert("[FACTOR]", regex(r"(?:speed-up|parallelism) +(?<redacted>\d+\.\d\d)")).unwrap();
    redactions.insert("[N]", regex(r"\bconcurrency (?<redacted>\d+)\b")).unwrap();
    redactions.insert("[N]", regex(r"(?<redacted>\b\d+) in flight\b")).unwrap();
    redactions.insert("[TRIED]", regex(r"measured on (?<redacted>\d+) of")).unwrap();
    redactions
}
