//! The HTML page of a report: what stood out in a run, in the same words as on the command line.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;

use fieldmark_tests::bench::Bench;
use fieldmark_tests::pictures::LABELS;
use simulator::{Options, Simulator};

const KEY: &str = "sk-any";

/// The HTML page of a run with these additional options.
async fn page(said: &[&str]) -> String {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::with_pictures(&server.url(), KEY, 12);
    let told = bench
        .fieldmark(&server.url(), KEY)
        .args(["annotate", "photos", "--labels", LABELS, "--model", "claude-sonnet-5-5", "--yes", "--report", "page"])
        .args(said)
        .output()
        .unwrap();
    assert!(told.status.success(), "{told:?}");
    server.stop().await;
    fs::read_to_string(bench.folder.path().join("page/report.html")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_what_stood_out_and_what_to_change() {
    let cut_short = page(&["--max-tokens", "100"]).await;
    let noticed = "<h2>Noticed</h2><ul><li>12 answers were cut off at your maximum of 100 tokens (100 % of the images)\
                   <ul><li>resume --retry-failed --max-tokens above 100: only answers that were cut off are requested again</li>";
    assert!(cut_short.contains(noticed), "{cut_short}");
    assert!(!page(&[]).await.contains("Noticed"), "nothing when all is well");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_speaks_spanish_and_keeps_markup_as_text() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::with_pictures(&server.url(), KEY, 12);
    let run = |arguments: &[&str]| {
        let told = bench.fieldmark(&server.url(), KEY).args(arguments).output().unwrap();
        assert!(told.status.success(), "{told:?}");
    };
    run(&["annotate", "photos", "--labels", LABELS, "--model", "claude-sonnet-5-5", "--yes", "--max-tokens", "100"]);
    run(&["runs", "set", "1", "--name", "<b>Night</b>", "--tag", "winter,<i>"]);
    run(&["report", "1", "--page", "page", "--language", "es"]);
    let page = fs::read_to_string(bench.folder.path().join("page/report.html")).unwrap();
    for said in [
        "<html lang=\"es\">",
        "<h1>Ejecución 1: &lt;b&gt;Night&lt;/b&gt;</h1>",
        "Marcas: &lt;i&gt;, winter",
        "Imágenes enviadas",
        "12 respuestas cortadas en tu máximo de 100 tokens (el 100 % de las imágenes)",
    ] {
        assert!(page.contains(said), "{said} in {page}");
    }
    assert!(!page.contains("<b>Night"), "{page}");
    server.stop().await;
}
