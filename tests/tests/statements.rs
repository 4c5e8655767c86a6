//! What the command line says is so: reasons, what a command did, and how a run continues.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::process::{Command, Output, Stdio};

use domain::recipe::{Recipe, Tiling};
use fieldmark_tests::bench::Bench;
use fieldmark_tests::binary;
use fieldmark_tests::pictures::{LABELS, write_png};
use image::RgbImage;
use simulator::{Fault, LenientServer, Options, Protocol, Running, Simulator};

const KEY: &str = "sk-any";
const MODEL: &str = "claude-sonnet-5-5";
/// It looks at 1568 pixels at most.
const SMALL: &str = "claude-sonnet-4-6";
const COMPATIBLE: &str = "openai-compatible";

async fn bench(images: u32) -> (Bench, Running) {
    let server = Simulator::start(Options::default()).await.unwrap();
    (Bench::with_pictures(&server.url(), KEY, images), server)
}

fn run(bench: &Bench, server: &Running, arguments: &[&str]) -> Output {
    bench.fieldmark(&server.url(), KEY).args(arguments).output().unwrap()
}

/// Both outputs.
fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn annotate(bench: &Bench, server: &Running, more: &[&str]) -> String {
    said(&run(bench, server, &[&["annotate", "photos", "--labels", LABELS, "--model", MODEL], more].concat()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipe_of_several_requests_is_the_reason_that_there_are_no_batches() {
    let (bench, server) = bench(2).await;
    let tiled = Recipe { name: "Tiled".into(), tiles: Some(Tiling::default()), ..Recipe::find_these(LABELS).unwrap() };
    bench.library.recipes.save_from_file(tiled).await.unwrap();
    let refused = run(&bench, &server, &["annotate", "photos", "--recipe", "Tiled", "--model", MODEL, "--batch"]);
    assert!(said(&refused).contains("cannot be used with --batch: an image of this recipe may take several requests"));
    assert_eq!(refused.status.code(), Some(2));
    let live = said(&run(&bench, &server, &["estimate", "photos", "--recipe", "Tiled"]));
    assert!(live.contains("Batches: not possible, as an image") && !live.contains("the vendor has none"), "{live}");
    let batches = said(&run(&bench, &server, &["estimate", "photos", "--recipe", "Tiled", "--batch"]));
    assert!(batches.contains("Not in batches") && !batches.contains("Never above"), "{batches}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_of_a_run_in_batches_is_said_to_be_live() {
    let (bench, server) = bench(5).await;
    let asked = annotate(&bench, &server, &["--batch", "--pilot", "2"]);
    assert!(asked.contains("the pilot live, the other images within 24 hours, in batches"), "{asked}");
    // It gets no usable answer, so that the run ends with it.
    server.script([Fault::Refusal, Fault::Refusal]);
    let piloted = annotate(&bench, &server, &["--batch", "--pilot", "2", "--yes"]);
    assert!(piloted.contains("in flight)") && !piloted.contains("in batches)"), "{piloted}");
    assert!(piloted.contains("resume 1\n") && !piloted.contains("results of its batches"), "{piloted}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_be_resumed_says_why_and_one_that_needs_more_says_what() {
    let (bench, server) = bench(4).await;
    let capped = annotate(&bench, &server, &["--yes", "--budget", "0.09", "--concurrency", "1"]);
    assert!(capped.contains("fieldmark resume 1 --budget DOLLARS, with more than $0.09"), "{capped}");
    let whole = annotate(&bench, &server, &["--yes", "--fresh"]);
    assert!(whole.contains("4 of 4 images done"), "{whole}");
    let again = run(&bench, &server, &["resume", "2"]);
    assert!(said(&again).contains("run 2 is finished: all its images are done"), "{}", said(&again));
    server.script([Fault::WrongJson]);
    annotate(&bench, &server, &["--yes", "--fresh"]);
    let failed = run(&bench, &server, &["resume", "3"]);
    assert!(said(&failed).contains("--retry-failed retries its failed images"), "{}", said(&failed));
    server.stop().await;
}
#[tokio::test(flavor = "multi_thread")]
async fn a_local_server_is_kept_in_any_spelling_and_works_without_a_key() {
    let protocol = Protocol::LenientChat(LenientServer::default());
    let server = Simulator::start(Options { protocol, ..Options::default() }).await.unwrap();
    let port = server.address().port();
    let folder = tempfile::tempdir().unwrap();
    let local = |more: &[(&str, &str)], arguments: &[&str]| {
        let mut command = Command::new(binary("fieldmark"));
        let command =
            command.env_clear().env("HOME", folder.path()).env("FIELDMARK_LIBRARY", folder.path().join("own"));
        let command = command.env("FIELDMARK_LOCAL_SERVERS", format!("Ollama={port}")).envs(more.iter().copied());
        command.current_dir(folder.path()).stdin(Stdio::null());
        said(&command.arg("providers").args(arguments).output().unwrap())
    };
    let unknown = local(&[], &["local", "--use", "http://localhost:1/v1"]);
    assert!(unknown.contains("only the usual ports of this machine are looked at"), "{unknown}");
    for typed in [format!("http://127.0.0.1:{port}"), format!("localhost:{port}/v1/")] {
        let used = local(&[], &["local", "--use", &typed]);
        assert!(used.contains("6 models, in use"), "{typed}: {used}");
    }
    // There was no library before.
    assert!(local(&[], &["local"]).contains("6 models, in use"));
    let checked = local(&[], &["check", COMPATIBLE]);
    assert!(checked.contains("it works without a key") && !checked.contains("the key works"), "{checked}");
    let overridden = [("OPENAI_COMPATIBLE_BASE_URL", "http://localhost:1/v1")];
    let used = local(&overridden, &["local", "--use", &format!("http://localhost:{port}/v1")]);
    assert!(used.contains("OPENAI_COMPATIBLE_BASE_URL names http://localhost:1/v1, which is used instead"), "{used}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_mistyped_saved_or_sent_several_times_is_said() {
    let (bench, server) = bench(2).await;
    for arguments in [&["estimate", "photos", "--model", "claude-sonet-5-5"][..], &["calibrate", "claude-sonet-5-5"]] {
        let unknown = run(&bench, &server, arguments);
        assert!(said(&unknown).contains("Did you mean claude-sonnet-5-5?"), "{}", said(&unknown));
        assert_eq!(unknown.status.code(), Some(2));
    }
    let flag = said(&run(&bench, &server, &["estimate", "photos", "--models", MODEL]));
    assert!(flag.contains("'--model'"), "{flag}");
    let first = annotate(&bench, &server, &["--pilot", "60"]);
    assert!(first.contains("Saved \"red, green, blue") && first.contains("version 1"), "{first}");
    assert!(first.contains("pilot   none: only 2 images to send"), "{first}");
    assert!(!annotate(&bench, &server, &[]).contains("Saved"));

    let file = bench.photos().join("tiled.recipe.toml");
    let tiled = |edge: u32| {
        let text =
            format!("name = \"Tiled\"\nshapes = [\"box\"]\ntiles = {{ edge = {edge} }}\n[[labels]]\nname = \"red\"\n");
        std::fs::write(&file, text).unwrap();
        said(&run(&bench, &server, &["annotate", "photos", "--recipe", file.to_str().unwrap(), "--model", SMALL]))
    };
    assert!(tiled(64).contains("edge = 64 is not from 128 to 16384 pixels"), "{}", tiled(64));
    write_png(&RgbImage::new(2_400, 1_800), &bench.photos().join("large.png"));
    let sent = tiled(1_000);
    assert!(
        sent.contains("Saved \"Tiled\", version 1") && sent.contains("sends   3 images in 9 requests as"),
        "{sent}"
    );
    assert!(tiled(900).contains("Saved \"Tiled\", version 2"));
    server.stop().await;
}
