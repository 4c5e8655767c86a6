//! Opens scenes for tests of the window: libraries, simulators and `fieldmark serve`, by HTTP. `fieldmark_tests::scenes`
//! describes the scenes and the interface. It ends, with all scenes, when its input is closed.

#![expect(clippy::print_stdout, reason = "it says where it listens")]

use fieldmark_tests::repository;
use fieldmark_tests::scenes::{Done, Templates, serve};
use tokio::io::AsyncReadExt;

const USAGE: &str = "scenes [--port PORT] [--cache DIR]";

#[tokio::main]
async fn main() -> Done<()> {
    let mut port = 0;
    let mut cache = repository("target/scenes");
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or(USAGE)?;
        match argument.as_str() {
            "--port" => port = value.parse()?,
            "--cache" => cache = value.into(),
            _ => return Err(USAGE.into()),
        }
    }
    let announce = |address: &str| println!("scenes at {address}");
    serve(port, Templates::in_cache(&cache)?, announce, input_closed()).await
}

/// Resolves when the program that started this one has ended or closed the input.
async fn input_closed() {
    let mut input = tokio::io::stdin();
    let mut ignored = [0; 64];
    while matches!(input.read(&mut ignored).await, Ok(read) if read > 0) {}
}
