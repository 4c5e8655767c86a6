//! The vendor's own clients read what the simulator writes.

use std::process::Command;

use crate::client::start;

/// Runs a script of `clients/` against a fresh simulator; its complaints are the failure.
async fn run(program: String, script: &'static str, folder: Option<String>) {
    let running = start().await;
    let url = running.url();
    let checked = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(program);
        command.arg(format!("{}/clients/{script}", env!("CARGO_MANIFEST_DIR"))).arg(url);
        command.current_dir(folder.unwrap_or_else(|| ".".to_owned())).output()
    });
    let output = checked.await.expect("a thread").expect("the program");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{said}");
}

/// Needs a Python with the packages `anthropic` and `pillow`, named by `SIMULATOR_PYTHON` (default `python3`).
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python with the vendor's SDK"]
async fn the_vendors_python_client_understands_every_answer() {
    run(std::env::var("SIMULATOR_PYTHON").unwrap_or_else(|_| "python3".to_owned()), "check.py", None).await;
}

/// Needs Node with the packages `@anthropic-ai/sdk` and `pngjs`, installed in the folder `SIMULATOR_NODE_FOLDER`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node with the vendor's SDK"]
async fn the_vendors_typescript_client_understands_every_answer() {
    run("node".to_owned(), "check.mjs", std::env::var("SIMULATOR_NODE_FOLDER").ok()).await;
}
