//! `fieldmark`: labels photos from the command line, in the library that the window shows.

mod arguments;
mod commands;
mod completion;
mod confirm;
mod database;
mod environment;
mod error;
mod exit;
mod library;
mod messages;
mod output;
mod progress;
#[cfg(test)]
mod reference;
mod signals;
mod style;
mod target;

use std::process::ExitCode;

use domain::text::visible;

use arguments::{Arguments, Color, Command};
use error::CommandError;
use exit::Exit;
use output::{Console, notes};

fn main() -> ExitCode {
    completion::answer();
    let arguments = Arguments::read(std::env::args_os()).unwrap_or_else(|_| {
        // Help, and errors in the arguments. Arguments may be file names that a shell expanded, so they are escaped like any
        // other name.
        Color::from_arguments(std::env::args_os().skip(1)).write_global();
        let typed = std::env::args_os().map(|argument| visible(&argument.to_string_lossy()).into_owned());
        Arguments::read(typed).unwrap_or_else(|unread| explain(&unread))
    });
    arguments.global.color.write_global();
    signals::listen(messages::stopped_immediately);
    logs::begin("fieldmark", env!("CARGO_PKG_VERSION"), notes);
    // Images are prepared and the library is written on other threads. For the rest, one thread is woken less often than
    // several.
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(CommandError::Runtime)
        .and_then(|runtime| runtime.block_on(carry_out(arguments)));
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => {
            if !error.is_closed_output() {
                messages::print_error(&error);
            }
            error.exit().into()
        }
    }
}

/// Prints help or errors in the arguments, and ends the process.
fn explain(unread: &clap::Error) -> ! {
    let is_shown = unread.print().is_ok();
    let exit = match (unread.exit_code(), is_shown) {
        (0, false) => Exit::OutputClosed as i32,
        (code, _) => code,
    };
    std::process::exit(exit)
}

async fn carry_out(Arguments { global, command }: Arguments) -> Result<Exit, CommandError> {
    let output = Console::new(&global);
    match command {
        Command::Annotate(arguments) => commands::annotate::annotate(&arguments, &global, output).await,
        Command::Resume(arguments) => commands::resume::resume(&arguments, &global, output).await,
        Command::Estimate(arguments) => commands::estimate::estimate(&arguments, &global, output).await,
        Command::Skipped => commands::skipped::skipped(&global, output),
        Command::Runs(arguments) => commands::runs::runs(arguments, &global, output).await,
        Command::Report(arguments) => commands::report::report(&arguments, &global, output),
        Command::Export(arguments) => commands::export::export(&arguments, &global, output).await,
        Command::Evaluate(arguments) => commands::evaluate::evaluate(&arguments, &global, output),
        Command::Import(arguments) => commands::import::import(&arguments, &global, output).await,
        Command::Metrics(arguments) => commands::metrics::metrics(&arguments, &global),
        Command::Providers(arguments) => commands::providers::providers(&arguments, &global, output).await,
        Command::Models(arguments) => commands::models::models(&arguments, &global, output).await,
        Command::Calibrate(arguments) => commands::calibrate::calibrate(&arguments, &global, output).await,
        Command::Publish(arguments) => commands::publish::publish(&arguments, &global, output).await,
        Command::Spend(arguments) => commands::spend::spend(&arguments, &global, output),
        Command::Budget(arguments) => commands::budget::budget(&arguments, &global, output),
        Command::Prices(arguments) => commands::prices::prices(arguments, &global, output),
        Command::Recipes(arguments) => commands::recipes::recipes(arguments, &global, output).await,
        Command::Library(arguments) => commands::library::library(arguments, &global, output),
        Command::Doctor(arguments) => commands::doctor::doctor(&arguments, &global, output).await,
        Command::Hooks(arguments) => commands::hooks::change(arguments, &global, output).await,
        Command::Env(arguments) => commands::env::env(&arguments.command, &global, output),
        Command::Bench(arguments) => commands::bench::bench(&arguments, &global, output).await,
        Command::Serve(arguments) => commands::serve::serve(&arguments, &global, output).await,
        Command::Simulate(arguments) => commands::simulate::simulate(&arguments, output).await,
        Command::Completions(arguments) => commands::completions::completions(&arguments),
        Command::Man(arguments) => commands::man::man(&arguments),
    }
}
