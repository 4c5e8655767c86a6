//! `fieldmark`: label photos from the command line, on the library that the window shows.

mod annotate;
mod arguments;
mod error;
mod hooks;
mod progress;
mod simulate;
mod words;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use error::CommandError;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Runtime)
        .and_then(|runtime| runtime.block_on(carry_out(arguments)));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            words::complain(&error);
            error.exit_code()
        }
    }
}

async fn carry_out(arguments: Arguments) -> Result<ExitCode, CommandError> {
    match arguments.command {
        Command::Annotate(annotate) => annotate::annotate(annotate).await,
        Command::Resume(resume) => annotate::resume(resume).await,
        Command::Hooks(hooks) => hooks::change(hooks).await,
        Command::Simulate(options) => simulate::simulate(&options).await,
    }
}
