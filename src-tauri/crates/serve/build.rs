//! Builds again when the window's files change, which are embedded; says when a release would have none.

use std::path::Path;

const FILES: &str = "../../../ui/dist";

fn main() {
    println!("cargo::rerun-if-changed={FILES}");
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if is_release && !Path::new(FILES).join("index.html").exists() {
        println!(
            "cargo::warning=ui/dist is missing: this program cannot show the window in a browser. Run `make ui` first."
        );
    }
}
