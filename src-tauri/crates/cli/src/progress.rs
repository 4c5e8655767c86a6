//! Progress on a terminal, on standard error; nothing at all when that is no terminal.

use std::io::IsTerminal;

use domain::import::ImportProgress;
use domain::run::RunProgress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::words;

pub struct Bar(ProgressBar);

impl Bar {
    pub fn new() -> Self {
        let target =
            if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style =
            ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::with_draw_target(None, target).with_style(style))
    }

    pub fn show_import(&self, progress: &ImportProgress) {
        self.0.set_length(progress.found.into());
        self.0.set_position((progress.added + progress.known + progress.skipped).into());
        self.0.set_message(if progress.is_scanned { "read" } else { "read, still looking" });
    }

    pub fn show_run(&self, progress: &RunProgress) {
        self.0.set_length(progress.total.into());
        self.0.set_position((progress.done + progress.failed).into());
        self.0.set_message(words::progress(progress));
    }

    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
