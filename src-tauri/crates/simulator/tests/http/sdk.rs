//! The vendor's own clients read what the simulator writes. `make test` installs them first; without them these tests are
//! left out.

use std::path::PathBuf;
use std::process::Command;

use simulator::{Options, Protocol, Simulator};

/// Runs a script of `clients/` against a fresh simulator; its complaints are the failure.
async fn run(program: PathBuf, script: &'static str, protocol: Protocol) {
    let running = Simulator::start(Options { protocol, ..Options::default() }).await.expect("a free port");
    let url = running.url();
    let checked = tokio::task::spawn_blocking(move || {
        let script = format!("{}/clients/{script}", env!("CARGO_MANIFEST_DIR"));
        Command::new(program).args([script, url]).output()
    });
    let output = checked.await.expect("a thread").expect("the program");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the packages of clients/requirements.txt in build/sdk"]
async fn the_vendors_python_client_understands_every_answer() {
    run(python(), "check.py", Protocol::Messages).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the packages of clients/requirements.txt in build/sdk"]
async fn openais_python_client_understands_every_answer() {
    run(python(), "check_openai.py", Protocol::Chat).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the packages of clients/requirements.txt in build/sdk"]
async fn googles_python_client_understands_every_answer() {
    run(python(), "check_gemini.py", Protocol::Gemini).await;
}

fn python() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../build/sdk/bin/python"))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the modules of clients/package.json"]
async fn the_vendors_typescript_client_understands_every_answer() {
    run(PathBuf::from("node"), "check.mjs", Protocol::Messages).await;
}
