//! `simulate`: the vendor's interface on this machine, for trying things out.

use std::io::{self, Write};
use std::process::ExitCode;

use simulator::{Options, Simulator};

use crate::arguments::Simulate;
use crate::error::CommandError;
use crate::words;

/// Answers until interrupted, then says what it would have billed.
pub async fn simulate(options: &Simulate) -> Result<ExitCode, CommandError> {
    let running = Simulator::start(Options { port: options.port, ..Options::default() }).await?;
    writeln!(io::stdout(), "A simulation, not Anthropic: ANTHROPIC_BASE_URL={} ANTHROPIC_API_KEY=any", running.url())?;
    tokio::signal::ctrl_c().await?;
    let ledger = running.stop().await;
    let answers = words::counted(u32::try_from(ledger.billed.len()).unwrap_or(u32::MAX), "answer");
    writeln!(io::stdout(), "{answers} billed, for nothing")?;
    Ok(ExitCode::SUCCESS)
}
