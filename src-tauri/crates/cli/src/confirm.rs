//! Questions to the user on the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use tokio::sync::oneshot;

use crate::error::CommandError;
use crate::output::notes;

/// Asks on standard error. Without a terminal the answer is no.
pub async fn confirm(question: &str) -> Result<bool, CommandError> {
    if !io::stdin().is_terminal() {
        writeln!(notes(), "{question}")?;
        return Ok(false);
    }
    {
        let mut err = notes();
        write!(err, "{question} [y/N] ")?;
        err.flush()?;
    }
    let (answer, answered) = oneshot::channel();
    // Reading blocks, so it has a thread of its own, which ends with the process.
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = answer.send(io::stdin().lock().read_line(&mut line).map(|_| line));
    });
    let line = answered.await.unwrap_or_else(|_| Ok(String::new()))?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}
